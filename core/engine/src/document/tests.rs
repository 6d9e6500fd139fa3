//! Whole documents: what is read, and how refusals read.

mod fail_open;
mod messages;
mod random;

use std::time::Duration;

use super::action::{ActionClass, Approver, AuditSeverity, LogLevel, RedactStyle};
use super::model::{Combine, Constant, DefaultAction, FieldMissing, Mode, OnMissing, Scalar, Stage};
use super::*;

/// A loader for documents whose tables have no files.
fn no_files(name: &str) -> Result<String, String> {
    Err(format!("no file {name}"))
}

/// The document that `text` holds.
#[track_caller]
fn good(text: &str) -> Document {
    match read(text, "policy.yaml", &mut no_files) {
        Ok(document) => document,
        Err(refused) => panic!("{refused}"),
    }
}

/// How the refusal of `text` reads.
#[track_caller]
fn refusal(text: &str) -> String {
    match read(text, "policy.yaml", &mut no_files) {
        Ok(document) => panic!("was read: {document:#?}"),
        Err(refused) => refused.render(false),
    }
}

/// The codes of what is wrong with `text`.
#[track_caller]
fn codes(text: &str) -> Vec<&'static str> {
    match read(text, "policy.yaml", &mut no_files) {
        Ok(document) => panic!("was read: {document:#?}"),
        Err(refused) => refused.diagnostics.iter().map(|d| d.code).collect(),
    }
}

const HEAD: &str = "version: \"1.0\"\nmetadata: {name: test}\n";

/// A document with one rule whose further keys are `keys`, each line of which is indented.
fn with_rule(keys: &str) -> String {
    let keys: String = keys.lines().map(|line| format!("    {line}\n")).collect();
    format!("{HEAD}rules:\n  - id: r1\n{keys}")
}

/// A document with one rule whose condition is written as `condition` says.
fn with_condition(condition: &str) -> String {
    with_rule(&format!("{condition}\nactions: [deny]"))
}

/// A document with one rule whose actions are `actions`.
fn with_actions(actions: &str) -> String {
    with_rule(&format!("when: true\nactions:\n{actions}"))
}

const FULL: &str = r#"
version: "1.0"
metadata:
  name: security
  namespace: production
  description: what may not leave
  owner: sec@example.com
  tags: [pii, "2026"]
  revision: 7
  created_at: 2026-01-01T00:00:00Z
  updated_at: 2026-02-01T12:00:00+01:00
config:
  target: user.tenant == 'acme'   # CEL over identity
  stages: [request, tool_call]
  default_action: deny
  combine: first_match
  fail_open: true
  on_missing: default
  audit_all_decisions: false
  cache_ttl_seconds: 0
  mode: shadow
schema:
  user.clearance: {type: int, missing: required, description: how much}
  metadata.labels: {type: "map(string, list(string))"}
variables:
  is_prod: "request.environment == 'prod'"
lists:
  eu: [eu-west-1, eu-central-1]
  shares: [1, 2.5]
  holidays: [2026-12-25, 2026-12-26]
tables:
  budget: {key: string, value: double, entries: {red: 10, blue: 2.5}}
