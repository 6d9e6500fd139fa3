//! The values of literals.

use crate::ast::{Literal, Span};
use crate::diagnostic::Diagnostic;

use super::{Token, TokenKind, offset};

/// What stands before the text of a string or bytes literal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefix {
    pub bytes: bool,
    pub raw: bool,
    pub quote: &'static str,
}

impl Prefix {
    /// The prefix of the literal that `text` starts with.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (bytes, text) = strip(text, ['b', 'B']);
        let (raw, text) = strip(text, ['r', 'R']);
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote))?;
        Some(Self { bytes, raw, quote })
    }

    pub(super) fn len(self) -> usize {
        usize::from(self.bytes) + usize::from(self.raw) + self.quote.len()
    }
}

fn strip(text: &str, letters: [char; 2]) -> (bool, &str) {
    text.strip_prefix(letters).map_or((false, text), |rest| (true, rest))
}

/// The value of the literal `token`, whose text is `text`; `negative` when a minus sign belongs to it.
///
/// # Errors
/// A number that is out of range, or an escape that is not valid.
pub(crate) fn value(token: Token, text: &str, negative: bool) -> Result<Literal, Diagnostic> {
    let sign = if negative { "-" } else { "" };
    let out_of_range =
        |kind: &str| Diagnostic::error("bad-number", format!("`{sign}{text}` is out of range for {kind}"), token.span);
    match token.kind {
        TokenKind::Int => int(text, negative).map(Literal::Int).ok_or_else(|| out_of_range("`int`")),
        TokenKind::Uint => uint(text).map(Literal::Uint).ok_or_else(|| out_of_range("`uint`")),
        TokenKind::Double => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Literal::Double(if negative { -value } else { value })),
            _ => Err(out_of_range("`double`")),
        },
        TokenKind::Bytes => Ok(Literal::Bytes(unquote(text, token.span)?.into())),
        // The parts between escapes are the source's, and escapes give whole characters.
        TokenKind::String => Ok(Literal::String(String::from_utf8_lossy(&unquote(text, token.span)?).into())),
        TokenKind::True => Ok(Literal::Bool(true)),
        TokenKind::False => Ok(Literal::Bool(false)),
        _ => Ok(Literal::Null),
    }
}

fn int(text: &str, negative: bool) -> Option<i64> {
    let magnitude = i128::from(magnitude(text)?);
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

fn uint(text: &str) -> Option<u64> {
    magnitude(text.trim_end_matches(['u', 'U']))
}

fn magnitude(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The text between the quotes, escapes resolved.
fn unquote(text: &str, span: Span) -> Result<Vec<u8>, Diagnostic> {
    let Some(prefix) = Prefix::of(text) else { return Ok(Vec::new()) };
    let start = prefix.len();
    let body = text.get(start..text.len().saturating_sub(prefix.quote.len())).unwrap_or_default();
    if prefix.raw {
        return Ok(body.into());
    }
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.extend_from_slice(plain.as_bytes());
        let read = Escape::read(escape, prefix.bytes);
        rest = escape.get(read.len..).unwrap_or_default();
        if let Err(help) = read.write(&mut out) {
            let at = start + body.len() - escape.len() - 1;
            let shown = escape.get(..read.len).unwrap_or_default();
            let span = Span::new(span.start + offset(at), span.start + offset(at + 1 + read.len));
            let error = Diagnostic::error("bad-escape", format!("`\\{shown}` is not a valid escape"), span);
            return Err(error.with_help(help));
        }
    }
    out.extend_from_slice(rest.as_bytes());
    Ok(out)
}

/// What an escape stands for, and its length without the backslash.
struct Escape {
    len: usize,
    meaning: Result<Meaning, &'static str>,
}

enum Meaning {
    Byte(u8),
    Char(u32),
}

impl Escape {
    fn read(text: &str, bytes: bool) -> Self {
        let Some(first) = text.chars().next() else {
            return Self { len: 0, meaning: Err("write `\\\\` for a backslash") };
        };
        let simple = |byte| Self { len: 1, meaning: Ok(Meaning::Byte(byte)) };
        match first {
            'a' => simple(0x07),
            'b' => simple(0x08),
            'f' => simple(0x0C),
            'n' => simple(b'\n'),
            'r' => simple(b'\r'),
            't' => simple(b'\t'),
            'v' => simple(0x0B),
            '\\' => simple(b'\\'),
            '?' => simple(b'?'),
            '"' => simple(b'"'),
            '\'' => simple(b'\''),
            '`' => simple(b'`'),
            'x' | 'X' => Self::digits(text, 1, 2, 16, bytes, "write two hexadecimal digits: `\\x41`"),
            '0'..='3' => Self::digits(text, 0, 3, 8, bytes, "write three octal digits up to `\\377`"),
            'u' | 'U' if bytes => {
                Self { len: 1, meaning: Err("bytes have no Unicode escapes; write each byte: `\\xC3\\xA9`") }
            }
            'u' => Self::digits(text, 1, 4, 16, false, "write the four hexadecimal digits of a character: `\\u00E9`"),
            'U' => {
                Self::digits(text, 1, 8, 16, false, "write the eight hexadecimal digits of a character: `\\U0001F600`")
            }
            other => Self {
                len: other.len_utf8(),
                meaning: Err("write `\\\\` for a backslash, or a raw string for a regex: `r'\\d+'`"),
            },
        }
    }

    /// An escape of exactly `count` digits behind `skip` letters; in bytes a byte, in strings a character.
    fn digits(text: &str, skip: usize, count: usize, radix: u32, bytes: bool, help: &'static str) -> Self {
        let digits = text.get(skip..skip + count).filter(|digits| digits.chars().all(|c| c.is_digit(radix)));
        let meaning = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok()).and_then(|code| {
            if bytes { u8::try_from(code).ok().map(Meaning::Byte) } else { Some(Meaning::Char(code)) }
        });
        match meaning {
            Some(meaning) => Self { len: skip + count, meaning: Ok(meaning) },
            None => Self { len: 1, meaning: Err(help) },
        }
    }

    fn write(&self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        match &self.meaning {
            Ok(Meaning::Byte(byte)) => out.push(*byte),
            Ok(Meaning::Char(code)) => {
                let c = char::from_u32(*code).ok_or("this code is not a Unicode character")?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Err(help) => return Err(help),
        }
        Ok(())
    }
}
