use jiff::Timestamp;
use llm_policy_engine::context::Stage;
use llm_policy_engine::document;
use llm_policy_engine::input::Json as Input;
use llm_policy_engine::{Effect, Engine, Options};
use serde_json::{Value as Json, json};

use super::expression::rewrite;
use super::*;

fn imported(text: &str) -> Imported {
    import(text, "old.yaml").unwrap_or_else(|refused| panic!("{refused}"))
}

fn engine(imported: &Imported) -> Engine {
    let read = document::read(&imported.text, "new.yaml", &mut document::no_files);
    let document = read.unwrap_or_else(|refused| panic!("{refused}\n{}", imported.text));
    match Engine::new(vec![document], Options::default()) {
        Ok((engine, _)) => engine,
        Err(found) => panic!("{}\n{}", found[0].render(false), imported.text),
    }
}

fn effect(engine: &Engine, context: Json) -> Effect {
    let context = context.to_string();
    engine.evaluate(Stage::Request, &Input::new(context.as_bytes()), Timestamp::UNIX_EPOCH).unwrap().effect()
}

fn lists(imported: &Imported, kind: ChangeKind, part: &str) -> bool {
    imported.changes.iter().any(|change| change.kind == kind && change.message.contains(part))
}

#[test]
fn expressions() {
    for (theirs, ours) in [
        ("request.prompt.length() > 10", "request.prompt.size() > 10"),
        ("!request.model_region in ['eu', 'us']", "!(request.model_region in ['eu', 'us'])"),
        ("user.id == 'a' && !user.role in x.y", "user.id == 'a' && !(user.role in x.y)"),
        ("!(a in b)", "!(a in b)"),
        ("request.tags.contains('x')", "(('x') in request.tags)"),
        ("request.prompt.contains('x => # y')", "request.prompt.contains('x => # y')"),
        ("user.roles.any(r => r == 'admin')", "user.roles.exists(r, r == 'admin')"),
        ("request.model.matches_glob('gpt-*')", "glob(request.model, 'gpt-*')"),
        ("now().hour >= 22", "(now.getHours()) >= 22"),
        ("now().hour() < 6", "(now.getHours()) < 6"),
        ("now().weekday() == 0", "((now.getDayOfWeek() + 6) % 7) == 0"),
        ("now() > timestamp('2026-01-01T00:00:00Z')", "now > timestamp('2026-01-01T00:00:00Z')"),
        ("abs(a - b) > 1", "math.abs(a - b) > 1"),
        ("a # why\n && b", "a && b"),
        ("user.email.ends_with('@x')", "user.email.endsWith('@x')"),
        ("request.prompt.contains_pii()", "contains_pii(request.prompt)"),
        ("!request.prompt.contains_sql_injection() && a", "!(sql_injection(request.prompt) > 0.0) && a"),
        ("user.name.first().to_lower() == 'a'", "user.name.first().lowerAscii() == 'a'"),
    ] {
        let out = rewrite(theirs);
        assert_eq!(out.text, ours, "{theirs}");
        assert!(out.missing.is_empty(), "{theirs}");
    }
}

#[test]
fn our_own_documents_are_left_alone() {
    let native = include_str!("../../../../examples/policies/governance.yaml");
    let small = "version: '1.0'\nmetadata: {name: a}\nrules: [{id: a, when: user.idd == '', actions: [deny]}]";
    for text in [native, small] {
        let said = import(text, "new.yaml").unwrap_err().to_string();
        assert!(said.contains("already in this program's format") && said.contains("validate FILE"), "{said}");
    }
}

#[test]
fn an_action_without_a_type_is_named() {
    let text = "version: '1.0'\nmetadata: {name: a}\nrules:\n  - {id: a, conditions: {match: 'user.trusted()'}, actions: [{x: y}]}";
    let imported = imported(text);
    assert!(lists(&imported, ChangeKind::NotKept, "there is no action `x`"), "{:?}", imported.changes);
}

#[test]
fn what_the_engine_does_not_have_is_named() {
    for (source, what) in [
        ("request.prompt.contains_harmful_content()", "harmful content"),
        ("rate_limit.count(user.id, '1m') > 10", "a limit"),
        ("shield.scan_prompt(request.prompt).passed", "a scanner"),
        ("toxicity.score(request.prompt) > 0.5", "score"),
    ] {
        let out = rewrite(source);
        assert!(out.missing.iter().any(|missing| missing.contains(what)), "{source}: {:?}", out.missing);
    }
    assert!(rewrite("metadata.rate_limit == 'x' && user.shield == 'y'").missing.is_empty());
}

