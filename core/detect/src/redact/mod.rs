//! Redaction: what was found in a text is replaced, the rest stays as it is.
//!
//! ```
//! use llm_policy_detect::redact::{Redactor, Style};
//! use llm_policy_detect::{Scanner, Scratch};
//!
//! let scanner = Scanner::builder().build()?;
//! let text = "Card 4111 1111 1111 1111 of ada@example.org";
//! let findings = scanner.scan(text, &mut Scratch::default());
//! let mut redactor = Redactor::new([7; 32]);
//! let redacted = redactor.redact(text, &findings, &scanner, |_| Style::Partial);
//! assert_eq!(redacted.text, "Card **** **** **** 1111 of ***@******e.org");
//! # Ok::<(), llm_policy_detect::BuildError>(())
//! ```

mod fields;
mod json;
mod restore;
#[cfg(test)]
mod tests;
mod tree;
mod vault;

use std::collections::HashMap;
use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::finding::{Finding, Findings, Span};
use crate::hex;
use crate::kind::KindId;
use crate::scanner::Scanner;

pub use fields::{BadPath, Fields, steps};
pub use json::{Item, NotJson, Step, edit};
pub use restore::{MAX_PLACEHOLDER, Restorer};
pub use tree::{Replaced, Rule, TreeRedaction, What};
pub use vault::{Vault, VaultError};

/// Characters that [`Style::Partial`] leaves.
const KEPT: usize = 4;
/// Values with fewer letters and digits are masked as a whole: four of them would be most of it.
const MIN_PARTIAL: usize = 8;

/// What takes the place of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// `*` for every letter and digit; separators stay.
    Mask,
    /// `[EMAIL_1]`: the kind, and a number that equal values share within one redactor.
    #[default]
    Placeholder,
    /// `[EMAIL]`: the kind alone.
    Label,
    /// `[EMAIL:9f86d081884c7d65]`: the kind, and 64 bits of HMAC-SHA-256, equal for equal values under one key.
    Hash,
    /// `*`, but for the last four letters and digits of values that have at least eight.
    Partial,
    /// Nothing.
    Remove,
    /// `[EMAIL_K7F3Q9XA]`: a random placeholder, from which a [`Restorer`] makes the value again. Without a [`Vault`], or when that
    /// is full, as [`Style::Label`].
    Reversible,
}

impl Style {
    /// All styles.
    pub const ALL: [Self; 7] =
        [Self::Mask, Self::Placeholder, Self::Label, Self::Hash, Self::Partial, Self::Remove, Self::Reversible];

    /// The name in policies and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::Placeholder => "placeholder",
            Self::Label => "label",
            Self::Hash => "hash",
            Self::Partial => "partial",
            Self::Remove => "remove",
            Self::Reversible => "reversible",
        }
    }

    /// The style of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.name() == name)
    }
}

/// One replacement: where it was, where it is now (both in bytes), and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replacement {
    /// In the text that was given.
    pub from: Span,
    /// In the text that came out.
    pub to: Span,
    /// The strongest finding there. `None`: the text looked like a reversible placeholder, or lies beyond the scanner's budget.
    pub kind: Option<KindId>,
}

/// A text without what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redacted {
    /// The text that came out.
    pub text: String,
    /// What was replaced, by place.
    pub replacements: Vec<Replacement>,
}

/// Replaces findings. One redactor numbers the values of one conversation; it keeps keyed digests of them, never text, unless it
/// has a [`Vault`].
#[derive(Debug, Clone)]
pub struct Redactor {
    key: [u8; 32],
    /// By kind and digest: the number of a value.
    numbers: HashMap<(String, [u8; 32]), u32>,
    /// By kind: how many numbers were given.
    counts: HashMap<String, u32>,
    vault: Option<Vault>,
}

