"""What decisions and reports consist of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from ._native import Decision
    from .errors import PolicyEngineError

__all__ = [
    "Action",
    "AuditRecord",
    "Closed",
    "DetectorFinding",
    "Drained",
    "Effect",
    "Finding",
    "Finished",
    "Format",
    "LimitState",
    "MatchedRule",
    "Metrics",
    "Obligation",
    "Outcome",
    "Passed",
    "Route",
    "RuleError",
    "RuleWarning",
    "Scan",
    "Shadow",
    "Stage",
    "StageName",
    "Suppressed",
    "Switch",
    "Usage",
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
Outcome: TypeAlias = Literal["success", "failure", "ignored"]
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


class Closed(str, Enum):
    """What became of what limits held for a request, when it was to be closed."""

    DONE = "done"
    """It was held, and is closed now."""
    LATE = "late"
    """It had expired. What the request really cost stands now in place of what was charged then."""
    ALREADY_SETTLED = "already_settled"
    """It was settled before; nothing was changed."""
    ALREADY_RELEASED = "already_released"
    """It was released before; nothing was changed."""
    ALREADY_EXPIRED = "already_expired"
    """It had expired, and that stays so."""
    UNKNOWN = "unknown"
    """The store does not know it, or no longer; nothing was changed."""
    NOTHING = "nothing"
    """Nothing is held: no limit applied, or the exchange closed it before."""


class Usage(TypedDict, total=False):
    """The tokens that a request used, for `settle`."""

    input_tokens: int
    """Those that were read."""
    output_tokens: int
    """Those that were written."""
    cached_tokens: int
    """Of those that were read, those that came from a cache."""
    reasoning_tokens: int
    """Of those that were written, those of reasoning."""


def _instant(text: str) -> datetime:
    """The point in time that text of the engine's says. `fromisoformat` reads less before CPython 3.11."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """An action that the host is asked to carry out."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str | None = None
    """The id of the rule that asks for it."""
    limit: str | None = None
    """The limit that asks for it, when no rule does."""
    breaker: str | None = None
    """The circuit breaker that asks for it, when no rule does."""
    action: str
    """The action: "redact", "set", "audit" and so on."""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Its parameters."""


@dataclass(frozen=True, kw_only=True)
class RuleWarning:
    """What a rule or a limit warns of."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str | None = None
    """The id of the rule that warns."""
    limit: str | None = None
    """The limit that warns, when no rule does."""
    breaker: str | None = None
    """The circuit breaker that warns, when no rule does."""
    message: str
    """The warning."""


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
class RuleError:
    """Something that failed while rules were evaluated."""

    policy: str
    """The document, as `namespace/name`."""
    rule: str | None = None
    """The rule's id."""
    limit: str | None = None
    """The limit, when it was one that failed."""
    breaker: str | None = None
    """The circuit breaker, when it was one that failed."""
    cause: str
    """What went wrong."""
    exception: str | None = None
    """The exception, when it was one that failed."""
    clause: str | None = None
    """The clause that failed, as it was written."""
    path: str | None = None
    """The field that is absent or of another type."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """Where a request goes instead."""

    model: str | None = None
    """The model."""
    provider: str | None = None
    """The provider."""


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """What would be decided with all rules in shadow in force."""

    effect: Effect
    """What would be decided."""
    reason: str
    """Why, for operators."""
    code: str | None = None
    """A stable name of the reason."""
    policy: str | None = None
    """The document that would decide."""
    rule: str | None = None
    """The rule that would decide."""
    limit: str | None = None
    """The limit that would decide."""
    breaker: str | None = None
    """The circuit breaker that would decide."""


@dataclass(frozen=True, kw_only=True)
class DetectorFinding:
    """What a detector found, for a rule that had a say or in a scan. It never holds the text itself."""

    kind: str
    """What it is: "email", "aws_access_key". "unread" stands for the end of a text that is too long to be read."""
    family: str
    """The family of detectors: "pii", "secret"."""
    score: float
    """How sure that is, from 0 to 1."""
    field: str | None = None
    """The field of the context, such as "request.messages[0].text"; None for a text that a condition made itself."""
    bytes: tuple[int, int] | None = None
    """Where it begins and ends in the field's text, in bytes of UTF-8."""
    utf16: tuple[int, int] | None = None
    """The same in UTF-16 code units."""
    chars: tuple[int, int] | None = None
    """The same in code points: `text[slice(*finding.chars)]`."""
    view: str | None = None
    """Of a scan: the form of the text in which it was found, such as "plain" or "decoded"."""
    signs: tuple[str, ...] = ()
    """Of a scan: what speaks for it."""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What `Detector.scan` found."""

    findings: tuple[DetectorFinding, ...]
    """The findings, by place."""
    complete: bool
    """Whether the whole text was read. Otherwise nobody knows what is in the rest."""
    scanned: int
    """How many bytes were read."""
    beyond: int
    """How many bytes at the end were not read."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What `Stream.push` lets through."""

    bytes: bytes
    """What is safe to send on now; often nothing."""
    stopped: bool
    """The answer ends here; `Stream.finish` says why."""

    @property
    def text(self) -> str:
        """The bytes as text."""
        return self.bytes.decode()


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What `Stream.finish` gives."""

    bytes: bytes
    """What was held back and is safe to send on."""
    decision: Decision
    """The decision about the whole answer, or the one at which it was stopped."""

    @property
    def text(self) -> str:
        """The bytes as text."""
        return self.bytes.decode()


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A circuit breaker that is switched off by `Engine.switch_off`."""

    breaker: str
    """The breaker, as `namespace/document/breaker`."""
    key: tuple[str, ...]
    """The values of its key; none: all of them."""
    reason: str
    """Why."""
    until: datetime | None = None
    """When it ends, if it has an end."""


