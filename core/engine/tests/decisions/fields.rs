//! Fields: derived text, house fields, required fields.

use llm_policy_engine::context::Stage;
use serde_json::{Value, json};

use super::common::{decide, decide_in, engine, is_refused, now, policy, rules};

/// Whether a condition is true for `context`.
fn holds(when: &str, stage: &str, context: &Value) -> bool {
    let text = policy("p", &format!("rules:\n  - {{id: r, stages: [{stage}], when: \"{when}\", actions: [allow]}}\n"));
    decide_in(&engine(&[text]), stage.parse().unwrap(), context).allowed()
}

#[test]
fn a_prompt_is_the_text_of_all_user_and_tool_messages() {
    let messages = json!({"request": {"messages": [
        {"role": "system", "text": "be nice"},
        {"role": "user", "text": "first"},
        {"role": "assistant", "text": "answer"},
        {"role": "tool", "text": "result"},
        {"role": "wizard", "text": "odd"},
        {"text": "none"},
        {"role": "user", "content": [{"type": "text", "text": "part"}]},
        "bare",
    ]}});
    for (word, prompt, user, tool) in [
        ("first", true, true, false),
        ("result", true, false, true),
        ("odd", true, true, true),
        ("none", true, true, false),
        ("part", true, true, false),
        ("bare", true, true, true),
        ("be nice", false, false, false),
        ("answer", false, false, false),
    ] {
        assert_eq!(holds(&format!("request.prompt.contains('{word}')"), "request", &messages), prompt, "{word}");
        assert_eq!(holds(&format!("request.user_text.contains('{word}')"), "request", &messages), user, "{word}");
        assert_eq!(holds(&format!("request.tool_text.contains('{word}')"), "request", &messages), tool, "{word}");
        assert!(holds(&format!("request.text.contains('{word}')"), "request", &messages), "{word}");
    }
    // A prompt that is there is kept.
    let both = json!({"request": {"prompt": "mine", "messages": [{"role": "user", "text": "theirs"}]}});
    assert!(holds("request.prompt == 'mine'", "request", &both));
    assert!(holds("request.user_text.contains('mine') && request.user_text.contains('theirs')", "request", &both));
}

#[test]
fn the_text_of_a_request_is_all_of_it() {
    let context = json!({
        "request": {"prompt": "p1", "system_prompt": "s1", "unknown": {"deep": ["u1", {"k1": "v1"}]}, "context": {"c": "c1"}, "tools": [{"description": "d1"}]},
    });
    for word in ["p1", "s1", "u1", "k1", "v1", "c1", "d1"] {
        assert!(holds(&format!("request.text.contains('{word}')"), "request", &context), "{word}");
    }
    // Nobody can say it for the engine.
    let forged = json!({"request": {"prompt": "bad", "text": "nice", "user_text": "nice", "tool_text": "nice"}});
    assert!(holds("request.text.contains('bad')", "request", &forged));
    assert!(holds("request.user_text == 'bad'", "request", &forged));
    assert!(!holds("request.tool_text == 'nice'", "request", &forged));
}

#[test]
fn later_stages_have_their_text_too() {
    let context = json!({"request": {"prompt": "p"}, "tool": {"arguments": {"q": "drop table"}}});
    assert!(holds("request.text.contains('drop table')", "tool_call", &context));
    let context = json!({"tool": {"result": {"rows": ["r1"]}}});
    assert!(holds("request.tool_text.contains('r1')", "tool_result", &context));
    let context = json!({"response": {"text": "said"}});
    assert!(holds("request.text.contains('said')", "response", &context));
}

#[test]
fn a_prompt_that_is_no_text_is_an_error() {
    let deny = rules("  - {id: r, when: \"request.prompt.contains('x')\", actions: [{type: deny, reason: no}]}\n");
    for context in [
        json!({}),
        json!({"request": {}}),
        json!({"request": {"prompt": 5}}),
        json!({"request": {"prompt": ["x"]}}),
        json!({"request": {"messages": []}}),
        json!({"request": {"messages": "hello"}}),
        json!({"request": "hello"}),
    ] {
        assert!(!decide(&engine(std::slice::from_ref(&deny)), &context).allowed(), "{context}");
    }
}

#[test]
fn required_fields() {
    let text = "version: \"1.0\"\nmetadata: {name: p}\nschema: {user.clearance: {type: int, missing: required}}\nconfig: {default_action: allow}\nrules:\n  - {id: r, when: \"false\", actions: [deny]}\n";
    let engine = engine(&[text]);
    for (context, fine) in [
        (json!({"user": {"clearance": 3}}), true),
        (json!({"user": {}}), false),
        (json!({"user": {"clearance": null}}), false),
        (json!({}), false),
    ] {
        assert_eq!(engine.evaluate(Stage::Request, &context, now()).is_ok(), fine, "{context}");
        let prepared = engine.prepare(&context);
        assert_eq!(
            prepared.and_then(|p| engine.evaluate_prepared(Stage::Request, &p, now())).is_ok(),
            fine,
            "{context}"
        );
    }
}

