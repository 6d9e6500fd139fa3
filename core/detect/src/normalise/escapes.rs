//! Reading escapes: `%41`, `&#65;`, `&lt;`, `\u0041`, `\x41`, `\u{41}`, `U+0041`, `\n`.

use super::view::View;
use crate::bytes::{at, cut};

/// The named entities of HTML that matter for markup and quoting.
const ENTITIES: [(&[u8], char); 14] = [
    (b"lt;", '<'),
    (b"gt;", '>'),
    (b"amp;", '&'),
    (b"quot;", '"'),
    (b"apos;", '\''),
    (b"nbsp;", ' '),
    (b"colon;", ':'),
    (b"sol;", '/'),
    (b"lpar;", '('),
    (b"rpar;", ')'),
    (b"Tab;", '\t'),
    (b"NewLine;", '\n'),
    (b"commat;", '@'),
    (b"period;", '.'),
];

fn hex(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 6 {
        return None;
    }
    bytes.iter().try_fold(0, |value, byte| Some(value * 16 + (*byte as char).to_digit(16)?))
}

/// Digits up to `most` that satisfy a test.
fn run(bytes: &[u8], from: usize, most: usize, test: impl Fn(&u8) -> bool) -> usize {
    cut(bytes, from..from + most).iter().take_while(|byte| test(byte)).count()
}

/// `%XX` sequences: as many as make up one character of UTF-8.
fn percent(bytes: &[u8], place: usize) -> Option<(char, usize)> {
    let mut buffer = [0u8; 4];
    let byte = |index: usize| -> Option<u8> {
        let start = place + index * 3;
        (at(bytes, start) == b'%').then_some(())?;
        u8::try_from(hex(bytes.get(start + 1..start + 3)?)?).ok()
    };
    let first = byte(0)?;
    let len = match first {
        0..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => return None,
    };
    for (index, slot) in buffer.iter_mut().enumerate().take(len) {
        *slot = byte(index)?;
    }
    let c = match std::str::from_utf8(buffer.get(..len)?) {
        Ok(text) => text.chars().next()?,
        // Overlong forms of ASCII (`%c0%af`) are an old way to hide a slash; decoders that accept them read this.
        Err(_) if len == 2 => char::from_u32(u32::from(first & 0x1F) << 6 | u32::from(byte(1)? & 0x3F))?,
        Err(_) => return None,
    };
    Some((c, len * 3))
}

/// `&...;`
fn entity(bytes: &[u8], place: usize) -> Option<(char, usize)> {
    if at(bytes, place + 1) != b'#' {
        let (name, c) = ENTITIES.iter().find(|(name, _)| cut(bytes, place + 1..place + 1 + name.len()) == *name)?;
        return Some((*c, 1 + name.len()));
    }
    let (digits, value) = if matches!(at(bytes, place + 2), b'x' | b'X') {
        let digits = run(bytes, place + 3, 6, u8::is_ascii_hexdigit);
        (digits + 1, hex(cut(bytes, place + 3..place + 3 + digits))?)
    } else {
        let digits = run(bytes, place + 2, 7, u8::is_ascii_digit);
        (digits, std::str::from_utf8(cut(bytes, place + 2..place + 2 + digits)).ok()?.parse().ok()?)
    };
    let end = place + 2 + digits;
    Some((char::from_u32(value)?, end - place + usize::from(at(bytes, end) == b';')))
}

/// `\u00e4` (surrogate pairs too), `\u{e4}`, `\U000000e4`, `\xe4`, and the short ones that hide a break between words.
fn backslash(bytes: &[u8], place: usize) -> Option<(char, usize)> {
    match at(bytes, place + 1) {
        b'u' if at(bytes, place + 2) == b'{' => {
            let digits = run(bytes, place + 3, 6, u8::is_ascii_hexdigit);
            let c = char::from_u32(hex(cut(bytes, place + 3..place + 3 + digits))?)?;
            (at(bytes, place + 3 + digits) == b'}').then_some((c, digits + 4))
        }
        b'u' => {
            let high = hex(bytes.get(place + 2..place + 6)?)?;
            if let Some(c) = char::from_u32(high) {
                return Some((c, 6));
            }
            (cut(bytes, place + 6..place + 8) == b"\\u").then_some(())?;
            let low = hex(bytes.get(place + 8..place + 12)?)?;
            let pair = [u16::try_from(high).ok()?, u16::try_from(low).ok()?];
            Some((char::decode_utf16(pair).next()?.ok()?, 12))
        }
        b'U' => {
            (cut(bytes, place + 2..place + 4) == b"00").then_some(())?;
            Some((char::from_u32(hex(bytes.get(place + 4..place + 10)?)?)?, 10))
        }
        b'x' => Some((char::from_u32(hex(bytes.get(place + 2..place + 4)?)?)?, 4)),
        b'n' | b'r' => Some(('\n', 2)),
        b't' => Some(('\t', 2)),
        b'"' => Some(('"', 2)),
        b'/' => Some(('/', 2)),
        _ => None,
    }
}

/// Reads all escapes of a text. False if there was none, and then the view is of no use.
pub(crate) fn unescape(bytes: &[u8], view: &mut View) -> bool {
    let (mut done, mut place) = (0, 0);
    while let Some(offset) =
        bytes.get(place..).unwrap_or_default().iter().position(|b| matches!(b, b'%' | b'&' | b'\\'))
    {
        place += offset;
        let read = match at(bytes, place) {
            b'%' => percent(bytes, place),
            b'&' => entity(bytes, place),
            _ => backslash(bytes, place),
        };
        let Some((c, len)) = read else {
            place += 1;
            continue;
        };
        view.copy(cut(bytes, done..place), done);
        view.replace_char(c, place, len);
        place += len;
        done = place;
    }
    if done > 0 {
        view.copy(cut(bytes, done..bytes.len()), done);
    }
    done > 0
}
