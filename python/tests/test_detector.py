"""Detectors without policies, what an exchange takes out, circuit breakers, and stores."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from llm_policy_engine import (
    Detector,
    Effect,
    Engine,
    InvalidArgumentError,
    InvalidInputError,
    LimitsUnavailableError,
)

MAIL = "Grüße 👋 an ada@example.org"


def test_scan() -> None:
    scan = Detector().scan(MAIL)
    (finding,) = scan.findings
    assert (finding.kind, finding.family, finding.field) == ("email", "pii", None)
    assert 0.5 < finding.score <= 1 and finding.chars is not None and finding.bytes is not None and finding.utf16 is not None
    assert MAIL[slice(*finding.chars)] == MAIL.encode()[slice(*finding.bytes)].decode() == "ada@example.org"
    assert MAIL.encode("utf-16-le")[2 * finding.utf16[0] : 2 * finding.utf16[1]].decode("utf-16-le") == "ada@example.org"
    assert (scan.complete, scan.beyond) == (True, 0)
    short = Detector(max_bytes=10).scan("x" * 100)
    assert (short.complete, short.scanned, short.beyond) == (False, 10, 90)
    custom = Detector(kinds=[], patterns={"badge": "B-[0-9]{6}"}, thresholds={"badge": 0.1}).scan("badge B-123456")
    assert [found.kind for found in custom.findings] == ["badge"]


def test_options_are_checked() -> None:
    wrongs: list[dict[str, Any]] = [{"colour": 1}, {"families": ["pi"]}, {"kinds": "email"}, {"regions": ["XX"]}, {"profile": 5}, {"patterns": {"a": "("}}, {"max_bytes": 0}, {"thresholds": {"pii": 2}}, {"key": 5}]
    for wrong in wrongs:
        with pytest.raises(InvalidArgumentError):
            Detector(**wrong)
        with pytest.raises(InvalidArgumentError):
            Detector(json.dumps(wrong))
    with pytest.raises(InvalidArgumentError):
        Detector({}, profile="chat")
    with pytest.raises(InvalidInputError):
        Detector("{")
    for wrong_text in (5, None, b"bytes"):
        with pytest.raises(TypeError):
            Detector().scan(wrong_text)  # type: ignore[arg-type]


def test_redact_gives_back_the_form_that_came() -> None:
    detector = Detector(key="k")
    assert detector.redact(MAIL) == "Grüße 👋 an [EMAIL]"
    assert detector.redact(MAIL.encode()) == "Grüße 👋 an [EMAIL]".encode()
    body = {"to": "ada@example.org", "n": 1.5, "big": 1 << 60, "none": None}
    assert detector.redact(body) == {"to": "[EMAIL]", "n": 1.5, "big": 1 << 60, "none": None}
    assert detector.redact('{"to": "ada@example.org"}', format="json", style="remove") == '{"to": ""}'
    chat = {"model": "m", "messages": [{"role": "user", "content": MAIL}]}
    redacted: Any = detector.redact(chat, format="openai-chat")
    assert redacted["messages"][0]["content"].endswith("[EMAIL]") and chat["messages"]
    assert detector.redact("ada@example.org", style="hash") == detector.redact("ada@example.org", style="hash")
    wrongs: list[dict[str, Any]] = [{"style": "blur"}, {"style": "reversible"}, {"format": "word"}, {"format": "anthropic", "stage": "answer"}]
    for wrong in wrongs:
        with pytest.raises(InvalidArgumentError):
            detector.redact("x", **wrong)
    with pytest.raises(InvalidInputError):
        detector.redact(b"\xff")


def test_an_exchange_takes_out_and_puts_back() -> None:
    rule = {"id": "r", "when": "contains_pii(request.text, ['email'])", "actions": [{"type": "redact", "fields": ["request.text"], "detect": ["email"], "style": "reversible"}]}
    engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow", "stages": ["request", "response"]}, "rules": [rule]}, handles=["redact"])
    exchange = engine.exchange({"user": {"id": "ann"}})
    body = {"model": "m", "messages": [{"role": "user", "content": MAIL}]}
    with pytest.raises(InvalidArgumentError, match="decided nothing"):
        exchange.redact(body, format="openai-chat")
    assert exchange.evaluate(body, format="openai-chat").allowed
    redacted: Any = exchange.redact(body, format="openai-chat")
    sent = redacted["messages"][0]["content"]
    assert "ada" not in sent and json.loads(exchange.redact(json.dumps(body), format="openai-chat")) == redacted
    assert exchange.restore(f"You said: {sent}") == f"You said: {MAIL}"
    stream = exchange.stream()
    shown = "".join([stream.push(sent[at : at + 3]).text for at in range(0, len(sent), 3)]) + stream.finish().text
    assert shown == MAIL
    assert engine.resume(exchange.to_json()).restore(sent) == MAIL


BREAKERS = """
version: "1.0"
metadata: {name: a}
config: {default_action: allow}
breakers:
  model: {key: request.model, consecutive_failures: 2}
