//! Coverage: what is counted, and what not.

use crate::support::{JOBS, examples_suite, suite};
use llm_policy_workbench::coverage::{self, Coverage, Site};

const POLICY: &str = r#"
version: "1.0"
metadata: {name: a}
config: {target: "user.tenant == 'acme'", default_action: allow}
variables: {large: request.max_tokens > 100 || request.stream}
rules:
  - id: both
    when: variables.large && !(user.tier in ['paid'])
    actions: [deny]
  - id: always
    stages: [request, response]
    when: true
    actions: [audit]
  - id: answers
    stages: [response]
    when: response.text == ''
    actions: [deny]
  - id: off
    enabled: false
    when: user.id == ''
    actions: [deny]
  - id: nights
    when: user.id == 'owl'
    schedule: {during: [{days: all, hours: "22:00-06:00"}]}
    actions: [deny]
exceptions:
  - {id: trusted, rules: [both], when: user.id == 'ann'}
"#;

fn lines(coverage: &Coverage) -> Vec<String> {
    let mut out = Vec::new();
    for site in coverage.documents.iter().flat_map(|document| &document.sites) {
        out.push(format!("{} {} {} {}", site.site.name(), site.name, site.count.yes, site.count.no));
        for c in &site.clauses {
            let (count, alone) = (c.count, c.alone);
            out.push(format!(
                "  {} {}/{} {} alone {}/{}",
                c.text, count.yes, count.no, count.error, alone.yes, alone.no
            ));
        }
    }
    out
}

#[test]
fn clauses_are_counted() {
    let tests = r#"
fixtures: {small: {context: {user: {id: u, tenant: acme, tier: free}, request: {max_tokens: 1, stream: false}}}}
tests:
  - {name: small, base: small, expect: allow}
  - {name: large, base: small, with: {request.max_tokens: 101}, expect: deny}
  - {name: unknown, base: small, without: [request.stream], expect: {effect: deny, errors: any}}
  - {name: another tenant, base: small, with: {user.tenant: other, request.max_tokens: 101}, expect: {code: no_policy}}
  - {name: an owl at night, base: small, now: "2026-01-01T23:00:00Z", with: {user.id: owl}, expect: deny}
"#;
    let coverage = coverage::measure(&suite(POLICY, tests), JOBS);
    assert_eq!(
        lines(&coverage),
        [
            "target  4 1",
            "  user.tenant == 'acme' 4/1 0 alone 4/1",
            "variable large 1 2",
            "  request.max_tokens > 100 1/3 0 alone 1/2",
            "  request.stream 0/3 1 alone 0/2",
            "rule both 1 2",
            "  variables.large 1/2 1 alone 1/2",
            "  user.tier in ['paid'] 0/4 0 alone 0/1",
            "rule always 4 0",
            "rule answers 0 0",
            "  response.text == '' 0/0 0 alone 0/0",
            "rule nights 1 3",
            "  schedule 1/3 0 alone 1/0",
            "  user.id == 'owl' 1/3 0 alone 1/0",
            "exception trusted 0 4",
            "  user.id == 'ann' 0/4 0 alone 0/4",
        ]
    );
    let figures = coverage.figures();
    assert_eq!((figures.rules.seen, figures.rules.of), (3, 5));
    assert_eq!(figures.clauses.of, 18);
}

#[test]
fn the_examples_are_covered() {
    let coverage = coverage::measure(&examples_suite(), JOBS);
    let figures = coverage.figures();
    assert_eq!(figures.rules.seen, figures.rules.of);
    assert_eq!(figures.clauses.seen, figures.clauses.of);
    assert!(figures.alone.percent() > 95.0);
    // Nothing is left out: each rule and exception has its line.
    let named = |site: Site| coverage.documents.iter().flat_map(|d| &d.sites).filter(|s| s.site == site).count();
    assert_eq!((named(Site::Rule), named(Site::Exception), named(Site::Variable)), (126, 1, 1));
}
