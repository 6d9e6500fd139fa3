//! How refusals read. Each snapshot holds the cases of one subject.

use super::*;

/// The refusals of `cases`, with a line between them.
fn refusals(cases: &[String]) -> String {
    cases.iter().map(|text| refusal(text)).collect::<Vec<_>>().join("\n\n----\n\n")
}

fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

fn conditions(cases: &[&str]) -> String {
    refusals(&cases.iter().map(|case| with_condition(case)).collect::<Vec<_>>())
}

fn actions(cases: &[&str]) -> String {
    refusals(&cases.iter().map(|case| with_actions(case)).collect::<Vec<_>>())
}

#[test]
fn expressions_that_yaml_misreads() {
    snapshot(
        "expressions_that_yaml_misreads",
        &conditions(&[
            "when: !user.mfa_verified",
            "when: !user.has_permission('x') && request.stream",
            "when: 'admin' in user.roles",
            "when: \"admin\" in user.roles # c",
            "when: request.stream ? user.mfa : true",
            "when: request.prompt.contains('issue #5')",
            "when: request.prompt == \"a #b\" && true",
            "when: [1, 2].exists(x, x == 1)",
            "when: {'a': 1}['a'] == 1",
            "when: *x",
            "when: @in",
            "when: `x`",
            "when: %x",
            "conditions:\n  all:\n    - !user.mfa\n    - a ? b : c",
            "conditions:\n  all:\n    - a ? b : c",
            "conditions:\n  all:\n    - 'x' in y",
            "when:\n  a ? b : c",
            "when: !!str x",
        ]),
    );
}

#[test]
fn yaml_that_is_wrong() {
    snapshot(
        "yaml_that_is_wrong",
        &refusals(&[
            String::new(),
            "version: \"1.0\"\n\tmetadata: x\n".to_owned(),
            "version: \"1.0\"\nmetadata:\n\tname: x\n".to_owned(),
            "version: \"1.0\n".to_owned(),
            "version: \"\\d\"\n".to_owned(),
            "version: [1, 2\n".to_owned(),
            "version: 1\n name: x\n".to_owned(),
            "a: 1\na: 2\n".to_owned(),
            "a: &a [*a]\n".to_owned(),
            "? [a]\n: b\n".to_owned(),
            "a: 1\n---\nb: 1\n".to_owned(),
            "# c\n%YAML 1.1\n---\na: 1\n".to_owned(),
            "a: \u{7}\n".to_owned(),
            "[".repeat(100),
        ]),
    );
}

#[test]
fn documents_as_a_whole() {
    snapshot(
        "documents_as_a_whole",
        &refusals(&[
            "- a\n- b\n".to_owned(),
            "just text\n".to_owned(),
            "apiVersion: v1\nkind: Policy\n".to_owned(),
            "foo: 1\nbar: 2\n".to_owned(),
            "version: \"2.0\"\n".to_owned(),
            "metadata: {name: a b, owner: 5, revision: -1}\nruels: []\n".to_owned(),
            with_condition("when: true").replace("rules:", "limits: {a: 1}\nrules:"),
            format!(
                "{}config: {{default_action: alow, fail_open: no, cache_ttl_seconds: 1h, stages: [reqest, request, request]}}\n",
                with_condition("when: true")
            ),
            format!(
                "{}fallback: {{action: deny, reason: \"{{{{ user.id }}}}\", audit: true}}\n",
                with_condition("when: true")
            ),
            format!(
                "{}schema: {{clearance: {{type: integer}}, user.tags: {{type: list}}, user.x: int}}\n",
                with_condition("when: true")
            ),
            format!("{}lists: {{in: [a], zips: [01234, x], mixed: [1, a]}}\n", with_condition("when: true")),
            format!(
                "{}tables: {{a: {{key: double, value: int}}, b: {{key: int, value: int}}, c: {{key: string, value: int, file: ../x}}}}\n",
                with_condition("when: true")
            ),
            format!(
                "{}exceptions: [{{id: e, rules: [r2], when: true, action: allow_all, expires: tomorrow}}]\n",
                with_condition("when: true")
            ),
        ]),
    );
}

#[test]
fn rules() {
    snapshot(
        "rules",
        &refusals(&[
            with_rule("name: x\nprioirty: 5\ncondition: true\naction: deny"),
            with_rule("priority: high\nenabled: yes\nmode: shadwo\nwhen: true\nactions: deny"),
            with_rule("priority: 9999999999\nwhen:\n  all: [a]\nactions: [deny]"),
            with_condition(
                "conditions:\n  any:\n    - {field: user.tier, operator: equal, value: gold}\n    - {field: user.tier, operator: in, value: lists.eu}\n    - {filed: a.b, operator: eq, value: 1}",
            ),
            with_condition("when: true\nrollout: {percent: 101, by: user.id}"),
            with_condition("conditions: {all: [f(a, b)]}"),
            with_condition("conditions: {all: [a ? b : c]}"),
            format!("{HEAD}rules: [{{id: a, when: f(a, b), actions: [deny]}}]\n"),
            format!("{HEAD}rules:\n  - {{id: a, when: x in ['gold', 'silver'], actions: [deny]}}\n"),
            format!("{HEAD}rules:\n  - {{id: a,\n     when: x in ['gold', 'silver'], actions: [deny]}}\n"),
            format!("{HEAD}rules:\n  - {{id: a, when: lookup('caps', team.id, 0) > 1, actions: [deny]}}\n"),
            format!("{HEAD}rules:\n  - {{id: a, when: a ? b : c, actions: [deny]}}\n"),
            with_condition("when: true\nrollout: {percent: 10, by: user.id, variants: {a: 5, b: 6}}"),
            with_condition(
                "when: true\nschedule: {timezone: Europe/Berln, during: [{days: mon-fry, hours: 9-17}], except: [holidays]}",
            ),
            with_condition("when: true\nschedule: {}"),
        ]),
    );
}

#[test]
fn actions_of_rules() {
    snapshot(
        "actions_of_rules",
        &actions(&[
            "  - {type: denny, reason: x}",
            "  - block",
            "  - {reason: x, code: y}",
            "  - deny:\n    reason: x",
            "  - {type: deny, reason: 5, message: x}",
            "  - {type: allow, with_warning: true}",
            "  - {type: deny, reason: \"no {{ user.id\"}",
            "  - {type: deny, reason: \"no {{ }}\"}",
            "  - deny:\n      reason: {{ user.id }} is over",
            "  - {type: redact, pattern: pii}",
            "  - {type: redact, fields: [request prompt], style: labels}",
            "  - {type: require_approval, approvers: [security], ttl: 30 minutes}",
            "  - {type: throttle, delay_ms: fast}",
            "  - {type: throttle, delay_ms: 5s}",
            "  - tag: {a: \"{{ user.id }}\"}",
            "  - tag: {a: \"{{ user.id }}-{{ user.tier }}\"}",
            "  - {type: audit, severity: hgih}",
            "  - {type: route}",
            "  - {type: warn, message: x, messages: y}",
            "  - {type: set, values: {request.model: f(x, y)}}",
            "  - {type: set, values: {\"request.prompt+\": x}}",
        ]),
    );
}
