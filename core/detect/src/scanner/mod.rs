//! The scanner: all detectors that are asked for, compiled to one object.

mod builder;
mod families;
pub(crate) mod overlap;
pub(crate) mod places;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::dfa::DFA;

pub use builder::{BuildError, Builder};
pub use families::kinds;

use crate::bytes::{at, before, ceil, cut, floor};
use crate::custom::Custom;
use crate::detector::{Candidate, Cx, Detector, Hit, Reach};
use crate::finding::{Evidence, Finding, Findings, Span};
use crate::kind::{Kind, KindId};
use crate::normalise::{Normaliser, Views, fold_text};
use crate::profile::{Profile, Source};

/// Bytes of one text that are scanned unless the builder says otherwise: 1 MiB.
pub const DEFAULT_BUDGET: usize = 1 << 20;

/// Working memory of scans, one a thread. Any scanner may use it.
#[derive(Debug, Default)]
pub struct Scratch {
    normaliser: Normaliser,
    candidates: Vec<Candidate>,
    /// Working memory of custom patterns, and the number of the scanner that has them.
    caches: (u64, Vec<regex_automata::meta::Cache>),
}

/// The part of a text whose findings are asked for; what is around it is context.
#[derive(Debug)]
pub(crate) struct Part<'p> {
    /// Where findings start.
    pub range: Range<usize>,
    /// By pattern of the author's own: where its last match ended. Brought up to date.
    pub custom: &'p mut [usize],
}

/// A detector in its place.
#[derive(Debug)]
struct Installed {
    detector: Box<dyn Detector>,
    /// The number of its first kind.
    first_kind: u16,
    views: Views,
}

/// Who is called when a literal occurs.
#[derive(Debug, Clone, Copy)]
struct Trigger {
    detector: u16,
    tag: u32,
    whole_word: bool,
}

/// All detectors that were asked for. Made by [`Scanner::builder`]; cheap to share, never locked.
#[derive(Debug)]
pub struct Scanner {
    detectors: Vec<Installed>,
    kinds: Vec<Kind>,
    /// By kind: looked for, and the lowest score that counts. What is only looked for on behalf of other kinds never counts.
    on: Vec<bool>,
    thresholds: Vec<u8>,
    literals: Option<DFA>,
    /// By pattern of the automaton: where its triggers lie.
    patterns: Vec<(u32, u32)>,
    triggers: Vec<Trigger>,
    views: Views,
    profile: Profile,
    budget: usize,
    /// Values that are none of anybody's business, folded.
    allowed: HashSet<String>,
    custom: Option<Custom>,
    /// The number of the first kind of custom patterns.
    first_custom: u16,
    /// No two scanners of a process have the same.
    number: u64,
}

impl Scanner {
    /// A scanner for all default kinds of all families, to be narrowed down.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// All kinds that this scanner knows, asked for or not.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// The kinds that were asked for.
    pub fn looked_for(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter().zip(self.shown()).filter(|(_, shown)| *shown).map(|(kind, _)| kind)
    }

    /// The kind called `name`.
    #[must_use]
    pub fn kind_id(&self, name: &str) -> Option<KindId> {
        let at = self.kinds.iter().position(|kind| kind.name() == name)?;
        Some(KindId(at.try_into().ok()?))
    }

    /// The kind of a finding of this scanner.
    ///
    /// # Panics
    ///
    /// Never for findings of this scanner; for those of another one it gives some kind or other.
    #[must_use]
    pub fn kind(&self, id: KindId) -> &Kind {
        static UNKNOWN: std::sync::LazyLock<Kind> =
            std::sync::LazyLock::new(|| Kind::new("unknown", crate::kind::Family::Custom, ""));
        self.kinds.get(usize::from(id.0)).unwrap_or(&UNKNOWN)
    }

    /// Whether a kind was asked for.
    #[must_use]
    pub fn is_on(&self, id: KindId) -> bool {
        self.thresholds.get(usize::from(id.0)).is_some_and(|threshold| *threshold <= 100)
    }