const PUBLISHED: &str = r#"
version: "1.0"
metadata: {name: security policy, namespace: production, priority_class: high}
config: {fail_open: false, audit_all_decisions: true}
rules:
  - id: no-previews
    priority: 90
    metadata: {severity: high}
    conditions:
      match: |
        request.model.ends_with('-preview') # not for production
        && !user.role in ['admin', 'tester']
    actions:
      - {type: deny, reason: "{{ request.model }} is a preview", metadata: {who: "{{ user.id }}"}}
  - id: pii
    conditions: {match: request.prompt.contains_harmful_content()}
    actions: [{type: deny, reason: personal data}]
  - id: partners
    conditions: {match: "shield.scan_prompt(request.prompt).passed"}
    actions: [{type: allow}]
  - id: everybody
    conditions:
      all:
        - {field: user.tier, operator: not_equals, value: banned}
        - any:
            - {field: request.model, operator: in, value: [a, b]}
            - user.trusted
    actions: [{type: allow, with_warning: true}, {type: audit, severity: low}]
  - id: strange
    conditions: {match: "true"}
    actions: [{type: apply_new_policy}]
    enabled: false
exceptions:
  - {id: ops, enabled: true, conditions: {match: user.role == 'ops'}, action: allow_all, audit: true}
  - {id: later, conditions: {match: user.role == 'x'}, action: allow_all, requires_approval: true}
fallback: {action: deny, reason: broken, audit: true, alert: true}
"#;

#[test]
fn the_published_dialect() {
    let imported = imported(PUBLISHED);
    let engine = engine(&imported);
    assert!(imported.is_partial());
    for (kind, part) in [
        (ChangeKind::Rewritten, "ends_with"),
        (ChangeKind::Rewritten, "a comment"),
        (ChangeKind::Look, "never held"),
        (ChangeKind::NotKept, "contains_harmful_content"),
        (ChangeKind::NotKept, "`shield`"),
        (ChangeKind::NotKept, "apply_new_policy"),
        (ChangeKind::NotKept, "cannot ask for an approval"),
        (ChangeKind::Look, "user.trusted"),
        (ChangeKind::Look, "no `default_action`"),
    ] {
        assert!(lists(&imported, kind, part), "{part}: {:#?}", imported.changes);
    }
    // What cannot be asked denies everybody, but for whom an exception names.
    let allowed = json!({"user": {"id": "a", "role": "dev", "tier": "gold", "trusted": true}, "request": {"model": "a", "prompt": "x"}});
    assert_eq!(effect(&engine, allowed.clone()), Effect::Deny);
    assert_eq!(crate::format::policy(&imported.text).unwrap(), imported.text);
    let line = imported.changes.iter().find(|change| change.message.contains("contains_harmful_content")).unwrap().line;
    assert!(PUBLISHED.lines().nth(line - 1).unwrap().contains("contains_harmful_content"));

    // Without what cannot be kept the rest decides as it was written.
    let rest = PUBLISHED.replace("request.prompt.contains_harmful_content()", "request.prompt == 'secret'");
    let engine = self::engine(&self::imported(&rest));
    assert_eq!(effect(&engine, allowed.clone()), Effect::Allow);
    let mut preview = allowed.clone();
    preview["request"]["model"] = json!("a-preview");
    assert_eq!(effect(&engine, preview.clone()), Effect::Deny);
    preview["user"]["role"] = json!("admin");
    assert_eq!(effect(&engine, preview.clone()), Effect::Allow);
    preview["user"]["tier"] = json!("banned");
    assert_eq!(effect(&engine, preview), Effect::Deny);
}

#[test]
fn version_0_9() {
    let imported = imported(
        "version: \"0.9\"\nmetadata: {name: old}\nconfig: {default_action: allow}\nrules:\n  - {name: a b, condition: user.id == '', action: deny}\n",
    );
    assert!(!imported.is_partial(), "{:#?}", imported.changes);
    let engine = engine(&imported);
    assert_eq!(effect(&engine, json!({"user": {"id": ""}})), Effect::Deny);
    assert_eq!(effect(&engine, json!({"user": {"id": "a"}})), Effect::Allow);
    assert!(imported.text.contains("id: a-b"), "{}", imported.text);
}

#[test]
fn what_cannot_be_kept_is_never_weaker() {
    // (rule, what everybody gets)
    let rule = |condition: &str, action: &str, more: &str| {
        format!(
            "version: '1.0'\nmetadata: {{name: a}}\nconfig: {{default_action: allow}}\nrules:\n  - id: r\n    conditions: {{match: \"{condition}\"}}\n    actions: [{action}]\n{more}"
        )
    };
    let everybody = json!({"user": {"id": "a", "role": "admin"}, "request": {"prompt": "x"}});
    for (text, wanted) in [
        (rule("no.such(x)", "{type: deny}", ""), Effect::Deny),
        (rule("syntax ((", "{type: deny}", ""), Effect::Deny),
        (rule("user.nope.deep == now().add_days(3)", "{type: throttle}", ""), Effect::Throttle),
        (rule("true", "{type: quarantine}", ""), Effect::Deny),
        (rule("user.id == 'a'", "{type: deny}", "    scope: [x]\n"), Effect::Deny),
        (rule("no.such(x)", "{type: deny}, {type: allow}", ""), Effect::Deny),
        (rule("user.id == 'a'", "{type: custom}", ""), Effect::Deny),
        (rule("user.id == 'a'", "", ""), Effect::Deny),
        (
            rule("true", "{type: deny}", "exceptions: [{id: e, conditions: {match: no.such(x)}, action: allow_all}]\n"),
            Effect::Deny,
        ),
        (
            rule(
                "true",
                "{type: deny}",
                "exceptions: [{id: e, conditions: {match: 'true'}, action: allow_all, requires_approval: true}]\n",
            ),
            Effect::Deny,
        ),
    ] {
        let imported = imported(&text);
        assert!(imported.is_partial(), "{text}");
        assert_eq!(effect(&engine(&imported), everybody.clone()), wanted, "{text}\n{}", imported.text);
    }
    // An allow that cannot be kept is switched off.
    let closed = rule("no.such(x)", "{type: allow}", "").replace("default_action: allow", "default_action: deny");
    assert_eq!(effect(&engine(&imported(&closed)), everybody), Effect::Deny);
}

