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
/// What a match scores.
const SCORE: u8 = 80;
/// The most memory of a compiled pattern.
const SIZE: usize = 1 << 18;

/// A pattern that was checked.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    name: String,
    regex: Regex,
    /// The longest match, if there is a bound.
    longest: Option<usize>,
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
        let longest = regex_syntax::parse(pattern).ok().and_then(|hir| hir.properties().maximum_len());
        Ok(Self { name: name.to_owned(), regex, longest })
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

    /// The longest match of all; `None` when one pattern has no bound, or one beyond what counts.
    pub(crate) fn longest(&self) -> Option<usize> {
        self.patterns
            .iter()
            .map(|pattern| pattern.longest.filter(|len| *len <= MAX_MATCH))
            .max_by_key(|len| len.unwrap_or(usize::MAX))?
    }

    /// Matches that start in a region of the view, each pattern from where its last match ended, if that is further.
    pub(crate) fn region(&self, region: Range<usize>, done: &mut [usize], cx: &mut Cx<'_>) {
        for ((number, pattern), done) in (0..).zip(&self.patterns).zip(done) {
            let mut place = region.start.max(*done);
            let end = floor(cx.text, region.end + MAX_MATCH);
            cx.spend(end.saturating_sub(place));
            while place < region.end
                && let Some(found) = find(pattern, number, place..end, cx).filter(|found| found.start < region.end)
            {
                place = found.end.max(place + 1);
                *done = found.end;
                cx.report(number, found, SCORE, Signs::NONE);
            }
        }
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
                        cx.report(number, found, SCORE, Signs::NONE);
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
