"""What several tests use."""

from __future__ import annotations

from pathlib import Path

import pytest

from llm_policy_engine import Engine

ROOT = Path(__file__).parents[2]

MODELS = """
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - id: no-preview
    when: request.model.endsWith('-preview')
    actions: [{type: deny, reason: not for production, code: preview, public_message: Please take another model.}]
  - id: tagged
    when: "'x' in request.tags"
    actions: [{type: warn, message: tagged}]
  - id: short-answers
    stages: [response]
    when: user.tier == 'free' && size(response.text) > 20
    actions: [{type: deny, reason: too long for the free tier}]
"""


@pytest.fixture
def engine() -> Engine:
    """An engine with the policies `MODELS`."""
    return Engine(MODELS)
