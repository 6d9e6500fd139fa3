"""Exceptions. Each code of the engine has a class, and all of them are a `PolicyEngineError`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._native import Decision
    from .records import Finding

__all__ = [
    "ApprovalRequiredError",
    "ClosedError",
    "DeniedError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidInputError",
    "InvalidPolicyError",
    "LimitsUnavailableError",
    "NoDocumentsError",
    "PolicyEngineError",
    "RefusedError",
    "StaleInputError",
    "ThrottledError",
    "UnreadableFileError",
]


class PolicyEngineError(Exception):
    """Whatever this package raises."""

    code: ClassVar[str]
    """The code, the same in every language."""

    def __init__(
        self,
        message: str,
        *,
        help: str | None = None,
        offset: int | None = None,
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(message)
        self.message: str = message
        """What is wrong. It shows nothing of a context's values."""
        self.help: str | None = help
        """What to do about it."""
        self.offset: int | None = offset
        """The byte of the input that is refused, where there is one."""
        self.findings: tuple[Finding, ...] = tuple(findings)
        """What is wrong with policy documents."""

    def __str__(self) -> str:
        findings = [finding.rendered for finding in self.findings if finding.severity == "error"]
        help = [f"help: {self.help}"] if self.help else []
        return "\n".join([self.message, *help, *findings])


class InternalError(PolicyEngineError):
    """A bug of the policy engine: something inside panicked."""

    code: ClassVar[str] = "internal_error"

    decision: Decision
    """The deny that stands for the decision, where one was asked for."""


class InvalidPolicyError(PolicyEngineError):
    """A policy document is refused: `findings` says where and why."""

    code: ClassVar[str] = "invalid_policy"


class InvalidInputError(PolicyEngineError, ValueError):
    """A context is refused as a whole."""

    code: ClassVar[str] = "invalid_input"

    decision: Decision
    """The deny that stands for the decision, where one was asked for."""


class UnreadableFileError(PolicyEngineError, OSError):
    """A file cannot be read."""

    code: ClassVar[str] = "unreadable_file"


class NoDocumentsError(PolicyEngineError):
    """There is no policy document where one was looked for."""

    code: ClassVar[str] = "no_documents"


class StaleInputError(PolicyEngineError):
    """A context was prepared for policies that have been replaced since: prepare it again."""

    code: ClassVar[str] = "stale_input"

    decision: Decision
    """The deny that stands for the decision."""


class InvalidArgumentError(PolicyEngineError, ValueError):
    """A call that is wrong whatever the policies are, such as one about an unknown stage."""

    code: ClassVar[str] = "invalid_argument"

    decision: Decision
    """The deny that stands for the decision, where one was asked for in a format that there is not."""


class ClosedError(PolicyEngineError, ValueError):
    """The engine was closed."""

    code: ClassVar[str] = "invalid_handle"


class LimitsUnavailableError(PolicyEngineError):
    """The store of limits cannot be asked."""

    code: ClassVar[str] = "limits_unavailable"


class RefusedError(PolicyEngineError):
    """The policies do not allow something: `decision` says why. Raised by `Decision.raise_for_effect` and by the guards.

    The text of the exception is the decision's `public_message` or `code`, which end users may read. `decision.reason` may not be
    shown to them.
    """

    code: ClassVar[str] = "refused"
    status_code: ClassVar[int] = 403
    """The HTTP status that says so."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.public_message or f"the policies do not allow this ({decision.code or decision.effect.value})")
        self.decision: Decision = decision

    def __reduce__(self) -> tuple[type[PolicyEngineError], tuple[str]]:
        # A decision belongs to the process that made it; the exception itself may go to another.
        return (PolicyEngineError, (self.message,))


class DeniedError(RefusedError):
    """The policies deny it."""


class ThrottledError(RefusedError):
    """The policies refuse it for a while: `retry_after_ms`."""

    status_code: ClassVar[int] = 429

    @property
    def retry_after_ms(self) -> int | None:
        """How long to wait, in milliseconds."""
        return self.decision.retry_after_ms


class ApprovalRequiredError(RefusedError):
    """The policies want a human to be asked first: `decision.approval`."""
