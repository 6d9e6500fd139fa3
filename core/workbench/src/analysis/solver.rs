//! Is there an assignment of cells and outcomes under which some conditions come out as wanted?
//!
//! A search over goals, as a satisfiability solver does it: what follows is drawn first, alternatives that contradict what
//! is known are crossed out, and only then one is tried. The answer *no* is a proof. The answer *yes* is a candidate.

use std::rc::Rc;

use llm_policy_engine::cel::program::NodeId;
use llm_policy_engine::cel::slot::Slot;
use llm_policy_engine::input::coerce::coerce;
use rustc_hash::FxHashMap;

use super::cells::Kind;
use super::outcomes::Outcomes;
use super::tests_of::{Subject, Test};
use super::theory::{Form, Theory};

/// A set of cells, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellSet(Vec<u64>);

impl CellSet {
    fn all(count: usize) -> Self {
        (0..count).collect()
    }

    pub(crate) fn contains(&self, cell: usize) -> bool {
        self.0.get(cell / 64).is_some_and(|word| word & (1 << (cell % 64)) != 0)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        for (at, word) in self.0.iter_mut().enumerate() {
            let mut left = *word;
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                if !keep(at * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.0.len() * 64).filter(|cell| self.contains(*cell))
    }
}

impl FromIterator<usize> for CellSet {
    fn from_iter<I: IntoIterator<Item = usize>>(cells: I) -> Self {
        let mut words: Vec<u64> = Vec::new();
        for cell in cells {
            if words.len() <= cell / 64 {
                words.resize(cell / 64 + 1, 0);
            }
            if let Some(word) = words.get_mut(cell / 64) {
                *word |= 1 << (cell % 64);
            }
        }
        Self(words)
    }
}

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Goal {
    /// A condition comes to one of these outcomes.
    Is(NodeId, Outcomes),
    /// A subject is in one of these cells.
    In(u32, CellSet),
    /// All goals of one of these alternatives hold.
    Any(Rc<[Vec<Goal>]>),
}

impl Goal {
    pub(crate) fn any(alternatives: Vec<Vec<Self>>) -> Self {
        Self::Any(alternatives.into())
    }
}

/// What is left possible.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) cells: FxHashMap<u32, CellSet>,
    pub(crate) outcomes: FxHashMap<u32, Outcomes>,
}

/// The answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// There is none.
    No,
    /// As far as is understood, there is one, of this kind.
    Maybe(State),
    /// It took too long to find out.
    Unknown,
}

impl Answer {
    pub(crate) fn is_no(&self) -> bool {
        matches!(self, Self::No)
    }
}

/// So many steps one question may take.
const STEPS: u32 = 20_000;
/// The most values of slots that an opaque test is tried on.
const TRIES: usize = 64;

/// Too many steps.
struct Exhausted;

struct Search<'t, 'p> {
    theory: &'t mut Theory<'p>,
    steps: u32,
}

/// Whether `goals` can hold together.
pub(crate) fn solve(theory: &mut Theory<'_>, goals: Vec<Goal>) -> Answer {
    let mut search = Search { theory, steps: 0 };
    match search.run(State::default(), goals, Vec::new()) {
        Ok(Some(state)) => Answer::Maybe(state),
        Ok(None) => Answer::No,
        Err(Exhausted) => Answer::Unknown,
    }
}

type Alternatives = Rc<[Vec<Goal>]>;

