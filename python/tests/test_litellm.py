"""The guardrail in LiteLLM itself, through its SDK's hooks; LiteLLM is large, so this runs with the long tests."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from test_asgi import BOOKS, ENGINE, body

from llm_policy_engine import DeniedError, Engine, InvalidArgumentError, ThrottledError
from llm_policy_engine.litellm import policy_guardrail

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("default")]


def test_litellm() -> None:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # type: ignore[import-untyped, unused-ignore]  # pyright: ignore
    from litellm.proxy._types import UserAPIKeyAuth  # type: ignore[import-untyped, unused-ignore]  # pyright: ignore

    guardrail = policy_guardrail(ENGINE, host=lambda user, data: {"user": {"id": user.user_id or "ann"}}, name="policies")
    user = UserAPIKeyAuth(user_id="ann")

    def before(data: dict[str, Any], user: Any = user) -> None:
        asyncio.run(guardrail.async_pre_call_hook(user, None, data, "acompletion"))

    before(body("hello") | {"metadata": {"object": object()}, "litellm_call_id": "1"})
    with pytest.raises(DeniedError) as denied:
        before(body("a secret"))
    assert denied.value.status_code == 403
    with pytest.raises(ThrottledError):
        before(body("hello"), UserAPIKeyAuth(user_id="busy"))
    with pytest.raises(InvalidArgumentError, match="streamed"):
        before(body("hello") | {"stream": True})

    def after(text: str) -> None:
        answer = litellm.completion(model="gpt-5", messages=body("hello")["messages"], mock_response=text)
        asyncio.run(guardrail.async_post_call_success_hook(body("hello"), user, answer))

    after("hello")
    with pytest.raises(DeniedError):
        after("the password")

    # As LiteLLM's SDK calls it.
    litellm.callbacks = [guardrail]

    async def ask(text: str) -> Any:
        return await litellm.acompletion(model="gpt-5", messages=body(text)["messages"], mock_response="hi", guardrails=["policies"])

    assert asyncio.run(ask("hello")).choices
    with pytest.raises(DeniedError):
        asyncio.run(ask("a secret"))


def test_what_limits_hold_is_settled_or_released() -> None:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # pyright: ignore
    from litellm.proxy._types import UserAPIKeyAuth  # pyright: ignore

    engine = Engine(BOOKS)
    host = {"user": {"id": "ann"}}

    def used() -> float:
        (day,) = [state for state in engine.dry_run({**host, "request": {"max_tokens": 0}}).limits if state.limit == "day"]
        assert day.reserved == 0
        return day.used

    async def proxy(text: str, answers: bool, **request: Any) -> None:
        """As LiteLLM's proxy calls the hooks."""
        guardrail = policy_guardrail(engine, host=lambda user, data: host, answers=answers, name="policies")
        user, data = UserAPIKeyAuth(user_id="ann"), body("hello") | {"max_tokens": 100, "litellm_call_id": "1", **request}
        await guardrail.async_pre_call_hook(user, None, data, "acompletion")
        if text == "fail":
            await guardrail.async_post_call_failure_hook(request_data=data, original_exception=LookupError(), user_api_key_dict=user)
        elif not request:
            answer = litellm.completion(model="gpt-5", messages=data["messages"], mock_response=text)
            answer.usage = litellm.Usage(prompt_tokens=30, completion_tokens=12, total_tokens=42)
            await guardrail.async_post_call_success_hook(data, user, answer)

    for answers in (True, False):
        before = used()
        asyncio.run(proxy("hello", answers))
        assert used() - before == 42
        asyncio.run(proxy("fail", answers))
        assert used() - before == 42
    with pytest.raises(DeniedError):
        asyncio.run(proxy("the password", True))
    assert used() - before == 84
    asyncio.run(proxy("", False, stream=True))
    assert used() - before > 184, "a stream costs what was estimated"

    guardrail = policy_guardrail(engine, host=lambda user, data: host, name="policies")
    litellm.callbacks = [guardrail]
    before = used()
    asyncio.run(litellm.acompletion(model="gpt-5", messages=body("hello")["messages"], mock_response="hi", guardrails=["policies"]))
    assert 0 < used() - before < 100
