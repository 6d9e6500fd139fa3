"""Docstrings: that there are some, and that what they show happens."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import pytest
from conftest import ROOT

import llm_policy_engine
from llm_policy_engine import Decision, Engine, Exchange, PreparedContext

DOCUMENTED: dict[str, Any] = {"llm_policy_engine": llm_policy_engine}
for name in llm_policy_engine.__all__:
    thing = getattr(llm_policy_engine, name)
    if inspect.isclass(thing) or inspect.isroutine(thing):
        DOCUMENTED[name] = thing
for cls in (Engine, Exchange, Decision):
    for name, member in vars(cls).items():
        if not name.startswith("_"):
            DOCUMENTED[f"{cls.__name__}.{name}"] = member


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_users_see_is_documented(name: str) -> None:
    doc = inspect.getdoc(DOCUMENTED[name])
    assert doc and doc.rstrip().endswith((".", ".\n", "`", "'", "True", "False", "]", ")", ">", "decision.allowed"))


def examples() -> list[doctest.DocTest]:
    parser = doctest.DocTestParser()
    found = [parser.get_doctest(inspect.getdoc(thing) or "", {}, name, None, None) for name, thing in DOCUMENTED.items()]
    return [test for test in found if test.examples]


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name)
def test_what_docstrings_show_happens(test: doctest.DocTest) -> None:
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert result.failed == 0, "".join(told)


def test_there_are_examples() -> None:
    assert {"Engine", "Decision", "Engine.evaluate_body", "Engine.exchange"} <= {test.name for test in examples()}
    assert PreparedContext.__doc__


@pytest.mark.parametrize("page", ["python/README.md", "docs/python.md"])
def test_what_pages_show_happens(page: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python blocks of a page, one after the other, as one program."""
    blocks: list[str] = []
    inside: list[str] | None = None
    for line in (ROOT / page).read_text().splitlines():
        if line == "```python":
            inside = []
        elif line == "```" and inside is not None:
            blocks.append("\n".join(inside))
            inside = None
        elif inside is not None:
            inside.append(line)
    assert blocks
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "models.yaml").write_text((ROOT / "examples" / "python" / "policies" / "models.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks:
        exec(compile(block, page, "exec", dont_inherit=True), names)  # noqa: S102
