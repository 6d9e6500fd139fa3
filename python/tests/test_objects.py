"""What contexts are made of: objects of many kinds, and those that misbehave."""

from __future__ import annotations

import enum
import json
import random
import types
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import pydantic
import pytest

from llm_policy_engine import Engine, InvalidInputError

ENGINE = Engine(
    {
        "version": "1.0",
        "metadata": {"name": "objects"},
        "config": {"default_action": "allow"},
        "rules": [
            {"id": "model", "when": "request.model == 'bad'", "actions": [{"type": "deny"}]},
            {"id": "tags", "when": "'bad' in request.tags", "actions": [{"type": "deny"}]},
            {"id": "tokens", "when": "request.max_tokens > 100", "actions": [{"type": "deny"}]},
            {"id": "free", "when": "request.context.a == 'bad'", "actions": [{"type": "deny"}]},
            {"id": "whole", "when": "metadata == {'a': [1, 2.5, 'ü', true, null, {}]}", "actions": [{"type": "deny"}]},
        ],
    }
)


def effects(context: Any) -> list[tuple[str, bool]]:
    return [(m.rule, m.failed) for m in ENGINE.evaluate(context).matched]


def matches(context: Any, rule: str) -> bool:
    return (rule, False) in effects(context)


class Text(str):
    """A `str` that says it is equal to whatever it is compared with, and to nothing."""

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return "something else"


class Names(str, enum.Enum):
    MODEL = "model"
    REQUEST = "request"
    BAD = "bad"


class Size(enum.IntEnum):
    LARGE = 101


class MyMapping(Mapping[str, Any]):
    def __init__(self, inside: dict[str, Any]) -> None:
        self.inside = inside

    def __getitem__(self, key: str) -> Any:
        return self.inside[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.inside)

    def __len__(self) -> int:
        return len(self.inside)


@dataclass
class Request:
    model: str
    tags: list[str] = field(default_factory=list[str])


@dataclass
class Context:
    request: Request


@dataclass(frozen=True, slots=True)
class Slotted:
    request: Any


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow", protected_namespaces=())
    model: str


class Whole(pydantic.BaseModel):
    request: Model

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def metadata(self) -> dict[str, Any]:
        return {"a": [1, 2.5, "ü", True, None, {}]}


class Base:
    """Plain attributes are no fields."""

    def __init__(self) -> None:
        self.request = {"model": "bad"}


@pytest.mark.parametrize(
    "context",
    [
        {"request": {"model": "bad"}},
        {"request": {"model": Text("bad")}},
        {Text("request"): {Text("model"): "bad"}},
        {Names.REQUEST: {Names.MODEL: Names.BAD}},
        OrderedDict(request=OrderedDict(model="bad")),
        defaultdict(dict, request={"model": "bad"}),
        UserDict({"request": UserDict({"model": "bad"})}),
        ChainMap[str, Any]({"request": {"model": "bad"}}, {"request": {}}),
        types.MappingProxyType({"request": types.MappingProxyType({"model": "bad"})}),
        MyMapping({"request": MyMapping({"model": "bad"})}),
        Context(Request("bad")),
        Slotted(Request("bad")),
        {"request": Request("bad")},
        {"request": Model(model="bad")},
        Whole(request=Model(model="bad")),
    ],
    ids=lambda context: type(context).__name__,
)
def test_objects_with_fields(context: Any) -> None:
    assert matches(context, "model")


def test_models_of_pydantic_give_their_computed_and_extra_fields() -> None:
    assert matches(Whole(request=Model(model="a")), "whole")
    assert matches({"request": Model.model_validate({"model": "a", "tags": ["bad"]})}, "tags")


def test_lists_and_numbers() -> None:
    for tags in (["a", "bad"], ("a", "bad"), type("L", (list,), {})(["bad"])):
        assert matches({"request": {"tags": tags}}, "tags")
    for tokens in (101, 101.0, Size.LARGE, 2**63 - 1, 2**53 + 1, True + 100):
        assert matches({"request": {"max_tokens": tokens}}, "tokens"), tokens
    for tokens in (100, -(2**63), -0.0):
        assert not matches({"request": {"max_tokens": tokens}}, "tokens")
    # A bool is no number, and a number beyond int is no int.
    for tokens in (True, 2**63, 1e300):
        assert ("tokens", True) in effects({"request": {"max_tokens": tokens}})


