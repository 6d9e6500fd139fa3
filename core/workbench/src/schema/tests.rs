//! What the readers accept is valid; what is misspelt is refused by both.

use std::path::Path;

use jsonschema::Validator;
use llm_policy_engine::document::{self, keys};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::cases;

fn validator(schema: &Json) -> Validator {
    jsonschema::meta::validate(schema).unwrap();
    jsonschema::validator_for(schema).unwrap()
}

fn accepted(document: &Json) -> bool {
    document::read(&document.to_string(), "policy.json", &mut |_| Ok("{\"a\": 1}".to_owned())).is_ok()
}

/// The values of a document's parts, each of which the reader accepts.
fn whole() -> Json {
    let actions = json!([
        "deny", "allow", {"audit": {}}, {"deny": {"reason": "{{ user.id }}", "code": "c", "public_message": "no"}},
        {"type": "throttle", "delay_ms": 1, "max_retries": 3, "reason": "r"},
        {"require_approval": {"approvers": ["role:a", "user:b", "group:c"], "ttl": "1h30m", "reason": "r"}},
        {"redact": {"fields": ["metadata.note"], "detect": ["email"], "style": "mask"}},
        {"route": {"models": ["a", "b"], "provider": "p"}}, {"type": "route", "model": "m"},
        {"set": {"request.max_tokens": "1"}}, {"type": "tag", "values": {"t": "user.id"}},
        {"suggest_alternative": {"model": "m", "message": "x", "metadata": {"a": [1, true, null]}}},
        {"warn": {"message": "w"}}, {"audit": {"severity": "high", "alert": true, "metadata": {"a": 1}}},
        {"log": {"level": "debug", "message": "m", "metadata": {}}}, {"notify": {"channel": "c", "message": "m"}},
        {"custom": {"handler": "h", "mandatory": true, "metadata": {}}},
    ]);
    let conditions = json!({"all": [
        "a == 1", true, {"field": "user.tier", "operator": "equals", "value": "x"},
        {"field": "user.tier", "operator": "not_in", "value": ["x", "y"]}, {"field": "user.tier", "operator": "exists"},
        {"any": [{"function": "glob", "args": ["a", "'b'"]}, {"none": [{"match": "b"}]}]},
    ]});
    json!({
        "version": "1.0",
        "metadata": {"name": "n", "namespace": "s", "description": "d", "owner": "o", "tags": ["t"], "revision": 3,
            "created_at": "2027-01-01T00:00:00Z", "updated_at": "2027-01-01T00:00:00+02:00"},
        "config": {"target": "user.tenant == 'a'", "stages": ["request", "response"], "default_action": "deny",
            "combine": "first_match", "fail_open": true, "on_missing": "default", "audit_all_decisions": false,
            "cache_ttl_seconds": 0, "mode": "shadow", "stream": "at_end",
            "detectors": {"profile": "code", "regions": ["DE", "US"], "thresholds": {"pii": 0.6, "email": 1, "badge": 0},
                "patterns": {"badge": "B-[0-9]{6}"}, "allow": ["info@example.org"], "max_bytes": 65536, "opaque": "warn"}},
        "schema": {"user.clearance": {"type": "int", "missing": "required", "description": "d"},
            "metadata.x": {"type": "map(string, list(double))"}},
        "variables": {"v": "1 + 1"},
        "lists": {"l": ["a", "b"], "m": [1, 2.5]},
        "tables": {"t": {"key": "string", "value": "int", "entries": {"a": 1}},
            "f": {"key": "string", "value": "int", "file": "t.json"}},
        "limits": {
            "day": {"description": "d", "mode": "shadow", "kind": "budget", "key": ["team.id", "request.model"],
                "when": "true", "amount": "10.5 USD", "window": {"calendar": "month", "timezone": "Europe/Berlin"},
                "cost": "1.0", "consistency": "strict", "on_store_loss": "allow", "on_expiry": "release", "max_open": 5,
                "steps": [{"at": 0.75, "do": "warn"}, {"at": 0.9, "do": {"route": {"model": "m"}}},
                    {"at": 1, "do": {"deny": {"code": "c"}}}]},
            "a": {"kind": "quota", "key": "user.id", "amount": 5, "window": {"fixed": "1d"}},
            "b": {"kind": "rate", "key": "user.id", "amount": "size(user.tier)", "window": {"bucket": "1m", "burst": 5}},
            "c": {"kind": "rate", "key": "user.id", "amount": 5, "window": {"sliding": "1m"}},
            "e": {"kind": "concurrency", "key": "user.id", "amount": 5},
        },
        "breakers": {
            "models": {"description": "d", "mode": "shadow", "stages": ["request", "response"], "when": "true",
                "key": ["request.provider", "request.model"], "error_rate": 0.5, "slow": {"over": "10s", "rate": 0.1},
                "consecutive_failures": 5, "window": "1m", "min_calls": 20, "open_for": "30s", "probes": 2,
                "probe_timeout": "1m", "do": {"route": {"model": "m"}}},
            "one": {"key": "request.model", "consecutive_failures": 5, "do": "throttle"},
            "everything": {},
        },
        "rules": [
            {"id": "r", "description": "d", "priority": -1, "enabled": false, "mandatory": false, "stages": ["response"],
                "when": "true", "mode": "shadow", "actions": actions, "metadata": {"anything": [1]},
                "rollout": {"percent": 10, "by": "user.id", "salt": "s", "variants": {"a": 4, "b": 6}},
                "schedule": {"timezone": "Europe/Berlin", "except": ["2026-12-25"],
                    "during": [{"days": "mon-fri", "hours": "09:00-17:00"}, {"days": ["sat", "sun"]}]}},
            {"id": "q", "conditions": conditions, "actions": ["allow"]},
        ],
        "exceptions": [{"id": "e", "description": "d", "rules": ["r"], "when": true, "expires": "2027-01-01T00:00:00Z",
            "enabled": true}],
        "fallback": {"action": "deny", "reason": "r"},
    })
}

