//! Proofs that a mutant of a rule is the same rule.

use llm_policy_engine::document::Document;

use crate::diff::same_condition;
use crate::mutation::{Change, Equivalence, Mutant};

/// Proves of mutants that change the condition of a rule that it is true, and fails, for the same inputs as before. Of
/// any other mutant it says nothing.
///
/// ```
/// use llm_policy_workbench::{analysis::Proofs, mutation};
/// # use llm_policy_engine::document;
/// # let policy = "{version: '1.0', metadata: {name: p}, rules: [
/// #   {id: r, when: request.max_tokens > 5 && request.max_tokens > 3, actions: [deny]}]}";
/// let document = document::read(policy, "p.yaml", &mut document::no_files).unwrap();
/// // `request.max_tokens > 5 && request.max_tokens > 3`
/// let mutants = mutation::mutants(&document);
/// let proved = |m: &&mutation::Mutant| mutation::Equivalence::proof(&Proofs, m, &[document.clone()]).is_some();
/// assert!(mutants.iter().filter(proved).any(|mutant| mutant.operator == "drop-clause"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Proofs;

impl Equivalence for Proofs {
    fn proof(&self, mutant: &Mutant, documents: &[Document]) -> Option<String> {
        let Change::Rule { position, rule: Some(rule) } = &mutant.change else { return None };
        let document = documents.iter().find(|d| d.origin == mutant.origin && d.id() == mutant.policy)?;
        same_condition(documents, document, *position, rule)
            .then(|| "the condition is true, and fails, for the same inputs".to_owned())
    }
}