"""
ASK = {"request": {"model": "gpt-4o"}}


def test_breakers() -> None:
    engine = Engine(BREAKERS)
    for _ in range(2):
        hold = engine.evaluate(ASK).hold
        assert hold is not None
        engine.observe(hold, "failure")
    decision = engine.evaluate(ASK)
    assert (decision.effect, decision.code, decision.breaker, decision.rule) == (Effect.DENY, "circuit_open", "model", None)
    assert "default/a#model" in repr(decision)
    assert engine.evaluate({"request": {"model": "other"}}).allowed
    exchange = engine.exchange({})
    assert exchange.evaluate({"request": {"model": "third"}}).allowed
    exchange.observe("success", latency_ms=12.5)
    hold = engine.evaluate({"request": {"model": "fourth"}}).hold
    assert hold is not None
    for wrong in ("good", "", {"outcome": "success", "more": 1}, {}, 5):
        with pytest.raises((InvalidArgumentError, InvalidInputError)):
            engine.observe(hold, wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError):
        engine.observe(hold, "success", latency_ms=-1)
    with pytest.raises(InvalidArgumentError):
        engine.settle(hold, {"outcome": "failure"}, outcome="success")
    engine.settle(hold, outcome="failure")


def test_switches() -> None:
    engine = Engine(BREAKERS)
    assert engine.switches() == ()
    until = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    engine.switch_off("model", key=["gpt-4o"], reason="incident", until=until)
    (switch,) = engine.switches()
    assert (switch.breaker, switch.key, switch.reason, switch.until) == ("default/a/model", ("gpt-4o",), "incident", until)
    assert engine.evaluate(ASK).code == "switched_off"
    engine.switch_on("model", key=["gpt-4o"])
    assert engine.evaluate(ASK).allowed and engine.switches() == ()
    wrongs: list[dict[str, Any]] = [{"breaker": "other", "reason": "x"}, {"breaker": "model", "reason": " "}, {"breaker": "model", "reason": "x", "key": ["a", "b"]}, {"breaker": "model", "reason": "x", "until": "2020-01-01T00:00:00Z"}]
    for wrong in wrongs:
        with pytest.raises(InvalidArgumentError):
            engine.switch_off(**wrong)


LIMIT = """
version: "1.0"
metadata: {name: a}
config: {default_action: allow}
limits:
  day: {kind: rate, key: user.id, amount: 100, window: {fixed: 1d}}
"""


def opened(store: str) -> Engine:
    while True:
        try:
            return Engine(LIMIT, store=store)
        except LimitsUnavailableError as error:
            if "locked" not in str(error):
                raise


def spend(store: str, times: int) -> int:
    engine = opened(store)
    return sum(engine.evaluate({"user": {"id": "ann"}}).allowed for _ in range(times))


def test_limits_in_a_file_are_shared_by_processes(tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path}/limits.db"
    engine = Engine(LIMIT, store=store)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        admitted = pool.starmap(spend, [(store, 60), (store, 60)])
    # Where the machine is so busy that a process waits too long for the file, it is refused, and there is something left.
    rest = 0
    while engine.evaluate({"user": {"id": "ann"}}).allowed:
        rest += 1
    assert sum(admitted) + rest == 100 and sum(admitted) > 0
    for form in ({"user": {"id": "bob"}}, b'{"user": {"id": "bob"}}', engine.prepare({"user": {"id": "bob"}})):
        assert engine.evaluate(form).allowed
    (day,) = engine.dry_run({"user": {"id": "bob"}}).limits
    assert day.used == 4
    exchange = engine.exchange({"user": {"id": "bob"}})
    assert exchange.evaluate({"request": {"model": "m"}}).hold == exchange.hold


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_children_of_a_fork_take_each_for_itself(tmp_path: Path) -> None:
    # Opened and not yet used: the first step opens the file.
    engine = Engine(LIMIT, store=f"sqlite:{tmp_path}/limits.db")
    for _ in range(3):
        child = os.fork()
        if child == 0:
            admitted = False
            try:
                admitted = engine.evaluate({"user": {"id": "ann"}}).allowed
            finally:
                os._exit(0 if admitted else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    (day,) = engine.dry_run({"user": {"id": "ann"}}).limits
    assert day.used == 4, "three that were admitted, and this one"


def test_stores_are_checked(tmp_path: Path) -> None:
    assert spend("memory:", 3) == 3
    for wrong in ("limits.db", "mysql:x", ""):
        with pytest.raises(InvalidArgumentError):
            Engine(LIMIT, store=wrong)
    with pytest.raises(LimitsUnavailableError):
        Engine(LIMIT, store=f"sqlite:{tmp_path}/no/such/limits.db")


def test_other_threads_run_while_a_store_is_asked(tmp_path: Path) -> None:
    engine = Engine(LIMIT.replace("100", "100000"), store=f"sqlite:{tmp_path}/limits.db")
    done = threading.Event()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0)

    ticking = threading.Thread(target=tick)
    ticking.start()
    for _ in range(50):
        engine.reload(LIMIT.replace("100", "100000"))
        assert engine.evaluate({"user": {"id": "ann"}}).allowed
    done.set()
    ticking.join()
    assert ticks > 0
