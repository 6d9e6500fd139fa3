//! Folding: one way of writing for what looks or means the same.
//!
//! NFKC (UAX 15) character by character without composition of Hangul and kana, Latin accents dropped, lower case outside ASCII,
//! digits of all scripts as ASCII digits, invisible characters dropped (Default_Ignorable_Code_Point, UAX 44), tag characters as
//! the ASCII that they stand for, and look-alikes (in the spirit of UTS 39) as Latin letters inside words that mix scripts or
//! that look wholly Latin.

use unicode_normalization::char::decompose_compatible;

use super::confusables;
use super::view::View;

/// Characters of a word that are looked at to tell whether it mixes scripts.
const WORD: usize = 48;

/// The first digits of the decimal digits of other scripts.
const ZEROS: [u32; 26] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20,
    0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1B50, 0xA8D0, 0xFF10, 0x1D7CE,
];

/// Characters that show nothing and split words: soft hyphen, joiners, marks of direction, variation selectors, fillers.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0001}' | '\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

/// What one character becomes on its own, without look-alikes.
fn simple(c: char) -> Option<char> {
    let code = u32::from(c);
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => Some('-'),
        '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{FF07}' => Some('\''),
        '\u{201C}'..='\u{201F}' | '\u{2033}' | '\u{AB}' | '\u{BB}' | '\u{FF02}' => Some('"'),
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => Some(' '),
        '\u{2028}' | '\u{2029}' | '\u{85}' => Some('\n'),
        '\u{2024}' => Some('.'),
        '\u{2044}' | '\u{2215}' => Some('/'),
        '\u{E0020}'..='\u{E007E}' => char::from_u32(code - 0xE0000),
        // Letters in filled circles and squares, which NFKC leaves alone.
        '\u{1F150}'..='\u{1F169}' => char::from_u32(code - 0x1F150 + u32::from('a')),
        '\u{1F170}'..='\u{1F189}' => char::from_u32(code - 0x1F170 + u32::from('a')),
        _ => {
            ZEROS.iter().find(|zero| code.wrapping_sub(**zero) < 10).and_then(|zero| char::from_digit(code - zero, 10))
        }
    }
}

/// Scripts that stay as they are: decomposing them would tear syllables apart, and they have no case.
fn is_kept(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{3163}' | '\u{3190}'..='\u{319F}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}' | '\u{1F300}'..='\u{1F64F}' | '\u{20000}'..='\u{3FFFF}')
}

/// Whether a character, folded, is itself, or which characters it becomes.
fn fold_char(c: char, mut emit: impl FnMut(char)) {
    if is_kept(c) {
        return emit(c);
    }
    if is_invisible(c) {
        return;
    }
    if let Some(simple) = simple(c) {
        return emit(simple);
    }
    decompose_compatible(c, |part| match part {
        '\u{300}'..='\u{36F}' => {}
        _ if part.is_ascii() => emit(part),
        _ => part.to_lowercase().for_each(&mut emit),
    });
}

/// Folds a text (a literal, a context word) as the base view folds, look-alikes aside.
pub(crate) fn fold_text(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c);
        } else {
            fold_char(c, |part| folded.push(part));
        }
    }
    folded
}

/// Whether look-alikes in the word around a place are to be read as Latin letters: when the word has Latin letters, too,
/// or nothing but look-alikes.
fn reads_as_latin(text: &str, place: usize) -> bool {
    let part_of_word = |c: &char| c.is_alphanumeric() || is_invisible(*c) || matches!(c, '\u{300}'..='\u{36F}');
    let (head, tail) = (text.get(..place).unwrap_or_default(), text.get(place..).unwrap_or_default());
    let left = head.chars().rev().take(WORD).take_while(part_of_word);
    let right = tail.chars().take(WORD).take_while(part_of_word);
    let (mut latin, mut other) = (false, false);
    for c in left.chain(right).filter(|c| c.is_alphabetic()) {
        if c.is_ascii() {
            latin = true;
        } else if confusables::latin(c).is_none() {
            // Latin with accents is Latin; everything else speaks for a word of its own script.
            let mut first = None;
            decompose_compatible(c, |part| first = first.or(Some(part)));
            if first.is_some_and(|first| first.is_ascii_alphabetic()) {
                latin = true;
            } else {
                other = true;
            }
        }
    }
    latin || !other
}

/// Makes the base view of a text that is not ASCII.
pub(crate) fn fold(text: &str, view: &mut View) {
    let bytes = text.as_bytes();
    let mut done = 0;
    // Where the word ends for which the question of look-alikes is answered, and the answer.
    let mut word: Option<(usize, bool)> = None;
    while done < bytes.len() {
        let rest = bytes.get(done..).unwrap_or_default();
        let ascii = rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
        if ascii > 0 {
            view.copy(rest.get(..ascii).unwrap_or_default(), done);
            done += ascii;
            continue;
        }
        let Some(c) = text.get(done..).and_then(|rest| rest.chars().next()) else { break };
        let len = c.len_utf8();
        if is_kept(c) {
            view.copy(rest.get(..len).unwrap_or_default(), done);
        } else if let Some(latin) = confusables::latin(c) {
            let as_latin = match word {
                Some((end, answer)) if done < end => answer,
                _ => {
                    let answer = reads_as_latin(text, done);
                    word = Some((word_end(text, done), answer));
                    answer
                }
            };
            if as_latin {
                view.replace_char(latin, done, len);
            } else {
                fold_char(c, |part| view.replace_char(part, done, len));
            }
        } else {
            fold_char(c, |part| view.replace_char(part, done, len));
        }
        done += len;
    }
}

fn word_end(text: &str, place: usize) -> usize {
    let tail = text.get(place..).unwrap_or_default();
    let word = tail.chars().take(WORD).take_while(|c| c.is_alphanumeric());
    place + word.map(char::len_utf8).sum::<usize>().max(1)
}
