//! How the effects of matching rules become one decision.

use llm_policy_engine::context::Stage;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::{Engine, Options};
use serde_json::{Value, json};

use super::common::{decide, decide_in, engine, engine_with, policy, rules};

fn effect(texts: &[String], context: &Value) -> (String, Option<String>, Option<String>) {
    let decision = decide(&engine(texts), context);
    (decision.effect().to_string(), decision.rule().map(str::to_owned), decision.code().map(str::to_owned))
}

/// `id: action` rules that always match, each with its priority.
fn always(entries: &[(&str, i32, &str)]) -> String {
    let rule = |(id, priority, action): &(&str, i32, &str)| {
        format!("  - {{id: {id}, priority: {priority}, when: \"true\", actions: [{action}]}}\n")
    };
    entries.iter().map(rule).collect()
}

const ALLOW: &str = "{type: allow}";
const DENY: &str = "{type: deny, reason: no}";
const THROTTLE: &str = "{type: throttle, delay_ms: 100}";
const APPROVAL: &str = "{type: require_approval}";

#[test]
fn the_strongest_effect_of_a_document_wins() {
    let cases = [
        (vec![ALLOW], "allow"),
        (vec![ALLOW, THROTTLE], "throttle"),
        (vec![THROTTLE, ALLOW, APPROVAL], "require_approval"),
        (vec![APPROVAL, DENY, ALLOW, THROTTLE], "deny"),
        (vec!["{type: warn, message: careful}"], "deny"),
    ];
    for (actions, expected) in cases {
        // The stronger an effect, the lower its priority: it wins all the same.
        let entries: Vec<(String, i32, &str)> =
            actions.iter().zip(0..).map(|(action, at)| (format!("r{at}"), 10 - at, *action)).collect();
        let entries: Vec<(&str, i32, &str)> = entries.iter().map(|(id, p, a)| (id.as_str(), *p, *a)).collect();
        let text = policy("p", &format!("config: {{default_action: deny}}\nrules:\n{}", always(&entries)));
        assert_eq!(effect(&[text], &json!({})).0, expected, "{actions:?}");
    }
}

#[test]
fn the_highest_priority_of_equal_effects_gives_the_reason() {
    let deny =
        |reason: &str| format!("{{type: deny, reason: {reason}, code: c-{reason}, public_message: sorry {reason}}}");
    let (a, b, c) = (deny("a"), deny("b"), deny("c"));
    let texts = [rules(&always(&[("a", 1, &a), ("b", 5, &b), ("c", 5, &c), ("allow", 9, ALLOW)]))];
    let decision = decide(&engine(&texts), &json!({}));
    assert_eq!((decision.rule(), &*decision.reason(), decision.code()), (Some("b"), "b", Some("c-b")));
    assert_eq!(decision.public_message(), Some("sorry b"));
    let order: Vec<&str> = decision.matched().map(|(_, rule, _)| rule).collect();
    assert_eq!(order, ["allow", "b", "c", "a"], "matched rules stand by rank");
}

#[test]
fn ties_go_by_the_document_s_name_and_then_by_order() {
    let text = |name: &str| policy(name, &format!("rules:\n{}", always(&[("x", 3, DENY), ("y", 3, DENY)])));
    for texts in [[text("b"), text("a")], [text("a"), text("b")]] {
        let decision = decide(&engine(&texts), &json!({}));
        assert_eq!((decision.policy(), decision.rule()), (Some("default/a"), Some("x")));
    }
}

#[test]
fn namespaces_are_part_of_a_document_s_id() {
    let text = |namespace: &str| {
        format!(
            "version: \"1.0\"\nmetadata: {{name: p, namespace: {namespace}}}\nrules:\n{}",
            always(&[("r", 0, DENY)])
        )
    };
    let engine = engine(&[text("zone-b"), text("zone-a")]);
    assert_eq!(decide(&engine, &json!({})).policy(), Some("zone-a/p"));
    let twice = super::common::documents(&[text("a"), text("a")]);
    assert!(Engine::new(twice, Options::default()).is_err_and(|f| f[0].diagnostic.code == "duplicate-document"));
}

