"""One of the processes of `core/runtime/tests/processes`, which use up one limit together: what its own workers do, through the package."""

from __future__ import annotations

import os
import time
from itertools import count
from typing import TextIO

from llm_policy_engine import Decision, Engine, LimitsUnavailableError

# So that there is a middle of the run.
PAUSE = 0.003
WAIT = 0.02


def take(engine: Engine, units: int) -> Decision:
    """Asks for so many units: microdollars of a budget, or tokens."""
    request = {"model": "gpt-4o", "estimated_cost": units / 1e6, "estimated_tokens": units}
    return engine.evaluate({"team": {"id": "team"}, "request": request})


def close(engine: Engine, hold: str, units: int | None) -> None:
    """Settles with so many units, or gives back; again, until the server has heard it."""
    while True:
        try:
            engine.release(hold) if units is None else engine.settle(hold, cost=units / 1e6)
            return
        except LimitsUnavailableError:
            time.sleep(WAIT)


def use_up(engine: Engine, log: TextIO, scales: bool) -> None:
    """Takes until nothing is left. More is reserved than is used in the end."""
    refused = None
    for number in count():
        cost, actual = (3, 2) if number % 3 == 0 else (1, 1)
        decision = take(engine, cost)
        if decision.hold is not None:
            refused = None
            actual = actual if scales else cost
            print(actual, file=log, flush=True)
            close(engine, decision.hold, actual)
        elif decision.code == "limit_reached":
            # Others may give back what they do not use.
            refused = refused or time.monotonic()
            if time.monotonic() - refused > 2:
                return
            time.sleep(WAIT)
        else:
            assert decision.code == "limit_unavailable", decision
            time.sleep(WAIT)
        time.sleep(PAUSE)


def hold_some(engine: Engine, log: TextIO) -> None:
    """Holds some, lets them go, and takes others, for some seconds."""
    until = time.monotonic() + 7
    held: list[str] = []
    for number in count():
        if len(held) >= 9 or (number % 3 == 2 and held) or time.monotonic() > until:
            if not held:
                return
            print("-", time.time_ns() // 1000, file=log, flush=True)
            close(engine, held.pop(), None)
        elif (hold := take(engine, 1).hold) is not None:
            print("+", time.time_ns() // 1000, file=log, flush=True)
            held.append(hold)
        else:
            time.sleep(0.005)
        time.sleep(0.001)


def main() -> None:
    engine = Engine(os.environ["WORKER_POLICY"], store=os.environ["WORKER_URL"])
    what = os.environ["WORKER_LIMIT"]
    with open(os.environ["WORKER_LOG"], "a") as log, engine:
        if what == "concurrency":
            hold_some(engine, log)
        else:
            use_up(engine, log, scales=what == "budget")


main()
