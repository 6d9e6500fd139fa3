"""Engines, questions and decisions."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from conftest import MODELS, ROOT

import llm_policy_engine
from llm_policy_engine import (
    ApprovalRequiredError,
    ClosedError,
    DeniedError,
    Effect,
    Engine,
    InternalError,
    InvalidArgumentError,
    InvalidInputError,
    InvalidPolicyError,
    NoDocumentsError,
    PolicyEngineError,
    Stage,
    StaleInputError,
    ThrottledError,
    UnreadableFileError,
    self_test_panic,
)

POLICIES = ROOT / "examples" / "policies"
CONTEXTS = sorted((ROOT / "examples" / "contexts").glob("*.json"))


def one(rule: dict[str, Any], **config: Any) -> dict[str, Any]:
    """A document with one rule."""
    return {"version": "1.0", "metadata": {"name": "one"}, "config": config, "rules": [{"id": "r", **rule}]}


def test_an_engine_is_made_from_a_path_text_bytes_a_dict_and_a_list(tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text(MODELS)
    document = one({"when": "request.model == 'a'", "actions": [{"type": "deny"}]})
    named = ("models.yaml", MODELS)
    forms: list[Any] = [file, str(file), tmp_path, MODELS, MODELS.encode(), json.dumps(document), document, [file, document], named, [named, ("d", document)]]
    for policies in forms:
        decision = Engine(policies).evaluate({"request": {"model": "a-preview"}})
        assert decision.effect in (Effect.DENY, "deny")
    assert Engine(file).bundle == Engine(str(file)).bundle != Engine([file, document]).bundle


def test_what_is_no_policy_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="`no/such` cannot be read") as unreadable:
        Engine("no/such")
    assert "give text as `bytes`" in str(unreadable.value)
    assert isinstance(unreadable.value, OSError)
    with pytest.raises(NoDocumentsError):
        Engine(tmp_path)
    with pytest.raises(NoDocumentsError):
        Engine([])
    with pytest.raises(InvalidPolicyError, match="did you mean `name`") as refused:
        Engine("version: '1.0'\nmetadata: {nmae: a}\nrules: []\n")
    (finding, *_) = refused.value.findings
    assert (finding.file, finding.line, finding.severity) == ("<text>", 2, "error")
    assert "^^^^" in str(refused.value)
    for wrong in (7, None, object()):
        with pytest.raises(PolicyEngineError):
            Engine(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidPolicyError, match="`rules`.*type `set`"):
        Engine({"rules": {1}})
    with pytest.raises(InvalidPolicyError, match="<dict 2>"):
        Engine([MODELS, {"version": "1.0"}])
    with pytest.raises(InvalidPolicyError, match=r"mine\.yaml:1:1"):
        Engine(("mine.yaml", "version: '1.0'\n"))
    for pair in ((), ("a",), (1, "b"), ("a", "b", "c")):
        with pytest.raises(InvalidArgumentError, match="tuple"):
            Engine(pair)  # type: ignore[arg-type]


def test_a_decision_has_typed_attributes(engine: Engine) -> None:
    decision = engine.evaluate({"request": {"model": "gpt-5-preview", "tags": ["x"]}})
    assert decision.effect is Effect.DENY
    assert decision.allowed is False
    assert decision.stage is Stage.REQUEST
    assert decision.reason == "not for production"
    assert decision.public_message == "Please take another model."
    assert (decision.code, decision.policy, decision.rule) == ("preview", "default/models", "no-preview")
    assert [(m.rule, m.actions, m.failed) for m in decision.matched] == [("no-preview", ("deny",), False), ("tagged", ("warn",), False)]
    assert [w.message for w in decision.warnings] == ["tagged"]
    assert not any((decision.obligations, decision.redactions, decision.suppressed, decision.errors, decision.error_count))
    assert {decision.route, decision.retry_after_ms, decision.approval, decision.shadow, decision.error} == {None}
    assert decision.bundle == engine.bundle
    assert repr(decision) == "<Decision deny by default/models#no-preview (preview)>"
    assert json.loads(decision.to_json()) == decision.to_dict()
    assert decision.to_json() == json.dumps(decision.to_dict(), separators=(",", ":"), sort_keys=True)


def test_obligations_routes_shadows_and_errors() -> None:
    policy = one({"when": "true", "actions": [{"type": "redact", "fields": ["request.prompt"], "detect": ["email"]}, {"type": "notify", "channel": "ops"}]}, default_action="allow")
    decision = Engine(policy, handles=["redact"]).evaluate({"request": {"prompt": "hi"}})
    assert decision.allowed
    assert decision.redactions[0].action == "redact"
    assert decision.redactions[0].params["fields"] == ["request.prompt"]
    assert [o.action for o in decision.obligations] == ["notify"]
    unhandled = Engine(policy).evaluate({"request": {"prompt": "hi"}})
    assert (unhandled.effect, unhandled.code) == ("deny", "unhandled_obligation")

    routed = Engine(one({"when": "true", "actions": [{"type": "route", "model": "small"}]}, default_action="allow"), handles=("route",))
    route = routed.evaluate({"request": {"model": "large"}}).route
    assert route is not None and route.model == "small" and route.provider is None

    shadowed = Engine(one({"when": "true", "actions": [{"type": "deny", "reason": "no"}], "mode": "shadow"}, default_action="allow"))
    shadow = shadowed.evaluate({}).shadow
    assert shadow is not None and (shadow.effect, shadow.reason) == (Effect.DENY.value, "no")

    failed = Engine(one({"when": "user.tier == 'free'", "actions": [{"type": "deny"}]})).evaluate({})
    (error,) = failed.errors
    assert (error.rule, error.path, failed.error_count) == ("r", "user.tier", 1)


@pytest.mark.parametrize(
    ("action", "error"),
    [
        ({"type": "deny"}, DeniedError),
        ({"type": "throttle", "delay_ms": 1500}, ThrottledError),
        ({"type": "require_approval", "approvers": ["role:lead"]}, ApprovalRequiredError),
    ],
)
def test_raise_for_effect(action: dict[str, Any], error: type[Exception]) -> None:
    engine = Engine(one({"when": "true", "actions": [action]}), handles=["require_approval"])
    decision = engine.evaluate({})
    with pytest.raises(error) as raised:
        decision.raise_for_effect()
    assert raised.value.decision is decision  # type: ignore[attr-defined]
    assert isinstance(pickle.loads(pickle.dumps(raised.value)), PolicyEngineError)
    if isinstance(raised.value, ThrottledError):
        assert raised.value.retry_after_ms == 1500
    allowed = Engine(MODELS).evaluate({"request": {"model": "a", "tags": []}})
    assert allowed.raise_for_effect() is allowed


def test_a_decision_has_no_truth_value(engine: Engine) -> None:
    with pytest.raises(TypeError, match=r"decision\.allowed"):
        bool(engine.evaluate({}))


def test_stage_and_now(engine: Engine) -> None:
    answer = {"user": {"tier": "free"}, "response": {"text": "a very long answer indeed"}}
    assert engine.evaluate(answer, stage="response").code == "deny" or not engine.evaluate(answer, stage=Stage.RESPONSE).allowed
    clock = Engine(one({"when": "now < timestamp('2026-01-01T00:00:00Z')", "actions": [{"type": "deny"}]}, default_action="allow"))
    early, late = "2025-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z"
    assert [clock.evaluate({}, now=now).allowed for now in (early, late)] == [False, True]
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    east = timezone(timedelta(hours=5, minutes=53, seconds=28))
    for now, allowed in ((moment, True), (moment - timedelta(microseconds=1), False), (moment.astimezone(east), True)):
        assert clock.evaluate({}, now=now).allowed is allowed
    for wrong in (datetime(2026, 1, 1), "tomorrow", 5):
        with pytest.raises(InvalidArgumentError, match="`now`"):
            clock.evaluate({}, now=wrong)  # type: ignore[arg-type]
    for stage in ("answer", 3):
        with pytest.raises(InvalidArgumentError, match="the stages are"):
            clock.evaluate({}, stage=stage)  # type: ignore[arg-type]


@pytest.mark.parametrize("file", CONTEXTS, ids=lambda file: file.stem)
def test_objects_text_bytes_and_prepared_contexts_give_the_same_decision(file: Path) -> None:
    engine = Engine(POLICIES, handles=["redact", "set", "require_approval"])
    text = file.read_text()
    stage = next((stage for stage in ("response", "tool_call", "tool_result") if file.stem.replace("-", "_").startswith(stage)), "request")
    now = "2026-03-02T10:00:00Z"
    context = json.loads(text)

    def ask(context: Any) -> str:
        return engine.evaluate(context, stage=stage, now=now).to_json()  # type: ignore[arg-type]

    answers = {ask(form) for form in (context, text, text.encode(), bytearray(text.encode()), memoryview(text.encode()), engine.prepare(context), engine.prepare(text))}
    assert len(answers) == 1
    assert engine.evaluate_batch([context, text], stage=stage, now=now)[1].to_json() in answers  # type: ignore[arg-type]
    explained = engine.explain(context, stage=stage, now=now)  # type: ignore[arg-type]
    assert explained["decision"] == json.loads(answers.pop())


def test_a_batch_raises_nothing_for_one_context(engine: Engine) -> None:
    good, bad, worse = engine.evaluate_batch([{"request": {"model": "a", "tags": []}}, b"{", {"request": {"tags": {1}}}])
    assert good.allowed and good.error is None
    assert not bad.allowed and isinstance(bad.error, InvalidInputError) and bad.error.offset == 1
    assert (worse.effect, worse.code, worse.bundle) == ("deny", "invalid_input", engine.bundle)
    with pytest.raises(TypeError):
        engine.evaluate_batch(5)  # type: ignore[arg-type]
    assert engine.evaluate_batch([]) == []


def test_a_refused_context_carries_its_deny(engine: Engine) -> None:
    garbages: list[Any] = [b"", b"{", b"\xff", "[1", b"[]", b'"x"', b'{"request": {"model": 1, "model": 2}}', b"{}{}", 5, None, [], "nonsense"]
    for garbage in garbages:
        with pytest.raises(InvalidInputError) as refused:
            engine.evaluate(garbage)
        assert isinstance(refused.value, ValueError)
        decision = refused.value.decision
        assert (decision.effect, decision.code, decision.allowed) == (Effect.DENY, "invalid_input", False)
        assert json.loads(decision.to_json())["effect"] == "deny"
        for ask in (engine.prepare, engine.explain, engine.exchange):
            with pytest.raises(InvalidInputError):
                ask(garbage)
        with pytest.raises(InvalidInputError):
            engine.evaluate_body(garbage, format="openai-chat")


def test_bodies_of_providers() -> None:
    engine = Engine(one({"when": "user.id == 'ann' && request.prompt.contains('secret')", "actions": [{"type": "deny"}]}, default_action="allow"))
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "a secret"}]}
    host = {"user": {"id": "ann"}}
    for form in (body, json.dumps(body), json.dumps(body).encode()):
        assert not engine.evaluate_body(form, format="openai-chat", host=host).allowed
        assert engine.evaluate_body(form, format="openai-chat", host={"user": {"id": "bob"}}).allowed
    assert engine.explain(body, format="openai-chat", host=host)["decision"]["effect"] == "deny"
    with pytest.raises(InvalidArgumentError, match="is no format"):
        engine.evaluate_body(body, format="openai")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="say nothing about the stage"):
        engine.evaluate_body(body, format="openai-embeddings", stage="tool_call")
    with pytest.raises(InvalidArgumentError, match="`host`"):
        engine.explain(body, host=host)


def test_an_exchange_remembers_and_nobody_changes_who_asks(engine: Engine) -> None:
    exchange = engine.exchange({"user": {"tier": "free"}})
    assert exchange.evaluate({"request": {"model": "a", "tags": []}}).allowed
    long = {"response": {"text": "a very long answer indeed"}}
    assert not exchange.evaluate(long, stage="response").allowed
    with pytest.raises(InvalidInputError, match="user") as refused:
        exchange.evaluate({"user": {"tier": "gold"}, **long}, stage="response")
    assert not refused.value.decision.allowed
    engine.reload(one({"when": "true", "actions": [{"type": "allow"}]}))
    assert not exchange.evaluate(long, stage="response").allowed, "an exchange keeps its policies"
    assert exchange.bundle != engine.bundle
    with pytest.raises(InvalidInputError, match="other policies"):
        engine.resume(exchange.to_json())
    resumed = Engine(MODELS).resume(exchange.to_json())
    assert not resumed.evaluate(long, stage="response").allowed
    for garbage in ("", "{}", "[1]", "null"):
        with pytest.raises(InvalidInputError):
            engine.resume(garbage)


def test_reload_is_one_step_and_stale_inputs_say_so(engine: Engine) -> None:
    context = {"request": {"model": "a-preview", "tags": []}}
    prepared = engine.prepare(context)
    before = engine.bundle
    with pytest.raises(InvalidPolicyError):
        engine.reload("version: '1.0'\nrules: 5\n")
    assert engine.bundle == before and not engine.evaluate(prepared).allowed
    assert engine.reload(one({"when": "true", "actions": [{"type": "allow"}]})) == ()
    assert engine.evaluate(context).allowed
    with pytest.raises(StaleInputError) as stale:
        engine.evaluate(prepared)
    assert not stale.value.decision.allowed
    with pytest.raises(StaleInputError):
        Engine(MODELS).evaluate(prepared)


def test_validate() -> None:
    good = Engine.validate(POLICIES)
    assert good.valid and good.bundle == Engine(POLICIES).bundle and good.error is None
    assert good.documents > 1 and good.rules > good.documents
    bad = Engine.validate([MODELS, "version: '1.0'\nmetadata: {name: b}\nrules: [{id: r, when: reqest.model == 'a', actions: [{type: deny}]}]\n"])
    assert not bad.valid and bad.bundle is None
    (finding,) = [finding for finding in bad.findings if finding.severity == "error"]
    assert finding.file == "<text 2>" and "request" in (finding.help or "")
    assert isinstance(Engine.validate([]).error, NoDocumentsError)
    with pytest.raises(UnreadableFileError):
        Engine.validate(Path("no/such"))


def test_handles_are_checked() -> None:
    with pytest.raises(InvalidArgumentError, match="`redactt` is no action"):
        Engine(MODELS, handles=["redactt"])  # type: ignore[list-item]
    with pytest.raises(InvalidArgumentError, match="list"):
        Engine(MODELS, handles="redact")  # type: ignore[arg-type]


def test_use_after_close(engine: Engine) -> None:
    exchange = engine.exchange({"user": {"tier": "free"}})
    with engine as same:
        assert same is engine and not engine.closed
    assert engine.closed
    engine.close()
    assert repr(engine) == "<Engine closed>"
    uses = (
        lambda: engine.evaluate({}),
        lambda: engine.evaluate_batch([]),
        lambda: engine.evaluate_body({}, format="openai-chat"),
        lambda: engine.prepare({}),
        lambda: engine.explain({}),
        lambda: engine.exchange({}),
        lambda: engine.resume("{}"),
        lambda: engine.reload(MODELS),
        lambda: engine.bundle,
        engine.__enter__,
    )
    for use in uses:
        with pytest.raises(ClosedError, match="closed"):
            use()
    assert exchange.evaluate({"request": {"model": "a", "tags": []}}).allowed, "an exchange that began goes on"


def test_a_panic_stays_inside() -> None:
    for _ in range(3):
        with pytest.raises(InternalError, match="internal error"):
            self_test_panic()
    assert Engine(MODELS).evaluate({"request": {"model": "a", "tags": []}}).allowed


def test_nothing_can_be_changed(engine: Engine) -> None:
    decision = engine.evaluate({})
    for thing, name in ((decision, "allowed"), (decision, "new"), (engine, "bundle"), (engine, "new")):
        with pytest.raises(AttributeError):
            setattr(thing, name, True)
    for made in (type(decision), type(engine.prepare({})), type(engine.exchange({}))):
        with pytest.raises(TypeError):
            made()


def test_the_version_has_three_parts() -> None:
    assert llm_policy_engine.__version__.count(".") == 2