rules:
  - id: block-pii
    description: no personal data
    priority: 100
    mandatory: true
    stages: [request, response]
    when: contains_pii(request.prompt) && !user.has_permission('pii.access')
    mode: shadow
    rollout: {percent: 10.5, by: user.id, salt: s1, variants: {a: 5, b: 5.5}}
    schedule:
      timezone: Europe/Berlin
      during: [{days: mon-fri, hours: "09:00-17:00"}, {days: [sat]}]
      except: [holidays, 2027-01-01]
    actions:
      - {type: deny, reason: "no {{ pii(request.prompt) }} here", code: pii, public_message: sorry}
      - audit: {severity: critical, alert: true, metadata: {user: "{{user.id}}", n: [1, 2.5, true, null]}}
    metadata: {severity: critical, compliance: [GDPR], weight: 3}
  - id: others
    enabled: false
    when: true
    actions:
      - allow
      - throttle: {delay_ms: 100, max_retries: 3}
      - require_approval: {approvers: [role:security, user:alice], ttl: 30m, reason: ask}
      - redact: {fields: [request.prompt, "request.messages[].text"], detect: [email], style: reversible}
      - route: {models: [small, "{{ request.model }}"], provider: acme}
      - set: {request.max_tokens: 1000, request.model: "'small'"}
      - {type: set, values: {request.temperature: 0.0}}
      - suggest_alternative: {model: small, message: cheaper}
      - warn: {message: careful}
      - log: {level: warning, message: seen}
      - tag: {team: team.id}
      - notify: {channel: ops, message: look}
      - custom: {handler: my.handler, mandatory: true, metadata: {k: v}}
exceptions:
  - {id: glass, rules: [others], when: user.role == 'admin', expires: 2027-01-01T00:00:00Z, enabled: false}
fallback: {action: deny, reason: broken}
"#;

#[test]
fn the_full_format() {
    let document = good(FULL);
    assert!(document.warnings.is_empty());
    assert_eq!(document.id(), "production/security");
    assert_eq!(document.metadata.revision, Some(7));
    assert_eq!(document.metadata.tags.len(), 2);
    assert_eq!(document.metadata.updated_at.unwrap().to_string(), "2026-02-01T11:00:00Z");

    let config = &document.config;
    assert_eq!(&*config.target.as_ref().unwrap().text, "user.tenant == 'acme'");
    assert_eq!(config.stages.as_ref().unwrap()[1].value, Stage::ToolCall);
    assert_eq!(config.default_action, Some(DefaultAction::Deny));
    assert_eq!(config.combine, Combine::FirstMatch);
    assert!(config.fail_open && !config.audit_all_decisions);
    assert_eq!(config.on_missing, OnMissing::Default);
    assert_eq!(config.cache_ttl_seconds, Some(0));
    assert_eq!(config.mode, Mode::Shadow);

    assert_eq!(document.schema[0].missing, FieldMissing::Required);
    assert_eq!(document.schema[1].ty.to_string(), "map(string, list(string))");
    assert_eq!(&*document.variables[0].value.text, "request.environment == 'prod'");
    assert_eq!(document.lists[1].item_type, Scalar::Double);
    assert_eq!(document.lists[1].items[0].value, Constant::Double(1.0));
    assert_eq!(document.tables[0].entries[0], (Constant::String("red".into()), Constant::Double(10.0)));

    let rule = &document.rules[0];
    assert!(rule.enabled && rule.mandatory);
    assert_eq!((rule.priority, rule.mode), (100, Mode::Shadow));
    let rollout = rule.rollout.as_ref().unwrap();
    assert_eq!((rollout.millipercent, &*rollout.salt, rollout.variants[1].millipercent), (10_500, "s1", 5_500));
    let schedule = rule.schedule.as_ref().unwrap();
    assert_eq!(schedule.except.len(), 3);
    assert_eq!(schedule.during.len(), 2);
    assert_eq!(rule.metadata["compliance"], serde_json::json!(["GDPR"]));
    let Action::Deny(deny) = &rule.actions[0].value else { panic!() };
    let reason = deny.reason.as_ref().unwrap();
    assert_eq!(reason.parts.len(), 3);
    let Part::Expr(expression) = &reason.parts[1] else { panic!() };
    let place = expression.locate(Span::new(4, 18));
    assert_eq!(FULL.get(place.start as usize..place.end as usize).unwrap(), "request.prompt");
    assert_eq!(deny.public_message.as_ref().unwrap().as_text(), Some("sorry"));
    let Action::Audit(audit) = &rule.actions[1].value else { panic!() };
    assert_eq!((audit.severity, audit.alert, audit.metadata.len()), (AuditSeverity::Critical, true, 2));

    let actions: Vec<&Action> = document.rules[1].actions.iter().map(|a| &a.value).collect();
    let names: Vec<&str> = actions.iter().map(|a| a.name()).collect();
    let all = "allow throttle require_approval redact route set set suggest_alternative warn log tag notify custom";
    assert_eq!(names.join(" "), all);
    assert_eq!(actions[3].class(), ActionClass::Changes);
    let Action::RequireApproval(approval) = actions[2] else { panic!() };
    assert_eq!(approval.approvers[1].value, Approver::User("alice".into()));
    assert_eq!(approval.ttl, Some(Duration::from_secs(1800)));
    let Action::Redact(redact) = actions[3] else { panic!() };
    assert_eq!((redact.style, redact.fields.len()), (RedactStyle::Reversible, 2));
    let Action::Route(route) = actions[4] else { panic!() };
    assert_eq!((route.models.len(), route.models[1].expressions().count()), (2, 1));
    let Action::Set(set) = actions[5] else { panic!() };
    assert_eq!((&*set[0].target.value, &*set[0].value.text), ("request.max_tokens", "1000"));
    let Action::Log(log) = actions[9] else { panic!() };
    assert_eq!(log.level, LogLevel::Warning);

    let exception = &document.exceptions[0];
    assert!(!exception.enabled && exception.expires.is_some());
    assert_eq!(document.fallback.as_ref().unwrap().action, DefaultAction::Deny);
}

