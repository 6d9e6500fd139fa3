//! Results for people and programs: a page, JSON, JUnit XML.

pub mod html;
pub mod json;
pub mod junit;

use crate::coverage::Coverage;
use crate::mutation::Mutation;
use crate::run::{CaseOutcome, CaseResult, Suite};

/// All results of a run.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    /// The cases with their policies.
    pub suite: &'r Suite,
    /// How the cases came out.
    pub results: &'r [CaseResult],
    /// What they exercise, when it was measured.
    pub coverage: Option<&'r Coverage>,
    /// What they notice, when it was tried.
    pub mutation: Option<&'r Mutation>,
}

impl Report<'_> {
    /// How many cases are not as expected.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| !result.passed()).count()
    }
}

/// What is wrong with a case, line by line; nothing when it passed.
#[must_use]
pub fn complaints(outcome: &CaseOutcome) -> Vec<String> {
    match outcome {
        CaseOutcome::Passed => Vec::new(),
        CaseOutcome::Refused(cause) => vec![format!("the context is refused: {cause}")],
        CaseOutcome::Failed(failure) => failure
            .mismatches
            .iter()
            .map(|mismatch| format!("{}: expected {}, got {}", mismatch.place(), mismatch.expected, mismatch.found))
            .collect(),
    }
}