#[test]
fn first_match_takes_the_highest_priority_that_decides() {
    let text = |combine: &str| {
        let rules = always(&[("note", 9, "{type: log}"), ("allow", 5, ALLOW), ("deny", 1, DENY)]);
        policy("p", &format!("config: {{default_action: deny, combine: {combine}}}\nrules:\n{rules}"))
    };
    assert_eq!(effect(&[text("first_match")], &json!({})).1.as_deref(), Some("allow"));
    assert_eq!(effect(&[text("deny_overrides")], &json!({})).1.as_deref(), Some("deny"));
}

#[test]
fn an_allow_counts_in_its_own_document_only() {
    let gate = policy(
        "gate",
        "config: {default_action: deny}\nrules:\n  - {id: g, when: user.tier == 'gold', actions: [allow]}\n",
    );
    let open = policy("open", &format!("config: {{combine: first_match}}\nrules:\n{}", always(&[("o", 100, ALLOW)])));
    let texts = [gate, open];
    assert_eq!(effect(&texts, &json!({"user": {"tier": "free"}})).0, "deny");
    assert_eq!(effect(&texts, &json!({"user": {"tier": "gold"}})).0, "allow");
}

#[test]
fn defaults_and_abstaining() {
    let never = |name: &str, config: &str| {
        policy(name, &format!("{config}rules:\n  - {{id: r, when: \"request.model == 'x'\", actions: [{DENY}]}}\n"))
    };
    let (allow, deny, none) = ("config: {default_action: allow}\n", "config: {default_action: deny}\n", "");
    let cases = [
        (vec![none], "deny", Some("no_policy")),
        (vec![none, none], "deny", Some("no_policy")),
        (vec![allow, none], "allow", Some("default")),
        (vec![none, allow], "allow", Some("default")),
        (vec![allow, deny], "deny", Some("default")),
        (vec![deny, allow], "deny", Some("default")),
    ];
    for (configs, expected, code) in cases {
        let texts: Vec<String> = configs.iter().zip(0..).map(|(c, at)| never(&format!("d{at}"), c)).collect();
        let (effect, rule, found) = effect(&texts, &json!({"request": {"model": "y"}}));
        assert_eq!((effect.as_str(), rule, found.as_deref()), (expected, None, code), "{configs:?}");
    }
    let open = engine_with(&[never("d", none)], Options { allow_without_policy: true, ..Options::default() }).0;
    assert!(decide(&open, &json!({"request": {"model": "y"}})).allowed());
    assert!(!decide(&open, &json!({"request": {"model": "x"}})).allowed());
}

#[test]
fn nothing_at_all_is_a_deny() {
    let none: [String; 0] = [];
    for stage in Stage::ALL {
        let decision = decide_in(&engine(&none), stage, &json!({}));
        assert_eq!((decision.allowed(), decision.code()), (false, Some("no_policy")));
    }
}

#[test]
fn a_document_speaks_in_the_stages_that_it_covers() {
    let text = policy(
        "p",
        "config: {default_action: allow}\nrules:\n  - {id: r, stages: [response], when: \"true\", actions: [{type: log}]}\n",
    );
    let engine_ = engine(&[text]);
    assert!(decide_in(&engine_, Stage::Response, &json!({})).allowed());
    let other = decide_in(&engine_, Stage::Request, &json!({}));
    assert_eq!((other.allowed(), other.code()), (false, Some("no_policy")));
    let wide = policy(
        "p",
        "config: {default_action: allow, stages: [request, tool_call]}\nrules:\n  - {id: r, when: \"false\", actions: [deny]}\n",
    );
    let engine_ = engine(&[wide]);
    let allowed: Vec<bool> = Stage::ALL.iter().map(|s| decide_in(&engine_, *s, &json!({})).allowed()).collect();
    assert_eq!(allowed, [true, false, true, false]);
}

