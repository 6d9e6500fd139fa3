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
clients of `openai` and `anthropic`, `llm_policy_engine.litellm` has a guardrail for LiteLLM, and `llm_policy_engine.streams` has iterators for
answers that stream.
"""

from ._native import Decision, Detector, Engine, Exchange, PreparedContext, Stream, __version__, self_test_panic
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
    AuditRecord,
    Closed,
    DetectorFinding,
    Drained,
    Effect,
    Finding,
    Finished,
    Format,
    LimitState,
    MatchedRule,
    Metrics,
    Obligation,
    Outcome,
    Passed,
    Route,
    RuleError,
    RuleWarning,
    Scan,
    Shadow,
    Stage,
    StageName,
    Suppressed,
    Switch,
    Usage,
    Validation,
)

__all__ = [
    "Action",
    "ApprovalRequiredError",
    "AuditRecord",
    "Closed",
    "ClosedError",
    "Decision",
    "DeniedError",
    "Detector",
    "DetectorFinding",
    "Drained",
    "Effect",
    "Engine",
    "Exchange",
    "Finding",
    "Finished",
    "Format",
    "InternalError",
    "InvalidArgumentError",
    "InvalidInputError",
    "InvalidPolicyError",
    "LimitState",
    "LimitsUnavailableError",
    "MatchedRule",
    "Metrics",
    "NoDocumentsError",
    "Obligation",
    "Outcome",
    "Passed",
    "PolicyEngineError",
    "PreparedContext",
    "RefusedError",
    "Route",
    "RuleError",
    "RuleWarning",
    "Scan",
    "Shadow",
    "Stage",
    "StageName",
    "StaleInputError",
    "Stream",
    "Suppressed",
    "Switch",
    "ThrottledError",
    "UnreadableFileError",
    "Usage",
    "Validation",
    "__version__",
    "self_test_panic",
]
