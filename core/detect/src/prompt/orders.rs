//! Orders against a model's instructions: a grammar of verb, scope and object, in either order, with a few words between them.

use aho_corasick::{AhoCorasick, MatchKind};

use super::lexicon::{Concept, WORDS};
use crate::bytes::{at, before, cut, floor};
use crate::grammar::{Grammar, Rule, rule};
use crate::normalise::fold_text;

/// How far to the left of a word an order may start, in bytes.
pub(super) const BACK: usize = 96;
/// How far to the right it may end.
pub(super) const AHEAD: usize = 128;

/// The most words of an order's surroundings.
const MAX_CLASSES: usize = 64;

/// Overrides, in the letters of [`Concept`]; `w` is any other word, `|` a sentence's end.
const OVERRIDES: &[Rule] = &[
    rule(85, r"I[wAYN]{0,3}P[wA]{0,2}[OSo]"),
    rule(80, r"I[wAY]{0,3}[OS]w{0,3}P"),
    rule(65, r"I[wAY]{0,3}ow{0,1}P"),
    rule(75, r"I[wY]{0,2}A[wYP]{0,3}[OS]"),
    rule(75, r"Iw?Y[wAP]{0,2}[OS]"),
    rule(65, r"i[wAYN]{0,2}P[wA]{0,2}[OS]"),
    rule(65, r"i[w]{0,1}Y[wP]{0,1}[OS]"),
    rule(65, r"I[wA]{0,2}P(?:[NLI|]|$)"),
    rule(70, r"I[wA]{0,2}S"),
    rule(70, r"IAw{0,2}P"),
    rule(80, r"P[wA]{0,3}[OSo][wA]{0,4}I"),
    rule(75, r"[OS][wA]{0,3}P[wAP]{0,2}I"),
    rule(65, r"A[w]{0,2}[OS]w{0,2}I"),
];

/// Requests for what a model keeps to itself.
const LEAKS: &[Rule] = &[
    rule(70, r"LA?Y[AP]{0,2}[SO]"),
    rule(65, r"[Ll][wA]{0,3}Y[wA]{0,1}PO"),
    rule(65, r"l[A]?Y[AP]{0,2}[SO](?:[^w]|$)"),
    rule(65, r"[Ll][wA]{0,3}Y[wAP]{0,2}S"),
    rule(65, r"L[wAYP]{0,4}S"),
    rule(65, r"L[wA]{0,3}[OS]w{0,2}P"),
    rule(60, r"S[wA]{0,3}L(?:[w|N]|$)"),
    rule(55, r"[Ll][wA]{0,3}Yw?K"),
    rule(55, r"Kw?L"),
];

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Order {
    pub start: usize,
    pub end: usize,
    pub score: u8,
}

/// Reads orders around a place.
#[derive(Debug)]
pub(super) struct Orders {
    words: Option<AhoCorasick>,
    /// By pattern: what it means, and whether endings may follow.
    meanings: Vec<(Concept, bool)>,
    overrides: Grammar,
    leaks: Grammar,
}

/// A text as classes, with the place of each.
struct Read {
    classes: [u8; MAX_CLASSES],
    places: [(u32, u32); MAX_CLASSES],
    len: usize,
}

impl Read {
    fn push(&mut self, class: u8, start: usize, end: usize) {
        let narrow = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        if let Some((to, to_place)) = self.classes.get_mut(self.len).zip(self.places.get_mut(self.len)) {
            (*to, *to_place) = (class, (narrow(start), narrow(end)));
            self.len += 1;
        }
    }

