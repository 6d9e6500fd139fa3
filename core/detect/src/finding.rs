//! What a scan gives: kinds, spans, scores and evidence. Never text.

use std::ops::Range;

use crate::kind::KindId;
use crate::normalise::ViewKind;

/// Start and end (exclusive) of a part of a text, in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first place that belongs to it.
    pub start: u32,
    /// The first place after it.
    pub end: u32,
}

impl Span {
    /// A span of two places; what lies beyond 4 GiB is clipped (no text of that size is scanned).
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clip = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self { start: clip(start), end: clip(end) }
    }

    /// As a range to slice with.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether two spans share a place.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Its length in its unit.
    #[must_use]
    pub fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

/// A reason to believe, or to doubt, a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Sign {
    /// A checksum holds.
    Checksum = 1 << 0,
    /// The number lies in a range that is issued.
    Issuer = 1 << 1,
    /// It is written as such things are written (groups, separators, prefix).
    Format = 1 << 2,
    /// A word that names it stands nearby.
    Context = 1 << 3,
    /// It has a line to itself.
    Alone = 1 << 4,
    /// Its characters are as mixed as a random value's.
    Entropy = 1 << 5,
    /// A vendor's own prefix.
    Prefix = 1 << 6,
    /// Its parts have the form that they must have (a JWT's header, a certificate's frame).
    Structure = 1 << 7,
    /// It was hidden: found only after decoding or folding.
    Hidden = 1 << 8,
    /// The text quotes or describes it.
    Quoted = 1 << 9,
    /// Its source is one that should not give orders (a tool's result, a retrieved document).
    Source = 1 << 10,
}

impl Sign {
    /// All signs, in the order in which reports name them.
    pub const ALL: [Self; 11] = [
        Self::Checksum,
        Self::Issuer,
        Self::Format,
        Self::Context,
        Self::Alone,
        Self::Entropy,
        Self::Prefix,
        Self::Structure,
        Self::Hidden,
        Self::Quoted,
        Self::Source,
    ];

    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Checksum => "checksum",
            Self::Issuer => "issuer",
            Self::Format => "format",
            Self::Context => "context",
            Self::Alone => "alone",
            Self::Entropy => "entropy",
            Self::Prefix => "prefix",
            Self::Structure => "structure",
            Self::Hidden => "hidden",
            Self::Quoted => "quoted",
            Self::Source => "source",
        }
    }
}

/// A set of [`Sign`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Signs(u16);

impl Signs {
    /// No sign at all.
    pub const NONE: Self = Self(0);

    /// The set with one more sign.
    #[must_use]
    pub const fn with(self, sign: Sign) -> Self {
        Self(self.0 | sign as u16)
    }

    /// The set with one more sign, if a condition holds.
    #[must_use]
    pub const fn with_if(self, condition: bool, sign: Sign) -> Self {
        if condition { self.with(sign) } else { self }
    }

    /// Whether a sign is in it.
    #[must_use]
    pub const fn has(self, sign: Sign) -> bool {
        self.0 & sign as u16 != 0
    }

    /// The signs in it.
    pub fn iter(self) -> impl Iterator<Item = Sign> {
        Sign::ALL.into_iter().filter(move |sign| self.has(*sign))
    }
}

/// Why a finding was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// The view of the text in which it was seen.
    pub view: ViewKind,
    /// The reasons.
    pub signs: Signs,
}

/// Something found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What it is; [`Scanner::kind`](crate::Scanner::kind) has name and family.
    pub kind: KindId,
    /// Where, in bytes of UTF-8.
    pub bytes: Span,
    /// Where, in UTF-16 code units (JavaScript, Java, C#).
    pub utf16: Span,
    /// Where, in code points (Python).
    pub chars: Span,
    /// How sure, from 0 to 100.
    pub score: u8,
    /// Why.
    pub evidence: Evidence,
}

/// All findings of one text, in the order of their start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    pub(crate) found: Vec<Finding>,
    pub(crate) scanned: usize,
    pub(crate) beyond: usize,
    pub(crate) steps: u64,
}

impl Findings {
    /// Findings that were made elsewhere, as a stream's guard does, by start; with the bytes that were scanned, and those that were
    /// left out.
    #[must_use]
    pub fn of(found: Vec<Finding>, scanned: usize, beyond: usize) -> Self {
        Self { found, scanned, beyond, steps: 0 }
    }

    /// The findings, by start.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.found.iter()
    }

    /// As a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[Finding] {
        &self.found
    }

    /// Whether nothing was found. That is no verdict when [`is_complete`](Self::is_complete) is false.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether the whole text was scanned. If not, a policy must treat the rest as a finding.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.beyond == 0
    }

    /// Bytes of the text that were scanned.
    #[must_use]
    pub fn scanned(&self) -> usize {
        self.scanned
    }

    /// Bytes at the text's end that lie beyond the budget and were not scanned.
    #[must_use]
    pub fn beyond(&self) -> usize {
        self.beyond
    }

    /// Work done: bytes that passes and checks looked at. Grows linearly with the text, which tests hold it to.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
