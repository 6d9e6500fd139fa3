"""Types: of the package, of its tests, and the stubs against what is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKED = ["tests"]


def run(*command: str) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=HERE.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_strict() -> None:
    run("mypy", "--strict", "--python-executable", sys.executable, "src", "tests")


def test_pyright() -> None:
    run("pyright", "--pythonpath", sys.executable)


def test_everything_public_has_a_type() -> None:
    run("pyright", "--pythonpath", sys.executable, "--verifytypes", "llm_policy_engine", "--ignoreexternal")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="what enumerations look like at run time differs before 3.11")
def test_stubs_are_what_is_there() -> None:
    run("mypy.stubtest", "llm_policy_engine", "--allowlist", str(HERE / "stubtest.allow"))
