//! Random policies and contexts over a handful of fields of each kind.

mod conditions;
pub mod inputs;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

pub use conditions::condition;
use conditions::tool_condition;
pub use inputs::contexts;

/// A set of documents, and how they are used.
#[derive(Clone)]
pub struct Policies {
    /// The documents, as JSON.
    pub documents: Vec<Value>,
    /// Whether the host carries out everything or nothing.
    pub handled: bool,
    /// The fuel of a rule.
    pub fuel: u64,
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "handled: {}, fuel: {}", self.handled, self.fuel)?;
        self.documents.iter().try_for_each(|document| write!(f, "\n{document}"))
    }
}

impl Policies {
    /// The documents' texts.
    pub fn texts(&self) -> Vec<String> {
        self.documents.iter().map(Value::to_string).collect()
    }

    /// For each rule its document with that rule alone.
    pub fn each_rule_alone(&self) -> Vec<String> {
        let mut out = Vec::new();
        for document in &self.documents {
            for rule in document["rules"].as_array().into_iter().flatten() {
                let mut alone = document.clone();
                // What the document covers shall not depend on the rules left out.
                alone["rules"] = json!([rule]);
                let named = |e: &&Value| e["rules"].as_array().is_some_and(|r| r.contains(&rule["id"]));
                let exceptions: Vec<Value> =
                    document["exceptions"].as_array().into_iter().flatten().filter(named).cloned().collect();
                match alone.as_object_mut() {
                    Some(fields) if exceptions.is_empty() => drop(fields.remove("exceptions")),
                    Some(fields) => {
                        let only = |mut e: Value| {
                            e["rules"] = json!([rule["id"]]);
                            e
                        };
                        fields.insert("exceptions".into(), exceptions.into_iter().map(only).collect());
                    }
                    None => {}
                }
                out.push(alone.to_string());
            }
        }
        out
    }

    /// Whether any rule changes the request.
    pub fn rewrite(&self) -> bool {
        self.texts().iter().any(|t| t.contains("\"set\"") || t.contains("\"route\""))
    }
}

/// Some documents with some rules.
pub fn policies() -> impl Strategy<Value = Policies> {
    let fuel = prop_oneof![8 => Just(1_000_000_u64), 3 => Just(1_024_u64), 1 => Just(1_100_u64), 1 => Just(3_u64), 1 => Just(0_u64)];
    policies_of(1..4, 1..9, fuel)
}

/// Documents with so many rules that most of their tests are common.
pub fn crowds() -> impl Strategy<Value = Policies> {
    policies_of(1..3, 40..80, prop_oneof![1 => Just(1_000_000_u64), 1 => Just(4_096_u64)])
}

fn policies_of(
    documents: std::ops::Range<usize>,
    rules: std::ops::Range<usize>,
    fuel: impl Strategy<Value = u64>,
) -> impl Strategy<Value = Policies> {
    let documents = prop::collection::vec(document(rules), documents).prop_map(|mut documents| {
        for (number, document) in documents.iter_mut().enumerate() {
            document["metadata"] = json!({"name": format!("d{number}")});
        }
        documents
    });
    (documents, any::<bool>(), fuel).prop_map(|(documents, handled, fuel)| Policies { documents, handled, fuel })
}

fn maybe<S: Strategy<Value = Value>>(weight: f64, value: S) -> impl Strategy<Value = Value> {
    prop::option::weighted(weight, value).prop_map(|value| value.unwrap_or(Value::Null))
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    select(words).prop_map(Value::from)
}

/// A condition over who asks, as targets want it.
fn target() -> impl Strategy<Value = Value> {
    word(&[
        "user.tier == 'gold'",
        "user.region.startsWith('eu')",
        "user.mfa_verified",
        "user.roles.exists(r, r == 'admin') || user.tier != 'free'",
        "session.turn > 3",
        "user.attributes.c == 5",
    ])
}

fn document(rules: std::ops::Range<usize>) -> impl Strategy<Value = Value> {
    let config = (
        maybe(0.5, word(&["allow", "deny"])),
        word(&["deny_overrides", "deny_overrides", "first_match"]),
        any::<bool>(),
        word(&["error", "error", "default"]),
        word(&["enforce", "enforce", "enforce", "enforce", "shadow", "disabled"]),
        maybe(0.25, target()),
    )
        .prop_map(|(default_action, combine, fail_open, on_missing, mode, target)| {
            let all = json!({
                "default_action": default_action, "combine": combine, "fail_open": fail_open, "on_missing": on_missing,
                "mode": mode, "target": target, "stages": ["request", "response", "tool_call", "tool_result"],
            });
            without_nulls(all)
        });
    let variables = prop::collection::vec(condition(false), 3).prop_map(|conditions| {
        let named = |(at, text): (usize, String)| (format!("v{at}"), Value::from(text));
        Value::Object(conditions.into_iter().enumerate().map(named).collect::<Map<_, _>>())
    });
    let exceptions = prop::collection::vec(exception(), 0..2);
    let fallback =
        maybe(0.2, word(&["allow", "deny"]).prop_map(|action| json!({"action": action, "reason": "cannot tell"})));
    (config, variables, prop::collection::vec(rule(), rules), exceptions, fallback).prop_map(
        |(config, variables, mut rules, mut exceptions, fallback)| {
            for (at, rule) in rules.iter_mut().enumerate() {
                rule["id"] = json!(format!("r{at}"));
            }
            for (at, exception) in exceptions.iter_mut().enumerate() {
                exception["id"] = json!(format!("e{at}"));
                let first =
                    exception["rules"].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0) % rules.len();
                exception["rules"] = if first == 0 { json!(["r0"]) } else { json!([format!("r{first}"), "r0"]) };
            }
            without_nulls(json!({
                "version": "1.0",
                "metadata": {"name": "d"},
                "config": config,
                "schema": {
                    "house.level": {"type": "int", "missing": "default"},
                    "house.name": {"type": "string", "missing": "error"},
                    "house.flag": {"type": "bool", "missing": "default"},
                },
                "variables": variables,
                "lists": {"names": ["gold", "free", "ünder"], "numbers": [1, 5, 9_007_199_254_740_993_i64]},
                "tables": {
                    "texts": {"key": "string", "value": "string", "entries": {"gold": "free", "": "gpt", "ünder": "K"}},
                    "caps": {"key": "string", "value": "int", "entries": {"gold": 100, "gpt-4": -3}},
                    "names": {"key": "int", "value": "string", "entries": {"1": "gold", "5": "", "-3": "K"}},
                },
                "rules": rules,
                "exceptions": if exceptions.is_empty() { Value::Null } else { exceptions.into() },
                "fallback": fallback,
            }))
        },
    )
}

