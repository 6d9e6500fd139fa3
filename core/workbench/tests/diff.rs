//! What a change of policies changes: decisions, and conditions compared as logic.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use llm_policy_engine::document::{self, Document};
use llm_policy_engine::{Engine, Options, context::Stage, input::Json as Input};
use llm_policy_workbench::diff::{Kind, Relation, RuleChangeKind, Summary, compare, compare_rules, report};
use proptest::prelude::*;
use serde_json::json;

fn read(rest: &str) -> Document {
    let text = format!("version: '1.0'\nmetadata: {{name: p}}\n{rest}");
    document::read(&text, "p.yaml", &mut document::no_files).map_err(|e| e.render(false)).unwrap()
}

/// How the condition of one rule relates to what it was.
fn relation(before: &str, after: &str) -> Option<Relation> {
    let rule = |when: &str| read(&format!("rules: [{{id: r, when: \"{when}\", actions: [deny]}}]"));
    let changes = compare_rules(&[rule(before)], &[rule(after)], &Options::default());
    match changes.into_iter().next()?.kind {
        RuleChangeKind::Changed { condition, .. } => Some(condition),
        other => panic!("{other:?}"),
    }
}

#[test]
fn conditions_are_compared_as_logic() {
    assert_eq!(relation("request.max_tokens > 5", "request.max_tokens > 5"), None);
    assert_eq!(relation("request.stream && user.mfa_verified", "user.mfa_verified && request.stream"), None);
    assert_eq!(relation("user.tier in ['a', 'b']", "user.tier == 'a' || user.tier == 'b'"), None);
    assert_eq!(relation("!(request.max_tokens > 5)", "request.max_tokens <= 5"), None);
    let narrower = relation("request.max_tokens > 5", "request.max_tokens > 10").unwrap();
    assert_eq!(narrower, Relation::Narrower(Some(json!({"request": {"max_tokens": 10}}))));
    let wider = relation("user.tier == 'a'", "user.tier in ['a', 'b']").unwrap();
    assert_eq!(wider, Relation::Wider(Some(json!({"user": {"tier": "b"}}))));
    assert!(matches!(
        relation("user.tier == 'a'", "user.tier == 'b'").unwrap(),
        Relation::Other(Some(lost), Some(gained)) if lost["user"]["tier"] == "a" && gained["user"]["tier"] == "b"
    ));
    // With the guard, an absent field no longer makes the rule apply.
    assert_eq!(relation("user.tier == 'a'", "has(user.tier) && user.tier == 'a'"), Some(Relation::FailsOtherwise));
}

#[test]
fn rules_that_come_and_go() {
    let before =
        read("rules: [{id: a, when: request.stream, actions: [deny]}, {id: b, when: request.stream, actions: [deny]}]");
    let after = read(
        "rules: [{id: b, priority: 5, when: request.stream, actions: [allow]}, {id: c, when: request.stream, actions: [deny]}]",
    );
    let changes = compare_rules(&[before], &[after], &Options::default());
    let texts: Vec<String> = changes.iter().map(|c| format!("{}: {}", c.rule, c.text())).collect();
    assert_eq!(texts, ["a: removed", "b: changed: priority, actions", "c: new"]);
}

#[test]
fn names_are_part_of_a_condition() {
    let rules = "rules: [{id: r, when: \"user.tier in lists.x && lookup('t', user.id, 0) > 0\", actions: [deny]}]";
    let with = |list: &str, entry: i32, other: i32| {
        read(&format!(
            "lists: {{x: [{list}]}}\ntables: {{t: {{key: string, value: int, entries: {{a: {entry}}}}}, u: {{key: string, value: int, entries: {{a: {other}}}}}}}\n{rules}"
        ))
    };
    let changes = |after: Document| compare_rules(&[with("a", 1, 1)], &[after], &Options::default());
    assert!(changes(with("a", 1, 1)).is_empty());
    assert!(changes(with("a", 1, 2)).is_empty(), "a table that the rule does not use");
    assert_eq!(changes(with("a", 2, 1)).len(), 1);
    assert_eq!(changes(with("b", 1, 1)).len(), 1);
}

#[test]
fn decisions_are_compared_part_by_part() {
    let decide = |policy: &str, context: &str| {
        let (engine, _) = Engine::new(vec![read(policy)], Options::default()).unwrap();
        engine.evaluate(Stage::Request, &Input::new(context.as_bytes()), jiff::Timestamp::UNIX_EPOCH).unwrap().to_json()
    };
    let old = "config: {default_action: allow}\nrules: [{id: a, when: request.stream, actions: [deny]}]";
    let context = r#"{"request": {"stream": true}}"#;
    for (new, kind) in [
        (
            "config: {default_action: allow}\nrules: [{id: a, description: x, when: request.stream, actions: [deny]}]",
            None,
        ),
        ("config: {default_action: allow}\nrules: [{id: b, when: request.stream, actions: [deny]}]", Some(Kind::Rule)),
        (
            "config: {default_action: allow}\nrules: [{id: a, when: '!request.stream', actions: [deny]}]",
            Some(Kind::Effect),
        ),
        (
            "config: {default_action: allow}\nrules: [{id: a, when: request.stream, actions: [{deny: {reason: x}}]}]",
            Some(Kind::Details),
        ),
    ] {
        let change = compare(&decide(old, context), &decide(new, context));
        assert_eq!(change.as_ref().map(|c| c.kind), kind, "{change:?}");
        if kind == Some(Kind::Details) {
            assert_eq!(change.unwrap().parts, ["reason"]);
        }
    }
}

proptest! {
    /// Whatever way the contexts are cut into parts, the summary is the same.
    #[test]
    fn parts_add_up(effects in prop::collection::vec((0..3_usize, 0..3_usize), 0..60), cut in 0..60_usize) {
        const EFFECTS: [&str; 3] = ["allow", "deny", "throttle"];
        let add = |summary: &mut Summary, range: &[(usize, usize)], first: usize| {
            for (at, (before, after)) in range.iter().enumerate() {
                let (before, after) = (EFFECTS[*before], EFFECTS[*after]);
                let change = compare(&json!({"effect": before}), &json!({"effect": after}));
                assert_eq!(change.is_some(), before != after);
                summary.count_effects(before, after);
                summary.add((first + at) as u64, &format!("f:{}", first + at), b"{}", change.as_ref());
            }
        };
        let cut = cut.min(effects.len());
        let mut whole = Summary::new(2);
        add(&mut whole, &effects, 0);
        // The later part is finished first.
        let (mut parts, mut early) = (Summary::new(2), Summary::new(2));
        add(&mut parts, &effects[cut..], cut);
        add(&mut early, &effects[..cut], 0);
        parts.merge(early);
        prop_assert_eq!(&parts, &whole);
        prop_assert_eq!(whole.total, effects.len() as u64);
    }
}

#[test]
fn the_report_escapes_what_it_shows() {
    let change = compare(&json!({"effect": "allow", "policy": "<script>", "rule": "a&b"}), &json!({"effect": "deny"}));
    let mut summary = Summary::new(1);
    summary.count_effects("allow", "deny");
    summary.add(0, "<f>", br#"{"a": "</pre><script>alert(1)</script>"}"#, change.as_ref());
    let page = report(&summary, &[], "old", "new");
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;") && page.contains("a&amp;b"));
    // Nothing is fetched from anywhere.
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("url("));
    assert!(report(&Summary::new(1), &[], "a", "b").contains("No decision changed"));
}
