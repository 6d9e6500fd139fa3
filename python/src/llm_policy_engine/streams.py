"""Iterators for answers that stream: what is safe to show comes out while the answer goes in.

>>> from llm_policy_engine import Engine
>>> from llm_policy_engine.streams import guarded
>>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "rules": [
...     {"id": "mail", "stages": ["response"], "when": "contains_pii(response.text, ['email'])", "actions": [
...         {"type": "redact", "fields": ["response.text"], "detect": ["email"], "style": "label"}]}]})
>>> answer = iter(["Write to ada", "@example.org, ", "please."])
>>> "".join(guarded(engine.exchange({"user": {"id": "ann"}}).stream(), answer))
'Write to [EMAIL], please.'
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ._native import Stream

__all__ = ["aguarded", "guarded"]

Part = TypeVar("Part", str, bytes)

# The event behind which clients of OpenAI's formats read no more.
_DONE = b"data: [DONE]"


class _Through:
    """What goes through a stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._held: list[bytes] = []
        self._is_text = False
        self.stopped = False

    def push(self, part: str | bytes) -> Any:
        """What of a part may be shown now, in its type."""
        self._is_text = isinstance(part, str)
        passed = self._stream.push(part)
        self.stopped = passed.stopped
        data = passed.bytes
        if self._held or _DONE in data:
            # Whoever reads this reads no further: the decision comes first.
            self._held.append(data)
            data = b""
        return self._like_a_part(data)

    def finish(self) -> Any:
        """What is left; raises when the answer may not be given out."""
        end = self._stream.finish()
        end.decision.raise_for_effect()
        return self._like_a_part(b"".join([*self._held, end.bytes]))

    def _like_a_part(self, data: bytes) -> Any:
        return data.decode() if self._is_text else data


def guarded(stream: Stream, parts: Iterable[Part]) -> Iterator[Part]:
    """What of an answer is safe to show, in parts of the type that goes in, `str` or `bytes`.

    Raises DeniedError, ThrottledError or ApprovalRequiredError where the answer is stopped, or at its end when it is refused. Whoever leaves
    off reading aborts the stream.
    """
    through = _Through(stream)
    try:
        for part in parts:
            if shown := through.push(part):
                yield shown
            if through.stopped:
                break
        rest = through.finish()
    finally:
        # After the end it changes nothing.
        stream.abort()
    if rest:
        yield rest


async def aguarded(stream: Stream, parts: AsyncIterable[Part]) -> AsyncIterator[Part]:
    """As `guarded`, for asynchronous code."""
    through = _Through(stream)
    try:
        async for part in parts:
            if shown := through.push(part):
                yield shown
            if through.stopped:
                break
        rest = through.finish()
    finally:
        stream.abort()
    if rest:
        yield rest
