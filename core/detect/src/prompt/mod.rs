//! Orders to the model where data belongs: prompt injection, leaks of the system prompt, jailbreaks.
//!
//! Orders are found by a grammar over what words mean (`orders.rs`, `lexicon.rs`), marks of privilege and ways to send data away
//! by their forms (`markers.rs`), and jailbreaks by signs that are weighed together (`evidence.rs`, `jailbreak.rs`). Everything is
//! read on all views of the text. What the text quotes or describes counts for less (`quoted.rs`), and what a tool or a document
//! says counts for more than what a user says.

mod evidence;
mod jailbreak;
mod lexicon;
mod markers;
mod orders;
mod quoted;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::bytes::{at, before, cut, floor};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use crate::normalise::Views;
use crate::profile::Source;
use evidence::{DENIALS, LIMITS, PHRASES, Sort};
use lexicon::{Concept, WORDS};
use orders::{Orders, is_bounded, words};
use rustc_hash::FxHashSet;

const INJECTION: u16 = 0;
const JAILBREAK: u16 = 1;
const LEAK: u16 = 2;
/// The number of the first sort of signs among the kinds.
const FIRST_SIGN: u16 = 3;

/// Tags of literals: what woke the detector; below come numbers of sorts.
const ORDER: u32 = 0x100;
const LIMIT: u32 = 0x200;
const MARKER: u32 = 0x300;
/// Endings may follow.
const STEM: u32 = 0x1000;

/// All detectors of these families.
pub(crate) fn detectors() -> Vec<Box<dyn Detector>> {
    vec![Box::new(Prompt::new())]
}

/// The detector.
#[derive(Debug)]
struct Prompt {
    orders: Orders,
    denials: FxHashSet<String>,
}

impl Prompt {
    fn new() -> Self {
        Self { orders: Orders::new(), denials: words(DENIALS).map(|(word, _)| word).collect() }
    }

    /// Whether something right in front of a limit denies it, within its sentence.
    fn is_denied(&self, text: &[u8], start: usize, end: usize) -> bool {
        let from = floor(text, start.saturating_sub(64));
        let head = cut(text, from..start);
        if at(text, start) >= 0xE0 {
            // Without blanks: the characters on both sides.
            let around = cut(text, floor(text, start.saturating_sub(15))..floor(text, end + 15));
            let denies =
                |word: &String| !word.is_ascii() && around.windows(word.len()).any(|window| window == word.as_bytes());
            return self.denials.iter().any(denies);
        }
        let mut buffer = [0u8; 16];
        let words = head
            .rsplit(|byte| matches!(byte, b' ' | b'\n' | b',' | b'/' | b'"' | b'('))
            .filter(|word| !word.is_empty());
        for word in words.take(7) {
            if matches!(before(word, word.len()), b'.' | b';' | b'!' | b'?') {
                return false;
            }
            let Some(lower) = buffer.get_mut(..word.len()) else { continue };
            lower.copy_from_slice(word);
            lower.make_ascii_lowercase();
            let known = std::str::from_utf8(lower).is_ok_and(|word| self.denials.contains(word));
            if known {
                return true;
            }
        }
        false
    }

    fn sign(sort: Sort, range: Range<usize>, cx: &mut Cx<'_>) {
        let weight = u8::try_from(sort.weight().0).unwrap_or(0).min(40);
        cx.note(FIRST_SIGN + sort as u16, range, weight, Signs::NONE);
    }
}

/// What a source adds to the score of an order.
fn trust(source: Source) -> (u8, Signs) {
    match source {
        Source::User | Source::Model => (0, Signs::NONE),
        Source::Tool | Source::Document => (15, Signs::NONE.with(Sign::Source)),
    }
}

impl Detector for Prompt {
    fn kinds(&self) -> Vec<Kind> {
        let named = [
            Kind::new("prompt_injection", Family::Prompt, "OWASP LLM01: orders against a model's instructions"),
            Kind::new(
                "jailbreak",
                Family::Jailbreak,
                "OWASP LLM01: signs that talk a model out of its rules, weighed together",
            ),
            Kind::new("system_prompt_leak", Family::Prompt, "OWASP LLM07: requests for the system prompt or a secret"),
        ];
        let signs =
            Sort::ALL.map(|sort| Kind::new(sort.name(), Family::Jailbreak, "a sign, never a finding by itself").off());
        named.into_iter().chain(signs).collect()
    }

    fn literals(&self) -> Vec<Literal> {
        let mut literals = Vec::new();
        let mut add = |list: &str, tag: u32| {
            for (word, stem) in words(list) {
                literals.push(Literal::new(word, tag | if stem { STEM } else { 0 }));
            }
        };
        for (_, concept, list) in WORDS {
            if matches!(concept, Concept::Drop | Concept::Discard | Concept::Hidden | Concept::Secret) {
                add(list, ORDER);
            }
        }
        // Requests for the instructions under their plain names start at "your".
        add(
            "your instructions, your prompt, your rules, your guidelines, your initial, your original, your system, instructions above",
            ORDER,
        );
        add(LIMITS, LIMIT);
        for (sort, list) in PHRASES {
            add(&list.replace("\\n", "\n"), *sort as u32);
        }
        literals.extend(markers::literals().map(|(text, tag)| Literal::new(text, MARKER | tag)));
        literals
    }

    fn views(&self) -> Views {
        Views::ALL
    }

    fn reach(&self) -> Reach {
        Reach { back: jailbreak::WINDOW.max(markers::REPETITION), ahead: markers::AHEAD }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let stem = hit.tag & STEM != 0;
        let tag = hit.tag & !STEM;
        if tag & MARKER == MARKER {
            return markers::hit(tag & 0xFF, hit, cx);
        }
        if !is_bounded(cx.text, hit.start, hit.end, stem) {
            return;
        }
        match tag & 0xF00 {
            ORDER => {
                let [injection, leak] = self.orders.around(cx.text, hit.start, hit.end);
                cx.spend(orders::BACK + orders::AHEAD);
                let (more, signs) = trust(cx.source);
                for (kind, order) in [(INJECTION, injection), (LEAK, leak)] {
                    let Some(order) = order else { continue };
                    let less = quoted::damping(cx.text, order.start);
                    let score = (order.score + more).saturating_sub(less);
                    cx.report(kind, order.start..order.end, score, signs.with_if(less > 0, Sign::Quoted));
                    if kind == INJECTION && less == 0 {
                        Self::sign(Sort::Override, order.start..order.end, cx);
                    }
                }
            }
            LIMIT => {
                cx.spend(64);
                if self.is_denied(cx.text, hit.start, hit.end) {
                    Self::sign(Sort::NoLimits, hit.start..hit.end, cx);
                }
            }
            _ => {
                if let Some(sort) = Sort::ALL.get((tag & 0xFF) as usize) {
                    Self::sign(*sort, hit.start..hit.end, cx);
                }
            }
        }
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        markers::repetition(cx);
    }

    fn settle(&self, found: Range<usize>, cx: &mut Cx<'_>) {
        jailbreak::settle(found, cx);
    }
}
