"""A guardrail for LiteLLM, for its proxy and its Python SDK.

    litellm.callbacks = [policy_guardrail(engine)]

LiteLLM is imported when a guardrail is made, so this module needs it no earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from ._native import Engine, Exchange
    from .records import Format

__all__ = ["policy_guardrail"]

_Host: TypeAlias = Callable[[Any, Mapping[str, Any]], Mapping[str, Any]]

# What LiteLLM calls an operation, and the format of its bodies: LiteLLM's own requests are in OpenAI's.
_FORMATS: dict[str, Format] = {
    "completion": "openai-chat",
    "acompletion": "openai-chat",
    "text_completion": "openai-completions",
    "atext_completion": "openai-completions",
    "embeddings": "openai-embeddings",
    "embedding": "openai-embeddings",
    "aembedding": "openai-embeddings",
    "responses": "openai-responses",
    "aresponses": "openai-responses",
    "anthropic_messages": "anthropic",
}

# What LiteLLM puts beside the arguments of a request, for itself.
_INTERNAL = ("metadata", "litellm_metadata", "proxy_server_request", "secret_fields", "litellm_logging_obj", "litellm_call_id")
_INTERNAL_PREFIXES = ("litellm_", "guardrail")


def policy_guardrail(engine: Engine, *, host: _Host, answers: bool = True, name: str = "llm-policy-engine") -> Any:
    """A guardrail (a `litellm.integrations.custom_guardrail.CustomGuardrail`) that asks `engine` about every request, and with `answers`
    about every answer.

    `host` says who asks, as a context, from what LiteLLM knows: the key's `UserAPIKeyAuth`, and the request's data. What is not
    allowed raises DeniedError, ThrottledError or ApprovalRequiredError; LiteLLM's proxy answers with their `status_code`.

    A streamed answer cannot be judged: with `answers` its request is refused.
    """
    from litellm.integrations.custom_guardrail import CustomGuardrail  # type: ignore[import-not-found, unused-ignore]
    from litellm.types.guardrails import GuardrailEventHooks  # type: ignore[import-not-found, unused-ignore]

    def begin(user: Any, data: Mapping[str, Any], call_type: str) -> tuple[Exchange, Format]:
        format = _FORMATS.get(call_type)
        if format is None:
            raise InvalidArgumentError(f"the guardrail knows no format of bodies for `{call_type}`")
        if answers and data.get("stream"):
            raise InvalidArgumentError(
                "a streamed answer cannot be judged",
                help="ask for an answer in one piece, or judge requests only: `policy_guardrail(..., answers=False)`",
            )
        internal = {name for name in data if name in _INTERNAL or name.startswith(_INTERNAL_PREFIXES)}
        body = {name: value for name, value in data.items() if name not in internal and value is not None}
        exchange = engine.exchange(host(user, data))
        exchange.evaluate(body, format=format).raise_for_effect()
        return exchange, format

    class PolicyGuardrail(CustomGuardrail):  # type: ignore[misc]
        async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str) -> None:
            begin(user_api_key_dict, data, call_type)

        async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> None:
            if not answers or "input" in data and "messages" not in data and not hasattr(response, "output"):
                return
            call_type = "acompletion" if "messages" in data else "atext_completion" if "prompt" in data else "aresponses"
            exchange, format = begin(user_api_key_dict, data, call_type)
            exchange.evaluate(response.model_dump_json(exclude_none=True), stage="response", format=format).raise_for_effect()

    return PolicyGuardrail(
        guardrail_name=name,
        event_hook=[GuardrailEventHooks.pre_call, GuardrailEventHooks.post_call],
        default_on=True,
    )
