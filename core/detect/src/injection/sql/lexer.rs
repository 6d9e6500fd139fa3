//! SQL read as tokens, as a database would read it that was handed a value in the middle of a statement.

use super::words::{LONGEST, Words};
use crate::bytes::{at, cut};

/// What a token is. The byte is its letter in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Class {
    /// A number, `NULL`, a Boolean.
    Number = b'n',
    /// A complete string.
    Text = b's',
    /// A string that does not end.
    Open = b'q',
    /// `@a`, `@@version`, `:a`.
    Variable = b'v',
    /// A word that means nothing in SQL.
    Name = b'i',
    /// The same in front of a parenthesis.
    Call = b'g',
    /// A function of SQL in front of a parenthesis.
    Function = b'f',
    /// A function that attacks use, in front of a parenthesis or on its own.
    Danger = b'x',
    Union = b'u',
    Select = b'e',
    /// A verb that starts a statement.
    Verb = b't',
    Logic = b'l',
    Not = b'y',
    Compare = b'=',
    /// `IN` and `IS`, which prose has, too.
    Member = b'~',
    Operator = b'o',
    Clause = b'b',
    Keyword = b'k',
    /// A comment that ends the line, or never.
    Comment = b'c',
    /// A comment that MySQL runs.
    Hint = b'm',
    Semicolon = b';',
    OpenParen = b'(',
    CloseParen = b')',
    Comma = b',',
    Dot = b'.',
    OpenBrace = b'{',
    CloseBrace = b'}',
    /// What SQL does not know.
    Other = b'?',
}

/// The most tokens that are looked at.
pub(super) const MAX_TOKENS: usize = 96;
/// The most bytes that are looked at.
pub(super) const MAX_BYTES: usize = 1024;

/// The classes of a value's tokens and where each ends.
#[derive(Debug)]
pub(super) struct Tokens {
    pub classes: [u8; MAX_TOKENS],
    pub ends: [u32; MAX_TOKENS],
    pub starts: [u32; MAX_TOKENS],
    pub len: usize,
    /// Comments stood where blanks belong.
    pub hidden: bool,
}

impl Tokens {
    pub(super) fn classes(&self) -> &[u8] {
        self.classes.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, class: Class, start: usize, end: usize) -> bool {
        let slot = self.classes.get_mut(self.len).zip(self.ends.get_mut(self.len)).zip(self.starts.get_mut(self.len));
        let Some(((to, to_end), to_start)) = slot else { return false };
        *to = class as u8;
        *to_end = u32::try_from(end).unwrap_or(u32::MAX);
        *to_start = u32::try_from(start).unwrap_or(u32::MAX);
        self.len += 1;
        true
    }

    /// Whether a value comes next.
    fn wants_value(&self) -> bool {
        matches!(self.classes().last(), None | Some(b'o' | b'l' | b'=' | b'(' | b',' | b'e' | b'y'))
    }

    /// Takes a name behind a name and a dot into that name.
    fn joins_name(&mut self, end: usize) -> bool {
        let [.., b'i', b'.'] = self.classes() else { return false };
        self.len -= 1;
        if let Some(to) = self.ends.get_mut(self.len - 1) {
            *to = u32::try_from(end).unwrap_or(u32::MAX);
        }
        true
    }

    /// Where a token ends in the text.
    pub(super) fn end(&self, index: usize) -> usize {
        self.ends.get(index).copied().unwrap_or(0) as usize
    }

