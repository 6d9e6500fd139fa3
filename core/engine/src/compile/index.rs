//! The index: which rules can match, found by looking up what stands in the slots.
//!
//! Each rule is filed under one of its [`guards`](mod@super::guards): the one that the fewest rules share. What is found is a
//! superset of the rules whose condition is true or errs; the condition itself decides. A rule without a guard is always
//! looked at. A rule whose guarding slot is absent or has a value of the wrong type stays a candidate, so errors are the
//! same as without an index.

use std::collections::BTreeMap;

use llm_policy_cel::eval::Evaluator;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;
use rustc_hash::FxHashMap;

use super::guards::{Atom, Guard, Key, Test};

/// Rules by what makes them candidates. Rules are numbers; the lowest is looked at first.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Rules without a guard, in order.
    always: Vec<u32>,
    slots: Vec<SlotIndex>,
    texts: Vec<TextIndex>,
    /// A list of more elements leaves all rules candidates that look into it.
    largest_list: usize,
    /// Text of more bytes leaves all rules candidates that look at it.
    largest_text: usize,
}

/// With less fuel for a rule than this there is no index: tests that look at no large value may take some, too.
pub const LEAST_FUEL: u64 = 1_024;

/// So many units of fuel an element of a list takes at most: some for a step of each test of a guard.
const ELEMENT_FUEL: u64 = 512;

/// Rules that are filed under the value of one slot.
#[derive(Clone, Debug, Default)]
struct SlotIndex {
    slot: u32,
    text: FxHashMap<Box<str>, Vec<u32>>,
    ints: FxHashMap<i64, Vec<u32>>,
    bools: [Vec<u32>; 2],
    held_text: FxHashMap<Box<str>, Vec<u32>>,
    held_ints: FxHashMap<i64, Vec<u32>>,
    held_bools: [Vec<u32>; 2],
    /// Sorted by text.
    prefixes: Vec<(Box<str>, Vec<u32>)>,
    /// The lengths that occur among the prefixes, ascending.
    prefix_lengths: Vec<usize>,
    /// `value >= bound`, sorted by bound.
    at_least: Vec<(f64, u32)>,
    /// `value <= bound`, sorted by bound.
    at_most: Vec<(f64, u32)>,
    /// Rules that an absent value leaves candidates.
    absent: Vec<u32>,
    /// Rules that a mistyped value leaves candidates.
    mistyped: Vec<u32>,
    /// Rules that text, a number, a bool, a list or any other value leaves candidates because their test errs on it.
    errs_on: [Vec<u32>; 5],
}

/// The kinds of values that tests tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
    List,
    Other,
}

const KINDS: [Kind; 5] = [Kind::Text, Kind::Number, Kind::Bool, Kind::List, Kind::Other];

/// Rules that are filed under literals in one text.
#[derive(Clone, Debug, Default)]
struct TextIndex {
    text: u32,
    slot: u32,
    literals: Vec<Vec<u32>>,
    /// Rules that anything but text leaves candidates.
    no_text: Vec<u32>,
}

/// Among so few rules any guard will do.
const FEW: usize = 16;

impl Test {
    const fn kind(&self) -> Kind {
        match self {
            Self::Equals(Key::Text(_)) | Self::StartsWith(_) | Self::Literal(_) => Kind::Text,
            Self::Equals(Key::Int(_)) | Self::Range(..) => Kind::Number,
            Self::Equals(Key::Bool(_)) => Kind::Bool,
            Self::Holds(_) => Kind::List,
        }
    }
}

