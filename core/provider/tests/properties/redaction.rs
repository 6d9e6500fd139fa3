//! A redacted body is a body of its format, and re-reads to the same structure.

use std::sync::LazyLock;

use llm_policy_detect::redact::{Redactor, Rule, Style, Vault, What};
use llm_policy_detect::{Family, Scanner, Scratch};
use llm_policy_engine::context::Stage;
use llm_policy_provider::{Body, Fate, Format};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generators::body;
use crate::{config, count};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::builder().families([Family::Pii]).build().unwrap());
const MAIL: &str = "ada@example.org";
const CARD: u64 = 4_111_111_111_111_111;

/// Puts personal data into some of a tree's texts and numbers, and into some names of fields.
fn sow(value: &mut Value, seed: &mut u64) {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    let dice = *seed >> 61;
    match value {
        Value::String(text) if dice < 3 && !text.starts_with('{') => text.push_str(&format!(" {MAIL}")),
        Value::String(text) if dice == 3 => *text = json!({"card": CARD, "to": [MAIL]}).to_string(),
        Value::Number(number) if dice < 4 => *number = CARD.into(),
        Value::Array(items) => items.iter_mut().for_each(|item| sow(item, seed)),
        Value::Object(fields) => {
            fields.values_mut().for_each(|item| sow(item, seed));
            if dice < 2 {
                fields.insert(MAIL.to_owned(), json!({MAIL: CARD, "x": [MAIL]}));
            }
        }
        _ => {}
    }
}

fn redact(format: Format, stage: Stage, bytes: &[u8], rules: &[Rule]) -> Option<Vec<u8>> {
    let mut redactor = Redactor::new([1; 32]).with_vault(Vault::new([2; 32], "test"));
    let body = Body::new(format, stage, bytes).unwrap();
    body.redact(rules, &SCANNER, &mut redactor, &mut Scratch::default()).ok().map(|redacted| redacted.bytes)
}

/// Whether two trees differ in texts, numbers and names of fields only.
fn same_structure(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_structure(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.values().zip(b.values()).all(|(a, b)| same_structure(a, b))
        }
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn rule(fields: &[&str], what: What, style: Style) -> Rule {
    let mut rule = Rule { what, style, ..Rule::default() };
    fields.iter().for_each(|field| rule.fields.add(field).unwrap());
    rule
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_redacted_body_is_a_body((format, stage, mut value) in body(), mut seed: u64, style in prop::sample::select(&Style::ALL)) {
        let must: Vec<Option<Value>> =
            format.shape(stage).unwrap().must.iter().map(|(name, _)| value.get(name).cloned()).collect();
        sow(&mut value, &mut seed);
        for ((name, _), kept) in format.shape(stage).unwrap().must.iter().zip(must) {
            value.as_object_mut().unwrap().insert((*name).to_owned(), kept.unwrap());
        }
        let bytes = serde_json::to_vec(&value).unwrap();
        let before = Body::new(format, stage, &bytes).unwrap();
        let redacted = redact(format, stage, &bytes, &[rule(&[], What::default(), style)]);
        prop_assert_eq!(before.context().is_ok(), redacted.is_some());
        let Some(redacted) = redacted else { return Ok(()) };
        let after = Body::new(format, stage, &redacted).unwrap();
        let tree: Value = serde_json::from_slice(&redacted).unwrap();
        prop_assert!(same_structure(&value, &tree), "{}\n{}", value, tree);
        prop_assert_eq!(count(&value), count(&tree));
        let (was, is) = (before.leaves().unwrap(), after.leaves().unwrap());
        prop_assert_eq!(was.len(), is.len());
        for (was, is) in was.iter().zip(&is) {
            match (&was.fate, &is.fate) {
                (Fate::Joined { field: was, .. }, Fate::Joined { field: is, .. }) => prop_assert_eq!(was, is),
                (was, is) => prop_assert_eq!(was, is, "{}\n{}", value, tree),
            }
        }
        let (was, is) = (before.context().unwrap(), after.context().unwrap());
        prop_assert!(same_structure(&was, &is), "{}\n{}", was, is);
        for leaf in after.leaves().unwrap() {
            let text = tree.pointer(&leaf.pointer()).and_then(Value::as_str).unwrap_or_default();
            if matches!(leaf.fate, Fate::Joined { .. }) {
                prop_assert!(!text.contains(MAIL) && !text.contains(&CARD.to_string()), "{}", text);
            }
        }
    }
}

/// Fields are those of the context, also those that the engine joins.
#[test]
fn fields_are_those_of_the_context() {
    let bytes = json!({"model": "m", "messages": [
        {"role": "system", "content": "s ada@example.org"}, {"role": "user", "content": [{"type": "text", "text": "u ada@example.org"}]},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function", "function":
            {"name": "f", "arguments": "{\"to\": \"ada@example.org\", \"card\": 4111111111111111}"}}]},
        {"role": "tool", "tool_call_id": "1", "content": "t ada@example.org"}],
        "user": "ada@example.org", "metadata": {"ada@example.org": "ada@example.org"}}).to_string();
    let left = |fields: &[&str]| {
        let rules = [rule(fields, What::default(), Style::Label)];
        let bytes = redact(Format::OpenaiChat, Stage::Request, bytes.as_bytes(), &rules).unwrap();
        let tree: Value = serde_json::from_slice(&bytes).unwrap();
        [
            "/messages/0/content",
            "/messages/1/content/0/text",
            "/messages/2/tool_calls/0/function/arguments",
            "/messages/3/content",
            "/user",
            "/metadata",
        ]
        .iter()
        .map(|place| if tree.pointer(place).unwrap().to_string().contains(MAIL) { 'x' } else { '-' })
        .collect::<String>()
    };
    assert_eq!(left(&[]), "----xx");
    assert_eq!(left(&["request.text"]), "------");
    assert_eq!(left(&["request.prompt"]), "x-x-xx");
    assert_eq!(left(&["request.system_prompt"]), "-xxxxx");
    assert_eq!(left(&["request.messages[2].text"]), "xx-xxx");
    assert_eq!(left(&["request.messages[].text"]), "----xx");
    assert_eq!(left(&["request.context", "request.tool_text"]), "xxx---");
    assert_eq!(left(&["response.text"]), "xxxxxx");
}

/// Arguments are an object as JSON text, and stay one also when they are replaced as a whole.
#[test]
fn arguments_stay_objects() {
    let bytes = json!({"id": "1", "type": "function", "function":
        {"name": "f", "arguments": "{\"note\": \"hello\", \"n\": 12, \"on\": true}"}})
    .to_string();
    let rules = [rule(&["tool.arguments"], What::Whole, Style::Label)];
    let redacted = redact(Format::OpenaiChat, Stage::ToolCall, bytes.as_bytes(), &rules).unwrap();
    let context = Body::new(Format::OpenaiChat, Stage::ToolCall, &redacted).unwrap().context().unwrap();
    assert_eq!(context["tool"]["arguments"], json!({"note": "[REDACTED]", "n": 0, "on": true}));
    let rules = [rule(&["tool.arguments.note"], What::Whole, Style::Remove)];
    let redacted = redact(Format::OpenaiChat, Stage::ToolCall, bytes.as_bytes(), &rules).unwrap();
    let context = Body::new(Format::OpenaiChat, Stage::ToolCall, &redacted).unwrap().context().unwrap();
    assert_eq!(context["tool"]["arguments"], json!({"note": "", "n": 12, "on": true}));
}
