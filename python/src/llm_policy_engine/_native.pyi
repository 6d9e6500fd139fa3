from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Any, Literal, TypeAlias, TypeVar, final

from typing_extensions import Self

from .errors import PolicyEngineError
from .records import (
    Action,
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

__all__ = ["Decision", "Detector", "Engine", "Exchange", "PreparedContext", "Stream", "__version__", "self_test_panic"]

__version__: str

_Stage: TypeAlias = Stage | StageName
_Now: TypeAlias = datetime | str
# A dataclass or a pydantic model is any object to a type checker, and an object of any other type is refused when it is read.
_Context: TypeAlias = Mapping[str, Any] | str | bytes | bytearray | memoryview | object
_Document: TypeAlias = str | bytes | Mapping[str, Any]
_Policy: TypeAlias = _Document | PathLike[str] | tuple[str, _Document]
_Policies: TypeAlias = _Policy | Sequence[_Policy]
_Style: TypeAlias = Literal["label", "placeholder", "mask", "hash", "partial", "remove"]
# What comes out has the form that went in: text, bytes, or an object.
_Body = TypeVar("_Body")

@final
class Engine:
    def __new__(
        cls,
        policies: _Policies,
        *,
        handles: Iterable[Action] | None = None,
        allow_without_policy: bool = False,
        store: str | None = None,
    ) -> Self: ...
    def evaluate(self, context: _Context, *, stage: _Stage | None = None, now: _Now | None = None) -> Decision: ...
    def evaluate_batch(
        self, contexts: Iterable[_Context], *, stage: _Stage | None = None, now: _Now | None = None
    ) -> list[Decision]: ...
    def evaluate_body(
        self,
        body: _Context,
        *,
        format: Format,
        host: _Context | None = None,
        stage: _Stage | None = None,
        now: _Now | None = None,
    ) -> Decision: ...
    def prepare(self, context: _Context) -> PreparedContext: ...
    def explain(
        self,
        context: _Context,
        *,
        stage: _Stage | None = None,
        now: _Now | None = None,
        format: Format | None = None,
        host: _Context | None = None,
    ) -> dict[str, Any]: ...
    def dry_run(
        self,
        context: _Context,
        *,
        stage: _Stage | None = None,
        now: _Now | None = None,
        format: Format | None = None,
        host: _Context | None = None,
    ) -> Decision: ...
    def settle(
        self,
        hold: str,
        used: _Context | None = None,
        *,
        usage: Usage | None = None,
        model: str | None = None,
        cost: float | None = None,
        outcome: Outcome | None = None,
        latency_ms: float | None = None,
    ) -> Closed: ...
    def release(self, hold: str) -> Closed: ...
    def extend(self, hold: str) -> Closed: ...
    def observe(self, hold: str, outcome: Outcome | bytes | Mapping[str, Any], *, latency_ms: float | None = None) -> None: ...
    def switch_off(
        self, breaker: str, *, reason: str, key: Sequence[str] = ..., until: _Now | None = None
    ) -> None: ...
    def switch_on(self, breaker: str, *, key: Sequence[str] = ...) -> None: ...
    def switches(self) -> tuple[Switch, ...]: ...
    def exchange(self, host: _Context) -> Exchange: ...
    def resume(self, state: str) -> Exchange: ...
    def reload(self, policies: _Policies) -> tuple[Finding, ...]: ...
    @staticmethod
    def validate(policies: _Policies) -> Validation: ...
    def metrics(self) -> Metrics: ...
    def audit_start(self, *, capacity: int = 8192, key: bytes | None = None) -> None: ...
    def audit_stop(self) -> None: ...
    def audit_drain(self, most: int = 1000) -> Drained: ...
    @property
    def bundle(self) -> str: ...
    @property
    def closed(self) -> bool: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        _class: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None: ...

@final
class Exchange:
    def evaluate(
        self,
        body: _Context,
        *,
        stage: _Stage | None = None,
        now: _Now | None = None,
        format: Format | None = None,
    ) -> Decision: ...
    @property
    def hold(self) -> str | None: ...
    def settle(
        self,
        used: _Context | None = None,
        *,
        usage: Usage | None = None,
        model: str | None = None,
        cost: float | None = None,
        outcome: Outcome | None = None,
        latency_ms: float | None = None,
    ) -> Closed: ...
    def observe(self, outcome: Outcome | bytes | Mapping[str, Any], *, latency_ms: float | None = None) -> None: ...
    def redact(self, body: _Body, *, format: Format | None = None) -> _Body: ...
    def restore(self, text: str) -> str: ...
    def stream(self, *, format: Format | None = None, now: _Now | None = None) -> Stream: ...
    def settle_body(self, body: _Context, *, format: Format) -> Closed: ...
    def release(self) -> Closed: ...
    def to_json(self) -> str: ...
    @property
    def bundle(self) -> str: ...

@final
class PreparedContext: ...

@final
class Stream:
    @property
    def judged(self) -> Literal["streamable", "at_end", "buffer"]: ...
    @property
    def bundle(self) -> str: ...
    def push(self, part: str | bytes | bytearray | memoryview) -> Passed: ...
    def finish(self) -> Finished: ...
    def abort(self) -> None: ...

@final
class Detector:
    def __new__(
        cls,
        options: _Context | None = None,
        /,
        *,
        profile: Literal["chat", "code", "argument", "sql"] = ...,
        families: Sequence[str] = ...,
        kinds: Sequence[str] = ...,
        regions: Sequence[str] = ...,
        thresholds: Mapping[str, float] = ...,
        patterns: Mapping[str, str] = ...,
        allow: Sequence[str] = ...,
        max_bytes: int = ...,
        key: str = ...,
    ) -> Self: ...
    def scan(self, text: str) -> Scan: ...
    def redact(
        self,
        text: _Body,
        *,
        style: _Style = "label",
        format: Format | Literal["json"] | None = None,
        stage: Literal["request", "response"] | None = None,
    ) -> _Body: ...

@final
class Decision:
    @property
    def effect(self) -> Effect: ...
    @property
    def allowed(self) -> bool: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def reason(self) -> str: ...
    @property
    def public_message(self) -> str | None: ...
    @property
    def code(self) -> str | None: ...
    @property
    def policy(self) -> str | None: ...
    @property
    def rule(self) -> str | None: ...
    @property
    def limit(self) -> str | None: ...
    @property
    def breaker(self) -> str | None: ...
    @property
    def matched(self) -> tuple[MatchedRule, ...]: ...
    @property
    def obligations(self) -> tuple[Obligation, ...]: ...
    @property
    def redactions(self) -> tuple[Obligation, ...]: ...
    @property
    def warnings(self) -> tuple[RuleWarning, ...]: ...
    @property
    def suppressed(self) -> tuple[Suppressed, ...]: ...
    @property
    def errors(self) -> tuple[RuleError, ...]: ...
    @property
    def error_count(self) -> int: ...
    @property
    def findings(self) -> tuple[DetectorFinding, ...]: ...
    @property
    def finding_count(self) -> int: ...
    @property
    def limits(self) -> tuple[LimitState, ...]: ...
    @property
    def hold(self) -> str | None: ...
    @property
    def route(self) -> Route | None: ...
    @property
    def retry_after_ms(self) -> int | None: ...
    @property
    def approval(self) -> Obligation | None: ...
    @property
    def shadow(self) -> Shadow | None: ...
    @property
    def bundle(self) -> str: ...
    @property
    def error(self) -> PolicyEngineError | None: ...
    def to_json(self) -> str: ...
    def to_dict(self) -> dict[str, Any]: ...
    def raise_for_effect(self) -> Self: ...
    # It has no truth value: asking for it raises TypeError.
    def __bool__(self) -> Literal[False]: ...

def self_test_panic() -> None: ...
