//! Going over JSON text and checking it without making values.
//!
//! Positions go in and out as plain numbers, so that they stay in registers. `None` means that the text was refused; the
//! reason is kept aside, because it is made once and the positions are passed all the time.

use std::cell::Cell;

use bumpalo::Bump;
use bumpalo::collections::String;

use crate::input::{InputError, MAX_DEPTH};

/// JSON text and, once refused, the reason.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    bytes: &'a [u8],
    fault: Cell<Option<InputError>>,
}

/// Where a string ends.
#[derive(Clone, Copy)]
pub(super) struct Text {
    /// The position of the closing quote.
    pub(super) end: usize,
    /// True when it has escapes.
    pub(super) escaped: bool,
}

/// Where a number ends.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) end: usize,
    /// True when it is written as an integer: digits only.
    pub(super) integer: bool,
}

/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The high bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

/// For eight bytes of a string: the high bit of each byte that ends the string, starts an escape or is not allowed. Above
/// the lowest one there may be false ones, because a byte that is found borrows from the next.
#[inline]
fn special(word: u64) -> u64 {
    // With this bit turned, the quote follows the 32 control characters, and the space and `!` are out of the way.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let escape = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (quote_or_control | escape) & !word & HIGH
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), fault: Cell::new(None) }
    }

    /// The reason of a refusal.
    pub(super) fn into_error(self) -> InputError {
        self.fault.into_inner().unwrap_or_else(|| InputError::new("not valid JSON", None))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn fail<T>(&self, message: &str, at: usize) -> Option<T> {
        self.fail_with(InputError::new(message, Some(at.min(self.bytes.len()))))
    }

    #[cold]
    #[inline(never)]
    pub(super) fn fail_with<T>(&self, error: InputError) -> Option<T> {
        self.fault.set(Some(error));
        None
    }

    /// The byte at a position; 0, which is allowed nowhere, after the end.
    #[inline]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The bytes from `start` to before `end`.
    #[inline]
    pub(super) fn bytes(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    #[inline]
    fn chunk<const N: usize>(&self, at: usize) -> Option<&'a [u8; N]> {
        self.bytes.get(at..)?.first_chunk::<N>()
    }

    /// The position of the next byte that is not white space.
    #[inline]
    pub(super) fn space(&self, mut at: usize) -> usize {
        while let b' ' | b'\n' | b'\r' | b'\t' = self.byte(at) {
            at += 1;
        }
        at
    }

    /// Goes over a string from after its opening quote.
    #[inline]
    pub(super) fn string(&self, start: usize) -> Option<Text> {
        // Most keys and many values end within two words.
        let mut at = start;
        while at < start + 16 {
            let Some(chunk) = self.chunk::<8>(at) else { break };
            let found = special(u64::from_le_bytes(*chunk));
            if found != 0 {
                at += found.trailing_zeros() as usize / 8;
                if self.byte(at) == b'"' {
                    return Some(Text { end: at, escaped: false });
                }
                break;
            }
            at += 8;
        }
        self.long_string(at)
    }

    #[inline(never)]
    fn long_string(&self, mut at: usize) -> Option<Text> {
        let mut escaped = false;
        loop {
            at = self.plain(at);
            match self.byte(at) {
                b'"' => return Some(Text { end: at, escaped }),
                b'\\' => {
                    escaped = true;
                    at = self.escape(at)?;
                }
                _ if at >= self.bytes.len() => return self.fail("the text has no closing quote", at),
                _ => return self.fail("a control character in text must be escaped", at),
            }
        }
    }

    /// The position of the next byte that means something in a string.
    #[inline]
    fn plain(&self, mut at: usize) -> usize {
        let clean = |block: &[u8; 32]| {
            block.iter().fold(0, |bad, b| bad | u8::from(*b < 0x20) | u8::from(*b == b'"') | u8::from(*b == b'\\')) == 0
        };
        while self.chunk::<32>(at).is_some_and(clean) {
            at += 32;
        }
        while let Some(chunk) = self.chunk::<8>(at) {
            let found = special(u64::from_le_bytes(*chunk));
            if found != 0 {
                return at + found.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        while !matches!(self.byte(at), 0..0x20 | b'"' | b'\\') {
            at += 1;
        }
        at
    }

    /// Goes over an escape from its backslash.
    fn escape(&self, at: usize) -> Option<usize> {
        match self.byte(at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
            b'u' => match self.hex(at + 2)? {
                0xdc00..=0xdfff => self.fail("half of a surrogate pair", at),
                0xd800..=0xdbff => {
                    if self.byte(at + 6) != b'\\' || self.byte(at + 7) != b'u' {
                        return self.fail("half of a surrogate pair", at);
                    }
                    match self.hex(at + 8)? {
                        0xdc00..=0xdfff => Some(at + 12),
                        _ => self.fail("half of a surrogate pair", at),
                    }
                }
                _ => Some(at + 6),
            },
            _ => self.fail("unknown escape in text", at),
        }
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self
            .chunk::<4>(at)
            .and_then(|four| four.iter().try_fold(0, |n, b| char::from(*b).to_digit(16).map(|d| n * 16 + d)));
        digits.or_else(|| self.fail("expected four hexadecimal digits", at))
    }

    /// Goes over a number from its first character.
    #[inline]
    pub(super) fn number(&self, start: usize) -> Option<Number> {
        let first = start + usize::from(self.byte(start) == b'-');
        let mut at = match self.byte(first) {
            b'0' => first + 1,
            b'1'..=b'9' => self.digits(first + 1),
            _ => return self.fail("expected a digit", first),
        };
        let integer = !matches!(self.byte(at), b'.' | b'e' | b'E');
        // Below 10^308 every number is finite.
        let mut large = at - first > 308;
        if self.byte(at) == b'.' {
            let fraction = at + 1;
            at = self.digits(fraction);
            if at == fraction {
                return self.fail("expected a digit", at);
            }
        }
        if let b'e' | b'E' = self.byte(at) {
            let exponent = at + 1 + usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
            at = self.digits(exponent);
            if at == exponent {
                return self.fail("expected a digit", at);
            }
            large = true;
        }
        if large && !self.double(start, at).is_finite() {
            return self.fail("number out of range", start);
        }
        Some(Number { end: at, integer })
    }

    #[inline]
    fn digits(&self, mut at: usize) -> usize {
        // One by one: numbers are short, and eight at a time were measured to be slower.
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    }

    /// The double that the number from `start` to before `end` is.
    pub(super) fn double(&self, start: usize, end: usize) -> f64 {
        self.text.get(start..end).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
    }

    /// Goes over `true`, `false` or `null`, whichever starts with the letter at `at`.
    #[inline]
    pub(super) fn word(&self, at: usize) -> Option<usize> {
        match (self.chunk::<4>(at), self.byte(at + 4)) {
            (Some(b"true" | b"null"), _) => Some(at + 4),
            (Some(b"fals"), b'e') => Some(at + 5),
            _ => self.fail("expected a value", at),
        }
    }

    /// Goes over the colon after a key, to the value; from after the closing quote.
    #[inline]
    pub(super) fn colon(&self, at: usize) -> Option<usize> {
        let at = self.space(at);
        if self.byte(at) == b':' { Some(self.space(at + 1)) } else { self.fail("expected `:`", at) }
    }

    /// Goes over a value of any kind and what is in it, `depth` levels down.
    pub(super) fn skip(&self, mut at: usize, depth: usize) -> Option<usize> {
        // One bit for each open level below this one: 1 for an object.
        let mut kinds = 0_u128;
        let mut level = depth;
        loop {
            match self.byte(at) {
                b'"' => at = self.string(at + 1)?.end + 1,
                b'-' | b'0'..=b'9' => at = self.number(at)?.end,
                open @ (b'{' | b'[') => {
                    if level >= MAX_DEPTH {
                        return self.fail_with(InputError::too_deep(Some(at)));
                    }
                    let object = open == b'{';
                    at = self.space(at + 1);
                    if self.byte(at) != if object { b'}' } else { b']' } {
                        level += 1;
                        kinds = kinds << 1 | u128::from(object);
                        if object {
                            at = self.key(at)?;
                        }
                        continue;
                    }
                    at += 1;
                }
                _ => at = self.word(at)?,
            }
            // After a value.
            loop {
                if level == depth {
                    return Some(at);
                }
                at = self.space(at);
                match (self.byte(at), kinds & 1 == 1) {
                    (b',', true) => {
                        at = self.key(self.space(at + 1))?;
                        break;
                    }
                    (b',', false) => {
                        at = self.space(at + 1);
                        break;
                    }
                    (b'}', true) | (b']', false) => {
                        kinds >>= 1;
                        level -= 1;
                        at += 1;
                    }
                    (_, true) => return self.fail("expected `,` or `}`", at),
                    (_, false) => return self.fail("expected `,` or `]`", at),
                }
            }
        }
    }

    /// Goes over a key and its colon, from the key's opening quote.
    #[inline]
    fn key(&self, at: usize) -> Option<usize> {
        if self.byte(at) != b'"' {
            return self.fail("expected a key in quotes", at);
        }
        self.colon(self.string(at + 1)?.end + 1)
    }

    /// What a string with escapes stands for, which has been gone over from `start` to its closing quote at `end`.
    pub(super) fn unescape(&self, start: usize, end: usize, arena: &'a Bump) -> &'a str {
        let hex = |at| self.hex(at).unwrap_or(0);
        let mut out = String::with_capacity_in(end - start, arena);
        let mut at = start;
        loop {
            let plain = self.plain(at).min(end);
            out.push_str(self.text.get(at..plain).unwrap_or_default());
            if plain >= end {
                return out.into_bump_str();
            }
            let (char, length) = match self.byte(plain + 1) {
                b'b' => ('\u{8}', 2),
                b'f' => ('\u{c}', 2),
                b'n' => ('\n', 2),
                b'r' => ('\r', 2),
                b't' => ('\t', 2),
                b'u' => {
                    let (code, length) = match hex(plain + 2) {
                        high @ 0xd800..=0xdbff => {
                            (0x1_0000 + ((high - 0xd800) << 10) + hex(plain + 8).saturating_sub(0xdc00), 12)
                        }
                        code => (code, 6),
                    };
                    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), length)
                }
                other => (char::from(other), 2),
            };
            out.push(char);
            at = plain + length;
        }
    }
}
