//! What an error in a condition does: it depends on what the rule would do.

use llm_policy_engine::Options;
use serde_json::{Value, json};

use super::common::{decide, engine, engine_with, policy, rules};

/// One rule whose condition fails, as `user.tier` is absent.
fn failing(config: &str, actions: &str) -> String {
    policy(
        "p",
        &format!("config: {{{config}}}\nrules:\n  - {{id: r, when: \"user.tier == 'free'\", actions: [{actions}]}}\n"),
    )
}

#[test]
fn an_error_counts_by_effect() {
    let cases = [
        // Restricting and changing actions apply.
        ("{type: deny, reason: no}", "deny", vec![]),
        ("{type: throttle, delay_ms: 5}", "throttle", vec!["throttle"]),
        ("{type: require_approval}", "require_approval", vec!["require_approval"]),
        ("{type: redact, fields: [request.prompt]}", "allow", vec!["redact"]),
        ("{type: set, values: {request.stream: \"false\"}}", "allow", vec!["set"]),
        ("{type: route, model: m}", "allow", vec!["route"]),
        ("{type: custom, handler: h, mandatory: true}", "allow", vec!["custom"]),
        // What permits, records or advises does not.
        ("{type: allow}", "allow", vec![]),
        ("{type: audit, alert: true}", "allow", vec![]),
        ("{type: log}", "allow", vec![]),
        ("{type: tag, values: {a: \"1\"}}", "allow", vec![]),
        ("{type: notify, channel: ops}", "allow", vec![]),
        ("{type: custom, handler: h}", "allow", vec![]),
        ("{type: suggest_alternative, model: m}", "allow", vec![]),
    ];
    for (action, effect, handed) in cases {
        let context = json!({"request": {"model": "x"}});
        let decision = decide(&engine(&[failing("default_action: allow", action)]), &context);
        assert_eq!(decision.effect().name(), effect, "{action}");
        let names: Vec<&str> = decision.obligations().map(|(_, _, name, _)| name).collect();
        assert_eq!(names, handed, "{action}");
        assert_eq!(decision.error_count(), 1, "{action}");
        let error = &decision.errors()[0];
        assert_eq!((&*error.rule, error.path.as_deref()), ("r", Some("user.tier")));
        assert_eq!(error.clause.as_deref(), Some("user.tier == 'free'"));
    }
    let decision = decide(&engine(&[failing("default_action: deny", "{type: allow}")]), &json!({}));
    assert_eq!((decision.allowed(), decision.code()), (false, Some("default")));
}

#[test]
fn a_warning_of_a_failing_rule_applies() {
    let decision = decide(&engine(&[failing("default_action: allow", "{type: warn, message: careful}")]), &json!({}));
    assert_eq!(decision.warnings().collect::<Vec<_>>(), ["careful"]);
    assert!(decision.allowed());
}

#[test]
fn a_rule_with_both_is_judged_action_by_action() {
    let text = failing(
        "default_action: deny",
        "{type: allow}, {type: log}, {type: redact, fields: [request.prompt]}, {type: throttle, delay_ms: 1}",
    );
    let decision = decide(&engine(std::slice::from_ref(&text)), &json!({}));
    assert_eq!(decision.effect().name(), "throttle");
    let fine = decide(&engine(&[text]), &json!({"user": {"tier": "free"}}));
    assert_eq!((fine.effect().name(), fine.obligations().count()), ("throttle", 2));
}

#[test]
fn absent_null_and_mistyped() {
    let text = |on_missing: &str| {
        failing(&format!("default_action: allow, on_missing: {on_missing}"), "{type: deny, reason: no}")
    };
    let decide = |on_missing: &str, context: Value| decide(&engine(&[text(on_missing)]), &context).allowed();
    for context in [json!({}), json!({"user": {}}), json!({"user": null}), json!({"user": {"tier": null}})] {
        assert!(!decide("error", context.clone()), "{context}");
        assert!(decide("default", context.clone()), "{context}");
    }
    // A wrong type is an error whatever `on_missing` says.
    for context in
        [json!({"user": {"tier": 5}}), json!({"user": {"tier": ["free"]}}), json!({"user": 5}), json!({"user": "free"})]
    {
        assert!(!decide("error", context.clone()), "{context}");
        assert!(!decide("default", context.clone()), "{context}");
    }
}

