//! Forms of injection that are not words: marks of privilege, ways to send data away, and texts that say one thing over and over.

use super::{INJECTION, trust};
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Hit};
use crate::finding::{Sign, Signs};

/// What a mark is, by tag.
const TOKEN: u32 = 0;
const HEADING: u32 = 1;
const IMAGE: u32 = 2;
const SEND: u32 = 3;

/// How far behind a mark is looked.
pub(super) const AHEAD: usize = 256;

/// Control tokens of chat templates.
const TOKENS: [&str; 16] = [
    "<|im_start|>",
    "<|im_end|>",
    "<|system|>",
    "<|endoftext|>",
    "<|start_header_id|>",
    "<|eot_id|>",
    "[inst]",
    "[/inst]",
    "<<sys>>",
    "<</sys>>",
    "<|assistant|>",
    "<|begin_of_text|>",
    "<start_of_turn>",
    "<system mode>",
    "<|endofprompt|>",
    "</system>",
];

/// Headings that claim to be the system's or an administrator's.
const HEADINGS: [&str; 19] = [
    "system override",
    "override mode",
    "admin override",
    "administrator override",
    "system mode",
    "begin system",
    "new instructions:",
    "new system prompt",
    "end of user input",
    "[system]",
    "### system",
    "# system:",
    "system:",
    "[admin]",
    "important system message",
    "system notice:",
    "instruction override",
    "updated instructions:",
    "priority override",
];

/// Words by which a text asks to send something to an address.
const SENDS: [&str; 6] = ["send", "forward", "post", "exfiltrate", "upload", "append"];

/// All literals with their tags.
pub(super) fn literals() -> impl Iterator<Item = (&'static str, u32)> {
    let tokens = TOKENS.into_iter().map(|text| (text, TOKEN));
    let headings = HEADINGS.into_iter().map(|text| (text, HEADING));
    tokens.chain(headings).chain([("![", IMAGE)]).chain(SENDS.into_iter().map(|text| (text, SEND)))
}

/// A mark occurs.
pub(super) fn hit(tag: u32, hit: Hit, cx: &mut Cx<'_>) {
    let (more, signs) = trust(cx.source);
    match tag {
        TOKEN => cx.report(INJECTION, hit.start..hit.end, 55 + more, signs.with(Sign::Format)),
        HEADING => {
            // At a line's start, or in capitals or brackets.
            let line = matches!(before(cx.text, hit.start), 0 | b'\n' | b'[' | b'<' | b'*' | b'#' | b'-' | b'=' | b'{')
                || hit.start > 1
                    && before(cx.text, hit.start) == b' '
                    && matches!(before(cx.text, hit.start - 1), b'#' | b'*' | b'-' | b'=' | b'\n' | b'<');
            let capitals = cut(cx.text, hit.start..hit.end).iter().all(|byte| !byte.is_ascii_lowercase());
            let bare = cut(cx.text, hit.start..hit.end).eq_ignore_ascii_case(b"system:");
            let score = match (capitals, line) {
                (true, _) if !bare => 60,
                (_, true) if !bare => 50,
                _ => 30,
            };
            cx.report(INJECTION, hit.start..hit.end, score + more, signs.with(Sign::Format));
        }
        IMAGE => {
            // ![alt](http://host/path?data=...): the address carries what the model is to fill in.
            let rest = cut(cx.text, hit.start..hit.start + 256);
            cx.spend(rest.len());
            let Some(address) = rest.windows(2).position(|pair| pair == b"](") else { return };
            let url = cut(rest, address + 2..rest.len());
            let url = cut(url, 0..url.iter().position(|byte| matches!(byte, b')' | b' ' | b'\n')).unwrap_or(url.len()));
            let query = url.iter().position(|byte| *byte == b'?').map_or(&[][..], |mark| cut(url, mark..url.len()));
            let is_web = url.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"http"));
            let filled = query.iter().any(|byte| matches!(byte, b'{' | b'[' | b'<' | b'$')) || query.len() > 80;
            if is_web && filled {
                cx.report(
                    INJECTION,
                    hit.start..hit.start + address + 2 + url.len(),
                    65 + more,
                    signs.with(Sign::Structure),
                );
            }
        }
        _ => {
            // "send the conversation to http://..."
            if before(cx.text, hit.start).is_ascii_alphanumeric() || at(cx.text, hit.end) != b' ' {
                return;
            }
            let rest = cut(cx.text, hit.end..hit.end + 128);
            cx.spend(rest.len());
            let sentence =
                cut(rest, 0..rest.iter().position(|byte| matches!(byte, b'\n' | b'!' | b';')).unwrap_or(rest.len()));
            let has = |words: &[&str]| super::super::injection::has_any(sentence, words);
            let data = has(&[
                "conversation",
                "chat history",
                "password",
                "credential",
                "api key",
                "secret",
                "system prompt",
                "previous messages",
                "user's data",
                "employee data",
                "the above",
                "environment variables",
                "private",
            ]);
            let place = has(&["http://", "https://", "webhook", "@"]);
            if data && place {
                cx.report(INJECTION, hit.start..hit.end + sentence.len(), 50 + more, signs.with(Sign::Context));
            }
        }
    }
}

/// So many times the same word or pair of words in a row is not a text.
const REPEATS: usize = 48;

/// Longer words are like no other.
const LONGEST: usize = 64;

/// How far a repetition is looked back on, in bytes.
pub(super) const REPETITION: usize = (REPEATS + 4) * (LONGEST + 2);

/// Texts that say one thing over and over: they push instructions out of a model's sight, or lead it astray.
pub(super) fn repetition(cx: &mut Cx<'_>) {
    // Words by a cheap number; the same word, or one of the last few in the same rhythm.
    let mut last = [0u32; 8];
    let mut runs = [0usize; 8];
    let mut starts = [0usize; 8];
    let (mut number, mut word_start, mut count) = (0u32, 0usize, 0usize);
    let mut reported = 0;
    for (place, byte) in cx.text.iter().chain([&b' ']).enumerate() {
        if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
            number = number.wrapping_mul(31).wrapping_add(u32::from(*byte));
            continue;
        }
        if place == word_start {
            word_start = place + 1;
            continue;
        }
        if place - word_start > LONGEST {
            number = u32::try_from(place).unwrap_or(0) | 1 << 31;
        }
        for period in 1..=4usize {
            let earlier = last.get((count + 8 - period) % 8).copied().unwrap_or(0);
            let (Some(run), Some(start)) = (runs.get_mut(period), starts.get_mut(period)) else { continue };
            if count >= period && earlier == number {
                *run += 1;
            } else {
                *run = 0;
                *start = word_start;
            }
            if *run == REPEATS && *start >= reported && place - *start > REPEATS * 3 {
                reported = place;
                // The last of them: the others are the same.
                let range = word_start..place;
                cx.report(INJECTION, range, 55, Signs::NONE.with(Sign::Structure));
                break;
            }
        }
        if let Some(slot) = last.get_mut(count % 8) {
            *slot = number;
        }
        count += 1;
        number = 0;
        word_start = place + 1;
    }
    cx.spend(cx.text.len());
}
