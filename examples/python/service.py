"""A chat service that is guarded before and after a model.

    pip install llm-policy-engine fastapi uvicorn
    uvicorn service:app

The model is a fake that answers with what it is asked; put a call of a real one in its place. Callers say who they are with a token.
"""

import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from llm_policy_engine import Engine
from llm_policy_engine.asgi import PolicyMiddleware

ENGINE = Engine(Path(__file__).parent / "policies")

TOKENS = {"token-of-ann": {"id": "ann", "tier": "staff"}, "token-of-bob": {"id": "bob", "tier": "free"}}


class Message(BaseModel):
    """One message of a chat."""

    role: str
    content: str


class ChatRequest(BaseModel):
    """What a caller sends, in OpenAI's form."""

    model: str
    messages: list[Message]


def who_asks(scope: Any) -> dict[str, Any] | None:
    """The authenticated caller, as the policies see it; None is answered with 401. A body can never say who asks."""
    authorization = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
    user = TOKENS.get(authorization.removeprefix("Bearer "))
    return {"user": user} if user else None


def model(request: ChatRequest) -> tuple[str, dict[str, int]]:
    """A fake model: what it says, and the tokens that it counted."""
    text = f"You said: {request.messages[-1].content}"
    read, written = sum(len(message.content.split()) for message in request.messages), len(text.split())
    return text, {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


app = FastAPI()
app.add_middleware(
    PolicyMiddleware,
    engine=ENGINE,
    paths={"/v1/chat/completions": "openai-chat"},
    host=who_asks,
    answers=True,
)


@app.post("/v1/chat/completions")
def chat(request: ChatRequest) -> dict[str, Any]:
    """Reached only by what the policies allow; and what it returns is judged before it is sent, and settled with its `usage`."""
    text, usage = model(request)
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    answer = {"id": "1", "object": "chat.completion", "created": int(time.time()), "model": request.model}
    return {**answer, "choices": [choice], "usage": usage}