#[test]
fn absent_fields_read_as_the_default_of_their_type() {
    for when in [
        "user.tier == ''",
        "request.max_tokens == 0",
        "request.temperature == 0.0",
        "!user.mfa_verified",
        "size(user.roles) == 0",
        "!('x' in user.roles)",
        "user.tier != 'gold'",
        "!request.prompt.contains('x')",
        "metadata.a == null",
        "!has(user.tier)",
    ] {
        let text = |on: &str| {
            policy(
                "p",
                &format!("config: {{on_missing: {on}}}\nrules:\n  - {{id: r, when: \"{when}\", actions: [allow]}}\n"),
            )
        };
        assert!(decide(&engine(&[text("default")]), &json!({})).allowed(), "{when}");
        if !when.contains("has(") {
            let strict = decide(&engine(&[text("error")]), &json!({}));
            assert_eq!((strict.allowed(), strict.error_count()), (false, 1), "{when}");
        }
    }
}

#[test]
fn errors_that_another_operand_decides_over_are_none() {
    let text = rules("  - {id: r, when: \"user.tier == 'free' && request.model == 'x'\", actions: [deny]}\n");
    let engine = engine(&[text]);
    let decision = decide(&engine, &json!({"request": {"model": "y"}}));
    assert_eq!((decision.allowed(), decision.error_count()), (true, 0));
    assert!(!decide(&engine, &json!({"request": {"model": "x"}})).allowed());
}

#[test]
fn fail_open_is_for_facts_only() {
    let text = |fail_open: bool, when: &str| {
        policy(
            "p",
            &format!(
                "config: {{default_action: allow, fail_open: {fail_open}}}\nrules:\n  - {{id: r, when: \"{when}\", actions: [{{type: deny, reason: no}}]}}\n"
            ),
        )
    };
    let cases = [
        (true, "shield.score > 0.5", true),
        (false, "shield.score > 0.5", false),
        (true, "system.load > 0.5", true),
        (true, "user.tier == 'free'", false),
        (true, "request.prompt.contains('x')", false),
        (true, "1 / session.turn > 1", false),
    ];
    for (fail_open, when, allowed) in cases {
        let decision = decide(&engine(&[text(fail_open, when)]), &json!({}));
        assert_eq!((decision.allowed(), decision.error_count()), (allowed, 1), "{fail_open} {when}");
    }
    // A fact of the wrong type is no failure of what surrounds the engine.
    let odd = json!({"system": {"load": "high"}});
    assert!(!decide(&engine(&[text(true, "system.load > 0.5")]), &odd).allowed());
}

#[test]
fn the_list_of_errors_ends_but_its_count_does_not() {
    let many: String = (0..100)
        .map(|n| {
            format!(
                "  - {{id: r{n}, priority: {n}, when: \"1 / request.max_tokens == {n}\", actions: [{{type: log}}]}}\n"
            )
        })
        .collect();
    let decision = decide(&engine(&[rules(&many)]), &json!({"request": {"max_tokens": 0}}));
    assert_eq!((decision.errors().len(), decision.error_count()), (64, 100));
    assert_eq!(&*decision.errors()[0].rule, "r99", "the most important first");
    assert_eq!(decision.to_json()["error_count"], 100);
}

#[test]
fn one_absent_field_gives_one_finding() {
    let many: String = (0..10)
        .map(|n| {
            format!(
                "  - {{id: r{n}, when: \"user.tier == 't{n}' || user.team == 't{n}'\", actions: [{{type: log}}]}}\n"
            )
        })
        .collect();
    let decision = decide(&engine(&[rules(&many)]), &json!({}));
    assert_eq!(decision.error_count(), 1);
}

