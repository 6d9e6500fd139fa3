"""The middleware, in applications of Starlette and of FastAPI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import fastapi
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from llm_policy_engine import Engine
from llm_policy_engine.asgi import PolicyMiddleware

POLICY = {
    "version": "1.0",
    "metadata": {"name": "chat"},
    "config": {"default_action": "allow", "stages": ["request", "response"]},
    "rules": [
        {"id": "secret", "when": "request.prompt.contains('secret')", "actions": [{"type": "deny", "reason": "top secret", "code": "secret", "public_message": "Please don't."}]},
        {"id": "busy", "when": "user.id == 'busy'", "actions": [{"type": "throttle", "delay_ms": 1500}]},
        {"id": "answer", "stages": ["response"], "when": "response.text.contains('password') && request.model == 'gpt-5'", "actions": [{"type": "deny"}]},
    ],
}
ENGINE = Engine(POLICY)


def answer(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-5", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}


def body(text: str, model: str = "gpt-5") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}]}


async def who(scope: Any) -> dict[str, Any]:
    headers = dict(scope["headers"])
    return {"user": {"id": headers.get(b"x-user", b"ann").decode()}}


async def echo(request: Request) -> Response:
    asked = (await request.json())["messages"][0]["content"]
    match asked:
        case "stream":
            async def chunks() -> AsyncIterator[str]:
                yield "data: password\n\n"

            return StreamingResponse(chunks(), media_type="text/event-stream")
        case "file":
            return FileResponse(__file__, media_type="application/json")
        case "error":
            return JSONResponse({"error": "password"}, status_code=500)
        case "pieces":
            async def pieces() -> AsyncIterator[bytes]:
                for byte in json.dumps(answer("the password")).encode():
                    yield bytes([byte])

            return StreamingResponse(pieces(), media_type="application/json; charset=utf-8")
        case _:
            return JSONResponse(answer(asked), headers={"x-mine": "yes"})


def ask(app: Any, content: Any, **request: Any) -> httpx.Response:
    async def go() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            payload = {"content": content} if isinstance(content, (bytes, str)) else {"json": content}
            return await client.post(request.pop("path", "/v1/chat/completions"), **payload, **request)

    return asyncio.run(go())


def application(**options: Any) -> Starlette:
    paths = {"/v1/chat/completions": "openai-chat"}
    guard = Middleware(PolicyMiddleware, engine=ENGINE, paths=paths, host=who, **options)  # type: ignore[arg-type]
    return Starlette(routes=[Route("/v1/chat/completions", echo, methods=["GET", "POST"]), Route("/free", echo, methods=["POST"])], middleware=[guard])


@pytest.mark.parametrize("answers", [False, True])
def test_requests(answers: bool) -> None:
    app = application(answers=answers, max_body_bytes=1000)
    fine = ask(app, body("hello"))
    assert (fine.status_code, fine.json(), fine.headers["x-mine"]) == (200, answer("hello"), "yes")
    denied = ask(app, body("a secret"))
    assert denied.status_code == 403
    assert denied.json() == {"error": {"type": "policy", "code": "secret", "message": "Please don't."}}
    assert "top secret" not in denied.text
    busy = ask(app, body("hello"), headers={"x-user": "busy"})
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "2")
    for garbage in (b"", b"{", b"\xff", b"[]", b'{"model": 1, "model": 2}'):
        refused = ask(app, garbage)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_input")
    assert ask(app, body("x" * 1001)).status_code == 413
    assert ask(app, body("hello"), headers={"content-encoding": "gzip"}).status_code == 415
    # A slash at the end is no way around.
    assert ask(app, body("a secret"), path="/v1/chat/completions/").status_code == 403
    assert ask(app, body("a secret"), path="/free").status_code == 200


def test_answers() -> None:
    app = application(answers=True)
    assert ask(app, body("hello")).status_code == 200
    for text in ("the password", "pieces"):
        denied = ask(app, body(text))
        assert denied.status_code == 403 and "password" not in denied.text
    assert ask(app, body("the password", model="other")).status_code == 200, "rules of answers know the request"
    refused = ask(app, body("file"))
    assert refused.status_code == 502 and "password" not in refused.text
    # The headers of a stream are out before its first event is known: here it is none of the format, and the stream ends.
    assert ask(app, body("stream")).content == b""
    assert ask(app, body("error")).status_code == 500
    assert ask(application(), body("the password")).status_code == 200
    assert "password" in ask(application(), body("stream")).text


def test_fastapi() -> None:
    app = fastapi.FastAPI()

    @app.post("/v1/chat/completions")
    async def chat(request: dict[str, Any]) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return answer(request["messages"][0]["content"])

    app.add_middleware(PolicyMiddleware, engine=ENGINE, paths={"/v1/chat/completions": "openai-chat"}, host=lambda scope: {"user": {"id": "ann"}}, answers=True)
    assert ask(app, body("hello")).json() == answer("hello")
    assert ask(app, body("secret")).status_code == 403
    assert ask(app, body("password")).status_code == 403


def test_a_host_that_fails_and_a_closed_engine_let_nothing_through() -> None:
    engine = Engine(POLICY)
    reached: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(1)

    def guarded(host: Any) -> PolicyMiddleware:
        return PolicyMiddleware(app, engine=engine, paths={"/v1/chat/completions": "openai-chat"}, host=host)

    def fails(scope: Any) -> dict[str, Any]:
        raise LookupError

    with pytest.raises(LookupError):
        ask(guarded(fails), body("hello"))
    # What a host may not say is a mistake of the host's.
    assert ask(guarded(lambda scope: {"request": {"prompt": "x"}}), body("hello")).status_code in (400, 500)
    engine.close()
    assert ask(guarded(lambda scope: {}), body("hello")).json()["error"]["code"] == "invalid_handle"
    assert not reached


def test_a_websocket_is_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def go() -> None:
        scope = {"type": "websocket", "path": "/v1/chat/completions", "headers": []}
        await application()(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(go())
    assert [message["type"] for message in sent] == ["websocket.close"]


BOOKS = {
    "version": "1.0",
    "metadata": {"name": "books"},
    "config": {"default_action": "allow", "stages": ["request", "response"]},
    "limits": {"day": {"kind": "quota", "key": "user.id", "amount": 5000, "window": {"fixed": "1d"}}, "slots": {"kind": "concurrency", "key": "user.id", "amount": 1}},
    "rules": [{"id": "answer", "stages": ["response"], "when": "response.text.contains('password')", "actions": [{"type": "deny"}]}],
}


@pytest.mark.parametrize("answers", [False, True])
def test_what_limits_hold_is_settled_or_released(answers: bool) -> None:
    engine = Engine(BOOKS)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked = json.loads((await receive())["body"])["messages"][0]["content"]
        if asked == "raise":
            raise LookupError
        if asked == "cancel":
            raise asyncio.CancelledError
        used = {"usage": {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}}
        sent = b"no JSON" if asked == "garbage" else json.dumps(answer(asked) | used).encode()
        kind = b"text/event-stream" if asked in ("stream", "cut") else b"application/json"
        await send({"type": "http.response.start", "status": 500 if asked == "error" else 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": sent[:5], "more_body": True})
        if asked == "cut":
            raise asyncio.CancelledError
        await send({"type": "http.response.body", "body": sent[5:]})

    guarded = PolicyMiddleware(app, engine=engine, paths={"/v1/chat/completions": "openai-chat"}, host=lambda scope: {"user": {"id": "ann"}}, answers=answers)

    def used(text: str) -> float:
        """What a request used, with nothing left under way."""
        before = {state.limit: state for state in engine.dry_run({"user": {"id": "ann"}, "request": body("x") | {"max_tokens": 0}}).limits}
        try:
            ask(guarded, body(text) | {"max_tokens": 100})
        except (LookupError, asyncio.CancelledError):
            pass
        after = {state.limit: state for state in engine.dry_run({"user": {"id": "ann"}, "request": body("x") | {"max_tokens": 0}}).limits}
        assert after["slots"].used == 1 and after["slots"].reserved == after["day"].reserved == 0
        return after["day"].used - before["day"].used

    assert used("hello") == 42
    assert used("the password") == 42, "an answer that is held back was made all the same"
    assert used("error") == used("raise") == 0
    assert used("garbage") > 100, "what was estimated"
    assert 0 < used("stream") < 100, "what was counted"
    assert 0 < used("cut") < 100, "what was counted until then"
    assert used("cancel") > 100
