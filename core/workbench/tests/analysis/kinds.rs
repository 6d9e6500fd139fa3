//! Every kind of claim: an example in which it is found, and one next to it in which it is not.

use llm_policy_workbench::analysis::Weight;

use super::analysis;

/// A document of these parts.
fn policy(parts: &str) -> String {
    let header = "version: '1.0'\nmetadata: {name: p}\n";
    let dedented: Vec<&str> = parts.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect();
    format!("{header}{}", dedented.join("\n"))
}

/// The claims of kind `code`, as `rule: message`.
fn found(parts: &str, code: &str) -> Vec<String> {
    let analysis = analysis(&[policy(parts)]);
    let line = |c: &llm_policy_workbench::analysis::Claim| {
        format!("{}: {}", c.rule.as_deref().unwrap_or("-"), c.finding.diagnostic.message)
    };
    analysis.claims.iter().filter(|c| c.code() == code).map(line).collect()
}

/// `example` has one claim of kind `code`, with `says` in it; `near_miss` has none.
#[track_caller]
fn pair(code: &str, says: &str, example: &str, near_miss: &str) {
    let claims = found(example, code);
    assert_eq!(claims.len(), 1, "{code} in the example: {claims:?}");
    assert!(claims[0].contains(says), "{claims:?}");
    let claims = found(near_miss, code);
    assert!(claims.is_empty(), "{code} in the near miss: {claims:?}");
}

#[test]
fn never_matches() {
    let rule = |when: &str| format!("rules: [{{id: r, when: \"{when}\", actions: [deny]}}]");
    for (dead, alive) in [
        ("user.tier == 'a' && user.tier == 'b'", "user.tier == 'a' || user.tier == 'b'"),
        (
            "request.model in ['a', 'b'] && request.model in ['c']",
            "request.model in ['a', 'b'] && request.model in ['b']",
        ),
        ("request.max_tokens > 10 && request.max_tokens < 11", "request.max_tokens > 10 && request.max_tokens < 12"),
        (
            "request.temperature > 1.0 && request.temperature < 1.0",
            "request.temperature > 1.0 && request.temperature < 1.1",
        ),
        (
            "request.model.startsWith('gpt-') && request.model == 'claude'",
            "request.model.startsWith('gpt-') && request.model == 'gpt-'",
        ),
        (
            "request.model.startsWith('a') && request.model.startsWith('b')",
            "request.model.startsWith('a') && request.model.startsWith('ab')",
        ),
        ("request.stream && !request.stream", "request.stream && !user.mfa_verified"),
        ("!has(user.id) && user.id != ''", "!has(user.id) && user.tier != ''"),
        (
            "'a' in user.roles && !user.roles.exists(r, r == 'a')",
            "'a' in user.roles && !user.roles.exists(r, r == 'b')",
        ),
        (
            "request.model.matches('x+') && !request.model.matches('x+')",
            "request.model.matches('x+') && !request.model.matches('y+')",
        ),
        (
            "request.model == 'abc' && request.model.matches('^x')",
            "request.model == 'abc' && request.model.matches('^a')",
        ),
        (
            "request.prompt.contains('secret') && !request.prompt.contains('cre')",
            "request.prompt.contains('cre') && !request.prompt.contains('secret')",
        ),
        (
            "request.model.endsWith('-a') && request.model.endsWith('-b')",
            "request.model.endsWith('-a') && request.model.endsWith('b-a')",
        ),
        (
            "size(request.messages) > 3 && size(request.messages) < 4",
            "size(request.messages) > 3 && size(request.messages) < 5",
        ),
        ("size(request.messages) < 0", "size(request.messages) < 1"),
        (
            "user.budget.total / 2.0 > 5.0 && user.budget.total / 2.0 < 4.0",
            "user.budget.total / 2.0 > 5.0 && user.budget.total / 3.0 < 4.0",
        ),
        ("metadata.a == 1 && metadata.a == 'x'", "metadata.a == 1 && metadata.b == 'x'"),
        ("metadata.a > 3 && metadata.a == 2.5", "metadata.a > 2 && metadata.a == 2.5"),
        (
            "user.tier == 'a' ? user.tier == 'b' : user.tier == 'a'",
            "user.tier == 'a' ? user.tier != 'b' : user.tier == 'a'",
        ),
        (
            "now < timestamp('2026-01-01T00:00:00Z') && now > timestamp('2026-06-01T00:00:00Z')",
            "now > timestamp('2026-01-01T00:00:00Z') && now < timestamp('2026-06-01T00:00:00Z')",
        ),
        (
            "(user.tier == 'a' || user.id == 'x') && user.tier == 'b' && user.id == 'y'",
            "(user.tier == 'a' || user.id == 'x') && user.tier == 'b'",
        ),
    ] {
        pair("never-matches", "never matches", &rule(dead), &rule(alive));
    }
    // What the analysis cannot see into, it does not claim.
    assert!(found(&rule("request.model.matches('^a') && request.model.matches('^b')"), "never-matches").is_empty());
}