#[test]
fn running_out_of_fuel() {
    let when = "request.tags.all(a, request.tags.all(b, request.tags.all(c, a + b + c != 'xyz')))";
    let rule = |id: &str, action: &str| format!("  - {{id: {id}, when: \"{when}\", actions: [{action}]}}\n");
    let tags: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let context = json!({"request": {"tags": tags}});
    let denied = decide(&engine(&[rules(&rule("r", "{type: deny, reason: no}"))]), &context);
    assert_eq!((denied.rule(), denied.error_count()), (Some("r"), 1));
    let noted = decide(&engine(&[rules(&rule("r", "{type: log}"))]), &context);
    assert_eq!((noted.allowed(), noted.error_count()), (true, 1));
    assert!(
        decide(&engine(&[rules(&rule("r", "{type: log}"))]), &json!({"request": {"tags": ["a"]}})).error_count() == 0
    );
    // All rules together.
    let options = Options { total_fuel: 1_500_000, ..Options::default() };
    let many: String = (0..4).map(|n| rule(&format!("r{n}"), "{type: log}").replace("xyz", &format!("x{n}"))).collect();
    let decision = decide(&engine_with(&[rules(&many)], options).0, &context);
    assert_eq!((decision.effect().name(), decision.code()), ("deny", Some("out_of_fuel")));
}

/// What one rule uses up is not missing where another's texts are filled in.
#[test]
fn texts_have_fuel_of_their_own() {
    let dear = "request.tags.all(a, request.tags.all(b, request.tags.all(c, a + b + c != 'xyz')))";
    let text = rules(&format!(
        "  - {{id: told, priority: 1, when: \"true\", actions: [{{type: warn, message: \"{{{{ user.roles.map(r, r + '!') }}}}\"}}, {{type: tag, values: {{t: \"user.roles.map(r, r)\"}}}}]}}\n  - {{id: dear, when: \"{dear}\", actions: [log]}}\n"
    ));
    let tags: Vec<String> = (0..200).map(|n| format!("t{n}")).collect();
    let context = json!({"request": {"tags": tags}, "user": {"roles": ["a", "b"]}});
    let decision = decide(&engine(&[text]), &context);
    assert_eq!(decision.error_count(), 1);
    let decision = decision.to_json();
    assert_eq!(decision["warnings"][0]["message"], "[\"a!\",\"b!\"]");
    assert_eq!(decision["obligations"][0]["params"]["values"]["t"], json!(["a", "b"]));
}

/// A value that names one list in many places, over and over, is small until somebody writes it out.
#[test]
fn shared_values_are_not_spread_out() {
    let doubled = (0..30).fold("x29".to_owned(), |body, n| match 29 - n {
        0 => format!("cel.bind(x0, user.roles, {body})"),
        n => format!("cel.bind(x{n}, [x{}, x{}], {body})", n - 1, n - 1),
    });
    let with = |action: &str| rules(&format!("  - {{id: r, when: \"true\", actions: [{action}]}}\n"));
    let context = json!({"user": {"roles": ["a"]}});
    let one = |action: &str| decide(&engine(&[with(action)]), &context).to_json();
    assert_eq!(
        one(&format!("{{type: tag, values: {{t: \"{doubled}\"}}}}"))["obligations"][0]["params"]["values"]["t"],
        "<error>"
    );
    assert_eq!(one(&format!("{{type: warn, message: \"{{{{ {doubled} }}}}\"}}"))["warnings"][0]["message"], "<error>");
    assert_eq!(one(&format!("{{type: set, values: {{metadata.x: \"{doubled}\"}}}}"))["code"], "change_failed");
    // So is a long text that is repeated.
    let long = json!({"user": {"attributes": {"a": "x".repeat(1 << 20)}}});
    let repeated = "{{ user.attributes.a }}".repeat(100);
    let decision = decide(&engine(&[with(&format!("{{type: warn, message: \"{repeated}\"}}"))]), &long).to_json();
    let message = decision["warnings"][0]["message"].as_str().unwrap();
    assert!(message.len() < 64 << 20 && message.ends_with("<error>"), "{}", message.len());
}

#[test]
fn an_exception_that_fails_is_named() {
    let text = policy(
        "p",
        "config: {default_action: allow}\nrules:\n  - {id: r, when: \"true\", actions: [{type: deny, reason: no}]}\nexceptions:\n  - {id: first, rules: [r], when: \"request.model == 'x'\"}\n  - {id: second, rules: [r], when: \"user.tier == 'gold'\"}\n",
    );
    let decision = decide(&engine(&[text]), &json!({"request": {"model": "y"}}));
    assert!(!decision.allowed());
    let error = &decision.errors()[0];
    assert_eq!((error.exception.as_deref(), error.path.as_deref()), (Some("second"), Some("user.tier")));
}
