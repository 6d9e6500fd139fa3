//! Each way in which earlier implementations of this format let a request pass that a policy meant to stop, from the text of
//! the policy to the decision. What was read there as "allow" is refused at load here, or denies.

#![cfg(test)]

mod common;

use common::{at, codes, decide, decide_in, documents, engine, is_refused, now, policy, rules};
use llm_policy_engine::context::Stage;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Effect, Engine, Options};
use serde_json::json;

const DENY: &str = "{type: deny, reason: no}";

/// A rule `r` that denies where `when` holds, in a document that allows by default.
fn deny_when(when: &str) -> String {
    rules(&format!("  - {{id: r, when: \"{when}\", actions: [{DENY}]}}\n"))
}

#[test]
fn an_empty_document_is_refused_and_an_empty_bundle_denies() {
    for text in [
        "",
        "\n",
        "# nothing\n",
        "---\n",
        "{}",
        "[]",
        "null",
        "version: \"1.0\"\n",
        "version: \"1.0\"\nmetadata: {name: p}\n",
    ] {
        assert!(is_refused(text), "{text:?}");
    }
    assert!(is_refused(&policy("p", "rules: []\n")));
    let (nothing, _) = Engine::new(Vec::new(), Options::default()).unwrap();
    let decision = decide(&nothing, &json!({"request": {"model": "m"}}));
    assert_eq!((decision.effect(), decision.code()), (Effect::Deny, Some("no_policy")));
    // Neither is what a reload to nothing leaves behind.
    let engine = engine(&[rules("  - {id: r, when: \"true\", actions: [allow]}\n")]);
    assert!(decide(&engine, &json!({})).allowed());
    assert!(engine.reload(Vec::new()).is_ok());
    assert!(!decide(&engine, &json!({})).allowed());
}

#[test]
fn documents_of_other_formats_are_refused() {
    for text in [
        "policies:\n  - {id: p, rules: [{id: r, action: {decision: deny}}]}\n",
        "{\"policies\": []}",
        "apiVersion: policy/v1\nkind: Policy\nspec: {rules: [{effect: deny}]}\n",
        "version: \"2.0\"\nmetadata: {name: p}\nrules: [{id: r, when: \"true\", actions: [deny]}]\n",
        "package policy\ndefault allow = false\n",
        "permit(principal, action, resource);\n",
    ] {
        assert!(is_refused(text), "{text}");
    }
}

#[test]
fn a_misspelt_key_is_refused() {
    let right = "version: \"1.0\"\nmetadata: {name: p}\nconfig: {default_action: allow, fail_open: false}\nrules:\n  - {id: r, enabled: true, when: \"true\", stages: [request], actions: [{type: deny, reason: no}]}\n";
    assert!(!is_refused(right));
    for (good, bad) in [
        ("rules:", "rule:"),
        ("default_action", "defaultAction"),
        ("fail_open", "failopen"),
        ("when:", "condition:"),
        ("when:", "conditon:"),
        ("actions:", "action:"),
        ("enabled:", "disabled:"),
        ("stages:", "stage:"),
        ("reason:", "raeson:"),
        ("type:", "decision:"),
        ("config:", "configuration:"),
    ] {
        assert!(is_refused(&right.replacen(good, bad, 1)), "{bad}");
    }
}

#[test]
fn an_action_without_effect_is_refused() {
    for actions in [
        "",
        "[]",
        "[{}]",
        "[{reason: no}]",
        "[{type: }]",
        "[{type: null}]",
        "[{decision: deny}]",
        "[{type: block}]",
        "[{type: DENY}]",
        "[{type: 0}]",
        "null",
    ] {
        assert!(is_refused(&rules(&format!("  - {{id: r, when: \"true\", actions: {actions}}}\n"))), "{actions}");
    }
    assert!(is_refused(&rules("  - {id: r, when: \"true\"}\n")));
}

