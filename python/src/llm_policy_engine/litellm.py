"""A guardrail for LiteLLM, for its proxy and its Python SDK.

    litellm.callbacks = [policy_guardrail(engine)]

LiteLLM is imported when a guardrail is made, so this module needs it no earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from ._native import Engine

__all__ = ["policy_guardrail"]

_Host: TypeAlias = Callable[[Any, Mapping[str, Any]], Mapping[str, Any]]

# What LiteLLM calls an operation, and the format of its bodies: LiteLLM's own requests are in OpenAI's.
_FORMATS = {
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
