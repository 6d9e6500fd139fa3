"""One turn, as the guards see it: a provider's request, the answer to it, and what limits hold for it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from .errors import InvalidInputError, LimitsUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._native import Decision, Engine, Exchange, Stream
    from .records import Format


STREAMED: frozenset[Format] = frozenset(("openai-chat", "openai-responses", "anthropic"))
"""The formats whose events can be judged as they come."""


class Turn:
    """A turn of the caller that `host` names, with bodies in `format`."""

    def __init__(self, engine: Engine, host: Mapping[str, Any], format: Format) -> None:
        self.exchange: Exchange = engine.exchange(host)
        self.format: Format = format

    def request(self, body: Mapping[str, Any] | bytes) -> Decision:
        """Decides about the request."""
        return self.exchange.evaluate(body, format=self.format)

    def answer(self, body: str | bytes) -> Decision:
        """Decides about the answer, which was made and costs what it says, whether it may be given out or not."""
        try:
            return self.exchange.evaluate(body, stage="response", format=self.format)
        finally:
            self.settle()

    def stream(self) -> Stream | None:
        """The answer as a stream of events; None when there are none in this format."""
        return self.exchange.stream(format=self.format) if self.format in STREAMED else None

    def settle(self, body: str | bytes | None = None) -> None:
        """Settles with what the answer says that it used: `body`, or the answer that was decided about. One that does not say it costs
        what was estimated."""
        # What cannot be closed now expires, and is charged as it was estimated.
        with contextlib.suppress(LimitsUnavailableError):
            try:
                if body is None or self.exchange.hold is None:
                    self.exchange.settle()
                else:
                    self.exchange.settle_body(body, format=self.format)
            except InvalidInputError:
                self.exchange.settle()

    def release(self) -> None:
        """Gives back what is held for a request that was not sent, or not answered."""
        with contextlib.suppress(LimitsUnavailableError):
            self.exchange.release()

    def fail(self, failure: BaseException) -> None:
        """Ends a turn without an answer. Whoever gives up waiting may have used tokens all the same; how many, nobody knows."""
        if isinstance(failure, Exception) and type(failure).__name__ != "APITimeoutError":
            self.release()
        else:
            self.settle()
