from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Any, Literal, TypeAlias, final

from typing_extensions import Self

from .errors import PolicyEngineError
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

__all__ = ["Decision", "Engine", "Exchange", "PreparedContext", "__version__", "self_test_panic"]

__version__: str

_Stage: TypeAlias = Stage | StageName
_Now: TypeAlias = datetime | str
# A dataclass or a pydantic model is any object to a type checker, and an object of any other type is refused when it is read.
_Context: TypeAlias = Mapping[str, Any] | str | bytes | bytearray | memoryview | object
_Document: TypeAlias = str | bytes | Mapping[str, Any]
_Policy: TypeAlias = _Document | PathLike[str] | tuple[str, _Document]
_Policies: TypeAlias = _Policy | Sequence[_Policy]

@final
class Engine:
    def __new__(
        cls, policies: _Policies, *, handles: Iterable[Action] | None = None, allow_without_policy: bool = False
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
    def exchange(self, host: _Context) -> Exchange: ...
    def resume(self, state: str) -> Exchange: ...
    def reload(self, policies: _Policies) -> tuple[Finding, ...]: ...
    @staticmethod
    def validate(policies: _Policies) -> Validation: ...
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
    def to_json(self) -> str: ...
    @property
    def bundle(self) -> str: ...

@final
class PreparedContext: ...

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
