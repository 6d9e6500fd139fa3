"""A middleware for ASGI applications (FastAPI, Starlette) that guards endpoints which take a provider's bodies.

    app.add_middleware(PolicyMiddleware, engine=engine, paths={"/v1/chat/completions": "openai-chat"}, host=who_asks)

The request's body is judged before the application sees it. With `answers=True` the application's answers are judged, too: JSON before a
byte of it is sent, server-sent events as they pass. What the policies do not allow is answered with a JSON error that shows the decision's `code` and
`public_message`, never its reason.
"""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from ._turn import Turn
from .errors import InvalidInputError, PolicyEngineError, RefusedError, ThrottledError
from .records import Effect

if TYPE_CHECKING:
    from ._native import Decision, Engine, Stream
    from .records import Format

__all__ = ["PolicyMiddleware"]

_Scope: TypeAlias = MutableMapping[str, Any]
_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]
_App: TypeAlias = Callable[[_Scope, _Receive, _Send], Awaitable[None]]
_Host: TypeAlias = Callable[[_Scope], "Mapping[str, Any] | None | Awaitable[Mapping[str, Any] | None]"]


class PolicyMiddleware:
    """Guards the endpoints in `paths`, each with the format of its bodies, such as "openai-chat" or "anthropic".

    `host` says for an ASGI scope who asks, as a context: `{"user": {"id": "ann"}}`. It may be a coroutine function. Nothing in a body can
    change what it says. Where it gives None, nobody is known to ask, and the answer is 401. A body of more than `max_body_bytes` is answered with 413.

    What limits hold for a request is settled with what its answer says that it used, and released when there is none, or one that failed.

    With `answers`, an answer in JSON is held back until it was judged. Server-sent events ("openai-chat", "openai-responses", "anthropic") are judged as they
    pass: what is safe goes out, and an answer that is stopped ends as its format says it. An answer of another kind is refused.
    """

    def __init__(
        self,
        app: _App,
        *,
        engine: Engine,
        paths: Mapping[str, Format],
        host: _Host,
        answers: bool = False,
        max_body_bytes: int = 4 << 20,
    ) -> None:
        self._app = app
        self._engine = engine
        self._paths: dict[str, Format] = {_normal(path): format for path, format in paths.items()}
        self._host = host
        self._answers = answers
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Guards one connection."""
        format = self._paths.get(_normal(scope["path"])) if scope["type"] in ("http", "websocket") else None
        if format is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Nothing is known of what would be sent through it.
            await send({"type": "websocket.close", "code": 1008, "reason": "this endpoint is guarded"})
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
        else:
            await self._guard(format, scope, receive, send)

    async def _guard(self, format: Format, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if any(name.lower() == b"content-encoding" and value.lower() != b"identity" for name, value in scope["headers"]):
            # The application would see another body than the policies.
            return await _refuse(send, 415, "unsupported_encoding", "a guarded endpoint takes no compressed bodies")
        host = self._host(scope)
        who = await host if inspect.isawaitable(host) else host
        if who is None:
            return await _refuse(send, 401, "unauthenticated", "say who you are")
        body = await self._read(receive)
        if body is None:
            return await _refuse(send, 413, "body_too_large", f"the body has more than {self._max_body_bytes} bytes")
        try:
            turn = Turn(self._engine, who, format)
            decision = turn.request(body)
        except InvalidInputError:
            return await _refuse(send, 400, InvalidInputError.code, "the body is not a valid request")
        except PolicyEngineError as error:
            return await _refuse(send, 500, error.code, "the request could not be judged")
        if not decision.allowed:
            return await _answer(send, decision)
        sender: _Held | _Passed = _Held(turn, send) if self._answers else _Passed(turn, send, self._max_body_bytes)
        try:
            await self._app(scope, _replayed(body, receive), sender)
        except BaseException as failure:
            sender.close(is_cancelled=not isinstance(failure, Exception))
            raise
        sender.close()

    async def _read(self, receive: _Receive) -> bytes | None:
        """The whole body; None when it is too large."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"".join(parts)
            part = message.get("body", b"")
            size += len(part)
            if size > self._max_body_bytes:
                return None
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


class _Sent:
    """What an answer is sent through, and what closes what limits hold for its request."""

    def __init__(self, turn: Turn, send: _Send) -> None:
        self._turn = turn
        self._send = send
        self._start: _Message | None = None
        self._stream: Stream | None = None
        self._parts: list[bytes] = []

    def close(self, *, is_cancelled: bool = False) -> None:
        """Ends the turn. An answer that was judged whole has ended it before."""
        if self._stream is not None:
            self._stream.abort()
        if is_cancelled:
            # Tokens may have been used all the same; how many, only a stream has counted.
            self._turn.settle()
        elif self._start is None or self._start["status"] >= 400:
            self._turn.release()
        else:
            self._turn.settle(self._whole())

    def _begin(self, start: _Message) -> bytes:
        """Notes how the answer begins; gives its media type."""
        self._start = start
        kind = _kind(start)
        if kind == b"text/event-stream" and start["status"] < 400:
            self._stream = self._turn.stream()
        return kind

    def _whole(self) -> bytes | None:
        """The answer, where it was noted."""
        return None


