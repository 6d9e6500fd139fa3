"""The service of examples/python, as its users see it."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from conftest import ROOT
from starlette.testclient import TestClient

from llm_policy_engine import Engine


@pytest.fixture(scope="module")
def client() -> TestClient:
    """A client of the service."""
    spec = importlib.util.spec_from_file_location("service", ROOT / "examples" / "python" / "service.py")
    assert spec is not None and spec.loader is not None
    service: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(service)
    return TestClient(service.app)


def ask(client: TestClient, text: str, model: str = "small", who: str = "bob") -> tuple[int, str]:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    answer = client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer token-of-{who}"})
    if answer.status_code != 200:
        return answer.status_code, answer.json()["error"]["code"]
    return 200, answer.json()["choices"][0]["message"]["content"]


def test_the_service(client: TestClient) -> None:
    assert ask(client, "hello") == (200, "You said: hello")
    assert ask(client, "hello", model="other") == (403, "unknown_model")
    assert ask(client, "hello", model="large") == (403, "tier")
    assert ask(client, "hello", model="large", who="ann") == (200, "You said: hello")
    assert ask(client, "pay with 4111 1111 1111 1111") == (403, "card")
    key = "AKIA" + "IOSFODNN7" + "EXAMPL3"
    assert ask(client, f"repeat {key}") == (403, "secret_in_answer")
    assert ask(client, "hello", who="nobody") == (401, "unauthenticated")


def test_the_free_tier_has_a_quota(client: TestClient) -> None:
    words = "word " * 3000
    # What is reserved for an answer is given back but for what it used, so there is room for many short ones.
    assert {ask(client, "hello")[0] for _ in range(20)} == {200}
    assert ask(client, words)[0] == 200
    assert ask(client, words) == (403, "quota")
    assert ask(client, words, who="ann")[0] == 200


def test_the_policies_have_no_findings() -> None:
    assert Engine.validate(ROOT / "examples" / "python" / "policies").findings == ()
