//! Postal addresses, by house number and street word. Off unless asked for, and scored low.

use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// Street words that stand behind the name, the house number in front: `12 Main Street`.
const BEHIND: &[&str] = &[
    "street",
    "st",
    "avenue",
    "ave",
    "road",
    "rd",
    "boulevard",
    "blvd",
    "lane",
    "ln",
    "drive",
    "dr",
    "court",
    "ct",
    "square",
    "terrace",
    "highway",
    "hwy",
    "parkway",
    "pkwy",
    "crescent",
];
/// Street words that stand in front, the house number in front of them or behind: `12 rue X`, `Calle X 12`, `Via X, 12`.
const FRONT: &[&str] = &["rue", "calle", "via", "avenida", "rua", "piazza", "plaza", "ulica", "ul."];
/// Street words that names end in, the house number behind: `Hauptstraße 12`.
const ENDING: &[&str] =
    &["straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "straat", "laan", "vägen", "gatan", "vej"];

const LEFT: usize = 48;

#[derive(Debug)]
pub(crate) struct Address;

impl Detector for Address {
    fn kinds(&self) -> Vec<Kind> {
        vec![Kind::new("postal_address", Family::Pii, "no standard: a house number beside a street's name").off()]
    }

    fn literals(&self) -> Vec<Literal> {
        let all = [BEHIND, FRONT, ENDING];
        (0..)
            .zip(all)
            .flat_map(|(tag, words)| {
                words
                    .iter()
                    .map(move |word| if tag == 2 { Literal::new(*word, tag) } else { Literal::word(*word, tag) })
            })
            .collect()
    }

    fn reach(&self) -> Reach {
        Reach { back: LEFT, ahead: LEFT }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let text = cx.text;
        let found = match hit.tag {
            0 => house_number_before(text, hit.start).map(|start| start..hit.end),
            1 => house_number_before(text, hit.start)
                .filter(|start| hit.start - start <= 8)
                .map(|start| start..line_end(text, hit.end))
                .or_else(|| house_number_after(text, hit.end).map(|end| hit.start..end)),
            _ => {
                let mut start = hit.start;
                while hit.start - start < LEFT
                    && (before(text, start).is_ascii_alphabetic()
                        || before(text, start) >= 0x80
                        || before(text, start) == b'-')
                {
                    start -= 1;
                }
                let end = hit.end + usize::from(at(text, hit.end) == b' ');
                let digits = cut(text, end..end + 4).iter().take_while(|byte| byte.is_ascii_digit()).count();
                (digits > 0 && at(text, start).is_ascii_uppercase()).then_some(start..end + digits)
            }
        };
        cx.spend(LEFT);
        if let Some(range) = found {
            cx.report(0, range, 55, Signs::NONE.with(Sign::Format));
        }
    }
}

/// The start of a house number with capitalised words between it and a place.
fn house_number_before(text: &[u8], place: usize) -> Option<usize> {
    let window = cut(text, place.saturating_sub(LEFT)..place);
    let start = place - window.len();
    let digit = window.iter().rposition(u8::is_ascii_digit)?;
    let first = window.iter().take(digit).rposition(|byte| !byte.is_ascii_digit()).map_or(0, |place| place + 1);
    let between = cut(window, digit + 1..window.len());
    let words = between.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let named = words.clone().all(|word| word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80))
        && words.count() <= 4;
    (digit + 1 - first <= 5 && between.first() == Some(&b' ') && named).then_some(start + first)
}

fn house_number_after(text: &[u8], place: usize) -> Option<usize> {
    let window = cut(text, place..place + LEFT);
    let digit = window.iter().position(u8::is_ascii_digit)?;
    let between = cut(window, 1..digit);
    let named = between.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80)
        && !between.iter().any(|byte| matches!(byte, b'.' | b'\n' | b';' | b':'));
    let digits = cut(window, digit..window.len()).iter().take_while(|byte| byte.is_ascii_digit()).count();
    (named && digits <= 4).then_some(place + digit + digits)
}

fn line_end(text: &[u8], place: usize) -> usize {
    place + cut(text, place..place + LEFT).iter().take_while(|byte| !matches!(byte, b'\n' | b',' | b'.' | b';')).count()
}
