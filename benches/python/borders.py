"""What a decision costs in Python: ours, and other engines that Python has.

    python borders.py FOLDER MILLISECONDS TURNS

FOLDER is a workload that the program `borders` wrote. Every contender's answer is checked before the clock starts.
"""

import json
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

import casbin
import cedarpy
import cel
from cel_expr_python import cel as cel_expr
from llm_policy_engine import Engine
from turns import Call, take

FOLDER = Path(sys.argv[1])
WORKLOAD = json.loads((FOLDER / "workload.json").read_text())
BYTES = (FOLDER / "request.json").read_bytes()
REQUEST = json.loads(BYTES)


def agree(contender: str, denied: bool, deciding: list[str]) -> None:
    if denied != WORKLOAD["denied"] or sorted(deciding) != WORKLOAD["deciding"]:
        raise SystemExit(f"{contender} says {denied} by {deciding} on {WORKLOAD['name']}, not {WORKLOAD['denied']} by {WORKLOAD['deciding']}")


def ours() -> list[tuple[str, Call]]:
    engine = Engine(FOLDER / "policy.yaml")
    prepared = engine.prepare(REQUEST)
    calls: list[tuple[str, Call]] = [
        ("json", lambda: engine.evaluate(BYTES).allowed),
        ("object", lambda: engine.evaluate(REQUEST).allowed),
        ("prepared", lambda: engine.evaluate(prepared).allowed),
    ]
    for context in (BYTES, REQUEST, prepared):
        decision = engine.evaluate(context)
        agree("ours", not decision.allowed, [rule.rule for rule in decision.matched])
    return calls


def matching(results: list[bool]) -> list[str]:
    return [name for name, holds in zip(WORKLOAD["ids"], results) if holds is True]


def cel_expr_python() -> list[tuple[str, Call]]:
    roots = {name: cel_expr.Type.Map(cel_expr.Type.STRING, cel_expr.Type.DYN) for name in REQUEST}
    env = cel_expr.NewEnv(variables=roots)
    expressions = [env.compile(condition) for condition in WORKLOAD["cel"]]
    activation = env.Activation(REQUEST)

    def prepared() -> list[bool]:
        return [expression.eval(activation).value() for expression in expressions]

    def from_object() -> list[bool]:
        activation = env.Activation(REQUEST)
        return [expression.eval(activation).value() for expression in expressions]

    for results in (prepared(), from_object()):
        agree("cel-expr-python", True, matching(results))
    return [("object", from_object), ("prepared", prepared)]


def common_expression_language() -> list[tuple[str, Call]]:
    programs = [cel.compile(condition) for condition in WORKLOAD["cel"]]
    context = cel.Context(variables=REQUEST)

    def prepared() -> list[bool]:
        return [program.execute(context) for program in programs]

    def from_object() -> list[bool]:
        context = cel.Context(variables=REQUEST)
        return [program.execute(context) for program in programs]

    for results in (prepared(), from_object()):
        agree("common-expression-language", True, matching(results))
    return [("object", from_object), ("prepared", prepared)]


def cedar() -> list[tuple[str, Call]]:
    said = WORKLOAD["cedar"]
    if said is None:
        return []
    policies = cedarpy.PolicySet.from_str(said["policies"])
    entities = cedarpy.Entities.from_json_str("[]")
    request = {part: said[part] for part in ("principal", "action", "resource", "context")}

    def from_object() -> cedarpy.AuthzResult:
        return cedarpy.is_authorized(request, policies, entities)

    result = from_object()
    # Policies are numbered in their order.
    names = dict(zip((f"policy{n}" for n in range(len(WORKLOAD["ids"]))), WORKLOAD["ids"]))
    agree("cedarpy", not result.allowed, [names.get(name, name) for name in result.diagnostics.reasons])
    return [("object", from_object)]


def casbin_enforcer() -> list[tuple[str, Call]]:
    """One condition: more would be `eval` of each, which Casbin compiles at each call."""
    if len(WORKLOAD["cel"]) != 1:
        return []
    roots = "|".join(REQUEST)
    matcher = re.sub(rf"\b({roots})\.", r"r.ctx.\1.", WORKLOAD["cel"][0])
    model = casbin.Model()
    model.load_model_from_text(
        "[request_definition]\nr = ctx\n[policy_definition]\np = name, eft\n"
        f"[policy_effect]\ne = !some(where (p.eft == deny))\n[matchers]\nm = {matcher}\n"
    )
    enforcer = casbin.Enforcer(model)
    enforcer.add_policy(WORKLOAD["ids"][0], "deny")
    allowed, deciding = enforcer.enforce_ex(REQUEST)
    agree("casbin", not allowed, deciding[:1])
    return [("object", lambda: enforcer.enforce(REQUEST))]


def main() -> None:
    contenders = {
        "ours": ours,
        f"cel-expr-python {version('cel-expr-python')}": cel_expr_python,
        f"common-expression-language {version('common-expression-language')}": common_expression_language,
        f"cedarpy {version('cedarpy')}": cedar,
        f"casbin {version('casbin')}": casbin_enforcer,
    }
    print(json.dumps({"runtime": f"{platform.python_implementation()} {platform.python_version()}"}), flush=True)
    take(
        [(contender, name, call) for contender, make in contenders.items() for name, call in make()],
        float(sys.argv[2]),
        int(sys.argv[3]),
    )


main()