#[test]
fn a_target_says_where_a_document_applies() {
    let text = policy(
        "p",
        "config: {default_action: deny, target: \"user.tenant == 'acme'\"}\nrules:\n  - {id: r, when: \"true\", actions: [{type: log}]}\n",
    );
    let other = policy("q", &format!("rules:\n{}", always(&[("ok", 0, ALLOW)])));
    let texts = [text, other];
    assert_eq!(effect(&texts, &json!({"user": {"tenant": "acme"}})).2.as_deref(), Some("default"));
    assert_eq!(effect(&texts, &json!({"user": {"tenant": "umbrella"}})).1.as_deref(), Some("ok"));
    // It cannot be told whether the document applies: a deny still does.
    assert_eq!(effect(&texts, &json!({})).0, "deny");
    assert_eq!(effect(&texts, &json!({"user": {"tenant": 5}})).0, "deny");
}

#[test]
fn a_fallback_decides_when_a_target_cannot_be_evaluated() {
    let text = |action: &str| {
        policy(
            "p",
            &format!(
                "config: {{target: \"user.tenant == 'acme'\"}}\nfallback: {{action: {action}, reason: who is it}}\nrules:\n  - {{id: r, when: \"true\", actions: [allow]}}\n"
            ),
        )
    };
    let denied = decide(&engine(&[text("deny")]), &json!({}));
    assert_eq!((denied.allowed(), denied.code(), &*denied.reason()), (false, Some("fallback"), "who is it"));
    assert_eq!(decide(&engine(&[text("allow")]), &json!({})).code(), Some("fallback"));
    assert_eq!(decide(&engine(&[text("deny")]), &json!({"user": {"tenant": "acme"}})).rule(), Some("r"));
    assert_eq!(decide(&engine(&[text("allow")]), &json!({"user": {"tenant": "b"}})).code(), Some("no_policy"));
}

#[test]
fn throttling_takes_the_longest_delay() {
    let entries =
        [("a", 9, "{type: throttle, delay_ms: 50}"), ("b", 1, "{type: throttle, delay_ms: 900, max_retries: 3}")];
    let decision = decide(&engine(&[rules(&always(&entries))]), &json!({}));
    assert_eq!(
        (decision.effect().name(), decision.retry_after_ms(), decision.rule()),
        ("throttle", Some(900), Some("a"))
    );
    let denied = decide(&engine(&[rules(&always(&[entries[0], entries[1], ("d", 0, DENY)]))]), &json!({}));
    assert_eq!((denied.effect().name(), denied.retry_after_ms()), ("deny", None));
}

#[test]
fn recording_actions_stay_and_changing_ones_go_when_it_is_denied() {
    let entries = [
        (
            "notes",
            0,
            "{type: audit, severity: high}, {type: log}, {type: tag, values: {a: \"1\"}}, {type: notify, channel: ops}",
        ),
        (
            "changes",
            0,
            "{type: redact, fields: [request.prompt]}, {type: set, values: {request.stream: \"false\"}}, {type: route, model: m}",
        ),
        (
            "advice",
            0,
            "{type: warn, message: careful}, {type: suggest_alternative, model: small}, {type: custom, handler: h}",
        ),
        ("deny", 0, DENY),
    ];
    let decision = decide(&engine(&[rules(&always(&entries))]), &json!({"request": {"model": "x", "prompt": "p"}}));
    let names: Vec<&str> = decision.obligations().map(|(_, _, name, _)| name).collect();
    assert_eq!(names, ["audit", "log", "tag", "notify", "suggest_alternative", "custom"]);
    assert_eq!(decision.warnings().collect::<Vec<_>>(), ["careful"]);
    assert!(decision.route().is_none());
    let matched: Vec<&str> = decision.matched().map(|(_, rule, _)| rule).collect();
    assert_eq!(matched, ["notes", "changes", "advice", "deny"]);
}

