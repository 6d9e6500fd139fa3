//! Reading encodings: base64 and hexadecimal runs that hold text, and letters turned by thirteen places.

use std::ops::Range;

use super::view::View;
use crate::bytes::{at, cut};

/// Shorter runs are words and identifiers.
const MIN_BASE64: usize = 20;
const MIN_HEX: usize = 20;

fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Whether bytes read as text: valid UTF-8, hardly any control characters, and some letters.
fn is_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let control = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    let letters = text.chars().filter(|c| c.is_alphanumeric() || *c == ' ').count();
    control == 0 && letters * 2 >= text.chars().count()
}

/// The next run of bytes that pass a test, at least so long, from a place on.
fn next_run(bytes: &[u8], mut place: usize, least: usize, test: impl Fn(u8) -> bool) -> Option<Range<usize>> {
    while place + least <= bytes.len() {
        let len = bytes.get(place..)?.iter().take_while(|byte| test(**byte)).count();
        if len >= least {
            return Some(place..place + len);
        }
        place += len + 1;
    }
    None
}

/// A decoded run: every piece of it stands for the bytes that it was made of.
fn emit(decoded: &[u8], run: Range<usize>, pairs: (usize, usize), view: &mut View) -> bool {
    if !is_text(decoded) {
        return false;
    }
    let (out, source) = pairs;
    // Pieces are cut where characters start, so that no finding begins inside one.
    let mut start = 0;
    while start < decoded.len() {
        let mut end = (start + out).min(decoded.len());
        while end < decoded.len() && at(decoded, end) & 0xC0 == 0x80 {
            end += 1;
        }
        let from = run.start + start / out * source;
        let to = (run.start + end.div_ceil(out) * source).min(run.end);
        view.replace(cut(decoded, start..end), from, to.saturating_sub(from).max(1));
        start = end;
    }
    // What was decoded apart is read apart.
    view.replace(b"\n", run.end.saturating_sub(1), 1);
    true
}

/// Decodes all base64 runs (both alphabets) that hold text, one after the other. False if there is none.
pub(crate) fn base64(bytes: &[u8], view: &mut View, decoded: &mut Vec<u8>) -> bool {
    let (mut place, mut any) = (0, false);
    while let Some(run) = next_run(bytes, place, MIN_BASE64, |byte| sextet(byte).is_some()) {
        place = run.end + 1;
        decoded.clear();
        let mut quad = 0;
        for (index, byte) in cut(bytes, run.clone()).iter().enumerate() {
            quad = quad << 6 | sextet(*byte).unwrap_or(0);
            if index % 4 == 3 {
                decoded.extend_from_slice(quad.to_be_bytes().get(1..).unwrap_or_default());
                quad = 0;
            }
        }
        match run.len() % 4 {
            2 => decoded.push(u8::try_from(quad >> 4 & 0xFF).unwrap_or(0)),
            3 => decoded.extend_from_slice((quad >> 2).to_be_bytes().get(2..).unwrap_or_default()),
            _ => {}
        }
        any |= emit(decoded, run, (3, 4), view);
    }
    any
}

/// Decodes all runs of hexadecimal digits that hold text. False if there is none.
pub(crate) fn hex(bytes: &[u8], view: &mut View, decoded: &mut Vec<u8>) -> bool {
    let (mut place, mut any) = (0, false);
    while let Some(run) = next_run(bytes, place, MIN_HEX, |byte| byte.is_ascii_hexdigit()) {
        place = run.end + 1;
        let nibble = |byte: u8| (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        decoded.clear();
        decoded
            .extend(cut(bytes, run.clone()).chunks_exact(2).map(|pair| nibble(at(pair, 0)) << 4 | nibble(at(pair, 1))));
        any |= emit(decoded, run, (1, 2), view);
    }
    any
}

/// Letters turned by thirteen places.
pub(crate) fn rot13(bytes: &[u8], view: &mut View) -> bool {
    const STEP: usize = 256;
    let mut buffer = [0u8; STEP];
    for (index, chunk) in bytes.chunks(STEP).enumerate() {
        for (to, from) in buffer.iter_mut().zip(chunk) {
            *to = match from {
                b'a'..=b'z' => (from - b'a' + 13) % 26 + b'a',
                b'A'..=b'Z' => (from - b'A' + 13) % 26 + b'A',
                _ => *from,
            };
        }
        view.copy(cut(&buffer, 0..chunk.len()), index * STEP);
    }
    true
}
