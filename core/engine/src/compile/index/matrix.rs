//! Rules that are looked at together, a bit each.
//!
//! Where each guard of a rule is shared by many, all of its guards together may still be rare. So every guard is filed,
//! in a plane: one of guards that look at the same, of which a rule has one at most. A rule is a candidate if in every
//! plane its test holds, or it has none there, if none of its bars holds, and if no clause is false that it shares with
//! others. With a value that is large enough to take a rule's fuel all are candidates.

use std::collections::BTreeMap;

use llm_policy_cel::eval::{Evaluator, Truth};
use llm_policy_cel::program::NodeId;

use super::super::guards::{Atom, Guards, Test};
use super::CROWD_AT_MOST;
use super::lookup::{Bits, Largest, Lookups, Rules};

/// The most words that the rules of one matrix take.
const WORDS: usize = CROWD_AT_MOST / 64;
/// So many rules must share a clause to make it worth asking for them together.
const SHARED: usize = 2;

/// Rules in the columns, tests in the rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    rules: Vec<u32>,
    planes: Vec<Plane>,
    bars: Lookups<Bits>,
    /// Clauses that cannot be looked up, but which several rules share.
    shared: Vec<(NodeId, Bits)>,
    /// With a large value in one of these slots all rules are candidates, because they may run out of fuel.
    watched: Vec<u32>,
}

/// What the tests of a guard look at, each slot and way once; and how many guards of the same kind the rule has before.
type Kind = (Vec<(u32, Way)>, usize);

/// How a test looks at its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Value,
    Elements,
    AtLeast,
    AtMost,
    Text,
    Presence,
}

#[derive(Clone, Debug, Default)]
struct Plane {
    /// The rules that have a guard here.
    guarded: Bits,
    lookups: Lookups<Bits>,
}

impl Matrix {
    /// The matrix of rules, which come in order. Bars that are not `common` are left out.
    pub(super) fn new(
        rules: &[(u32, &Guards)],
        common: impl Fn(&Atom) -> bool,
        text_slot: &impl Fn(u32) -> u32,
    ) -> Self {
        let mut matrix = Self::default();
        let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
        let mut clauses: BTreeMap<NodeId, (usize, Bits)> = BTreeMap::new();
        for (rule, guards) in rules {
            let column = u32::try_from(matrix.rules.len()).unwrap_or(u32::MAX);
            matrix.rules.push(*rule);
            matrix.watched.extend(&guards.watched);
            let mut taken: Vec<usize> = Vec::new();
            for guard in &guards.any {
                let mut looks: Vec<(u32, Way)> = guard.tests.iter().map(|atom| (atom.slot, way(&atom.test))).collect();
                looks.sort_unstable();
                looks.dedup();
                let mut kind = (looks, 0);
                let plane = loop {
                    let next = kinds.len();
                    let plane = *kinds.entry(kind.clone()).or_insert(next);
                    if !taken.contains(&plane) {
                        break plane;
                    }
                    kind.1 += 1;
                };
                taken.push(plane);
                matrix.planes.resize_with(kinds.len(), Plane::default);
                if let Some(plane) = matrix.planes.get_mut(plane) {
                    plane.guarded.insert(column);
                    plane.lookups.file(column, &guard.tests);
                }
            }
            for bar in guards.bars.iter().filter(|bar| common(bar)) {
                matrix.bars.file(column, std::slice::from_ref(bar));
            }
            for clause in &guards.clauses {
                let (count, having) = clauses.entry(*clause).or_default();
                *count += 1;
                having.insert(column);
            }
        }
        let shared = clauses.into_iter().filter(|(_, (count, _))| *count >= SHARED);
        matrix.shared = shared.map(|(clause, (_, having))| (clause, having)).collect();
        for plane in &mut matrix.planes {
            plane.lookups.finish(text_slot);
        }
        matrix.bars.finish(text_slot);
        matrix.watched.sort_unstable();
        matrix.watched.dedup();
        matrix
    }

    /// Adds the rules that can match to `found`.
    pub(super) fn candidates(&self, evaluator: &Evaluator<'_>, largest: &Largest, found: &mut Vec<u32>) {
        let slots = evaluator.slots();
        if self.watched.iter().any(|slot| slots.get(*slot as usize).is_some_and(|slot| largest.is_neared_by(*slot))) {
            found.extend(&self.rules);
            return;
        }
        let words = self.rules.len().div_ceil(64);
        let (mut left, mut held) = ([0_u64; WORDS], [0_u64; WORDS]);
        let (Some(left), Some(held)) = (left.get_mut(..words), held.get_mut(..words)) else { return };
        self.bars.find_known(evaluator, largest, left);
        left.iter_mut().for_each(|word| *word = !*word);
        for plane in &self.planes {
            held.fill(0);
            plane.lookups.find(evaluator, largest, held);
            plane.guarded.retain(left, held);
        }
        for (clause, having) in &self.shared {
            if having.meets(left) {
                evaluator.refuel(largest.rule_fuel());
                if evaluator.truth(*clause) == Truth::False {
                    held.fill(0);
                    having.retain(left, held);
                }
            }
        }
        for (at, word) in left.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                // Beyond the last rule there are bits, but no rules.
                found.extend(self.rules.get(at * 64 + word.trailing_zeros() as usize));
                word &= word - 1;
            }
        }
    }
}

const fn way(test: &Test) -> Way {
    match test {
        Test::Equals(_) | Test::StartsWith(_) => Way::Value,
        Test::Holds(_) => Way::Elements,
        Test::Range(from, _) if *from == f64::NEG_INFINITY => Way::AtMost,
        Test::Range(..) => Way::AtLeast,
        Test::Literal(_) => Way::Text,
        Test::Present => Way::Presence,
    }
}
