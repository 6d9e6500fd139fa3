"""The cases of conformance/, which every language runs: see its README."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from llm_policy_engine import (
    Detector,
    Engine,
    Exchange,
    LimitState,
    PolicyEngineError,
    PreparedContext,
    Switch,
    self_test_panic,
)

FOLDER = ROOT / "conformance"
CASES = {file.relative_to(FOLDER / "cases").with_suffix("").as_posix(): file for file in sorted((FOLDER / "cases").glob("*/*.json"))}
RESULTS: dict[str, list[str]] = {}


def forms(data: dict[str, Any]) -> list[Any]:
    """What is handed in, in all forms that Python has for it."""
    match data:
        case {"value": value}:
            text = json.dumps(value)
            return [value, text, text.encode()]
        case {"text": text}:
            return [text, text.encode()]
        case {"repeat": parts}:
            text = "".join(text * times for text, times in parts)
            return [text, text.encode()]
        case {"base64": encoded}:
            return [base64.b64decode(encoded)]
        case _:
            raise AssertionError(data)


def decided(decide: Any) -> str:
    try:
        return decide().to_json()  # type: ignore[no-any-return]
    except PolicyEngineError as error:
        decision = getattr(error, "decision", None)
        return error.code if decision is None else f"{error.code} {decision.to_json()}"


def told(work: Any) -> str:
    try:
        work()
    except PolicyEngineError as error:
        return error.code
    return "ok"


def given(work: Callable[[], str]) -> str:
    """The text that a call gives, or the error's code."""
    try:
        return work()
    except PolicyEngineError as error:
        return error.code


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def listed(records: Iterable[LimitState | Switch]) -> str:
    """Records as the engine gives them, in canonical JSON."""

    def field(value: Any) -> Any:
        return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value

    fields = [{name: field(value) for name, value in dataclasses.asdict(record).items()} for record in records]
    return canonical([{name: value for name, value in record.items() if value is not None and value is not False or name == "fits"} for record in fields])


def scanned(detector: Detector, text: str) -> str:
    scan = detector.scan(text)
    findings = [{"family": f.family, "kind": f.kind, "bytes": f.bytes, "utf16": f.utf16, "chars": f.chars, "score": round(f.score * 100), "view": f.view, "signs": f.signs} for f in scan.findings]
    return canonical({"findings": findings, "complete": scan.complete, "scanned": scan.scanned, "beyond": scan.beyond})


def same(texts: list[str]) -> str:
    """The one text of all forms."""
    (text,) = set(texts)
    return text


