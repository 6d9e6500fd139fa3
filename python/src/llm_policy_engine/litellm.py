"""A guardrail for LiteLLM, for its proxy and its Python SDK.

    litellm.callbacks = [policy_guardrail(engine)]

LiteLLM is imported when a guardrail is made, so this module needs it no earlier.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ._turn import Turn
from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from ._native import Engine
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

    What limits hold for a request is settled with what its answer says that it used, and released when LiteLLM's proxy says that it failed.

    A streamed answer cannot be judged: with `answers` its request is refused.
    """
    from litellm.integrations.custom_guardrail import CustomGuardrail  # type: ignore[import-not-found, unused-ignore]
    from litellm.types.guardrails import GuardrailEventHooks  # type: ignore[import-not-found, unused-ignore]

    def begin(user: Any, data: Mapping[str, Any], call_type: str) -> Turn:
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
        turn = Turn(engine, host(user, data), format)
        turn.request(body).raise_for_effect()
        return turn

    class PolicyGuardrail(CustomGuardrail):  # type: ignore[misc]
        async def async_pre_call_hook(self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str) -> None:
            turn = begin(user_api_key_dict, data, call_type)
            if data.get("stream"):
                turn.settle()
            else:
                turns.keep(data, turn)

        async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> None:
            turn = turns.take(data)
            if turn is None:
                # Its request was judged by another process, or too long ago.
                call_type = "acompletion" if "messages" in data else "atext_completion" if "prompt" in data else "aresponses"
                if not answers or "input" in data and "messages" not in data and not hasattr(response, "output"):
                    return
                turn = begin(user_api_key_dict, data, call_type)
            body = response.model_dump_json(exclude_none=True)
            if answers and turn.format != "openai-embeddings":
                turn.answer(body).raise_for_effect()
            else:
                turn.settle(body)

        async def async_post_call_failure_hook(self, request_data: dict[str, Any], *arguments: Any, **named: Any) -> None:
            turn = turns.take(request_data)
            if turn is not None:
                turn.release()

    turns = _Turns()
    return PolicyGuardrail(
        guardrail_name=name,
        event_hook=[GuardrailEventHooks.pre_call, GuardrailEventHooks.post_call],
        default_on=True,
    )


class _Turns:
    """The turns that are under way. LiteLLM carries a name of each from one hook to the next, in what it keeps for itself."""

    _NAME = "llm_policy_engine_turn"
    _MOST = 4096

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._lock = threading.Lock()

    def keep(self, data: dict[str, Any], turn: Turn) -> None:
        # Callers choose ids of calls themselves; this name they cannot guess.
        name = secrets.token_hex(16)
        # Where `metadata` belongs to the provider, LiteLLM has its own beside it.
        place = "metadata" if turn.format == "openai-chat" and "litellm_metadata" not in data else "litellm_metadata"
        own = data.get(place)
        data[place] = {**own, self._NAME: name} if isinstance(own, dict) else {self._NAME: name}
        with self._lock:
            while len(self._turns) >= self._MOST:
                # Nobody came back for the oldest one: what is held for it expires.
                del self._turns[next(iter(self._turns))]
            self._turns[name] = turn

    def take(self, data: Mapping[str, Any]) -> Turn | None:
        for place in ("litellm_metadata", "metadata"):
            own = data.get(place)
            name = own.get(self._NAME) if isinstance(own, dict) else None
            if isinstance(name, str):
                with self._lock:
                    return self._turns.pop(name, None)
        return None