#[test]
fn what_nobody_carries_out_is_a_deny() {
    let cases = [
        ("{type: redact, fields: [request.prompt]}", "redact", true),
        ("{type: set, values: {request.stream: \"false\"}}", "set", true),
        ("{type: route, model: m}", "route", true),
        (APPROVAL, "require_approval", true),
        ("{type: custom, handler: h, mandatory: true}", "custom", true),
        ("{type: custom, handler: h}", "custom", false),
        ("{type: notify, channel: ops}", "notify", false),
    ];
    for (action, name, mandatory) in cases {
        let bare = engine(&[rules(&always(&[("r", 0, action)]))]).handles(Handles::NONE);
        let context = json!({"request": {"model": "x", "prompt": "p", "stream": true}});
        let decision = decide(&bare, &context);
        if mandatory {
            assert_eq!((decision.effect().name(), decision.code()), ("deny", Some("unhandled_obligation")), "{action}");
            assert!(decision.reason().contains(name), "{}", decision.reason());
            let declared = bare.handles(name.parse().unwrap());
            assert_ne!(decide(&declared, &context).effect().name(), "deny", "{action}");
            let others: Vec<&str> =
                ["redact", "set", "route", "require_approval", "custom"].into_iter().filter(|n| *n != name).collect();
            let others = declared.handles(others.join(",").parse().unwrap());
            assert_eq!(decide(&others, &context).code(), Some("unhandled_obligation"), "{action}");
        } else {
            assert!(decision.allowed(), "{action}");
        }
    }
}

/// What is in force, and carried out by nobody, denies with all shadow rules in force as well.
#[test]
fn what_nobody_carries_out_denies_in_the_shadow_too() {
    let text = rules(&format!(
        "  - {{id: r, when: \"true\", actions: [{{type: redact, fields: [request.prompt]}}]}}\n  \
         - {{id: s, mode: shadow, when: request.stream, actions: [{DENY}]}}\n"
    ));
    let bare = engine(&[text]).handles(Handles::NONE);
    let code = |stream: bool| {
        let decision = decide(&bare, &json!({"request": {"stream": stream}}));
        assert_eq!(decision.unhandled(), Some("redact"));
        decision.to_json()["shadow"]["rule"].as_str().map(str::to_owned)
    };
    assert_eq!(code(false).as_deref(), Some("r"));
    assert_eq!(code(true).as_deref(), Some("s"));
}

/// With a rule in force whose mandatory action nobody carries out, the decision would be a deny.
#[test]
fn mandatory_actions_of_rules_in_shadow_count_in_the_shadow() {
    let text = rules(&format!(
        "  - {{id: s, mode: shadow, when: \"true\", actions: [{{type: redact, fields: [request.prompt]}}]}}\n  \
         - {{id: d, mode: shadow, when: request.stream, actions: [{DENY}]}}\n"
    ));
    let shadow = |handles: Handles, stream: bool| {
        let decision = decide(&engine(&[&text]).handles(handles), &json!({"request": {"stream": stream}}));
        assert_eq!((decision.allowed(), decision.unhandled(), decision.obligations().count()), (true, None, 0));
        let shadow = &decision.to_json()["shadow"];
        (shadow["effect"].as_str().map(str::to_owned), shadow["rule"].as_str().map(str::to_owned))
    };
    let said = |effect: &str, rule: Option<&str>| (Some(effect.to_owned()), rule.map(str::to_owned));
    assert_eq!(shadow(Handles::NONE, false), said("deny", Some("s")));
    assert_eq!(shadow(Handles::ALL, false), said("allow", None));
    // A deny asks for no redaction.
    assert_eq!(shadow(Handles::NONE, true), said("deny", Some("d")));
}