/// The pointers to all values below `value`.
fn pointers(value: &Json, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Json::Object(entries) => entries.iter().for_each(|(key, value)| {
            pointers(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), out);
        }),
        Json::Array(items) => items.iter().enumerate().for_each(|(n, item)| pointers(item, &format!("{at}/{n}"), out)),
        _ => {}
    }
}

/// Parts in which anything may stand.
fn is_free(pointer: &str) -> bool {
    pointer.contains("/metadata/") && !pointer.starts_with("/metadata") || pointer.ends_with("/metadata/anything")
}

#[test]
fn a_document_with_every_key_is_accepted_by_both() {
    let whole = whole();
    let text = whole.to_string();
    if let Err(refused) = document::read(&text, "policy.json", &mut |_| Ok("{\"a\": 1}".to_owned())) {
        panic!("{refused}");
    }
    let errors: Vec<String> = validator(&super::policy()).iter_errors(&whole).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let keys = [keys::DOCUMENT, keys::CONFIG, keys::METADATA, keys::DETECTORS, keys::ROLLOUT, keys::SCHEDULE];
    for key in
        [keys.concat(), [keys::LIMIT, keys::LIMIT_WINDOW, keys::STEP, keys::BREAKER, keys::SLOW].concat()].concat()
    {
        assert!(text.contains(&format!("\"{key}\":")), "{key}");
    }
    for (action, keys) in keys::actions() {
        assert!(text.contains(&format!("\"{action}\"")), "{action}");
        assert!(keys.iter().all(|key| text.contains(&format!("\"{key}\":"))), "{action}");
    }
}

#[test]
fn every_key_of_the_readers_has_a_schema() {
    for schema in [super::policy(), super::test()] {
        let mut all = Vec::new();
        pointers(&schema, "", &mut all);
        for pointer in all {
            let is_key = pointer.rsplit_once('/').is_some_and(|(above, _)| above.ends_with("/properties"));
            assert!(!is_key || schema.pointer(&pointer) != Some(&json!(true)), "{pointer} has no schema");
        }
    }
}

#[test]
fn misspelt_keys_are_refused_by_both() {
    let validator = validator(&super::policy());
    let whole = whole();
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    let mut misspelt = 0;
    for pointer in all.iter().filter(|p| !is_free(p)) {
        // Keys of the author's choice can be anything.
        let chosen = [
            "/schema",
            "/variables",
            "/lists",
            "/tables",
            "/limits",
            "/breakers",
            "/entries",
            "/variants",
            "/set",
            "/values",
            "/patterns",
            "/thresholds",
        ];
        let Some(Json::Object(entries)) = whole.pointer(pointer) else { continue };
        if chosen.iter().any(|end| pointer.ends_with(end)) || pointer.ends_with("/metadata") && pointer != "/metadata" {
            continue;
        }
        for key in entries.keys() {
            let mut wrong = whole.clone();
            let object = wrong.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            let value = object.remove(key).unwrap();
            object.insert(format!("{key}x"), value);
            assert!(!accepted(&wrong), "the reader accepts {pointer}/{key}x");
            assert!(!validator.is_valid(&wrong), "the schema accepts {pointer}/{key}x");
            misspelt += 1;
        }
    }
    assert!(misspelt > 100, "{misspelt}");
}

#[test]
fn misspelt_words_are_refused_by_both() {
    let validator = validator(&super::policy());
    let whole = whole();
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    let words = [
        "mode",
        "combine",
        "default_action",
        "on_missing",
        "operator",
        "severity",
        "level",
        "style",
        "missing",
        "action",
        "key",
        "value",
        "type",
        "stages/0",
        "kind",
        "calendar",
        "consistency",
        "on_store_loss",
        "on_expiry",
        "profile",
        "opaque",
    ];
    let mut misspelt = 0;
    for pointer in all.iter().filter(|p| !is_free(p)) {
        let named = words.iter().any(|word| pointer.ends_with(&format!("/{word}")));
        // The value of a comparison is a text of the author's choice.
        let is_cel =
            ["/limits/", "/breakers/"].iter().any(|part| pointer.starts_with(part)) && pointer.ends_with("/key");
        if !named || is_cel || pointer.contains("/conditions/") && pointer.ends_with("/value") {
            continue;
        }
        let mut wrong = whole.clone();
        let value = wrong.pointer_mut(pointer).unwrap();
        let Json::String(word) = value else { continue };
        word.push('x');
        assert!(!accepted(&wrong), "the reader accepts {pointer}");
        assert!(!validator.is_valid(&wrong), "the schema accepts {pointer}");
        misspelt += 1;
    }
    assert!(misspelt > 15, "{misspelt}");
}

