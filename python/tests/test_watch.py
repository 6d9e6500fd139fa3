"""Counters and audit records."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from conftest import MODELS

from llm_policy_engine import ClosedError, Effect, Engine, InvalidArgumentError, InvalidInputError, Stage

GOOD = {"request": {"model": "a", "tags": []}}
BAD = {"request": {"model": "a-preview", "tags": []}}


def test_metrics(engine: Engine) -> None:
    assert not any(count for effects in engine.metrics().decisions.values() for count in effects.values())
    for context in (GOOD, GOOD, BAD, {}):
        engine.evaluate(context)
    exchange = engine.exchange({"user": {"tier": "free"}})
    exchange.evaluate({"response": {"text": "short"}}, stage="response")
    with pytest.raises(InvalidInputError):
        engine.evaluate(b"{")
    engine.reload(MODELS)
    with pytest.raises(Exception, match="refused"):
        engine.reload("version: '1.0'\nrules: 5\n")
    metrics = engine.metrics()
    assert metrics.decisions[Stage.REQUEST][Effect.ALLOW] == 2
    assert metrics.decisions[Stage.REQUEST][Effect.DENY] == 2
    assert metrics.decisions[Stage.RESPONSE] == {Effect.ALLOW: 1, Effect.THROTTLE: 0, Effect.REQUIRE_APPROVAL: 0, Effect.DENY: 0}
    assert metrics.refused["invalid_input"] == 1 and metrics.refused["internal_error"] == 0
    assert (metrics.rule_errors, metrics.reloads, metrics.refused_reloads) == (2, 1, 1)
    assert (metrics.audit_recorded, metrics.audit_dropped) == (0, 0)


def test_audit_records(engine: Engine) -> None:
    assert engine.audit_drain().records == ()
    engine.audit_start(capacity=100, key=b"secret")
    before = datetime.now(timezone.utc) - timedelta(seconds=1)
    engine.evaluate(BAD)
    engine.evaluate(b'{"request": {"model": "a", "tags": []}}')
    with pytest.raises(InvalidInputError):
        engine.evaluate(b"{")
    drained = engine.audit_drain(2)
    denied, allowed = drained.records
    assert (drained.dropped, drained.waiting) == (0, 1)
    assert (denied.sequence, denied.stage, denied.effect, denied.code, denied.policy, denied.rule) == (
        1,
        Stage.REQUEST,
        Effect.DENY,
        "preview",
        "default/models",
        "no-preview",
    )
    assert (denied.process, denied.bundle, denied.input, denied.errors) == (os.getpid(), engine.bundle, None, 0)
    assert before <= denied.time <= datetime.now(timezone.utc)
    assert allowed.effect is Effect.ALLOW and allowed.input is not None and len(allowed.input) == 32
    (refused,) = engine.audit_drain().records
    assert (refused.sequence, refused.effect, refused.code, refused.rule) == (3, Effect.DENY, "invalid_input", None)
    assert engine.metrics().audit_recorded == 3
    engine.audit_stop()
    engine.evaluate(GOOD)
    assert engine.audit_drain().records == ()


def test_what_finds_no_room_is_counted_and_denies_have_room_of_their_own(engine: Engine) -> None:
    engine.audit_start(capacity=8)
    for _ in range(20):
        engine.evaluate(GOOD)
    engine.evaluate(BAD)
    drained = engine.audit_drain()
    assert [record.effect for record in drained.records] == [Effect.ALLOW] * 6 + [Effect.DENY]
    assert drained.dropped == 14
    assert engine.audit_drain().dropped == 0


def test_options_are_checked(engine: Engine) -> None:
    for capacity in (0, (1 << 24) + 1):
        with pytest.raises(InvalidArgumentError, match="room"):
            engine.audit_start(capacity=capacity)
    with pytest.raises(TypeError):
        engine.audit_start(key="text")  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        engine.audit_drain(-1)


def test_after_close(engine: Engine) -> None:
    engine.close()
    uses: list[Any] = [engine.metrics, engine.audit_start, engine.audit_stop, engine.audit_drain]
    for use in uses:
        with pytest.raises(ClosedError):
            use()


def test_threads_record_and_drain_at_the_same_time(engine: Engine) -> None:
    engine.audit_start(capacity=1 << 16)
    done = threading.Event()
    seen: list[int] = []

    def drain() -> None:
        while not done.is_set() or engine.audit_drain(0).waiting:
            seen.extend(record.sequence for record in engine.audit_drain(100).records)

    def ask() -> None:
        for _ in range(500):
            engine.evaluate(GOOD)

    draining = threading.Thread(target=drain)
    draining.start()
    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    done.set()
    draining.join()
    assert seen == list(range(1, 2001))
