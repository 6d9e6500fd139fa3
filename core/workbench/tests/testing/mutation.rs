//! Mutants: what is made, what is killed, and that the short cuts change nothing.

use std::collections::BTreeMap;

use crate::support::{JOBS, examples_suite, suite};
use llm_policy_engine::document::Document;
use llm_policy_engine::{Engine, Options};
use llm_policy_workbench::mutation::{self, Change, Equivalence, Fate, Mutant, Mutation, Unproved};
use llm_policy_workbench::run::Suite;

const POLICY: &str = r#"
version: "1.0"
metadata: {name: models}
config: {default_action: deny}
lists: {known: [a, b]}
rules:
  - id: known-models
    when: request.model in lists.known
    actions: [allow]
  - id: not-too-long
    when: request.max_tokens > 100 && user.tier == 'free'
    actions: [{deny: {code: too_long}}, {audit: {severity: high}}]
"#;

const TESTS: &str = r#"
fixtures:
  free: {context: {user: {tier: free}, request: {model: a, max_tokens: 100}}}
tests:
  - {name: small, base: free, with: {request.max_tokens: 1}, expect: allow}
  - {name: at the bound, base: free, expect: allow}
  - {name: above, base: free, with: {request.max_tokens: 101}, expect: {effect: deny, code: too_long, obligations: [audit]}}
  - {name: others, base: free, with: {user.tier: paid, request.max_tokens: 101, request.model: b}, expect: allow}
  - {name: unknown, base: free, with: {request.model: c, request.max_tokens: 1}, expect: {effect: deny, code: default}}
"#;

fn survivors(mutation: &Mutation) -> Vec<String> {
    mutation.survivors().map(|m| format!("{}: {}", m.subject, m.description)).collect()
}

#[test]
fn good_cases_leave_no_survivor() {
    let mutation = mutation::run(&suite(POLICY, TESTS), &Unproved, JOBS);
    assert_eq!(survivors(&mutation), Vec::<String>::new());
    let mut operators: BTreeMap<&str, usize> = BTreeMap::new();
    for (mutant, _) in &mutation.mutants {
        *operators.entry(mutant.operator).or_default() += 1;
    }
    let expected = [
        ("disable-rule", 2),
        ("drop-action", 2),
        ("drop-clause", 3),
        ("drop-code", 1),
        ("drop-default", 1),
        ("drop-item", 2),
        ("flip-default", 1),
        ("flip-operator", 2),
        ("negate", 1),
        ("shift-bound", 2),
        ("swap-and-or", 1),
        ("weaken-effect", 2),
    ];
    assert_eq!(operators, BTreeMap::from(expected));
}

/// Each case is needed: without it, just these changes are not noticed.
#[test]
fn each_case_kills_what_it_is_for() {
    let without = |name: &str| {
        let lines: Vec<&str> = TESTS.lines().filter(|line| !line.contains(&format!("name: {name},"))).collect();
        survivors(&mutation::run(&suite(POLICY, &lines.join("\n")), &Unproved, JOBS))
    };
    assert_eq!(without("at the bound"), ["rule not-too-long: `>=` instead of `>`"]);
    assert_eq!(
        without("others"),
        ["list known: without b", "rule not-too-long: without the clause `user.tier == 'free'`"]
    );
    assert!(without("above").contains(&"rule not-too-long: without `audit`".to_owned()));
    assert!(without("unknown").contains(&"config: `default_action: allow`".to_owned()));
}

/// Each mutant compiled for itself and asked about every case: what one would do without short cuts.
fn brute_force(suite: &Suite, mutant: &Mutant) -> bool {
    let is_of = |document: &Document| mutant.origin == document.origin;
    let change = |document: &Document| {
        let mut document = document.clone();
        match &mutant.change {
            Change::Rule { position, rule: Some(rule) } => {
                *document.rules.get_mut(*position).unwrap() = (**rule).clone()
            }
            Change::Rule { position, rule: None } => document.rules.get_mut(*position).unwrap().enabled = false,
            Change::Document(other) => document = (**other).clone(),
        }
        document
    };
    suite.sets.iter().enumerate().filter(|(_, set)| set.documents.iter().any(is_of)).any(|(number, set)| {
        let documents = set.documents.iter().map(|d| if is_of(d) { change(d) } else { d.clone() }).collect();
        let (engine, _) = Engine::new(documents, Options::default()).unwrap_or_else(|e| panic!("{e:?}"));
        let files = suite.files.iter().filter(|file| file.set == number);
        files.flat_map(|file| &file.cases.cases).any(|case| {
            let engine = engine.clone().handles(case.handles);
            let decision = engine.evaluate(case.stage, &case.context, case.now).unwrap().to_json();
            !case.expect.iter().all(|expectation| expectation.fits(&decision))
        })
    })
}

