//! Tests by slot and by what they look for, each with the rules that have it.

use llm_policy_cel::eval::Evaluator;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;
use rustc_hash::FxHashMap;

use super::super::guards::{Atom, Key, Test};

/// So many units of fuel an element of a list takes at most: some for a step of each test of a guard.
const ELEMENT_FUEL: u64 = 512;

/// Beyond this, looking at a value may take a rule's fuel, and all rules that look at it are found.
#[derive(Clone, Debug, Default)]
pub(super) struct Largest {
    rule_fuel: u64,
    list: usize,
    text: usize,
}

impl Largest {
    pub(super) fn with_fuel(rule_fuel: u64) -> Self {
        Self {
            rule_fuel,
            list: usize::try_from(rule_fuel / ELEMENT_FUEL).unwrap_or(usize::MAX),
            // A unit is 64 bytes, and a guard has up to 64 tests.
            text: usize::try_from(rule_fuel).unwrap_or(usize::MAX),
        }
    }

    pub(super) fn rule_fuel(&self) -> u64 {
        self.rule_fuel
    }

    fn is_passed_by(&self, value: Val<'_>) -> bool {
        match value {
            Val::Str(text) => text.len() > self.text,
            Val::List(items) => items.len() > self.list,
            _ => false,
        }
    }

    /// Whether several tests together, and not only of values that a lookup knows, may take a rule's fuel.
    pub(super) fn is_neared_by(&self, slot: Slot<'_>) -> bool {
        match slot {
            Slot::Present(Val::Str(text)) => text.len() > self.text / 2,
            Slot::Present(Val::List(items)) => items.len() > self.list / 2,
            Slot::Present(Val::Map(entries)) => entries.len() > self.list / 2,
            Slot::Present(Val::Bytes(_) | Val::Optional(_)) => true,
            _ => false,
        }
    }
}

/// A set of rules that have a test.
pub(super) trait Rules: Default {
    /// What finds are put together in.
    type Found: ?Sized;

    /// Adds a rule, which is no lower than those before.
    fn insert(&mut self, rule: u32);
    /// Adds the rules to what was found.
    fn add_to(&self, found: &mut Self::Found);
    /// Of sets in the order in which they hold, the later ones with the earlier ones, adds all to what was found.
    fn add_all(sets: &[(f64, Self)], found: &mut Self::Found);
    /// Makes sets that are in this order ready for [`Rules::add_all`]. `widen` makes one bound of two.
    fn accumulate(sets: Vec<(f64, Self)>, widen: fn(f64, f64) -> f64) -> Vec<(f64, Self)>;
}

impl Rules for Vec<u32> {
    type Found = Self;

    fn insert(&mut self, rule: u32) {
        if self.last() != Some(&rule) {
            self.push(rule);
        }
    }

    fn add_to(&self, found: &mut Self) {
        found.extend(self);
    }

    fn add_all(sets: &[(f64, Self)], found: &mut Self) {
        found.extend(sets.iter().flat_map(|(_, rules)| rules));
    }

    fn accumulate(sets: Vec<(f64, Self)>, _: fn(f64, f64) -> f64) -> Vec<(f64, Self)> {
        sets
    }
}

/// Rules as bits, which are few enough to be put together in memory of a fixed size.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

/// The most sets of bits that the bounds of one slot are kept in.
const BOUNDS: usize = 64;

impl Bits {
    /// Whether one of the bits is set in `left`.
    pub(super) fn meets(&self, left: &[u64]) -> bool {
        left.iter().zip(&self.0).any(|(left, here)| left & here != 0)
    }

    /// Clears those bits in `left` that are set here, but not in `held`.
    pub(super) fn retain(&self, left: &mut [u64], held: &[u64]) {
        for ((left, held), guarded) in left.iter_mut().zip(held).zip(&self.0) {
            *left &= held | !guarded;
        }
    }
}

impl Rules for Bits {
    type Found = [u64];

    fn insert(&mut self, rule: u32) {
        let word = rule as usize / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (rule % 64);
        }
    }

    fn add_to(&self, found: &mut [u64]) {
        for (found, word) in found.iter_mut().zip(&self.0) {
            *found |= word;
        }
    }

    fn add_all(sets: &[(f64, Self)], found: &mut [u64]) {
        if let Some((_, all)) = sets.last() {
            all.add_to(found);
        }
    }

    fn accumulate(sets: Vec<(f64, Self)>, widen: fn(f64, f64) -> f64) -> Vec<(f64, Self)> {
        let mut out: Vec<(f64, Self)> = Vec::new();
        for chunk in sets.chunks(sets.len().div_ceil(BOUNDS).max(1)) {
            let Some(bound) = chunk.iter().map(|(bound, _)| *bound).reduce(widen) else { continue };
            let mut all = out.last().map(|(_, all)| all.clone()).unwrap_or_default();
            for (_, rules) in chunk {
                all.0.resize(all.0.len().max(rules.0.len()), 0);
                rules.add_to(&mut all.0);
            }
            out.push((bound, all));
        }
        out
    }
}

