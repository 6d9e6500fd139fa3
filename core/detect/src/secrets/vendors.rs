//! Tokens that vendors give a form of their own.

use super::entropy::{Mix, bits, is_placeholder};
use super::form::Form;
use crate::bytes::{at, before, cut};
use crate::detector::{Cx, Detector, Hit, Literal, Reach};
use crate::finding::{Sign, Signs};
use crate::kind::{Family, Kind};
use crate::pii::context::Words;

/// `data/secrets.tsv`; its head explains the columns.
pub(crate) const TABLE: &str = include_str!("../../data/secrets.tsv");

/// Bytes before a token in which a word that must be there may stand.
const NEAR: usize = 64;

/// Where the literal stands that wakes a form up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Anchor {
    /// The form begins with it.
    Prefix,
    /// It stands somewhere inside: the run of token characters around it is tried from its start.
    Inside,
}

/// One alternative of one row.
#[derive(Debug)]
struct Token {
    kind: u16,
    form: Form,
    anchor: Anchor,
    entropy: f32,
    crc: bool,
    loose: bool,
    digits: bool,
    word: Option<Words>,
}

/// All rows of the table.
#[derive(Debug)]
pub(crate) struct Vendors {
    kinds: Vec<Kind>,
    tokens: Vec<Token>,
    literals: Vec<Literal>,
}

/// Names of vendors that make an assignment one of a secret.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter_map(|line| line.strip_prefix("vendors\t")).flat_map(str::split_whitespace)
}

impl Vendors {
    pub(crate) fn new() -> Self {
        let mut all = Self { kinds: Vec::new(), tokens: Vec::new(), literals: Vec::new() };
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.starts_with("vendors\t")) {
            let mut columns = line.split('\t');
            if let (Some(kind), Some(vendor), Some(form), Some(options)) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            {
                // A row that cannot be read is left out here and found by the table's test.
                let _ = all.add(kind, vendor, form, options);
            }
        }
        all
    }

    fn add(&mut self, kind: &'static str, vendor: &'static str, form: &str, options: &str) -> Result<(), String> {
        let number = match self.kinds.iter().position(|known| known.name() == kind) {
            Some(number) => number,
            None => {
                self.kinds.push(Kind::new(kind, Family::Secret, format!("{vendor}: form of its tokens")));
                self.kinds.len() - 1
            }
        };
        let option = |name: &str| options.split(',').find_map(|option| option.strip_prefix(name));
        let flag = |name: &str| options.split(',').any(|option| option == name);
        let entropy = option("e").and_then(|bits| bits.parse().ok()).ok_or("no entropy")?;
        for form in Form::read(form, flag("i"))? {
            let tag = u32::try_from(self.tokens.len()).map_err(|error| error.to_string())?;
            let literal = match option("at:") {
                Some(inside) => inside.to_owned(),
                None if form.prefix.len() >= 2 => form.prefix.clone(),
                None => option("kw:").unwrap_or_default().to_owned(),
            };
            if literal.len() < 2 {
                return Err(format!("no literal in {kind}"));
            }
            let anchor = if form.prefix == literal { Anchor::Prefix } else { Anchor::Inside };
            self.literals.push(Literal::new(literal, tag));
            self.tokens.push(Token {
                kind: u16::try_from(number).map_err(|error| error.to_string())?,
                form,
                anchor,
                entropy,
                crc: flag("crc"),
                loose: flag("loose"),
                digits: flag("digits"),
                word: option("kw:").map(|word| Words::new([word])),
            });
        }
        Ok(())
    }
}

impl Detector for Vendors {
    fn kinds(&self) -> Vec<Kind> {
        self.kinds.clone()
    }

    fn literals(&self) -> Vec<Literal> {
        self.literals.clone()
    }

    fn reach(&self) -> Reach {
        let longest = self.tokens.iter().map(|token| token.form.longest()).max().unwrap_or(0);
        Reach { back: 256, ahead: longest + 1 }
    }