impl Search<'_, '_> {
    fn run(
        &mut self,
        mut state: State,
        mut todo: Vec<Goal>,
        mut open: Vec<Alternatives>,
    ) -> Result<Option<State>, Exhausted> {
        loop {
            if !self.follow(&mut state, &mut todo, &mut open)? {
                return Ok(None);
            }
            let mut least: Option<(usize, Vec<Vec<Goal>>)> = None;
            let mut learned = false;
            let mut at = 0;
            while let Some(alternatives) = open.get(at).cloned() {
                let mut viable = Vec::new();
                let mut settled = false;
                for alternative in alternatives.iter() {
                    match self.trial(&state, alternative)? {
                        Trial::Fails => {}
                        Trial::Holds => settled = true,
                        Trial::Open => viable.push(alternative.clone()),
                    }
                    if settled {
                        break;
                    }
                }
                if settled {
                    open.swap_remove(at);
                    continue;
                }
                match viable.len() {
                    0 => return Ok(None),
                    1 => {
                        // There is no choice. What comes of it may settle others, so all are looked at once more.
                        open.swap_remove(at);
                        todo.extend(viable.pop().unwrap_or_default());
                        if !self.follow(&mut state, &mut todo, &mut open)? {
                            return Ok(None);
                        }
                        learned = true;
                        continue;
                    }
                    count if least.as_ref().is_none_or(|(_, known)| count < known.len()) => least = Some((at, viable)),
                    _ => {}
                }
                at += 1;
            }
            if learned {
                continue;
            }
            let Some((at, alternatives)) = least else {
                return Ok(self.is_consistent(&mut state)?.then_some(state));
            };
            open.swap_remove(at);
            for alternative in alternatives {
                if let Some(found) = self.run(state.clone(), alternative, open.clone())? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
    }

    /// Takes goals until none is left to do. False: they contradict what is known.
    fn follow(
        &mut self,
        state: &mut State,
        todo: &mut Vec<Goal>,
        open: &mut Vec<Alternatives>,
    ) -> Result<bool, Exhausted> {
        while let Some(goal) = todo.pop() {
            if !self.step(state, goal, todo, open)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What comes of an alternative, as far as it can be seen without trying anything further.
    fn trial(&mut self, state: &State, alternative: &[Goal]) -> Result<Trial, Exhausted> {
        let mut after = state.clone();
        let mut todo = alternative.to_vec();
        let mut open = Vec::new();
        if !self.follow(&mut after, &mut todo, &mut open)? {
            return Ok(Trial::Fails);
        }
        Ok(if open.is_empty() && after == *state { Trial::Holds } else { Trial::Open })
    }

    /// Takes one goal. False: it contradicts what is known.
    fn step(
        &mut self,
        state: &mut State,
        goal: Goal,
        todo: &mut Vec<Goal>,
        open: &mut Vec<Alternatives>,
    ) -> Result<bool, Exhausted> {
        self.steps += 1;
        if self.steps > STEPS {
            return Err(Exhausted);
        }
        let (node, wanted) = match goal {
            Goal::Is(node, wanted) => (node, wanted),
            Goal::In(subject, cells) => return Ok(self.narrow(state, subject, &|cell| cells.contains(cell))),
            Goal::Any(alternatives) => {
                open.push(alternatives);
                return Ok(true);
            }
        };
        if wanted == Outcomes::ANY {
            return Ok(true);
        }
        if wanted.is_empty() {
            return Ok(false);
        }
        if let Some((subject, table)) = self.theory.table_of(node) {
            return Ok(self.narrow(state, subject, &|cell| table.get(cell).is_some_and(|o| wanted.meets(*o))));
        }
        let form = self.theory.form(node);
        match &*form {
            Form::Constant(outcome) => return Ok(wanted.meets(*outcome)),
            Form::Not(operand) => todo.push(Goal::Is(*operand, wanted.negated())),
            Form::All(operands) => junction(operands, wanted, Outcomes::FALSE, Outcomes::TRUE, todo),
            Form::Any(operands) => junction(operands, wanted, Outcomes::TRUE, Outcomes::FALSE, todo),
            Form::Lenient(operand) => {
                let mut of = Outcomes::NONE;
                if wanted.meets(Outcomes::TRUE) {
                    of = of | Outcomes::NOT_FALSE;
                }
                if wanted.meets(Outcomes::FALSE) {
                    of = of | Outcomes::FALSE;
                }
                todo.push(Goal::Is(*operand, of));
            }
            Form::If { condition, then, otherwise } => {
                let mut alternatives = vec![
                    vec![Goal::Is(*condition, Outcomes::TRUE), Goal::Is(*then, wanted)],
                    vec![Goal::Is(*condition, Outcomes::FALSE), Goal::Is(*otherwise, wanted)],
                ];
                if wanted.meets(Outcomes::ERROR) {
                    alternatives.push(vec![Goal::Is(*condition, Outcomes::ERROR)]);
                }
                todo.push(Goal::any(alternatives));
            }
            Form::Atom { atom, negated } => {
                let wanted = if *negated { wanted.negated() } else { wanted };
                return Ok(self.require(state, *atom, wanted, todo));
            }
        }
        Ok(true)
    }

    /// The test `atom` comes to one of `wanted`.
    fn require(&mut self, state: &mut State, atom: u32, wanted: Outcomes, todo: &mut Vec<Goal>) -> bool {
        let Some(info) = self.theory.atom(atom).cloned() else { return true };
        let left = state.outcomes.get(&atom).copied().unwrap_or(Outcomes::ANY) & wanted;
        if left.is_empty() {
            return false;
        }
        if let Some((subject, table)) = &info.table
            && !self.narrow(state, *subject, &|cell| table.get(cell).is_some_and(|o| left.meets(*o)))
        {
            return false;
        }
        if !info.definite {
            state.outcomes.insert(atom, left);
        }
        if !left.meets(Outcomes::ERROR) {
            return info.needs.iter().all(|need| self.fulfil(state, need.slot, need.or_absent));
        }
        if left == Outcomes::ERROR && info.total && info.table.is_none() {
            // One of its needs is not met.
            let broken = |need: &super::reads::Need| {
                let subject = self.theory.slot(need.slot)?;
                let cells = &self.theory.known(subject)?.cells;
                let lacking = |kind: Kind| kind == Kind::Failed || kind == Kind::Absent && !need.or_absent;
                let set = (0..cells.len()).filter(|at| cells.get(*at).is_some_and(|cell| lacking(cell.kind)));
                Some(vec![Goal::In(subject, set.collect())])
            };
            todo.push(Goal::any(info.needs.iter().filter_map(broken).collect()));
        }
        true
    }

    /// The slot has a value, or nothing where that will do.
    fn fulfil(&mut self, state: &mut State, slot: u32, or_absent: bool) -> bool {
        let Some(subject) = self.theory.slot(slot) else { return true };
        let Some(known) = self.theory.known(subject) else { return true };
        let fits: Vec<bool> =
            known.cells.iter().map(|cell| cell.kind.is_value() || or_absent && cell.kind == Kind::Absent).collect();
        self.narrow(state, subject, &|cell| fits.get(cell).copied().unwrap_or(false))
    }

    /// Leaves only the cells of `subject` that `keep` allows. False: none is left.
    fn narrow(&mut self, state: &mut State, subject: u32, keep: &dyn Fn(usize) -> bool) -> bool {
        let Some(known) = self.theory.known(subject) else { return true };
        let count = known.cells.len();
        let cells = state.cells.entry(subject).or_insert_with(|| CellSet::all(count));
        cells.retain(keep);
        if cells.is_empty() {
            return false;
        }
        // A term that has a value had what it needs.
        let has_value = |cell: usize| known.cells.get(cell).is_some_and(|cell| cell.kind.is_value());
        if known.needs.is_empty() || !cells.iter().all(has_value) {
            return true;
        }
        let needs = known.needs.clone();
        needs.iter().all(|need| self.fulfil(state, need.slot, need.or_absent))
    }

    /// What the single steps do not see: tests of one text that exclude each other, and opaque tests whose slots have only
    /// a few values left.
    fn is_consistent(&mut self, state: &mut State) -> Result<bool, Exhausted> {
        let subjects: Vec<u32> = state.cells.keys().copied().collect();
        for subject in subjects {
            if self.texts_clash(state, subject) {
                let Some(known) = self.theory.known(subject) else { continue };
                let alone: Vec<bool> = known.cells.iter().map(|cell| cell.alone || cell.kind != Kind::Text).collect();
                if !self.narrow(state, subject, &|cell| alone.get(cell).copied().unwrap_or(false)) {
                    return Ok(false);
                }
            }
        }
        let atoms: Vec<(u32, Outcomes)> = state.outcomes.iter().map(|(atom, left)| (*atom, *left)).collect();
        Ok(atoms.into_iter().all(|(atom, left)| self.can_be(state, atom, left)))
    }

    /// Whether the tests of a text that are decided contradict each other.
    fn texts_clash(&self, state: &State, subject: u32) -> bool {
        let mut held: Vec<&Test> = Vec::new();
        let mut refused: Vec<&Test> = Vec::new();
        for (atom, left) in &state.outcomes {
            let Some(info) = self.theory.atom(*atom) else { continue };
            let Some(test) = info.test.as_ref().filter(|_| info.table.as_ref().is_some_and(|t| t.0 == subject)) else {
                continue;
            };
            match *left {
                Outcomes::TRUE => held.push(test),
                Outcomes::FALSE => refused.push(test),
                _ => {}
            }
        }
        let implies = |a: &Test, b: &Test| match (a, b) {
            (Test::Contains(a), Test::Contains(b)) | (Test::EndsWith(a), Test::Contains(b)) => a.contains(&**b),
            (Test::EndsWith(a), Test::EndsWith(b)) => a.ends_with(&**b),
            _ => false,
        };
        let excludes = |a: &Test, b: &Test| match (a, b) {
            (Test::EndsWith(a), Test::EndsWith(b)) => !a.ends_with(&**b) && !b.ends_with(&**a),
            _ => false,
        };
        held.iter().any(|a| refused.iter().any(|b| implies(a, b)) || held.iter().any(|b| excludes(a, b)))
    }

    /// Whether an opaque test can come to one of `left`, when the slots that it reads have few values left.
    fn can_be(&self, state: &State, atom: u32, left: Outcomes) -> bool {
        let Some(info) = self.theory.atom(atom).filter(|info| info.table.is_none()) else { return true };
        let mut choices: Vec<(u32, Vec<usize>)> = Vec::new();
        let mut count = 1_usize;
        for slot in &info.slots {
            let Some(subject) = self.theory.slot(*slot) else { return true };
            let (Some(cells), Some(known)) = (state.cells.get(&subject), self.theory.known(subject)) else {
                return true;
            };
            let Subject::Slot(_) = known.subject else { return true };
            let all: Vec<usize> = cells.iter().collect();
            if !all.iter().all(|cell| known.cells.get(*cell).is_some_and(|cell| cell.alone)) {
                return true;
            }
            count = count.saturating_mul(all.len());
            choices.push((subject, all));
        }
        if count > TRIES {
            return true;
        }
        (0..count).any(|number| {
            let mut rest = number;
            let mut values = Vec::new();
            for ((subject, cells), slot) in choices.iter().zip(&info.slots) {
                let cell = cells.get(rest % cells.len().max(1)).copied().unwrap_or(0);
                rest /= cells.len().max(1);
                let Some(cell) = self.theory.known(*subject).and_then(|known| known.cells.get(cell)) else {
                    return true;
                };
                values.push((
                    *slot,
                    match cell.kind {
                        Kind::Absent => Slot::Absent,
                        Kind::Failed => Slot::Mistyped,
                        _ => coerce(cell.sample.as_val(), self.theory.reads.slot_type(*slot)),
                    },
                ));
            }
            self.theory.answer(info.node, &values).is_none_or(|outcome| left.meets(outcome))
        })
    }
}

/// What comes of an alternative.
enum Trial {
    Fails,
    /// It holds already.
    Holds,
    Open,
}

/// The goals by which `&&` (whose `decisive` outcome is false) or `||` comes to one of `wanted`.
fn junction(operands: &[NodeId], wanted: Outcomes, decisive: Outcomes, rest: Outcomes, todo: &mut Vec<Goal>) {
    let some = |outcomes: Outcomes| operands.iter().map(|id| vec![Goal::Is(*id, outcomes)]).collect::<Vec<_>>();
    let all = |outcomes: Outcomes| operands.iter().map(move |id| Goal::Is(*id, outcomes));
    let error = Outcomes::ERROR;
    let quiet = rest | error;
    match (wanted.meets(decisive), wanted.meets(rest), wanted.meets(error)) {
        (false, true, false) => todo.extend(all(rest)),
        (false, true, true) => todo.extend(all(quiet)),
        (false, false, true) => {
            todo.extend(all(quiet));
            todo.push(Goal::any(some(error)));
        }
        (true, false, false) => todo.push(Goal::any(some(decisive))),
        (true, false, true) => todo.push(Goal::any(some(decisive | error))),
        (true, true, false) => {
            let mut alternatives = some(decisive);
            alternatives.push(all(rest).collect());
            todo.push(Goal::any(alternatives));
        }
        _ => {}
    }
}
