//! The schema of files of test cases.

use llm_policy_engine::Effect;
use llm_policy_engine::breakers::Stands;
use llm_policy_engine::context::Stage;
use llm_policy_engine::handles::HANDLED;
use serde_json::{Map, Value as Json, json};

use super::{DRAFT, boolean, doc, instant, list, object, one_of, reference, some, some_text, text, with};
use crate::cases::Key;
use crate::cases::read::{BREAKERS, CONTEXT, FILE, QUESTION, USED};

pub(super) fn schema() -> Json {
    let root = object(FILE, &["tests"], |key| match key {
        "version" => json!({"enum": ["1.0", 1.0]}),
        "policies" => doc(list(some_text()), "The policies that are tested, beside this file."),
        "defaults" => doc(object(QUESTION, &[], part), "What cases ask that do not say otherwise."),
        "fixtures" => doc(
            json!({"type": "object", "additionalProperties": object(CONTEXT, &[], part)}),
            "Contexts with a name, for `base`.",
        ),
        "tests" => some(reference("case")),
        // Anything that people write for people.
        _ => json!({}),
    });
    let keys = |own: &[&'static str]| [own, CONTEXT, QUESTION].concat();
    let variant = object(&keys(&["name", "expect", USED, BREAKERS]), &["name"], part);
    let case =
        object(&keys(&["name", "description", "expect", "variants", USED, BREAKERS]), &["name"], |key| match key {
            "variants" => doc(some(variant.clone()), "Cases that differ from this one in what they say."),
            key => part(key),
        });
    let case = with(case, json!({"anyOf": [{"required": ["expect"]}, {"required": ["variants"]}]}));
    let definitions = json!({"case": case, "expect": expect(), "text": expected_text(), "effect": effect()});
    with(json!({"$schema": DRAFT, "title": "Test cases of policies"}), with(root, json!({"$defs": definitions})))
}

fn part(key: &str) -> Json {
    let stages: Vec<&str> = Stage::ALL.iter().map(|stage| stage.name()).collect();
    match key {
        "name" => some_text(),
        "expect" => reference("expect"),
        "base" => doc(json!({"anyOf": [some_text(), list(some_text())]}), "Fixtures that the context begins with."),
        "file" => doc(some_text(), "A file with a context."),
        "context" => json!({"type": "object", "description": "The context, or what it adds."}),
        "with" => json!({"type": "object", "description": "Paths with new values."}),
        "without" => doc(list(some_text()), "Paths that are left out."),
        "stage" => one_of(&stages),
        USED => doc(
            json!({"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}),
            "What limits have been used before, by name: dollars, tokens or requests.",
        ),
        BREAKERS => doc(
            json!({"type": "object", "additionalProperties": one_of(&Stands::NAMES.map(|(name, _)| name))}),
            "How circuit breakers stand, by name.",
        ),
        "now" => doc(instant(), "The time that conditions see."),
        "handles" => json!({"anyOf": [{"const": "all"}, list(one_of(&HANDLED))]}),
        _ => json!({}),
    }
}

fn effect() -> Json {
    one_of(&[Effect::Allow, Effect::Deny, Effect::Throttle, Effect::RequireApproval].map(Effect::name))
}

/// A text, a part of one, or none.
fn expected_text() -> Json {
    json!({"anyOf": [text(), {"type": "null"}, object(&["contains"], &["contains"], |_| some_text())]})
}

fn expect() -> Json {
    let mut properties = Map::new();
    for key in Key::ALL {
        properties.insert(key.name().to_owned(), expected(*key));
    }
    json!({"anyOf": [effect(), {"type": "object", "properties": properties, "additionalProperties": false}]})
}

fn expected(key: Key) -> Json {
    let texts = |keys: &[&str]| object(keys, &[], |key| if key == "effect" { effect() } else { reference("text") });
    let nullable = |schema: Json| json!({"anyOf": [schema, {"type": "null"}]});
    let item_of = key;
    if let Some((_, keys)) = key.item() {
        let item = object(keys, &[], |key| match key {
            "params" | "by" | "actions" => json!({}),
            "failed" => boolean(),
            "policy" | "limit" | "kind" | "resets_at" => reference("text"),
            _ if matches!(item_of, Key::Limits) => json!({}),
            _ => reference("text"),
        });
        let items = list(json!({"anyOf": [reference("text"), item]}));
        let choices = object(&["include", "exclude"], &[], |_| some(items.get("items").cloned().unwrap_or_default()));
        return nullable(json!({"anyOf": [items, choices, {"enum": ["any", "none"]}]}));
    }
    match key {
        Key::Effect => effect(),
        Key::RetryAfterMs => nullable(json!({"type": "integer", "minimum": 0})),
        Key::Rule | Key::Policy | Key::Limit | Key::Breaker => nullable(some_text()),
        Key::Route => json!({"anyOf": [reference("text"), texts(&["model", "provider"])]}),
        Key::Shadow => nullable(
            json!({"anyOf": [effect(), texts(&["effect", "rule", "limit", "breaker", "policy", "code", "reason"])]}),
        ),
        _ => reference("text"),
    }
}
