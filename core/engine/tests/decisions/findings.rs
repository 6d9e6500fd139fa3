//! What is found in documents when they are loaded.

use llm_policy_engine::context::Stage;
use llm_policy_engine::document;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options};

use super::common::{codes, engine, now, rendered, rules};

/// All that is found in `text`, as people see it.
fn found(text: &str) -> String {
    let document = match document::read(text, "policy.yaml", &mut document::no_files) {
        Ok(document) => document,
        Err(refused) => return refused.render(false),
    };
    match Engine::new(vec![document], Options::default()) {
        Ok((_, warnings)) => rendered(&warnings),
        Err(findings) => rendered(&findings),
    }
}

/// A rule `r` for `stages` with these actions.
fn acting(stages: &str, actions: &str) -> String {
    rules(&format!("  - {{id: r, when: \"true\", stages: [{stages}], actions: [{actions}]}}\n"))
}

#[test]
fn fields_that_actions_name_are_there_in_the_stages_of_the_rule() {
    for (stages, action) in [
        ("request", "{type: redact, fields: [response.text]}"),
        ("request", "{type: redact, fields: [request.prompt, tool.arguments]}"),
        ("request", "{type: redact, fields: [\"response.tool_calls[].arguments\"]}"),
        ("request, response", "{type: redact, fields: [response.text]}"),
        ("request", "{type: set, values: {response.text: \"'x'\"}}"),
        ("tool_call", "{type: set, values: {tool.result: \"'x'\"}}"),
    ] {
        assert_eq!(codes(&acting(stages, action)), ["field-not-in-stage"], "{stages} {action}");
    }
    for (stages, action) in [
        ("response", "{type: redact, fields: [response.text]}"),
        ("request, response", "{type: redact, fields: [request.prompt, \"request.messages[].text\"]}"),
        ("tool_call", "{type: set, values: {tool.arguments.path: \"'x'\"}}"),
        ("request", "{type: set, values: {metadata.a.b: \"'x'\"}}"),
    ] {
        assert_eq!(codes(&acting(stages, action)), [""; 0], "{stages} {action}");
    }
    let text = found(&acting("request", "{type: redact, fields: [response.text]}"));
    assert!(text.contains("`response.text` is not there in the stage `request`"), "{text}");
    assert!(text.contains("help: it is there in"), "{text}");
}

#[test]
fn what_is_switched_off_is_checked_and_not_read() {
    let text = |document: &str, rule: &str, when: &str| {
        format!(
            "version: \"1.0\"\nmetadata: {{name: p}}\nconfig: {{mode: {document}, target: \"user.tenant == 'a'\"}}\nrules:\n  - {{id: r, mode: {rule}, when: \"{when}\", actions: [deny]}}\n"
        )
    };
    for (document, rule) in [("disabled", "enforce"), ("enforce", "disabled"), ("disabled", "disabled")] {
        assert_eq!(codes(&text(document, rule, "request.modle == 'x'")), ["undefined-field"], "{document} {rule}");
        assert_eq!(codes(&text(document, rule, "!request.model in ['x']")).len(), 1, "{document} {rule}");
        assert_eq!(codes(&text(document, rule, "request.model == 'x'")), [""; 0], "{document} {rule}");
    }
    // What only a disabled document would read may be anything.
    let open = rules("  - {id: r, when: \"user.tier == 'x'\", actions: [deny]}\n").replace("name: p", "name: q");
    let engine = engine(&[text("disabled", "enforce", "request.model == 'x'"), open]);
    let twice = br#"{"user": {"tier": "y"}, "request": {"model": 1, "model": 2}}"#;
    assert!(engine.evaluate(Stage::Request, &Json::new(twice), now()).unwrap().allowed());
}

