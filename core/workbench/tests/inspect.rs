//! The view of a compiled program, and its picture.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use llm_policy_engine::compile::Compiled;
use llm_policy_engine::context::Stage;
use llm_policy_engine::input::Json as Input;
use llm_policy_engine::{Engine, Options, document, inspect};
use llm_policy_workbench::inspect::{View, svg};

const POLICY: &str = r#"
version: "1.0"
metadata: {name: p}
variables: {odd: "user.id.lowerAscii() == 'x' || request.prompt.contains('secret')"}
rules:
  - {id: tier, priority: 9, when: "user.tier == 'a' && variables.odd", actions: [deny]}
  - {id: odd, when: variables.odd && request.prompt.matches('key[0-9]+'), actions: [deny]}
  - {id: roles, stages: [request, response], when: "'x' in user.roles", actions: [allow, audit]}
  - {id: all, when: size(request.tags) > 3, actions: [audit]}
exceptions: [{id: e, rules: [tier], when: user.mfa_verified}]
"#;

fn compiled() -> Arc<Compiled> {
    let document = document::read(POLICY, "p.yaml", &mut document::no_files).unwrap();
    Engine::new(vec![document], Options::default()).unwrap().0.compiled()
}

#[test]
fn what_is_there_is_shown() {
    let view = View::of(&compiled());
    let rule = |id: &str| view.rules.iter().find(|rule| rule.rule == id).unwrap();
    assert_eq!(view.bundle.len(), 64);
    let mut reads = rule("tier").reads.clone();
    reads.sort();
    // What its exception reads is the rule's, too.
    assert_eq!(reads, ["request.prompt", "user.id", "user.mfa_verified", "user.tier"]);
    assert_eq!(rule("tier").guards[0], "user.tier == 'a'");
    assert_eq!(rule("roles").guards, ["'x' in user.roles"]);
    assert_eq!(rule("roles").stages, "request, response");
    assert!(rule("all").guards.is_empty() && rule("all").bars.is_empty());
    assert!(rule("odd").nanoseconds > rule("tier").nanoseconds / 4);
    assert_eq!(view.patterns, ["key[0-9]+"]);
    assert_eq!(view.texts[0].path, "request.prompt");
    assert_eq!(view.texts[0].literals, ["secret", "key"]);
    let names = |numbers: &[usize]| numbers.iter().map(|n| view.rules[*n].rule.as_str()).collect::<Vec<_>>();
    let field = |path: &str| view.fields.iter().find(|field| field.path == path).unwrap();
    assert_eq!(names(&field("user.roles").rules), ["roles"]);
    assert_eq!(field("request.prompt").source, "body");
    assert!(field("request.prompt").content && !field("user.tier").content);
    let shared = view.shared.iter().find(|node| names(&node.rules) == ["tier", "odd"]).unwrap();
    assert!(shared.reads.contains(&"user.id".to_owned()), "{shared:?}");
    let request = &view.stages[0];
    assert_eq!((request.stage, request.rules), (Stage::Request, 4));
    assert!(names(&request.always).contains(&"all") && !names(&request.always).contains(&"roles"));
    assert_eq!(view.stages.len(), 2);
}

#[test]
fn json_and_picture() {
    let view = View::of(&compiled());
    let json = view.to_json();
    assert_eq!(json["rules"][0]["rule"], "tier");
    assert_eq!(json["stages"][1], serde_json::json!({"stage": "response", "rules": 1, "always_looked_at": []}));
    let picture = svg::render(&view);
    assert!(picture.starts_with("<svg xmlns") && picture.trim_end().ends_with("</svg>"));
    for name in ["user.roles", ">tier<", "read by 1 rules", "default/p"] {
        assert!(picture.contains(name), "{name}");
    }
    // One line for each field of each rule.
    let lines: usize = view.fields.iter().map(|field| field.rules.len()).sum();
    assert_eq!(picture.matches("<path ").count(), lines);
}

#[test]
fn candidates_are_what_the_index_finds() {
    let compiled = compiled();
    let candidates = |context: &str| {
        let input = Input::new(context.as_bytes());
        let found = inspect::candidates(&compiled, Stage::Request, &input, jiff::Timestamp::UNIX_EPOCH).unwrap();
        found.iter().map(|n| compiled.rules[*n as usize].id.to_string()).collect::<Vec<_>>()
    };
    let b = r#"{"user": {"tier": "b", "roles": ["x"]}, "request": {"prompt": "key", "tags": []}}"#;
    assert_eq!(candidates(b), ["odd", "roles", "all"]);
    let a = r#"{"user": {"tier": "a", "roles": []}, "request": {"prompt": "", "tags": []}}"#;
    assert_eq!(candidates(a), ["tier", "all"]);
}
