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

/// Text inside of XML and HTML, in attributes too. Characters that XML cannot hold are replaced.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escaped("<a b='c'>&\"\u{1}ü"), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;\u{fffd}ü");
    }
}
