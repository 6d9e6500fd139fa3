"""Guards the clients of the packages `openai` and `anthropic`.

    client = guard(OpenAI(), engine, host={"user": {"id": "ann"}})
    client.chat.completions.create(model="gpt-5", messages=[...])   # raises DeniedError when the policies deny it

What is judged is the request as the client would send it, whatever method made it, and then the answer. The guard stands where all of a
client's requests pass, so a method that this module does not know cannot go around it: it is refused.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ._turn import STREAMED, Turn
from .errors import InvalidArgumentError, InvalidInputError
from .streams import aguarded, guarded

if TYPE_CHECKING:
    from ._native import Engine, Stream
    from .records import Format

__all__ = ["guard"]

Client = TypeVar("Client")

_Host: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any]]

# By the last parts of a path: clients of gateways and of Azure have others before them.
_FORMATS: dict[str, Format] = {
    "/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/completions": "openai-completions",
    "/embeddings": "openai-embeddings",
    "/v1/messages": "anthropic",
}

_RAW = "X-Stainless-Raw-Response"


def guard(
    client: Client,
    engine: Engine,
    *,
    host: _Host,
    answers: bool = True,
    unguarded: Iterable[str] = (),
) -> Client:
    """A copy of `client`, synchronous or asynchronous, that asks `engine` before it sends a request.

    `host` says who asks, as a context, or is a function that says so at each call. A request that is not allowed raises DeniedError,
    ThrottledError or ApprovalRequiredError, and is not sent.

    With `answers`, each answer is judged before it is given out, in the same exchange as its request. One that streams is judged as it is
    read: where it is stopped, or refused at its end, iterating raises DeniedError, ThrottledError or ApprovalRequiredError. An answer that is read by `with_streaming_response`
    cannot be judged, so asking for one is refused; `answers=False` lets all answers through, and judges requests only.

    What limits hold for a request is settled with what its answer says that it used, and released when the provider refuses it.

    Requests with a body to paths that have no format here are refused, unless their path is in `unguarded`, such as "/images/generations".
    """
    copied = getattr(client, "copy", None)
    if copied is None or not hasattr(client, "request"):
        raise InvalidArgumentError(f"`{type(client).__name__}` is no client of `openai` or `anthropic`")
    guarded = copied()
    judge = _Judge(engine, host, answers, frozenset(unguarded))
    send = guarded.request

    if inspect.iscoroutinefunction(send):

        async def request_later(cast_to: Any, options: Any, **how: Any) -> Any:
            stream = how.get("stream", False)
            with judge.sending(options, stream) as turn:
                answer = await send(cast_to, options, **how)
            return judge.answer(turn, answer, stream)

        guarded.request = request_later
    else:

        def request(cast_to: Any, options: Any, **how: Any) -> Any:
            stream = how.get("stream", False)
            with judge.sending(options, stream) as turn:
                answer = send(cast_to, options, **how)
            return judge.answer(turn, answer, stream)

        guarded.request = request

    # What is made from a guarded client is guarded.
    def copy(**changes: Any) -> Any:
        return guard(copied(**changes), engine, host=host, answers=answers, unguarded=unguarded)

    guarded.copy = guarded.with_options = copy
    return guarded  # type: ignore[no-any-return]


def _format(path: str) -> Format | None:
    for end, format in _FORMATS.items():
        if path.endswith(end):
            return format
    return None


class _Judge:
    def __init__(self, engine: Engine, host: _Host, answers: bool, unguarded: frozenset[str]) -> None:
        self._engine = engine
        self._host = host
        self._answers = answers
        self._unguarded = unguarded

    @contextlib.contextmanager
    def sending(self, options: Any, stream: bool) -> Iterator[Turn | None]:
        """The turn of a request that may be sent, if it is one; what fails while it is sent ends it."""
        turn = self.request(options, stream)
        try:
            yield turn
        except BaseException as failure:
            if turn is not None:
                turn.fail(failure)
            raise

    def request(self, options: Any, stream: bool) -> Turn | None:
        """Raises unless the request may be sent; gives its turn, if it is one."""
        path = str(options.url).split("?")[0].rstrip("/")
        if options.method.lower() == "get" or path in self._unguarded:
            return None
        format = _format(path)
        if format is None and options.method.lower() == "delete":
            return None
        if format is None:
            raise InvalidArgumentError(
                f"the guard knows no format of bodies for `{path}`",
                help=f"if nothing there needs to be judged, write `unguarded=[{path!r}]`",
            )
        if options.files or getattr(options, "content", None) is not None:
            raise InvalidArgumentError("a body that is given as bytes or files is not judged", help="give it as arguments")
        headers = options.headers if isinstance(options.headers, Mapping) else {}
        raw = next((value for name, value in headers.items() if name.lower() == _RAW.lower()), None)
        if self._answers and (raw == "stream" or stream and format not in STREAMED):
            raise InvalidArgumentError(
                "an answer that is read as it comes cannot be judged here",
                help="ask for one in one piece, or with `stream=True` in a format of events, or judge requests only: `guard(..., answers=False)`",
            )
        # As the client itself will join them.
        body = {**(options.json_data or {}), **(options.extra_json or {})}
        body = {name: value for name, value in body.items() if type(value).__name__ not in ("Omit", "NotGiven")}
        turn = Turn(self._engine, self._host() if callable(self._host) else self._host, format)
        turn.request(body).raise_for_effect()
        return turn

    def answer(self, turn: Turn | None, answer: Any, stream: bool) -> Any:
        """The answer, if it may be given out."""
        if turn is None:
            return answer
        if stream:
            self._guard_stream(turn, answer)
            return answer
        # A raw answer has its bytes; a model is written as it came.
        body = answer.http_response.content if hasattr(answer, "http_response") else answer.to_json(indent=None)
        if self._answers and turn.format != "openai-embeddings":
            turn.answer(body).raise_for_effect()
        else:
            turn.settle(body)
        return answer

    def _guard_stream(self, turn: Turn, answer: Any) -> None:
        """Puts the policies between the bytes of a stream of events and the client's reader of events."""
        response = answer.http_response if hasattr(answer, "http_response") else answer.response
        stream = turn.stream()
        if stream is None:
            # It is not judged, or it would have been refused before.
            turn.settle()
            return
        reader = _Reader(turn, stream, self._answers)
        response.iter_bytes = functools.partial(reader.now, response.iter_bytes)
        response.aiter_bytes = functools.partial(reader.later, response.aiter_bytes)
        response.close = functools.partial(reader.close, response.close)
        response.aclose = functools.partial(reader.aclose, response.aclose)
        # What goes around them.
        response.iter_raw = functools.partial(reader.raw, response.iter_raw)
        response.aiter_raw = functools.partial(reader.raw, response.aiter_raw)