#[test]
fn unset_and_unknown_words_are_refused() {
    for (key, words) in [
        ("default_action", ["\"\"", "null", "0", "permit", "ALLOW", "[allow]"]),
        ("combine", ["\"\"", "null", "0", "allow_overrides", "priority", "{}"]),
        ("mode", ["\"\"", "null", "0", "audit", "off", "false"]),
        ("on_missing", ["\"\"", "null", "0", "ignore", "false", "allow"]),
        ("fail_open", ["\"\"", "null", "0", "\"false\"", "no", "[]"]),
    ] {
        for word in words {
            let text = policy(
                "p",
                &format!("config: {{{key}: {word}}}\nrules:\n  - {{id: r, when: \"true\", actions: [deny]}}\n"),
            );
            assert!(is_refused(&text), "{key}: {word}");
        }
    }
    for stage in ["[]", "[pre_request]", "[\"\"]", "null", "request_"] {
        assert!(
            is_refused(&rules(&format!("  - {{id: r, stages: {stage}, when: \"true\", actions: [deny]}}\n"))),
            "{stage}"
        );
    }
}

#[test]
fn a_condition_on_a_missing_field_denies() {
    for when in [
        "user.tier == 'free'",
        "user.tier != 'premium'",
        "!(user.tier == 'premium')",
        "!(user.tier in ['premium', 'gold'])",
        "!user.mfa_verified",
        "user.mfa_verified == false",
        "!('admin' in user.roles)",
        "!user.roles.exists(r, r == 'admin')",
        "user.roles.all(r, r != 'admin')",
        "!user.has_permission('llm.use')",
        "request.estimated_cost > 1.0",
        "request.estimated_cost > user.budget.remaining",
        "request.prompt.contains('x')",
        "!request.prompt.matches('^[a-z]+$')",
        "request.context.has_approval != true",
        "!(request.model.startsWith('gpt'))",
        "size(request.tags) == 0",
        "metadata.reviewed != 'yes'",
        "session.turn > 10 || user.tier != 'premium'",
    ] {
        for context in [
            json!({}),
            json!({"user": null, "request": null}),
            json!({"user": {"tier": null, "roles": null}, "request": {}}),
        ] {
            let decision = decide(&engine(&[deny_when(when)]), &context);
            assert_eq!((decision.effect(), decision.rule()), (Effect::Deny, Some("r")), "{when} {context}");
            assert!(decision.error_count() > 0, "{when}");
        }
    }
    // The other way round: what permits does not.
    let text = policy(
        "p",
        "config: {default_action: deny}\nrules:\n  - {id: r, when: \"user.tier != 'banned'\", actions: [allow]}\n",
    );
    assert!(!decide(&engine(&[text]), &json!({})).allowed());
}

#[test]
fn absence_can_be_asked_for() {
    let engine = engine(&[deny_when("!has(user.tier) || user.tier != 'premium'")]);
    for (context, allowed) in
        [(json!({}), false), (json!({"user": {"tier": "free"}}), false), (json!({"user": {"tier": "premium"}}), true)]
    {
        let decision = decide(&engine, &context);
        assert_eq!((decision.allowed(), decision.error_count()), (allowed, 0), "{context}");
    }
}

#[test]
fn regular_expressions_are_checked_at_load() {
    for pattern in ["(", "[", "a{2,1}", "(?<n", "*", "\\\\p{Nope}", "(?=x)", "(a)\\\\1"] {
        let found = codes(&deny_when(&format!("request.prompt.matches('{pattern}')")));
        assert!(is_refused(&deny_when(&format!("request.prompt.matches('{pattern}')"))), "{pattern} {found:?}");
    }
    assert!(is_refused(&deny_when("request.prompt.matches(user.tier)")), "a pattern that is not constant");
    assert!(is_refused(&deny_when("request.prompt.matches('(a{1000}){1000}')")), "a pattern that is too large");
    // Flags work, and what makes others backtrack for ever is linear here.
    let engine_ = engine(&[deny_when("request.prompt.matches('(?i)SECRET')")]);
    assert!(!decide(&engine_, &json!({"request": {"prompt": "a sEcReT"}})).allowed());
    let engine_ = engine(&[deny_when("request.prompt.matches('^(a+)+$')")]);
    assert!(decide(&engine_, &json!({"request": {"prompt": format!("{}b", "a".repeat(50_000))}})).allowed());
}