#[test]
fn actions_that_contradict_each_other_are_remarked() {
    for (actions, losers) in [
        ("deny, allow", 1),
        ("allow, {type: throttle, delay_ms: 1}, {type: require_approval}", 2),
        ("{type: throttle, delay_ms: 1}, deny", 1),
        ("allow, audit", 0),
        ("allow, {type: warn, message: w}", 0),
        ("deny", 0),
        ("{type: throttle, delay_ms: 1}, {type: throttle, delay_ms: 2}", 0),
    ] {
        assert_eq!(codes(&acting("request", actions)), vec!["contradicting-actions"; losers], "{actions}");
    }
    let text = found(&acting("request", "deny, allow"));
    assert!(text.contains("`deny` of this rule wins, so its `allow` decides nothing"), "{text}");
    // Where the deny may be suspended, the allow is what is left.
    let exceptions =
        |enabled| format!("exceptions: [{{id: e, rules: [r], when: user.mfa_verified, enabled: {enabled}}}]\n");
    let with = |actions, enabled| acting("request", actions) + &exceptions(enabled);
    assert_eq!(codes(&with("deny, allow", true)), [""; 0]);
    assert_eq!(codes(&with("deny, allow", false)), ["contradicting-actions"]);
    assert_eq!(codes(&with("deny, {type: throttle, delay_ms: 1}", true)), ["contradicting-actions"]);
}

#[test]
fn bare_words_in_tags_are_explained() {
    for (actions, says) in [
        ("{tag: {team: search}}", "values of `tag` are expressions: write `\"'search'\"`"),
        ("{tag: {cell: zz-qx-1}}", "write `\"'zz-qx-1'\"`"),
        ("{set: {request.model: gpt-4}}", "values of `set` are expressions: write `\"'gpt-4'\"`"),
        ("{tag: {team: usr.id}}", "did you mean `user"),
        ("{redact: {fields: [request.prompt], detect: [emial]}}", "did you mean `email`?"),
    ] {
        let text = found(&acting("request", actions));
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn names_of_the_document_are_explained() {
    let names = "variables: {is_prod: \"request.environment == 'prod'\"}\nlists: {eu: [eu-west-1], us: [us-east-1]}\ntables: {caps: {key: string, value: double, entries: {a: 1.0}}}\n";
    let help = |declared: &str, when: &str| {
        let text = rules(&format!("  - {{id: r, when: \"{when}\", actions: [deny]}}\n")) + declared;
        let text = found(&text);
        let lines = |start: &str| text.lines().filter(|line| line.starts_with(start)).collect::<Vec<_>>().join("; ");
        format!("{}; {}", lines("error"), lines("help"))
    };
    for (declared, when, expected) in [
        (
            names,
            "user.id in lists",
            "error[undeclared-name]: `lists` is no value; help: name one of them: `lists.eu`, `lists.us`",
        ),
        (
            names,
            "user.region in lists['eu']",
            "error[undeclared-name]: `lists` is no value; help: name one of them: `lists.eu`, `lists.us`",
        ),
        (
            names,
            "variables && true",
            "error[undeclared-name]: `variables` is no value; help: name one of them: `variables.is_prod`",
        ),
        (
            "",
            "user.id in lists",
            "error[undeclared-name]: `lists` is no value; help: declare one under `lists`, and write `lists.<its name>`",
        ),
        (names, "user.id in lists.uk", "error[undeclared-name]: `lists` has no `uk`; help: did you mean `lists.us`?"),
        (
            names,
            "user.id in tables",
            "error[undeclared-name]: `tables` is no value; help: a table is read by `lookup('caps', key, default)`",
        ),
        (
            names,
            "tables.caps['a'] > 1.0",
            "error[undeclared-name]: `tables` is no value; help: a table is read by `lookup('caps', key, default)`",
        ),
        (names, "user.region in eu", "error[undeclared-name]: `eu` is not declared; help: write `lists.eu`"),
        (
            names,
            "is_prod && true",
            "error[undeclared-name]: `is_prod` is not declared; help: write `variables.is_prod`",
        ),
        (
            names,
            "vars.is_prod && true",
            "error[undeclared-name]: `vars` is not declared; help: write `variables.is_prod`",
        ),
        (
            names,
            "user.id in caps",
            "error[undeclared-name]: `caps` is not declared; help: a table is read by `lookup('caps', key, default)`",
        ),
    ] {
        assert_eq!(help(declared, when), expected, "{when}");
    }
    assert!(help(names, "lists.eu.frob()").contains("there is no function `frob`"));
}
