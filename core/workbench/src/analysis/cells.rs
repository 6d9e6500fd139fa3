//! Cells: the values of one subject, cut up so that all values of a cell look the same to every test that is understood.
//!
//! A subject is a slot, or a term over slots (`size(request.messages)`). The constants that the program compares it with
//! cut the texts, the numbers and the instants into finitely many cells: each constant is a cell of its own, the texts
//! that begin with a prefix are one, the numbers between two neighbouring constants are one. A test is then a table: its
//! outcome for each cell, found by trying a sample.

use llm_policy_engine::cel::value::{Timestamp, Value};
use llm_policy_engine::input::paths::SlotType;

use super::tests_of::Test;

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) kind: Kind,
    /// A value of the cell; `Null` where it has none.
    pub(crate) sample: Value,
    /// Whether the sample is all there is in the cell.
    pub(crate) alone: bool,
}

/// What kind of values a cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The slot is empty.
    Absent,
    /// The slot has a value of another type; or the term has no value.
    Failed,
    Null,
    Bool,
    Number,
    Text,
    Instant,
    List,
    Map,
    /// Durations, bytes and whatever else a host may put into an untyped field.
    Other,
}

impl Kind {
    /// Whether reading the subject gives a value.
    pub(crate) fn is_value(self) -> bool {
        !matches!(self, Self::Absent | Self::Failed)
    }
}

/// What a subject may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// A slot of this type.
    Slot(SlotType),
    /// `now`, which is always there.
    Now,
    /// A slot that every input must have.
    Required(SlotType),
    /// A term whose values are of this kind, if that is known.
    Term(Option<TermKind>),
}

/// What is known of a term's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TermKind {
    Bool,
    /// An int from 0 on.
    Size,
    Int,
    Double,
    Text,
    Instant,
}

/// The constants that one subject is compared with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Constants {
    texts: Vec<String>,
    prefixes: Vec<String>,
    numbers: Vec<Value>,
    instants: Vec<Timestamp>,
}

/// Up to here every whole number and its neighbours are doubles of their own.
const EXACT: f64 = 9_007_199_254_740_991.0;

impl Constants {
    /// Notes what `test` compares with.
    pub(crate) fn note(&mut self, test: &Test) {
        match test {
            Test::Equals(value) | Test::Compare(_, value) => self.note_value(value),
            Test::OneOf(values) => values.iter().for_each(|value| self.note_value(value)),
            Test::StartsWith(prefix) => self.prefixes.push(prefix.to_string()),
            _ => {}
        }
    }