#[test]
fn what_is_left_out_has_a_default() {
    let document = good(&with_rule("when: true\nactions: [deny]"));
    assert_eq!(document.id(), "default/test");
    let config = &document.config;
    assert_eq!((config.default_action, config.combine), (None, Combine::DenyOverrides));
    assert!(!config.fail_open && config.audit_all_decisions);
    assert_eq!((config.on_missing, config.mode, config.cache_ttl_seconds), (OnMissing::Error, Mode::Enforce, None));
    let rule = &document.rules[0];
    assert!(rule.enabled && !rule.mandatory);
    assert_eq!((rule.priority, rule.mode, rule.stages.len()), (0, Mode::Enforce, 1));
    assert_eq!(rule.stages[0].value, Stage::Request);
    assert!(document.fallback.is_none());
}

#[test]
fn json_is_read_like_yaml() {
    let text = r#"{
	"version": "1.0", "metadata": {"name": "j\ud83d\ude00".x},
"#;
    assert_eq!(codes(text)[0], "yaml-syntax");
    let text = r#"{
	"version": "1.0",
	"metadata": {"name": "j", "description": "\ud83d\ude00\/"},
	"rules": [{"id": "a", "when": "user.name == \"\u00fc\" && wrong", "enabled": true, "priority": -5,
	           "actions": [{"type": "set", "values": {"request.max_tokens": 10}}]}]
}"#;
    for origin in ["policy.json", "body"] {
        let document = read(text, origin, &mut no_files).unwrap();
        assert_eq!(document.metadata.description.as_deref(), Some("😀/"));
        assert_eq!(document.rules[0].priority, -5);
        let condition = &document.rules[0].condition;
        assert_eq!(&*condition.text, "user.name == \"ü\" && wrong");
        let at = u32::try_from(condition.text.find("wrong").unwrap()).unwrap();
        let place = condition.locate(Span::new(at, at + 5));
        assert_eq!(text.get(place.start as usize..place.end as usize).unwrap(), "wrong");
    }
}

#[test]
fn anchors_are_allowed_within_their_budget() {
    let text = format!(
        "{HEAD}variables:\n  a: &cond user.id == 'x'\nrules:\n  - {{id: r, when: *cond, actions: &acts [deny]}}\n  \
         - {{id: s, when: true, actions: *acts}}\n"
    );
    let document = good(&text);
    assert_eq!(&*document.rules[0].condition.text, "user.id == 'x'");
    let place = document.rules[0].condition.locate(Span::new(0, 7));
    assert_eq!(text.get(place.start as usize..place.end as usize).unwrap(), "user.id");
    assert_eq!(document.rules[1].actions.len(), 1);
}

