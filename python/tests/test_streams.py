"""Answers that stream: by hand, through iterators, and in the guards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import openai
import pytest
from test_asgi import ask

from llm_policy_engine import DeniedError, Engine, InvalidArgumentError, InvalidInputError
from llm_policy_engine.asgi import PolicyMiddleware
from llm_policy_engine.clients import guard
from llm_policy_engine.streams import aguarded, guarded

POLICY = """
version: "1.0"
metadata: {name: answers}
config: {default_action: allow, stages: [request, response]}
limits:
  day: {kind: quota, key: user.id, amount: 1000000, window: {fixed: 1d}}
rules:
  - {id: keys, stages: [response], when: contains_secret(response.text), actions: [{type: deny, code: key}]}
  - id: mail
    stages: [response]
    when: contains_pii(response.text, ['email'])
    actions: [{redact: {fields: [response.text], detect: [email], style: label}}]
"""
ANN = {"user": {"id": "ann"}}
KEY = "AKIA" + "IOSFODNN7" + "EXAMPL3"
FINE = "Write to ada@example.org, or to Bob; ☃ " + "and so on. " * 40
BAD = f"It begins well, for a while, and then: {KEY} it goes on"


def pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def events(text: str, size: int = 7) -> list[bytes]:
    def event(delta: dict[str, Any], reason: str | None = None) -> bytes:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        return f"data: {json.dumps(chunk)}\n\n".encode()

    return [event({"role": "assistant", "content": ""}), *(event({"content": part}) for part in pieces(text, size)), event({}, "stop"), b"data: [DONE]\n\n"]


def said(sent: bytes) -> str:
    """The text that events say."""
    chunks = [json.loads(line[6:]) for line in sent.decode().splitlines() if line.startswith("data: {")]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


@pytest.fixture
def engine() -> Engine:
    """Takes addresses out of answers, and stops at keys."""
    return Engine(POLICY)


@pytest.mark.parametrize("size", [1, 5, 64, 10_000])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_iterators(engine: Engine, size: int, as_bytes: bool) -> None:
    def through(text: str) -> str:
        stream = engine.exchange(ANN).stream()
        if as_bytes:
            data = text.encode()
            return b"".join(guarded(stream, (data[at : at + size] for at in range(0, len(data), size)))).decode()
        return "".join(guarded(stream, pieces(text, size)))

    assert through(FINE) == FINE.replace("ada@example.org", "[EMAIL]")
    shown = ""
    with pytest.raises(DeniedError) as denied:
        for part in guarded(engine.exchange(ANN).stream(), pieces(BAD, size)):
            shown += part
    assert denied.value.decision.code == "key" and BAD.startswith(shown) and KEY not in shown
    assert through("") == ""


def test_asynchronous_iterators(engine: Engine) -> None:
    async def parts(text: str) -> AsyncIterator[str]:
        for part in pieces(text, 5):
            yield part

    async def go(text: str) -> str:
        return "".join([part async for part in aguarded(engine.exchange(ANN).stream(), parts(text))])

    assert asyncio.run(go(FINE)) == FINE.replace("ada@example.org", "[EMAIL]")
    with pytest.raises(DeniedError):
        asyncio.run(go(BAD))


def test_by_hand(engine: Engine) -> None:
    stream = engine.exchange(ANN).stream()
    assert stream.judged == "streamable" and stream.bundle == engine.bundle
    shown = b"".join(stream.push(part).bytes for part in pieces(FINE, 9))
    end = stream.finish()
    assert (shown + end.bytes).decode() == FINE.replace("ada@example.org", "[EMAIL]")
    again = stream.finish()
    assert again.bytes == b"" and again.decision.to_json() == end.decision.to_json()
    for wrong in (5, None, ["x"]):
        with pytest.raises(InvalidArgumentError):
            stream.push(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="ended"):
        stream.push("more")
    aborted = engine.exchange(ANN).stream()
    aborted.push("some")
    aborted.abort()
    aborted.abort()
    with pytest.raises(InvalidArgumentError, match="aborted"):
        aborted.finish()
    with pytest.raises(InvalidArgumentError):
        engine.exchange(ANN).stream(format="gemini")
    garbage = engine.exchange(ANN).stream(format="openai-chat")
    with pytest.raises((InvalidInputError, InvalidArgumentError)):
        garbage.push(b"data: {nonsense\n\n")
        garbage.finish()


def test_who_leaves_off_reading_pays_for_what_came(engine: Engine) -> None:
    exchange = engine.exchange(ANN)
    assert exchange.evaluate({"request": {"model": "m", "prompt": "x", "max_tokens": 5000}}).allowed
    reading = guarded(exchange.stream(), iter(pieces("word " * 1000, 10)))
    for _ in range(50):
        next(reading)
    reading.close()  # type: ignore[attr-defined]
    exchange.settle()
    (day,) = engine.dry_run({**ANN, "request": {"max_tokens": 0}}).limits
    assert 50 < day.used - day.cost < 1000


def test_the_middleware(engine: Engine) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        text = json.loads((await receive())["body"])["messages"][0]["content"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream; charset=utf-8"), (b"content-length", b"999")]})
        sent = events(text) if text != "garbage" else [b"data: {nonsense\n\n"]
        for event in sent:
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def answer(text: str, answers: bool) -> httpx.Response:
        guarded_app = PolicyMiddleware(app, engine=engine, paths={"/v1/chat/completions": "openai-chat"}, host=lambda scope: ANN, answers=answers)
        return ask(guarded_app, {"model": "m", "messages": [{"role": "user", "content": text}], "max_tokens": 4000})

    fine = answer(FINE, True)
    assert fine.status_code == 200 and "content-length" not in fine.headers
    assert said(fine.content) == FINE.replace("ada@example.org", "[EMAIL]") and fine.text.endswith("data: [DONE]\n\n")
    stopped = answer(BAD, True)
    assert BAD.startswith(said(stopped.content)) and KEY not in stopped.text
    assert "nonsense" not in answer("garbage", True).text
    assert said(answer(BAD, False).content) == BAD
    # Reserved were thousands for each, and used was what was counted.
    (day,) = engine.dry_run({**ANN, "request": {"max_tokens": 0}}).limits
    assert day.reserved == 0 and 100 < day.used < 3000


def test_the_clients(engine: Engine) -> None:
    def respond(request: Any) -> Any:
        text = json.loads(request.content)["messages"][0]["content"]
        return transport.Response(200, headers={"content-type": "text/event-stream"}, content=b"".join(events(text)))

    transport: Any = pytest.importorskip(openai.OpenAI.__init__.__globals__["httpx2"].__name__ if "httpx2" in openai.OpenAI.__init__.__globals__ else "httpx")

    def read(stream: Any) -> Iterator[str]:
        for chunk in stream:
            yield chunk.choices[0].delta.content or ""

    with openai.OpenAI(api_key="k", base_url="http://test/v1", http_client=transport.Client(transport=transport.MockTransport(respond))) as plain:
        client = guard(plain, engine, host=ANN)

        def create(client: Any, text: str) -> Any:
            return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], stream=True, max_tokens=4000)

        assert "".join(read(create(client, FINE))) == FINE.replace("ada@example.org", "[EMAIL]")
        shown = ""
        with pytest.raises(DeniedError, match="key"):
            for part in read(create(client, BAD)):
                shown += part
        assert BAD.startswith(shown) and KEY not in shown
        raw = client.chat.completions.with_raw_response.create(model="m", messages=[{"role": "user", "content": BAD}], stream=True)
        with pytest.raises(DeniedError):
            list(raw.parse())
        with create(client, FINE) as unread, pytest.raises(InvalidArgumentError, match="raw"):
            unread.response.iter_raw()
        unjudged = guard(plain, engine, host=ANN, answers=False)
        assert "".join(read(create(unjudged, BAD))) == BAD
        (day,) = engine.dry_run({**ANN, "request": {"max_tokens": 0}}).limits
        assert day.used < 3000, "what was counted"

    async def later() -> str:
        async with openai.AsyncOpenAI(api_key="k", base_url="http://test/v1", http_client=transport.AsyncClient(transport=transport.MockTransport(respond))) as plain:
            client = guard(plain, engine, host=ANN)
            stream = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": FINE}], stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            with pytest.raises(DeniedError):
                async for _ in await client.chat.completions.create(model="m", messages=[{"role": "user", "content": BAD}], stream=True):
                    pass
            return text

    assert asyncio.run(later()) == FINE.replace("ada@example.org", "[EMAIL]")
