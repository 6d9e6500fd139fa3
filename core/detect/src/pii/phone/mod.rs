//! Telephone numbers.

mod plan;

pub(crate) use plan::TABLE;

use plan::Plans;

use super::checks::{is_date, is_repeated, is_sequence};
use super::context::Words;
use super::tokens::is_alone;
use crate::bytes::{at, before, cut};
use crate::detector::Cx;
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// The most digits of a number (ITU-T E.164, 6), and some for prefixes and extensions.
const MAX_DIGITS: usize = 18;

#[derive(Debug)]
pub(crate) struct Phones {
    kind: u16,
    plans: Plans,
    words: Words,
    /// Words that name other numbers, too.
    weak_words: Words,
}

impl Phones {
    pub(crate) fn kinds() -> Vec<Kind> {
        vec![Kind::new("phone", Family::Pii, "ITU-T E.164; national numbering plans by length and leading digits")]
    }

    /// Regions: whose national forms count. `None`: all.
    pub(crate) fn new(kind: u16, regions: Option<&[String]>) -> Self {
        let words = [
            "phone",
            "telephone",
            "tel",
            "tel.",
            "call",
            "mobile",
            "cell",
            "cellphone",
            "fax",
            "whatsapp",
            "sms",
            "text me",
            "dial",
            "telefon",
            "telefonnummer",
            "handy",
            "mobil",
            "rufnummer",
            "anrufen",
            "téléphone",
            "portable",
            "appelez",
            "telefono",
            "teléfono",
            "móvil",
            "celular",
            "llame",
            "cellulare",
            "chiamare",
            "telefone",
            "celular",
            "ligue",
            "telefoon",
            "mobiel",
            "telefonu",
            "cep",
            "телефон",
            "тел",
            "мобильный",
            "звоните",
            "電話",
            "电话",
            "手机",
            "手機",
            "携帯",
            "전화",
            "휴대폰",
            "연락처",
            "โทร",
            "हेलो",
            "फोन",
            "هاتف",
            "جوال",
            "hotline",
            "mob",
        ];
        let weak = [
            "number", "numero", "número", "numéro", "nummer", "numara", "contact", "reach", "reach me", "ph", "ring",
            "番号", "号码", "번호",
        ];
        Self { kind, plans: Plans::new(regions), words: Words::new(words), weak_words: Words::new(weak) }
    }

    /// A number that starts with the run of digits at a place; a `+`, `00` or parenthesis in front belongs to it.
    pub(crate) fn judge(&self, run: usize, cx: &mut Cx<'_>) {
        if !cx.wants(self.kind) {
            return;
        }
        let text = cx.text;
        let Some(shape) = Shape::read(text, run) else { return };
        cx.spend(shape.end - shape.start);
        let digits = shape.digits.get(..shape.count).unwrap_or_default();
        if is_repeated(digits) || is_sequence(digits) || digits.starts_with(b"0000") {
            return;
        }
        let named = || {
            (shape.count >= 8 || (shape.groups > 1 && shape.count >= 7))
                && self.words.near(text, shape.start, shape.end)
                || shape.count >= 10 && self.weak_words.near(text, shape.start, shape.end)
        };
        let international =
            if shape.plus { Some(digits) } else { digits.strip_prefix(b"00").filter(|_| shape.groups > 1 || named()) };
        let mut signs = Signs::NONE;
        let score = if let Some(digits) = international {
            let Some(in_plan) = self.plans.international(digits) else { return };
            signs = signs.with_if(in_plan, Sign::Issuer).with(Sign::Format);
            match (in_plan, shape.plus) {
                (true, true) => 90,
                (_, true) => 75,
                (true, false) => 75,
                (false, false) => 55,
            }
        } else {
            let Some(form) = self.plans.national(digits) else {
                // `Tel: 0003 322 45 38`: whatever the plans say, it is meant to be one.
                if digits.len() >= 7 && !shape.is_date() && self.words.before(text, shape.start, 12) {
                    cx.report(self.kind, shape.start..shape.end, 65, signs.with(Sign::Context));
                }
                return;
            };
            signs = signs.with(Sign::Issuer);
            if shape.is_date() {
                return;
            }
            let is_written = shape.is_written(form.trunk);
            signs = signs.with_if(is_written, Sign::Format);
            if named() {
                signs = signs.with(Sign::Context);
                if shape.groups > 1 || shape.count >= 9 || form.trunk { 85 } else { 55 }
            } else if is_written {
                if is_alone(text, shape.start, shape.end) { 75 } else { 65 }
            } else if is_alone(text, shape.start, shape.end) && form.trunk && form.mobile && shape.groups == 1 {
                55
            } else {
                return;
            }
        };
        cx.report(self.kind, shape.start..shape.end, score, signs);
    }
}

/// Digits with what stands between them.
#[derive(Debug)]
struct Shape {
    start: usize,
    end: usize,
    digits: [u8; MAX_DIGITS],
    count: usize,
    plus: bool,
    parenthesis: bool,
    /// The number of groups, their lengths (four bits each), and whether they are all joined by the same sign.
    groups: usize,
    lengths: u64,
    separator: u8,
    uniform: bool,
    /// The first group is joined by another sign than the rest.
    mixed: bool,
}

