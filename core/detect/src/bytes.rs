//! Looking at bytes without ever going out of bounds.

use std::ops::Range;

/// The byte at a place, 0 beyond the end. No detector treats 0 as part of anything.
#[inline]
pub(crate) fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

/// The byte before a place, 0 at the start.
#[inline]
pub(crate) fn before(bytes: &[u8], index: usize) -> u8 {
    index.checked_sub(1).map_or(0, |index| at(bytes, index))
}

/// A part of the bytes, clipped to what is there.
#[inline]
pub(crate) fn cut(bytes: &[u8], range: Range<usize>) -> &[u8] {
    let end = range.end.min(bytes.len());
    bytes.get(range.start.min(end)..end).unwrap_or_default()
}

/// Whether a byte belongs to a word: ASCII letters and digits, `_`, and every byte of a character beyond ASCII.
#[inline]
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Moves a place to the left until it is the start of a character.
#[inline]
pub(crate) fn floor(bytes: &[u8], mut index: usize) -> usize {
    index = index.min(bytes.len());
    while index > 0 && at(bytes, index) & 0xC0 == 0x80 && index < bytes.len() {
        index -= 1;
    }
    index
}

/// Moves a place to the right until it is the start of a character or the end.
#[inline]
pub(crate) fn ceil(bytes: &[u8], mut index: usize) -> usize {
    while at(bytes, index) & 0xC0 == 0x80 && index < bytes.len() {
        index += 1;
    }
    index
}