class _Reader:
    """Reads the events of an answer: judged, or only noted, so that what was used can be counted."""

    def __init__(self, turn: Turn, stream: Stream, judged: bool) -> None:
        self._turn = turn
        self._stream = stream
        self._judged = judged
        self._reads = False

    def raw(self, read: Callable[..., Any], *how: Any, **more: Any) -> Any:
        """The raw bytes, which only what reads the others may have."""
        if self._judged and not self._reads:
            raise InvalidArgumentError("the raw bytes of a guarded answer cannot be read", help="read its events, or `iter_bytes()`")
        return read(*how, **more)

    def now(self, read: Callable[..., Iterator[bytes]], *how: Any, **more: Any) -> Iterator[bytes]:
        self._reads = True
        parts = read(*how, **more)
        try:
            yield from guarded(self._stream, parts) if self._judged else map(self._noted, parts)
        finally:
            self._end()

    async def later(self, read: Callable[..., AsyncIterator[bytes]], *how: Any, **more: Any) -> AsyncIterator[bytes]:
        self._reads = True
        parts = read(*how, **more)
        try:
            if self._judged:
                async for part in aguarded(self._stream, parts):
                    yield part
            else:
                async for part in parts:
                    yield self._noted(part)
        finally:
            self._end()

    def close(self, close: Callable[[], None]) -> None:
        try:
            close()
        finally:
            self._end()

    async def aclose(self, close: Callable[[], Awaitable[None]]) -> None:
        try:
            await close()
        finally:
            self._end()

    def _noted(self, part: bytes) -> bytes:
        with contextlib.suppress(InvalidInputError):
            self._stream.push(part)
        return part

    def _end(self) -> None:
        self._stream.abort()
        self._turn.settle()
