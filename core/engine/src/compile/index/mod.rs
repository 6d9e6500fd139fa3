//! The index: which rules can match, found by looking up what stands in the slots.
//!
//! Each rule is filed under one of its [`guards`](mod@super::guards): the one that the fewest rules share. What is found is a
//! superset of the rules whose condition is true or errs; the condition itself decides. A rule whose guarding slot is absent
//! or has a value of the wrong type stays a candidate, so errors are the same as without an index. Rules whose guards are
//! all shared by many go to a `Matrix`, which looks at all guards of each. A rule without a guard is always looked at.

mod lookup;
mod matrix;

use llm_policy_cel::eval::Evaluator;
use rustc_hash::FxHashMap;

use super::guards::{Atom, Guard, Guards, Key, Test};
use lookup::{Largest, Lookups};
use matrix::Matrix;

/// Rules by what makes them candidates. Rules are numbers; the lowest is looked at first.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Rules without a guard, in order.
    always: Vec<u32>,
    /// Rules under the best of their guards.
    filed: Lookups<Vec<u32>>,
    /// Rules that have no good guard, but several or some that bar them.
    crowds: Vec<Matrix>,
    largest: Largest,
}

/// With less fuel for a rule than this there is no index: tests that look at no large value may take some, too.
pub const LEAST_FUEL: u64 = 1_024;

/// Among so few rules any guard will do.
const FEW: usize = 16;
/// A guard that more rules share than this, counted with its penalty, is not enough for one alone.
const SHARED: u64 = 16;
/// So many rules without a good guard are worth a matrix.
const CROWD: usize = 16;
/// With less fuel for a rule than this there is no matrix: constants that are compared with may take some, too.
const CROWD_FUEL: u64 = 4_096;
/// The most rules in one matrix, whose size grows with the square of them.
const CROWD_AT_MOST: usize = 4_096;

impl Index {
    /// The index over rules, each with its possible guards. `text_slot` tells the slot of an automaton, and `rule_fuel` is
    /// what a rule may take.
    #[must_use]
    pub fn new(rules: &[(u32, &Guards)], text_slot: impl Fn(u32) -> u32, rule_fuel: u64) -> Self {
        let shares = Shares::of(rules);
        let mut index = Self { largest: Largest::with_fuel(rule_fuel), ..Self::default() };
        let mut crowd = Vec::new();
        for (rule, guards) in rules {
            let alone = guards.any.iter().filter(|guard| guard.alone);
            let best = alone.map(|guard| (shares.weight(guard), guard)).min_by_key(|(weight, _)| *weight);
            match best {
                Some((_, best)) if rules.len() < FEW || shares.most(best) <= SHARED => {
                    index.filed.file(*rule, &best.tests);
                }
                _ => crowd.push((*rule, *guards, best)),
            }
        }
        if crowd.len() >= CROWD && rule_fuel >= CROWD_FUEL {
            for chunk in crowd.chunks(CROWD_AT_MOST) {
                let members: Vec<(u32, &Guards)> = chunk.iter().map(|(rule, guards, _)| (*rule, *guards)).collect();
                index.crowds.push(Matrix::new(&members, |bar| shares.is_common(bar), &text_slot));
            }
        } else {
            for (rule, _, best) in crowd {
                // A guard that half of all rules share is worse than none: it costs a lookup and finds the rule anyway.
                match best.filter(|(weight, _)| *weight < rules.len() as u64 / 2) {
                    Some((_, best)) => index.filed.file(rule, &best.tests),
                    None => index.always.push(rule),
                }
            }
        }
        index.filed.finish(&text_slot);
        index
    }

    /// The rules that are looked at for every input, in order.
    #[must_use]
    pub fn always(&self) -> &[u32] {
        &self.always
    }

    /// Adds the rules that can match beside [`Index::always`] to `found`, in order and none twice.
    pub fn candidates(&self, evaluator: &Evaluator<'_>, found: &mut Vec<u32>) {
        self.filed.find(evaluator, &self.largest, found);
        for matrix in &self.crowds {
            matrix.candidates(evaluator, &self.largest, found);
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
    }
}

/// How many rules have each test.
struct Shares {
    rules: FxHashMap<(u32, String), u32>,
}

impl Shares {
    fn of(rules: &[(u32, &Guards)]) -> Self {
        let mut shares = Self { rules: FxHashMap::default() };
        for atom in
            rules.iter().flat_map(|(_, guards)| guards.any.iter().flat_map(|guard| &guard.tests).chain(&guards.bars))
        {
            *shares.rules.entry(Self::label(atom)).or_default() += 1;
        }
        shares
    }

    fn label(atom: &Atom) -> (u32, String) {
        (atom.slot, format!("{:?}", atom.test))
    }

    fn count(&self, atom: &Atom) -> u64 {
        self.rules.get(&Self::label(atom)).map_or(0, |n| u64::from(*n))
    }

    /// About how many rules the guard finds.
    fn weight(&self, guard: &Guard) -> u64 {
        guard.tests.iter().map(|atom| self.count(atom).saturating_mul(penalty(&atom.test))).sum()
    }

    /// About how many rules are found at once by one of its tests.
    fn most(&self, guard: &Guard) -> u64 {
        guard.tests.iter().map(|atom| self.count(atom).saturating_mul(penalty(&atom.test))).max().unwrap_or(0)
    }

    /// Whether a bar is likely to hold now and then: what one rule excludes is seldom there.
    fn is_common(&self, bar: &Atom) -> bool {
        self.count(bar) > 2
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
        // Most values are there.
        Test::Present => 1_024,
    }
}
