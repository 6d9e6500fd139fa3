//! What the tests of the engine share.

use jiff::Timestamp;
use llm_policy_engine::context::Stage;
use llm_policy_engine::decision::Decision;
use llm_policy_engine::document::{self, Document};
use llm_policy_engine::handles::Handles;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Finding, Options};
use serde_json::Value;

/// A Wednesday, 12:00 in UTC.
pub fn now() -> Timestamp {
    at("2026-07-01T12:00:00Z")
}

/// The instant that `text` says.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A document named `name` whose rest is `rest`: YAML from `config:` or `rules:` on.
pub fn policy(name: &str, rest: &str) -> String {
    format!("version: \"1.0\"\nmetadata: {{name: {name}}}\n{rest}")
}

/// A document `p` that allows by default, with these rules.
pub fn rules(rules: &str) -> String {
    policy("p", &format!("config: {{default_action: allow}}\nrules:\n{rules}"))
}

/// The document that `text` is.
pub fn read(text: &str) -> Document {
    match document::read(text, "policy.yaml", &mut document::no_files) {
        Ok(document) => document,
        Err(refused) => panic!("{refused}\n{text}"),
    }
}

/// The documents that `texts` are.
pub fn documents<T: AsRef<str>>(texts: &[T]) -> Vec<Document> {
    texts.iter().map(|text| read(text.as_ref())).collect()
}

/// All findings, as people see them.
pub fn rendered(findings: &[Finding]) -> String {
    findings.iter().map(|f| f.render(false)).collect::<Vec<_>>().join("\n")
}

/// An engine over `texts`, with the warnings that came with it.
pub fn engine_with<T: AsRef<str>>(texts: &[T], options: Options) -> (Engine, Vec<Finding>) {
    match Engine::new(documents(texts), options) {
        Ok(made) => made,
        Err(findings) => panic!("{}", rendered(&findings)),
    }
}

/// An engine over `texts` whose host carries out everything.
pub fn engine<T: AsRef<str>>(texts: &[T]) -> Engine {
    engine_with(texts, Options::default()).0.handles(Handles::ALL)
}

/// The codes of what is wrong with `text`, read and compiled.
pub fn codes(text: &str) -> Vec<String> {
    let document = match document::read(text, "policy.yaml", &mut document::no_files) {
        Ok(document) => document,
        Err(refused) => return refused.diagnostics.iter().map(|d| d.code.to_string()).collect(),
    };
    match Engine::new(vec![document], Options::default()) {
        Ok((_, warnings)) => warnings.iter().map(|w| w.diagnostic.code.to_string()).collect(),
        Err(findings) => findings.iter().map(|f| f.diagnostic.code.to_string()).collect(),
    }
}

/// True when `text` is refused as a policy.
pub fn is_refused(text: &str) -> bool {
    match document::read(text, "policy.yaml", &mut document::no_files) {
        Ok(document) => Engine::new(vec![document], Options::default()).is_err(),
        Err(_) => true,
    }
}

/// What `engine` decides about `context` in `stage`, from JSON text, now.
pub fn decide_in(engine: &Engine, stage: Stage, context: &Value) -> Decision {
    let text = context.to_string();
    engine.evaluate(stage, &Json::new(text.as_bytes()), now()).unwrap()
}

/// The same about a request.
pub fn decide(engine: &Engine, context: &Value) -> Decision {
    decide_in(engine, Stage::Request, context)
}
