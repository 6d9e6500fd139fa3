//! CEL's published conformance tests, and this crate's own lists of expressions and values.
//!
//! The published data is the npm package that `package-lock.json` names. It holds, for each expression, what cel-go
//! printed after parsing and after checking, and what the expression's value is.

#![expect(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
#[path = "../support/npm.rs"]
mod npm;
mod protojson;
mod run;
mod scope;
mod spec;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cases::{Case, Outcome};
use scope::Scope;

#[derive(Default)]
struct Counts {
    passed: usize,
    out_of_scope: usize,
    failed: usize,
}

#[test]
fn published_tests() {
    let mut all = cases::cases("conformance", &spec::module("conformance"));
    all.extend(cases::cases("parsing", &spec::module("parsing")));
    all.extend(checking());
    all.extend(comprehensions());

    let mut scope = Scope::read();
    let mut counts: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut failures = String::new();
    for case in &all {
        let counts = counts.entry(case.name.split('/').next().unwrap()).or_default();
        match run::run(case) {
            Ok(()) => counts.passed += 1,
            Err(failure) if scope.excuses(&case.name, &failure) => counts.out_of_scope += 1,
            Err(failure) => {
                counts.failed += 1;
                let _ = writeln!(failures, "{}\n  {:?}", case.name, case.expr);
                for why in [failure.tree, failure.checked, failure.value].into_iter().flatten() {
                    let _ = writeln!(failures, "  {}", why.replace('\n', "\n    "));
                }
            }
        }
    }
    line(format_args!("{:16} {:>6} {:>12} {:>6}", "file", "passed", "out of scope", "failed"));
    let mut sum = Counts::default();
    for (file, counts) in &counts {
        line(format_args!("{file:16} {:>6} {:>12} {:>6}", counts.passed, counts.out_of_scope, counts.failed));
        sum.passed += counts.passed;
        sum.out_of_scope += counts.out_of_scope;
        sum.failed += counts.failed;
    }
    line(format_args!("{:16} {:>6} {:>12} {:>6}", "all", sum.passed, sum.out_of_scope, sum.failed));
    assert!(failures.is_empty(), "{failures}\n{} tests failed", sum.failed);
    let stale = scope.stale();
    assert!(stale.is_empty(), "out_of_scope.txt has entries that no failing test uses:\n{}", stale.join("\n"));
}

/// Prints a line also when the test passes, which `println` in a test does not.
fn line(text: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The goldens of checking were made without optional syntax. In cel-go's own test these are the types.
fn checking() -> Vec<Case> {
    let mut all = cases::cases("checking", &spec::module("checking"));
    for case in &mut all {
        case.outcome = match case.expr.as_str() {
            "a.?b" => Outcome::Type("optional_type(string)"),
            "type(a.?b) == optional_type" | "has(a.?b.c)" => Outcome::Type("bool"),
            "{?'key': {'a': 'b'}.?value}" | "{?'nested': a.b}" => Outcome::Type("map(string, string)"),
            "{?'key': {'a': 'b'}.?value}.key" => Outcome::Type("string"),
            "[?a, ?b, 'world']" => Outcome::Type("list(string)"),
            "{?'key': 'hi'}" | "[?'value']" => Outcome::Error,
            _ => continue,
        };
    }
    all
}

/// The module of comprehensions has goldens, but not the values. In cel-go's own test they are these.
fn comprehensions() -> Vec<Case> {
    let mut all = cases::cases("comprehension", &spec::module("comprehension"));
    for (i, case) in all.iter_mut().enumerate() {
        case.outcome = match i {
            // With variables that the data does not declare.
            38 | 39 | 48 | 50 | 81.. => Outcome::Unknown,
            0..51 | 78..81 => Outcome::Value(serde_json::json!({"boolValue": true})),
            76 => Outcome::Anything,
            51..78 => Outcome::Error,
        };
    }
    all
}

#[test]
fn own_lists() {
    let mut failures = String::new();
    for (file, text) in
        [("network.json", include_str!("../data/network.json")), ("sets.json", include_str!("../data/sets.json"))]
    {
        let list: serde_json::Value = serde_json::from_str(text).unwrap();
        let env = run::whole().build();
        for test in list["tests"].as_array().unwrap() {
            let expr = test["expr"].as_str().unwrap();
            let found = match env.compile(expr) {
                Ok(checked) => run::evaluate_with(&env, checked.ast(), &[]),
                Err(errors) => Err(errors[0].to_string()),
            };
            let right = match (&found, test.get("error")) {
                (Ok(value), None) => plain(&test["value"]).as_val().equals(value.as_val()),
                (Err(_), Some(_)) => true,
                _ => false,
            };
            if !right {
                let _ = writeln!(failures, "{file}: {test}\n  gave {found:?}");
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

fn plain(json: &serde_json::Value) -> llm_policy_cel::value::Value {
    use llm_policy_cel::value::Value;
    match json {
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => n.as_i64().map_or_else(|| Value::Double(n.as_f64().unwrap()), Value::Int),
        serde_json::Value::String(s) => Value::String(s.as_str().into()),
        other => panic!("{other} has no place in these lists"),
    }
}