/// Rules by the tests that they have.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups<R> {
    slots: Vec<SlotLookup<R>>,
    texts: Vec<TextLookup<R>>,
}

/// Rules that are filed under the value of one slot.
#[derive(Clone, Debug, Default)]
struct SlotLookup<R> {
    slot: u32,
    text: FxHashMap<Box<str>, R>,
    ints: FxHashMap<i64, R>,
    bools: [R; 2],
    held_text: FxHashMap<Box<str>, R>,
    held_ints: FxHashMap<i64, R>,
    held_bools: [R; 2],
    has_held: bool,
    prefixes: FxHashMap<Box<str>, R>,
    /// The lengths that occur among the prefixes, ascending.
    prefix_lengths: Vec<usize>,
    /// `value >= bound`, by ascending bound.
    at_least: Vec<(f64, R)>,
    /// `value <= bound`, by descending bound.
    at_most: Vec<(f64, R)>,
    /// Rules that any value leaves candidates.
    present: R,
    /// Rules that an absent value leaves candidates.
    absent: R,
    /// Rules that a mistyped value leaves candidates.
    mistyped: R,
    /// Rules that text, a number, a bool, a list or any other value leaves candidates because their test errs on it.
    errs_on: [R; 5],
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
struct TextLookup<R> {
    text: u32,
    slot: u32,
    literals: FxHashMap<u32, R>,
    /// Rules that anything but text leaves candidates.
    no_text: R,
}

impl Test {
    /// The kind of values that the test is made for.
    const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Equals(Key::Text(_)) | Self::StartsWith(_) | Self::Literal(_) => Some(Kind::Text),
            Self::Equals(Key::Int(_)) | Self::Range(..) => Some(Kind::Number),
            Self::Equals(Key::Bool(_)) => Some(Kind::Bool),
            Self::Holds(_) => Some(Kind::List),
            Self::Present => None,
        }
    }
}

impl<R: Rules> Lookups<R> {
    /// Files a rule, which is no lower than those before, under each of `atoms`.
    pub(super) fn file(&mut self, rule: u32, atoms: &[Atom]) {
        for atom in atoms {
            match &atom.test {
                Test::Literal(literal) => {
                    let at = place(&mut self.texts, |entry| entry.text == atom.slot);
                    if let Some(entry) = self.texts.get_mut(at) {
                        entry.text = atom.slot;
                        entry.literals.entry(*literal).or_default().insert(rule);
                        entry.no_text.insert(rule);
                    }
                }
                _ => {
                    let at = place(&mut self.slots, |entry| entry.slot == atom.slot);
                    if let Some(entry) = self.slots.get_mut(at) {
                        entry.slot = atom.slot;
                        entry.file(rule, atom);
                    }
                }
            }
        }
    }

    /// Makes ready for looking up.
    pub(super) fn finish(&mut self, text_slot: &impl Fn(u32) -> u32) {
        for entry in &mut self.texts {
            entry.slot = text_slot(entry.text);
        }
        for entry in &mut self.slots {
            entry.finish();
        }
    }

    /// Adds the rules of which a test holds or may err.
    pub(super) fn find(&self, evaluator: &Evaluator<'_>, largest: &Largest, found: &mut R::Found) {
        let slots = evaluator.slots();
        for entry in &self.slots {
            match slots.get(entry.slot as usize) {
                Some(Slot::Present(value)) if largest.is_passed_by(*value) => entry.mistyped.add_to(found),
                Some(Slot::Present(value)) => entry.look_up(*value, found),
                Some(Slot::Mistyped) => entry.mistyped.add_to(found),
                Some(Slot::Absent) | None => entry.absent.add_to(found),
            }
        }
        for entry in &self.texts {
            if !entry.look_up(evaluator, largest, found) {
                entry.no_text.add_to(found);
            }
        }
    }

    /// Adds the rules of which a test holds, and errs nowhere.
    pub(super) fn find_known(&self, evaluator: &Evaluator<'_>, largest: &Largest, found: &mut R::Found) {
        for entry in &self.slots {
            match evaluator.slots().get(entry.slot as usize) {
                Some(Slot::Present(value)) if !largest.is_passed_by(*value) => {
                    entry.look_up_known(*value, found);
                }
                _ => {}
            }
        }
        for entry in &self.texts {
            entry.look_up(evaluator, largest, found);
        }
    }
}

/// The place of the element that `is_it`, which is made when there is none.
fn place<T: Default>(list: &mut Vec<T>, is_it: impl Fn(&T) -> bool) -> usize {
    list.iter().position(is_it).unwrap_or_else(|| {
        list.push(T::default());
        list.len() - 1
    })
}