class _Passed(_Sent):
    """Sends an answer as it comes, and notes what it says that it used."""

    def __init__(self, turn: Turn, send: _Send, most: int) -> None:
        super().__init__(turn, send)
        self._most = most
        self._is_json = False

    async def __call__(self, message: _Message) -> None:
        if message["type"] == "http.response.start":
            self._is_json = self._begin(message) == b"application/json"
        elif message["type"] == "http.response.body":
            self._note(message.get("body", b""))
        await self._send(message)

    def _note(self, part: bytes) -> None:
        if self._stream is not None:
            # Whether it may pass is not asked, but what comes is counted.
            with contextlib.suppress(InvalidInputError):
                self._stream.push(part)
        elif self._is_json:
            self._most -= len(part)
            self._is_json = self._most >= 0
            self._parts.append(part)

    def _whole(self) -> bytes | None:
        return b"".join(self._parts) if self._is_json else None


class _Held(_Sent):
    """Sends what may be sent of an answer: JSON when it is whole, events as they come."""

    def __init__(self, turn: Turn, send: _Send) -> None:
        super().__init__(turn, send)
        self._ended = False

    async def __call__(self, message: _Message) -> None:
        if self._ended:
            return
        if message["type"] == "http.response.start":
            kind = self._begin(message)
            if self._stream is not None:
                # What is taken out or put back changes how long it is.
                headers = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"content-length"]
                await self._send({**message, "headers": headers})
            elif kind != b"application/json":
                await self._unguarded()
        elif message["type"] == "http.response.body" and self._start is not None:
            part, is_last = message.get("body", b""), not message.get("more_body", False)
            if self._stream is not None:
                await self._pass(self._stream, part, is_last)
            else:
                self._parts.append(part)
                if is_last:
                    await self._finish(self._start, b"".join(self._parts))
        else:
            # What ASGI calls extensions (a file by its path, a push): nothing that was judged.
            await self._unguarded()

    async def _unguarded(self) -> None:
        self._ended = True
        await _refuse(self._send, 502, "unguarded_answer", "the answer is of a kind that cannot be judged")

    async def _pass(self, stream: Stream, part: bytes, is_last: bool) -> None:
        """Sends on what is safe of the events. What a client sees of a refusal is the end of them, as its format says it."""
        shown = b""
        try:
            passed = stream.push(part)
            shown, self._ended = passed.bytes, passed.stopped or is_last
            if self._ended:
                shown += stream.finish().bytes
        except PolicyEngineError:
            self._ended = True
        await self._send({"type": "http.response.body", "body": shown, "more_body": not self._ended})

    async def _finish(self, start: _Message, body: bytes) -> None:
        # An error of the application's own is no answer of a model.
        if start["status"] < 400:
            try:
                decision = self._turn.answer(body)
            except PolicyEngineError as error:
                return await _refuse(self._send, 502, error.code, "the answer could not be judged")
            if not decision.allowed:
                return await _answer(self._send, decision)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _kind(start: _Message) -> bytes:
    """The media type of an answer; empty when it is encoded."""
    headers: dict[bytes, bytes] = {name.lower(): value for name, value in start.get("headers", [])}
    if headers.get(b"content-encoding", b"identity") != b"identity":
        return b""
    return headers.get(b"content-type", b"").split(b";")[0].strip().lower()


def _normal(path: str) -> str:
    return path.rstrip("/") or "/"


def _replayed(body: bytes, receive: _Receive) -> _Receive:
    done = False

    async def replayed() -> _Message:
        nonlocal done
        if done:
            return await receive()
        done = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _answer(send: _Send, decision: Decision) -> None:
    """Answers with what end users may see of a decision."""
    message = decision.public_message or "the policies do not allow this"
    code = decision.code or decision.effect.value
    if decision.effect is Effect.THROTTLE:
        await _refuse(send, ThrottledError.status_code, code, message, decision.retry_after_ms)
    else:
        await _refuse(send, RefusedError.status_code, code, message)


async def _refuse(send: _Send, status: int, code: str, message: str, retry_after_ms: int | None = None) -> None:
    body = json.dumps({"error": {"type": "policy", "code": code, "message": message}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if retry_after_ms is not None:
        headers.append((b"retry-after", str(-(-retry_after_ms // 1000)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