    pub(crate) fn note_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.texts.push(text.to_string()),
            Value::Int(_) | Value::Uint(_) => self.numbers.push(value.clone()),
            Value::Double(d) if d.is_finite() => self.numbers.push(value.clone()),
            Value::Timestamp(at) => self.instants.push(*at),
            _ => {}
        }
    }

    /// The cells of a subject that holds `holds`.
    pub(crate) fn cells(mut self, holds: Holds) -> Vec<Cell> {
        let none = |kind| Cell { kind, sample: Value::Null, alone: true };
        let mut cells = match holds {
            Holds::Slot(_) => vec![none(Kind::Absent), none(Kind::Failed)],
            Holds::Now | Holds::Required(_) => Vec::new(),
            Holds::Term(_) => vec![none(Kind::Failed)],
        };
        let everything = |this: &mut Self, cells: &mut Vec<Cell>| {
            bools(cells);
            this.texts(cells);
            this.numbers(cells, false, f64::NEG_INFINITY);
            cells.push(whole(Kind::List, Value::List([].into())));
            cells.push(whole(Kind::Map, Value::Map(Default::default())));
            cells.push(whole(Kind::Other, Value::Bytes([].into())));
        };
        match holds {
            Holds::Slot(slot) | Holds::Required(slot) => match slot {
                SlotType::Bool => bools(&mut cells),
                SlotType::Int => self.numbers(&mut cells, true, f64::NEG_INFINITY),
                SlotType::Double => self.numbers(&mut cells, false, f64::NEG_INFINITY),
                SlotType::String => self.texts(&mut cells),
                SlotType::Timestamp => self.instants(&mut cells),
                SlotType::StringList | SlotType::List => cells.push(whole(Kind::List, Value::List([].into()))),
                SlotType::Map => cells.push(whole(Kind::Map, Value::Map(Default::default()))),
                SlotType::Dyn => everything(&mut self, &mut cells),
            },
            Holds::Now => self.instants(&mut cells),
            Holds::Term(kind) => match kind {
                Some(TermKind::Bool) => bools(&mut cells),
                Some(TermKind::Size) => self.numbers(&mut cells, true, 0.0),
                Some(TermKind::Int) => self.numbers(&mut cells, true, f64::NEG_INFINITY),
                Some(TermKind::Text) => self.texts(&mut cells),
                Some(TermKind::Instant) => self.instants(&mut cells),
                Some(TermKind::Double) => {
                    self.numbers(&mut cells, false, f64::NEG_INFINITY);
                    cells.push(one(Kind::Number, Value::Double(f64::NAN)));
                }
                None => {
                    everything(&mut self, &mut cells);
                    self.instants(&mut cells);
                    cells.push(one(Kind::Null, Value::Null));
                    cells.push(one(Kind::Number, Value::Double(f64::NAN)));
                }
            },
        }
        cells
    }

    fn texts(&mut self, cells: &mut Vec<Cell>) {
        self.texts.sort();
        self.texts.dedup();
        self.prefixes.push(String::new());
        self.prefixes.sort();
        self.prefixes.dedup();
        for text in &self.texts {
            cells.push(one(Kind::Text, Value::String(text.as_str().into())));
        }
        for prefix in &self.prefixes {
            // A text with this prefix, with no longer one, and none of the constants.
            let fits = |text: &str| {
                self.texts.iter().all(|t| t != text)
                    && self.prefixes.iter().all(|p| p.len() <= prefix.len() || !text.starts_with(p.as_str()))
            };
            let end = if prefix.is_empty() { "other" } else { "" };
            let mut tries =
                std::iter::once(format!("{prefix}{end}")).chain((0_u32..).map(|n| format!("{prefix}-other{n}")));
            // Only finitely many texts do not fit, so one of these does.
            if let Some(sample) = tries.find(|text| fits(text)) {
                cells.push(whole(Kind::Text, Value::String(sample.into())));
            }
        }
    }

    fn numbers(&mut self, cells: &mut Vec<Cell>, integral: bool, least: f64) {
        // Where doubles are coarse, two numbers can be equal to a third and not to each other: constants there cut nothing.
        let fine = |value: &Value| match value {
            Value::Int(_) if integral => true,
            _ => number(value).abs() <= EXACT,
        };
        let mut numbers: Vec<Value> = self.numbers.iter().filter(|value| fine(value)).cloned().collect();
        if integral {
            numbers.retain(|value| number(value).fract() == 0.0 && number(value) >= least);
            let bounds = self.numbers.iter().filter(|value| fine(value) && number(value).fract() != 0.0);
            // Between two ints: both neighbours are cut out.
            let near: Vec<Value> = bounds.flat_map(|b| [int(number(b).floor()), int(number(b).ceil())]).collect();
            numbers.extend(near.into_iter().filter(|value| number(value) >= least));
        }
        numbers.sort_by(order);
        numbers.dedup_by(|a, b| order(a, b).is_eq());
        let mut below: Option<&Value> = None;
        for value in &numbers {
            if let Some(sample) = between(below, Some(value), integral, least) {
                cells.push(whole(Kind::Number, sample));
            }
            cells.push(one(Kind::Number, plain(value)));
            below = Some(value);
        }
        if let Some(sample) = between(below, None, integral, least) {
            cells.push(whole(Kind::Number, sample));
        }
    }

    fn instants(&mut self, cells: &mut Vec<Cell>) {
        const FIRST: Timestamp = Timestamp { seconds: -62_135_596_800, nanos: 0 };
        const LAST: Timestamp = Timestamp { seconds: 253_402_300_799, nanos: 999_999_999 };
        self.instants.sort();
        self.instants.dedup();
        let instant = |nanos: i128| Timestamp {
            seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap_or(0),
            nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap_or(0),
        };
        let count = |at: Timestamp| i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos);
        let mut from = count(FIRST);
        for at in &self.instants {
            let to = count(*at) - 1;
            if from <= to {
                // Whole seconds read better.
                let near = (to - 999_999_999).max(from);
                cells.push(whole(Kind::Instant, Value::Timestamp(instant(near))));
            }
            cells.push(one(Kind::Instant, Value::Timestamp(*at)));
            from = count(*at) + 1;
        }
        if from <= count(LAST) {
            let first = if self.instants.is_empty() { 1_767_225_600_000_000_000 } else { from + 999_999_999 };
            cells.push(whole(Kind::Instant, Value::Timestamp(instant(first.min(count(LAST))))));
        }
    }
}

