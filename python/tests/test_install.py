"""The wheel in an empty project: nothing else is installed there, and it works."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

USE = '''
import sys
from llm_policy_engine import Engine, InternalError, self_test_panic
engine = Engine("policies/")
assert engine.evaluate({"request": {"model": "gpt-5"}}).allowed
assert not engine.evaluate({"request": {"model": "gpt-5-preview"}}).allowed
import llm_policy_engine.asgi, llm_policy_engine.clients, llm_policy_engine.litellm
foreign = {name.split(".")[0] for name in sys.modules} & {"openai", "anthropic", "litellm", "pydantic", "starlette", "httpx"}
assert not foreign, foreign
try:
    self_test_panic()
except InternalError:
    print("fine")
'''

POLICY = """
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - {id: no-preview, when: request.model.endsWith('-preview'), actions: [{type: deny}]}
"""


@pytest.fixture(scope="module")
def wheel() -> Path:
    """The wheel that is under test: tests/run.sh says which."""
    return Path(os.environ["LLM_POLICY_WHEEL"])


def test_the_wheel_has_what_it_should(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as inside:
        names = inside.namelist()
        (metadata,) = [inside.read(name).decode() for name in names if name.endswith("METADATA")]
    assert "llm_policy_engine/py.typed" in names and "llm_policy_engine/_native.pyi" in names
    assert not [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")], "there is no run-time dependency"
    assert "Requires-Python: >=3.10" in metadata
    assert "-cp310-abi3-" in wheel.name


def test_an_empty_project(wheel: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", wheel], check=True)
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "models.yaml").write_text(POLICY)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    used = subprocess.run([python, "-c", USE], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert used.stdout == "fine\n", used.stderr
