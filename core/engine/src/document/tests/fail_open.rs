//! The ways in which earlier implementations of this format let everything pass: each is refused here.

use super::*;

#[test]
fn an_empty_document_is_refused() {
    for text in ["", "\n\n", "# nothing\n", "---\n", "---\n...\n", "{}", "null", "~", "[]"] {
        assert!(read(text, "p", &mut no_files).is_err(), "{text:?}");
    }
    assert_eq!(codes(&format!("{HEAD}rules: []\n")), ["empty-list"]);
    assert_eq!(codes(&format!("{HEAD}rules:\n")), ["no-value"]);
    assert_eq!(codes(HEAD), ["missing-key"]);
}

#[test]
fn documents_of_other_formats_are_refused() {
    for text in [
        "apiVersion: policy.llm.dev/v1\nkind: Policy\nmetadata: {name: x}\nspec: {rules: []}\n",
        "api_version: v1\nkind: PolicyDocument\npolicies: []\n",
        "policy: {id: x, version: 1.0.0}\nrules: {}\n",
        "{\"policy\": {\"id\": \"x\"}}",
        "metadata: {id: x, name: y, version: 1.0.0}\nrules: []\nstatus: active\n",
        "rules:\n  - {name: x, condition: y, action: deny}\n",
        "version: \"0.9\"\nrules: []\n",
        "version: \"2.0\"\nmetadata: {name: x}\nrules: []\n",
        "version: [1]\n",
    ] {
        assert!(read(text, "p", &mut no_files).is_err(), "{text:?}");
    }
}

#[test]
fn a_misspelt_key_is_refused_wherever_it_stands() {
    let fragments = [
        ("version:", "versoin:"),
        ("metadata:\n  name", "metadatta:\n  name"),
        ("namespace:", "name_space:"),
        ("target:", "targets:"),
        ("default_action:", "defaultaction:"),
        ("on_missing:", "on_mising:"),
        ("missing: required", "misssing: required"),
        ("{key: string,", "{keys: string,"),
        ("priority:", "prioirty:"),
        ("mandatory: true\n", "mandatroy: true\n"),
        ("enabled: false\n", "enable: false\n"),
        ("stages: [request, response]", "stage: [request, response]"),
        ("percent:", "percentage:"),
        ("timezone:", "time_zone:"),
        ("hours:", "hour:"),
        ("reason: \"no", "reasons: \"no"),
        ("severity: critical, alert", "severitty: critical, alert"),
        ("delay_ms:", "delay:"),
        ("fields:", "field:"),
        ("expires:", "expire:"),
        ("fallback:", "fall_back:"),
        ("fallback: {action:", "fallback: {actions:"),
    ];
    for (right, wrong) in fragments {
        assert!(FULL.contains(right), "{right}");
        let text = FULL.replacen(right, wrong, 1);
        let codes = codes(&text);
        assert!(codes.contains(&"unknown-key") || codes.contains(&"missing-key"), "{wrong}: {codes:?}");
    }
}

#[test]
fn an_action_without_effect_is_refused() {
    for actions in [
        "  - {reason: no}",
        "  - {}",
        "  - ",
        "  - {type: }",
        "  - {type: denny}",
        "  - {type: block}",
        "  - {decision: deny}",
        "  - {type: deny, decision: allow}",
        "  - deny:",
        "  - deny:\n    reason: x",
        "  - denied",
        "  - [deny]",
        "  - {type: [deny]}",
        "  - {type: redact}",
        "  - {type: redact, fields: []}",
        "  - {type: set, values: {}}",
        "  - set: {}",
        "  - route: {}",
        "  - throttle",
        "  - warn",
        "  - deny: {}\n    allow: {}",
    ] {
        assert!(read(&with_actions(actions), "p", &mut no_files).is_err(), "{actions}");
    }
    assert_eq!(codes(&with_rule("when: true\nactions: []")), ["empty-list"]);
    assert_eq!(codes(&with_rule("when: true\nactions:")), ["no-value"]);
    assert_eq!(codes(&with_rule("when: true")), ["missing-key"]);
    assert_eq!(codes(&with_rule("when: true\nactions: deny")), ["wrong-type"]);
}

