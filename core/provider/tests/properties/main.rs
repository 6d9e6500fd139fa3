//! What holds for any body of any format.

#![expect(clippy::unwrap_used, reason = "a test")]

mod generators;
mod redaction;

use bumpalo::Bump;
use llm_policy_engine::context::{FIELDS, Source, Stage};
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options, document};
use llm_policy_provider::{Body, Fate, Format};
use proptest::prelude::*;
use serde_json::{Value, json};

use generators::{body, put, shapes};

fn texts<'v>(value: &'v Value, out: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => out.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Value::Object(fields) => fields.values().for_each(|item| texts(item, out)),
        _ => {}
    }
}

fn count(value: &Value) -> usize {
    let mut all = Vec::new();
    texts(value, &mut all);
    all.len()
}

/// A policy whose reason is what `request.text` holds; templates may not repeat it, so a rule asks for a text in it.
fn denies(format: Format, stage: Stage, body: &[u8], text: &str) -> bool {
    let policy = json!({
        "version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"},
        "rules": [{"id": "r", "stages": [stage.name()], "when": format!("request.text.contains({})", json!(text)),
            "actions": [{"type": "deny", "reason": "found"}]}]
    });
    let document = document::read(&policy.to_string(), "a.json", &mut document::no_files).unwrap();
    let (engine, _) = Engine::new(vec![document], Options::default()).unwrap();
    let body = Body::new(format, stage, body).unwrap();
    engine.evaluate(stage, &body, jiff::Timestamp::UNIX_EPOCH).unwrap().reason() == "found"
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// Each text is accounted for, once, and is where its fate says.
    #[test]
    fn every_text_is_seen((format, stage, value) in body()) {
        let bytes = value.to_string();
        let body = Body::new(format, stage, bytes.as_bytes()).unwrap();
        // Two spellings of one name are refused; what is refused has no texts.
        let (Ok(context), Ok(leaves)) = (body.context(), body.leaves()) else {
            prop_assert_eq!(body.context().is_err(), body.leaves().is_err());
            return Ok(());
        };
        let mut pointers: Vec<String> = leaves.iter().map(|leaf| leaf.pointer()).collect();
        pointers.sort();
        pointers.dedup();
        prop_assert_eq!(pointers.len(), leaves.len(), "a leaf is there twice: {:?}", leaves);
        prop_assert_eq!(leaves.len(), count(&value), "{:?}", leaves);
        let mut seen = Vec::new();
        texts(&context, &mut seen);
        for leaf in &leaves {
            let text = value.pointer(&leaf.pointer()).and_then(Value::as_str).unwrap();
            match &leaf.fate {
                Fate::Known => prop_assert!(!text.is_empty()),
                Fate::Media(_) => prop_assert!(!text.contains(' ')),
                Fate::Joined { field, range } => {
                    let joined = at(&context, field).and_then(Value::as_str);
                    prop_assert_eq!(joined.and_then(|j| j.get(range.clone())), Some(text), "{} {}", field, context);
                }
                Fate::Kept { field } if field.ends_with(".arguments") => {
                    prop_assert!(at(&context, field).is_some());
                }
                Fate::Kept { field } | Fate::Opaque { field, .. } => {
                    let mut held = Vec::new();
                    texts(at(&context, field).unwrap_or(&Value::Null), &mut held);
                    prop_assert!(held.contains(&text), "{:?} is not in {}: {}", text, field, context);
                }
            }
        }
    }

    /// The engine's own `request.text` has every text of a request.
    #[test]
    fn content_checks_see_it(path in "[a-z_]{1,8}", text in "[a-z]{4} [a-z]{4}") {
        for (format, stage) in shapes() {
            let mut body = json!({});
            for (name, values) in format.shape(stage).unwrap().must {
                put(&mut body, name, values.first().copied().into());
            }
            put(&mut body, &format!("{path}.unknown[].deep"), text.as_str().into());
            let body = body.to_string();
            prop_assert!(denies(format, stage, body.as_bytes(), &text), "{} {}", format, body);
        }
    }

    /// A body fills fields of the body, and never what the host says.
    #[test]
    fn a_body_says_nothing_about_who_asks((format, stage, value) in body()) {
        let bytes = value.to_string();
        let host = json!({"user": {"id": "ann"}, "request": {"environment": "production"}}).to_string();
        let body = Body::new(format, stage, bytes.as_bytes()).unwrap();
        if let (Ok(alone), Ok(both)) = (body.context(), body.host(host.as_bytes()).context()) {
            for (name, _) in alone.as_object().unwrap() {
                let field = FIELDS.iter().find(|field| field.path == name).unwrap();
                prop_assert_eq!(field.source, Source::Body);
            }
            for name in ["text", "user_text", "tool_text", "estimated_tokens", "estimated_cost", "environment", "tags"] {
                prop_assert!(alone.get("request").and_then(|r| r.get(name)).is_none(), "{}", alone);
            }
            prop_assert_eq!(&both["user"], &json!({"id": "ann"}));
            prop_assert_eq!(&both["request"]["environment"], "production");
        }
    }

    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..60), cut in any::<prop::sample::Index>()) {
        for (format, stage) in shapes() {
            let _ = Body::new(format, stage, &bytes).unwrap().host(&bytes).context();
            let whole = br#"{"messages":[{"role":"user","content":[{"type":"text","text":"a\u0041"}]}],"contents":[1.5e3,null]}"#;
            let part = whole.get(..cut.index(whole.len())).unwrap();
            prop_assert!(Body::new(format, stage, part).unwrap().context().is_err());
        }
    }
}