    /// Where a token starts in the text.
    pub(super) fn start(&self, index: usize) -> usize {
        self.starts.get(index).copied().unwrap_or(0) as usize
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// The end of a string that started before `place`: behind its closing quote, or `None` if it never closes.
/// A doubled quote and a quote behind a backslash belong to the string.
fn string_end(text: &[u8], mut place: usize, limit: usize, quote: u8) -> Option<usize> {
    while place < limit {
        let byte = at(text, place);
        if byte == b'\\' {
            place += 2;
        } else if byte == quote {
            if at(text, place + 1) != quote {
                return Some(place + 1);
            }
            place += 2;
        } else {
            place += 1;
        }
    }
    None
}

/// Reads tokens from `start` on. `quote` is the quote in which the value stands, 0 for none; then the value's start up to that
/// quote is the rest of a string. A backslash before that first quote does not save it: many databases know no backslash.
pub(super) fn read(words: &Words, text: &[u8], start: usize, quote: u8) -> Tokens {
    let mut tokens =
        Tokens { classes: [0; MAX_TOKENS], ends: [0; MAX_TOKENS], starts: [0; MAX_TOKENS], len: 0, hidden: false };
    let limit = text.len().min(start + MAX_BYTES);
    let mut place = start;
    if quote != 0 {
        let Some(offset) = cut(text, start..limit).iter().position(|byte| *byte == quote) else { return tokens };
        place = start + offset + 1;
        tokens.push(Class::Text, start, place);
    }
    while place < limit {
        // Three words at the start are prose, and nothing that follows changes that.
        if quote == 0 && matches!(tokens.classes(), [b'i' | b'k' | b'~', b'i' | b'k' | b'~', b'i' | b'k' | b'~']) {
            return tokens;
        }
        let byte = at(text, place);
        let next = at(text, place + 1);
        let from = place;
        let class = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C | 0 => {
                place += 1;
                continue;
            }
            b'-' if next == b'-' && tokens.len > 0 => {
                // To the end of its line; what follows there goes on.
                let line = cut(text, place..limit).iter().position(|byte| *byte == b'\n');
                let is_last =
                    line.is_none_or(|line| cut(text, place + line..limit).iter().all(u8::is_ascii_whitespace));
                if is_last {
                    tokens.push(Class::Comment, place, place + 2);
                    return tokens;
                }
                place += line.unwrap_or(limit);
                tokens.hidden = true;
                continue;
            }
            b'#' if tokens.len > 0 && !matches!(next, b'>' | b'{' | b'0'..=b'9') => {
                let line = cut(text, place..limit).iter().position(|byte| *byte == b'\n');
                let is_last =
                    line.is_none_or(|line| cut(text, place + line..limit).iter().all(u8::is_ascii_whitespace));
                if is_last {
                    tokens.push(Class::Comment, place, place + 1);
                    return tokens;
                }
                place += line.unwrap_or(limit);
                tokens.hidden = true;
                continue;
            }
            b'/' if next == b'*' => {
                if at(text, place + 2) == b'!' {
                    place += 3;
                    while at(text, place).is_ascii_digit() {
                        place += 1;
                    }
                    Class::Hint
                } else {
                    let inner = cut(text, place + 2..limit);
                    let Some(close) = inner.windows(2).position(|pair| pair == b"*/") else {
                        tokens.push(Class::Comment, place, place + 2);
                        return tokens;
                    };
                    place += close + 4;
                    tokens.hidden = true;
                    continue;
                }
            }
            // The end of a hint that was entered.
            b'*' if next == b'/' => {
                place += 2;
                continue;
            }
            b'\'' | b'"' => {
                place += 1;
                match string_end(text, place, limit, byte) {
                    Some(end) => {
                        place = end;
                        Class::Text
                    }
                    None => {
                        place = limit;
                        Class::Open
                    }
                }
            }
            b'`' => {
                place += 1;
                match string_end(text, place, limit, byte) {
                    Some(end) => {
                        place = end;
                        Class::Name
                    }
                    None => {
                        place = limit;
                        Class::Open
                    }
                }
            }
            b'@' => {
                while matches!(at(text, place), b'@') {
                    place += 1;
                }
                let named = is_name(at(text, place)) || matches!(at(text, place), b'`' | b'\'' | b'"');
                while is_name(at(text, place)) || at(text, place) == b'.' {
                    place += 1;
                }
                if !named && at(text, place) == b'>' {
                    place += 1;
                    Class::Operator
                } else if named || place > from + 1 {
                    Class::Variable
                } else {
                    Class::Other
                }
            }
            b'0'..=b'9' => {
                place = number_end(text, place, limit);
                Class::Number
            }
            b'.' if next.is_ascii_digit() => {
                place = number_end(text, place, limit);
                Class::Number
            }
            b';' | b'(' | b')' | b',' | b'.' | b'{' | b'}' => {
                place += 1;
                match byte {
                    b';' => Class::Semicolon,
                    b'(' => Class::OpenParen,
                    b')' => Class::CloseParen,
                    b',' => Class::Comma,
                    b'.' => Class::Dot,
                    b'{' => Class::OpenBrace,
                    _ => Class::CloseBrace,
                }
            }
            b'[' if is_name(next) => {
                while place < limit && at(text, place) != b']' {
                    place += 1;
                }
                place = (place + 1).min(limit);
                Class::Name
            }
            _ if is_name(byte) => {
                while is_name(at(text, place)) && place < limit {
                    place += 1;
                }
                let mut lower = [0u8; LONGEST];
                let len = place - from;
                // N'x', X'41', B'1', E'x', _utf8'x': a string with a prefix.
                if at(text, place) == b'\''
                    && (len == 1 && matches!(byte.to_ascii_lowercase(), b'n' | b'x' | b'b' | b'e') || byte == b'_')
                    && let Some(end) = string_end(text, place + 1, limit, b'\'')
                {
                    place = end;
                    Class::Text
                } else {
                    let mut after = place;
                    while after < limit && at(text, after).is_ascii_whitespace() {
                        after += 1;
                    }
                    while cut(text, after..after + 2) == b"/*" {
                        let Some(close) = cut(text, after + 2..limit).windows(2).position(|pair| pair == b"*/") else {
                            break;
                        };
                        after += close + 4;
                    }
                    let called = at(text, after) == b'(';
                    match lower.get_mut(..len) {
                        Some(lower) => {
                            lower.copy_from_slice(cut(text, from..place));
                            lower.make_ascii_lowercase();
                            words.class(lower, called)
                        }
                        None if called => Class::Call,
                        None => Class::Name,
                    }
                }
            }
            _ => {
                // Operators, the longest first.
                let class_of = |len: usize| {
                    let class = words.class(cut(text, place..place + len), false);
                    (class != Class::Name && place + len <= limit).then_some((class, len))
                };
                let known = class_of(3).or_else(|| class_of(2)).or_else(|| class_of(1));
                place += known.map_or(1, |(_, len)| len);
                known.map_or(Class::Other, |(class, _)| class)
            }
        };
        // A sign in front of a value belongs to it.
        let is_sign = class == Class::Operator && matches!(byte, b'+' | b'-') && place == from + 1;
        if is_sign && tokens.wants_value() {
            continue;
        }
        // `a.b` is one name.
        if matches!(class, Class::Name | Class::Keyword) && tokens.joins_name(place) {
            continue;
        }
        if !tokens.push(class, from, place) {
            break;
        }
    }
    tokens
}

/// `12`, `1.5`, `1e3`, `0x41`, `0b1`.
fn number_end(text: &[u8], start: usize, limit: usize) -> usize {
    let mut place = start;
    let radix = at(text, start + 1).to_ascii_lowercase();
    if at(text, start) == b'0' && radix == b'x' {
        place += 2;
        while place < limit && at(text, place).is_ascii_hexdigit() {
            place += 1;
        }
        return place;
    }
    while place < limit && (at(text, place).is_ascii_digit() || at(text, place) == b'.') {
        place += 1;
    }
    if at(text, place).eq_ignore_ascii_case(&b'e')
        && (at(text, place + 1).is_ascii_digit()
            || matches!(at(text, place + 1), b'+' | b'-') && at(text, place + 2).is_ascii_digit())
    {
        place += 2;
        while place < limit && at(text, place).is_ascii_digit() {
            place += 1;
        }
    }
    place
}
