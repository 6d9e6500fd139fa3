//! Undoing disguises of words: digits and symbols for letters, and letters set apart.

use super::view::View;
use crate::bytes::{at, before, cut};

/// Longer words are identifiers, not disguised words.
const MAX_WORD: usize = 24;

/// The letter that a digit or symbol stands for.
fn letter(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0' => b'o',
        b'1' | b'!' | b'|' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' | b'+' => b't',
        b'8' => b'b',
        _ => return None,
    })
}

/// Whether a word is letters with symbols between them: `1gn0re`, `p@ss`. Not `utf8`, `sha256`, `3rd`, `x86_64`, `a@b.c`.
fn is_disguised(word: &[u8]) -> bool {
    if !(3..=MAX_WORD).contains(&word.len()) {
        return false;
    }
    let letters = word.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let symbols = word.iter().filter(|byte| letter(**byte).is_some()).count();
    // A symbol with a letter somewhere on both sides, or in front of letters.
    let first_symbol = word.iter().position(|byte| letter(*byte).is_some()).unwrap_or(word.len());
    let last_letter = word.iter().rposition(u8::is_ascii_alphabetic).unwrap_or(0);
    let run = word.iter().fold((0, 0), |(run, most), byte| {
        let run = if byte.is_ascii_digit() { run + 1 } else { 0 };
        (run, most.max(run))
    });
    // `3rd`, `4th`, `2nd`: a number, not a disguise.
    let is_ordinal = last_letter < 4 && word.get(1..).unwrap_or_default().iter().all(u8::is_ascii_alphabetic);
    !is_ordinal
        && letters >= 2
        && symbols >= 1
        && letters + symbols == word.len()
        && first_symbol < last_letter
        && run.1 <= 3
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'$' | b'!' | b'|' | b'+')
}

/// Reads digits and symbols inside words as letters. False if there are none.
pub(crate) fn leet(bytes: &[u8], view: &mut View) -> bool {
    let (mut place, mut done) = (0, 0);
    while place < bytes.len() {
        let len = bytes.get(place..).unwrap_or_default().iter().take_while(|byte| is_part(**byte)).count();
        if len == 0 {
            place += 1;
            continue;
        }
        // Marks at a word's end are punctuation.
        let mut end = place + len;
        while end > place && matches!(before(bytes, end), b'!' | b'|' | b'+') {
            end -= 1;
        }
        let word = cut(bytes, place..end);
        if is_disguised(word) {
            view.copy(cut(bytes, done..place), done);
            let mut plain = [0u8; MAX_WORD];
            for (to, from) in plain.iter_mut().zip(word) {
                *to = letter(*from).unwrap_or(*from);
            }
            view.copy(cut(&plain, 0..word.len()), place);
            done = end;
        }
        place += len;
    }
    if done > 0 {
        view.copy(cut(bytes, done..bytes.len()), done);
    }
    done > 0
}

/// At least so many single letters make a word that was set apart.
const MIN_LETTERS: usize = 4;

fn is_single(bytes: &[u8], place: usize) -> bool {
    at(bytes, place).is_ascii_alphanumeric() || letter(at(bytes, place)).is_some()
}

/// The end of a row of single letters with the same separator between them, and the separator.
fn row(bytes: &[u8], start: usize) -> Option<(usize, u8)> {
    let separator = at(bytes, start + 1);
    if !matches!(separator, b' ' | b'.' | b'-' | b'_' | b'*' | b'|' | b'/' | b',' | b'~') || !is_single(bytes, start) {
        return None;
    }
    let (mut end, mut letters) = (start + 1, 1);
    loop {
        // One separator between letters, more of them (or a blank) between words.
        let gap = bytes
            .get(end..)
            .unwrap_or_default()
            .iter()
            .take(4)
            .take_while(|byte| **byte == separator || **byte == b' ')
            .count();
        let next = end + gap;
        if gap == 0 || gap > 3 || !is_single(bytes, next) || at(bytes, next + 1).is_ascii_alphanumeric() {
            break;
        }
        letters += 1;
        end = next + 1;
    }
    (letters >= MIN_LETTERS).then_some((end, separator))
}

/// Closes up letters that were set apart. False if there are none.
pub(crate) fn spaced(bytes: &[u8], view: &mut View) -> bool {
    let (mut place, mut done) = (0, 0);
    while place + 1 < bytes.len() {
        let starts =
            bytes.get(place).is_some_and(u8::is_ascii_alphanumeric) && !before(bytes, place).is_ascii_alphanumeric();
        let Some((end, separator)) = starts.then(|| row(bytes, place)).flatten() else {
            place += 1;
            continue;
        };
        view.copy(cut(bytes, done..place), done);
        let mut at_letter = place;
        while at_letter < end {
            view.copy(cut(bytes, at_letter..at_letter + 1), at_letter);
            let rest = cut(bytes, at_letter + 1..end);
            let gap = rest.iter().take_while(|byte| **byte == separator || **byte == b' ').count();
            let is_word_gap = gap > 1 || (separator != b' ' && at(rest, 0) == b' ');
            if is_word_gap && at_letter + 1 + gap < end {
                view.replace(b" ", at_letter + 1, gap);
            }
            at_letter += 1 + gap;
        }
        place = end;
        done = end;
    }
    if done > 0 {
        view.copy(cut(bytes, done..bytes.len()), done);
    }
    done > 0
}
