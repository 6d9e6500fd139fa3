//! Telling a bare value (a field of a form, an argument) from prose and code.

use crate::bytes::{at, cut};

/// Longer texts are documents, not values.
pub(super) const MAX_VALUE: usize = 512;

/// So many plain words in a row are a sentence.
const SENTENCE: usize = 5;
/// More lines than that are a document.
const LINES: usize = 6;

/// A text's start, if the text is a bare value: short, and neither a sentence nor a page of code.
pub(super) fn bare(text: &[u8]) -> Option<&[u8]> {
    if text.len() > MAX_VALUE || text.is_empty() {
        return None;
    }
    let (mut row, mut lines, mut place) = (0usize, 0usize, 0usize);
    while place < text.len() {
        let len = cut(text, place..text.len()).iter().take_while(|byte| is_letter(**byte)).count();
        if len > 0 {
            // A word of prose: letters, then a blank or a mark of punctuation.
            place += len;
            let next = at(text, place);
            let ends = matches!(next, b' ' | 0)
                || matches!(next, b',' | b'.' | b'?' | b':' | b'!') && at(text, place + 1) == b' ';
            row = if ends { row + 1 } else { 0 };
            if row >= SENTENCE {
                return None;
            }
            place += usize::from(ends && next != 0 && next != b' ');
        } else {
            let byte = at(text, place);
            lines += usize::from(byte == b'\n');
            if byte != b' ' {
                row = 0;
            }
            place += 1;
        }
    }
    (lines <= LINES).then_some(text)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80 || byte == b'\''
}

/// Where a word occurs first, ASCII case aside.
pub(super) fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word))
}

/// Whether a text starts with a word, ASCII case aside.
pub(super) fn starts(text: &[u8], word: &[u8]) -> bool {
    cut(text, 0..word.len()).eq_ignore_ascii_case(word)
}

/// Whether one of several words occurs, ASCII case aside.
pub(crate) fn has_any(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| find(text, word.as_bytes()).is_some())
}