const CEL_POLICY: &str = r#"
name: "access"
rule:
  id: top
  variables:
    - name: is_admin
      expression: user.role == 'admin'
  match:
    - condition: variables.is_admin && request.model == 'a'
      output: "true"
    - condition: user.tier == 'gold'
      rule:
        id: gold
        match:
          - condition: request.model in ['a', 'b']
            output: "true"
    - condition: request.model == 'c'
      output: "'the model ' + request.model"
    - output: "user.id != ''"
"#;

#[test]
fn cel_policy_yaml() {
    let imported = imported(CEL_POLICY);
    let engine = engine(&imported);
    assert!(!imported.is_partial(), "{:#?}", imported.changes);
    let ask = |role: &str, tier: &str, model: &str| {
        effect(&engine, json!({"user": {"id": "u", "role": role, "tier": tier}, "request": {"model": model}}))
    };
    assert_eq!(ask("admin", "none", "a"), Effect::Allow);
    assert_eq!(ask("dev", "gold", "b"), Effect::Allow);
    assert_eq!(ask("dev", "gold", "c"), Effect::Deny);
    assert_eq!(ask("dev", "none", "c"), Effect::Deny);
    // Only a plain `true` allows.
    assert_eq!(ask("dev", "none", "z"), Effect::Deny);
    // An error ends the evaluation there, so it denies here, though the next match would allow.
    assert_eq!(effect(&engine, json!({"user": {"id": "u", "tier": "gold"}, "request": {"model": "a"}})), Effect::Deny);
    assert_eq!(effect(&engine, json!({"user": {"id": "u", "tier": "gold"}, "request": {"model": "b"}})), Effect::Allow);
}

#[test]
fn a_match_that_cannot_be_kept_denies_what_comes_behind_it() {
    let text = "name: a\nrule:\n  match:\n    - {condition: user.id == 'first', output: 'true'}\n    - {condition: no.such(x), output: 'true'}\n    - {output: 'true'}\n";
    let imported = imported(text);
    assert!(imported.is_partial());
    let engine = engine(&imported);
    assert_eq!(effect(&engine, json!({"user": {"id": "first"}})), Effect::Allow);
    assert_eq!(effect(&engine, json!({"user": {"id": "other"}})), Effect::Deny);
}

#[test]
fn other_formats_are_refused() {
    for text in ["a: b", "[]", "apiVersion: v1\nkind: Policy\nspec: {}", "version: '1.0'"] {
        let refused = import(text, "x.yaml").unwrap_err();
        assert_eq!(refused.diagnostics[0].code, "unknown-format", "{text}");
    }
    assert_eq!(import("a: [", "x.yaml").unwrap_err().diagnostics[0].code, "yaml-syntax");
}

#[test]
fn strange_documents_do_not_panic() {
    for text in [
        "version: '1.0'\nrules: {a: b}",
        "version: '1.0'\nrules: [1, [2], {}, {id: [x]}, {id: a, conditions: {all: []}, actions: {}}]\nexceptions: [1]\nfallback: 3",
        "name: [x]\nrule: {match: [1, {}, {rule: {match: [{output: 1}]}}], variables: [1, {a: b, c: d}]}",
        "name: ''\nrule: x",
    ] {
        engine(&imported(text));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(3000))]

    #[test]
    fn any_tokens_are_rewritten_without_a_panic(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "!", "a", ".", "in", "(", ")", "[", "]", "{", "}", ",", "now", "weekday", "hour", "contains", "abs", "any", "=>",
            "matches_glob", "request", "tags", "'x'", "1", "&&", "is_business_hours", "user", "#c\n", "contains_pii", "?", ":",
        ]), 0..14)
    ) {
        rewrite(&parts.join(" "));
        rewrite(&parts.concat());
    }

    #[test]
    fn any_expression_gives_a_document_that_loads(source in "[a-z.()!'#=> ]{0,30}") {
        let text = format!(
            "version: '1.0'\nmetadata: {{name: a}}\nrules:\n  - id: r\n    conditions:\n      match: |\n        {source} x\n    actions: [{{type: deny, reason: '{{{{ {} }}}}'}}, {{type: allow}}]\n",
            source.replace('\'', "")
        );
        if let Ok(imported) = import(&text, "x.yaml") {
            engine(&imported);
        }
    }
}