def test_none_is_the_same_as_no_field() -> None:
    assert effects({"request": {"model": None}}) == effects({"request": {}}) == effects({"request": None}) == effects({})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**64, "more than 64 bits"),
        (-(2**63) - 1, "more than 64 bits"),
        (10**5000, "more than 64 bits"),
        (float("nan"), "NaN"),
        (float("inf"), "infinite"),
        (float("-inf"), "infinite"),
        ({1, 2}, "type `set`"),
        (frozenset(), "sorted"),
        (b"bytes", "decode"),
        (Decimal(1), "float"),
        (datetime(2026, 1, 1), "isoformat"),
        (1j, "type `complex`"),
        (object(), "type `object`"),
        (Base(), "type `Base`"),
        (Request, "type `type`"),
        (lambda: 1, "type `function`"),
        (iter([]), "type `list_iterator`"),
        ("\ud800", "surrogate"),
        (Text("\udfff"), "surrogate"),
        ({1: 2}, "key of type `int`"),
        ({None: 2}, "key of type `NoneType`"),
        ({"\ud800": 2}, "surrogate"),
        ({"a": {("a",): 2}}, "key of type `tuple`"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value[:12].encode("ascii", "replace").decode(),
)
def test_what_no_context_holds(value: Any, message: str) -> None:
    for context in ({"request": {"context": value}}, {"metadata": {"deep": [value]}}, MyMapping({"metadata": {"deep": value}})):
        if context == {"request": {"context": value}} and not isinstance(value, dict):
            continue  # A value that does not fit is not looked into: the rule that reads it fails.
        with pytest.raises(InvalidInputError, match=message) as refused:
            ENGINE.evaluate(context)
        assert not refused.value.decision.allowed
        assert "`metadata" in str(refused.value) or "`request" in str(refused.value)
        with pytest.raises(InvalidInputError, match=message):
            ENGINE.prepare(context)
        with pytest.raises(InvalidInputError, match=message):
            ENGINE.explain(context)
        with pytest.raises(InvalidInputError, match=message):
            ENGINE.evaluate_body({"model": "a", "messages": [value]}, format="openai-chat")


def test_what_policies_do_not_ask_for_is_not_looked_at() -> None:
    assert ENGINE.evaluate({"request": {"model": "a", "tags": [], "max_tokens": 1, "context": {"a": ""}}, "metadata": {}, "other": object()}).allowed


def test_cycles_and_depth() -> None:
    loop: list[Any] = []
    loop.append(loop)
    ring: dict[str, Any] = {}
    ring["metadata"] = ring
    deep: Any = "x"
    for _ in range(200_000):
        deep = [deep]
    for context in ({"metadata": {"a": loop}}, ring, {"metadata": {"a": deep}}):
        for ask in (ENGINE.evaluate, ENGINE.prepare, ENGINE.explain, ENGINE.exchange):
            with pytest.raises(InvalidInputError, match="nested deeper than 128 levels"):
                ask(context)
    while isinstance(deep, list):  # or freeing it would recurse
        deep = deep[0]
    fits: Any = "x"
    for _ in range(126):
        fits = [fits]
    ENGINE.evaluate({"metadata": {"a": fits}})
    ENGINE.evaluate(json.dumps({"metadata": {"a": fits}}))
    fits = [[fits]]
    for form in ({"metadata": {"a": fits}}, json.dumps({"metadata": {"a": fits}})):
        with pytest.raises(InvalidInputError, match="nested deeper"):
            ENGINE.evaluate(form)


def test_few_objects_that_are_much() -> None:
    much: Any = "x" * 100
    for _ in range(40):
        much = [much] * 10
    for ask in (ENGINE.evaluate, ENGINE.prepare, ENGINE.explain):
        with pytest.raises(InvalidInputError, match="larger than 67108864 bytes"):
            ask({"metadata": {"a": much}})


class Endless(MyMapping):
    def items(self) -> Any:
        while True:
            yield ("a" * 1000 + str(random.random()), 1)


class Pairs(MyMapping):
    def items(self) -> Any:
        return self.inside


class Twice(MyMapping):
    def items(self) -> Any:
        return [("model", "good"), ("model", "bad")]


def test_names_that_are_there_twice() -> None:
    for request in (Twice({}), {Text("model"): "good", "model": "bad"}, {"model": "good", Text("model"): "bad"}):
        with pytest.raises(InvalidInputError, match="field `model` is repeated"):
            ENGINE.evaluate({"request": request})
    with pytest.raises(InvalidInputError, match="differs from `model` only in case"):
        ENGINE.evaluate({"request": {"Model": "a"}})
    clash = Model(model="a")
    clash.__pydantic_extra__ = {"model": "bad"}
    with pytest.raises(InvalidInputError, match="repeated"):
        ENGINE.evaluate({"request": clash})