def opened(case: dict[str, Any], folder: Path) -> Engine:
    options = {"handles": case.get("handles", []), "allow_without_policy": case.get("allow_without_policy", False)}
    texts = {name: "\n".join(lines) for name, lines in case["policies"].items()}
    if "files" not in case:
        return Engine(list(texts.items()), **options)
    texts |= {name: "\n".join(lines) for name, lines in case["files"].items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return Engine(folder / case.get("path", ""), **options)


class Runner:
    """What is kept between the steps of a case."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.prepared: PreparedContext | None = None
        self.exchange: Exchange | None = None
        self.hold = ""
        self.limits = "[]"
        self.redacted = ""

    def step(self, step: dict[str, Any]) -> str:
        question: dict[str, Any] = {name: step[name] for name in ("stage", "now") if name in step}
        match step["do"]:
            case "evaluate":
                return same([text for form in forms(step["context"]) for text in self.evaluate(form, question)])
            case "body":
                hosts, format = forms(step["host"]), step["format"]
                return same([
                    decided(lambda: self.engine.evaluate_body(body, host=host, format=format, **question))
                    for body in forms(step["body"])
                    for host in hosts
                ])
            case "prepare":
                return same([told(lambda: self.prepare(form)) for form in forms(step["context"])])
            case "prepared":
                return decided(lambda: self.engine.evaluate(self.prepared, **question))
            case "begin":
                return same([told(lambda: self.begin(form)) for form in forms(step["host"])])
            case "next":
                return self.next(step, question)
            case "resume":
                return told(self.resume)
            case "take":
                return decided(lambda: self.take(forms(step["context"])[0], question))
            case "dry_run":
                return same([decided(lambda: self.engine.dry_run(form, **question)) for form in forms(step["context"])])
            case "limits":
                return self.limits
            case "settle" if step.get("exchange"):
                used = [forms(step["used"])[0]] if "used" in step else []
                return given(lambda: self.begun().settle(*used).value)
            case "settle":
                return given(lambda: self.engine.settle(self.hold, forms(step["used"])[0]).value)
            case "release":
                return given(lambda: (self.begun().release() if step.get("exchange") else self.engine.release(self.hold)).value)
            case "extend":
                return given(lambda: self.engine.extend(self.hold).value)
            case "observe":
                outcome = forms(step["outcome"])[-1]
                return told(lambda: self.begun().observe(outcome) if step.get("exchange") else self.engine.observe(self.hold, outcome))
            case "switch_off":
                return told(lambda: self.engine.switch_off(step["breaker"], key=step["key"], reason=step["reason"]))
            case "switch_on":
                return told(lambda: self.engine.switch_on(step["breaker"], key=step["key"]))
            case "switches":
                return given(lambda: listed(self.engine.switches()))
            case "scan":
                (text, *_) = forms(step["text"])
                return same([given(lambda: scanned(Detector(form), text)) for form in forms(step["options"])])
            case "redact":
                return same([self.redact(form, step) for form in forms(step["options"])])
            case "redact_body":
                return given(lambda: self.redact_body(step))
            case "restore":
                text = forms(step["text"])[0] if "text" in step else self.redacted
                return given(lambda: self.begun().restore(text))
            case "stream":
                return given(lambda: self.stream(step))
            case "reload":
                policies = [(name, "\n".join(lines)) for name, lines in step["policies"].items()]
                return told(lambda: self.engine.reload(policies))
            case "close":
                return told(self.engine.close)
            case "panic":
                return told(self_test_panic)
            case other:
                raise AssertionError(other)

    def evaluate(self, form: Any, question: dict[str, Any]) -> list[str]:
        """The texts of all ways to ask about a context."""
        texts = [decided(lambda: self.engine.evaluate(form, **question))]
        if self.engine.closed:
            return texts
        try:
            (decision,) = self.engine.evaluate_batch([form], **question)
            texts.append(decision.to_json() if decision.error is None else f"{decision.error.code} {decision.to_json()}")
            prepared = self.engine.prepare(form)
        except PolicyEngineError as error:
            # A context that is refused when it is prepared is so when it is evaluated.
            assert texts[0].split(" ")[0] == error.code
        else:
            texts.append(decided(lambda: self.engine.evaluate(prepared, **question)))
        return texts

    def prepare(self, form: Any) -> None:
        self.prepared = self.engine.prepare(form)

    def begin(self, form: Any) -> None:
        self.exchange = self.engine.exchange(form)

    def next(self, step: dict[str, Any], question: dict[str, Any]) -> str:
        exchange = self.begun()
        format = {"format": step["format"]} if "format" in step else {}
        # Once more with each form changes nothing: a stage replaces what it said.
        evaluate = exchange.evaluate
        return same([decided(lambda: evaluate(form, **format, **question)) for form in forms(step["body"])])

    def resume(self) -> None:
        self.exchange = self.engine.resume(self.begun().to_json())

    def begun(self) -> Exchange:
        assert self.exchange is not None
        return self.exchange

    def take(self, context: Any, question: dict[str, Any]) -> Any:
        decision = self.engine.evaluate(context, **question)
        self.hold, self.limits = decision.hold or "", listed(decision.limits)
        return decision

    def redact(self, options: Any, step: dict[str, Any]) -> str:
        name, _, stage = step["form"].partition("/")
        form: dict[str, Any] = {} if name == "text" else {"format": name, "stage": stage} if stage else {"format": name}
        (text, *_) = forms(step["text"])

        def redacted() -> str:
            detector = Detector(options)
            as_bytes: bytes = detector.redact(text.encode(), style=step["style"], **form)
            assert as_bytes.decode() == detector.redact(text, style=step["style"], **form)
            return as_bytes.decode()

        return given(redacted)

    def redact_body(self, step: dict[str, Any]) -> str:
        format = {"format": step["format"]} if "format" in step else {}
        body, *_, data = forms(step["body"])
        if "value" in step["body"]:
            data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        redacted = self.begun().redact(data, **format)
        if "value" in step["body"]:
            assert self.begun().redact(body, **format) == json.loads(redacted)
        self.redacted = redacted.decode()
        return "ok" if step.get("hide") else self.redacted

    def stream(self, step: dict[str, Any]) -> str:
        format = {"format": step["format"]} if "format" in step else {}
        stream = self.begun().stream(now=step["now"], **format)
        chunks, size, came = forms(step["chunks"])[-1], step["size"], b""
        for at in range(0, len(chunks), size):
            try:
                passed = stream.push(chunks[at : at + size])
            except PolicyEngineError:
                break
            came += passed.bytes
            if passed.stopped:
                break
        if step.get("abort"):
            return f"{came.decode()}\n{told(stream.abort)}"

        def finish() -> Any:
            nonlocal came
            end = stream.finish()
            came += end.bytes
            return end.decision

        end = decided(finish)
        return f"{came.decode()}\n{end}"


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, tmp_path: Path) -> None:
    case = json.loads(CASES[name].read_text(encoding="utf-8"))
    try:
        runner = Runner(opened(case, tmp_path))
    except PolicyEngineError as error:
        results = [error.code]
    else:
        results = [runner.step(step) for step in case["steps"]]
    RESULTS[name] = results
    assert results == case["expect"], case["about"]


def test_results_are_written() -> None:
    """Right or wrong: `make parity` compares them with those of the other languages."""
    assert len(RESULTS) == len(CASES) > 0
    (FOLDER / "results").mkdir(exist_ok=True)
    (FOLDER / "results" / "python.json").write_text(json.dumps(RESULTS, ensure_ascii=False, indent=1), encoding="utf-8")


def test_the_codes_are_those_of_the_table() -> None:
    codes = json.loads((FOLDER / "errors.json").read_text())
    assert {cls.code for cls in PolicyEngineError.__subclasses__()} == {*codes, "refused"}
