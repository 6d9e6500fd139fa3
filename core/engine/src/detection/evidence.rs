//! What was found, and where: kinds and spans, never text.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::sync::Arc;

use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Map, Val};
use llm_policy_detect::{Finding, Kind, Span};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value as Json, json};

use super::memory::{Detection, Picked, ask};
use super::questions::score;
use super::texts::{Met, Place, Step, walk};
use crate::compile::Compiled;
use crate::compile::rules::Redaction;
use crate::evaluate::run::{Outcome, Pass};

/// The most findings that a decision lists; more are only counted.
pub const MAX_EVIDENCE: usize = 256;

/// The kind of what stands for bytes that were not read.
pub const UNREAD: &str = "unread";

/// The longest name of a field that a path repeats.
const LONGEST_NAME: usize = 32;

/// Something that a rule asked for and that was found.
///
/// A path is that of a field of the context (`request.messages[0].text`). Of a free object's keys it repeats only those that
/// look like names of parameters; any other is its number among the object's keys in the order of the alphabet, from 0
/// (`tool.arguments{2}`), because a key may be what was found. `@key` behind it says that it was found in the key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it was found; `None`: in a text that the condition made itself.
    pub field: Option<Arc<str>>,
    /// What it is, `email`; `unread` stands for the bytes at a text's end that detectors do not read.
    pub kind: Arc<str>,
    /// The family of detectors that found it, `pii`.
    pub family: &'static str,
    /// How sure that is, from 0 to 100.
    pub score: u8,
    /// Its place in the field's text, in bytes of UTF-8.
    pub bytes: Span,
    /// The same in UTF-16 code units.
    pub utf16: Span,
    /// The same in code points.
    pub chars: Span,
}

impl Evidence {
    /// As a decision shows it: `{"field", "kind", "family", "score", "bytes", "utf16", "chars"}`, spans as `[start, end]`. What
    /// has no field has no spans either.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = json!({"kind": &*self.kind, "family": self.family, "score": share(self.score)});
        if let (Some(field), Some(object)) = (&self.field, out.as_object_mut()) {
            object.insert("field".to_owned(), json!(&**field));
            for (unit, span) in [("bytes", self.bytes), ("utf16", self.utf16), ("chars", self.chars)] {
                object.insert(unit.to_owned(), json!([span.start, span.end]));
            }
        }
        out
    }
}

/// A score as canonical JSON has it: `1`, and not `1.0`.
fn share(hundredths: u8) -> Json {
    match hundredths {
        0 | 100 => (hundredths / 100).into(),
        _ => score(hundredths).into(),
    }
}

/// What the rules with these outcomes asked for and found, by field and place, and how much that is.
pub(crate) fn of(pass: &Pass<'_, '_>, outcomes: &[Outcome]) -> (Vec<Evidence>, usize) {
    let rule = |outcome: &Outcome| pass.compiled.rules.get(outcome.rule as usize);
    let asking: Vec<_> = outcomes.iter().filter_map(rule).filter(|rule| rule.detects && !rule.shadow).collect();
    let cx = pass.evaluator.context();
    let Some(detection) = cx.host.downcast_ref::<Detection>().filter(|_| !asking.is_empty()) else {
        return (Vec::new(), 0);
    };
    // Each condition once more, as if it were alone: what a rule asks does not depend on what others had asked before. No text
    // is scanned twice.
    let mut scratch = Scratch::new();
    let mut picked: FxHashSet<Picked> = FxHashSet::default();
    for rule in asking {
        scratch.prepare(&pass.compiled.program);
        let evaluator = Evaluator::new(&pass.compiled.program, pass.evaluator.slots(), cx, &scratch);
        evaluator.refuel(pass.compiled.options.rule_fuel);
        detection.watch();
        let _ = evaluator.truth(rule.condition);
        picked.extend(detection.picked());
    }
    let mut all = located(pass.compiled, detection, pass.evaluator.slots(), &picked);
    let count = all.len();
    all.truncate(MAX_EVIDENCE);
    (all, count)
}

/// What a `redact` of rule `rule` is to take out, by field and place.
pub(crate) fn redacted(pass: &Pass<'_, '_>, rule: u32, redaction: &Redaction) -> Vec<Evidence> {
    let compiled = pass.compiled;
    let cx = pass.evaluator.context();
    let document = compiled.rules.get(rule as usize).and_then(|rule| compiled.documents.get(rule.document as usize));
    let detector = document.and_then(|document| compiled.detectors.get(document.detector as usize));
    let (Some(detector), Some(detection)) = (detector, cx.host.downcast_ref::<Detection>()) else { return Vec::new() };
    let named = |name: &str| redaction.detect.iter().any(|wanted| **wanted == *name);
    let picks = |kind: &Kind| named(kind.name()) || named(kind.family().name());
    detection.watch();
    for (path, slot) in &redaction.fields {
        let Some(Slot::Present(value)) = pass.evaluator.slots().get(*slot as usize) else { continue };
        let below = path.split_once('[').map_or("", |(_, below)| below);
        each(*value, below, &mut |value| {
            // What cannot be paid for is not told here; whoever takes it out looks for himself.
            let _ = ask(detector, &cx, value, &picks, &mut |_, _| {});
        });
    }
    let picked = detection.picked().into_iter().collect();
    let mut all = located(compiled, detection, pass.evaluator.slots(), &picked);
    all.truncate(MAX_EVIDENCE);
    all
}