    /// Bytes of one text that are scanned.
    #[must_use]
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// By kind: whether it was asked for.
    pub(crate) fn shown(&self) -> impl Iterator<Item = bool> {
        self.thresholds.iter().map(|threshold| *threshold <= 100)
    }

    /// How far the detectors look around a place: what a stream must remember and hold back.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let all = self.detectors.iter().map(|installed| installed.detector.reach());
        all.chain(self.custom.as_ref().map(Detector::reach))
            .fold(Reach { back: 0, ahead: 0 }, |a, b| Reach { back: a.back.max(b.back), ahead: a.ahead.max(b.ahead) })
    }

    /// Scans a text of a user. Work grows linearly with the text, whatever it holds; nothing is allocated when nothing is found
    /// and the scratch memory has been used before.
    #[must_use]
    pub fn scan(&self, text: &str, scratch: &mut Scratch) -> Findings {
        self.scan_from(text, Source::User, scratch)
    }

    /// Scans a text of a given source.
    #[must_use]
    pub fn scan_from(&self, text: &str, source: Source, scratch: &mut Scratch) -> Findings {
        let scanned = floor(text.as_bytes(), self.budget);
        let beyond = text.len() - scanned;
        let text = text.get(..scanned).unwrap_or(text);
        let mut findings = Findings { scanned, beyond, ..Findings::default() };
        findings.steps = self.look(text, source, scratch, None, &mut findings.found);
        if !findings.found.is_empty() {
            overlap::resolve(&mut findings.found, |kind| self.kind(kind).family());
            places::fill(text, &mut findings.found);
        }
        findings
    }

    /// All that is found in a text, overlapping ones included, in no order, without places in UTF-16 and code points. Of a part:
    /// only what starts there. Returns the work.
    pub(crate) fn look(
        &self,
        text: &str,
        source: Source,
        scratch: &mut Scratch,
        mut part: Option<Part<'_>>,
        found: &mut Vec<Finding>,
    ) -> u64 {
        let Scratch { normaliser, candidates, caches } = scratch;
        if caches.0 != self.number {
            *caches = (self.number, self.custom.as_ref().map(Custom::caches).unwrap_or_default());
        }
        candidates.clear();
        let mut steps = 0;
        normaliser.start(text);
        steps += normaliser.derive(text, self.views) as u64;
        for number in 0..normaliser.len() {
            let (kind, bytes) = normaliser.get(number, text);
            let mut cx = Cx {
                text: bytes,
                view: kind,
                source,
                profile: self.profile,
                view_number: u16::try_from(number).unwrap_or(u16::MAX),
                first_kind: 0,
                on: &self.on,
                kinds: &self.kinds,
                out: candidates,
                caches: &mut caches.1,
                steps: &mut steps,
            };
            let from = cx.out.len();
            self.view(&mut cx);
            if let Some(custom) = self.custom.as_ref().filter(|custom| custom.views().has(kind)) {
                cx.first_kind = self.first_custom;
                match &mut part {
                    None => custom.pass(&mut cx),
                    Some(part) => {
                        let place = |place| normaliser.to_view(number, place, bytes.len());
                        let region = place(part.range.start)..place(part.range.end);
                        let mut done: Vec<usize> = part.custom.iter().map(|done| place(*done)).collect();
                        custom.region(region, &mut done, &mut cx);
                        if number == 0 {
                            let text = |place: usize| normaliser.to_text(0, place.saturating_sub(1), place).1;
                            part.custom.iter_mut().zip(done).for_each(|(own, done)| *own = (*own).max(text(done)));
                        }
                    }
                }
            }
            self.settle(from, &mut cx);
        }
        for candidate in candidates.iter() {
            let threshold = self.thresholds.get(usize::from(candidate.kind.0)).copied().unwrap_or(u8::MAX);
            if candidate.score < threshold {
                continue;
            }
            // A detector may stop inside of a character, or expect one more at the end; a finding is of whole characters that are there.
            let seen = normaliser.get(usize::from(candidate.view), text).1;
            let (start, end) = (floor(seen, candidate.start), ceil(seen, candidate.end.min(seen.len())));
            let (start, end) = normaliser.to_text(usize::from(candidate.view), start, end);
            if part.as_ref().is_some_and(|part| !part.range.contains(&start)) {
                continue;
            }
            if self.is_allowed(normaliser.get(usize::from(candidate.view), text).1, candidate) {
                continue;
            }
            let evidence =
                Evidence { view: normaliser.get(usize::from(candidate.view), text).0, signs: candidate.signs };
            found.push(Finding {
                kind: candidate.kind,
                bytes: Span::new(start, end),
                utf16: Span::default(),
                chars: Span::default(),
                score: candidate.score,
                evidence,
            });
        }
        steps
    }

    /// The longest match that the author's own patterns can have; `None` when one of them has no bound that counts.
    pub(crate) fn longest_custom(&self) -> Option<usize> {
        self.custom.as_ref().map_or(Some(0), Custom::longest)
    }

    /// How many patterns of the author's own there are.
    pub(crate) fn custom_patterns(&self) -> usize {
        self.kinds.len() - usize::from(self.first_custom)
    }

    /// Whether a candidate is a value that was allowed.
    fn is_allowed(&self, view: &[u8], candidate: &Candidate) -> bool {
        if self.allowed.is_empty() {
            return false;
        }
        let value = std::str::from_utf8(cut(view, candidate.start..candidate.end)).unwrap_or_default();
        self.allowed.contains(&fold_text(value).to_lowercase())
    }

    /// All detectors over one view.
    fn view(&self, cx: &mut Cx<'_>) {
        let kind = cx.view;
        cx.spend(cx.text.len());
        if let Some(literals) = &self.literals {
            self.literals(literals, cx);
        }
        for installed in self.detectors.iter().filter(|installed| installed.views.has(kind)) {
            cx.first_kind = installed.first_kind;
            installed.detector.pass(cx);
        }
    }

    /// What detectors make of the candidates of one view.
    fn settle(&self, from: usize, cx: &mut Cx<'_>) {
        let kind = cx.view;
        for installed in self.detectors.iter().filter(|installed| installed.views.has(kind)) {
            cx.first_kind = installed.first_kind;
            let found = from..cx.out.len();
            installed.detector.settle(found, cx);
        }
    }

    /// The one pass over a view that finds all literals of all detectors.
    fn literals(&self, literals: &DFA, cx: &mut Cx<'_>) {
        let input = aho_corasick::Input::new(cx.text);
        let mut state = OverlappingState::start();
        // Unanchored search over bytes cannot fail; if it did, that would be the end of the pass.
        while literals.try_find_overlapping(&input, &mut state).is_ok() {
            let Some(found) = state.get_match() else { break };
            let Some((from, to)) = self.patterns.get(found.pattern().as_usize()) else { continue };
            let (start, end) = (found.start(), found.end());
            for trigger in self.triggers.get(*from as usize..*to as usize).unwrap_or_default() {
                if trigger.whole_word && !is_whole_word(cx.text, start, end) {
                    continue;
                }
                let Some(installed) = self.detectors.get(usize::from(trigger.detector)) else { continue };
                if !installed.views.has(cx.view) {
                    continue;
                }
                *cx.steps += 1;
                cx.first_kind = installed.first_kind;
                installed.detector.hit(Hit { tag: trigger.tag, start, end }, cx);
            }
        }
    }
}

/// Whether no letter, digit or `_` of ASCII touches a literal on a side where it ends in one itself. Scripts beyond ASCII
/// are not judged: many write without blanks.
fn is_whole_word(text: &[u8], start: usize, end: usize) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !(part(before(text, start)) && part(at(text, start)) || part(at(text, end)) && part(before(text, end)))
}
