//! A word as a shell reads it, and the forms of a shell that are no words.

use super::super::value::{find, starts};
use crate::bytes::{at, before, cut};

/// The longest name of a command.
const LONGEST: usize = 32;
/// The longest word, with its path and its disguise.
const MAX_WORD: usize = 128;

/// A command's name without its path and without what a shell takes away.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    name: [u8; LONGEST],
    len: usize,
    /// Where it ends in the text.
    pub end: usize,
    /// Something inside of it only a shell takes away: `c''at`, `w\hoami`, `ca$@t`.
    pub evaded: bool,
    /// Wildcards inside of it.
    pub globbed: bool,
    /// A path from the root, from here, or from `bin`.
    pub is_path: bool,
}

impl Word {
    pub(super) fn read(text: &[u8], start: usize) -> Self {
        let mut word = Self { name: [0; LONGEST], len: 0, end: start, evaded: false, globbed: false, is_path: false };
        let mut place = start;
        let limit = text.len().min(start + MAX_WORD);
        let mut quotes = 0;
        let inner = |place: usize| at(text, place).is_ascii_alphanumeric();
        while place < limit {
            let byte = at(text, place);
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'+' => {
                    let Some(to) = word.name.get_mut(word.len) else { break };
                    *to = byte.to_ascii_lowercase();
                    word.len += 1;
                }
                b'/' => {
                    let folder = cut(&word.name, 0..word.len);
                    word.is_path |= place == start || matches!(folder, b"bin" | b"sbin" | b"." | b"..");
                    word.len = 0;
                }
                b'\'' | b'"' => {
                    quotes += 1;
                    let closes = at(text, place + 1) == byte && inner(place + 2) && word.len > 0;
                    // A pair with nothing in it, or quotes inside of a word.
                    word.evaded |= closes || (quotes > 1 && inner(place + 1) && word.len > 0);
                    if !(closes || inner(place + 1) || quotes > 1) {
                        break;
                    }
                    if place > start
                        && !closes
                        && quotes == 1
                        && find(cut(text, place + 1..place + 8), &[byte]).is_none()
                    {
                        break;
                    }
                }
                b'\\' if inner(place + 1) => word.evaded |= word.len > 0 || place == start,
                b'^' if inner(place + 1) && inner(place.wrapping_sub(1)) => word.evaded = true,
                b'$' if word.len > 0 && matches!(at(text, place + 1), b'@' | b'*' | b'$' | b'1'..=b'9') => {
                    place += 1;
                    word.evaded |= inner(place + 1);
                }
                b'$' if word.len > 0 && at(text, place + 1) == b'{' && !starts(cut(text, place..limit), b"${ifs") => {
                    let Some(close) = find(cut(text, place..limit), b"}") else { break };
                    place += close;
                    word.evaded |= inner(place + 1);
                }
                b'?' | b'*' if word.is_path || word.len > 0 && inner(place + 1) => word.globbed = true,
                b'[' if word.is_path || word.len > 0 => {
                    let Some(close) = find(cut(text, place..limit.min(place + 16)), b"]") else { break };
                    place += close;
                    word.globbed = true;
                }
                _ => break,
            }
            place += 1;
        }
        word.end = place;
        // A full stop at the end is punctuation.
        while word.len > 0 && matches!(before(&word.name, word.len), b'.' | b'-') {
            word.len -= 1;
        }
        word
    }

    pub(super) fn name(&self) -> &[u8] {
        self.name.get(..self.len).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0 && !self.globbed
    }
}

/// Expansions at a value's start that only a shell knows: `{cat,/etc/passwd}`, `~+`, `!-1`, `() {`, `/e??/passwd`, `$((`.
pub(super) fn expansion(value: &[u8]) -> Option<u8> {
    let (first, second) = (at(value, 0), at(value, 1));
    let brace = |from: usize| {
        let inner = cut(value, from..from + 64);
        let close = inner.iter().position(|byte| *byte == b'}')?;
        let inner = cut(inner, 1..close);
        let plain = inner
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'-' | b'/' | b'.' | b'?' | b'#'));
        (plain && inner.contains(&b',') && inner.iter().any(u8::is_ascii_alphabetic)).then_some(60)
    };
    match first {
        b'{' => brace(0),
        b'~' => {
            (matches!(second, b'+' | b'-') && cut(value, 2..value.len()).iter().all(u8::is_ascii_digit)).then_some(60)
        }
        b'!' => (second == b'-' && at(value, 2).is_ascii_digit()).then_some(60),
        b'(' => (second == b')' && matches!(cut(value, 2..4), b" {" | b"{ " | b"{:")).then_some(70),
        b'$' => match second {
            b'(' | b'[' => Some(60),
            b'S' if starts(value, b"$SHELL") => Some(70),
            _ => None,
        },
        b'<' => (second == b'(').then_some(60),
        b'/' => {
            let word = Word::read(value, 0);
            let reads = ["/etc/passwd", "/etc/shadow", "/etc/group"].iter().any(|path| starts(value, path.as_bytes()));
            (word.globbed && word.is_path || reads).then_some(65)
        }
        b'a'..=b'z' => {
            let open = value.iter().take(16).position(|byte| *byte == b'{')?;
            let inside = at(value, open.checked_sub(1)?).is_ascii_lowercase() && !cut(value, 0..open).contains(&b' ');
            inside.then(|| brace(open)).flatten()
        }
        _ => None,
    }
}

/// `for` and `if` of `cmd.exe` at a value's start, perhaps behind a separator.
pub(super) fn windows_control(value: &[u8]) -> Option<u8> {
    let skip = value.iter().take_while(|byte| matches!(byte, b'&' | b';' | b'|' | b' ' | b'@' | b'(')).count();
    let value = cut(value, skip..value.len());
    let head = cut(value, 0..96);
    let has = |needle: &[u8]| find(head, needle).is_some();
    if starts(value, b"for") && matches!(at(value, 3), b' ' | b'/' | b'\t') {
        return (has(b"%") && has(b"in")).then_some(70);
    }
    if starts(value, b"if") && matches!(at(value, 2), b' ' | b'/' | b'\t') {
        let mut words = head
            .split(|byte| byte.is_ascii_whitespace())
            .filter(|word| !word.is_empty())
            .skip(1)
            .skip_while(|word| word.eq_ignore_ascii_case(b"not") || word.eq_ignore_ascii_case(b"/i"));
        let asked = words.next().unwrap_or_default();
        let asks = ["exist", "defined", "errorlevel", "cmdextversion"]
            .iter()
            .any(|word| asked.eq_ignore_ascii_case(word.as_bytes()));
        let operator = words.next().unwrap_or_default();
        let compares = [asked, operator].iter().any(|word| find(word, b"==").is_some())
            || ["equ", "neq", "lss", "leq", "gtr", "geq"]
                .iter()
                .any(|word| operator.eq_ignore_ascii_case(word.as_bytes()));
        let variable = matches!(at(asked, 0), b'%' | b'"' | b'[' | b'(');
        return (compares && (variable || has(b"/i")) || asks).then_some(65);
    }
    None
}