/// The values at the path `below`, `].parts[].text`, whose first bracket was opened already; all of `value` when it is empty.
fn each<'a>(value: Val<'a>, below: &str, meet: &mut dyn FnMut(Val<'a>)) {
    let Some(rest) = below.strip_prefix(']') else {
        meet(value);
        return;
    };
    let Val::List(items) = value else { return };
    let (names, deeper) = rest.split_once('[').unwrap_or((rest, ""));
    for item in items.iter() {
        let field = |at: Val<'a>, name: &str| match at {
            Val::Map(map) => map.get_str(name),
            _ => None,
        };
        let mut names = names.split('.').filter(|name| !name.is_empty());
        if let Some(value) = names.try_fold(item, field) {
            each(value, deeper, meet);
        }
    }
}

/// The findings with their fields, by field and place.
pub(crate) fn located(
    compiled: &Compiled,
    detection: &Detection,
    slots: &[Slot<'_>],
    picked: &FxHashSet<Picked>,
) -> Vec<Evidence> {
    let mut places: FxHashMap<Place, Vec<Evidence>> = FxHashMap::default();
    detection.texts(|texts| {
        for (number, finding) in picked {
            let Some(text) = texts.get(*number as usize) else { continue };
            let evidence = match finding {
                Some(at) => text.findings.as_slice().get(*at as usize).and_then(|found| {
                    let scanner = compiled.detectors.get(text.detector as usize)?.scanner()?;
                    Some(found_in(scanner, found))
                }),
                None => Some(unread(text.findings.scanned(), text.findings.beyond())),
            };
            places.entry(text.place).or_default().extend(evidence);
        }
    });
    if places.is_empty() {
        return Vec::new();
    }
    let mut out: Vec<Evidence> = Vec::new();
    let mut met: FxHashSet<Place> = FxHashSet::default();
    for (number, slot) in (0..).zip(slots) {
        let Slot::Present(value) = slot else { continue };
        // What is made from fields is no field.
        if compiled.derived.makes(number) {
            continue;
        }
        let path = RefCell::new(Path::new(compiled.slots.path(number)));
        walk(*value, detection.source(), &mut |event| match event {
            Met::Enter(step) => path.borrow_mut().enter(step),
            Met::Leave => path.borrow_mut().leave(),
            Met::Text(text, place, _) => {
                let Some(found) = places.get(&place) else { return };
                met.insert(place);
                let field: Arc<str> = path.borrow().text.as_str().into();
                out.extend(
                    found.iter().map(|evidence| Evidence { field: Some(field.clone()), ..measured(evidence, text) }),
                );
            }
        });
    }
    let homeless = places.into_iter().filter(|(place, _)| !met.contains(place));
    out.extend(homeless.flat_map(|(_, found)| found).map(|found| Evidence {
        bytes: Span::default(),
        utf16: Span::default(),
        chars: Span::default(),
        ..found
    }));
    let key = |e: &Evidence| (e.field.is_none(), e.field.clone(), e.bytes, e.family, e.kind.clone(), e.score);
    out.sort_by_cached_key(key);
    // Slots overlap: a field, and the record that it is in.
    out.dedup();
    out
}

fn found_in(scanner: &llm_policy_detect::Scanner, found: &Finding) -> Evidence {
    let kind = scanner.kind(found.kind);
    Evidence {
        field: None,
        kind: kind.name().into(),
        family: kind.family().name(),
        score: found.score,
        bytes: found.bytes,
        utf16: found.utf16,
        chars: found.chars,
    }
}

fn unread(scanned: usize, beyond: usize) -> Evidence {
    let bytes = Span::new(scanned, scanned + beyond);
    let none = Span::default();
    Evidence { field: None, kind: UNREAD.into(), family: UNREAD, score: 100, bytes, utf16: none, chars: none }
}

/// The places of what was not read, in the units that only the text can tell.
fn measured(evidence: &Evidence, text: &str) -> Evidence {
    if *evidence.kind != *UNREAD {
        return evidence.clone();
    }
    let counts = |text: &str| (text.chars().map(char::len_utf16).sum::<usize>(), text.chars().count());
    let read = text.get(..evidence.bytes.start as usize).unwrap_or_default();
    let ((utf16, chars), (all_utf16, all_chars)) = (counts(read), counts(text));
    Evidence { utf16: Span::new(utf16, all_utf16), chars: Span::new(chars, all_chars), ..evidence.clone() }
}

/// The path of a value, as a decision names it.
pub(crate) struct Path {
    pub(crate) text: String,
    /// How long the text was before each step.
    lengths: Vec<usize>,
}

impl Path {
    pub(crate) fn new(field: &str) -> Self {
        Self { text: field.to_owned(), lengths: Vec::new() }
    }

    pub(crate) fn enter(&mut self, step: Step<'_>) {
        self.lengths.push(self.text.len());
        // Writing to a string does not fail.
        let _ = match step {
            Step::Item(at) => write!(self.text, "[{at}]"),
            Step::Field(name, _) if is_name(name) => write!(self.text, ".{name}"),
            Step::Field(name, map) => write!(self.text, "{{{}}}", rank(name, map)),
            Step::Key(name, map) => write!(self.text, "{{{}}}@key", rank(name, map)),
        };
    }

    pub(crate) fn leave(&mut self) {
        if let Some(length) = self.lengths.pop() {
            self.text.truncate(length);
        }
    }
}

/// How many keys of `map` stand before `name` in the alphabet: objects have no other order.
fn rank(name: &str, map: Map<'_>) -> usize {
    map.iter().filter(|(key, _)| matches!(key, Val::Str(key) if *key < name)).count()
}

/// Whether a key looks like the name of a parameter: letters and `_`, and not many of them. Addresses, numbers, tokens and sentences
/// do not.
fn is_name(key: &str) -> bool {
    !key.is_empty() && key.len() <= LONGEST_NAME && key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}
