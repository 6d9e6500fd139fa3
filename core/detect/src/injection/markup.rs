//! Script in markup.
//!
//! A bare value is read as a browser reads it: tags and attributes, with all the junk between them that browsers forgive. In
//! prose and code, markup is common; there only a handler or a script that at once does what attacks do counts.

use super::value::{find, has_any, starts};
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// How far into a tag is looked.
const MAX_TAG: usize = 512;
/// Texts up to this length may be bare values.
const MAX_VALUE: usize = 1024;
/// How deep in a value markup may start.
const LEAD: usize = 96;

/// Elements that run or load something by themselves.
const ACTIVE: [&str; 16] = [
    "script",
    "iframe",
    "frameset",
    "frame",
    "object",
    "embed",
    "applet",
    "base",
    "bgsound",
    "layer",
    "ilayer",
    "xml",
    "isindex",
    "plaintext",
    "xss",
    "scriptlet",
];

/// Schemes that run what follows them, as they read once blanks and control characters are dropped.
const SCHEMES: [&str; 8] = [
    "javascript:",
    "vbscript:",
    "livescript:",
    "mocha:",
    "data:text/html",
    "data:;base64",
    "data:image/svg+xml",
    "vbs:",
];

/// What styles run.
const STYLES: [&str; 6] = ["expression(", "behavior:", "-moz-binding", "@import", "url(javascript", "expression\\"];

/// Calls that attacks start with.
const CALLS: [&str; 14] = [
    "alert(",
    "alert`",
    "prompt(",
    "confirm(",
    "eval(",
    "document.cookie",
    "document.domain",
    "document.write(",
    "fromcharcode",
    "window.open(",
    "top[",
    "fetch('//",
    "new image().src",
    "document.location=",
];

/// What is left of a value once blanks, control characters and slashes of escapes are dropped, and what a browser decodes is read.
struct Squeezed {
    bytes: [u8; 256],
    len: usize,
}

impl Squeezed {
    fn new(text: &[u8]) -> Self {
        let mut squeezed = Self { bytes: [0; 256], len: 0 };
        let kept = text.iter().filter(|byte| **byte > b' ' && !matches!(**byte, b'\'' | b'"' | 0x7F));
        for (to, from) in squeezed.bytes.iter_mut().zip(kept) {
            *to = from.to_ascii_lowercase();
            squeezed.len += 1;
        }
        squeezed
    }

