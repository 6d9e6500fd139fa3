//! What one evaluation knows of its texts: each is scanned once, when the first rule asks.

use std::cell::RefCell;
use std::ops::Range;

use llm_policy_cel::error::{ErrorKind, Result};
use llm_policy_cel::function::Context;
use llm_policy_cel::value::Val;
use llm_policy_detect::{Finding, Findings, Kind, Scanner, Scratch, Source};
use rustc_hash::FxHashMap;

use super::Detector;
use super::texts::{Met, Place, walk};
use crate::context::Stage;

/// Fuel for scanning: a unit for so many bytes.
const BYTES_PER_UNIT: u64 = 16;

/// What an evaluation remembers of texts. Kept by each thread and used again.
#[derive(Debug, Default)]
pub(crate) struct Detection(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    source: Source,
    scratch: Scratch,
    texts: Vec<Scanned>,
    known: FxHashMap<(Place, u32, Source), u32>,
    /// Texts that the engine put together, and their parts.
    joined: FxHashMap<Place, Range<usize>>,
    pieces: Vec<Piece>,
    /// The languages of texts.
    languages: FxHashMap<Place, &'static str>,
    /// A text whose findings are known.
    given: Option<Given>,
    /// What questions picked, when somebody wants to know.
    picked: Option<Vec<Picked>>,
}

/// A text that was scanned.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// Where it lies.
    pub(crate) place: Place,
    /// Who scanned it.
    pub(crate) detector: u32,
    /// What is in it.
    pub(crate) findings: Findings,
}

/// What is in a text that is not there as a whole: a stream is judged by what its guard has found so far.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// Where the text lies that stands for it.
    pub(crate) place: Place,
    /// Whose findings these are.
    pub(crate) detector: u32,
    pub(crate) findings: Findings,
}

/// A part of a text that the engine put together.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Where it stands in the whole.
    pub(crate) range: Range<usize>,
    /// Where it was taken from.
    pub(crate) place: Place,
    /// Who wrote it.
    pub(crate) source: Source,
}

/// A finding that a question asked for: the number of a text, and of a finding in it. `None`: the bytes that were not read.
pub(crate) type Picked = (u32, Option<u32>);

/// Whether a question is about findings of a kind.
pub(crate) type Picks<'s> = &'s dyn Fn(&Kind) -> bool;

impl Detection {
    /// Forgets the evaluation before.
    pub(crate) fn begin(&self, stage: Stage, given: Option<&Given>) {
        let mut state = self.0.borrow_mut();
        state.given = given.cloned();
        state.source = match stage {
            Stage::Request => Source::User,
            Stage::Response | Stage::ToolCall => Source::Model,
            Stage::ToolResult => Source::Tool,
        };
        if !(state.texts.is_empty() && state.pieces.is_empty()) {
            state.texts.clear();
            state.known.clear();
            state.joined.clear();
            state.pieces.clear();
        }
        if !state.languages.is_empty() {
            state.languages.clear();
        }
        state.picked = None;
    }

