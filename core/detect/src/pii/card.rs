//! Payment cards.

use super::checks::{is_repeated, luhn, number};
use super::context::Words;
use super::tokens::{Compact, is_alone, is_fragment};
use crate::detector::Cx;
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// Issuer ranges: first and last prefix of a length, and the lengths of numbers as a bit set. ISO/IEC 7812-1; networks'
/// published ranges.
const RANGES: &[(u32, u64, u64, u32)] = &[
    // Visa
    (1, 4, 4, len(13) | len(16) | len(19)),
    // Mastercard
    (2, 51, 55, len(16)),
    (4, 2221, 2720, len(16)),
    // American Express
    (2, 34, 34, len(15)),
    (2, 37, 37, len(15)),
    // Diners Club
    (3, 300, 305, len(14) | len(16)),
    (2, 36, 36, len(14) | len(16) | len(19)),
    (2, 38, 39, len(14) | len(16) | len(19)),
    // Discover, UnionPay
    (4, 6011, 6011, len(16) | len(19)),
    (3, 644, 649, len(16) | len(19)),
    (2, 65, 65, len(16) | len(19)),
    (2, 62, 62, len(16) | len(17) | len(18) | len(19)),
    (2, 81, 81, len(16) | len(17) | len(18) | len(19)),
    // JCB
    (4, 3528, 3589, len(16) | len(19)),
    // Maestro
    (2, 50, 50, len(12) | len(13) | len(14) | len(15) | len(16) | len(17) | len(18) | len(19)),
    (2, 56, 58, len(12) | len(13) | len(14) | len(15) | len(16) | len(17) | len(18) | len(19)),
    (3, 639, 639, len(12) | len(13) | len(14) | len(15) | len(16) | len(17) | len(18) | len(19)),
    (2, 67, 67, len(12) | len(13) | len(14) | len(15) | len(16) | len(17) | len(18) | len(19)),
    // RuPay, Mir, Troy, Dankort, UATP
    (2, 60, 60, len(16)),
    (4, 2200, 2204, len(16) | len(17) | len(18) | len(19)),
    (4, 9792, 9792, len(16)),
    (4, 5019, 5019, len(16)),
    (1, 1, 1, len(15)),
];

const fn len(digits: u32) -> u32 {
    1 << digits
}

#[derive(Debug)]
pub(crate) struct Cards {
    kind: u16,
    words: Words,
}

impl Cards {
    pub(crate) fn kinds() -> Vec<Kind> {
        vec![Kind::new("credit_card", Family::Pii, "ISO/IEC 7812-1: issuer range, length and Luhn's check digit")]
    }

    pub(crate) fn new(kind: u16) -> Self {
        let words = [
            "card",
            "credit",
            "debit",
            "visa",
            "mastercard",
            "amex",
            "maestro",
            "pan",
            "kreditkarte",
            "karte",
            "carte",
            "tarjeta",
            "cartao",
            "carta",
        ];
        Self { kind, words: Words::new(words) }
    }

    /// `crowded`: more numbers stand right beside it, as in a longer account number.
    pub(crate) fn judge(&self, compact: &Compact, crowded: bool, cx: &mut Cx<'_>) {
        let digits = compact.bytes();
        if !(12..=19).contains(&digits.len()) || !is_issued(digits) || !luhn(digits) || is_repeated(digits) {
            return;
        }
        if !is_grouping(compact.joints, digits.len()) || is_fragment(cx.text, compact.start, compact.end) {
            return;
        }
        let grouped = compact.joints != 0;
        let named = self.words.near(cx.text, compact.start, compact.end);
        let alone = is_alone(cx.text, compact.start, compact.end);
        // Twelve and thirteen digits are also times, article numbers and ids of things.
        let score = match (digits.len(), grouped || alone, named) {
            (_, _, true) => 98,
            _ if crowded && grouped => 45,
            (12 | 13, true, _) => 60,
            (12 | 13, false, _) => 55,
            (_, true, _) => 92,
            (15.., false, _) => 80,
            _ => 60,
        };
        let signs = Signs::NONE
            .with(Sign::Checksum)
            .with(Sign::Issuer)
            .with_if(grouped, Sign::Format)
            .with_if(named, Sign::Context)
            .with_if(alone, Sign::Alone);
        cx.report(self.kind, compact.start..compact.end, score, signs);
    }
}

fn is_issued(digits: &[u8]) -> bool {
    RANGES.iter().any(|(prefix, first, last, lengths)| {
        lengths & 1 << digits.len() != 0
            && number(digits, 0, *prefix as usize).is_some_and(|value| (*first..=*last).contains(&value))
    })
}

/// As printed: groups of four; four, six and the rest; or none.
fn is_grouping(joints: u64, len: usize) -> bool {
    let fours =
        (1..).map(|group| group * 4).take_while(|place| *place < len).fold(0u64, |joints, place| joints | 1 << place);
    joints == 0 || joints == fours || joints == 1 << 4 | 1 << 10
}
