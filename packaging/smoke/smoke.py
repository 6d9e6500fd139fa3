"""Says `allow deny fine` where the installed package works."""

from llm_policy_engine import Engine, InternalError, self_test_panic

engine = Engine("""
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - {id: no-preview, when: request.model.endsWith('-preview'), actions: [deny]}
""")
effects = [engine.evaluate({"request": {"model": model}}).effect for model in ("gpt-5", "gpt-5-preview")]
try:
    self_test_panic()
except InternalError:
    print(*effects, "fine")