impl<R: Rules> SlotLookup<R> {
    fn file(&mut self, rule: u32, atom: &Atom) {
        match &atom.test {
            Test::Equals(Key::Text(key)) => self.text.entry(key.clone()).or_default().insert(rule),
            Test::Equals(Key::Int(key)) => self.ints.entry(*key).or_default().insert(rule),
            Test::Equals(Key::Bool(key)) => choose(&mut self.bools, *key).insert(rule),
            Test::Holds(Key::Text(key)) => self.held_text.entry(key.clone()).or_default().insert(rule),
            Test::Holds(Key::Int(key)) => self.held_ints.entry(*key).or_default().insert(rule),
            Test::Holds(Key::Bool(key)) => choose(&mut self.held_bools, *key).insert(rule),
            Test::StartsWith(prefix) => self.prefixes.entry(prefix.clone()).or_default().insert(rule),
            Test::Range(from, to) => {
                let (list, bound) = match *from == f64::NEG_INFINITY {
                    true => (&mut self.at_most, *to),
                    false => (&mut self.at_least, *from),
                };
                let mut rules = R::default();
                rules.insert(rule);
                list.push((bound, rules));
            }
            Test::Present => self.present.insert(rule),
            Test::Literal(_) => {}
        }
        self.has_held |= matches!(atom.test, Test::Holds(_));
        if atom.absent {
            self.absent.insert(rule);
        }
        self.mistyped.insert(rule);
        if atom.other {
            for (kind, list) in KINDS.iter().zip(&mut self.errs_on) {
                if Some(*kind) != atom.test.kind() {
                    list.insert(rule);
                }
            }
        }
    }

    fn finish(&mut self) {
        self.prefix_lengths = self.prefixes.keys().map(|prefix| prefix.len()).collect();
        self.prefix_lengths.sort_unstable();
        self.prefix_lengths.dedup();
        self.at_least.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.at_least = R::accumulate(std::mem::take(&mut self.at_least), f64::min);
        self.at_most.sort_by(|a, b| b.0.total_cmp(&a.0));
        self.at_most = R::accumulate(std::mem::take(&mut self.at_most), f64::max);
    }

    /// Adds the rules of which a test holds for `value`, or errs.
    fn look_up(&self, value: Val<'_>, found: &mut R::Found) {
        let kind = self.look_up_known(value, found);
        if let Some(at) = KINDS.iter().position(|k| *k == kind)
            && let Some(rules) = self.errs_on.get(at)
        {
            rules.add_to(found);
        }
    }

    fn look_up_known(&self, value: Val<'_>, found: &mut R::Found) -> Kind {
        self.present.add_to(found);
        match value {
            Val::Str(text) => {
                extend(found, self.text.get(text));
                for length in &self.prefix_lengths {
                    let Some(start) = text.get(..*length) else { continue };
                    extend(found, self.prefixes.get(start));
                }
                Kind::Text
            }
            Val::Bool(b) => {
                extend(found, self.bools.get(usize::from(b)));
                Kind::Bool
            }
            Val::Int(_) | Val::Uint(_) | Val::Double(_) => {
                extend(found, whole(value).and_then(|i| self.ints.get(&i)));
                let number = as_double(value);
                let held = self.at_least.partition_point(|(bound, _)| *bound <= number);
                R::add_all(self.at_least.get(..held).unwrap_or_default(), found);
                let held = self.at_most.partition_point(|(bound, _)| *bound >= number);
                R::add_all(self.at_most.get(..held).unwrap_or_default(), found);
                Kind::Number
            }
            Val::List(items) => {
                if self.has_held {
                    for item in items.iter() {
                        match item {
                            Val::Str(text) => extend(found, self.held_text.get(text)),
                            Val::Bool(b) => extend(found, self.held_bools.get(usize::from(b))),
                            number => extend(found, whole(number).and_then(|i| self.held_ints.get(&i))),
                        }
                    }
                }
                Kind::List
            }
            _ => Kind::Other,
        }
    }
}

fn extend<R: Rules>(found: &mut R::Found, rules: Option<&R>) {
    if let Some(rules) = rules {
        rules.add_to(found);
    }
}

fn choose<T>(pair: &mut [T; 2], second: bool) -> &mut T {
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
    reason = "bounds are doubles, and rounding keeps a number on its side of each double, or puts it there"
)]
fn as_double(value: Val<'_>) -> f64 {
    match value {
        Val::Int(i) => i as f64,
        Val::Uint(u) => u as f64,
        Val::Double(d) => d,
        _ => f64::NAN,
    }
}

impl<R: Rules> TextLookup<R> {
    /// Adds the rules of which a literal is in the text. False: there is no text, or too much to look at.
    fn look_up(&self, evaluator: &Evaluator<'_>, largest: &Largest, found: &mut R::Found) -> bool {
        let text = match evaluator.slots().get(self.slot as usize) {
            Some(Slot::Present(value @ Val::Str(_))) if !largest.is_passed_by(*value) => self.text,
            _ => return false,
        };
        evaluator.each_literal(text, |literal| extend(found, self.literals.get(&literal)));
        true
    }
}
