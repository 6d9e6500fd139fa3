//! Patterns of the policies' authors.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::meta::{Cache, Config, Regex};

use crate::bytes::floor;
use crate::detector::{Cx, Detector, Reach};
use crate::finding::Signs;
use crate::kind::{Family, Kind};
use crate::scanner::BuildError;

/// The longest match that counts, in bytes.
pub(crate) const MAX_MATCH: usize = 1024;
/// Texts are searched in steps of so many bytes, so that no pattern can make the work grow faster than the text.
const STEP: usize = 4096;
/// The most memory of a compiled pattern.
const SIZE: usize = 1 << 18;

/// A pattern that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    name: String,
    regex: Regex,
}

impl Pattern {
    /// Checks and compiles a pattern: the syntax of RE2, no larger than its bound, and never matching nothing.
    pub(crate) fn new(name: &str, pattern: &str) -> Result<Self, BuildError> {
        let refused = |message: String| BuildError::Pattern { name: name.to_owned(), message };
        let is_name = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_name {
            return Err(refused("a name has small letters, digits and `_` only".to_owned()));
        }
        let config = Config::new().nfa_size_limit(Some(SIZE)).hybrid_cache_capacity(SIZE);
        let regex = Regex::builder()
            .configure(config)
            .build(pattern)
            .map_err(|error| refused(error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string)))?;
        if regex.is_match("") {
            return Err(refused("it matches the empty text, so it would be found everywhere".to_owned()));
        }
        Ok(Self { name: name.to_owned(), regex })
    }
}

/// All patterns of one scanner.
#[derive(Debug)]
pub(crate) struct Custom {
    patterns: Vec<Pattern>,
}

impl Custom {
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// Working memory for all patterns, in their order.
    pub(crate) fn caches(&self) -> Vec<Cache> {
        self.patterns.iter().map(|pattern| pattern.regex.create_cache()).collect()
    }
}

impl Detector for Custom {
    fn kinds(&self) -> Vec<Kind> {
        self.patterns
            .iter()
            .map(|pattern| Kind::new(pattern.name.clone(), Family::Custom, "the policy's own pattern"))
            .collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 4, ahead: MAX_MATCH }
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        for (number, pattern) in (0..).zip(&self.patterns) {
            let mut from = 0;
            while from < cx.text.len() {
                let step = floor(cx.text, from + STEP).max(from + 1);
                let window = from..floor(cx.text, step + MAX_MATCH);
                cx.spend(window.len());
                let mut place = from;
                while let Some(found) = find(pattern, number, place..window.end, cx).filter(|found| found.start < step)
                {
                    place = found.end.max(place + 1);
                    if found.len() <= MAX_MATCH {
                        cx.report(number, found, 80, Signs::NONE);
                    }
                }
                from = step.max(place);
            }
        }
    }
}

fn find(pattern: &Pattern, number: u16, range: Range<usize>, cx: &mut Cx<'_>) -> Option<Range<usize>> {
    let input = Input::new(cx.text).range(range);
    let cache = cx.caches.get_mut(usize::from(number))?;
    pattern.regex.search_with(cache, &input).map(|found| found.range())
}
