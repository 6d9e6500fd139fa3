"""What decisions and reports consist of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from .errors import PolicyEngineError

__all__ = [
    "Action",
    "Effect",
    "Finding",
    "Format",
    "MatchedRule",
    "Obligation",
    "Route",
    "RuleError",
    "RuleWarning",
    "Shadow",
    "Stage",
    "StageName",
    "Suppressed",
    "Validation",
]

StageName: TypeAlias = Literal["request", "response", "tool_call", "tool_result"]
Format: TypeAlias = Literal[
    "openai-chat",
    "openai-responses",
    "openai-completions",
    "openai-embeddings",
    "anthropic",
    "gemini",
    "bedrock",
    "mcp",
    "a2a",
]
Action: TypeAlias = Literal["redact", "set", "route", "require_approval", "custom"]


class Effect(str, Enum):
    """What is decided. Each is a `str`, too: `decision.effect == "deny"`."""

    ALLOW = "allow"
    """The request passes."""
    THROTTLE = "throttle"
    """The request is refused for a while."""
    REQUIRE_APPROVAL = "require_approval"
    """A human is asked."""
    DENY = "deny"
    """The request is refused."""


class Stage(str, Enum):
    """A stage of a turn, in which rules are evaluated."""

    REQUEST = "request"
    """Before the request goes to the model."""
    RESPONSE = "response"
    """Before the answer goes to the user."""
    TOOL_CALL = "tool_call"
    """Before a tool is called."""
    TOOL_RESULT = "tool_result"
    """Before the tool's result goes to the model."""


@dataclass(frozen=True)
class MatchedRule:
    """A rule that had a say."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str
    """The rule's id."""
    actions: tuple[str, ...]
    """The names of its actions."""
    failed: bool = False
    """Its condition failed, so only what must not be lost applies."""
    exception: str | None = None
    """The exception that suspends it."""
    variant: str | None = None
    """The variant of its rollout."""


@dataclass(frozen=True)
class Obligation:
    """An action that the host is asked to carry out."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str
    """The rule's id."""
    action: str
    """The action: "redact", "set", "audit" and so on."""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Its parameters."""


@dataclass(frozen=True)
class RuleWarning:
    """What a rule warns of."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str
    """The rule's id."""
    message: str
    """The warning."""


@dataclass(frozen=True)
class Suppressed:
    """An action that another one overrides."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str
    """The rule's id."""
    action: str
    """The action."""
    target: str
    """What both would change."""
    by: Mapping[str, str]
    """The `policy` and the `rule` of the other one."""


@dataclass(frozen=True)
class RuleError:
    """Something that failed while rules were evaluated."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str
    """The rule's id."""
    cause: str
    """What went wrong."""
    exception: str | None = None
    """The exception, when it was one that failed."""
    clause: str | None = None
    """The clause that failed, as it was written."""
    path: str | None = None
    """The field that is absent or of another type."""


@dataclass(frozen=True)
class Route:
    """Where a request goes instead."""

    model: str | None = None
    """The model."""
    provider: str | None = None
    """The provider."""


@dataclass(frozen=True)
class Shadow:
    """What would be decided with all rules in shadow in force."""

    effect: str
    """The name of the effect."""
    reason: str
    """Why, for operators."""
    code: str | None = None
    """A stable name of the reason."""
    policy: str | None = None
    """The document that would decide."""
    rule: str | None = None
    """The rule that would decide."""


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, or odd, in a policy document."""

    file: str
    """The document's file."""
    line: int
    """The line, from 1."""
    column: int
    """The column, from 1; it counts characters."""
    code: str
    """A stable name of what it is."""
    severity: Literal["error", "warning"]
    """An error refuses the document."""
    message: str
    """What is wrong."""
    help: str | None
    """What to do about it."""
    rendered: str = field(repr=False)
    """All of it, with the line and a caret."""


@dataclass(frozen=True)
class Validation:
    """What `Engine.validate` found out."""

    valid: bool
    """Whether an engine can be made of the documents."""
    documents: int
    """How many documents there are, refused ones among them."""
    rules: int
    """How many rules they have."""
    findings: tuple[Finding, ...]
    """What was found, by document, then by place."""
    error: PolicyEngineError | None
    """What went wrong outside of documents: there was none."""
    bundle: str | None
    """The digest of the documents, when they are valid."""