/// The field at a path such as `request.messages[2].text`.
fn at<'v>(context: &'v Value, path: &str) -> Option<&'v Value> {
    context.pointer(&format!("/{}", path.replace(['.', '['], "/").replace(']', "")))
}

#[test]
fn names_that_are_there_twice_are_refused() {
    let refused = |body: &str| {
        let error = Body::new(Format::OpenaiChat, Stage::Request, body.as_bytes()).unwrap().context().unwrap_err();
        error.message
    };
    assert_eq!(refused(r#"{"model": "a", "model": "b"}"#), "field `model` is repeated");
    assert_eq!(refused(r#"{"Model": "a"}"#), "field `Model` differs from `model` only in case");
    assert_eq!(refused(r#"{"x": {"y": 1, "y": 2}}"#), "field `y` is repeated");
    assert_eq!(
        refused(r#"{"messages": [{"role": "user", "Content": "a"}]}"#),
        "field `Content` differs from `content` only in case"
    );
    let gemini = br#"{"generationConfig": {}, "generation_config": {}}"#;
    let error = Body::new(Format::Gemini, Stage::Request, gemini).unwrap().context().unwrap_err();
    assert_eq!(error.message, "field `generation_config` is `generationConfig`, which is there too");
    for none in ["", "[]", "1", "\"a\"", "null"] {
        assert!(Body::new(Format::OpenaiChat, Stage::Request, none.as_bytes()).unwrap().context().is_err(), "{none}");
    }
}

#[test]
fn deep_and_huge_bodies_end() {
    let run = || {
        for (format, stage) in shapes() {
            for (open, close) in
                [("{\"messages\":[", "]}"), ("{\"a\":", "}"), ("{\"content\":", "}"), ("{\"input\":[", "]}")]
            {
                for depth in [100, 127, 128, 129, 100_000] {
                    let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
                    let _ = Body::new(format, stage, text.as_bytes()).unwrap().context();
                }
            }
            let wide = format!("{{\"messages\":[{}1]}}", "{\"content\":\"a\"},".repeat(5_000));
            let _ = Body::new(format, stage, wide.as_bytes()).unwrap().context();
        }
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(run).unwrap().join().unwrap();
}

/// What stands where something else should be is mistyped for its readers, and so an error of the rules that read it.
#[test]
fn what_is_mistyped_stays_mistyped() {
    let context = |body: Value| {
        let bytes = body.to_string();
        Body::new(Format::OpenaiChat, Stage::Request, bytes.as_bytes()).unwrap().context().unwrap()
    };
    assert_eq!(context(json!({"model": 5}))["request"]["model"], 5);
    assert_eq!(context(json!({"messages": "a"}))["request"]["messages"], "a");
    assert_eq!(context(json!({"tools": [3]}))["request"]["tools"], json!([3]));
    assert_eq!(context(json!({"max_tokens": 9, "max_completion_tokens": 7}))["request"]["max_tokens"], 9);
    assert_eq!(context(json!({"max_tokens": "9", "max_completion_tokens": 7}))["request"]["max_tokens"], "9");
}

/// The mapping is an input: it fills the same slots as its context in JSON does.
#[test]
fn a_body_is_an_input() {
    use llm_policy_cel::slot::Slot;
    use llm_policy_engine::input::paths::SlotType;
    use llm_policy_engine::input::{Input, Paths};
    let bytes =
        br#"{"model": "m", "messages": [{"role": "user", "content": "a"}], "tools": [{"function": {"name": "t"}}]}"#;
    let body = Body::new(Format::OpenaiChat, Stage::Request, bytes).unwrap();
    let context = body.context().unwrap().to_string();
    let mut paths = Paths::default();
    paths.want(["request", "model"], SlotType::String);
    paths.want(["request", "tools"], SlotType::List);
    paths.want(["request"], SlotType::Map);
    let arena = Bump::new();
    let json = Json::new(context.as_bytes());
    let (mut from_body, mut from_json) = ([Slot::Absent; 3], [Slot::Absent; 3]);
    body.fill(&paths, &mut from_body, &arena).unwrap();
    json.fill(&paths, &mut from_json, &arena).unwrap();
    for (a, b) in from_body.iter().zip(&from_json) {
        assert!(matches!((a, b), (Slot::Present(a), Slot::Present(b)) if a.equals(*b)), "{a:?} {b:?}");
    }
}
