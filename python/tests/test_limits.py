"""Limits: what decisions say of them, and closing what is held."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from llm_policy_engine import (
    Closed,
    ClosedError,
    Decision,
    Effect,
    Engine,
    InvalidArgumentError,
    InvalidInputError,
    PolicyEngineError,
)

POLICY = """
version: "1.0"
metadata: {name: books}
config: {default_action: allow, stages: [request, response]}
limits:
  day:
    kind: budget
    key: user.id
    amount: 10 USD
    window: {fixed: 1d}
    cost: request.estimated_cost
    steps: [{at: 0.5, do: {warn: {message: half is gone}}}, {at: 0.8, do: {warn: {message: nearly gone}}}, {at: 1.0, do: deny}]
  slots: {kind: concurrency, key: user.id, amount: 2}
"""


@pytest.fixture
def books() -> Engine:
    """Ten dollars a day, and two requests at a time."""
    return Engine(POLICY)


def asking(dollars: float, user: str = "ann") -> dict[str, Any]:
    return {"user": {"id": user}, "request": {"model": "gpt-4o", "estimated_cost": dollars}}


def held(decision: Decision) -> str:
    assert decision.hold is not None
    return decision.hold


def test_limits_of_a_decision(books: Engine) -> None:
    decision = books.evaluate(asking(6.5))
    assert decision.allowed and decision.limit is None
    day, slots = sorted(decision.limits, key=lambda state: state.limit)
    assert (day.policy, day.limit, day.kind, day.unit, day.key) == ("default/books", "day", "budget", "USD", ("ann",))
    assert (day.amount, day.used, day.reserved, day.remaining, day.cost, day.fits) == (10, 6.5, 6.5, 3.5, 6.5, True)
    assert (day.fraction, day.reached, day.alerts, day.shadow, day.retry_after_ms) == (0.65, (0.5,), (0.5,), False, None)
    assert day.resets_at is not None and timedelta() < day.resets_at - datetime.now(timezone.utc) <= timedelta(days=1)
    assert (slots.kind, slots.unit, slots.used, slots.resets_at) == ("concurrency", "requests", 1, None)
    (warning,) = decision.warnings
    assert (warning.message, warning.limit, warning.rule, warning.policy) == ("half is gone", "day", None, "default/books")

    again = books.evaluate(asking(2))
    assert next(state for state in again.limits if state.limit == "day").alerts == (0.8,)
    books.release(held(again))

    refused = books.evaluate(asking(4))
    assert (refused.effect, refused.code, refused.limit, refused.rule, refused.hold) == (Effect.DENY, "limit_reached", "day", None, None)
    assert repr(refused) == "<Decision deny by default/books#day (limit_reached)>"
    assert not any("resets_at" in text for text in (refused.to_json(), decision.to_json())), "they change from one request to the next"
    assert books.evaluate(asking(4, "bob")).allowed
    with pytest.raises(InvalidInputError) as garbage:
        books.evaluate(b"{")
    assert garbage.value.decision.limits == () and garbage.value.decision.hold is None


def test_a_step_that_asks_a_human() -> None:
    policy = POLICY.replace("{warn: {message: nearly gone}}", "{require_approval: {approvers: ['role:lead']}}")
    decision = Engine(policy, handles=["require_approval"]).evaluate(asking(9))
    assert (decision.effect, decision.limit, decision.hold) == (Effect.REQUIRE_APPROVAL, "day", None)
    assert decision.approval is not None
    assert (decision.approval.limit, decision.approval.rule, decision.approval.params["approvers"]) == ("day", None, ["role:lead"])


def test_a_limit_that_fails_says_so(books: Engine) -> None:
    decision = books.evaluate({"request": {"estimated_cost": 1.0}})
    assert (decision.effect, decision.code) == (Effect.DENY, "limit_failed")
    assert {(error.limit, error.rule, error.path) for error in decision.errors} >= {("day", None, "user.id")}
    shadowed = Engine(POLICY.replace("kind: budget", "kind: budget\n    mode: shadow"))
    shadow = shadowed.evaluate(asking(11)).shadow
    assert shadow is not None and (shadow.effect, shadow.limit) == (Effect.DENY, "day")


def test_settle_release_extend(books: Engine) -> None:
    hold = held(books.evaluate(asking(9)))
    assert books.extend(hold) is Closed.DONE
    assert books.settle(hold, cost=1) is Closed.DONE
    assert books.settle(hold, cost=2.5) is Closed.ALREADY_SETTLED
    assert books.release(hold) is Closed.ALREADY_SETTLED
    hold = held(books.evaluate(asking(9)))
    assert not books.evaluate(asking(9)).allowed
    assert books.release(hold) is Closed.DONE
    assert books.release(hold) is Closed.ALREADY_RELEASED
    # By its tokens and the table of prices; what nobody says is the estimate.
    hold = held(books.evaluate(asking(9)))
    assert books.settle(hold, usage={"input_tokens": 10, "output_tokens": 10, "cached_tokens": 5}, model="gpt-4o") is Closed.DONE
    assert books.settle(held(books.evaluate(asking(1))), model="gpt-4o-mini") is Closed.DONE
    # Another engine keeps other books.
    assert Engine(POLICY).settle(hold) is Closed.UNKNOWN


def test_what_is_no_hold_and_no_usage(books: Engine) -> None:
    hold = held(books.evaluate(asking(1)))
    garbage: list[Any] = [None, 5, b"x", "", "no hold", hold[:-1], hold + "x", "1." * 5000, "\ud800", "1.4000000." + "A" * 99]
    for wrong in garbage:
        for close in (books.settle, books.release, books.extend):
            with pytest.raises(InvalidArgumentError):
                close(wrong)
    usages: list[Any] = [{}, [], "x", 5, {"tokens": 1}, {"input_tokens": -1}, {"input_tokens": "1"}, {"input_tokens": 1.5}]
    for wrong in usages:
        with pytest.raises(InvalidArgumentError):
            books.settle(hold, usage=wrong)
    costs: list[Any] = [-1, "1", [], 1e300]
    for wrong in costs:
        with pytest.raises(InvalidArgumentError):
            books.settle(hold, cost=wrong)
    strange: list[Any] = [float("nan"), float("inf"), {1}]
    for wrong in strange:
        with pytest.raises(InvalidInputError):
            books.settle(hold, cost=wrong)
    assert books.settle(hold) is Closed.DONE, "what was refused changed nothing"


def test_a_dry_run_takes_nothing(books: Engine) -> None:
    for form in (asking(9), json.dumps(asking(9)), json.dumps(asking(9)).encode()):
        decision = books.dry_run(form)
        assert decision.allowed and decision.hold is None
        assert {state.limit: state.used for state in decision.limits} == {"day": 9, "slots": 1}
    assert not books.dry_run(asking(11)).allowed
    with pytest.raises(InvalidInputError) as refused:
        books.dry_run(b"{")
    assert not refused.value.decision.allowed


def test_an_exchange_holds(books: Engine) -> None:
    exchange = books.exchange({"user": {"id": "ann"}, "request": {"estimated_cost": 9.0}})
    assert [exchange.hold] == [None]
    assert exchange.settle() is Closed.NOTHING and exchange.release() is Closed.NOTHING
    body = {"request": {"model": "gpt-4o", "prompt": "Hello!"}}
    assert exchange.evaluate(body).allowed and exchange.evaluate(body).allowed, "the same once more takes nothing again"
    assert exchange.hold is not None and books.dry_run(asking(1)).limits
    resumed = books.resume(exchange.to_json())
    assert resumed.hold == exchange.hold
    answer = {"response": {"text": "Hi!", "usage": {"input_tokens": 100, "output_tokens": 10}}}
    assert resumed.evaluate(answer, stage="response").allowed
    assert resumed.settle() is Closed.DONE
    assert exchange.settle() is Closed.ALREADY_SETTLED
    assert books.dry_run(asking(9)).allowed

    exchange = books.exchange({"user": {"id": "bob"}, "request": {"estimated_cost": 9.0}})
    assert exchange.evaluate(body).allowed
    for wrong in ("{", "[]", b"\xff"):
        with pytest.raises(InvalidInputError):
            exchange.settle_body(wrong, format="openai-chat")
    with pytest.raises(InvalidArgumentError):
        exchange.settle_body("{}", format="openai")  # type: ignore[arg-type]
    reply = {"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}
    assert exchange.settle_body(reply, format="openai-chat") is Closed.DONE
    assert books.dry_run(asking(9, "bob")).allowed
    assert exchange.evaluate(body).allowed
    assert exchange.settle(cost=10) is Closed.DONE
    assert not books.dry_run(asking(1, "bob")).allowed
    assert exchange.release() is Closed.NOTHING


def test_after_close(books: Engine) -> None:
    hold = held(books.evaluate(asking(1)))
    exchange = books.exchange({"user": {"id": "bob"}, "request": {"estimated_cost": 1.0}})
    assert exchange.evaluate({"request": {"model": "gpt-4o"}}).allowed
    books.close()
    for use in (lambda: books.settle(hold), lambda: books.release(hold), lambda: books.extend(hold), lambda: books.dry_run({})):
        with pytest.raises(ClosedError):
            use()
    assert exchange.settle(cost=0) is Closed.DONE, "an exchange that began goes on"


def test_threads_never_pass_a_limit_together(books: Engine) -> None:
    engine = Engine(POLICY.replace("amount: 2}", "amount: 100}"))
    admitted: list[str] = []
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(50):
                decision = engine.evaluate(asking(0.5))
                if decision.hold is not None:
                    admitted.append(decision.hold)
        except PolicyEngineError as error:
            raised.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not raised
    assert len(admitted) == len(set(admitted)) == 20
    assert {engine.release(hold) for hold in admitted} == {Closed.DONE}
    assert engine.dry_run(asking(10)).allowed