#[test]
fn a_warning_beside_a_change_loses_nothing() {
    for actions in [
        "{type: warn, message: w}, {type: redact, fields: [request.prompt]}",
        "{type: redact, fields: [request.prompt]}, {type: warn, message: w}",
    ] {
        let text = rules(&format!("  - {{id: r, when: \"true\", actions: [{actions}]}}\n"));
        let decision = decide(&engine(std::slice::from_ref(&text)), &json!({}));
        assert_eq!((decision.allowed(), decision.warnings().count()), (true, 1));
        assert_eq!(decision.obligations().filter(|(_, _, name, _)| *name == "redact").count(), 1);
        let undeclared = engine(&[text]).handles(Handles::NONE);
        assert_eq!(decide(&undeclared, &json!({})).code(), Some("unhandled_obligation"));
    }
    // Nor does a warning beside a deny, whichever comes first and however they are ranked.
    let text = rules(&format!(
        "  - {{id: w, priority: 9, when: \"true\", actions: [{{type: warn, message: w}}]}}\n  - {{id: d, priority: 1, when: \"true\", actions: [{DENY}]}}\n"
    ));
    assert!(!decide(&engine(&[text]), &json!({})).allowed());
}

#[test]
fn an_allow_of_high_priority_overrules_no_deny() {
    let text = rules(&format!(
        "  - {{id: a, priority: 1000, when: \"'vip' in request.tags\", actions: [allow]}}\n  - {{id: d, priority: 1, when: \"user.tier == 'free'\", actions: [{DENY}]}}\n"
    ));
    let context = json!({"request": {"tags": ["vip"]}, "user": {"tier": "free"}});
    assert_eq!(decide(&engine(&[text]), &context).rule(), Some("d"));
}

#[test]
fn of_different_defaults_the_stronger_one_counts() {
    let text = |name: &str, default: &str| {
        policy(
            name,
            &format!(
                "config: {{default_action: {default}}}\nrules:\n  - {{id: r, when: \"false\", actions: [{DENY}]}}\n"
            ),
        )
    };
    for texts in [[text("a", "allow"), text("b", "deny")], [text("a", "deny"), text("b", "allow")]] {
        assert!(!decide(&engine(&texts), &json!({})).allowed());
    }
    assert!(decide(&engine(&[text("a", "allow"), text("b", "allow")]), &json!({})).allowed());
}

#[test]
fn a_slip_of_precedence_is_pointed_out() {
    // `!` binds more tightly than `in`: a bool in a list of texts is no type, and where it is, it is a lint.
    assert!(is_refused(&deny_when("!user.tier in ['a', 'b']")));
    let found = codes(&deny_when("!user.mfa_verified in [true]"));
    assert!(!found.is_empty(), "a warning at least");
}

#[test]
fn a_decision_is_never_stale() {
    let context = json!({"user": {"tier": "free"}, "request": {"tags": ["a"], "prompt": "x"}});
    let engine = engine(&[rules("  - {id: r, when: \"true\", actions: [allow]}\n")]);
    assert!(decide(&engine, &context).allowed());
    assert!(engine.reload(documents(&[deny_when("user.tier == 'free'")])).is_ok());
    assert!(!decide(&engine, &context).allowed());
    let prepared = engine.prepare(&context).unwrap();
    assert!(engine.reload(documents(&[deny_when("user.tier == 'gold'")])).is_ok());
    assert!(engine.evaluate_prepared(Stage::Request, &prepared, now()).is_err(), "said to be stale, not guessed");
    assert!(decide(&engine, &context).allowed());
}

#[test]
fn a_change_of_any_field_that_is_read_changes_the_decision() {
    let prompt = |end: &str| format!("{}{end}", "benign ".repeat(1_000));
    for (when, fine, bad) in [
        (
            "'blocked' in request.tags",
            json!({"request": {"tags": ["a"]}}),
            json!({"request": {"tags": ["a", "blocked"]}}),
        ),
        (
            "request.prompt.contains('secret')",
            json!({"request": {"prompt": prompt("")}}),
            json!({"request": {"prompt": prompt("secret")}}),
        ),
        (
            "request.prompt.matches('s[e]cret')",
            json!({"request": {"prompt": prompt("")}}),
            json!({"request": {"prompt": prompt("secret")}}),
        ),
        ("'admin' in user.roles", json!({"user": {"roles": []}}), json!({"user": {"roles": ["admin"]}})),
        ("!user.has_permission('p')", json!({"user": {"permissions": ["p"]}}), json!({"user": {"permissions": []}})),
        (
            "request.context.x == 1",
            json!({"request": {"context": {"x": 2}}}),
            json!({"request": {"context": {"x": 1}}}),
        ),
        ("metadata.x == 'y'", json!({"metadata": {"x": "z"}}), json!({"metadata": {"x": "y"}})),
        (
            "user.id + request.model == 'ab'",
            json!({"user": {"id": "a"}, "request": {"model": "c"}}),
            json!({"user": {"id": "a"}, "request": {"model": "b"}}),
        ),
    ] {
        let engine = engine(&[deny_when(when)]);
        for _ in 0..3 {
            assert!(decide(&engine, &fine).allowed(), "{when}");
            assert!(!decide(&engine, &bad).allowed(), "{when}");
        }
    }
    let engine = engine(&[deny_when("now > timestamp('2026-07-01T00:00:00Z')")]);
    assert!(engine.evaluate(Stage::Request, &json!({}), at("2026-06-30T00:00:00Z")).unwrap().allowed());
    assert!(!engine.evaluate(Stage::Request, &json!({}), at("2026-07-02T00:00:00Z")).unwrap().allowed());
}