impl Redactor {
    /// A redactor with a secret key of 256 bits. Under another key the same value has another hash.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, numbers: HashMap::new(), counts: HashMap::new(), vault: None }
    }

    /// With a vault for what is redacted reversibly. From then on a text that already holds one of the vault's placeholders is
    /// escaped: it comes back as it was typed, and not as the value.
    #[must_use]
    pub fn with_vault(mut self, vault: Vault) -> Self {
        self.vault = Some(vault);
        self
    }

    /// The vault, to restore from or to save.
    #[must_use]
    pub fn vault(&self) -> Option<&Vault> {
        self.vault.as_ref()
    }

    /// As JSON text, to go on with in another process: with the key, and the vault's values in clear.
    #[must_use]
    pub fn save(&self) -> String {
        let mut numbers: Vec<_> = self.numbers.iter().collect();
        numbers.sort_unstable();
        let numbers: Vec<_> =
            numbers.into_iter().map(|((kind, digest), number)| json!([kind, hex::write(digest), number])).collect();
        let vault = self.vault.as_ref().map(Vault::save);
        json!({"redactor": 1, "key": hex::write(&self.key), "numbers": numbers, "vault": vault}).to_string()
    }

    /// Opens a redactor that was saved; its vault's scope has to be `scope`.
    ///
    /// # Errors
    /// When it is none, or the vault another's.
    pub fn open(saved: &str, scope: &str) -> Result<Self, VaultError> {
        let saved: Value = serde_json::from_str(saved).map_err(|_| VaultError::Broken)?;
        let broken = || VaultError::Broken;
        if saved.get("redactor") != Some(&json!(1)) {
            return Err(broken());
        }
        let mut redactor = Self::new(saved.get("key").and_then(Value::as_str).and_then(hex::read).ok_or_else(broken)?);
        for value in saved.get("numbers").and_then(Value::as_array).ok_or_else(broken)? {
            let kind = value.get(0).and_then(Value::as_str).ok_or_else(broken)?;
            let digest = value.get(1).and_then(Value::as_str).and_then(hex::read).ok_or_else(broken)?;
            let number = value.get(2).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
            let number = number.ok_or_else(broken)?;
            let count = redactor.counts.entry(kind.to_owned()).or_default();
            *count = (*count).max(number);
            redactor.numbers.insert((kind.to_owned(), digest), number);
        }
        redactor.vault = match saved.get("vault") {
            Some(Value::String(vault)) => Some(Vault::open(vault, scope)?),
            _ => None,
        };
        Ok(redactor)
    }

    /// Replaces all findings in a style that depends on the finding. Findings that overlap are replaced as one: from the start
    /// of the first to the end of the last, in the style and under the kind of the one with the highest score. What lies beyond
    /// the scanner's budget is replaced as a whole by `[UNSCANNED]`.
    #[must_use]
    pub fn redact(
        &mut self,
        text: &str,
        findings: &Findings,
        scanner: &Scanner,
        style: impl Fn(&Finding) -> Style,
    ) -> Redacted {
        let chosen = findings.iter().map(|finding| (*finding, style(finding))).collect();
        let typed = self.typed(text);
        self.redact_chosen(text, chosen, typed, findings.scanned(), scanner)
    }

    /// Where a text holds placeholders before anything was redacted.
    pub(crate) fn typed(&self, text: &str) -> Vec<Range<usize>> {
        self.vault.as_ref().map(|vault| restore::written(vault, text)).unwrap_or_default()
    }

    /// Replaces findings, each in its style, typed placeholders, and what lies beyond what was scanned.
    pub(crate) fn redact_chosen(
        &mut self,
        text: &str,
        chosen: Vec<(Finding, Style)>,
        typed: Vec<Range<usize>>,
        scanned: usize,
        scanner: &Scanner,
    ) -> Redacted {
        let mut redacted = Redacted { text: String::with_capacity(text.len()), ..Redacted::default() };
        let mut done = 0;
        for (span, strongest) in united(chosen, typed) {
            let range = span.start as usize..(span.end as usize).min(scanned);
            let (Some(before), Some(value)) = (text.get(done..range.start), text.get(range.clone())) else { continue };
            redacted.text.push_str(before);
            let start = redacted.text.len();
            match &strongest {
                Some((finding, style)) => {
                    self.replace(value, scanner.kind(finding.kind).name(), *style, &mut redacted.text);
                }
                None => self.escape(value, &mut redacted.text),
            }
            let to = Span::new(start, redacted.text.len());
            let kind = strongest.map(|(finding, _)| finding.kind);
            redacted.replacements.push(Replacement { from: Span::new(range.start, range.end), to, kind });
            done = range.end;
        }
        redacted.text.push_str(text.get(done..scanned).unwrap_or_default());
        if scanned < text.len() {
            let start = redacted.text.len();
            redacted.text.push_str("[UNSCANNED]");
            let (from, to) = (Span::new(scanned, text.len()), Span::new(start, redacted.text.len()));
            redacted.replacements.push(Replacement { from, to, kind: None });
        }
        redacted
    }

    /// What takes the place of a value.
    pub(crate) fn replace(&mut self, value: &str, kind: &str, style: Style, out: &mut String) {
        match style {
            Style::Remove => {}
            Style::Mask => mask(value, 0, out),
            Style::Partial => {
                let count = value.chars().filter(|c| c.is_alphanumeric()).count();
                mask(value, if count >= MIN_PARTIAL { KEPT } else { 0 }, out);
            }
            Style::Label => out.push_str(&format!("[{}]", kind.to_uppercase())),
            Style::Placeholder => {
                let number = self.number(value, kind);
                out.push_str(&format!("[{}_{number}]", kind.to_uppercase()));
            }
            Style::Hash => {
                let digest = self.digest(value, kind);
                let shown = digest.first_chunk::<8>().map(|first| hex::write(first)).unwrap_or_default();
                out.push_str(&format!("[{}:{shown}]", kind.to_uppercase()));
            }
            Style::Reversible => match self.vault.as_mut().and_then(|vault| vault.placeholder(kind, value)) {
                Some(placeholder) => out.push_str(&placeholder),
                None => self.replace(value, kind, Style::Label, out),
            },
        }
    }

    /// What takes the place of a number, which stays one: 0, but for its last four digits (`partial`), or 52 bits of a keyed
    /// digest (`hash`). Numbers are not restored.
    fn replace_number(&self, number: &str, kind: &str, style: Style) -> String {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        match style {
            Style::Partial if digits.len() >= MIN_PARTIAL => {
                let last: u64 = digits.get(digits.len() - KEPT..).and_then(|last| last.parse().ok()).unwrap_or(0);
                last.to_string()
            }
            Style::Hash => {
                let digest = self.digest(number, kind);
                let number = digest.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
                (number >> 12).to_string()
            }
            _ => "0".to_owned(),
        }
    }

    fn escape(&mut self, typed: &str, out: &mut String) {
        match self.vault.as_mut().and_then(|vault| vault.escape(typed)) {
            Some(placeholder) => out.push_str(&placeholder),
            None => out.push_str("[TEXT]"),
        }
    }

    fn number(&mut self, value: &str, kind: &str) -> u32 {
        let digest = self.digest(value, kind);
        let counts = &mut self.counts;
        *self.numbers.entry((kind.to_owned(), digest)).or_insert_with(|| {
            let count = counts.entry(kind.to_owned()).or_default();
            *count += 1;
            *count
        })
    }

    fn digest(&self, value: &str, kind: &str) -> [u8; 32] {
        // A key of any length is fine for HMAC; ours has 32 bytes.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else { return [0; 32] };
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Stretches of the text that findings or typed placeholders cover, each with its strongest finding.
fn united(chosen: Vec<(Finding, Style)>, typed: Vec<Range<usize>>) -> Vec<(Span, Option<(Finding, Style)>)> {
    let typed = typed.into_iter().map(|range| (Span::new(range.start, range.end), None));
    let mut parts: Vec<(Span, Option<(Finding, Style)>)> = Vec::with_capacity(chosen.len());
    parts.extend(chosen.into_iter().map(|(finding, style)| (finding.bytes, Some((finding, style)))));
    parts.extend(typed);
    parts.sort_by_key(|(span, _)| span.start);
    let mut all: Vec<(Span, Option<(Finding, Style)>)> = Vec::with_capacity(parts.len());
    let score = |part: &Option<(Finding, Style)>| part.map_or(0, |(finding, _)| finding.score + 1);
    for (span, part) in parts {
        match all.last_mut() {
            Some((last, strongest)) if span.start < last.end => {
                last.end = last.end.max(span.end);
                if score(&part) > score(strongest) {
                    *strongest = part;
                }
            }
            _ => all.push((span, part)),
        }
    }
    all
}

/// `*` for letters and digits, all but the last few.
fn mask(value: &str, kept: usize, out: &mut String) {
    let mut left = value.chars().filter(|c| c.is_alphanumeric()).count();
    for c in value.chars() {
        if !c.is_alphanumeric() {
            out.push(c);
            continue;
        }
        out.push(if left > kept { '*' } else { c });
        left -= 1;
    }
}
