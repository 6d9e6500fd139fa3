//! What a lane's text goes through.

use std::fmt;

use llm_policy_detect::redact::{Redactor, Rule, TreeRedaction};
use llm_policy_detect::stream::{Guard, Output};
use llm_policy_detect::{Scanner, Scratch};

/// The longest arguments of one tool call.
const MAX_ARGUMENTS: usize = 1 << 20;

/// What came through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// The text that is sent on.
    pub text: String,
    /// Whether the answer is stopped here.
    pub is_stopped: bool,
}

impl From<Output> for Passed {
    fn from(output: Output) -> Self {
        Self { text: output.text, is_stopped: output.stopped.is_some() }
    }
}

/// What the text of one lane goes through, piece by piece.
pub trait Filter: Send {
    /// The next piece.
    fn push(&mut self, text: &str) -> Passed;

    /// The end of the lane.
    fn finish(&mut self) -> Passed;
}

impl Filter for Guard<'_> {
    fn push(&mut self, text: &str) -> Passed {
        Guard::push(self, text.as_bytes()).into()
    }

    fn finish(&mut self) -> Passed {
        Guard::finish(self).into()
    }
}

/// The arguments of a tool call: nobody can use them before they are whole, so they are held until then, and redacted as a tree
/// (numbers stay numbers). What is no JSON in the end, or longer than 1 MiB, stops the answer.
pub struct Arguments<'g> {
    scanner: &'g Scanner,
    rules: &'g [Rule],
    redactor: Redactor,
    text: String,
}

impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arguments").field("held", &self.text.len()).finish_non_exhaustive()
    }
}

impl<'g> Arguments<'g> {
    /// A filter for one call; paths of the rules are those of the arguments.
    #[must_use]
    pub fn new(scanner: &'g Scanner, rules: &'g [Rule], redactor: Redactor) -> Self {
        Self { scanner, rules, redactor, text: String::new() }
    }
}

impl Filter for Arguments<'_> {
    fn push(&mut self, text: &str) -> Passed {
        self.text.push_str(text);
        Passed { text: String::new(), is_stopped: self.text.len() > MAX_ARGUMENTS }
    }

    fn finish(&mut self) -> Passed {
        let text = std::mem::take(&mut self.text);
        if text.trim().is_empty() {
            return Passed { text, is_stopped: false };
        }
        let mut scratch = Scratch::default();
        match TreeRedaction::new(self.rules, self.scanner, &mut self.redactor, &mut scratch).json(&text) {
            Ok(redacted) => Passed { text: redacted.unwrap_or(text), is_stopped: false },
            Err(_) => Passed { text: String::new(), is_stopped: true },
        }
    }
}