impl Index {
    /// The index over rules `0..n`, each with its possible guards. `text_slot` tells the slot of an automaton, and
    /// `rule_fuel` is what a rule may take.
    #[must_use]
    pub fn new(rules: &[(u32, Vec<Guard>)], text_slot: impl Fn(u32) -> u32, rule_fuel: u64) -> Self {
        let mut shared: FxHashMap<(u32, String), u32> = FxHashMap::default();
        let label = |atom: &Atom| (atom.slot, format!("{:?}", atom.test));
        for atom in rules.iter().flat_map(|(_, guards)| guards).flatten() {
            *shared.entry(label(atom)).or_default() += 1;
        }
        let weight = |guard: &Guard| -> u64 {
            guard.iter().map(|atom| shared.get(&label(atom)).map_or(0, |n| u64::from(*n)) * penalty(&atom.test)).sum()
        };
        let mut index = Self {
            largest_list: usize::try_from(rule_fuel / ELEMENT_FUEL).unwrap_or(usize::MAX),
            // A unit is 64 bytes, and a guard has up to 64 tests.
            largest_text: usize::try_from(rule_fuel).unwrap_or(usize::MAX),
            ..Self::default()
        };
        let mut slots: BTreeMap<u32, SlotIndex> = BTreeMap::new();
        let mut texts: BTreeMap<u32, TextIndex> = BTreeMap::new();
        for (rule, guards) in rules {
            // A guard that half of all rules share is worse than none: it costs a lookup and finds the rule anyway.
            let best = guards.iter().map(|guard| (weight(guard), guard)).min_by_key(|(weight, _)| *weight);
            match best.filter(|(weight, _)| rules.len() < FEW || *weight < rules.len() as u64 / 2) {
                Some((_, best)) => {
                    for atom in best {
                        match &atom.test {
                            Test::Literal(literal) => texts.entry(atom.slot).or_default().file(*rule, *literal),
                            _ => slots.entry(atom.slot).or_default().file(*rule, atom),
                        }
                    }
                }
                None => index.always.push(*rule),
            }
        }
        index.slots = slots.into_iter().map(|(slot, entry)| entry.finish(slot)).collect();
        index.texts = texts.into_iter().map(|(text, entry)| entry.finish(text, text_slot(text))).collect();
        index
    }

    /// The rules that are looked at for every input, in order.
    #[must_use]
    pub fn always(&self) -> &[u32] {
        &self.always
    }

    /// Whether looking at a value may take a rule's fuel.
    fn is_large(&self, value: Val<'_>) -> bool {
        match value {
            Val::Str(text) => text.len() > self.largest_text,
            Val::List(items) => items.len() > self.largest_list,
            _ => false,
        }
    }

    /// Adds the rules that can match beside [`Index::always`] to `found`, in order and none twice.
    pub fn candidates(&self, evaluator: &Evaluator<'_>, found: &mut Vec<u32>) {
        let slots = evaluator.slots();
        for entry in &self.slots {
            match slots.get(entry.slot as usize) {
                Some(Slot::Present(value)) if self.is_large(*value) => found.extend(&entry.mistyped),
                Some(Slot::Present(value)) => entry.look_up(*value, found),
                Some(Slot::Mistyped) => found.extend(&entry.mistyped),
                Some(Slot::Absent) | None => found.extend(&entry.absent),
            }
        }
        for entry in &self.texts {
            match slots.get(entry.slot as usize) {
                Some(Slot::Present(Val::Str(text))) if text.len() <= self.largest_text => {
                    evaluator.each_literal(entry.text, |literal| {
                        if let Some(rules) = entry.literals.get(literal as usize) {
                            found.extend(rules);
                        }
                    })
                }
                _ => found.extend(&entry.no_text),
            }
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
    }
}

/// How much worse a test is than an equality that as many rules share.
const fn penalty(test: &Test) -> u64 {
    match test {
        Test::Equals(Key::Bool(_)) => 4,
        Test::Equals(_) => 1,
        Test::Holds(_) | Test::StartsWith(_) => 2,
        Test::Literal(_) => 6,
        // About half of all values are in a range.
        Test::Range(..) => 64,
    }
}

impl SlotIndex {
    fn file(&mut self, rule: u32, atom: &Atom) {
        match &atom.test {
            Test::Equals(Key::Text(key)) => self.text.entry(key.clone()).or_default().push(rule),
            Test::Equals(Key::Int(key)) => self.ints.entry(*key).or_default().push(rule),
            Test::Equals(Key::Bool(key)) => choose(&mut self.bools, *key).push(rule),
            Test::Holds(Key::Text(key)) => self.held_text.entry(key.clone()).or_default().push(rule),
            Test::Holds(Key::Int(key)) => self.held_ints.entry(*key).or_default().push(rule),
            Test::Holds(Key::Bool(key)) => choose(&mut self.held_bools, *key).push(rule),
            Test::StartsWith(prefix) => self.prefixes.push((prefix.clone(), vec![rule])),
            Test::Range(from, to) if *from == f64::NEG_INFINITY => self.at_most.push((*to, rule)),
            Test::Range(from, _) => self.at_least.push((*from, rule)),
            Test::Literal(_) => {}
        }
        if atom.absent {
            push_once(&mut self.absent, rule);
        }
        push_once(&mut self.mistyped, rule);
        if atom.other {
            for (kind, list) in KINDS.iter().zip(&mut self.errs_on) {
                if *kind != atom.test.kind() {
                    push_once(list, rule);
                }
            }
        }
    }

