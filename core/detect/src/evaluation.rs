//! Scoring detectors on labelled texts: recall on those that hold something, false positives on those that do not.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::finding::{Findings, Span};
use crate::kind::Family;
use crate::profile::{Profile, Source};
use crate::scanner::{BuildError, Scanner, Scratch};

/// The families that count for texts of a kind (what stands before `:`); `None` for a kind that nobody knows.
#[must_use]
pub fn families(kind: &str) -> Option<&'static [Family]> {
    use Family as F;
    Some(match kind.split(':').next().unwrap_or_default() {
        "pii" | "pii_sentence" => &[F::Pii],
        "secret" => &[F::Secret],
        "sqli" => &[F::Sql],
        "xss" => &[F::Xss],
        "cmdi" => &[F::Shell],
        "code_inj" | "php_inj" | "java_inj" => &[F::Code],
        "lfi" => &[F::Path],
        "rfi" => &[F::Ssrf, F::Path],
        "prompt_injection" | "jailbreak" | "system_prompt_leak" => &[F::Prompt, F::Jailbreak],
        "toxicity" => &[F::Profanity],
        "benign" => &F::ALL,
        _ => return None,
    })
}

/// One labelled text.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// What names it; its hash decides to which half it belongs.
    pub id: String,
    /// Family of detectors and, behind `:`, what it is.
    pub kind: String,
    /// The text, or its parts, each scanned by itself.
    pub parts: Vec<String>,
    /// Whether it holds something.
    pub positive: bool,
    /// Where, in code points of the first part. Empty: anywhere counts.
    pub spans: Vec<Span>,
}

/// Counts over rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that hold something.
    pub positives: u64,
    /// Of these, rows with a finding (that overlaps a given span).
    pub detected: u64,
    /// Rows that hold nothing.
    pub negatives: u64,
    /// Of these, rows with a finding.
    pub flagged: u64,
    /// Bytes scanned.
    pub bytes: u64,
    /// Time that scanning took, as the caller measured it.
    pub time: Duration,
}

impl Tally {
    fn add(&mut self, positive: bool, hit: bool, bytes: u64, time: Duration) {
        let (all, some) =
            if positive { (&mut self.positives, &mut self.detected) } else { (&mut self.negatives, &mut self.flagged) };
        *all += 1;
        *some += u64::from(hit);
        self.bytes += bytes;
        self.time += time;
    }

    /// Detected of positives, from 0 to 1; `None` without positives.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.detected, self.positives)
    }

    /// Flagged of negatives, from 0 to 1; `None` without negatives.
    #[must_use]
    pub fn false_positive_rate(&self) -> Option<f64> {
        ratio(self.flagged, self.negatives)
    }

    /// Millions of bytes a second.
    #[must_use]
    pub fn megabytes_per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
        let bytes = self.bytes as f64;
        bytes / 1e6 / self.time.as_secs_f64().max(1e-9)
    }
}

fn ratio(some: u64, all: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    (all > 0).then(|| some as f64 / all as f64)
}

/// What a row came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As the label says.
    Right,
    /// Holds something that was not found.
    Missed,
    /// Holds nothing and was flagged.
    Flagged,
    /// Of a kind that no detector is there for.
    Unknown,
}

/// Scores rows of one file.
#[derive(Debug)]
pub struct Evaluation {
    scanners: BTreeMap<&'static str, Scanner>,
    scratch: Scratch,
    profile: Profile,
    /// Over all rows.
    pub total: Tally,
    /// By kind of row.
    pub kinds: BTreeMap<String, Tally>,
}

impl Evaluation {
    /// Nothing scored yet.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self {
            scanners: BTreeMap::new(),
            scratch: Scratch::default(),
            profile,
            total: Tally::default(),
            kinds: BTreeMap::new(),
        }
    }

    /// Scans a row with the detectors of its kind. `clock` gives the time since any moment; only its differences count.
    ///
    /// # Errors
    ///
    /// When a scanner cannot be built.
    pub fn score(&mut self, row: &Row, clock: &mut dyn FnMut() -> Duration) -> Result<Outcome, BuildError> {
        let Some(families) = families(&row.kind) else { return Ok(Outcome::Unknown) };
        let name = scanner_name(families);
        if !self.scanners.contains_key(name) {
            let scanner = Scanner::builder().profile(self.profile).families(families.iter().copied()).build()?;
            self.scanners.insert(name, scanner);
        }
        let Some(scanner) = self.scanners.get(name) else { return Ok(Outcome::Unknown) };
        let bytes = row.parts.iter().map(|part| part.len() as u64).sum();
        let started = clock();
        let mut hit = false;
        for part in &row.parts {
            let findings = scanner.scan_from(part, Source::User, &mut self.scratch);
            hit |= is_hit(&findings, &row.spans);
        }
        let time = clock().saturating_sub(started);
        self.total.add(row.positive, hit, bytes, time);
        self.kinds.entry(row.kind.clone()).or_default().add(row.positive, hit, bytes, time);
        Ok(match (row.positive, hit) {
            (true, false) => Outcome::Missed,
            (false, true) => Outcome::Flagged,
            _ => Outcome::Right,
        })
    }

    /// The names of the kinds that are found in a row that was scored, for reports on what was flagged.
    pub fn found_in(&mut self, row: &Row) -> Vec<String> {
        let Some(families) = families(&row.kind) else { return Vec::new() };
        let name = scanner_name(families);
        let Some(scanner) = self.scanners.get(name) else { return Vec::new() };
        let scratch = &mut self.scratch;
        row.parts
            .iter()
            .flat_map(|part| {
                scanner
                    .scan(part, scratch)
                    .iter()
                    .map(|found| scanner.kind(found.kind).name().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect()
    }
}

/// Rows of kinds that ask for the same families share a scanner.
fn scanner_name(families: &[Family]) -> &'static str {
    families.first().map_or("", |family| if families.len() > 2 { "all" } else { family.name() })
}

fn is_hit(findings: &Findings, spans: &[Span]) -> bool {
    findings.iter().any(|found| spans.is_empty() || spans.iter().any(|span| span.overlaps(found.chars)))
}