    fn get(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The detector.
#[derive(Debug)]
pub(crate) struct Markup;

/// Whether an attribute that starts at a place is a handler: `on` and letters, then an equals sign.
fn is_handler(text: &[u8], place: usize) -> bool {
    if !starts(cut(text, place..place + 2), b"on") {
        return false;
    }
    let name = cut(text, place + 2..place + 40).iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let rest = cut(text, place + 2 + name..place + 2 + name + 16);
    let gap = rest.iter().take_while(|byte| **byte <= b' ' || **byte == b'/').count();
    name >= 3 && at(rest, gap) == b'='
}

/// Reads one tag that starts with `<` at a place; its end and how sure it is an attack in a value.
fn tag(text: &[u8], open: usize) -> Option<(usize, u8)> {
    let mut place = open + 1;
    while matches!(at(text, place), b'/' | b'!' | b'?' | b'%' | 0x01..=b' ') && place < open + 8 && place < text.len() {
        place += 1;
    }
    let limit = text.len().min(open + MAX_TAG);
    let inside = cut(text, open..limit);
    let mut name = [0u8; 12];
    let mut len = 0;
    // Zero bytes inside of a name are dropped by old browsers.
    let mut end = place;
    while end < limit && (at(text, end).is_ascii_alphanumeric() || at(text, end) == 0) {
        if at(text, end) != 0
            && let Some(to) = name.get_mut(len)
        {
            *to = at(text, end).to_ascii_lowercase();
            len += 1;
        }
        end += 1;
    }
    let name = name.get(..len).unwrap_or_default();
    if len == 0 && !matches!(at(text, open + 1), b'/' | b'!' | b'?' | b'x') {
        return None;
    }
    let closing = inside.iter().position(|byte| *byte == b'>').map_or(limit, |offset| open + offset + 1);
    if ACTIVE.iter().any(|active| name == active.as_bytes()) {
        return Some((closing, 75));
    }
    if starts(inside, b"<!entity")
        || starts(inside, b"<!doctype") && find(inside, b"[").is_some()
        || starts(inside, b"<?import")
        || starts(inside, b"<?xml-stylesheet")
    {
        return Some((closing, 70));
    }
    if starts(inside, b"<!--[if") || starts(inside, b"<!--#") || starts(inside, b"<![cdata[") {
        return Some((closing, 65));
    }
    // Attributes: the start of a name is behind a blank, a slash or a quote.
    let mut attribute = end;
    while attribute < limit {
        if matches!(before(text, attribute), 0x00..=b' ' | b'/' | b'"' | b'\'' | b'`' | b'>' | b';')
            && is_handler(text, attribute)
        {
            return Some((limit.min(attribute + 64), 75));
        }
        attribute += 1;
    }
    let squeezed = Squeezed::new(inside);
    let has = |words: &[&str]| has_any(squeezed.get(), words);
    if has(&SCHEMES) || has(&["feed:", "mhtml:", "jar:"]) && has(&["src=", "href=", "data="]) {
        return Some((closing, 75));
    }
    let styled = name == b"style" || has(&["style="]);
    if styled && (has(&STYLES) || find(squeezed.get(), b"\\").is_some() || find(squeezed.get(), b"/**/").is_some()) {
        return Some((closing, 70));
    }
    if name == b"link" && has(&["href="]) || name == b"meta" && has(&["http-equiv", "refresh", "charset"]) {
        return Some((closing, 65));
    }
    if has(&["formaction=", "srcdoc=", "xlink:href", "dynsrc=", "lowsrc=", "datasrc=", "folder="])
        || has(&["xmlns="]) && has(&["urn:", "script"])
    {
        return Some((closing, 65));
    }
    None
}

/// What is an attack without a tag: a scheme at the start, a handler behind a closing quote, a style that runs.
fn bare(text: &[u8]) -> Option<(usize, usize, u8)> {
    let squeezed = Squeezed::new(cut(text, 0..300));
    let is_scheme =
        SCHEMES.iter().chain(&["feed:javascript:", "feed:data:", "view-source:javascript:", "jar:javascript:"]);
    let mut is_scheme = is_scheme.filter(|scheme| starts(squeezed.get(), scheme.as_bytes()));
    if is_scheme.next().is_some() {
        return Some((0, text.len().min(64), 70));
    }
    for place in 1..text.len().min(256) {
        if matches!(before(text, place), b' ' | b'/' | b'\t' | b'\n' | b'"' | b'\'')
            && is_handler(text, place)
            && cut(text, 0..place).iter().any(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'>'))
        {
            return Some((place, text.len().min(place + 64), 65));
        }
    }
    has_any(squeezed.get(), &[":expression(", "-moz-binding:", "url(javascript:"]).then_some((
        0,
        text.len().min(256),
        60,
    ))
}

impl Detector for Markup {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new("xss", Family::Xss, "markup that runs script, read as the HTML standard's tokenizer reads it")]
    }

    fn literals(&self) -> Vec<Literal> {
        ["<script", "onerror", "onload", "onfocus", "onmouseover", "ontoggle", "onclick", "javascript:"]
            .map(|text| Literal::new(text, 0))
            .into()
    }

    fn reach(&self) -> Reach {
        Reach { back: 64, ahead: MAX_VALUE }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        // The tag's end or the equals sign, then the payload at once.
        let rest = cut(cx.text, hit.end..hit.end + 96);
        cx.spend(96);
        let Some(open) = rest.iter().take(48).position(|byte| matches!(byte, b'>' | b'=')) else {
            if at(cx.text, hit.end.saturating_sub(1)) == b':' && has_any(cut(rest, 0..24), &CALLS) {
                cx.report(0, hit.start..hit.end + 24, 60, Signs::NONE.with(Sign::Structure));
            }
            return;
        };
        let payload = cut(rest, open + 1..open + 28);
        let lead =
            payload.iter().take_while(|byte| matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'/' | b'*' | b'\\')).count();
        let payload = cut(payload, lead..payload.len());
        if CALLS.iter().any(|call| starts(payload, call.as_bytes())) || starts(payload, b"javascript:") {
            cx.report(
                0,
                hit.start..(hit.end + open + 1 + lead + payload.len()).min(cx.text.len()),
                65,
                Signs::NONE.with(Sign::Structure),
            );
        }
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        let text = cx.text;
        if text.len() > MAX_VALUE {
            return;
        }
        // Markup near the start, or nothing but a handler or a scheme.
        let lead = cut(text, 0..LEAD);
        let words = lead.iter().take_while(|byte| **byte != b'<').filter(|byte| **byte == b' ').count();
        let mut found = bare(text).filter(|_| words <= 6);
        cx.spend(text.len());
        if let Some(first) = lead.iter().position(|byte| *byte == b'<').filter(|_| words <= 6) {
            let mut place = first;
            let mut tags = 0;
            while found.is_none() && place < text.len() && tags < 16 {
                if at(text, place) == b'<' {
                    tags += 1;
                    cx.spend(MAX_TAG);
                    found = tag(text, place).map(|(end, score)| (place, end, score));
                }
                place += 1;
            }
        }
        if let Some((start, end, score)) = found {
            cx.report(0, start..end, score, Signs::NONE.with(Sign::Structure));
        }
    }
}