#[test]
fn a_rule_that_catches_failures_is_left_alone() {
    let never = |when: &str, action: &str| {
        found(&format!("rules: [{{id: r, when: \"{when}\", actions: [{action}]}}]"), "never-matches").len()
    };
    for when in [
        "!(user.id == 'a') && (user.id == 'a')",
        "!(user.id == 'a' && user.tier != 'b') && (user.id == 'a' && user.tier != 'b')",
        "!(user.id == 'a' || user.tier != 'b') && (user.id == 'a' || user.tier != 'b')",
    ] {
        assert_eq!(never(when, "deny"), 0, "{when}");
        // An allow that fails does not apply: it is of no use.
        assert_eq!(never(when, "allow"), 1, "{when}");
    }
    assert_eq!(never("!(user.id == 'a') && user.id == 'a' && user.tier == 'b'", "deny"), 1);
}

#[test]
fn what_never_matches_says_why() {
    let found = found(
        "rules: [{id: r, when: \"user.id != 'x' && user.tier == 'a' && request.stream && user.tier == 'b'\", actions: [deny]}]",
        "never-matches",
    );
    assert_eq!(
        found,
        [
            "r: rule `r` never matches: `user.tier == 'a'` and `user.tier == 'b'` cannot hold together; it applies only when its condition fails"
        ]
    );
}

