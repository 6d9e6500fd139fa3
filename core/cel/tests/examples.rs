//! The example of each function in the reference is true.

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod support;

use llm_policy_cel::eval::Truth;
use llm_policy_cel::limits::Limits;
use support::{Mode, Outcome, env, run};

/// Functions that only macros call.
const UNWRITTEN: [&str; 1] = ["@not_strictly_false"];

#[test]
fn every_example_is_true() {
    let env = env(Limits::default());
    let mut wrong = Vec::new();
    for function in env.functions() {
        if UNWRITTEN.contains(&&*function.name) {
            continue;
        }
        for mode in [Mode::Checked, Mode::Unchecked] {
            let (outcome, _) = run(&env, function.example, mode, &[], 10_000);
            if !matches!(outcome, Outcome::Value(_, Truth::True)) {
                wrong.push(format!("{}: {}: {outcome:?}", function.name, function.example));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_function_is_described() {
    for function in env(Limits::default()).functions() {
        assert!(function.doc.ends_with('.'), "{}: {}", function.name, function.doc);
        assert!(!function.overloads.is_empty(), "{}", function.name);
    }
}