#[test]
fn the_version_may_be_a_plain_number() {
    good("version: 1.0\nmetadata: {name: x}\nrules: [{id: a, when: true, actions: [allow]}]\n");
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    let document = good(&format!("\u{feff}{}", with_condition("when: user.id == 'x'")));
    let place = document.rules[0].condition.locate(Span::new(0, 4));
    assert_eq!(document.text.get(place.start as usize..place.end as usize).unwrap(), "user");
}

#[test]
fn bytes() {
    let text = with_condition("when: true");
    assert!(read_bytes(text.as_bytes(), "p", &mut no_files).is_ok());
    let code = |bytes: &[u8]| read_bytes(bytes, "p", &mut no_files).unwrap_err().diagnostics[0].code;
    assert_eq!(code(b"\xff\xfea\0"), "not-utf8");
    assert_eq!(code(b"version: \xff"), "not-utf8");
    assert_eq!(code(b"version: 1.0\0\nrules: []"), "control-character");
    assert_eq!(code(&vec![b' '; MAX_BYTES + 1]), "document-too-large");
}

#[test]
fn tables_come_from_files() {
    let text = format!(
        "{HEAD}tables: {{budget: {{file: data/b.yaml, key: int, value: int}}}}\nrules: [{{id: a, when: true, actions: [deny]}}]\n"
    );
    let mut names = Vec::new();
    let document = read(&text, "p", &mut |name| {
        names.push(name.to_owned());
        Ok("1: 10\n2: 20\n".to_owned())
    });
    assert_eq!(document.unwrap().tables[0].entries[1], (Constant::Int(2), Constant::Int(20)));
    assert_eq!(names, ["data/b.yaml"]);
    let refused = |content: &str| {
        let refused = read(&text, "p", &mut |_| Ok(content.to_owned())).unwrap_err();
        refused.diagnostics[0].message.clone()
    };
    assert_eq!(refused("1: 10\n2: x\n"), "data/b.yaml:2:4: the value of `2` is the text `x`, not an integer");
    assert_eq!(refused("1: 10\n01: 20\n"), "data/b.yaml:2:1: the key `01` is repeated");
    assert_eq!(refused("x: 1"), "data/b.yaml:1:1: the key `x` is not an integer");
    assert_eq!(refused(""), "data/b.yaml:1:1: the document is empty");
    assert_eq!(read(&text, "p", &mut no_files).unwrap_err().diagnostics[0].code, "wrong-file");
    for name in ["/etc/passwd", "../x", "a/../b", "a//b", "C:x", "a\\\\b", "./x"] {
        let text = text.replace("data/b.yaml", &format!("\"{name}\""));
        let refused = read(&text, "p", &mut |_| panic!("{name} must not be loaded")).unwrap_err();
        assert_eq!(refused.diagnostics[0].code, "wrong-file", "{name}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_document_or_a_table() {
    let table = format!(
        "{HEAD}tables: {{t: {{key: string, value: int, file: t.yaml}}}}\nrules: [{{id: r, when: true, actions: [deny]}}]"
    );
    let mut load = |_: &str| Ok("\u{feff}a: 1".to_owned());
    let document = read(&format!("\u{feff}{table}"), "policy.yaml", &mut load).unwrap();
    assert_eq!(document.tables[0].entries, [(Constant::String("a".into()), Constant::Int(1))]);
    assert_eq!(codes(&format!("\u{feff}\u{feff}{HEAD}")).len(), 1);
}

#[test]
fn marks_that_change_the_order_of_text_are_reported() {
    let document = good(&with_condition("when: user.id == '\u{202e}x'"));
    assert_eq!(document.warnings[0].code, "hidden-mark");
}
