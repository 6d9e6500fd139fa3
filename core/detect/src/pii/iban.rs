//! International bank account numbers.

use super::checks::mod97;
use super::tokens::{Compact, is_fragment};
use crate::detector::Cx;
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// Lengths by country, from the IBAN registry (SWIFT, ISO 13616), experimental ones of central banks included.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AO", 25),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BF", 28),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BJ", 28),
    (b"BR", 29),
    (b"BY", 28),
    (b"CF", 27),
    (b"CG", 27),
    (b"CH", 21),
    (b"CI", 28),
    (b"CM", 27),
    (b"CR", 22),
    (b"CV", 25),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"DZ", 26),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GA", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GQ", 27),
    (b"GR", 27),
    (b"GT", 28),
    (b"GW", 25),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IR", 26),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KM", 27),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MA", 28),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MG", 27),
    (b"MK", 19),
    (b"ML", 28),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"MZ", 25),
    (b"NE", 28),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SN", 28),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TD", 27),
    (b"TG", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

#[derive(Debug)]
pub(crate) struct Ibans {
    kind: u16,
}

impl Ibans {
    pub(crate) fn kinds() -> Vec<Kind> {
        vec![Kind::new("iban", Family::Pii, "ISO 13616: length by country, ISO 7064 MOD 97-10")]
    }

    pub(crate) fn new(kind: u16) -> Self {
        Self { kind }
    }

    pub(crate) fn judge(&self, compact: &Compact, cx: &mut Cx<'_>) {
        let code = compact.bytes();
        let Some((head, body)) = code.split_at_checked(4) else { return };
        let (Some(country), Some(check)) = (head.get(..2), head.get(2..)) else { return };
        let is_shaped = country.iter().all(u8::is_ascii_uppercase) && check.iter().all(u8::is_ascii_digit);
        if !is_shaped || !LENGTHS.iter().any(|(known, len)| known.as_slice() == country && *len == code.len()) {
            return;
        }
        // Any grouping is fine: people set the check digits or the bank apart.
        if mod97(body.iter().chain(head).copied()) == Some(1) && !is_fragment(cx.text, compact.start, compact.end) {
            let signs = Signs::NONE.with(Sign::Checksum).with(Sign::Issuer).with_if(compact.joints != 0, Sign::Format);
            cx.report(self.kind, compact.start..compact.end, 97, signs);
        }
    }
}
