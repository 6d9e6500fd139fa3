"""The cases of conformance/, which every language runs: see its README."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from llm_policy_engine import Engine, Exchange, PolicyEngineError, PreparedContext, self_test_panic

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
        exchange = self.exchange
        assert exchange is not None
        format = {"format": step["format"]} if "format" in step else {}
        # Once more with each form changes nothing: a stage replaces what it said.
        evaluate = exchange.evaluate
        return same([decided(lambda: evaluate(form, **format, **question)) for form in forms(step["body"])])

    def resume(self) -> None:
        exchange = self.exchange
        assert exchange is not None
        self.exchange = self.engine.resume(exchange.to_json())


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