    fn hit(&self, hit: Hit, cx: &mut Cx<'_>) {
        let Some(token) = self.tokens.get(hit.tag as usize) else { return };
        match token.anchor {
            Anchor::Prefix => {
                token.judge(hit.start, cx);
            }
            Anchor::Inside => {
                // From the start of the run of token characters around it, or, behind a word, of the runs that follow.
                let mut start = hit.start;
                while hit.start - start < 80 && is_token(before(cx.text, start)) {
                    start -= 1;
                }
                let mut tries = 0;
                while start <= hit.end + NEAR && start < cx.text.len() && tries < 6 {
                    if token.judge(start, cx) {
                        break;
                    }
                    start += cut(cx.text, start..start + 512).iter().take_while(|byte| is_token(**byte)).count();
                    start += cut(cx.text, start..start + 16).iter().take_while(|byte| !is_token(**byte)).count().max(1);
                    tries += 1;
                    if token.word.is_none() && start > hit.start {
                        break;
                    }
                }
            }
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'~' | b'.' | b'+' | b'/')
}

impl Token {
    /// Whether the form stands at a place, and is no placeholder.
    fn judge(&self, start: usize, cx: &mut Cx<'_>) -> bool {
        let text = cx.text;
        let left = before(text, start);
        let starts_word = at(text, start).is_ascii_alphanumeric() || at(text, start) == b'_';
        if starts_word && (left.is_ascii_alphanumeric() || (left == b'_' && !self.loose) || left == b'+') {
            return false;
        }
        let Some(end) = self.form.matches(text, start) else {
            cx.spend(self.form.prefix.len());
            return false;
        };
        cx.spend(end - start);
        if !self.loose && self.form.goes_on(at(text, end)) {
            return false;
        }
        let value = cut(text, start..end);
        let body = cut(value, self.form.prefix.len().min(value.len().saturating_sub(4))..value.len());
        let mix = Mix::of(body);
        let random = bits(value) >= self.entropy;
        let is_word = self.digits && (mix.digits < 2 || mix.letters() < 2);
        let is_wanted =
            self.word.as_ref().is_none_or(|word| word.before(text, start, NEAR) || is_glued(word, text, start));
        // A checksum that holds is proof; one that does not is none against it: tokens from before 2021 have none.
        let proven = self.crc && has_crc(value);
        if !is_wanted || is_word || !proven && (!random || self.is_placeholder(value, body)) {
            return false;
        }
        let signs = Signs::NONE
            .with(Sign::Prefix)
            .with_if(random, Sign::Entropy)
            .with_if(proven, Sign::Checksum)
            .with_if(self.word.is_some(), Sign::Context);
        cx.report(self.kind, start..end, if proven { 99 } else { 90 }, signs);
        true
    }

    fn is_placeholder(&self, value: &[u8], body: &[u8]) -> bool {
        // Long fixed forms need no check: `EXAMPLE` in a documented sample is the vendor's own.
        value.len() < 120 && self.entropy > 0.0 && is_placeholder(body)
    }
}

/// A word that is part of a longer identifier (`beamerToken`, `okta_key`).
fn is_glued(word: &Words, text: &[u8], start: usize) -> bool {
    word.anywhere(cut(text, start.saturating_sub(NEAR)..start))
}

/// GitHub's tokens end in the CRC-32 of their body, as six digits of base 62.
fn has_crc(token: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (Some(body), Some(tail)) = (token.get(4..34), token.get(34..40)) else { return false };
    let mut crc = crc32(body);
    let mut expected = *b"000000";
    for place in expected.iter_mut().rev() {
        *place = DIGITS.get((crc % 62) as usize).copied().unwrap_or(0);
        crc /= 62;
    }
    token.len() == 40 && tail == expected
}

/// CRC-32 of IEEE 802.3, bit by bit: thirty bytes a token.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
