"""Guards the clients of the packages `openai` and `anthropic`.

    client = guard(OpenAI(), engine, host={"user": {"id": "ann"}})
    client.chat.completions.create(model="gpt-5", messages=[...])   # raises DeniedError when the policies deny it

What is judged is the request as the client would send it, whatever method made it, and then the answer. The guard stands where all of a
client's requests pass, so a method that this module does not know cannot go around it: it is refused.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from ._native import Engine, Exchange
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

    With `answers`, each answer is judged before it is given out, in the same exchange as its request. A stream cannot be judged, so
    asking for one is refused then; `answers=False` lets streams through, and judges requests only.

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
            exchange = judge.request(options, how.get("stream", False))
            answer = await send(cast_to, options, **how)
            return judge.answer(exchange, answer)

        guarded.request = request_later
    else:

        def request(cast_to: Any, options: Any, **how: Any) -> Any:
            exchange = judge.request(options, how.get("stream", False))
            return judge.answer(exchange, send(cast_to, options, **how))

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

    def request(self, options: Any, stream: bool) -> tuple[Exchange, Format] | None:
        """Raises unless the request may be sent; gives the exchange in which its answer is judged, if it is."""
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
        if self._answers and (stream or raw == "stream"):
            raise InvalidArgumentError(
                "a streamed answer cannot be judged",
                help="ask for an answer in one piece, or judge requests only: `guard(..., answers=False)`",
            )
        # As the client itself will join them.
        body = {**(options.json_data or {}), **(options.extra_json or {})}
        body = {name: value for name, value in body.items() if type(value).__name__ not in ("Omit", "NotGiven")}
        exchange = self._engine.exchange(self._host() if callable(self._host) else self._host)
        exchange.evaluate(body, format=format).raise_for_effect()
        return (exchange, format) if self._answers else None

    def answer(self, judged: tuple[Exchange, Format] | None, answer: Any) -> Any:
        """The answer, if it may be given out."""
        if judged is None:
            return answer
        exchange, format = judged
        if format == "openai-embeddings":
            return answer
        # A raw answer has its bytes; a model is written as it came.
        body = answer.http_response.content if hasattr(answer, "http_response") else answer.to_json(indent=None)
        exchange.evaluate(body, stage="response", format=format).raise_for_effect()
        return answer
