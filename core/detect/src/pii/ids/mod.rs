//! Identifiers of a fixed form: a table of rules, one file a part of the world.

mod africa_and_near_east;
mod americas;
mod asia_and_pacific;
mod europe;
mod european_union_vat;
mod germany;
mod north_america;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::context::Words;
use super::tokens::{Compact, MAX_COMPACT, is_alone, is_fragment};
use crate::detector::Cx;
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};

/// How sure a form is by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nothing else looks like this: a checksum of two digits, or letters and digits in a rare pattern.
    Strong,
    /// A checksum of one digit and more that must be right (a date, a range).
    Good,
    /// One check digit on plain digits, or a form that other things have, too.
    Weak,
    /// No checksum, but a rare way of grouping.
    Grouped,
    /// Counts only beside a word that names it.
    Context,
}

impl Trust {
    /// Score in running text; written in its own groups; with a line to itself.
    fn scores(self) -> (u8, u8, u8) {
        match self {
            Self::Strong => (75, 85, 85),
            Self::Good => (50, 70, 75),
            Self::Weak => (30, 55, 60),
            Self::Grouped => (15, 60, 30),
            Self::Context => (10, 20, 20),
        }
    }
}

/// One kind of identifier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Its name in policies.
    pub name: &'static str,
    /// Where its form and checksum are published.
    pub standard: &'static str,
    /// Its forms: `#` a digit, `@` a letter, `*` either, `-` where groups may be set apart; anything else is itself.
    /// A form with groups matches also without any separator.
    pub masks: &'static [&'static str],
    /// The checksum and what else must be right, on capitals and digits alone.
    pub check: fn(&[u8]) -> bool,
    /// What must be right beside a word that names it, where that is less.
    pub named_check: Option<fn(&[u8]) -> bool>,
    /// Words that name it.
    pub words: &'static [&'static str],
    pub trust: Trust,
    /// Off unless asked for.
    pub off: bool,
}

impl Rule {
    pub(crate) const fn new(name: &'static str, standard: &'static str, trust: Trust) -> Self {
        Self { name, standard, masks: &[], check: |_| true, named_check: None, words: &[], trust, off: false }
    }

    pub(crate) const fn masks(mut self, masks: &'static [&'static str]) -> Self {
        self.masks = masks;
        self
    }

    pub(crate) const fn check(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.check = check;
        self
    }

    pub(crate) const fn named_check(mut self, check: fn(&[u8]) -> bool) -> Self {
        self.named_check = Some(check);
        self
    }

    pub(crate) const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    pub(crate) const fn off(mut self) -> Self {
        self.off = true;
        self
    }
}

impl Rule {
    /// Where it is used, by its name; empty for what belongs to no country.
    fn regions(&self) -> smallvec::SmallVec<[&'static str; 2]> {
        let Some((head, rest)) = self.name.split_once('_').filter(|(head, _)| head.len() == 2) else {
            return smallvec::SmallVec::new();
        };
        match head {
            "eu" => smallvec::SmallVec::new(),
            "uk" => smallvec::smallvec!["GB"],
            "cz" if rest.starts_with("sk_") => smallvec::smallvec!["CZ", "SK"],
            "yu" => smallvec::smallvec!["RS", "HR", "SI", "BA", "ME", "MK", "XK"],
            _ => REGIONS.iter().copied().filter(|region| region.eq_ignore_ascii_case(head)).collect(),
        }
    }
}

/// The countries that rules are named after.
const REGIONS: &[&str] = &[
    "AE", "AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CN", "CO", "DE", "DK", "EC", "EE", "EG", "ES", "FI",
    "FR", "GR", "HK", "HR", "HU", "ID", "IE", "IL", "IN", "IS", "IT", "JP", "KE", "KR", "KW", "KZ", "LT", "LU", "LV",
    "MX", "MY", "NG", "NL", "NO", "NZ", "PH", "PK", "PL", "PT", "RO", "RU", "SA", "SE", "SG", "TH", "TR", "TW", "UA",
    "US", "UY", "VN", "ZA",
];

/// All rules, in the order of their kinds.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    [
        north_america::RULES,
        americas::RULES,
        germany::RULES,
        europe::RULES,
        european_union_vat::RULES,
        asia_and_pacific::RULES,
        africa_and_near_east::RULES,
    ]
    .into_iter()
    .flatten()
}

/// What a form asks of one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Digit,
    Letter,
    Either,
    Exactly(u8),
}

impl Class {
    fn admits(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Letter => byte.is_ascii_uppercase(),
            Self::Either => true,
            Self::Exactly(this) => byte == this,
        }
    }
}

