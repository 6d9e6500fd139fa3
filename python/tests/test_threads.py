"""Threads, forks and memory."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import MODELS, ROOT

from llm_policy_engine import ClosedError, Engine, InvalidInputError, StaleInputError

DENY_ALL = """
version: "1.0"
metadata: {name: models}
rules:
  - {id: all, when: "true", actions: [{type: deny}]}
"""


def together(works: list[Callable[[], None]]) -> None:
    """Runs them in threads; what one raises is raised here."""
    raised: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def test_four_threads_while_policies_are_replaced(engine: Engine) -> None:
    context = {"request": {"model": "a", "tags": [], "prompt": "x" * 5000}}
    text = json.dumps(context)
    bundles = {engine.bundle, Engine(DENY_ALL).bundle}
    done = threading.Event()
    seen: set[tuple[str, bool]] = set()

    def ask() -> None:
        # Until both sets of policies were seen, for as long as it may take.
        deadline = time.monotonic() + 60
        rounds = 0
        while rounds < 1500 or (len(seen) < 2 and time.monotonic() < deadline):
            rounds += 1
            for form in (context, text):
                decision = engine.evaluate(form)
                seen.add((decision.bundle, decision.allowed))
            try:
                engine.evaluate(engine.prepare(context))
            except StaleInputError:
                pass

    def replace() -> None:
        while not done.is_set():
            for policies in (DENY_ALL, MODELS):
                engine.reload(policies)
                with pytest.raises(Exception, match="refused"):
                    engine.reload("version: '1.0'\nrules: 1\n")

    replacing = threading.Thread(target=replace)
    replacing.start()
    try:
        together([ask] * 4)
    finally:
        done.set()
        replacing.join()
    assert {bundle for bundle, _ in seen} == bundles
    assert len(seen) == 2, "one answer for each set of policies"


def test_an_engine_is_closed_while_others_ask() -> None:
    for _ in range(20):
        engine = Engine(MODELS)
        context = json.dumps({"request": {"model": "a", "tags": [], "prompt": "x" * 100_000}})

        def ask() -> None:
            with pytest.raises(ClosedError):
                while True:
                    assert engine.evaluate(context).allowed

        together([ask, ask, engine.close, engine.close])
        assert engine.closed


def test_an_exchange_is_shared_by_threads(engine: Engine) -> None:
    exchange = engine.exchange({"user": {"tier": "free"}})

    def ask() -> None:
        for _ in range(300):
            assert exchange.evaluate({"request": {"model": "a", "tags": [], "prompt": "x" * 9000}}).allowed

    together([ask] * 4)


def resident() -> int:
    """The bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def stays_flat(rounds: int) -> None:
    engine = Engine(ROOT / "examples" / "policies", handles=["redact", "set", "route", "require_approval", "custom"])
    files = sorted((ROOT / "examples" / "contexts").glob("*.json"))
    contexts = [json.loads(file.read_text()) for file in files]
    texts = [file.read_bytes() for file in files]
    prepared = [engine.prepare(context) for context in contexts]
    books = Engine({"version": "1.0", "metadata": {"name": "books"}, "config": {"default_action": "allow"}, "limits": {
        "day": {"kind": "quota", "key": "user.id", "amount": 1 << 50, "window": {"fixed": "1d"}}}})
    books.audit_start(capacity=100)

    def ask(rounds: int) -> None:
        for at in range(rounds):
            n = at % len(files)
            for form in (contexts[n], texts[n], prepared[n]):
                engine.evaluate(form)
            if at % 50 == 0:
                decision = engine.evaluate(contexts[n])
                assert len(decision.matched) + len(decision.obligations) + len(decision.effect) + len(decision.to_json()) > 0
                assert decision.to_dict()
                engine.explain(contexts[n])
                engine.exchange({"user": {"id": "ann"}}).evaluate({"request": {"model": "a"}})
                decision = books.evaluate({"user": {"id": "ann"}, "request": {"model": "a", "max_tokens": 1}})
                assert decision.hold and decision.limits and books.settle(decision.hold, usage={"input_tokens": 1})
                assert books.audit_drain().records and books.metrics()
                for garbage in (b"{", {"user": {"id": {1}}}, {"request": {1: 2}}):
                    with pytest.raises(InvalidInputError):
                        engine.evaluate(garbage)
            if at % 1000 == 0:
                engine.validate(MODELS)

    ask(rounds // 10)
    gc.collect()
    before = resident()
    ask(rounds)
    gc.collect()
    grown = resident() - before
    assert grown < 4 << 20, f"{grown} bytes more after {rounds} rounds"


def test_memory_stays_flat() -> None:
    """100,000 evaluations."""
    stays_flat(33_334)


@pytest.mark.long
def test_memory_stays_flat_for_long() -> None:
    """1,000,000 evaluations."""
    stays_flat(333_334)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_fifty_forks_under_load(engine: Engine) -> None:
    """Children of a process whose threads are asking go on with its engines."""
    context: dict[str, Any] = {"request": {"model": "a", "tags": [], "prompt": "x" * 5000}}
    text = json.dumps(context)
    prepared = engine.prepare(context)
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            engine.evaluate(context)
            engine.evaluate(text)

    loading = [threading.Thread(target=load) for _ in range(3)]
    for thread in loading:
        thread.start()
    try:
        for _ in range(50):
            child = os.fork()
            if child == 0:
                fine = False
                try:
                    engine.reload(MODELS)
                    fine = all(
                        engine.evaluate(form).allowed for form in (context, text, engine.prepare(context))
                    ) and not Engine(DENY_ALL).evaluate({}).allowed
                    try:
                        engine.evaluate(prepared)
                        fine = False
                    except StaleInputError:
                        pass
                finally:
                    os._exit(0 if fine else 1)
            deadline = time.monotonic() + 30
            while True:
                pid, status = os.waitpid(child, os.WNOHANG)
                if pid:
                    break
                if time.monotonic() > deadline:
                    os.kill(child, 9)
                    os.waitpid(child, 0)
                    pytest.fail("a child hangs")
                time.sleep(0.002)
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        done.set()
        for thread in loading:
            thread.join()