    /// The language of `text`: what is known, or else what `find` says.
    pub(super) fn language(&self, text: &str, find: impl FnOnce() -> &'static str) -> &'static str {
        self.0.borrow_mut().languages.entry(Place::of(text)).or_insert_with(|| {
            #[cfg(test)]
            LANGUAGES.with(|languages| languages.set(languages.get() + 1));
            find()
        })
    }

    /// Who wrote what stands in no message.
    pub(crate) fn source(&self) -> Source {
        self.0.borrow().source
    }

    /// Remembers what `text` was put together from.
    pub(crate) fn join(&self, text: &str, pieces: impl IntoIterator<Item = Piece>) {
        let mut state = self.0.borrow_mut();
        let from = state.pieces.len();
        state.pieces.extend(pieces);
        let to = state.pieces.len();
        state.joined.insert(Place::of(text), from..to);
    }

    /// From here on, what questions pick is written down.
    pub(crate) fn watch(&self) {
        self.0.borrow_mut().picked = Some(Vec::new());
    }

    /// What was written down since [`Detection::watch`].
    pub(crate) fn picked(&self) -> Vec<Picked> {
        self.0.borrow_mut().picked.take().unwrap_or_default()
    }

    /// The texts that were scanned, by number.
    pub(crate) fn texts<T>(&self, look: impl FnOnce(&[Scanned]) -> T) -> T {
        look(&self.0.borrow().texts)
    }

    /// Scans the texts of `value` with `detector`, those that it has not scanned yet, and hands over what `picks` is true for.
    /// False: not all bytes were read.
    fn ask(
        &self,
        detector: &Detector,
        scanner: &Scanner,
        pay: &dyn Fn(usize) -> Result<()>,
        value: Val<'_>,
        picks: Picks<'_>,
        found: &mut dyn FnMut(&Kind, &Finding),
    ) -> Result<bool> {
        let mut state = self.0.borrow_mut();
        let mut outcome = Ok(true);
        let (source, state) = (state.source, &mut *state);
        walk(value, source, &mut |met| {
            let Met::Text(text, place, source) = met else { return };
            let pieces = state.joined.get(&place).cloned().unwrap_or_default();
            let whole = Piece { range: 0..text.len(), place, source };
            let count = pieces.len().max(1);
            for at in 0..count {
                let piece = state.pieces.get(pieces.start + at).filter(|_| !pieces.is_empty()).cloned();
                let Piece { range, place, source } = piece.unwrap_or_else(|| whole.clone());
                let (Some(part), Ok(complete)) = (text.get(range), outcome.as_mut()) else { continue };
                if let Err(error) = pay(part.len()) {
                    outcome = Err(error);
                    return;
                }
                let number = state.scan(detector, scanner, part, place, source);
                let State { texts, picked, .. } = &mut *state;
                let Some(Scanned { findings, .. }) = texts.get(number as usize) else { continue };
                let mut note = |finding| {
                    if let Some(picked) = picked {
                        picked.push((number, finding));
                    }
                };
                for (at, finding) in (0..).zip(findings) {
                    let kind = scanner.kind(finding.kind);
                    if picks(kind) {
                        found(kind, finding);
                        note(Some(at));
                    }
                }
                if !findings.is_complete() {
                    *complete = false;
                    note(None);
                }
            }
        });
        outcome
    }
}

impl State {
    fn scan(&mut self, detector: &Detector, scanner: &Scanner, text: &str, place: Place, source: Source) -> u32 {
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let number = *self.known.entry((place, detector.number(), source)).or_insert(next);
        if number == next {
            let is_known = |given: &&Given| given.place == place && given.detector == detector.number();
            let findings = match self.given.as_ref().filter(is_known) {
                Some(given) => given.findings.clone(),
                None => {
                    #[cfg(test)]
                    SCANS.with(|scans| scans.set(scans.get() + 1));
                    scanner.scan_from(text, source, &mut self.scratch)
                }
            };
            self.texts.push(Scanned { place, detector: detector.number(), findings });
        }
        number
    }
}

#[cfg(test)]
thread_local! {
    /// Scans on this thread, for tests that count them.
    pub(crate) static SCANS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
    /// Texts whose language was looked for.
    pub(crate) static LANGUAGES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Fuel for reading so many bytes.
pub(super) fn units(bytes: usize) -> u64 {
    bytes as u64 / BYTES_PER_UNIT
}

/// Whether a value can be asked about.
pub(super) fn has_texts(value: Val<'_>) -> bool {
    matches!(
        value,
        Val::Str(_) | Val::List(_) | Val::Map(_) | Val::Int(_) | Val::Uint(_) | Val::Null | Val::Optional(_)
    )
}

/// Hands over what `picks` is true for of the texts of `value`. False: not all bytes were read. Fuel is paid for all texts,
/// whoever scanned them: what a rule costs does not depend on what other rules ask.
pub(crate) fn ask<'a>(
    detector: &Detector,
    cx: &Context<'a>,
    value: Val<'a>,
    picks: Picks<'_>,
    found: &mut dyn FnMut(&Kind, &Finding),
) -> Result<bool> {
    if !has_texts(value) {
        return Err(ErrorKind::NoSuchOverload.into());
    }
    // While a program is being built there is no scanner yet, and nothing is worked out ahead.
    let scanner = detector.scanner().ok_or(ErrorKind::OutOfFuel)?;
    let pay = |bytes: usize| cx.pay(1 + units(bytes));
    match cx.host.downcast_ref::<Detection>() {
        Some(detection) => detection.ask(detector, scanner, &pay, value, picks, found),
        None => Detection::default().ask(detector, scanner, &pay, value, picks, found),
    }
}
