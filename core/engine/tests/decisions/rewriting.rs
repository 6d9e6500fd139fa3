//! `set` and `route`: the changed request is decided about once more, and the second pass can only restrict.

use llm_policy_engine::context::Stage;
use serde_json::{Value, json};

use super::common::{decide, engine, now, rules};

fn params<'d>(decision: &'d llm_policy_engine::Decision, action: &str) -> Vec<&'d Value> {
    decision.obligations().filter(|(_, _, name, _)| *name == action).map(|(_, _, _, params)| params).collect()
}

#[test]
fn a_value_is_set_and_seen_by_the_other_rules() {
    let text = rules(
        "  - {id: cap, when: \"request.max_tokens > 100\", actions: [{type: set, values: {request.max_tokens: \"100\"}}]}\n  - {id: small, when: \"request.max_tokens < LIMIT\", actions: [{type: deny, reason: too small}]}\n",
    );
    let context = json!({"request": {"max_tokens": 500}});
    let decision = decide(&engine(&[text.replace("LIMIT", "50")]), &context);
    assert!(decision.allowed());
    assert_eq!(params(&decision, "set"), [&json!({"values": {"request.max_tokens": 100}})]);
    let decision = decide(&engine(&[text.replace("LIMIT", "200")]), &context);
    assert_eq!((decision.allowed(), decision.rule()), (false, Some("small")));
    assert!(params(&decision, "set").is_empty());
}

/// What an explanation shows is of the request as it came, and it says so when there was another.
#[test]
fn an_explanation_says_that_the_request_was_changed() {
    let text = rules(
        "  - {id: cap, when: \"request.max_tokens > 100\", actions: [{type: set, values: {request.max_tokens: \"100\"}}]}\n  - {id: small, when: \"request.max_tokens < 200\", actions: [{type: deny, reason: too small}]}\n",
    );
    for (tokens, rewritten) in [(500, true), (50, false), (100, false)] {
        let context = json!({"request": {"max_tokens": tokens}});
        let explanation = engine(&[&text]).explain(Stage::Request, &context, now()).unwrap();
        assert_eq!(explanation.decision.rule(), Some("small"));
        assert_eq!(explanation.rewritten, rewritten, "{tokens}");
        let shown = explanation.to_json();
        assert_eq!(shown["rewritten"], rewritten);
        assert_eq!(shown["rules"][1]["clauses"][0]["reads"][0]["value"], tokens);
    }
}

#[test]
fn candidates_of_a_route_are_tried_in_order() {
    let text = rules(
        "  - {id: away, when: \"request.model == 'big'\", actions: [{type: route, models: [a, b, c]}]}\n  - {id: not, when: \"request.model in [DENIED]\", actions: [{type: deny, reason: no}]}\n",
    );
    let context = json!({"request": {"model": "big"}});
    for (denied, model) in [("'z'", Some("a")), ("'a'", Some("b")), ("'a', 'b'", Some("c")), ("'a', 'b', 'c'", None)] {
        let decision = decide(&engine(&[text.replace("DENIED", denied)]), &context);
        assert_eq!(decision.route().and_then(|r| r.model.as_deref()), model, "{denied}");
        assert_eq!(decision.allowed(), model.is_some(), "{denied}");
        if model.is_none() {
            assert_eq!((decision.code(), decision.rule()), (Some("no_route"), Some("away")));
        } else {
            assert_eq!(params(&decision, "route"), [&json!({"model": model})]);
        }
    }
}

#[test]
fn a_second_change_is_refused() {
    let text = rules(
        "  - {id: first, when: \"request.model == 'big'\", actions: [{type: route, model: small}]}\n  - {id: second, when: \"request.model == 'small'\", actions: [ACTION]}\n",
    );
    let context = json!({"request": {"model": "big", "stream": true}});
    for action in
        ["{type: route, model: tiny}", "{type: set, values: {request.stream: \"false\"}}", "{type: route, provider: p}"]
    {
        let decision = decide(&engine(&[text.replace("ACTION", action)]), &context);
        assert_eq!((decision.code(), decision.rule()), (Some("second_change"), Some("second")), "{action}");
    }
    // What changes nothing more is no second change.
    let decision =
        decide(&engine(&[text.replace("ACTION", "{type: set, values: {request.model: \"'small'\"}}")]), &context);
    assert!(decision.allowed(), "{}", decision.reason());
    let halves = rules(
        "  - {id: half, when: \"request.max_tokens > 10\", actions: [{type: set, values: {request.max_tokens: \"request.max_tokens / 2\"}}]}\n",
    );
    let decision = decide(&engine(std::slice::from_ref(&halves)), &json!({"request": {"max_tokens": 100}}));
    assert_eq!(decision.code(), Some("second_change"));
    assert!(decide(&engine(&[halves]), &json!({"request": {"max_tokens": 16}})).allowed());
}

#[test]
fn a_value_that_fails_is_a_deny() {
    for (action, context) in [
        (
            "{type: set, values: {request.max_tokens: \"10 / session.turn\"}}",
            json!({"session": {"turn": 0}, "request": {"model": "m"}}),
        ),
        ("{type: set, values: {request.region: user.region}}", json!({"request": {"model": "m"}})),
        ("{type: route, model: \"gpt-{{ user.tier }}\"}", json!({"request": {"model": "m"}})),
        ("{type: route, models: [a, \"gpt-{{ user.tier }}\"]}", json!({"request": {"model": "m"}})),
    ] {
        let decision =
            decide(&engine(&[rules(&format!("  - {{id: r, when: \"true\", actions: [{action}]}}\n"))]), &context);
        assert_eq!((decision.code(), decision.rule()), (Some("change_failed"), Some("r")), "{action}");
    }
}

