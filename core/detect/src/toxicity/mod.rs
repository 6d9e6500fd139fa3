//! A profanity filter. It knows words and their disguises; it does not know what is meant, and claims nothing about hate.
//!
//! Words come from a list rated by severity (`words.rs`). They are found as they stand and in all views (digits for letters,
//! letters set apart, look-alikes), and a pass of its own undoes what views do not: letters said again and again, and letters
//! starred out.

#[cfg(test)]
mod tests;
mod words;

use crate::bytes::{at, before, cut, is_word};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use crate::normalise::{Views, fold_text};
use rustc_hash::FxHashMap;
use words::{Severity, WORDS};

/// The longest word that is undone, and the longest ending of a stem.
const LONGEST: usize = 24;
const ENDING: usize = 6;

/// Endings of stems count from here on in tags.
const STEM: u32 = 0x100;

/// All detectors of this family.
pub(crate) fn detectors() -> Vec<Box<dyn Detector>> {
    vec![Box::new(Profanity::new())]
}

/// The detector.
#[derive(Debug)]
struct Profanity {
    /// Words of ASCII letters, each letter once where it repeats.
    skeletons: FxHashMap<Vec<u8>, Severity>,
    /// The same words as they are.
    words: Vec<(Vec<u8>, Severity)>,
}

fn entries() -> impl Iterator<Item = (Severity, String, bool)> {
    WORDS.iter().flat_map(|(_, severity, list)| {
        list.split(',').map(str::trim).map(|word| {
            let stem = word.strip_suffix('-');
            (*severity, fold_text(stem.unwrap_or(word)).to_ascii_lowercase(), stem.is_some())
        })
    })
}

fn kind(severity: Severity) -> u16 {
    match severity {
        Severity::Mild => 0,
        Severity::Strong => 1,
        Severity::Severe => 2,
    }
}

fn score(severity: Severity) -> u8 {
    match severity {
        Severity::Mild => 30,
        Severity::Strong => 65,
        Severity::Severe => 85,
    }
}

/// Each letter once where it repeats.
fn squeeze(word: &[u8]) -> Vec<u8> {
    let mut squeezed = word.to_vec();
    squeezed.dedup();
    squeezed
}

impl Profanity {
    fn new() -> Self {
        let plain = entries().filter(|(severity, word, _)| {
            *severity > Severity::Mild && word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_lowercase())
        });
        let words: Vec<_> = plain.map(|(severity, word, _)| (word.into_bytes(), severity)).collect();
        Self { skeletons: words.iter().map(|(word, severity)| (squeeze(word), *severity)).collect(), words }
    }

    /// What a word with starred or repeated letters stands for.
    fn undo(&self, word: &[u8]) -> Option<Severity> {
        let mut skeleton = [0u8; LONGEST];
        let (mut len, mut longest, mut run, mut stars) = (0usize, 1, 1, 0);
        for (index, byte) in word.iter().enumerate() {
            let byte = match byte {
                b'*' | b'#' | b'_' => b'*',
                letter => letter.to_ascii_lowercase(),
            };
            if byte == b'*' {
                stars += 1;
            }
            if index > 0 && len > 0 && before(&skeleton, len) == byte {
                run += 1;
                longest = longest.max(run);
                continue;
            }
            run = 1;
            *skeleton.get_mut(len)? = byte;
            len += 1;
        }
        if stars > 0 {
            // Starred letters may be any; two letters must show, the first among them.
            let shown = word.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
            let fits = |known: &[u8]| {
                let fits = |(known, byte): (&u8, &u8)| !byte.is_ascii_alphabetic() || known.eq_ignore_ascii_case(byte);
                known.len() == word.len() && known.iter().zip(word).all(fits)
            };
            return (shown >= 2)
                .then(|| self.words.iter().find(|(known, _)| fits(known)).map(|(_, severity)| *severity))?;
        }
        (longest >= 3).then(|| self.skeletons.get(cut(&skeleton, 0..len)).copied()).flatten()
    }
}

impl Detector for Profanity {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("profanity_mild", Family::Profanity, "our own list, rated by severity; scores 30"),
            Kind::new("profanity", Family::Profanity, "our own list, rated by severity; scores 65"),
            Kind::new("profanity_severe", Family::Profanity, "our own list, rated by severity; scores 85"),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        entries()
            .map(|(severity, word, stem)| Literal::new(word, u32::from(kind(severity)) | if stem { STEM } else { 0 }))
            .collect()
    }

    fn views(&self) -> Views {
        Views::WORDS
    }

    fn reach(&self) -> Reach {
        Reach { back: 4, ahead: LONGEST + ENDING }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        // Letters of scripts without blanks have no boundaries; all others do.
        let blanks = at(cx.text, hit.start) < 0xE0;
        if blanks && is_word(before(cx.text, hit.start)) {
            return;
        }
        let limit = if at(cx.text, hit.start) < 0x80 { ENDING } else { 2 * ENDING };
        let ending = cut(cx.text, hit.end..hit.end + limit + 1).iter().take_while(|byte| is_word(**byte)).count();
        let stem = hit.tag & STEM != 0;
        if blanks && (ending > 0 && !stem || ending > limit) {
            return;
        }
        let severity = match hit.tag & 0xFF {
            0 => Severity::Mild,
            1 => Severity::Strong,
            _ => Severity::Severe,
        };
        let end = if blanks { hit.end + ending } else { hit.end };
        cx.report(kind(severity), hit.start..end, score(severity), Signs::NONE);
    }

    fn pass(&self, cx: &mut Cx<'_>) {
        // Words with a star inside, or with a letter three times in a row.
        let text = cx.text;
        let mut place = 0;
        cx.spend(text.len());
        while place < text.len() {
            if !at(text, place).is_ascii_alphabetic() {
                place += 1;
                continue;
            }
            let start = place;
            let (mut odd, mut run, mut last) = (false, 1, 0);
            while at(text, place).is_ascii_alphabetic()
                || matches!(at(text, place), b'*' | b'#') && at(text, place + 1).is_ascii_alphabetic()
                || matches!(at(text, place), b'*' | b'#') && at(text, place + 1) == at(text, place)
            {
                let byte = at(text, place).to_ascii_lowercase();
                run = if byte == last { run + 1 } else { 1 };
                odd |= !byte.is_ascii_alphabetic() || run >= 3;
                last = byte;
                place += 1;
            }
            if odd && let Some(severity) = self.undo(cut(text, start..place)) {
                cx.report(kind(severity), start..place, score(severity), Signs::NONE.with(Sign::Hidden));
            }
            place = place.max(start + 1);
        }
    }
}
