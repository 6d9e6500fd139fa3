//! The examples: the body `examples/bodies/FORMAT.STAGE.json` becomes the context in `examples/bodies/expected`.
//!
//! To write the contexts anew, after a look at the difference:
//!
//! ```text
//! UPDATE_EXAMPLES=1 cargo test -p llm-policy-provider --test bodies
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use llm_policy_engine::context::{FIELDS, Source, Stage};
use llm_policy_provider::{Body, Format};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/bodies")
}

/// Every format and stage that there is.
fn shapes() -> Vec<(Format, Stage)> {
    let all = Format::ALL.into_iter().flat_map(|format| Stage::ALL.map(|stage| (format, stage)));
    all.filter(|(format, stage)| format.shape(*stage).is_some()).collect()
}

#[test]
fn bodies_become_the_expected_contexts() {
    let mut different = Vec::new();
    let mut seen = BTreeSet::new();
    for (format, stage) in shapes() {
        let name = format!("{format}.{}.json", stage.name());
        let bytes = fs::read(folder().join(&name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let context = Body::new(format, stage, &bytes).unwrap().context().unwrap_or_else(|e| panic!("{name}: {e}"));
        let text = serde_json::to_string_pretty(&context).unwrap() + "\n";
        let path = folder().join("expected").join(&name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        } else if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            fs::write(&path, text).unwrap();
        } else {
            different.push(format!("{name} became\n{text}"));
        }
        seen.insert(name);
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let unused: Vec<String> = names.filter(|name| name.ends_with(".json") && !seen.contains(name)).collect();
    assert!(unused.is_empty(), "no format and stage has {unused:?}");
}

/// What the tables name are fields of the context, and a body's to say.
#[test]
fn contexts_have_fields_of_the_body_only() {
    fn check(value: &Value, path: &str, wrong: &mut Vec<String>) {
        let field = FIELDS.iter().find(|field| field.path == path);
        match field {
            Some(field) if field.source == Source::Body => {}
            Some(field) => wrong.push(format!("{path} is of the source {}", field.source)),
            None => wrong.push(format!("{path} is no field")),
        }
        let is_record = FIELDS.iter().any(|field| {
            field.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.') || rest.starts_with("[]."))
        });
        match value {
            Value::Object(fields) if is_record => {
                fields.iter().for_each(|(name, value)| check(value, &format!("{path}.{name}"), wrong));
            }
            Value::Array(items) if is_record => {
                let fields = items.iter().filter_map(Value::as_object).flatten();
                fields.for_each(|(name, value)| check(value, &format!("{path}[].{name}"), wrong));
            }
            _ => {}
        }
    }
    let mut wrong = Vec::new();
    for (format, stage) in shapes() {
        let bytes = fs::read(folder().join(format!("{format}.{}.json", stage.name()))).unwrap();
        let context = Body::new(format, stage, &bytes).unwrap().context().unwrap();
        context.as_object().unwrap().iter().for_each(|(name, value)| check(value, name, &mut wrong));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn stages_that_a_format_lacks_are_refused() {
    let error = Body::new(Format::OpenaiEmbeddings, Stage::ToolCall, b"{}").unwrap_err();
    assert_eq!(error.message, "bodies of the format openai-embeddings say nothing about the stage tool_call");
}

/// A rule about `response.text` cannot be avoided by an answer of another form than the format's.
#[test]
fn an_answer_of_another_form_has_text() {
    for format in Format::ALL.into_iter().filter(|format| format.shape(Stage::Response).is_some()) {
        for body in [
            r#"{"unheard_of": {"deep": ["secret words"]}}"#,
            r#"{"choices": "secret words", "content": 7}"#,
            r#"{"content": ["secret words"]}"#,
        ] {
            let context = Body::new(format, Stage::Response, body.as_bytes()).unwrap().context().unwrap();
            let text = context["response"]["text"].as_str().unwrap_or_default();
            assert!(text.contains("secret words"), "{format}: {body} became {context}");
        }
    }
    let context =
        |body: &str| Body::new(Format::OpenaiChat, Stage::Response, body.as_bytes()).unwrap().context().unwrap();
    assert_eq!(context(r#"{"choices": "secret words"}"#)["response"]["text"], "secret words");
    // What nobody knows beside what is known is kept, and is no text.
    let known = context(r#"{"choices": [{"message": {"content": "hello"}}], "fingerprint": "f-1"}"#);
    assert_eq!(known["response"]["text"], "hello");
    assert_eq!(known["response"]["attributes"]["fingerprint"], "f-1");
}