impl Shape {
    fn read(text: &[u8], run: usize) -> Option<Self> {
        let mut start = run;
        let mut parenthesis = false;
        if before(text, start) == b'(' {
            start -= 1;
            parenthesis = true;
        }
        let plus = before(text, start) == b'+';
        start -= usize::from(plus);
        if plus && before(text, start) == b'(' {
            start -= 1;
        }
        let left = before(text, start);
        // Inside of a longer number, a word, a path, a decimal, an amount of money.
        let joined = left.is_ascii_alphanumeric()
            || matches!(left, b'_' | b'/' | b'$' | b'#' | b'=' | b'%' | b'@' | b'+' | b'*')
            || (matches!(left, b'-' | b'.' | b',' | b':') && before(text, start - 1).is_ascii_alphanumeric())
            || (left == b' ' && !plus && !parenthesis && is_group_before(text, start));
        if joined && !(plus && left == b'=') {
            return None;
        }
        let mut shape = Self {
            start,
            end: run,
            digits: [0; MAX_DIGITS],
            count: 0,
            plus,
            parenthesis,
            groups: 0,
            lengths: 0,
            separator: 0,
            uniform: true,
            mixed: false,
        };
        let mut place = run;
        loop {
            let len = cut(text, place..place + MAX_DIGITS + 1).iter().take_while(|byte| byte.is_ascii_digit()).count();
            let room = shape.digits.get_mut(shape.count..shape.count + len)?;
            room.copy_from_slice(cut(text, place..place + len));
            shape.count += len;
            shape.groups += 1;
            shape.lengths = shape.lengths << 4 | len.min(15) as u64;
            place += len;
            shape.end = place;
            // What may stand between groups: one sign, or a parenthesis with a blank or hyphen around it.
            let gap = cut(text, place..place + 3)
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')'))
                .count();
            let parts = cut(text, place..place + gap);
            let fits = matches!(
                parts,
                [b' ' | b'-' | b'.' | b'/' | b')' | b'(']
                    | [b')', b' ' | b'-' | b'.' | b'/']
                    | [b' ' | b'-', b'(']
                    | [b' ', b'-' | b'/', b' ']
            );
            if !fits || !at(text, place + gap).is_ascii_digit() {
                break;
            }
            shape.parenthesis |= parts.iter().any(|byte| matches!(byte, b'(' | b')'));
            let sign = parts.iter().copied().find(|byte| !matches!(byte, b'(' | b')')).unwrap_or(b')');
            // The area's code may be set apart in its own way: `08-47 52 77`.
            shape.uniform &= shape.groups < 3 || sign == shape.separator || sign == b')';
            shape.mixed |= shape.groups == 2 && sign != shape.separator && shape.separator != b')';
            shape.separator = sign;
            place += gap;
        }
        let right = at(text, shape.end);
        let goes_on = right.is_ascii_alphabetic() && right != b'x' && right != b'e'
            || matches!(right, b'_' | b'%' | b'@' | b'=')
            || (matches!(right, b':' | b',' | b'.') && at(text, shape.end + 1).is_ascii_digit())
            || (matches!(right, b'-' | b'/') && at(text, shape.end + 1).is_ascii_alphanumeric());
        (!goes_on && shape.count >= 6).then_some(shape)
    }

    fn group(&self, index: usize) -> u64 {
        self.lengths >> (4 * (self.groups - 1 - index)) & 0xF
    }

    /// `1990-12-31`, `31.12.1990` and their kin.
    fn is_date(&self) -> bool {
        let part = |from: usize, to: usize| {
            self.digits
                .get(from..to)
                .unwrap_or_default()
                .iter()
                .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
        };
        match self.lengths {
            0x422 => is_date(part(0, 4), part(4, 6), part(6, 8)),
            0x224 => is_date(part(4, 8), part(2, 4), part(0, 2)) || is_date(part(4, 8), part(0, 2), part(2, 4)),
            _ => false,
        }
    }

    /// Whether groups and signs are those of a telephone number and not of a date, an id, a sum.
    fn is_written(&self, trunk: bool) -> bool {
        if !(2..=6).contains(&self.groups) || !self.uniform {
            return self.parenthesis && self.groups >= 2;
        }
        let sizes = (0..self.groups).map(|index| self.group(index));
        let most = if self.parenthesis || trunk { 8 } else { 5 };
        let even = self.group(0) <= 5 && sizes.clone().skip(1).all(|size| (2..=most).contains(&size));
        let last = self.group(self.groups - 1);
        let long = self.count >= 9;
        // North America's: the second group begins with 2 to 9.
        let three_three_four = self.lengths == 0x334 && self.digits.get(3).is_some_and(|digit| *digit >= b'2');
        // Dates: 4-2-2, 2-2-4. Cards and accounts: groups of four only.
        let fours = sizes.clone().all(|size| size == 4);
        let dated = self.groups == 3 && self.count == 8;
        if !even || fours || dated || last < 2 {
            return false;
        }
        match self.separator {
            _ if self.parenthesis => true,
            _ if self.mixed => trunk && self.count >= 8,
            b'-' | b'.' | b'/' => {
                three_three_four
                    || (long && trunk)
                    || (long && self.count >= 10 && self.groups >= 3 && self.group(0) == 3 && self.separator == b'-')
            }
            _ => (three_three_four && self.count == 10) || (long && trunk && self.groups >= 2),
        }
    }
}

fn is_group_before(text: &[u8], start: usize) -> bool {
    before(text, start - 1).is_ascii_digit()
}
