//! Files of cases: what is read, and what is said about mistakes.

use crate::support::{JOBS, suite};
use llm_policy_engine::document;
use llm_policy_workbench::cases::{self, CaseFile};
use llm_policy_workbench::report::{Report, complaints, html, json, junit};
use llm_policy_workbench::run::{self, PolicySet, Suite};
use serde_json::json;

const POLICY: &str = r#"
version: "1.0"
metadata: {name: models, namespace: production}
config: {default_action: allow}
rules:
  - id: no-previews
    when: request.model.endsWith('-preview') && request.environment == 'production'
    actions:
      - deny: {reason: "{{ request.model }} <is> not for production", code: preview}
      - audit: {severity: high, metadata: {n: 1}}
"#;

fn read(text: &str) -> Result<CaseFile, String> {
    let mut files = |name: &str| match name {
        "testdata/a.json" => Ok(r#"{"user": {"id": "ann"}}"#.to_owned()),
        "testdata/broken.json" => Ok("{\"user\": 1,}".to_owned()),
        _ => Err("there is no such file or directory".to_owned()),
    };
    cases::read(text, "a_test.yaml", &mut files).map_err(|refused| refused.to_string())
}

#[test]
fn contexts_are_put_together() {
    let file = read(
        "
fixtures:
  one: {context: {user: {id: a, tier: free}, request: {tags: [x, y]}}}
  two: {base: one, with: {user.tier: paid}, without: [request.tags.0]}
  three: {context: {user: {team: t}}}
tests:
  - name: all
    base: [two, three]
    file: testdata/a.json
    context: {request: {model: m}}
    with: {metadata.deep.er: [1, {a: b}]}
    expect: allow
  - name: table
    base: two
    expect: allow
    variants: [{name: a, without: [user.tier]}, {name: b, stage: response, now: 2026-03-01T00:00:00Z, handles: [set]}]
",
    )
    .unwrap();
    let [all, a, b] = file.cases.as_slice() else { panic!("{:?}", file.cases) };
    let wanted = json!({
        "user": {"id": "ann", "tier": "paid", "team": "t"},
        "request": {"tags": ["y"], "model": "m"},
        "metadata": {"deep": {"er": [1, {"a": "b"}]}},
    });
    assert_eq!(all.context, wanted);
    assert_eq!((a.name.as_str(), &a.context), ("table › a", &json!({"user": {"id": "a"}, "request": {"tags": ["y"]}})));
    assert_eq!((b.stage.name(), b.now.to_string().as_str()), ("response", "2026-03-01T00:00:00Z"));
    assert!(b.handles.contains("set") && !a.handles.contains("set"));
    assert_eq!(a.now.to_string(), "2026-01-05T12:00:00Z");
}

#[test]
fn mistakes_have_their_place() {
    let mistakes = [
        ("tests: [{name: a, expct: deny}]", "a case has no key `expct`", "did you mean `expect`?"),
        ("tests: [{name: a, expect: dney}]", "`effect` cannot be", "did you mean `deny`?"),
        ("tests: [{name: a, expect: {efect: deny}}]", "`expect` has no key `efect`", "did you mean `effect`?"),
        ("tests: [{name: a}]", "a case needs the key `expect`", ""),
        ("tests: []", "`tests` is empty", ""),
        ("tests: [{name: a, expect: deny}, {name: a, expect: deny}]", "there are two cases `a`", ""),
        ("tests: [{name: a, base: x, expect: deny}]", "there is no fixture `x`", "declare it under `fixtures`"),
        ("fixtures: {xy: {}}\ntests: [{name: a, base: xz, expect: deny}]", "no fixture `xz`", "did you mean `xy`?"),
        ("tests: [{name: a, file: b.json, expect: deny}]", "`b.json` cannot be read: there is no such file", ""),
        ("tests: [{name: a, file: testdata/broken.json, expect: deny}]", "testdata/broken.json:1:12: ", ""),
        ("tests: [{name: a, without: [user.id], expect: deny}]", "there is no `user.id` to leave out", ""),
        ("tests: [{name: a, context: {user: 1}, with: {user.id: 1}, expect: deny}]", "`user` is no object", ""),
        ("tests: [{name: a, now: noon, expect: deny}]", "`now` is not an instant", ""),
        ("tests: [{name: a, handles: [rout], expect: deny}]", "`rout` is no action", "did you mean `route`?"),
        ("tests: [{name: a, expect: {warnings: text}}]", "`warnings` is a list", "`any`"),
        ("tests: [{name: a, expect: {errors: [{pth: a}]}}]", "an item has no key `pth`", "did you mean `path`?"),
        ("tests: [{name: a, context: {user: {id: 0x10}}, expect: deny}]", "is not a number or boolean", "quote it"),
        ("tests: [{name: a, name: b, expect: deny}]", "the key `name` is repeated", ""),
        ("version: '2'\ntests: [{name: a, expect: deny}]", "version the text `2` is not known", "1.0"),
        ("- a", "a file of cases is a mapping", "tests"),
        ("", "empty", ""),
    ];
    for (text, message, help) in mistakes {
        let said = read(text).unwrap_err();
        assert!(said.contains(message) && said.contains(help), "{text}:\n{said}");
        assert!(said.contains("a_test.yaml:"), "{said}");
    }
}

/// A case that expects a misspelt rule not to match would pass for ever.
#[test]
fn names_that_nothing_has_are_refused() {
    let names = [
        ("{rule: no-preview}", "no rule `no-preview`"),
        ("{matched: {exclude: [production/model/no-previews]}}", "no rule `production/model/no-previews`"),
        ("{exceptions: [break-glas]}", "no exception `break-glas`"),
        ("{policy: model}", "no policy `model`"),
        ("{obligations: [{rule: x, action: audit}]}", "no rule `x`"),
    ];
    for (expect, message) in names {
        let document = document::read(POLICY, "p.yaml", &mut document::no_files).unwrap();
        let mut suite = Suite::default();
        let set = suite.add_set(PolicySet::new(vec![document]).unwrap().0);
        let findings =
            suite.add_file(read(&format!("tests: [{{name: a, expect: {expect}}}]")).unwrap(), set).unwrap_err();
        assert!(findings[0].render(false).contains(message), "{}", findings[0].render(false));
    }
}

/// A misspelt field is read by no rule, so the case would test something else than it says.
#[test]
fn fields_that_no_context_has_are_refused() {
    let refused = |tests: &str| -> Vec<String> {
        let document = document::read(POLICY, "p.yaml", &mut document::no_files).unwrap();
        let mut suite = Suite::default();
        let set = suite.add_set(PolicySet::new(vec![document]).unwrap().0);
        let mut files = |_: &str| Ok("{\"request\": {\"modle\": 1}}".to_owned());
        let cases = cases::read(tests, "a_test.yaml", &mut files).unwrap_or_else(|refused| panic!("{refused}"));
        let findings = suite.add_file(cases, set).err().unwrap_or_default();
        findings.iter().map(|finding| finding.render(false)).collect()
    };
    for (tests, message, help, place) in [
        (
            "tests:\n - {name: a, context: {request: {max_token: {x: 1}}}, expect: deny}",
            "error[unknown-field]: the context has no field `request.max_token`",
            "did you mean `request.max_tokens`?",
            ":2:34",
        ),
        ("fixtures: {f: {context: {usr: {id: x}}}}\ntests: [{name: a, expect: deny}]", "`usr`", "`user`", ":1:"),
        ("tests: [{name: a, with: {usr.id: x}, expect: deny}]", "`usr`", "did you mean `user`?", ":1:"),
        ("tests: [{name: a, with: {user: {idd: x}}, expect: deny}]", "`user.idd`", "`user.id`?", ":1:"),
        (
            "tests: [{name: a, variants: [{name: b, context: {request: {messages: [{rol: x}]}}, expect: deny}]}]",
            "`request.messages.0.rol`",
            "did you mean `request.messages.0.role`?",
            "a_test.yaml:1:",
        ),
        (
            "tests: [{name: a, file: c.json, expect: deny}]",
            "c.json: the context has no field `request.modle`",
            "`request.model`",
            ":1:",
        ),
        ("tests: [{name: a, context: {zzzzzzz: 1}, expect: deny}]", "`zzzzzzz`", "declare it under `schema`", ":1:"),
    ] {
        let said = refused(tests);
        assert_eq!(said.len(), 1, "{tests}: {said:?}");
        assert!(said[0].contains(message) && said[0].contains(help) && said[0].contains(place), "{}", said[0]);
    }
    let free = "tests: [{name: a, context: {metadata: {a: {b: 1}}, user: {attributes: {é: 1}}}, with: {request.context.x.y: 1}, expect: deny}]";
    assert_eq!(refused(free), [""; 0]);
}

/// What is cut off or changed anywhere is read or refused, and nothing else.
#[test]
fn no_text_is_too_odd() {
    let whole = include_str!("../../../../examples/policies/governance_test.yaml");
    for at in (0..whole.len()).step_by(37).filter(|at| whole.is_char_boundary(*at)) {
        let _ = read(&whole[..at]);
        for c in ["{", "]", "'", ":", "\u{0}", "ü", "- "] {
            let _ = read(&format!("{}{c}{}", &whole[..at], &whole[at..(at + 200).min(whole.len())]));
        }
    }
}

const BASE: &str = "request: {model: gpt-5-preview, environment: production}";

fn outcome(expect: &str) -> Vec<String> {
    let tests = format!("tests: [{{name: a, context: {{{BASE}}}, expect: {expect}}}]");
    let results = run::run(&suite(POLICY, &tests), &|_, _| true, JOBS);
    complaints(&results[0].outcome)
}

#[test]
fn what_is_as_expected_passes() {
    for expect in [
        "deny",
        "{effect: deny, rule: no-previews, policy: models, code: preview}",
        "{rule: production/models/no-previews, policy: production/models, public_message: null, route: null}",
        "{reason: {contains: not for}, matched: [no-previews], warnings: [], errors: none, shadow: null}",
        "{obligations: [{action: audit, params: {severity: high, metadata: {n: 1}}}]}",
        "{obligations: {include: [audit], exclude: [log]}, exceptions: []}",
        "{matched: [{rule: no-previews, actions: [deny, audit]}], redactions: any}",
    ] {
        assert_eq!(outcome(expect), Vec::<String>::new(), "{expect}");
    }
}

#[test]
fn what_is_not_is_told() {
    for (expect, told) in [
        ("allow", "effect: expected allow, got deny"),
        ("{rule: null}", "rule: expected nothing, got no-previews"),
        ("{code: previews}", "code: expected previews, got preview"),
        ("{reason: {contains: never}}", "reason: expected text with \"never\" in it, got gpt-5-preview <is> not"),
        ("{obligations: []}", "obligations: expected none, got [{rule: no-previews, action: audit,"),
        (
            "{obligations: [{action: audit, params: {severity: low}}]}",
            "obligations.params.severity: expected low, got high",
        ),
        ("{warnings: [x]}", "warnings: expected {message: x}, got no such item"),
        ("{matched: {exclude: [no-previews]}}", "matched: expected no such item, got {rule: no-previews"),
        ("{shadow: deny}", "shadow: expected {effect: deny}, got nothing"),
    ] {
        let found = outcome(expect);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(told), "{expect}: {found:?}");
    }
}

