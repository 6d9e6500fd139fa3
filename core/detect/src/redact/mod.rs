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

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::finding::{Finding, Findings, Span};
use crate::kind::KindId;
use crate::scanner::Scanner;

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
    /// `[EMAIL:9f86d081884c7d65]`: the kind, and 64 bits of HMAC-SHA-256, equal for equal values under one key.
    Hash,
    /// `*`, but for the last four letters and digits of values that have at least eight.
    Partial,
    /// Nothing.
    Remove,
}

impl Style {
    /// The style of a name in policies: `mask`, `placeholder`, `hash`, `partial`, `remove`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "mask" => Self::Mask,
            "placeholder" => Self::Placeholder,
            "hash" => Self::Hash,
            "partial" => Self::Partial,
            "remove" => Self::Remove,
            _ => return None,
        })
    }
}

/// One replacement: where it was, where it is now (both in bytes), and what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replacement {
    /// In the text that was given.
    pub from: Span,
    /// In the text that came out.
    pub to: Span,
    /// The strongest finding there.
    pub kind: KindId,
}

/// A text without what was found in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redacted {
    /// The text that came out.
    pub text: String,
    /// What was replaced, by place.
    pub replacements: Vec<Replacement>,
}

/// Replaces findings. One redactor numbers the values of one conversation; it keeps keyed digests of them, never text.
#[derive(Debug, Clone)]
pub struct Redactor {
    key: [u8; 32],
    /// By kind and digest: the number of a value.
    numbers: HashMap<(String, [u8; 32]), u32>,
    /// By kind: how many numbers were given.
    counts: HashMap<String, u32>,
}

impl Redactor {
    /// A redactor with a secret key of 256 bits. Under another key the same value has another hash.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, numbers: HashMap::new(), counts: HashMap::new() }
    }

    /// Replaces all findings in a style that depends on the finding. Findings that overlap are replaced as one: from the start
    /// of the first to the end of the last, in the style and under the kind of the one with the highest score.
    #[must_use]
    pub fn redact(
        &mut self,
        text: &str,
        findings: &Findings,
        scanner: &Scanner,
        style: impl Fn(&Finding) -> Style,
    ) -> Redacted {
        let mut redacted = Redacted { text: String::with_capacity(text.len()), ..Redacted::default() };
        let mut done = 0;
        for (span, finding) in united(findings) {
            let range = span.range();
            let (Some(before), Some(value)) = (text.get(done..range.start), text.get(range.clone())) else { continue };
            redacted.text.push_str(before);
            let start = redacted.text.len();
            let kind = scanner.kind(finding.kind).name();
            self.replace(value, kind, style(finding), &mut redacted.text);
            let to = Span::new(start, redacted.text.len());
            redacted.replacements.push(Replacement { from: span, to, kind: finding.kind });
            done = range.end;
        }
        redacted.text.push_str(text.get(done..).unwrap_or_default());
        redacted
    }

    fn replace(&mut self, value: &str, kind: &str, style: Style, out: &mut String) {
        match style {
            Style::Remove => {}
            Style::Mask => mask(value, 0, out),
            Style::Partial => {
                let count = value.chars().filter(|c| c.is_alphanumeric()).count();
                mask(value, if count >= MIN_PARTIAL { KEPT } else { 0 }, out);
            }
            Style::Placeholder => {
                let number = self.number(value, kind);
                out.push_str(&format!("[{}_{number}]", kind.to_uppercase()));
            }
            Style::Hash => {
                let digest = self.digest(value, kind);
                out.push_str(&format!("[{}:", kind.to_uppercase()));
                digest.iter().take(8).for_each(|byte| out.push_str(&format!("{byte:02x}")));
                out.push(']');
            }
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

/// Stretches of the text that findings cover, each with its strongest finding.
fn united(findings: &Findings) -> Vec<(Span, &Finding)> {
    let mut all: Vec<(Span, &Finding)> = Vec::with_capacity(findings.len());
    for finding in findings {
        match all.last_mut() {
            Some((span, strongest)) if finding.bytes.start < span.end => {
                span.end = span.end.max(finding.bytes.end);
                if finding.score > strongest.score {
                    *strongest = finding;
                }
            }
            _ => all.push((finding.bytes, finding)),
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