/// A compiled form.
#[derive(Debug)]
struct Mask {
    rule: u16,
    joints: u64,
    classes: Vec<Class>,
}

impl Mask {
    fn new(rule: u16, text: &str) -> Self {
        let mut mask = Self { rule, joints: 0, classes: Vec::new() };
        for byte in text.bytes() {
            match byte {
                b'-' => mask.joints |= 1 << mask.classes.len(),
                b'#' => mask.classes.push(Class::Digit),
                b'@' => mask.classes.push(Class::Letter),
                b'*' => mask.classes.push(Class::Either),
                other => mask.classes.push(Class::Exactly(other)),
            }
        }
        mask
    }

    fn admits(&self, compact: &Compact) -> bool {
        (compact.joints == self.joints || compact.joints == 0)
            && self.classes.iter().zip(compact.bytes()).all(|(class, byte)| class.admits(*byte))
    }
}

/// All rules that are on, by the length of their forms.
#[derive(Debug)]
pub(crate) struct Ids {
    rules: Vec<(&'static Rule, Words)>,
    masks: Vec<Vec<Mask>>,
    /// By length: the joints that any form of it has, so that most candidates end here.
    joints: Vec<Vec<u64>>,
    first_kind: u16,
}

impl Ids {
    /// Regions (ISO 3166): whose identifiers count. `None`: all.
    pub(crate) fn new(first_kind: u16, regions: Option<&[String]>) -> Self {
        let rules: Vec<_> = all().map(|rule| (rule, Words::new(rule.words.iter().copied()))).collect();
        let mut masks: BTreeMap<usize, Vec<Mask>> = BTreeMap::new();
        let chosen = |rule: &Rule| {
            let own = rule.regions();
            own.is_empty() || regions.is_none_or(|regions| regions.iter().any(|region| own.contains(&region.as_str())))
        };
        for (number, (rule, _)) in (0..).zip(&rules).filter(|(_, (rule, _))| chosen(rule)) {
            for text in rule.masks {
                let mask = Mask::new(number, text);
                masks.entry(mask.classes.len()).or_default().push(mask);
            }
        }
        let masks: Vec<Vec<Mask>> = (0..=MAX_COMPACT).map(|len| masks.remove(&len).unwrap_or_default()).collect();
        let joints = masks.iter().map(|masks| masks.iter().map(|mask| mask.joints).collect()).collect();
        Self { rules, masks, joints, first_kind }
    }

    pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
        all().map(|rule| {
            let kind = Kind::new(rule.name, Family::Pii, rule.standard);
            if rule.off { kind.off() } else { kind }
        })
    }

    /// Judges a candidate by all rules of its length. `crowded`: more numbers stand right beside it.
    pub(crate) fn judge(&self, compact: &Compact, crowded: bool, cx: &mut Cx<'_>) {
        let len = compact.bytes().len();
        let (Some(masks), Some(joints)) = (self.masks.get(len), self.joints.get(len)) else { return };
        if compact.joints != 0 && !joints.contains(&compact.joints) {
            return;
        }
        cx.spend(masks.len());
        for mask in masks.iter().filter(|mask| mask.admits(compact)) {
            let kind = self.first_kind + mask.rule;
            let Some((rule, words)) = self.rules.get(usize::from(mask.rule)) else { continue };
            let checked = (rule.check)(compact.bytes());
            let checked_if_named = !checked && rule.named_check.is_some_and(|check| check(compact.bytes()));
            if !cx.wants(kind) || !(checked || checked_if_named) || is_fragment(cx.text, compact.start, compact.end) {
                continue;
            }
            let grouped = compact.joints != 0 && compact.joints == mask.joints;
            let named = words.near(cx.text, compact.start, compact.end);
            if !checked && !named {
                continue;
            }
            let alone = is_alone(cx.text, compact.start, compact.end);
            let (bare_score, grouped_score, alone_score) = rule.trust.scores();
            let mut score = match (grouped, crowded) {
                (true, false) => grouped_score,
                (true, true) => bare_score,
                (false, _) => bare_score,
            };
            if alone {
                score = score.max(alone_score);
            }
            if named {
                score = match (checked, rule.trust) {
                    (false, _) => 88,
                    (true, Trust::Context) => 75,
                    _ => 95,
                };
            }
            let signs = Signs::NONE
                .with_if(checked && !matches!(rule.trust, Trust::Context | Trust::Grouped), Sign::Checksum)
                .with_if(grouped, Sign::Format)
                .with_if(named, Sign::Context)
                .with_if(alone, Sign::Alone);
            cx.report(kind, compact.start..compact.end, score, signs);
        }
    }
}