/// The rule is named plainly, also where none decides.
#[test]
fn rules_are_named() {
    let tests = "tests: [{name: a, context: {request: {model: m, environment: e}}, expect: {rule: no-previews}}]";
    let results = run::run(&suite(POLICY, tests), &|_, _| true, JOBS);
    assert_eq!(complaints(&results[0].outcome), ["rule: expected no-previews, got nothing"]);
}

/// An error that nobody expects fails the case, whatever the effect.
#[test]
fn errors_are_expected_or_none() {
    let tests = |expect: &str| {
        format!("tests: [{{name: a, context: {{request: {{environment: production}}}}, expect: {expect}}}]")
    };
    let passes = |expect: &str| run::run(&suite(POLICY, &tests(expect)), &|_, _| true, JOBS)[0].passed();
    assert!(!passes("deny") && !passes("{effect: deny, errors: []}") && !passes("{errors: [request.environment]}"));
    assert!(passes("{effect: deny, errors: [request.model]}") && passes("{effect: deny, errors: any}"));
    assert!(passes("{effect: deny, errors: [{rule: no-previews, path: request.model}]}"));
}

#[test]
fn reports_hold_what_they_say() {
    let tests = format!(
        "tests:\n  - {{name: 'good & <b>', context: {{{BASE}}}, expect: deny}}\n  - {{name: bad, context: {{{BASE}}}, expect: allow}}\n"
    );
    let suite = suite(POLICY, &tests);
    let results = run::run(&suite, &|_, _| true, JOBS);
    let coverage = llm_policy_workbench::coverage::measure(&suite, JOBS);
    let mutation = llm_policy_workbench::mutation::run(&suite, &llm_policy_workbench::mutation::Unproved, JOBS);
    let report = Report { suite: &suite, results: &results, coverage: Some(&coverage), mutation: Some(&mutation) };
    let xml = junit::xml(&report);
    assert!(xml.contains("tests=\"2\" failures=\"1\"") && xml.contains("name=\"good &amp; &lt;b&gt;\""), "{xml}");
    assert!(xml.contains("<failure message=\"effect: expected allow, got deny\">"), "{xml}");
    let found = json::report(&report);
    assert_eq!((&found["passed"], &found["failed"]), (&json!(1), &json!(1)));
    assert_eq!(
        found["cases"][1]["mismatches"][0],
        json!({"key": "effect", "line": 3, "expected": "allow", "found": "deny"})
    );
    assert_eq!(found["coverage"]["clauses"], json!({"seen": 2, "of": 4, "percent": 50.0}));
    let page = html::page(&report);
    let clause = "never false\">request.model.endsWith(&#39;-preview&#39;)</span>";
    assert!(page.contains(clause), "{page}");
    assert!(page.contains("changes that no case notices") && page.contains("<del>- request.model.endsWith"), "{page}");
    // It needs nothing from anywhere, and no text of a policy is markup.
    for outside in ["http:", "https:", "src=", "@import", "url(", "<script", "<is>"] {
        assert!(!page.contains(outside), "{outside}");
    }
}