#[test]
fn redactions_are_united() {
    let entries = [
        ("a", 0, "{type: redact, fields: [request.prompt], style: mask}"),
        ("b", 0, "{type: redact, fields: [request.prompt, request.system_prompt], detect: [email]}"),
    ];
    let decision = decide(&engine(&[rules(&always(&entries))]), &json!({}));
    let json = decision.to_json();
    assert_eq!(json["redactions"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["suppressed"], json!([]));
    assert!(decision.allowed());
}

#[test]
fn shadow_and_disabled() {
    let rule = |mode: &str| {
        rules(&format!(
            "  - {{id: r, mode: {mode}, when: \"true\", actions: [{DENY}, {{type: warn, message: w}}, {{type: log}}]}}\n"
        ))
    };
    let shadow = decide(&engine(&[rule("shadow")]), &json!({}));
    assert!(shadow.allowed());
    assert_eq!(shadow.shadow_effect().map(|e| e.name()), Some("deny"));
    assert_eq!((shadow.warnings().count(), shadow.obligations().count(), shadow.matched().count()), (0, 0, 0));
    assert_eq!(shadow.to_json()["shadow"]["rule"], "r");
    let disabled = decide(&engine(&[rule("disabled")]), &json!({}));
    assert_eq!((disabled.allowed(), disabled.shadow_effect()), (true, None));
    // Between document and rule the weaker wins.
    for (document, rule, effect, shadow) in [
        ("enforce", "enforce", "deny", None),
        ("enforce", "shadow", "allow", Some("deny")),
        ("shadow", "enforce", "allow", Some("deny")),
        ("shadow", "disabled", "allow", Some("allow")),
        ("disabled", "enforce", "allow", None),
    ] {
        let text = policy(
            "p",
            &format!(
                "config: {{mode: {document}}}\nrules:\n  - {{id: r, mode: {rule}, when: \"true\", actions: [{DENY}]}}\n"
            ),
        );
        let open = policy("q", &format!("rules:\n{}", always(&[("ok", 0, ALLOW)])));
        let decision = decide(&engine(&[text, open]), &json!({}));
        assert_eq!(
            (decision.effect().name(), decision.shadow_effect().map(|e| e.name())),
            (effect, shadow),
            "{document} {rule}"
        );
    }
}

#[test]
fn a_document_in_shadow_alone_decides_nothing() {
    let text = policy(
        "p",
        &format!("config: {{mode: shadow, default_action: allow}}\nrules:\n{}", always(&[("ok", 0, ALLOW)])),
    );
    let decision = decide(&engine(&[text]), &json!({}));
    assert_eq!((decision.code(), decision.shadow_effect().map(|e| e.name())), (Some("no_policy"), Some("allow")));
}

#[test]
fn exceptions_suspend_restricting_actions_only() {
    let text = |exception: &str| {
        policy(
            "p",
            &format!(
                "config: {{default_action: allow}}\nrules:\n  - {{id: r, when: \"true\", actions: [{DENY}, {{type: warn, message: w}}, {{type: log}}]}}\n  - {{id: other, when: \"request.model == 'bad'\", actions: [{DENY}]}}\nexceptions:\n  - {{id: e, rules: [r], {exception}}}\n"
            ),
        )
    };
    let gold = json!({"user": {"tier": "gold"}, "request": {"model": "m"}});
    let when = "when: \"user.tier == 'gold'\"";
    let suspended = decide(&engine(&[text(when)]), &gold);
    assert!(suspended.allowed());
    assert_eq!((suspended.warnings().count(), suspended.obligations().count()), (1, 1));
    assert_eq!(suspended.to_json()["matched"][0]["exception"], "e");
    let other = json!({"user": {"tier": "gold"}, "request": {"model": "bad"}});
    assert_eq!(decide(&engine(&[text(when)]), &other).rule(), Some("other"));
    for (exception, allowed) in [
        (format!("{when}, expires: 2026-07-01T12:00:01Z"), true),
        // From that instant on it does not match.
        (format!("{when}, expires: 2026-07-01T12:00:00Z"), false),
        (format!("{when}, expires: 2026-07-01T11:59:59Z"), false),
        (format!("{when}, enabled: false"), false),
        ("when: \"user.tier == 'silver'\"".to_owned(), false),
        // One that fails does not match.
        ("when: \"user.team == 'x'\"".to_owned(), false),
    ] {
        assert_eq!(decide(&engine(&[text(&exception)]), &gold).allowed(), allowed, "{exception}");
    }
}

#[test]
fn a_mandatory_rule_has_no_exceptions() {
    let text = policy(
        "p",
        &format!(
            "rules:\n  - {{id: r, mandatory: true, when: \"true\", actions: [{DENY}]}}\nexceptions:\n  - {{id: e, rules: [r], when: \"true\"}}\n"
        ),
    );
    assert!(super::common::is_refused(&text));
}

#[test]
fn templates() {
    let text = rules(
        "  - id: r\n    when: \"true\"\n    actions:\n      - {type: deny, reason: \"{{ user.tier }} has {{ session.turn + 1 }} of {{ user.roles }}\", public_message: \"hello {{ user.name }}\"}\n      - {type: log, message: \"m {{ user.tier }}\", metadata: {a: [\"{{ 1.5 }}\", 2]}}\n",
    );
    // There is no field `user.name`.
    assert!(super::common::is_refused(&text));
    let text = text.replace("user.name", "user.email");
    let context = json!({"user": {"tier": "gold", "roles": ["a", "b"]}, "session": {"turn": 4}});
    let decision = decide(&engine(&[text]), &context);
    assert_eq!(decision.reason(), "gold has 5 of [\"a\",\"b\"]");
    assert_eq!(decision.public_message(), Some("hello <error>"));
    let params: Vec<&Value> = decision.obligations().map(|(_, _, _, params)| params).collect();
    assert_eq!(params[0]["message"], "m gold");
    assert_eq!(params[0]["metadata"], json!({"a": ["1.5", 2]}));
}

#[test]
fn content_in_a_template_is_refused() {
    for (path, stage) in [
        ("request.prompt", "request"),
        ("request.messages[0].text", "request"),
        ("request.text", "request"),
        ("request.system_prompt.upperAscii()", "request"),
        ("tool.arguments.q", "tool_call"),
        ("response.text", "response"),
        ("variables.v", "request"),
        ("[1].map(x, request.prompt)[0]", "request"),
    ] {
        let text = format!(
            "version: \"1.0\"\nmetadata: {{name: p}}\nvariables: {{v: \"request.prompt + 'x'\"}}\nrules:\n  - {{id: r, stages: [{stage}], when: \"true\", actions: [{{type: deny, reason: \"it says {{{{ {path} }}}}\"}}]}}\n"
        );
        let codes = super::common::codes(&text);
        assert!(codes.iter().any(|c| c == "content-in-template"), "{path}: {codes:?}");
    }
}

#[test]
fn explanations_have_the_value_of_each_clause() {
    let text = policy(
        "p",
        "config: {default_action: allow, target: \"user.tenant == 'acme'\"}\nrules:\n  - {id: r, when: \"user.tier == 'free' && request.max_tokens > 100 && size(request.tags) > 0\", actions: [deny]}\n",
    );
    let context = json!({"user": {"tenant": "acme", "tier": "free"}, "request": {"max_tokens": 50}});
    let explanation = engine(&[text]).explain(Stage::Request, &context, super::common::now()).unwrap();
    let json = explanation.to_json();
    assert_eq!(json["rules"][0]["matched"], json!(false));
    let gate = &json["rules"][0]["gates"][0];
    assert_eq!((&gate["text"], &gate["value"]), (&json!("target"), &json!(true)));
    let clauses = &json["rules"][0]["clauses"];
    let tier = json!([{"path": "user.tier", "value": "free"}]);
    assert_eq!(clauses[0], json!({"text": "user.tier == 'free'", "value": true, "reads": tier}));
    let tokens = json!([{"path": "request.max_tokens", "value": 50}]);
    assert_eq!(clauses[1], json!({"text": "request.max_tokens > 100", "value": false, "reads": tokens}));
    assert_eq!(clauses[2]["reads"], json!([{"path": "request.tags", "absent": true}]));
    assert!(clauses[2]["value"]["error"].as_str().is_some_and(|e| e.contains("request.tags")), "{clauses}");
    assert_eq!(json["decision"]["effect"], "allow");
}