fn exception() -> impl Strategy<Value = Value> {
    let expires = maybe(0.3, word(&["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]));
    (condition(true), any::<u8>(), expires, any::<bool>()).prop_map(|(when, rule, expires, enabled)| {
        without_nulls(json!({"when": when, "rules": rule, "expires": expires, "enabled": enabled}))
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let stages = select(vec![
        json!(["request"]),
        json!(["request"]),
        json!(["request"]),
        json!(["response"]),
        json!(["request", "response"]),
        json!(["request", "tool_call"]),
        json!(["tool_call"]),
        json!(["tool_result"]),
        json!(["tool_call", "tool_result"]),
    ]);
    let mode = word(&["enforce", "enforce", "enforce", "enforce", "shadow", "disabled"]);
    let rollout = maybe(
        0.1,
        word(&["user.tier", "user.region", "user.attributes.c"])
            .prop_map(|by| json!({"percent": 50, "by": by, "salt": "s", "variants": {"a": 20, "b": 30}})),
    );
    let schedule = maybe(
        0.1,
        word(&["09:00-17:00", "17:00-09:00"])
            .prop_map(|hours| json!({"timezone": "Europe/Berlin", "during": [{"days": "mon-fri", "hours": hours}]})),
    );
    let actions = prop::collection::vec(action(), 1..4);
    let tool = (tool_condition(), any::<bool>());
    (condition(true), tool, -1..3_i32, stages, mode, rollout, schedule, actions).prop_map(
        |(when, (tool, first), priority, stages, mode, rollout, schedule, actions)| {
            let about_tools = stages.as_array().is_some_and(|s| s.iter().all(|s| s != "request" && s != "response"));
            let when = match (about_tools, first) {
                (false, _) => when,
                (true, true) => format!("({tool}) && ({when})"),
                (true, false) => format!("({when}) || ({tool})"),
            };
            without_nulls(json!({
                "id": "r", "when": when, "priority": priority, "stages": stages, "mode": mode, "rollout": rollout,
                "schedule": schedule, "actions": actions,
            }))
        },
    )
}

fn action() -> impl Strategy<Value = Value> {
    let all = [
        (6, json!({"type": "deny", "reason": "no", "code": "c-1"})),
        (3, json!({"type": "deny", "reason": "no, {{ user.tier }} of {{ request.max_tokens }}"})),
        (6, json!({"type": "allow"})),
        (3, json!({"type": "throttle", "delay_ms": 500})),
        (2, json!({"type": "throttle", "delay_ms": 70})),
        (3, json!({"type": "require_approval", "approvers": ["role:security"], "ttl": "1h"})),
        (2, json!({"type": "redact", "fields": ["request.prompt"], "style": "mask"})),
        (1, json!({"type": "set", "values": {"request.environment": "'prod'"}})),
        (1, json!({"type": "set", "values": {"request.max_tokens": "request.max_tokens > 5 ? 5 : 1"}})),
        (1, json!({"type": "route", "models": ["gpt-4", "gpt-5-mini"]})),
        (1, json!({"type": "route", "model": "gpt-{{ user.tier }}", "provider": "openai"})),
        (2, json!({"type": "suggest_alternative", "model": "gpt-5-mini"})),
        (3, json!({"type": "warn", "message": "careful, {{ session.turn }}"})),
        (2, json!({"type": "audit", "severity": "high", "alert": true, "metadata": {"model": "{{ request.model }}"}})),
        (2, json!({"type": "log", "level": "warning", "message": "seen"})),
        (2, json!({"type": "tag", "values": {"turn": "session.turn"}})),
        (1, json!({"type": "notify", "channel": "ops"})),
        (1, json!({"type": "custom", "handler": "h", "mandatory": true})),
        (1, json!({"type": "custom", "handler": "h"})),
    ];
    let weighted: Vec<_> = all.into_iter().map(|(weight, action)| (weight, Just(action).boxed())).collect();
    prop::strategy::Union::new_weighted(weighted)
}

fn without_nulls(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}