#[test]
fn house_fields_default_and_fail_as_declared() {
    let text = |missing: &str, on: &str| {
        format!(
            "version: \"1.0\"\nmetadata: {{name: p}}\nschema: {{user.clearance: {{type: int, missing: {missing}}}}}\nconfig: {{default_action: allow, on_missing: {on}}}\nrules:\n  - {{id: r, when: \"user.clearance > 3\", actions: [{{type: deny, reason: no}}]}}\n"
        )
    };
    let unsaid = |on: &str| text("error", on).replace(", missing: error", "");
    for (text, allowed) in [
        (text("error", "error"), false),
        (text("default", "error"), true),
        (text("error", "default"), false),
        (unsaid("error"), false),
        (unsaid("default"), true),
    ] {
        assert_eq!(decide(&engine(&[&text]), &json!({})).allowed(), allowed, "{text}");
    }
    for (missing, on) in [("error", "error"), ("default", "error"), ("error", "default")] {
        assert!(!decide(&engine(&[text(missing, on)]), &json!({"user": {"clearance": "high"}})).allowed());
        assert!(!decide(&engine(&[text(missing, on)]), &json!({"user": {"clearance": 4}})).allowed());
    }
}

#[test]
fn documents_must_agree_about_a_field() {
    let text = |name: &str, ty: &str, missing: &str| {
        format!(
            "version: \"1.0\"\nmetadata: {{name: {name}}}\nschema: {{user.clearance: {{type: {ty}, missing: {missing}}}}}\nrules:\n  - {{id: r, when: \"true\", actions: [allow]}}\n"
        )
    };
    let together = |a: String, b: String| {
        llm_policy_engine::Engine::new(super::common::documents(&[a, b]), Default::default()).is_ok()
    };
    assert!(together(text("a", "int", "error"), text("b", "int", "error")));
    assert!(!together(text("a", "int", "error"), text("b", "string", "error")));
    assert!(!together(text("a", "int", "default"), text("b", "int", "required")), "one of them would be ignored");
    let unsaid = text("b", "int", "error").replace(", missing: error", "");
    assert!(!together(text("a", "int", "error"), unsaid.clone()), "it would be an error in a document that defaults");
    assert!(together(unsaid.replace("name: b", "name: a"), unsaid));
    assert!(is_refused(&text("a", "int", "error").replace("user.clearance", "user.tier")));
    // A field of the context can be required as well.
    let tier = text("a", "string", "required").replace("user.clearance", "user.tier");
    assert!(engine(&[tier]).evaluate(Stage::Request, &json!({}), now()).is_err());
}

#[test]
fn wrong_json_is_refused() {
    let engine = engine(&[rules("  - {id: r, when: \"user.tier == 'free'\", actions: [{type: deny, reason: no}]}\n")]);
    for text in [
        "",
        "{",
        "{\"user\": {\"tier\": \"gold\", \"tier\": \"free\"}}",
        "{\"user\": {\"Tier\": \"gold\"}}",
        "{\"User\": {\"tier\": \"gold\"}}",
        "{\"user\": {\"tier\": \"gold\"}} {}",
        "{\"user\": {\"tier\": NaN}}",
        "{'user': {}}",
    ] {
        let input = llm_policy_engine::input::Json::new(text.as_bytes());
        assert!(engine.evaluate(Stage::Request, &input, now()).is_err(), "{text}");
    }
}

/// A rule that denies must not be unequal by type alone.
#[test]
fn what_a_house_declares_is_checked_inside() {
    let decided = |declared: &str, when: &str, value: Value| {
        let text = policy(
            "p",
            &format!(
                "config: {{default_action: allow}}\nschema: {{user.f: {{type: \"{declared}\"}}}}\nrules:\n  - {{id: r, when: \"{when}\", actions: [deny]}}\n"
            ),
        );
        let decision = decide(&engine(&[text]), &json!({"user": {"f": value}}));
        (decision.allowed(), decision.error_count())
    };
    for (declared, when, right, wrong, other) in [
        ("list(int)", "user.f == [1]", json!([1]), json!(["1"]), json!([2])),
        ("list(double)", "user.f == [1.0]", json!([1]), json!([null]), json!([1.5])),
        ("list(list(string))", "user.f == [['a']]", json!([["a"]]), json!([["a", 1]]), json!([[]])),
        ("map(string, int)", "user.f == {'a': 1}", json!({"a": 1}), json!({"a": "1"}), json!({})),
        (
            "map(string, list(bool))",
            "user.f == {'a': [true]}",
            json!({"a": [true]}),
            json!({"a": [0]}),
            json!({"a": []}),
        ),
        ("duration", "user.f == duration('90m')", json!("1h30m"), json!("soon"), json!("89m")),
        ("duration", "user.f > duration('1s')", json!("1000.5ms"), json!(5), json!("-1s")),
    ] {
        assert_eq!(decided(declared, when, right), (false, 0), "{declared}");
        assert_eq!(decided(declared, when, wrong), (false, 1), "{declared}");
        assert_eq!(decided(declared, when, other), (true, 0), "{declared}");
    }
}
