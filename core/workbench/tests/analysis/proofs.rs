//! Mutants that are proved to change nothing, and those next to them that are not.

use llm_policy_workbench::analysis::Proofs;
use llm_policy_workbench::mutation::{Equivalence, mutants};

use super::read;

/// The mutants of a rule with this condition that are proved to change nothing.
fn proved(when: &str) -> Vec<String> {
    let rule = format!("{{id: r, when: \"{when}\", actions: [deny: {{code: c}}]}}");
    let document = read(&format!("{{version: '1.0', metadata: {{name: p}}, rules: [{rule}]}}"), "p.yaml");
    let documents = [document.clone()];
    let same = |m: &llm_policy_workbench::mutation::Mutant| Proofs.proof(m, &documents).is_some();
    mutants(&document).iter().filter(|m| same(m)).map(|m| format!("{}: {}", m.operator, m.before)).collect()
}

#[test]
fn what_changes_nothing_is_proved() {
    let needless = proved("request.max_tokens > 5 && request.max_tokens > 3");
    assert!(needless.iter().any(|m| m.starts_with("drop-clause")), "{needless:?}");
    assert!(!needless.iter().any(|m| m.starts_with("negate")), "{needless:?}");
}

#[test]
fn what_changes_something_is_not() {
    assert_eq!(proved("request.max_tokens > 5 && user.tier == 'free'"), Vec::<String>::new());
    // Without the guard, an absent field would be an error.
    let guarded = proved("has(user.tier) && user.tier == 'free'");
    assert_eq!(guarded, Vec::<String>::new());
}