    /// Words that mean nothing here, and ends of sentences.
    fn gap(&mut self, text: &[u8], start: usize, end: usize) {
        let mut place = start;
        while place < end {
            let byte = at(text, place);
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'\'');
            if is_letter(byte) {
                let len = cut(text, place..end).iter().take_while(|byte| is_letter(**byte)).count();
                self.push(b'w', place, place + len);
                place += len;
            } else if byte >= 0xE0 {
                // Scripts that write without blanks: three characters are about a word. The full stop of the East ends a sentence.
                let len = cut(text, place..end).iter().take_while(|byte| **byte >= 0x80).count();
                let run = cut(text, place..place + len);
                let stop = run.windows(3).position(|window| matches!(window, [0xE3, 0x80, 0x82] | [0xE0, 0xA5, 0xA4]));
                let words = stop.unwrap_or(len).div_ceil(9);
                for _ in 0..words.min(8) {
                    self.push(b'w', place, place + len);
                }
                if let Some(stop) = stop {
                    self.push(b'|', place + stop, place + stop + 3);
                    place += stop + 3;
                } else {
                    place += len;
                }
            } else if byte >= 0x80 {
                let len = cut(text, place..end).iter().take_while(|byte| **byte >= 0x80).count();
                self.push(b'w', place, place + len);
                place += len;
            } else {
                if matches!(byte, b'.' | b'!' | b'?' | b';' | b'\n') && !is_letter(at(text, place + 1)) {
                    self.push(b'|', place, place + 1);
                }
                place += 1;
            }
        }
    }
}

/// Whether a word stands alone, as far as its script separates words. Behind a stem endings may follow.
pub(super) fn is_bounded(text: &[u8], start: usize, end: usize, stem: bool) -> bool {
    let ascii = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let (first, last) = (at(text, start), before(text, end));
    let left = match first {
        _ if ascii(first) => !ascii(before(text, start)),
        // Greek, Cyrillic: letters of two bytes. Arabic and Hebrew glue articles on.
        0xC3..=0xD5 => before(text, start) < 0x80,
        _ => true,
    };
    let right = stem
        || match last {
            _ if ascii(last) => !ascii(at(text, end)),
            _ if (0xC3..=0xD5).contains(&first) => at(text, end) < 0x80,
            _ => true,
        };
    left && right
}

/// The words of a list, folded, without the mark of a stem.
pub(super) fn words(list: &str) -> impl Iterator<Item = (String, bool)> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(|word| {
        let stem = word.strip_suffix('-');
        (fold_text(stem.unwrap_or(word)).to_ascii_lowercase(), stem.is_some())
    })
}

impl Orders {
    pub(super) fn new() -> Self {
        let (mut patterns, mut meanings) = (Vec::new(), Vec::new());
        let mut known = rustc_hash::FxHashSet::default();
        for (_, concept, list) in WORDS {
            for (word, stem) in words(list) {
                if known.insert(word.clone()) {
                    patterns.push(word);
                    meanings.push((*concept, stem));
                }
            }
        }
        let words =
            AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(&patterns);
        debug_assert!(words.is_ok());
        Self { words: words.ok(), meanings, overrides: Grammar::new(OVERRIDES), leaks: Grammar::new(LEAKS) }
    }

    fn read(&self, text: &[u8], from: usize, to: usize) -> Read {
        let mut read = Read { classes: [0; MAX_CLASSES], places: [(0, 0); MAX_CLASSES], len: 0 };
        let Some(words) = &self.words else { return read };
        let mut done = from;
        // The window is cut out first, so that nothing beyond it has a say.
        for found in words.find_iter(cut(text, from..to)) {
            let (start, end) = (from + found.start(), from + found.end());
            let Some((concept, stem)) = self.meanings.get(found.pattern().as_usize()).copied() else { continue };
            if start < done || !is_bounded(text, start, end, stem) {
                continue;
            }
            read.gap(text, done, start);
            read.push(concept as u8, start, end);
            done = end;
            if stem {
                // The ending belongs to the word.
                let alphabetic = at(text, start) < 0xE0;
                while alphabetic && done < to && (at(text, done).is_ascii_alphanumeric() || at(text, done) >= 0x80) {
                    done += 1;
                }
            }
        }
        read.gap(text, done, to);
        read
    }

    /// The surest override and the surest leak around a word.
    pub(super) fn around(&self, text: &[u8], start: usize, end: usize) -> [Option<Order>; 2] {
        let from = floor(text, start.saturating_sub(BACK));
        let to = floor(text, (end + AHEAD).min(text.len()));
        let read = self.read(text, from, to);
        let classes = cut(&read.classes, 0..read.len);
        [&self.overrides, &self.leaks].map(|grammar| {
            let found = grammar.best(classes)?;
            // The match ends there; its start is the word that woke us, or what stands before it.
            let last = found.end.checked_sub(1)?;
            let order_end = read.places.get(last)?.1 as usize;
            (order_end >= start).then_some(Order {
                start: start.min(order_end),
                end: order_end.max(end),
                score: found.score,
            })
        })
    }
}
