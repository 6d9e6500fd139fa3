"""The guard of the clients of `openai` and `anthropic`, against a local server that notes what it is sent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import anthropic
import openai
import pytest

from llm_policy_engine import DeniedError, Engine, InvalidArgumentError
from llm_policy_engine.clients import guard

ENGINE = Engine(
    {
        "version": "1.0",
        "metadata": {"name": "chat"},
        "config": {"default_action": "allow", "stages": ["request", "response"]},
        "rules": [
            {"id": "secret", "when": "request.text.contains('secret')", "actions": [{"type": "deny", "code": "secret"}]},
            {"id": "bob", "when": "user.id == 'bob'", "actions": [{"type": "deny", "code": "bob"}]},
            {"id": "answer", "stages": ["response"], "when": "response.text.contains('password')", "actions": [{"type": "deny", "code": "answer"}]},
        ],
    }
)
ANN = {"user": {"id": "ann"}}
Chat = list[Any]


class Provider(BaseHTTPRequestHandler):
    """Answers with what it is asked, in each provider's form."""

    seen: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append((self.path, body))
        if "status" in body:
            self.send_error(body["status"])
            return
        text = json.dumps(body.get("messages") or body.get("input") or body.get("prompt"))
        if self.path.endswith("/chat/completions"):
            message = {"role": "assistant", "content": text}
            answer: dict[str, Any] = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
        elif self.path.endswith("/responses"):
            part = {"type": "output_text", "text": text, "annotations": []}
            answer = {"id": "1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [{"type": "message", "id": "2", "role": "assistant", "status": "completed", "content": [part]}], "parallel_tool_calls": False, "tool_choice": "auto", "tools": []}
        elif self.path.endswith("/completions"):
            answer = {"id": "1", "object": "text_completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": "stop", "text": text, "logprobs": None}]}
        elif self.path.endswith("/embeddings"):
            answer = {"object": "list", "model": "m", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        else:
            answer = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
        if "usage" in body:
            answer["usage"] = body["usage"]
        if body.get("stream"):
            kind, sent = "text/event-stream", b"data: [DONE]\n\n"
        else:
            kind, sent = "application/json", json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """A provider's address, and what it was sent."""
    seen: list[tuple[str, dict[str, Any]]] = []
    handler = type("Noting", (Provider,), {"seen": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def chat(text: str) -> Chat:
    return [{"role": "user", "content": text}]


def test_openai(provider: Any) -> None:
    url, seen = provider
    with openai.OpenAI(api_key="k", base_url=url + "/v1", max_retries=0) as plain:
        client = guard(plain, ENGINE, host=ANN)
        calls: list[Callable[[str], Any]] = [
            lambda text: client.chat.completions.create(model="m", messages=chat(text)),
            lambda text: client.chat.completions.parse(model="m", messages=chat(text)),
            lambda text: client.chat.completions.with_raw_response.create(model="m", messages=chat(text)),
            lambda text: client.with_options(timeout=5).chat.completions.create(model="m", messages=chat(text)),
            lambda text: client.with_options(timeout=5).copy(timeout=6).chat.completions.create(model="m", messages=chat(text)),
            lambda text: client.chat.completions.create(model="m", messages=chat("hi"), extra_body={"messages": chat(text)}),
            lambda text: client.responses.create(model="m", input=text),
            lambda text: client.completions.create(model="m", prompt=text),
            lambda text: client.post("/chat/completions", cast_to=object, body={"model": "m", "messages": chat(text)}),
        ]
        for call in calls[:-1]:
            assert call("hello") is not None
        sent = len(seen)
        assert sent == len(calls) - 1
        for call in calls:
            with pytest.raises(DeniedError, match="secret"):
                call("a secret")
        with pytest.raises(DeniedError):
            client.embeddings.create(model="m", input="a secret")
        assert len(seen) == sent, "what is denied is not sent"
        for call in calls[:-1]:
            with pytest.raises(DeniedError, match="answer"):
                call("the password")
        assert client.embeddings.create(model="m", input="hello").data[0].embedding == [0.5]
        # The client that was given stays as it was.
        assert plain.chat.completions.create(model="m", messages=chat("a secret")).choices


def test_what_cannot_be_judged_is_refused(provider: Any) -> None:
    url, seen = provider
    with openai.OpenAI(api_key="k", base_url=url + "/v1", max_retries=0) as plain:
        client = guard(plain, ENGINE, host=ANN)
        for call in (
            lambda: client.completions.create(model="m", prompt="hello", stream=True),
            lambda: client.chat.completions.with_streaming_response.create(model="m", messages=chat("hello")).__enter__(),
            lambda: client.images.generate(prompt="a secret"),
            lambda: client.moderations.create(input="a secret"),
            lambda: client.audio.transcriptions.create(file=b"secret", model="m"),
        ):
            with pytest.raises(InvalidArgumentError):
                call()
        assert not seen
        open_minded = guard(plain, ENGINE, host=ANN, answers=False, unguarded=["/moderations"])
        with open_minded.chat.completions.create(model="m", messages=chat("the password"), stream=True) as stream:
            assert list(stream) == []
        with pytest.raises(DeniedError):
            open_minded.chat.completions.create(model="m", messages=chat("a secret"), stream=True)
        open_minded.moderations.create(input="a secret")
        with pytest.raises(InvalidArgumentError, match="no client"):
            guard(object(), ENGINE, host=ANN)


def test_who_asks_is_asked_at_each_call(provider: Any) -> None:
    url, _ = provider
    who = {"user": {"id": "ann"}}
    with openai.OpenAI(api_key="k", base_url=url + "/v1", max_retries=0) as plain:
        client = guard(plain, ENGINE, host=lambda: who)
        client.chat.completions.create(model="m", messages=chat("hello"))
        who["user"]["id"] = "bob"
        with pytest.raises(DeniedError, match="bob"):
            client.chat.completions.create(model="m", messages=chat("hello"), user="ann")


def test_anthropic(provider: Any) -> None:
    url, seen = provider
    with anthropic.Anthropic(api_key="k", base_url=url, max_retries=0) as plain:
        client = guard(plain, ENGINE, host=ANN)
        calls: list[Callable[[str], Any]] = [
            lambda text: client.messages.create(model="m", max_tokens=9, messages=chat(text)),
            lambda text: client.messages.create(model="m", max_tokens=9, messages=chat("hi"), system=text),
            lambda text: client.messages.with_raw_response.create(model="m", max_tokens=9, messages=chat(text)),
            lambda text: client.beta.messages.create(model="m", max_tokens=9, messages=chat(text)),
        ]
        for call in calls:
            assert call("hello")
        sent = len(seen)
        for call in calls:
            with pytest.raises(DeniedError, match="secret"):
                call("a secret")
        with pytest.raises(InvalidArgumentError, match="count_tokens"):
            client.messages.count_tokens(model="m", messages=chat("a secret"))
        assert len(seen) == sent
        with pytest.raises(DeniedError, match="answer"):
            client.messages.create(model="m", max_tokens=9, messages=chat("the password"))


def test_asynchronous_clients(provider: Any) -> None:
    url, seen = provider

    async def go() -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=url + "/v1", max_retries=0) as plain:
            client = guard(plain, ENGINE, host=ANN)
            assert (await client.chat.completions.create(model="m", messages=chat("hello"))).choices
            with pytest.raises(DeniedError, match="secret"):
                await client.with_options(timeout=4).chat.completions.create(model="m", messages=chat("a secret"))
            with pytest.raises(DeniedError, match="answer"):
                await client.responses.create(model="m", input="the password")
        async with anthropic.AsyncAnthropic(api_key="k", base_url=url, max_retries=0) as plain_two:
            other = guard(plain_two, ENGINE, host=ANN)
            assert await other.messages.create(model="m", max_tokens=9, messages=chat("hello"))
            with pytest.raises(DeniedError, match="secret"):
                await other.messages.create(model="m", max_tokens=9, messages=chat("a secret"))

    asyncio.run(go())
    assert len(seen) == 3


def test_what_limits_hold_is_settled_or_released(provider: Any) -> None:
    url, _ = provider
    limits = {"day": {"kind": "quota", "key": "user.id", "amount": 50_000, "window": {"fixed": "1d"}}, "slots": {"kind": "concurrency", "key": "user.id", "amount": 1}}
    rules = [{"id": "answer", "stages": ["response"], "when": "response.text.contains('password')", "actions": [{"type": "deny"}]}]
    engine = Engine({"version": "1.0", "metadata": {"name": "books"}, "config": {"default_action": "allow", "stages": ["request", "response"]}, "limits": limits, "rules": rules})
    nothing = {"user": {"id": "ann"}, "request": {"max_tokens": 0}}

    def used(call: Callable[[], Any]) -> float:
        before = {state.limit: state.used for state in engine.dry_run(nothing).limits}
        try:
            call()
        except (DeniedError, openai.OpenAIError):
            pass
        after = {state.limit: state.used for state in engine.dry_run(nothing).limits}
        assert after["slots"] == 1, "nothing is left under way"
        return after["day"] - before["day"]

    with openai.OpenAI(api_key="k", base_url=url + "/v1", max_retries=0) as plain:
        for answers in (True, False):
            client = guard(plain, engine, host=ANN, answers=answers)

            def chats(text: str, **more: Any) -> Callable[[], Any]:
                return lambda: client.chat.completions.create(model="m", messages=chat(text), max_tokens=100, **more)

            usage = {"usage": {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42}}
            assert used(chats("hello", extra_body=usage)) == 42
            assert used(chats("the password", extra_body=usage)) == 42
            assert used(chats("hello")) > 100, "what was estimated"
            assert used(chats("hello", extra_body={"status": 500})) == 0
            assert used(lambda: client.embeddings.create(model="m", input="hello")) > 0
            assert used(lambda: client.with_options(timeout=1e-9).chat.completions.create(model="m", messages=chat("hi"), max_tokens=100)) > 100
        assert 0 < used(lambda: list(client.chat.completions.create(model="m", messages=chat("hi"), stream=True, max_tokens=100))) < 100
        assert 0 < used(lambda: client.chat.completions.create(model="m", messages=chat("hi"), stream=True, max_tokens=100).close()) < 100
        assert used(lambda: client.completions.create(model="m", prompt="hi", stream=True, max_tokens=100)) > 100, "what was estimated"

    async def later() -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=url + "/v1", max_retries=0) as plain:
            client = guard(plain, engine, host=ANN)
            await client.chat.completions.create(model="m", messages=chat("hello"), extra_body={"usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}})

    assert used(lambda: asyncio.run(later())) == 10
