//! Candidates for number-shaped kinds: runs of letters and digits, alone or joined by single separators.

use crate::bytes::{at, before, cut};

/// The most characters of a candidate without its separators.
pub(crate) const MAX_COMPACT: usize = 34;
/// The most runs of a candidate.
pub(crate) const MAX_GROUPS: usize = 9;

/// A run of ASCII letters and digits.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Token {
    pub start: usize,
    pub end: usize,
}

/// Letters and digits of one or more runs, without what joins them, in capitals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Compact {
    bytes: [u8; MAX_COMPACT],
    len: usize,
    /// Bit i: a separator stands before character i.
    pub joints: u64,
    pub start: usize,
    pub end: usize,
    /// The separator, 0 if there is none.
    pub separator: u8,
    /// Some letter is a small one.
    pub lower: bool,
}

impl Compact {
    pub(crate) fn new(start: usize) -> Self {
        Self { bytes: [0; MAX_COMPACT], len: 0, joints: 0, start, end: start, separator: 0, lower: false }
    }

    /// One more run. False when it does not fit.
    pub(crate) fn push(&mut self, text: &[u8], token: Token, separator: u8) -> bool {
        let run = cut(text, token.start..token.end);
        let Some(room) = self.bytes.get_mut(self.len..self.len + run.len()) else { return false };
        if self.len > 0 {
            self.joints |= 1 << self.len;
            self.separator = separator;
        }
        for (to, from) in room.iter_mut().zip(run) {
            *to = from.to_ascii_uppercase();
            self.lower |= from.is_ascii_lowercase();
        }
        self.len += run.len();
        self.end = token.end;
        true
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The end of the run of letters and digits that starts at a place.
pub(crate) fn run_end(text: &[u8], start: usize) -> usize {
    let len = text.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    start + len
}

/// The start of the run that a place lies in, at most so many bytes back; `None` if the run is longer.
pub(crate) fn run_start(text: &[u8], place: usize, most: usize) -> Option<usize> {
    let mut start = place;
    while before(text, start).is_ascii_alphanumeric() {
        start -= 1;
        if place - start > most {
            return None;
        }
    }
    Some(start)
}

/// A byte that may join two runs of one candidate.
pub(crate) fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'/' | b'_')
}

/// Whether what touches a candidate makes it a part of something else: a longer number, a decimal, a path, a host, a word.
pub(crate) fn is_fragment(text: &[u8], start: usize, end: usize) -> bool {
    let (left, right) = (before(text, start), at(text, end));
    let left_joined = match left {
        b'-' | b'.' | b'/' | b'_' | b':' | b',' | b'\'' => {
            let beyond = before(text, start.saturating_sub(1));
            match left {
                b',' | b':' | b'\'' => beyond.is_ascii_digit(),
                b'_' | b'/' | b'-' => beyond.is_ascii_alphanumeric() || beyond == left,
                _ => beyond.is_ascii_alphanumeric(),
            }
        }
        b'@' | b'+' | b'%' | b'\\' | b'$' | b'&' => true,
        _ => left.is_ascii_alphanumeric() || is_letter_before(text, start),
    };
    let right_joined = match right {
        b'-' | b'/' | b'_' | b'@' | b'\\' => {
            let beyond = at(text, end + 1);
            beyond.is_ascii_alphanumeric() || right == b'@' || right == b'_'
        }
        b'.' | b',' | b':' | b'\'' => at(text, end + 1).is_ascii_digit() || (right == b'.' && is_host_tail(text, end)),
        b'%' => true,
        _ => right.is_ascii_alphanumeric(),
    };
    left_joined || right_joined
}

/// A letter of a script with blanks (Latin with accents, Greek, Cyrillic, ...) right before a place. Scripts of the East do not count.
fn is_letter_before(text: &[u8], start: usize) -> bool {
    let mut first = start;
    while first > 0 && start - first < 4 && before(text, first) & 0xC0 == 0x80 {
        first -= 1;
    }
    let lead = before(text, first);
    (0xC3..0xE0).contains(&lead)
}

/// `.com`, `.png`: a dot and a word right behind a number.
fn is_host_tail(text: &[u8], dot: usize) -> bool {
    at(text, dot + 1).is_ascii_lowercase() && at(text, dot + 2).is_ascii_lowercase()
}

/// Whether a candidate has its line to itself, blanks and a little punctuation aside.
pub(crate) fn is_alone(text: &[u8], start: usize, end: usize) -> bool {
    let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'.' | b',' | b';' | b'(' | b')' | b'`');
    let mut left = start;
    while start - left < 4 && blank(before(text, left)) {
        left -= 1;
    }
    let mut right = end;
    while right - end < 4 && blank(at(text, right)) {
        right += 1;
    }
    (left == 0 || before(text, left) == b'\n') && (right >= text.len() || matches!(at(text, right), b'\n' | b'\r'))
}

/// The place of the next ASCII digit, a block at a time.
pub(crate) fn next_digit(text: &[u8], from: usize) -> Option<usize> {
    const BLOCK: usize = 32;
    let mut place = from;
    while let Some(block) = text.get(place..place + BLOCK) {
        // Without an early exit, so that it becomes vector instructions.
        if block.iter().fold(0u8, |any, byte| any | u8::from(byte.wrapping_sub(b'0') < 10)) != 0 {
            break;
        }
        place += BLOCK;
    }
    let rest = text.get(place..)?;
    rest.iter().position(u8::is_ascii_digit).map(|offset| place + offset)
}