@dataclass(frozen=True, kw_only=True)
class LimitState:
    """How a limit stands after a request; of one that was refused or only tried, how it would stand.

    Amounts are dollars, tokens or requests, as `unit` says.
    """

    policy: str
    """The document, as `namespace/name`."""
    limit: str
    """The limit's name."""
    kind: Literal["budget", "quota", "rate", "concurrency", "open"]
    """What it counts; "open" is the bound of requests under way of another limit."""
    unit: Literal["USD", "tokens", "requests"]
    """What the amounts are."""
    key: tuple[str, ...]
    """Whom it counts for."""
    amount: float
    """What may be used at most at a time."""
    used: float
    """What is used."""
    reserved: float
    """Of what is used, what requests that are under way hold."""
    remaining: float
    """What is left."""
    cost: float
    """What this request costs, as it is estimated."""
    fits: bool
    """The request has room here."""
    resets_at: datetime | None = None
    """When the limit counts anew, if its window has an end."""
    retry_after_ms: int | None = None
    """Milliseconds until the request would have room, where it has none and that can be said."""
    reached: tuple[float, ...]
    """The shares of the steps that are in force: 0.75 is 75%."""
    alerts: tuple[float, ...]
    """Of these, those that this request was the first to reach in this window: what an alert goes by."""
    shadow: bool = False
    """It is only observed."""

    @property
    def fraction(self) -> float:
        """What is used, as a share of the amount: 0.5 is half, more than 1 when it was overdrawn."""
        return self.used / self.amount if self.amount else float("inf") if self.used else 0.0


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """What an engine has done since it was made, its exchanges among it."""

    decisions: Mapping[Stage, Mapping[Effect, int]]
    """How many decisions there were, by stage and effect."""
    refused: Mapping[str, int]
    """How many evaluations failed, by the error's code; for each the host had a deny."""
    rule_errors: int
    """Errors of rules, in all decisions."""
    reloads: int
    """Reloads that replaced the policies."""
    refused_reloads: int
    """Reloads that were refused and changed nothing."""
    audit_recorded: int
    """Audit records that were kept."""
    audit_dropped: int
    """Audit records for which there was no room."""


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """What is recorded of an evaluation. It holds nothing of the input."""

    process: int
    """The process that wrote it."""
    sequence: int
    """Counts the evaluations of this process and engine from 1. A number that is missing was dropped."""
    time: datetime
    """When it was written, by the machine's clock."""
    stage: Stage
    """The stage."""
    effect: Effect
    """What was decided; a deny for an input that was refused."""
    code: str | None = None
    """The decision's code, or the error's."""
    policy: str | None = None
    """The document that decided."""
    rule: str | None = None
    """The rule that decided."""
    shadow: Effect | None = None
    """What would have been decided with all rules in shadow in force, when there are some."""
    errors: int
    """How many rules failed."""
    bundle: str
    """The digest of the documents."""
    input: str | None = None
    """A digest of the input under the key that was given to `audit_start`, where it came as JSON."""


@dataclass(frozen=True, kw_only=True)
class Drained:
    """What `Engine.audit_drain` takes out."""

    records: tuple[AuditRecord, ...]
    """The oldest records, in order."""
    dropped: int
    """How many records were dropped since the last call for want of room."""
    waiting: int
    """How many records still wait."""


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True, kw_only=True)
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
