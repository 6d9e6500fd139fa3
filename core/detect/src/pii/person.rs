//! Names of persons, by the words in front of them. Off unless asked for: most names have no such word, and this finds none of these.

use crate::bytes::{at, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// Words that a name follows, and how sure that is.
const CUES: &[(&str, u8)] = &[
    ("my name is", 75),
    ("name is", 60),
    ("i'm called", 65),
    ("signed,", 55),
    ("sincerely,", 55),
    ("patient name:", 75),
    ("full name:", 75),
    ("customer name:", 75),
    ("name:", 60),
    ("mr.", 60),
    ("mrs.", 60),
    ("ms.", 60),
    ("mr", 55),
    ("mrs", 55),
    ("dr.", 60),
    ("prof.", 60),
    ("herr", 60),
    ("frau", 60),
    ("mein name ist", 75),
    ("ich heiße", 70),
    ("je m'appelle", 75),
    ("mon nom est", 75),
    ("monsieur", 60),
    ("madame", 60),
    ("mme", 55),
    ("me llamo", 75),
    ("mi nombre es", 75),
    ("señor", 60),
    ("señora", 60),
    ("sr.", 55),
    ("sra.", 55),
    ("mi chiamo", 75),
    ("signor", 60),
    ("signora", 60),
    ("meu nome é", 75),
    ("me chamo", 75),
    ("ik heet", 70),
    ("mijn naam is", 75),
    ("nazywam się", 70),
    ("jag heter", 70),
    ("меня зовут", 70),
];

/// The longest name.
const MAX_NAME: usize = 64;

#[derive(Debug)]
pub(crate) struct Person;

impl Detector for Person {
    fn kinds(&self) -> Vec<Kind> {
        vec![
            Kind::new("person_name", Family::Pii, "no standard: capitalised words behind a title or an introduction")
                .off(),
        ]
    }

    fn literals(&self) -> Vec<Literal> {
        (0..).zip(CUES).map(|(tag, (cue, _))| Literal::word(*cue, tag)).collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: 1, ahead: MAX_NAME + 24 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let Some((_, score)) = CUES.get(hit.tag as usize) else { return };
        let text = cx.text;
        let start = hit.end
            + cut(text, hit.end..hit.end + 3).iter().take_while(|byte| matches!(byte, b' ' | b'.' | b':')).count();
        let mut end = start;
        let mut place = start;
        for _ in 0..3 {
            let len = word(text, place);
            if len == 0 || place + len - start > MAX_NAME {
                break;
            }
            end = place + len;
            if at(text, end) != b' ' {
                break;
            }
            place = end + 1;
        }
        cx.spend(end - start);
        if start > hit.end && end > start {
            cx.report(0, start..end, *score, Signs::NONE.with(Sign::Context));
        }
    }
}

/// The length of a capitalised word (or an initial) at a place. What is not ASCII counts as a letter of either case.
fn word(text: &[u8], place: usize) -> usize {
    let first = at(text, place);
    if !first.is_ascii_uppercase() && first < 0x80 {
        return 0;
    }
    let part = |byte: &u8| byte.is_ascii_alphabetic() || *byte >= 0x80 || matches!(byte, b'\'' | b'-');
    let len = cut(text, place..place + MAX_NAME).iter().take_while(|byte| part(byte)).count();
    // Words in capitals are headings and short forms, but for initials.
    let shouts = len > 1 && cut(text, place..place + len).iter().all(|byte| !byte.is_ascii_lowercase() && *byte < 0x80);
    if shouts { 0 } else { len + usize::from(len == 1 && at(text, place + 1) == b'.') }
}