#[test]
fn a_rule_is_on_unless_it_says_otherwise() {
    assert!(!decide(&engine(&[deny_when("true")]), &json!({})).allowed());
    let text = deny_when("true");
    assert!(decide(&engine(&[text.replace("id: r,", "id: r, enabled: false,")]), &json!({})).allowed());
    for wrong in ["enabled: \"true\"", "enabled: 1", "enabled: null", "enabled: yes"] {
        assert!(is_refused(&text.replace("id: r,", &format!("id: r, {wrong},"))), "{wrong}");
    }
    let text = format!(
        "{{\"version\": \"1.0\", \"metadata\": {{\"name\": \"p\"}}, \"config\": {{\"default_action\": \"allow\"}}, \"rules\": [{{\"id\": \"r\", \"when\": \"true\", \"actions\": [{}]}}]}}",
        r#"{"type": "deny"}"#
    );
    assert!(!decide(&engine(&[text]), &json!({})).allowed(), "as JSON, too");
}

#[test]
fn an_input_that_is_refused_is_no_allow() {
    let engine = engine(&[policy("p", "rules:\n  - {id: r, when: \"user.tier == 'x'\", actions: [allow]}\n")]);
    for text in [
        "",
        "null",
        "5",
        "[]",
        "{\"user\":",
        "{\"user\": {\"tier\": \"x\", \"tier\": \"y\"}}",
        "{\"USER\": {\"tier\": \"x\"}}",
        "\u{feff}{}",
    ] {
        let allowed = engine.evaluate(Stage::Request, &Json::new(text.as_bytes()), now()).is_ok_and(|d| d.allowed());
        assert!(!allowed, "{text}");
    }
}

#[test]
fn a_stage_that_nobody_covers_is_a_deny() {
    let text = policy("p", "rules:\n  - {id: r, when: \"true\", actions: [allow]}\n");
    for stage in [Stage::Response, Stage::ToolCall, Stage::ToolResult] {
        assert_eq!(decide_in(&engine(std::slice::from_ref(&text)), stage, &json!({})).code(), Some("no_policy"));
    }
}

#[test]
fn what_is_not_there_is_refused_and_not_ignored() {
    assert!(is_refused(&deny_when("plugin.check(request.prompt)")));
    assert!(is_refused(&deny_when("request.prompt.contains_pii()")));
}

#[test]
fn a_failing_exception_suspends_nothing() {
    let text = policy(
        "p",
        &format!(
            "config: {{default_action: allow}}\nrules:\n  - {{id: r, when: \"true\", actions: [{DENY}]}}\nexceptions:\n  - {{id: e, rules: [r], when: \"user.tier != 'free'\"}}\n"
        ),
    );
    let engine = engine(std::slice::from_ref(&text));
    assert!(!decide(&engine, &json!({})).allowed());
    assert!(decide(&engine, &json!({"user": {"tier": "gold"}})).allowed());
    assert!(
        is_refused(&text.replace("rules: [r], when", "rules: [other], when")),
        "an exception for a rule that there is not"
    );
}

#[test]
fn a_field_of_a_list_element_of_the_wrong_type_is_an_error() {
    let tools = engine(&[deny_when("request.tools.exists(t, t.name in ['shell', 'exec'])")]);
    let with = |tool: serde_json::Value| json!({"request": {"tools": [tool]}});
    assert!(decide(&tools, &with(json!({"name": "ls"}))).allowed());
    assert!(decide(&tools, &with(json!({"name": "ls", "server": null}))).allowed());
    for tool in
        [json!({"name": "shell"}), json!({"name": ["shell"]}), json!({"name": "x", "Name": "shell"}), json!("shell")]
    {
        assert!(!decide(&tools, &with(tool.clone())).allowed(), "{tool}");
    }
    let answers = deny_when("response.tool_calls[0].name == 'shell'").replace("{id: r,", "{id: r, stages: [response],");
    let answers = engine(&[answers]);
    let calls = |name: serde_json::Value| json!({"response": {"tool_calls": [{"name": name}]}});
    assert!(decide_in(&answers, Stage::Response, &calls(json!("ls"))).allowed());
    assert!(!decide_in(&answers, Stage::Response, &calls(json!(["shell"]))).allowed());
}

