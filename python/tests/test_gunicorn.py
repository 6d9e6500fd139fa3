"""gunicorn with --preload: the engine is made before the workers are forked, and 50 of them come and go under load."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

APPLICATION = '''
import json, os
from conftest import MODELS
from llm_policy_engine import Engine

ENGINE = Engine(MODELS)
assert ENGINE.evaluate({"request": {"model": "a", "tags": []}}).allowed

def application(environ, start_response):
    body = environ["wsgi.input"].read()
    decision = ENGINE.evaluate(body)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"pid": os.getpid(), "decision": json.loads(decision.to_json())}).encode()]
'''


@pytest.mark.skipif(not hasattr(os, "fork"), reason="gunicorn needs fork")
def test_fifty_workers_of_gunicorn(tmp_path: Path) -> None:
    (tmp_path / "guarded.py").write_text(APPLICATION)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    # A worker leaves after so many requests, and another is forked.
    command = [sys.executable, "-m", "gunicorn", "guarded:application", "--preload", "--workers", "5", "--max-requests", "20"]
    log = (tmp_path / "log").open("w+")
    server = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--pythonpath", f"{tmp_path},{Path(__file__).parent}"],
        cwd=tmp_path,
        stdout=log,
        stderr=log,
    )

    def ask(model: str) -> dict[str, object]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", "/", json.dumps({"request": {"model": model, "tags": []}}))
            answer: dict[str, object] = json.loads(connection.getresponse().read())
            return answer
        finally:
            connection.close()

    try:
        workers: set[object] = set()
        deadline = time.monotonic() + 100
        answers = refused = 0
        while len(workers) < 50:
            assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "log").read_text()[-3000:]
            model = "a-preview" if answers % 2 else "a"
            try:
                answer = ask(model)
            except (OSError, http.client.HTTPException):
                refused += 1  # the server has not begun, or a worker has just left
                time.sleep(0.02)
                continue
            answers += 1
            decision = answer["decision"]
            assert isinstance(decision, dict) and decision["effect"] == ("deny" if model == "a-preview" else "allow")
            workers.add(answer["pid"])
        assert answers >= 500
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
        log.close()
    assert not re.search(r"Traceback|panicked|SIGKILL|SIGSEGV|WORKER TIMEOUT", (tmp_path / "log").read_text())