def test_mappings_that_misbehave() -> None:
    with pytest.raises(InvalidInputError, match="larger than"):
        ENGINE.evaluate({"request": Endless({})})
    with pytest.raises(InvalidInputError, match="pairs"):
        ENGINE.evaluate({"request": Pairs([1])})  # type: ignore[arg-type]


class Raising(MyMapping):
    def __init__(self, error: BaseException) -> None:
        super().__init__({"model": 1})
        self.error = error

    def __getitem__(self, key: str) -> Any:
        raise self.error


class RaisingDict(dict[str, Any]):
    def items(self) -> Any:
        raise KeyError("no")


class RaisingProperty(pydantic.BaseModel):
    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def model(self) -> str:
        raise RuntimeError("no")


def test_what_objects_raise_is_the_cause() -> None:
    for request, error in ((Raising(OSError("no")), OSError), (RaisingDict(), KeyError), (RaisingProperty(), RuntimeError)):
        for ask in (ENGINE.evaluate, ENGINE.prepare, ENGINE.explain):
            with pytest.raises(InvalidInputError, match=f"`request.*raised {error.__name__}") as refused:
                ask({"request": request})
            assert isinstance(refused.value.__cause__, error)
    for interrupt in (KeyboardInterrupt(), SystemExit()):
        for ask in (ENGINE.evaluate, ENGINE.prepare, ENGINE.explain):
            with pytest.raises(type(interrupt)):
                ask({"request": Raising(interrupt)})
        with pytest.raises(type(interrupt)):
            ENGINE.evaluate_batch([{"request": Raising(interrupt)}])
    assert ENGINE.evaluate({"request": {"model": "bad"}}).effect == "deny"


def test_a_dict_that_changes_while_it_is_read() -> None:
    request: dict[str, Any] = {"a": 1, "model": None, "tags": []}

    class Growing(MyMapping):
        def items(self) -> Any:
            request.update({f"k{n}": n for n in range(1000)})
            return [("a", "x")]

    request["context"] = Growing({})
    with pytest.raises(InvalidInputError, match="changes while it is read"):
        ENGINE.evaluate({"request": request})
    tags = ["x"] * 100

    class Shrinking(MyMapping):
        def items(self) -> Any:
            tags.clear()
            return []

    tags[3] = Shrinking({})  # type: ignore[call-overload]
    ENGINE.evaluate({"metadata": {"a": tags}})


def test_a_context_that_asks_the_engine_while_it_is_read() -> None:
    class Asking(MyMapping):
        def items(self) -> Any:
            assert not ENGINE.evaluate({"request": {"model": "bad"}}).allowed
            return [("model", "bad")]

    assert matches({"request": Asking({})}, "model")

    class Endlessly(MyMapping):
        def items(self) -> Any:
            ENGINE.evaluate({"request": self})
            return []

    with pytest.raises(InvalidInputError):
        ENGINE.evaluate({"request": Endlessly({})})


def test_random_objects_give_what_their_json_gives() -> None:
    """The same decision from an object and from its JSON, also when both are refused."""
    pick = random.Random(4)
    words = ["request", "model", "tags", "max_tokens", "context", "metadata", "a", "bad", "Model", "ü", "", "\U0001f600"]

    def value(depth: int) -> Any:
        kind = pick.randrange(9 if depth < 4 else 6)
        if kind == 0:
            return pick.choice(words)
        if kind == 1:
            return pick.choice([0, 1, 101, -1, 2**53, 2**53 + 1, 2**63, 2**64 - 1, -(2**63)])
        if kind == 2:
            return pick.choice([0.5, 1.0, -0.0, 1e300, 101.0, 1e16])
        if kind == 3:
            return pick.choice([True, False, None])
        if kind in (4, 5):
            return pick.choice(words)
        if kind == 6:
            return [value(depth + 1) for _ in range(pick.randrange(4))]
        return {pick.choice(words): value(depth + 1) for _ in range(pick.randrange(6))}

    def outcome(context: Any) -> str:
        try:
            return ENGINE.evaluate(context).to_json()
        except InvalidInputError as error:
            return "refused: " + ("case" if "only in case" in str(error) else str(error))

    decided = 0
    for _ in range(5000):
        context = {word: value(0) for word in pick.sample(words, 4)}
        context["request"] = {word: value(1) for word in pick.sample(words, 5)}
        expected = outcome(json.dumps(context))
        assert outcome(context) == outcome(MyMapping(context)) == expected, context
        decided += not expected.startswith("refused")
    assert decided > 1000
