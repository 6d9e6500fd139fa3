//! The one trait that every detector implements.

use std::fmt::Debug;
use std::ops::Range;

use crate::finding::{Sign, Signs};
use crate::kind::{Kind, KindId};
use crate::normalise::{ViewKind, Views};
use crate::profile::{Profile, Source};

/// A string whose occurrence wakes a detector up. ASCII case is ignored; beyond ASCII it is folded as texts are.
#[derive(Debug, Clone)]
pub(crate) struct Literal {
    /// At least one byte.
    pub text: String,
    /// Handed back with each hit.
    pub tag: u32,
    /// Only where no word character (in ASCII) touches it on a side where it itself ends in one.
    pub whole_word: bool,
}

impl Literal {
    pub(crate) fn new(text: impl Into<String>, tag: u32) -> Self {
        Self { text: text.into(), tag, whole_word: false }
    }

    pub(crate) fn word(text: impl Into<String>, tag: u32) -> Self {
        Self { text: text.into(), tag, whole_word: true }
    }
}

/// A literal that occurs in a view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    /// The literal's tag.
    pub tag: u32,
    /// Where it starts in the view.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// How far from a literal (or the start of a candidate) a detector looks, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// To the left: what a stream must remember.
    pub back: usize,
    /// To the right, the longest finding included: what a stream must hold back at most.
    pub ahead: usize,
}

/// Something that may become a finding, in the places of its view.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub kind: KindId,
    pub view: u16,
    pub start: usize,
    pub end: usize,
    pub score: u8,
    pub signs: Signs,
}

/// A detector. It keeps no state between calls: all it knows is the view and the place.
pub(crate) trait Detector: Debug + Send + Sync {
    /// What it reports. Its own numbers (`cx.report(0, ..)`) are places in this list.
    fn kinds(&self) -> Vec<Kind>;

    /// Its anchors.
    fn literals(&self) -> Vec<Literal> {
        Vec::new()
    }

    /// The views it wants to see.
    fn views(&self) -> Views {
        Views::LITERAL
    }

    /// How far it looks.
    fn reach(&self) -> Reach;

    /// One of its literals occurs. Bounded work: nothing beyond [`Reach`].
    fn hit(&self, _hit: Hit, _cx: &mut Cx<'_>) {}

    /// Its own pass over a view, after the literals. Linear work.
    fn pass(&self, _cx: &mut Cx<'_>) {}

    /// Looks at the candidates of all detectors in a view, after the passes; may add its own.
    fn settle(&self, _found: Range<usize>, _cx: &mut Cx<'_>) {}
}

/// What a detector works with: the view, and where it puts its candidates.
#[derive(Debug)]
pub(crate) struct Cx<'a> {
    /// The view's text, valid UTF-8.
    pub text: &'a [u8],
    /// Which view it is.
    pub view: ViewKind,
    /// Who wrote it.
    pub source: Source,
    /// What the scanner's texts are for.
    pub profile: Profile,
    pub(crate) view_number: u16,
    pub(crate) first_kind: u16,
    pub(crate) on: &'a [bool],
    pub(crate) kinds: &'a [Kind],
    pub(crate) out: &'a mut Vec<Candidate>,
    /// Working memory of custom patterns.
    pub(crate) caches: &'a mut [regex_automata::meta::Cache],
    pub(crate) steps: &'a mut u64,
}

impl<'a> Cx<'a> {
    /// Whether one of the detector's own kinds is asked for.
    pub(crate) fn wants(&self, kind: u16) -> bool {
        self.on.get(usize::from(self.first_kind + kind)).copied().unwrap_or(false)
    }

    /// A candidate of one of the detector's own kinds.
    pub(crate) fn report(&mut self, kind: u16, range: Range<usize>, score: u8, signs: Signs) {
        if !self.wants(kind) || range.is_empty() {
            return;
        }
        self.out.push(Candidate {
            kind: KindId(self.first_kind + kind),
            view: self.view_number,
            start: range.start,
            end: range.end,
            score: score.min(100),
            signs: signs.with_if(self.view != ViewKind::Base, Sign::Hidden),
        });
    }

    /// A sign for the detector's own [`Detector::settle`]: never a finding unless its kind was asked for by name.
    pub(crate) fn note(&mut self, kind: u16, range: Range<usize>, score: u8, signs: Signs) {
        if !range.is_empty() {
            let kind = KindId(self.first_kind + kind);
            let (view, start, end) = (self.view_number, range.start, range.end);
            self.out.push(Candidate { kind, view, start, end, score, signs });
        }
    }

    /// Counts work: bytes looked at.
    pub(crate) fn spend(&mut self, bytes: usize) {
        *self.steps += bytes as u64;
    }

    /// A kind of any detector.
    pub(crate) fn kind(&self, id: KindId) -> Option<&'a Kind> {
        self.kinds.get(usize::from(id.0))
    }

    /// The candidates so far.
    pub(crate) fn candidates(&self) -> &[Candidate] {
        self.out
    }
}
