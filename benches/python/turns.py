"""Taking the time, as src/measure.rs does it: the thread's CPU time, in turns of a fixed length, in interleaved rounds."""

import gc
import json
from collections.abc import Callable
from time import thread_time_ns

Call = Callable[[], object]


def batch(call: Call, length: float) -> int:
    """How many calls fill a turn of `length` nanoseconds; warms the caches up on the way."""
    count = 1
    while True:
        each = turn(call, count)
        if each * count * 4 >= length:
            return int(length / each) + 1
        count *= 4


def turn(call: Call, count: int) -> float:
    """Nanoseconds of a call, of so many."""
    begun = thread_time_ns()
    for _ in range(count):
        call()
    return (thread_time_ns() - begun) / count


def take(calls: list[tuple[str, str, Call]], milliseconds: float, turns: int) -> None:
    """Lets the calls, each of which has a contender and a name, take turns, and prints a line of JSON for each."""
    counts = [batch(call, milliseconds * 1e6) for _, _, call in calls]
    took: list[list[float]] = [[] for _ in calls]
    for _ in range(turns):
        for index, (_, _, call) in enumerate(calls):
            gc.collect()
            took[index].append(turn(call, counts[index]))
    for (contender, name, _), nanoseconds in zip(calls, took):
        print(json.dumps({"contender": contender, "call": name, "nanoseconds": nanoseconds}), flush=True)


def take_timed(calls: list[tuple[str, str, Callable[[], float]]], turns: int) -> None:
    """As `take`, of calls that say themselves how many nanoseconds they took: what they prepare does not count."""
    for _, _, call in calls:
        call()
    took: list[list[float]] = [[] for _ in calls]
    for _ in range(turns):
        for index, (_, _, call) in enumerate(calls):
            gc.collect()
            took[index].append(call())
    for (contender, name, _), nanoseconds in zip(calls, took):
        print(json.dumps({"contender": contender, "call": name, "nanoseconds": nanoseconds}), flush=True)