#[test]
fn a_rule_that_does_not_say_enabled_is_on() {
    assert!(good(&with_condition("when: true")).rules[0].enabled);
}

#[test]
fn only_true_and_false_are_booleans() {
    for word in ["yes", "no", "on", "off", "True", "FALSE", "1", "0", "\"true\"", "y", "enabled"] {
        assert_eq!(codes(&with_condition(&format!("when: true\nenabled: {word}"))), ["wrong-type"], "{word}");
    }
    assert_eq!(codes(&with_condition("when: true\nenabled:")), ["no-value"]);
}

#[test]
fn a_rule_without_a_condition_is_refused() {
    assert_eq!(codes(&with_rule("actions: [deny]")), ["missing-condition"]);
    assert_eq!(codes(&with_condition("when:")), ["no-value"]);
    assert_eq!(codes(&with_condition("when: \"\"")), ["empty-expression"]);
    assert_eq!(codes(&with_condition("conditions: {}")), ["missing-condition"]);
    assert_eq!(codes(&with_condition("conditions: {all: []}")), ["empty-list"]);
    assert_eq!(codes(&with_condition("conditions: {none: []}")), ["empty-list"]);
    assert_eq!(codes(&with_condition("conditions: {any: [{}]}")), ["missing-condition"]);
    assert_eq!(codes(&with_condition("conditions: {any: [{any: []}]}")), ["empty-list"]);
}

#[test]
fn repeated_keys_and_ids_are_refused() {
    assert_eq!(codes(&with_condition("when: true\nwhen: false")), ["repeated-key"]);
    assert_eq!(codes(&with_condition("when: true\n\"when\": false")), ["repeated-key"]);
    let twice =
        format!("{HEAD}rules: [{{id: a, when: true, actions: [deny]}}, {{id: a, when: true, actions: [allow]}}]\n");
    assert_eq!(codes(&twice), ["repeated-id"]);
    assert_eq!(codes("{\"version\": \"1.0\", \"version\": \"1.0\"}"), ["repeated-key"]);
}

#[test]
fn exceptions_name_rules_that_exist_and_may_be_suspended() {
    let text = |rules: &str, more: &str| {
        format!(
            "{}exceptions: [{{id: e, rules: {rules}, when: true{more}}}]\n",
            with_condition("when: true\nmandatory: false")
        )
    };
    good(&text("[r1]", ""));
    assert_eq!(codes(&text("[r2]", "")), ["unknown-rule"]);
    assert_eq!(codes(&text("[]", "")), ["empty-list"]);
    assert_eq!(codes(&text("[r1]", ", action: allow_all")), ["unknown-key"]);
    let mandatory = text("[r1]", "").replace("mandatory: false", "mandatory: true");
    assert_eq!(codes(&mandatory), ["mandatory-rule"]);
}

#[test]
fn what_stands_behind_the_end_of_a_document_is_not_ignored() {
    let text = with_condition("when: true");
    for more in ["---\nrules: []\n", "...\nrules: []\n", "...\n---\n{}\n"] {
        assert!(read(&format!("{text}{more}"), "p", &mut no_files).is_err(), "{more}");
    }
    assert_eq!(codes(&format!("{text}\0rules: []\n")), ["control-character"]);
}

#[test]
fn a_flood_of_aliases_is_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let inner = vec![format!("*a{}", n - 1); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{inner}]\n"));
    }
    assert_eq!(codes(&text), ["too-many-aliases"]);
    assert_eq!(codes("a: &a [*a]\n"), ["alias-cycle"]);
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(100_000), "{a: ".repeat(10_000), "- ".repeat(10_000), "{\"a\":".repeat(100_000)] {
        assert!(read(&text, "p", &mut no_files).is_err());
        assert!(read(&text, "p.json", &mut no_files).is_err());
    }
}

#[test]
fn a_comment_does_not_swallow_the_next_line() {
    good(&with_condition("when: |\n  a.b // why\n  && c"));
    good(&with_condition("when: a.b && c // why"));
    good(&with_condition("when: a.b == 'http://x'\n  && c"));
    for text in ["when: a.b // why\n  && c", "when: >\n  a.b // why\n  && c", "when: \"a.b // why\n  && c\""] {
        assert_eq!(codes(&with_condition(text)), ["swallowing-comment"], "{text}");
    }
}
