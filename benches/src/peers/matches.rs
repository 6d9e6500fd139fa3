//! What an engine that evaluates one condition at a time keeps of its rules and of their matches.

use crate::contender::{Outcome, Verdict};
use crate::rule::{Effect, Rule};

/// The rules' names and effects, and the matches of the last evaluation; the memory for those is reused.
#[derive(Debug, Default)]
pub struct Matches {
    rules: Vec<(String, Effect)>,
    denies: Vec<usize>,
    allows: Vec<usize>,
}

impl Matches {
    /// For `rules`, none of which has matched yet.
    pub fn new(rules: &[(String, Effect)]) -> Self {
        Self { rules: rules.to_vec(), denies: Vec::new(), allows: Vec::new() }
    }

    /// Judges all rules anew: `holds` says whether the rule at an index matches.
    pub fn collect(&mut self, mut holds: impl FnMut(usize) -> bool) -> Outcome {
        self.denies.clear();
        self.allows.clear();
        for (index, (_, effect)) in self.rules.iter().enumerate() {
            if holds(index) {
                match effect {
                    Effect::Deny => self.denies.push(index),
                    Effect::Allow => self.allows.push(index),
                }
            }
        }
        let denied = !self.denies.is_empty();
        Outcome { denied, deciding: if denied { self.denies.len() } else { self.allows.len() } }
    }

    /// The last evaluation's answer in full.
    pub fn verdict(&self) -> Verdict {
        let ids = |indices: &[usize]| indices.iter().map(|index| self.rules[*index].0.clone()).collect();
        Verdict::new(ids(&self.denies), ids(&self.allows))
    }
}

/// The names and effects of `rules`.
pub fn labels(rules: &[Rule]) -> Vec<(String, Effect)> {
    rules.iter().map(|rule| (rule.id.clone(), rule.effect)).collect()
}
