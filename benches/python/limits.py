"""What a request pays for its limits in Python: with ours, and with LiteLLM's limiter; books in memory.

    python limits.py FOLDER MILLISECONDS TURNS

FOLDER and MILLISECONDS are not used: each turn is a number of requests, one after the other. The limits are so high that every
request passes; that low ones refuse is checked before the clock starts.
"""

import asyncio
import contextvars
import json
import logging
import os
import platform
import sys
import uuid
from importlib.metadata import version
from time import thread_time_ns

from turns import take_timed

# LiteLLM would ask the network for a newer table of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
logging.disable(logging.WARNING)

from fastapi import HTTPException
from litellm import ModelResponse, Usage
from litellm.caching.caching import DualCache
from litellm.proxy._types import UserAPIKeyAuth
from litellm.proxy.hooks.parallel_request_limiter_v3 import _PROXY_MaxParallelRequestsHandler_v3
from litellm.proxy.utils import InternalUsageCache
from llm_policy_engine import Closed, Engine

LITELLM = f"LiteLLM {version('litellm')}"
REQUESTS = 50
MESSAGES = [{"role": "user", "content": "Why does this loop never end? It counts down from ten and should stop at zero."}]
ANSWER = ModelResponse(model="gpt-4o-mini", usage=Usage(prompt_tokens=20, completion_tokens=40, total_tokens=60))
MANY = 1_000_000_000
# What a key may do: requests a minute alone, and with tokens a minute and requests at a time.
LIMITS = {"one limit": {"rpm_limit": MANY}, "three limits": {"rpm_limit": MANY, "tpm_limit": MANY, "max_parallel_requests": 1_000_000}}


POLICY = """
version: "1.0"
metadata: {name: limits}
config: {default_action: allow}
limits:
  requests: {kind: rate, key: user.id, amount: 1000000000, window: {bucket: 1m}, steps: [{at: 1.0, do: throttle}]}
"""
POLICIES = {
    "one limit": POLICY,
    "three limits": POLICY
    + """
  tokens: {kind: quota, key: user.id, amount: 1000000000, window: {sliding: 1m}}
  parallel: {kind: concurrency, key: user.id, amount: 1000000}
""",
}
REQUEST = {"user": {"id": "ann"}, "request": {"model": "gpt-4o-mini", "max_tokens": 100, "prompt": MESSAGES[0]["content"]}}
USAGE = {"input_tokens": 20, "output_tokens": 40}


def ours(engine: Engine, settled: bool) -> float:
    """As `Limiter.turn`."""
    begun = thread_time_ns()
    holds = [engine.evaluate(REQUEST).hold for _ in range(REQUESTS)]
    taken = thread_time_ns() - begun
    begun = thread_time_ns()
    closed = [engine.settle(hold, usage=USAGE) for hold in holds]
    if settled:
        taken += thread_time_ns() - begun
    if set(closed) != {Closed.DONE}:
        raise SystemExit(f"settling says {closed}")
    return taken / REQUESTS


class Limiter:
    def __init__(self, **limits: int) -> None:
        self.cache = DualCache()
        self.hook = _PROXY_MaxParallelRequestsHandler_v3(InternalUsageCache(self.cache))
        self.key = UserAPIKeyAuth(api_key="bench", **limits)

    def request(self, work):
        """Runs one request as the proxy does, in a context of its own."""
        return contextvars.copy_context().run(LOOP.run_until_complete, work)

    async def reserve(self, call: str) -> None:
        data = {"model": "gpt-4o-mini", "messages": MESSAGES, "max_tokens": 100, "litellm_call_id": call}
        await self.hook.async_pre_call_hook(self.key, self.cache, data, "completion")

    async def settle(self, call: str) -> None:
        metadata = {"user_api_key_hash": "bench", "user_api_key": "bench"}
        kwargs = {
            "litellm_call_id": call,
            "model": "gpt-4o-mini",
            "standard_logging_object": {"metadata": metadata},
            "litellm_params": {"metadata": {"user_api_key": "bench", "model_group": "gpt-4o-mini"}},
        }
        await self.hook.async_log_success_event(kwargs, ANSWER, None, None)

    def turn(self, settled: bool) -> float:
        """CPU nanoseconds of a request's reservation, and of its settling if that counts; it is settled in any case."""

        async def run() -> int:
            taken = 0
            for _ in range(REQUESTS):
                call = uuid.uuid4().hex
                begun = thread_time_ns()
                await self.reserve(call)
                taken += thread_time_ns() - begun
                begun = thread_time_ns()
                await self.settle(call)
                if settled:
                    taken += thread_time_ns() - begun
            return taken

        return self.request(run()) / REQUESTS


def admitted(**limits: int) -> int:
    """How many of 20 requests one after the other pass, each settled."""
    limiter, passed = Limiter(**limits), 0

    async def one() -> None:
        call = uuid.uuid4().hex
        await limiter.reserve(call)
        await limiter.settle(call)

    for _ in range(20):
        try:
            limiter.request(one())
            passed += 1
        except HTTPException:
            pass
    return passed


LOOP = asyncio.new_event_loop()
if (said := admitted(rpm_limit=7)) != 7:
    raise SystemExit(f"LiteLLM admits {said} of 7 requests")
if (said := admitted(max_parallel_requests=1)) != 20:
    raise SystemExit(f"LiteLLM admits {said} of 20 requests one after the other, of which one may be under way")
print(json.dumps({"runtime": f"{platform.python_implementation()} {platform.python_version()}"}), flush=True)
engine = Engine(POLICY.replace("1000000000", "7").replace("bucket: 1m", "fixed: 1d"))
if (said := sum(engine.evaluate(REQUEST).allowed for _ in range(20))) != 7:
    raise SystemExit(f"ours admits {said} of 7 requests")
limiters = {name: Limiter(**limits) for name, limits in LIMITS.items()}
calls = []
for name, limiter in limiters.items():
    engine = Engine(POLICIES[name])
    calls.append(("ours", f"{name}: reserve", lambda engine=engine: ours(engine, False)))
    calls.append(("ours", f"{name}: reserve and settle", lambda engine=engine: ours(engine, True)))
    calls.append((LITELLM, f"{name}: reserve", lambda limiter=limiter: limiter.turn(False)))
    calls.append((LITELLM, f"{name}: reserve and settle", lambda limiter=limiter: limiter.turn(True)))
take_timed(calls, int(sys.argv[3]))