#[test]
fn short_cuts_change_nothing() {
    let suite = examples_suite();
    let mutation = mutation::run(&suite, &Unproved, JOBS);
    assert!(mutation.mutants.len() > 300, "{}", mutation.mutants.len());
    for (mutant, fate) in &mutation.mutants {
        let killed = matches!(fate, Fate::Killed(..));
        assert_eq!(killed, brute_force(&suite, mutant), "{}: {}", mutant.subject, mutant.description);
    }
    let cases = suite.cases() as u64;
    let all = mutation.mutants.len() as u64 * cases;
    assert!(mutation.decisions < all / 10, "{} of {all} decisions were made", mutation.decisions);
}

#[test]
fn the_examples_are_tested_well() {
    let mutation = mutation::run(&examples_suite(), &Unproved, JOBS);
    assert!(mutation.score().percent() >= 95.0, "{:?}", survivors(&mutation));
}

/// Says that whatever concerns bounds changes nothing.
struct Bounds;

impl Equivalence for Bounds {
    fn proof(&self, mutant: &Mutant, documents: &[Document]) -> Option<String> {
        assert_eq!(documents.len(), 1);
        (mutant.operator == "shift-bound").then(|| "a bound".to_owned())
    }
}

#[test]
fn what_is_proved_equivalent_does_not_count() {
    let tests = TESTS.lines().filter(|line| !line.contains("at the bound")).collect::<Vec<_>>().join("\n");
    let suite = suite(POLICY, &tests);
    let (without, with) = (mutation::run(&suite, &Unproved, JOBS), mutation::run(&suite, &Bounds, JOBS));
    assert_eq!(without.score().of, with.score().of + 1);
    assert_eq!(with.survivors().count(), 0);
    assert!(with.mutants.iter().any(|(_, fate)| *fate == Fate::Equivalent("a bound".to_owned())));
}

/// What YAML's long forms say is changed too, and shown at its place.
#[test]
fn comparisons_of_the_long_form() {
    let policy = "
version: '1.0'
metadata: {name: a}
rules:
  - id: r
    conditions:
      all:
        - {field: request.max_tokens, operator: greater_than, value: 10}
        - none: [request.stream]
    actions: [deny]
";
    let tests = "tests: [{name: a, context: {request: {max_tokens: 20, stream: false}}, expect: deny}]";
    let mutation = mutation::run(&suite(policy, tests), &Unproved, JOBS);
    let bound = mutation.survivors().find(|m| m.description == "the bound is 11").unwrap();
    assert_eq!(bound.span.line_and_column(policy).0, 8);
    assert_eq!((bound.before.as_str(), bound.after.as_str()), ("request.max_tokens > 10", "request.max_tokens > 11"));
}

/// A mutant of another type would never be loaded, so it is none; the others are still tried.
#[test]
fn what_does_not_compile_is_left_out() {
    let policy = "
version: '1.0'
metadata: {name: a}
rules:
  - {id: r, when: user.id + user.team == 'ab', actions: [deny]}
";
    let tests = "tests: [{name: a, context: {user: {id: a, team: b}}, expect: {effect: deny, rule: r}}]";
    let mutation = mutation::run(&suite(policy, tests), &Unproved, JOBS);
    assert!(mutation.mutants.iter().all(|(mutant, _)| mutant.description != "`-` instead of `+`"));
    assert!(mutation.mutants.iter().any(|(mutant, _)| mutant.operator == "flip-operator"));
}

/// A schedule names a list of days: without a day of it, the rule applies on that day.
#[test]
fn days_of_a_list_are_missed_in_schedules() {
    let policy = "version: '1.0'\nmetadata: {name: days}\nlists: {holidays: [2026-12-25, 2027-01-01]}\nrules:\n  - \
                  {id: workdays, when: true, schedule: {except: [holidays]}, actions: [allow]}\n";
    let tests = "tests:\n  - {name: a day, context: {}, expect: allow}\n  - {name: christmas, context: {}, now: \
                 '2026-12-25T12:00:00Z', expect: deny}\n";
    let survivors = survivors(&mutation::run(&suite(policy, tests), &Unproved, JOBS));
    assert!(survivors.contains(&"list holidays: without 2027-01-01".to_owned()), "{survivors:?}");
    assert!(!survivors.contains(&"list holidays: without 2026-12-25".to_owned()), "{survivors:?}");
}