#[test]
fn what_is_only_found_in_the_changed_request_is_handed_out_too() {
    let text = rules(
        "  - {id: away, when: \"request.model == 'big'\", actions: [{type: route, model: small}, {type: log, message: first}]}\n  - {id: clean, when: \"request.model == 'small'\", actions: [{type: redact, fields: [request.prompt]}, {type: warn, message: small}]}\n",
    );
    let decision = decide(&engine(&[text]), &json!({"request": {"model": "big"}}));
    assert!(decision.allowed());
    assert_eq!(params(&decision, "redact").len(), 1, "{}", decision.to_json());
    assert_eq!(params(&decision, "log").len(), 1);
    assert_eq!(decision.warnings().collect::<Vec<_>>(), ["small"]);
    assert_eq!(decision.matched().count(), 2);
}

#[test]
fn what_is_approved_is_the_changed_request() {
    // The second pass asks for approval; what the first pass set must not be lost.
    let text = rules(
        "  - {id: cap, when: \"request.max_tokens > 100\", actions: [{type: set, values: {request.max_tokens: \"100\"}}]}\n  - {id: ask, when: \"request.max_tokens == 100\", actions: [{type: require_approval}]}\n",
    );
    let decision = decide(&engine(&[text]), &json!({"request": {"max_tokens": 500}}));
    assert_eq!((decision.effect().name(), decision.rule()), ("require_approval", Some("ask")));
    assert_eq!(params(&decision, "set"), [&json!({"values": {"request.max_tokens": 100}})], "{}", decision.to_json());
    // The first pass asks for approval: the change is worked out and judged all the same.
    let text = rules(
        "  - {id: ask, when: \"true\", actions: [{type: require_approval}]}\n  - {id: away, when: \"request.model == 'big'\", actions: [{type: route, models: [a, b]}]}\n  - {id: not, when: \"request.model == 'a'\", actions: [{type: deny, reason: no}]}\n",
    );
    let decision = decide(&engine(std::slice::from_ref(&text)), &json!({"request": {"model": "big"}}));
    assert_eq!((decision.effect().name(), decision.rule()), ("require_approval", Some("ask")));
    assert_eq!(decision.route().and_then(|r| r.model.as_deref()), Some("b"));
    let decision =
        decide(&engine(&[text.replace("models: [a, b]", "model: a")]), &json!({"request": {"model": "big"}}));
    assert_eq!(decision.effect().name(), "deny");
    let failing = rules(
        "  - {id: r, when: \"true\", actions: [{type: require_approval}, {type: set, values: {request.max_tokens: \"1 / session.turn\"}}]}\n",
    );
    let decision = decide(&engine(&[failing]), &json!({"session": {"turn": 0}}));
    assert_eq!(decision.code(), Some("change_failed"));
}

#[test]
fn the_highest_rank_takes_a_target_and_the_others_are_suppressed() {
    let text = rules(
        "  - {id: low, priority: 1, when: \"true\", actions: [{type: set, values: {request.region: \"'us'\", request.stream: \"false\"}}]}\n  - {id: high, priority: 2, when: \"true\", actions: [{type: set, values: {request.region: \"'eu'\"}}]}\n  - {id: r1, when: \"true\", actions: [{type: route, model: a}]}\n  - {id: r2, when: \"true\", actions: [{type: route, model: b}]}\n",
    );
    let decision = decide(&engine(&[text]), &json!({"request": {"model": "x", "region": "y", "stream": true}}));
    assert!(decision.allowed(), "{}", decision.reason());
    assert_eq!(
        params(&decision, "set"),
        [&json!({"values": {"request.region": "eu"}}), &json!({"values": {"request.stream": false}})]
    );
    assert_eq!(decision.route().and_then(|r| r.model.as_deref()), Some("a"));
    let suppressed = &decision.to_json()["suppressed"];
    assert_eq!(suppressed[0]["target"], "request.region");
    assert_eq!((&suppressed[0]["rule"], &suppressed[0]["by"]["rule"]), (&json!("low"), &json!("high")));
    assert_eq!((&suppressed[1]["rule"], &suppressed[1]["target"]), (&json!("r2"), &json!("route")));
}

#[test]
fn only_a_body_s_fields_can_be_set() {
    for (path, fine) in [
        ("request.model", true),
        ("metadata.x", true),
        ("request.context.x", true),
        ("user.tier", false),
        ("request.text", false),
        ("request.estimated_cost", false),
        ("now", false),
        ("shield.score", false),
        ("request.modle", false),
    ] {
        let text =
            rules(&format!("  - {{id: r, when: \"true\", actions: [{{type: set, values: {{{path}: \"'x'\"}}}}]}}\n"));
        assert_eq!(super::common::is_refused(&text), !fine, "{path}");
    }
}

#[test]
fn texts_are_put_together_again_from_what_is_set() {
    let text = rules(
        "  - {id: swap, when: \"request.stream\", actions: [{type: set, values: {request.messages: \"[{'role': 'user', 'text': 'a secret'}]\"}}]}\n  - {id: not, when: \"request.prompt.contains('secret')\", actions: [{type: deny, reason: no}]}\n",
    );
    let context = json!({"request": {"stream": true, "messages": [{"role": "user", "text": "hello"}]}});
    let decision = decide(&engine(std::slice::from_ref(&text)), &context);
    assert_eq!((decision.allowed(), decision.rule()), (false, Some("not")));
    let decision = decide(&engine(&[text.replace("request.prompt.", "request.text.")]), &context);
    assert_eq!((decision.allowed(), decision.rule()), (false, Some("not")));
}