#[test]
fn contexts_of_the_examples_are_valid() {
    let validator = validator(&super::context());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contexts");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let context: Json = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let wrong = path.ends_with("wrong-type.json");
        assert_eq!(validator.is_valid(&context), !wrong, "{}", path.display());
    }
    assert!(!validator.is_valid(&json!({"user": {"roles": "admin"}})));
}

fn cases_whole() -> Json {
    json!({
        "version": "1.0", "description": "d", "policies": ["a.yaml"],
        "defaults": {"stage": "response", "now": "2027-01-01T00:00:00Z", "handles": "all"},
        "fixtures": {"ann": {"context": {"user": {"id": "ann"}}}},
        "tests": [
            {"name": "a", "description": "d", "base": "ann", "context": {"request": {}}, "with": {"request.model": "m"},
                "without": ["user.id"], "stage": "request", "handles": ["redact"], "used": {"day": 9.5}, "breakers": {"models": "open"},
                "expect": {"effect": "deny", "limit": "day", "limits": [{"limit": "day", "used": 9.5, "key": ["ann"],
                    "fits": false}]}},
            {"name": "b", "base": ["ann"], "variants": [{"name": "v", "expect": {"effect": "allow", "rule": null,
                "reason": {"contains": "x"}, "errors": ["user.id"], "matched": {"include": ["r"], "exclude": [{"rule": "q"}]},
                "warnings": "any", "obligations": [{"action": "audit", "params": {"severity": "high"}}],
                "retry_after_ms": 3, "route": {"model": "m"}, "shadow": "deny"}}]},
        ],
    })
}

#[test]
fn test_cases_are_valid_and_misspelt_ones_are_not() {
    let validator = validator(&super::test());
    let whole = cases_whole();
    let read = |cases: &Json| cases::read(&cases.to_string(), "a_test.json", &mut |_| Err("none".to_owned()));
    read(&whole).unwrap_or_else(|refused| panic!("{refused}"));
    let errors: Vec<String> = validator.iter_errors(&whole).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    let mut all = Vec::new();
    pointers(&whole, "", &mut all);
    let mut misspelt = 0;
    for pointer in &all {
        let free = ["/fixtures", "/context", "/with", "/used", "/breakers", "/params", "/user"];
        let Some(Json::Object(entries)) = whole.pointer(pointer) else { continue };
        if free.iter().any(|end| pointer.ends_with(end)) {
            continue;
        }
        for key in entries.keys() {
            let mut wrong = whole.clone();
            let object = wrong.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            let value = object.remove(key).unwrap();
            object.insert(format!("{key}x"), value);
            assert!(read(&wrong).is_err(), "the reader accepts {pointer}/{key}x");
            assert!(!validator.is_valid(&wrong), "the schema accepts {pointer}/{key}x");
            misspelt += 1;
        }
    }
    assert!(misspelt > 30, "{misspelt}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Parts are left out, moved and given other types: what the reader accepts, the schema accepts.
    #[test]
    fn what_the_reader_accepts_is_valid(changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..3)) {
        let validator = VALIDATOR.get_or_init(|| validator(&super::policy()));
        let mut document = whole();
        for (index, change) in changes {
            let mut all = Vec::new();
            pointers(&document, "", &mut all);
            let pointer = all[index.index(all.len())].clone();
            let Some((parent, key)) = pointer.rsplit_once('/') else { continue };
            let new = match change {
                0 | 1 => None,
                2 => Some(json!("word")),
                3 => Some(json!(1)),
                4 => Some(json!(true)),
                5 => Some(json!([])),
                6 => Some(Json::Object(Map::new())),
                _ => Some(json!(["a"])),
            };
            match (document.pointer_mut(parent), new) {
                (Some(Json::Object(object)), None) => { object.remove(key); }
                (Some(Json::Array(items)), None) => { items.remove(key.parse().unwrap()); }
                (_, Some(new)) => *document.pointer_mut(&pointer).unwrap() = new,
                _ => {}
            }
        }
        if accepted(&document) {
            let errors: Vec<String> = validator.iter_errors(&document).map(|e| format!("{} {e}", e.instance_path())).collect();
            prop_assert!(errors.is_empty(), "{errors:?}\n{document:#}");
        }
    }
}

static VALIDATOR: std::sync::OnceLock<Validator> = std::sync::OnceLock::new();