#[test]
fn null_is_absent_wherever_it_is_read() {
    let tier = |value: serde_json::Value| json!({"user": {"tier": value}});
    for when in ["user.?tier.orValue('free') == 'free'", "!user.?tier.hasValue()", "!has(user.tier)"] {
        let engine = engine(&[deny_when(when)]);
        assert!(decide(&engine, &tier(json!("gold"))).allowed(), "{when}");
        assert!(!decide(&engine, &json!({"user": {}})).allowed(), "{when}");
        assert!(!decide(&engine, &tier(json!(null))).allowed(), "{when}");
    }
    let roles = engine(&[deny_when("request.messages.exists(m, m.role == 'system')")]);
    let message =
        |message: serde_json::Value| json!({"request": {"messages": [{"role": "user", "text": "a"}, message]}});
    assert!(decide(&roles, &message(json!({"role": "user", "text": "a"}))).allowed());
    assert!(!decide(&roles, &message(json!({"text": "a"}))).allowed());
    assert!(!decide(&roles, &message(json!({"role": null, "text": "a"}))).allowed());
}

#[test]
fn an_optional_selection_does_not_skip_the_type() {
    let model = engine(&[deny_when("request.?model.orValue('') == 'bad'")]);
    assert!(decide(&model, &json!({"request": {"model": "good"}})).allowed());
    assert!(decide(&model, &json!({"request": {}})).allowed());
    assert!(!decide(&model, &json!({"request": {"model": ["bad"]}})).allowed());
    let tags = engine(&[rules("  - {id: r, when: \"'vip' in request.?tags.orValue([])\", actions: [allow]}\n")
        .replace("default_action: allow", "default_action: deny")]);
    assert!(decide(&tags, &json!({"request": {"tags": ["vip"]}})).allowed());
    assert!(!decide(&tags, &json!({"request": {"tags": {"vip": 1}}})).allowed());
}

#[test]
fn a_required_field_of_the_wrong_type_is_not_there() {
    let text = format!(
        "schema:\n  user.clearance: {{type: int, missing: required}}\nrules:\n  - {{id: r, when: \"request.model == 'bad'\", actions: [{DENY}]}}\n"
    );
    let engine = engine(&[policy("p", &format!("config: {{default_action: allow}}\n{text}"))]);
    let evaluate = |context: &serde_json::Value| engine.evaluate(Stage::Request, context, now());
    assert!(evaluate(&json!({"user": {"clearance": 3}, "request": {"model": "ok"}})).unwrap().allowed());
    for user in [json!({}), json!([]), json!("x"), json!({"clearance": "9"}), json!(null)] {
        assert!(evaluate(&json!({"user": user, "request": {"model": "ok"}})).is_err(), "{user}");
    }
}

#[test]
fn a_context_is_an_object() {
    let engine = engine(&[deny_when("has(request.model) && request.model == 'bad'")]);
    for text in ["null", "[]", "5", "\"x\"", " true"] {
        assert!(engine.evaluate(Stage::Request, &Json::from(text), now()).is_err(), "{text}");
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(engine.evaluate(Stage::Request, &value, now()).is_err(), "{text}");
    }
}

#[test]
fn a_change_is_of_its_fields_type() {
    let set = |value: &str| {
        rules(&format!("  - {{id: r, when: \"true\", actions: [{{set: {{request.max_tokens: \"{value}\"}}}}]}}\n"))
    };
    assert!(is_refused(&set("'x'")));
    let engine = engine(&[set("request.context.limit")]).handles(Handles::ALL);
    assert!(decide(&engine, &json!({"request": {"context": {"limit": 10}}})).allowed());
    let wrong = decide(&engine, &json!({"request": {"context": {"limit": "x"}}}));
    assert_eq!((wrong.effect(), wrong.code()), (Effect::Deny, Some("change_failed")));
}