    fn finish(mut self, slot: u32) -> Self {
        self.slot = slot;
        let mut prefixes: BTreeMap<Box<str>, Vec<u32>> = BTreeMap::new();
        for (prefix, rules) in self.prefixes.drain(..) {
            prefixes.entry(prefix).or_default().extend(rules);
        }
        self.prefixes = prefixes.into_iter().collect();
        self.prefix_lengths = self.prefixes.iter().map(|(p, _)| p.len()).collect();
        self.prefix_lengths.sort_unstable();
        self.prefix_lengths.dedup();
        self.at_least.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.at_most.sort_by(|a, b| a.0.total_cmp(&b.0));
        self
    }

    fn look_up(&self, value: Val<'_>, found: &mut Vec<u32>) {
        let kind = match value {
            Val::Str(text) => {
                extend(found, self.text.get(text));
                for length in &self.prefix_lengths {
                    let Some(start) = text.get(..*length) else { continue };
                    if let Ok(at) = self.prefixes.binary_search_by(|(prefix, _)| (**prefix).cmp(start)) {
                        extend(found, self.prefixes.get(at).map(|(_, rules)| rules));
                    }
                }
                Kind::Text
            }
            Val::Bool(b) => {
                found.extend(self.bools.get(usize::from(b)).into_iter().flatten());
                Kind::Bool
            }
            Val::Int(_) | Val::Uint(_) | Val::Double(_) => {
                extend(found, whole(value).and_then(|i| self.ints.get(&i)));
                let number = as_double(value);
                let below = self.at_least.partition_point(|(bound, _)| *bound <= number);
                found.extend(self.at_least.iter().take(below).map(|(_, rule)| *rule));
                let above = self.at_most.partition_point(|(bound, _)| *bound < number);
                found.extend(self.at_most.iter().skip(above).map(|(_, rule)| *rule));
                Kind::Number
            }
            Val::List(items) => {
                if !(self.held_text.is_empty()
                    && self.held_ints.is_empty()
                    && self.held_bools.iter().all(Vec::is_empty))
                {
                    for item in items.iter() {
                        match item {
                            Val::Str(text) => extend(found, self.held_text.get(text)),
                            Val::Bool(b) => found.extend(self.held_bools.get(usize::from(b)).into_iter().flatten()),
                            number => extend(found, whole(number).and_then(|i| self.held_ints.get(&i))),
                        }
                    }
                }
                Kind::List
            }
            _ => Kind::Other,
        };
        if let Some(at) = KINDS.iter().position(|k| *k == kind) {
            extend(found, self.errs_on.get(at));
        }
    }
}

fn extend(found: &mut Vec<u32>, rules: Option<&Vec<u32>>) {
    if let Some(rules) = rules {
        found.extend(rules);
    }
}

fn push_once(list: &mut Vec<u32>, rule: u32) {
    if list.last() != Some(&rule) {
        list.push(rule);
    }
}

fn choose(pair: &mut [Vec<u32>; 2], second: bool) -> &mut Vec<u32> {
    let [no, yes] = pair;
    if second { yes } else { no }
}

/// The int that a number equals.
fn whole(value: Val<'_>) -> Option<i64> {
    match value {
        Val::Int(i) => Some(i),
        Val::Uint(u) => i64::try_from(u).ok(),
        // From -2^63 to below 2^63.
        Val::Double(d)
            if d.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&d) =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and within the range of i64")]
            Some(d as i64)
        }
        _ => None,
    }
}

/// A number as the nearest double.
#[expect(
    clippy::cast_precision_loss,
    reason = "bounds are within ±2^53, so rounding keeps a number on its side of them"
)]
fn as_double(value: Val<'_>) -> f64 {
    match value {
        Val::Int(i) => i as f64,
        Val::Uint(u) => u as f64,
        Val::Double(d) => d,
        _ => f64::NAN,
    }
}

impl TextIndex {
    fn file(&mut self, rule: u32, literal: u32) {
        if self.literals.len() <= literal as usize {
            self.literals.resize_with(literal as usize + 1, Vec::new);
        }
        if let Some(rules) = self.literals.get_mut(literal as usize) {
            push_once(rules, rule);
        }
        push_once(&mut self.no_text, rule);
    }

    fn finish(mut self, text: u32, slot: u32) -> Self {
        self.text = text;
        self.slot = slot;
        self
    }
}
