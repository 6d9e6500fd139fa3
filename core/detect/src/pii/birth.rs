//! Birth dates: a date beside a word that says so.

use super::checks::is_date;
use super::context::Words;
use crate::bytes::{at, before, cut};
use crate::detector::Cx;
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

#[derive(Debug)]
pub(crate) struct Births {
    kind: u16,
    words: Words,
}

impl Births {
    pub(crate) fn kinds() -> Vec<Kind> {
        vec![Kind::new(
            "birth_date",
            Family::Pii,
            "ISO 8601 and the national orders of day, month and year, beside a word for birth",
        )]
    }

    pub(crate) fn new(kind: u16) -> Self {
        let words = [
            "born",
            "dob",
            "d.o.b",
            "date of birth",
            "birth date",
            "birthdate",
            "birthday",
            "birth",
            "geboren",
            "geburtsdatum",
            "geb",
            "geb.",
            "né le",
            "née le",
            "date de naissance",
            "naissance",
            "nacido",
            "nacida",
            "fecha de nacimiento",
            "nacimiento",
            "nato il",
            "nata il",
            "data di nascita",
            "nascita",
            "nascido",
            "nascida",
            "data de nascimento",
            "nascimento",
            "geboortedatum",
            "geboren op",
            "urodzony",
            "data urodzenia",
            "ur.",
            "narozen",
            "född",
            "født",
            "syntynyt",
            "doğum tarihi",
            "дата рождения",
            "родился",
            "родилась",
            "生年月日",
            "出生日期",
            "생년월일",
            "تاريخ الميلاد",
            "जन्म तिथि",
        ];
        Self { kind, words: Words::new(words) }
    }

    /// A date that starts at a digit: `1990-12-31`, `31.12.1990`, `12/31/90`, `31 December 1990`.
    pub(crate) fn judge(&self, start: usize, cx: &mut Cx<'_>) {
        let text = cx.text;
        let left = before(text, start);
        if left.is_ascii_alphanumeric() || matches!(left, b'.' | b'-' | b'/' | b'$') {
            return;
        }
        let Some(end) = date_end(text, start) else { return };
        if self.words.before(text, start, 40) && !at(text, end).is_ascii_alphanumeric() {
            cx.report(self.kind, start..end, 85, Signs::NONE.with(Sign::Format).with(Sign::Context));
        }
    }
}

fn digits(text: &[u8], from: usize) -> (usize, u64) {
    let count = cut(text, from..from + 5).iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = cut(text, from..from + count).iter().fold(0, |value, byte| value * 10 + u64::from(byte - b'0'));
    (count, value)
}

fn date_end(text: &[u8], start: usize) -> Option<usize> {
    let (len, first) = digits(text, start);
    let separator = at(text, start + len);
    if matches!(separator, b'-' | b'.' | b'/') {
        let middle = start + len + 1;
        // `31. 12. 1990`
        let middle = middle + usize::from(separator == b'.' && at(text, middle) == b' ');
        let (middle_len, second) = digits(text, middle);
        if middle_len > 0 && middle_len <= 2 && at(text, middle + middle_len) == separator {
            let last = middle + middle_len + 1;
            let last = last + usize::from(separator == b'.' && at(text, last) == b' ');
            let (last_len, third) = digits(text, last);
            let year = |value: u64, len: usize| match len {
                4 => (1880..2100).contains(&value).then_some(value),
                2 => Some(1900 + value),
                _ => None,
            };
            let is_one = match len {
                4 => (1..=2).contains(&last_len) && year(first, 4).is_some_and(|year| is_date(year, second, third)),
                1 | 2 => year(third, last_len)
                    .is_some_and(|year| is_date(year, second, first) || is_date(year, first, second)),
                _ => false,
            };
            return is_one.then_some(last + last_len);
        }
    }
    // `31 December 1990`, `31-DEC-1990`; the month's name is not checked, its length is.
    let mut place = start + len;
    while matches!(at(text, place), b' ' | b'.' | b'-') && place - start < 6 {
        place += 1;
    }
    let word =
        cut(text, place..place + 24).iter().take_while(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80).count();
    let after = place + word;
    let gap = cut(text, after..after + 2).iter().take_while(|byte| matches!(byte, b' ' | b',' | b'-' | b'.')).count();
    let (year_len, year) = digits(text, after + gap);
    ((1..=31).contains(&first)
        && len <= 2
        && (3..=20).contains(&word)
        && gap > 0
        && year_len == 4
        && (1880..2100).contains(&year))
    .then_some(after + gap + year_len)
}
