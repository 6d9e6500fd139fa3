"""Policies about LLM traffic, decided in your own process.

>>> from llm_policy_engine import Engine
>>> engine = Engine('''
... version: "1.0"
... metadata: {name: models}
... config: {default_action: allow}
... rules:
...   - {id: no-preview, when: request.model.endsWith('-preview'), actions: [{type: deny, reason: not for production}]}
... ''')
>>> decision = engine.evaluate({"request": {"model": "gpt-5-preview"}})
>>> decision.allowed
False
>>> decision.reason
'not for production'

`llm_policy_engine.asgi` has a middleware for FastAPI, Starlette and other ASGI applications, `llm_policy_engine.clients` guards the
clients of `openai` and `anthropic`, and `llm_policy_engine.litellm` has a guardrail for LiteLLM.
"""

from ._native import Decision, Engine, Exchange, PreparedContext, __version__, self_test_panic
from .errors import (
    ApprovalRequiredError,
    ClosedError,
    DeniedError,
    InternalError,
    InvalidArgumentError,
    InvalidInputError,
    InvalidPolicyError,
    LimitsUnavailableError,
    NoDocumentsError,
    PolicyEngineError,
    RefusedError,
    StaleInputError,
    ThrottledError,
    UnreadableFileError,
)
from .records import (
    Action,
    Effect,
    Finding,
    Format,
    MatchedRule,
    Obligation,
    Route,
    RuleError,
    RuleWarning,
    Shadow,
    Stage,
    StageName,
    Suppressed,
    Validation,
)

__all__ = [
    "Action",
    "ApprovalRequiredError",
    "ClosedError",
    "Decision",
    "DeniedError",
    "Effect",
    "Engine",
    "Exchange",
    "Finding",
    "Format",
    "InternalError",
    "InvalidArgumentError",
    "InvalidInputError",
    "InvalidPolicyError",
    "LimitsUnavailableError",
    "MatchedRule",
    "NoDocumentsError",
    "Obligation",
    "PolicyEngineError",
    "PreparedContext",
    "RefusedError",
    "Route",
    "RuleError",
    "RuleWarning",
    "Shadow",
    "Stage",
    "StageName",
    "StaleInputError",
    "Suppressed",
    "ThrottledError",
    "UnreadableFileError",
    "Validation",
    "__version__",
    "self_test_panic",
]
