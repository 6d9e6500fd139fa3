//! Grammars over classes of words: a text is read as a string of one-letter classes, and rules are regular expressions over it.
//!
//! The rules of a grammar are a few automata, so asking costs a few steps a word, and needs neither memory nor locks.

use regex_automata::dfa::{Automaton, OverlappingState, dense};
use regex_automata::{Anchored, Input, MatchKind};

/// A rule: what it asks for, in classes, and how sure a match is (0 to 100).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// A regular expression over classes, each one a byte of ASCII.
    pub pattern: &'static str,
    /// The score of a match.
    pub score: u8,
}

/// Short for a rule in a table.
pub(crate) const fn rule(score: u8, pattern: &'static str) -> Rule {
    Rule { pattern, score }
}

/// So many rules share an automaton: the states of rules with gaps multiply, and one automaton for all takes seconds to build.
const TOGETHER: usize = 4;

/// Rules compiled to a few automata.
#[derive(Debug)]
pub(crate) struct Grammar {
    automata: Vec<dense::DFA<Vec<u32>>>,
    scores: Vec<u8>,
}

/// The best rule that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Match {
    /// Its score.
    pub score: u8,
    /// Where it ends, in classes.
    pub end: usize,
}

impl Grammar {
    /// Compiles rules. Rules that do not compile find nothing, which tests of each table rule out.
    pub(crate) fn new(rules: &[Rule]) -> Self {
        let build = |rules: &[Rule]| {
            let patterns: Vec<&str> = rules.iter().map(|rule| rule.pattern).collect();
            dense::Builder::new()
                .configure(dense::Config::new().match_kind(MatchKind::All))
                .syntax(regex_automata::util::syntax::Config::new().unicode(false).utf8(false))
                .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
                .build_many(&patterns)
                .map_err(|error| error.to_string())
        };
        let automata: Result<Vec<_>, _> = rules.chunks(TOGETHER).map(build).collect();
        debug_assert!(automata.is_ok(), "{:?}", automata.as_ref().err());
        Self { automata: automata.unwrap_or_default(), scores: rules.iter().map(|rule| rule.score).collect() }
    }

    /// Whether all rules could be read.
    #[cfg(test)]
    pub(crate) fn is_whole(&self) -> bool {
        self.automata.len() == self.scores.len().div_ceil(TOGETHER)
    }

    /// The rule with the highest score that matches somewhere in a string of classes; of equal ones the first of the table.
    pub(crate) fn best(&self, classes: &[u8]) -> Option<Match> {
        let input = Input::new(classes).anchored(Anchored::No);
        let mut best: Option<Match> = None;
        for (automaton, scores) in self.automata.iter().zip(self.scores.chunks(TOGETHER)) {
            let mut state = OverlappingState::start();
            while automaton.try_search_overlapping_fwd(&input, &mut state).is_ok() {
                let Some(found) = state.get_match() else { break };
                let score = scores.get(found.pattern().as_usize()).copied().unwrap_or(0);
                if best.is_none_or(|best| score > best.score) {
                    best = Some(Match { score, end: found.offset() });
                }
            }
        }
        best
    }
}
