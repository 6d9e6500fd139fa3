//! Words near a candidate that name it.

use crate::bytes::{cut, floor, is_word};
use crate::normalise::fold_text;

/// Bytes before a candidate in which a word counts.
pub(crate) const BEFORE: usize = 72;
/// Bytes after it.
pub(crate) const AFTER: usize = 32;

/// Words and phrases that name something, folded, each matched as a whole word.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Vec<Vec<u8>>);

impl Words {
    pub(crate) fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let fold = |phrase: &str| fold_text(phrase).to_lowercase().into_bytes();
        Self(phrases.into_iter().map(fold).collect())
    }

    /// Whether one of them stands near a part of the text.
    pub(crate) fn near(&self, text: &[u8], start: usize, end: usize) -> bool {
        self.before(text, start, BEFORE) || self.within(cut(text, end..floor(text, end + AFTER)))
    }

    /// Whether one of them stands in front of a place.
    pub(crate) fn before(&self, text: &[u8], place: usize, window: usize) -> bool {
        self.within(cut(text, floor(text, place.saturating_sub(window))..place))
    }

    /// Whether one of them occurs at all, be it inside of a longer word.
    pub(crate) fn anywhere(&self, window: &[u8]) -> bool {
        self.0.iter().any(|phrase| window.windows(phrase.len()).any(|part| part.eq_ignore_ascii_case(phrase)))
    }

    fn within(&self, window: &[u8]) -> bool {
        !window.is_empty() && self.0.iter().any(|phrase| contains_word(window, phrase))
    }
}

/// Letters of scripts that write without blanks, or that glue endings to words: no boundary is asked for.
fn is_glued(phrase: &[u8]) -> bool {
    // Thai and what follows it in Unicode: kana, Han, Hangul.
    phrase.first().is_some_and(|byte| *byte >= 0xE0)
}

fn contains_word(window: &[u8], phrase: &[u8]) -> bool {
    let Some(first) = phrase.first() else { return false };
    let last_start = window.len().saturating_sub(phrase.len());
    if phrase.len() > window.len() {
        return false;
    }
    let edge = |byte: Option<&u8>| !byte.is_some_and(|byte| is_word(*byte) && *byte != b'_');
    (0..=last_start).any(|start| {
        window.get(start).is_some_and(|byte| byte.to_ascii_lowercase() == *first)
            && cut(window, start..start + phrase.len()).eq_ignore_ascii_case(phrase)
            && (is_glued(phrase)
                || (edge(start.checked_sub(1).and_then(|at| window.get(at))) && edge(window.get(start + phrase.len()))))
    })
}