fn one(kind: Kind, sample: Value) -> Cell {
    Cell { kind, sample, alone: true }
}

fn whole(kind: Kind, sample: Value) -> Cell {
    Cell { kind, sample, alone: false }
}

fn bools(cells: &mut Vec<Cell>) {
    cells.extend([true, false].map(|b| one(Kind::Bool, Value::Bool(b))));
}

/// A number as a double; NaN for what is none.
#[expect(clippy::cast_precision_loss, reason = "only compared with bounds that are exact")]
pub(crate) fn number(value: &Value) -> f64 {
    match value {
        Value::Int(i) => *i as f64,
        Value::Uint(u) => *u as f64,
        Value::Double(d) => *d,
        _ => f64::NAN,
    }
}

/// Whether constants are cut out exactly, so that tests with this constant have one outcome in every cell.
pub(crate) fn is_cut(constant: &Value, integral: bool) -> bool {
    match constant {
        Value::Int(_) if integral => true,
        Value::Int(_) | Value::Uint(_) | Value::Double(_) => number(constant).abs() <= EXACT,
        _ => true,
    }
}

fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    a.as_val().compare_numbers(b.as_val()).flatten().unwrap_or(std::cmp::Ordering::Equal)
}

#[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
fn int(double: f64) -> Value {
    Value::Int(double as i64)
}

/// A whole double as the int that inputs make of it.
fn plain(value: &Value) -> Value {
    match value {
        Value::Double(d) if d.fract() == 0.0 && d.abs() <= EXACT => int(*d),
        Value::Uint(u) => i64::try_from(*u).map_or(value.clone(), Value::Int),
        _ => value.clone(),
    }
}

/// A number between two neighbouring constants.
fn between(low: Option<&Value>, high: Option<&Value>, integral: bool, least: f64) -> Option<Value> {
    if integral {
        let bound = |value: &Value| match value {
            Value::Int(i) => Some(*i),
            _ => None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "0, or saturates at the least int")]
        let least = least as i64;
        let from = match low {
            Some(value) => bound(value)?.checked_add(1)?,
            None => least,
        };
        let to = match high {
            Some(value) => bound(value)?.checked_sub(1)?,
            None => i64::MAX,
        };
        let sample = match (low, high) {
            (None, None) => from.max(1),
            (None, Some(_)) => to,
            _ => from,
        };
        return (from <= to).then_some(Value::Int(sample));
    }
    let sample = match (low, high) {
        (None, None) => 1.0,
        (None, Some(high)) => number(high) - 1.0,
        (Some(low), None) => number(low) + 1.0,
        (Some(low), Some(high)) => {
            let (low, high) = (number(low), number(high));
            let whole = (low + 1.0).floor();
            let middle = low + (high - low) / 2.0;
            // Doubles have neighbours, too.
            if whole > low && whole < high {
                whole
            } else if middle > low && middle < high {
                middle
            } else {
                return None;
            }
        }
    };
    Some(plain(&Value::Double(sample)))
}