#[test]
fn always_overridden() {
    pair(
        "always-overridden",
        "`all-previews` always decides over it",
        "rules:
          - {id: all-previews, priority: 10, when: request.model.endsWith('-preview'), actions: [deny]}
          - {id: one-preview, when: \"request.model == 'gpt-5-preview'\", actions: [require_approval]}",
        "rules:
          - {id: all-previews, priority: 10, when: request.model.endsWith('-preview'), actions: [deny]}
          - {id: one-preview, when: \"request.model == 'gpt-5-beta'\", actions: [require_approval]}",
    );
    // Two rules together.
    pair(
        "always-overridden",
        "`low` and `high` together always decide over it",
        "rules:
          - {id: low, priority: 10, when: request.max_tokens < 100, actions: [deny]}
          - {id: high, priority: 10, when: request.max_tokens >= 100, actions: [deny]}
          - {id: all, when: request.max_tokens != 7, actions: [allow]}",
        "rules:
          - {id: low, priority: 10, when: request.max_tokens < 100, actions: [deny]}
          - {id: high, priority: 10, when: request.max_tokens > 100, actions: [deny]}
          - {id: all, when: request.max_tokens != 7, actions: [allow]}",
    );
    // The first match decides.
    pair(
        "always-overridden",
        "decides only when its condition fails: when it matches, `first` always decides over it",
        "config: {combine: first_match}
        rules:
          - {id: first, priority: 10, when: request.max_tokens > 5, actions: [allow]}
          - {id: second, when: request.max_tokens > 10, actions: [deny]}",
        "config: {combine: first_match}
        rules:
          - {id: first, priority: 10, when: request.max_tokens > 10, actions: [allow]}
          - {id: second, when: request.max_tokens > 5, actions: [deny]}",
    );
    // Of two terms that are worked out, too.
    pair(
        "always-overridden",
        "`three-quarters` always decides over it",
        "variables: {share: user.budget.monthly_spent / user.budget.monthly_limit}
        rules:
          - {id: three-quarters, priority: 1, when: variables.share > 0.75, actions: [deny]}
          - {id: nine-tenths, when: variables.share > 0.9, actions: [deny]}",
        "variables: {share: user.budget.monthly_spent / user.budget.monthly_limit}
        rules:
          - {id: three-quarters, when: variables.share > 0.75, actions: [deny]}
          - {id: nine-tenths, priority: 1, when: variables.share > 0.9, actions: [deny]}",
    );
    // An exception leaves room for the other.
    let two = "rules:
          - {id: wide, priority: 1, when: request.max_tokens > 5, actions: [deny]}
          - {id: narrow, when: request.max_tokens > 10, actions: [deny]}";
    let exception = "
        exceptions: [{id: e, rules: [wide], when: user.mfa_verified}]";
    pair("always-overridden", "`wide`", two, &format!("{two}{exception}"));
    // Several rules that throttle all have a say.
    pair(
        "always-overridden",
        "`wide`",
        "rules:
          - {id: wide, priority: 1, when: request.max_tokens > 5, actions: [require_approval]}
          - {id: narrow, when: request.max_tokens > 10, actions: [throttle: {delay_ms: 5}]}",
        "rules:
          - {id: wide, priority: 1, when: request.max_tokens > 5, actions: [throttle: {delay_ms: 5}]}
          - {id: narrow, when: request.max_tokens > 10, actions: [throttle: {delay_ms: 50}]}",
    );
}

#[test]
fn between_documents() {
    let document = |name: &str, rule: &str| format!("{{version: '1.0', metadata: {{name: {name}}}, rules: [{rule}]}}");
    let wide = document("a", "{id: wide, when: request.max_tokens > 5, actions: [deny]}");
    for (narrow, count) in [("request.max_tokens > 10", 1), ("request.max_tokens > 4", 0)] {
        let narrow = document("b", &format!("{{id: narrow, when: {narrow}, actions: [allow]}}"));
        let analysis = analysis(&[wide.clone(), narrow]);
        let claims: Vec<_> = analysis.claims.iter().filter(|c| c.code() == "always-overridden").collect();
        assert_eq!(claims.len(), count, "{claims:?}");
        for claim in claims {
            assert_eq!(claim.weight, Weight::Note);
            assert_eq!(claim.others, ["default/a/wide"]);
            let witness = claim.witness.as_ref().unwrap();
            assert_eq!(witness.decision, "deny by default/a › wide");
        }
    }
}

#[test]
fn always_true() {
    let rule = |when: &str| format!("rules: [{{id: r, when: \"{when}\", actions: [deny]}}]");
    let noon = "timestamp('2026-11-23T12:00:00Z')";
    pair(
        "always-true",
        "always true",
        &rule(&format!("now >= {noon} || now < {noon}")),
        &rule(&format!("now > {noon} || now < {noon}")),
    );
    // A value that is no text is an error.
    pair("always-true", "never false", &rule("has(user.id) || !has(user.id)"), &rule("has(user.id)"));
    pair(
        "always-true",
        "never false",
        &rule("user.tier != 'a' || user.tier != 'b'"),
        &rule("user.tier != 'a' && user.tier != 'b'"),
    );
    pair("always-true", "never false", &rule("request.max_tokens >= 5 || request.max_tokens < 7"), &rule("true"));
}

#[test]
fn needless_clause() {
    let rule = |when: &str| format!("rules: [{{id: r, when: \"{when}\", actions: [deny]}}]");
    pair(
        "needless-clause",
        "without `request.max_tokens > 5`",
        &rule("request.max_tokens > 5 && request.max_tokens > 10"),
        &rule("request.max_tokens > 5 && request.max_tokens < 10"),
    );
    // A guard makes an error false, so it is not needless.
    pair(
        "needless-clause",
        "without `request.model != 'b'`",
        &rule("has(request.model) && request.model == 'a' && request.model != 'b'"),
        &rule("has(request.model) && request.model == 'a'"),
    );
}

#[test]
fn conflicting_rules() {
    pair(
        "conflicting-rules",
        "at the same priority the first one written counts",
        "config: {combine: first_match}
        rules:
          - {id: a, when: \"user.tier == 'gold'\", actions: [allow]}
          - {id: b, when: request.max_tokens > 100, actions: [deny]}",
        "config: {combine: first_match}
        rules:
          - {id: a, when: \"user.tier == 'gold'\", actions: [allow]}
          - {id: b, when: \"user.tier == 'free' && request.max_tokens > 100\", actions: [deny]}",
    );
    pair(
        "conflicting-rules",
        "`a` has the higher priority, yet `deny` wins",
        "rules:
          - {id: a, priority: 10, when: \"user.tier == 'gold'\", actions: [allow]}
          - {id: b, when: request.max_tokens > 100, actions: [deny]}",
        "rules:
          - {id: a, when: \"user.tier == 'gold'\", actions: [allow]}
          - {id: b, priority: 10, when: request.max_tokens > 100, actions: [deny]}",
    );
    pair(
        "conflicting-rules",
        "both change `route`",
        "rules:
          - {id: a, when: request.max_tokens > 100, actions: [{route: {model: x}}]}
          - {id: b, when: request.stream, actions: [{route: {model: y}}]}",
        "rules:
          - {id: a, when: request.max_tokens > 100, actions: [{route: {model: x}}]}
          - {id: b, when: request.stream, actions: [{route: {model: x}}]}",
    );
    pair(
        "conflicting-rules",
        "both change `request.max_tokens`",
        "rules:
          - {id: a, when: request.max_tokens > 100, actions: [{set: {request.max_tokens: 100}}]}
          - {id: b, when: request.max_tokens > 50, actions: [{set: {request.max_tokens: 50}}]}",
        "rules:
          - {id: a, when: request.max_tokens > 100, actions: [{set: {request.max_tokens: 100}}]}
          - {id: b, priority: -1, when: request.max_tokens > 50, actions: [{set: {request.max_tokens: 50}}]}",
    );
}

#[test]
fn where_the_effect_decides_no_priority_is_advised() {
    let helps = |parts: &str| -> Vec<(String, bool)> {
        let claims = analysis(&[policy(parts)]).claims;
        let advice = |c: &llm_policy_workbench::analysis::Claim| {
            let help = c.finding.diagnostic.help.as_deref().unwrap_or_default();
            assert!(help.contains("no priority helps") != help.contains("rank before"), "{help}");
            (c.code().to_owned(), help.contains("no priority helps"))
        };
        let overridden = claims.iter().filter(|c| ["always-overridden", "conflicting-rules"].contains(&c.code()));
        overridden.map(advice).collect()
    };
    let rules = |combine: &str, allow: &str, over: &str| {
        format!(
            "config: {{combine: {combine}}}
        rules:
          - {{id: wide, priority: 5, when: request.max_tokens > 5, actions: [{over}]}}
          - {{id: narrow, priority: {allow}, when: request.max_tokens > 10, actions: [allow]}}"
        )
    };
    let told = |no_priority| vec![("always-overridden".to_owned(), no_priority)];
    // One claim, whatever the priorities.
    assert_eq!(helps(&rules("deny_overrides", "1", "deny")), told(true));
    assert_eq!(helps(&rules("deny_overrides", "10", "deny")), told(true));
    assert_eq!(helps(&rules("deny_overrides", "1", "allow")), told(false));
    assert_eq!(helps(&rules("first_match", "1", "deny")), told(false));
    let both = "rules:
          - {id: a, priority: 10, when: \"user.tier == 'gold'\", actions: [allow]}
          - {id: b, when: request.max_tokens > 100, actions: [deny]}";
    assert_eq!(helps(both), [("conflicting-rules".to_owned(), true)]);
}

#[test]
fn a_conflict_shows_a_context() {
    let claims = analysis(&[policy(
        "config: {combine: first_match}
        rules:
          - {id: a, when: \"request.prompt.matches('^AKIA[0-9]{4}$')\", actions: [allow]}
          - {id: b, when: 'size(request.prompt) < 100 && \"x\" in user.roles', actions: [deny]}",
    )])
    .claims;
    let claim = claims.iter().find(|c| c.code() == "conflicting-rules").unwrap();
    let witness = claim.witness.as_ref().unwrap();
    assert_eq!(witness.context["user"]["roles"][0], "x");
    assert!(witness.context["request"]["prompt"].as_str().unwrap().starts_with("AKIA"));
    assert_eq!(witness.decision, "allow by default/p › a");
}

#[test]
fn unguarded_read() {
    pair(
        "unguarded-read",
        "`request.model`",
        "rules: [{id: r, when: \"request.model == 'a' && has(user.tier) && user.tier == 'b'\", actions: [deny]}]",
        "rules: [{id: r, when: \"has(request.model) && request.model == 'a'\", actions: [deny]}]",
    );
    pair(
        "unguarded-read",
        "`user.clearance`",
        "schema: {user.clearance: {type: int}}
        rules: [{id: r, when: user.clearance > 3, actions: [allow]}]",
        "schema: {user.clearance: {type: int, missing: required}}
        rules: [{id: r, when: user.clearance > 3, actions: [allow]}]",
    );
    let guarded = "config: {on_missing: default}\nrules: [{id: r, when: \"request.model == 'a'\", actions: [deny]}]";
    assert!(found(guarded, "unguarded-read").is_empty());
}

#[test]
fn avoided_by_absence() {
    pair(
        "avoided-by-absence",
        "whoever leaves `request.data_classification` out avoids rule `r`",
        "rules:
          - {id: r, when: \"has(request.data_classification) && request.data_classification == 'secret'\", actions: [deny]}",
        "rules: [{id: r, when: \"request.data_classification == 'secret'\", actions: [deny]}]",
    );
    pair(
        "avoided-by-absence",
        "whoever leaves `request.max_tokens` out",
        "config: {on_missing: default}
        rules: [{id: r, when: request.max_tokens > 100, actions: [deny]}]",
        "config: {on_missing: default}
        rules: [{id: r, when: request.max_tokens > 100, actions: [allow]}]",
    );
    // What identity lacks, the host lacks; and a rule that wants a field to be there is not avoided by leaving it out.
    assert!(
        found("rules: [{id: r, when: \"has(user.tier) && user.tier == 'x'\", actions: [deny]}]", "avoided-by-absence")
            .is_empty()
    );
    assert!(
        found(
            "rules: [{id: r, when: \"!has(request.model) || request.model == 'x'\", actions: [deny]}]",
            "avoided-by-absence"
        )
        .is_empty()
    );
}

#[test]
fn contradicting_actions() {
    let rule = |actions: &str| format!("rules: [{{id: r, when: request.stream, actions: [{actions}]}}]");
    for (says, contrary, fine) in [
        ("nothing of it is changed", "deny, {set: {request.max_tokens: 5}}", "{set: {request.max_tokens: 5}}"),
        (
            "is set twice",
            "{set: {request.max_tokens: 5}}, {set: {request.max_tokens: 6}}",
            "{set: {request.max_tokens: 5}}, {set: {request.temperature: 0.5}}",
        ),
        ("routed twice", "{route: {model: a}}, {route: {model: b}}", "{route: {models: [a, b]}}"),
        (
            "redacted in two styles",
            "{redact: {fields: [metadata.a], style: mask}}, {redact: {fields: [metadata.a], style: hash}}",
            "{redact: {fields: [metadata.a], style: mask}}, {redact: {fields: [metadata.b], style: hash}}",
        ),
    ] {
        pair("contradicting-actions", says, &rule(contrary), &rule(fine));
    }
    // What only decides is told by the loader; it is not told twice.
    for actions in ["allow, deny", "deny, {throttle: {delay_ms: 5}}"] {
        assert!(found(&rule(actions), "contradicting-actions").is_empty(), "{actions}");
    }
    let suspended = "rules: [{id: r, when: request.stream, actions: [deny, {set: {request.max_tokens: 5}}]}]
        exceptions: [{id: e, rules: [r], when: user.mfa_verified}]";
    assert!(found(suspended, "contradicting-actions").is_empty());
}

#[test]
fn unused_names() {
    let rest = "rules: [{id: r, when: request.stream, actions: [{deny: {reason: \"{{ variables.a }}\"}}]}]";
    pair(
        "unused-variable",
        "variable `b`",
        &format!("variables: {{a: user.id, b: user.tier}}\n{rest}"),
        &format!("variables: {{b: user.tier, a: user.id + variables.b}}\n{rest}"),
    );
    let with = |head: &str, when: &str| format!("{head}\nrules: [{{id: r, when: \"{when}\", actions: [deny]}}]");
    let lists = "lists: {x: [a, b]}";
    pair("unused-list", "list `x`", &with(lists, "user.id == 'lists.x'"), &with(lists, "user.id in lists.x"));
    // A schedule names lists of days.
    let days =
        "lists: {x: [2026-12-25]}\nrules: [{id: r, when: request.stream, actions: [deny], schedule: {except: [D]}}]";
    pair("unused-list", "list `x`", &days.replace('D', "2026-12-26"), &days.replace('D', "x"));
    // Limits use names, too, and may count nothing.
    let limit = |when: &str| {
        format!(
            "lists: {{x: [a]}}\ntables: {{t: {{key: string, value: double, entries: {{a: 1.0}}}}}}\nlimits: {{l: {{kind: budget, \
            key: user.id, amount: \"lookup('t', user.id, 2.0)\", window: {{fixed: 1d}}, when: \"{when}\"}}}}"
        )
    };
    pair(
        "unused-limit",
        "limit `l`",
        &limit("user.id in lists.x && user.id == 'b'"),
        &limit("user.id in lists.x && user.tier == 'b'"),
    );
    assert!(found(&limit("user.id in lists.x"), "unused-list").is_empty());
    let breaker = |when: &str| format!("lists: {{x: [a]}}\nbreakers: {{b: {{key: request.model, when: \"{when}\"}}}}");
    pair(
        "unused-breaker",
        "breaker `b`",
        &breaker("user.id in lists.x && user.id == 'b'"),
        &breaker("user.id in lists.x && user.tier == 'b'"),
    );
    assert!(found(&breaker("user.id in lists.x"), "unused-list").is_empty());
    assert!(found(&limit("user.id in lists.x"), "unused-table").is_empty());
    let tables = "tables: {t: {key: string, value: int, entries: {a: 1}}}";
    pair("unused-table", "table `t`", &with(tables, "user.id == 't'"), &with(tables, "lookup('t', user.id, 0) > 0"));
}

#[test]
fn exceptions() {
    let with = |exception: &str, action: &str| {
        format!(
            "rules: [{{id: r, when: request.stream, actions: [{action}]}}]\nexceptions: [{{id: e, rules: [r], {exception}}}]"
        )
    };
    let (expired, open) =
        ("when: 'true', expires: '2026-11-23T12:00:00Z'", "when: 'true', expires: '2026-11-23T12:00:01Z'");
    pair("expired-exception", "`e` is over", &with(expired, "deny"), &with(open, "deny"));
    pair(
        "never-matches",
        "the exception `e` never matches",
        &with("when: \"user.tier == 'a' && user.tier == 'b'\"", "deny"),
        &with("when: \"user.tier == 'a'\"", "deny"),
    );
    pair(
        "exception-without-effect",
        "`r` neither denies",
        &with("when: user.mfa_verified", "allow"),
        &with("when: user.mfa_verified", "{throttle: {delay_ms: 1}}"),
    );
}

#[test]
fn rules_accept_claims() {
    let rule = |metadata: &str| {
        format!("rules: [{{id: r, when: \"user.tier == 'a' && user.tier == 'b'\", actions: [deny]{metadata}}}]")
    };
    assert_eq!(found(&rule(""), "never-matches").len(), 1);
    assert_eq!(found(&rule(", metadata: {accept: [never-matches]}"), "never-matches").len(), 0);
    assert_eq!(found(&rule(", metadata: {accept: [always-true]}"), "never-matches").len(), 1);
    assert_eq!(analysis(&[policy(&rule(", metadata: {accept: [never-matches, unguarded-read]}"))]).accepted, 2);
}

#[test]
fn costs() {
    let rules = analysis(&[policy(
        "rules:
          - {id: cheap, when: request.stream, actions: [deny]}
          - {id: text, when: request.prompt.contains('a') || request.prompt.matches('b+'), actions: [deny]}
          - {id: loops, when: 'request.tools.exists(a, request.tools.exists(b, a.name == b.server))', actions: [deny]}",
    )])
    .rules;
    let names: Vec<&str> = rules.iter().map(|cost| &*cost.rule).collect();
    assert_eq!(names, ["loops", "text", "cheap"]);
    assert_eq!((rules[0].loops, rules[1].loops, rules[2].loops), (2, 0, 0));
    assert_eq!(rules[1].scans, ["request.prompt"]);
    assert_eq!(rules[2].reads, ["request.stream"]);
    assert!(rules[2].opaque.is_empty());
    assert_eq!(rules[0].opaque.len(), 1);
}
