//! From the YAML parser's character counts to bytes.

use llm_policy_cel::ast::Span;

/// Every how many characters the byte offset is remembered.
const STEP: usize = 64;

/// Byte offsets by character number.
#[derive(Debug)]
pub(super) struct Offsets<'a> {
    /// The byte offset of each character whose number is a multiple of [`STEP`]; none when all are ASCII.
    marks: Vec<u32>,
    text: Option<&'a str>,
    len: usize,
}

impl<'a> Offsets<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        if text.is_ascii() {
            return Self { marks: Vec::new(), text: None, len: text.len() };
        }
        let marks = text.char_indices().step_by(STEP).map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        Self { marks, text: Some(text), len: text.len() }
    }

    /// The byte offset of character number `index`.
    pub(super) fn byte(&self, index: usize) -> usize {
        let Some(text) = self.text else { return index.min(self.len) };
        let Some(mark) = self.marks.get(index / STEP).map(|m| *m as usize) else { return self.len };
        let rest = text.get(mark..).unwrap_or_default();
        rest.char_indices().nth(index % STEP).map_or(self.len, |(at, _)| mark + at)
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let start = self.byte(start);
        span(start, self.byte(end).max(start))
    }
}

/// The span `start..end`.
pub(super) fn span(start: usize, end: usize) -> Span {
    Span::new(u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX))
}
