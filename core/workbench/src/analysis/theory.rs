//! What the conditions of one program are made of: connectives over tests, and tests as tables over cells.
//!
//! A test that is understood has one outcome in each cell of its subject. Of any other test (a regular expression, a loop, a
//! function) only this is known: where a cell is a single value, what the engine answers for it; that it errs when a slot is
//! absent that it cannot do without; and that it is the same test wherever it stands. So a condition that no assignment of
//! cells and free tests makes true can never be true. The opposite does not hold, which is why whatever is said to be
//! possible is tried on the engine first.

use std::cell::Cell as StdCell;
use std::rc::Rc;

use bumpalo::Bump;
use llm_policy_engine::cel::error::ErrorKind;
use llm_policy_engine::cel::eval::{Evaluator, Scratch, Truth};
use llm_policy_engine::cel::function::Context;
use llm_policy_engine::cel::program::{LoopKind, Node, NodeId, Program};
use llm_policy_engine::cel::slot::Slot;
use llm_policy_engine::cel::value::Value;
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::input::coerce::coerce;
use llm_policy_engine::input::paths::SlotType;
use rustc_hash::FxHashMap;

use super::cells::{Cell, Constants, Holds, Kind, TermKind, is_cut};
use super::outcomes::Outcomes;
use super::reads::{Need, Reads};
use super::tests_of::{Subject, Test, Tested, tested};

/// A condition, taken apart.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    Constant(Outcomes),
    All(Vec<NodeId>),
    Any(Vec<NodeId>),
    Not(NodeId),
    If {
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    },
    /// True unless the operand is false.
    Lenient(NodeId),
    Atom {
        atom: u32,
        negated: bool,
    },
}

/// A subject, and the outcome or outcomes in each of its cells.
type Table = (u32, Rc<[Outcomes]>);

/// A test.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    pub(crate) node: NodeId,
    /// The subject, and what the test may come to in each of its cells.
    pub(crate) table: Option<Table>,
    /// Whether it has exactly one outcome in each cell.
    pub(crate) definite: bool,
    pub(crate) needs: Vec<Need>,
    /// Whether it errs only when its needs are not met.
    pub(crate) total: bool,
    pub(crate) slots: Vec<u32>,
    /// What it asks, if that is understood.
    pub(crate) test: Option<Test>,
}

/// What tests are about.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) subject: Subject,
    pub(crate) cells: Vec<Cell>,
    /// What a term needs to have a value.
    pub(crate) needs: Vec<Need>,
}

/// Two nodes with the same key are the same test.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Node(NodeId),
    /// Whether a list has a constant as an element; and what it reads as when it is absent.
    Holds(u32, String, Option<String>),
}

/// The tests of a program.
#[derive(Debug)]
pub(crate) struct Theory<'p> {
    pub(crate) program: &'p Program,
    pub(crate) reads: Reads<'p>,
    pub(crate) subjects: Vec<Known>,
    by_subject: FxHashMap<Subject, u32>,
    pub(crate) atoms: Vec<Atom>,
    by_key: FxHashMap<Key, u32>,
    forms: FxHashMap<NodeId, Rc<Form>>,
    tables: FxHashMap<NodeId, Option<Table>>,
    regex_bytes: usize,
}

impl<'p> Theory<'p> {
    /// The theory of the conditions `roots` of `compiled`.
    pub(crate) fn new(compiled: &'p Compiled, roots: &[NodeId]) -> Self {
        let program = &compiled.program;
        let types = compiled.slots.infos.iter().map(|info| info.slot_type).collect();
        let mut theory = Self {
            program,
            reads: Reads::new(program, types),
            subjects: Vec::new(),
            by_subject: FxHashMap::default(),
            atoms: Vec::new(),
            by_key: FxHashMap::default(),
            forms: FxHashMap::default(),
            tables: FxHashMap::default(),
            regex_bytes: compiled.options.limits.regex_bytes,
        };
        let mut constants: FxHashMap<Subject, Constants> = FxHashMap::default();
        let mut seen = rustc_hash::FxHashSet::default();
        for root in roots {
            theory.collect(*root, &mut constants, &mut seen);
        }
        let mut all: Vec<(Subject, Constants)> = constants.into_iter().collect();
        all.sort_by_key(|(subject, _)| match subject {
            Subject::Slot(slot) => (0, *slot),
            Subject::Term(id) => (1, id.0),
        });
        for (subject, constants) in all {
            let holds = match subject {
                Subject::Slot(slot) if compiled.now == Some(slot) => Holds::Now,
                Subject::Slot(slot) if compiled.required.contains(&slot) => {
                    Holds::Required(theory.reads.slot_type(slot))
                }
                Subject::Slot(slot) => Holds::Slot(theory.reads.slot_type(slot)),
                Subject::Term(id) => Holds::Term(theory.reads.kind(id)),
            };
            let needs = match subject {
                Subject::Term(id) => theory.reads.needs(id),
                Subject::Slot(_) => Vec::new(),
            };
            let number = u32::try_from(theory.subjects.len()).unwrap_or(u32::MAX);
            theory.by_subject.insert(subject, number);
            theory.subjects.push(Known { subject, cells: constants.cells(holds), needs });
        }
        theory
    }

    /// Notes the subjects below `id`, with what they are compared with.
    fn collect(
        &mut self,
        id: NodeId,
        constants: &mut FxHashMap<Subject, Constants>,
        seen: &mut rustc_hash::FxHashSet<NodeId>,
    ) {
        if !seen.insert(id) {
            return;
        }
        match self.program.plain_node(id) {
            Node::And(_) | Node::Or(_) | Node::Not(_) | Node::NotStrictlyFalse(_) | Node::Conditional { .. } => {
                let mut open = self.program.operands(id);
                // A memo has one operand, the node that it keeps.
                if let (Node::Memo { inner, .. }, [_]) = (self.program.node(id), open.as_slice()) {
                    open = self.program.operands(inner);
                }
                open.into_iter().for_each(|child| self.collect(child, constants, seen));
            }
            _ => {
                if let Some(tested) = self.tested(id) {
                    constants.entry(tested.subject).or_default().note(&tested.test);
                    if let Some(default) = &tested.default {
                        constants.entry(tested.subject).or_default().note_value(default);
                    }
                }
                for slot in self.reads.slots(id) {
                    constants.entry(Subject::Slot(slot)).or_default();
                }
            }
        }
    }

    fn tested(&self, id: NodeId) -> Option<Tested> {
        if let Some(tested) = tested(self.program, id) {
            return Some(tested);
        }
        // `list.exists(x, x == constant)` is `constant in list`.
        let Node::Loop(index) = self.program.plain_node(id) else { return None };
        let l = self.program.comprehension(index)?;
        let (LoopKind::Exists(predicate), None) = (l.kind, l.var2) else { return None };
        let (slot, default) = match self.program.plain_node(l.range) {
            Node::Slot(slot) => (slot, None),
            Node::SlotOr { slot, default } => (slot, Some(self.program.constant(default).clone())),
            _ => return None,
        };
        if !matches!(self.reads.slot_type(slot), SlotType::StringList | SlotType::List) {
            return None;
        }
        let Node::Equal(a, b) = self.program.plain_node(predicate) else { return None };
        let constant = match (self.program.plain_node(a), self.program.plain_node(b)) {
            (Node::Local(local), Node::Constant(c)) | (Node::Constant(c), Node::Local(local)) if local == l.var => c,
            _ => return None,
        };
        let test = Test::Holds(self.program.constant(constant).clone());
        Some(Tested { subject: Subject::Slot(slot), default, test, negated: false })
    }

    /// The number of a slot's subject.
    pub(crate) fn slot(&self, slot: u32) -> Option<u32> {
        self.by_subject.get(&Subject::Slot(slot)).copied()
    }

    pub(crate) fn known(&self, subject: u32) -> Option<&Known> {
        self.subjects.get(subject as usize)
    }

    pub(crate) fn atom(&self, atom: u32) -> Option<&Atom> {
        self.atoms.get(atom as usize)
    }

    /// The condition `id`, taken apart.
    pub(crate) fn form(&mut self, id: NodeId) -> Rc<Form> {
        if let Some(form) = self.forms.get(&id) {
            return form.clone();
        }
        let inner = match self.program.node(id) {
            Node::Memo { inner, .. } => inner,
            _ => id,
        };
        let form = match self.program.node(inner) {
            Node::Constant(constant) => Form::Constant(match self.program.constant(constant) {
                Value::Bool(b) => (*b).into(),
                _ => Outcomes::ERROR,
            }),
            Node::Fail(_) => Form::Constant(Outcomes::ERROR),
            Node::And(run) => Form::All(self.program.children(run).to_vec()),
            Node::Or(run) => Form::Any(self.program.children(run).to_vec()),
            Node::Not(operand) => Form::Not(operand),
            Node::NotStrictlyFalse(operand) => Form::Lenient(operand),
            Node::Conditional { condition, then, otherwise } => Form::If { condition, then, otherwise },
            _ => self.atom_of(id),
        };
        let form = Rc::new(form);
        self.forms.insert(id, form.clone());
        form
    }

    fn atom_of(&mut self, id: NodeId) -> Form {
        let tested = self.tested(id).filter(|tested| self.by_subject.contains_key(&tested.subject));
        let negated = tested.as_ref().is_some_and(|tested| tested.negated);
        let key = match &tested {
            Some(Tested { subject, test: Test::Holds(constant), default, .. }) => Key::Holds(
                self.by_subject.get(subject).copied().unwrap_or(u32::MAX),
                format!("{constant:?}"),
                default.as_ref().map(|default| format!("{default:?}")),
            ),
            _ => Key::Node(id),
        };
        if let Some(atom) = self.by_key.get(&key) {
            return Form::Atom { atom: *atom, negated };
        }
        let slots = self.reads.slots(id);
        let needs = self.reads.needs(id);
        let total = self.reads.is_total(id)
            || tested.as_ref().is_some_and(|t| matches!(t.test, Test::Holds(_)))
                && slots
                    .iter()
                    .all(|slot| matches!(self.reads.slot_type(*slot), SlotType::StringList | SlotType::List));
        let table = match &tested {
            Some(tested) => {
                self.by_subject.get(&tested.subject).copied().map(|subject| (subject, self.table(subject, id, tested)))
            }
            None => match slots.as_slice() {
                [slot] => self.slot(*slot).map(|subject| (subject, self.opaque_table(subject, id, &needs, total))),
                _ => None,
            },
        };
        let definite = table.as_ref().is_some_and(|(_, table)| table.iter().all(|outcomes| outcomes.is_one()));
        let number = u32::try_from(self.atoms.len()).unwrap_or(u32::MAX);
        let test = tested.map(|tested| tested.test);
        self.atoms.push(Atom { node: id, table, definite, needs, total, slots, test });
        self.by_key.insert(key, number);
        Form::Atom { atom: number, negated }
    }

    /// What an understood test may come to in each cell.
    fn table(&self, subject: u32, id: NodeId, tested: &Tested) -> Rc<[Outcomes]> {
        let Some(known) = self.known(subject) else { return Rc::from([]) };
        let slot = match known.subject {
            Subject::Slot(slot) => Some(slot),
            Subject::Term(_) => None,
        };
        // The engine answers for the node, which may be the negation.
        let ask = |value: Option<&Value>| match slot.and_then(|slot| self.ask(id, slot, value)) {
            Some(outcome) if tested.negated => outcome.negated(),
            Some(outcome) => outcome,
            None => Outcomes::ANY,
        };
        let integral = match known.subject {
            Subject::Slot(slot) => self.reads.slot_type(slot) == SlotType::Int,
            Subject::Term(id) => matches!(self.reads.kind(id), Some(TermKind::Int | TermKind::Size)),
        };
        let outcomes = |cell: &Cell| match cell.kind {
            Kind::Failed => Outcomes::ERROR,
            Kind::Absent => match (&tested.test, &tested.default) {
                (Test::Has, _) => Outcomes::FALSE,
                (_, None) => Outcomes::ERROR,
                (test, Some(default)) => test.of(default.as_val()).unwrap_or_else(|| ask(None)),
            },
            _ => match free(&tested.test, cell, integral) {
                Some(free) => free,
                None => tested.test.of(cell.sample.as_val()).unwrap_or_else(|| ask(Some(&cell.sample))),
            },
        };
        known.cells.iter().map(outcomes).collect()
    }

    /// What any other test of one slot may come to in each cell.
    fn opaque_table(&self, subject: u32, id: NodeId, needs: &[Need], total: bool) -> Rc<[Outcomes]> {
        let Some(known) = self.known(subject) else { return Rc::from([]) };
        let Subject::Slot(slot) = known.subject else { return Rc::from([]) };
        let outcomes = |cell: &Cell| match cell.kind {
            Kind::Failed if !needs.is_empty() => Outcomes::ERROR,
            Kind::Failed => Outcomes::ANY,
            Kind::Absent => self.ask(id, slot, None).unwrap_or(Outcomes::ANY),
            _ if cell.alone => self.ask(id, slot, Some(&cell.sample)).unwrap_or(Outcomes::ANY),
            _ if total => Outcomes::VALUE,
            _ => Outcomes::ANY,
        };
        known.cells.iter().map(outcomes).collect()
    }

    /// What the engine answers for node `id` when `slot` holds `value` and nothing else is there. `None`: it cannot tell.
    fn ask(&self, id: NodeId, slot: u32, value: Option<&Value>) -> Option<Outcomes> {
        let value = value.map(|value| coerce(value.as_val(), self.reads.slot_type(slot)));
        self.answer(id, &[(slot, value.unwrap_or(Slot::Absent))])
    }

    /// What the engine answers for node `id` over these slots.
    pub(crate) fn answer(&self, id: NodeId, values: &[(u32, Slot<'_>)]) -> Option<Outcomes> {
        let (arena, mut scratch) = (Bump::new(), Scratch::new());
        scratch.prepare(self.program);
        let count = values.iter().map(|(slot, _)| *slot as usize + 1).max().unwrap_or(0);
        let mut slots = vec![Slot::Absent; count];
        for (slot, value) in values {
            if let Some(place) = slots.get_mut(*slot as usize) {
                *place = *value;
            }
        }
        let fuel = StdCell::new(FUEL);
        let cx = Context::new(&arena, &fuel, self.regex_bytes);
        let evaluator = Evaluator::new(self.program, &slots, cx, &scratch);
        let truth = evaluator.truth(id);
        (truth != Truth::Error || evaluator.error().kind != ErrorKind::OutOfFuel).then(|| truth.into())
    }

    /// The outcome of condition `id` in each cell of the one subject that it is about, if it is about one and every test in
    /// it has one outcome in every cell.
    pub(crate) fn table_of(&mut self, id: NodeId) -> Option<Table> {
        if let Some(known) = self.tables.get(&id) {
            return known.clone();
        }
        let form = self.form(id);
        let table = match &*form {
            Form::Atom { atom, negated } => self.atom(*atom).filter(|atom| atom.definite).and_then(|atom| {
                let (subject, table) = atom.table.clone()?;
                let flip = |o: &Outcomes| if *negated { o.negated() } else { *o };
                Some((subject, table.iter().map(flip).collect()))
            }),
            Form::Not(operand) => self
                .table_of(*operand)
                .map(|(subject, table)| (subject, table.iter().map(|outcome| outcome.negated()).collect())),
            Form::All(operands) => self.joined(operands, Outcomes::FALSE, Outcomes::TRUE),
            Form::Any(operands) => self.joined(operands, Outcomes::TRUE, Outcomes::FALSE),
            _ => None,
        };
        self.tables.insert(id, table.clone());
        table
    }

    /// The table of `&&` or `||`: what decides wins over errors, and errors over the rest.
    fn joined(&mut self, operands: &[NodeId], decisive: Outcomes, rest: Outcomes) -> Option<Table> {
        let mut joined: Option<(u32, Vec<Outcomes>)> = None;
        for operand in operands {
            let (subject, table) = self.table_of(*operand)?;
            let (about, outcomes) = joined.get_or_insert_with(|| (subject, vec![rest; table.len()]));
            if *about != subject {
                return None;
            }
            for (outcome, other) in outcomes.iter_mut().zip(table.iter()) {
                *outcome = match (*outcome, *other) {
                    (a, b) if a == decisive || b == decisive => decisive,
                    (Outcomes::ERROR, _) | (_, Outcomes::ERROR) => Outcomes::ERROR,
                    _ => rest,
                };
            }
        }
        joined.map(|(subject, outcomes)| (subject, outcomes.into()))
    }
}

/// Fuel for one question to the engine.
const FUEL: u64 = 1_000_000;

/// What a test may come to in a cell in which its outcome depends on the value; `None`: it is the same for all values.
fn free(test: &Test, cell: &Cell, integral: bool) -> Option<Outcomes> {
    if cell.alone {
        return None;
    }
    let is_scalar = |value: &Value| {
        matches!(
            value,
            Value::String(_) | Value::Int(_) | Value::Uint(_) | Value::Double(_) | Value::Bool(_) | Value::Null
        )
    };
    // A constant of the cell's kind that does not cut the cells, or one that the kind may hold in a form of its own.
    let loose = |constant: &Value| match cell.kind {
        Kind::Text => false,
        Kind::Number => {
            matches!(constant, Value::Int(_) | Value::Uint(_) | Value::Double(_)) && !is_cut(constant, integral)
        }
        Kind::List => matches!(constant, Value::List(_)),
        Kind::Map => matches!(constant, Value::Map(_)),
        Kind::Other => !is_scalar(constant),
        _ => false,
    };
    match test {
        Test::IsTrue | Test::Has | Test::StartsWith(_) => None,
        Test::Equals(constant) => loose(constant).then_some(Outcomes::VALUE),
        Test::OneOf(constants) => constants.iter().any(loose).then_some(Outcomes::VALUE),
        Test::Compare(_, constant) => match (cell.kind, constant) {
            (Kind::Text, Value::String(_)) => Some(Outcomes::VALUE),
            (Kind::Other, constant) if !is_scalar(constant) => Some(Outcomes::ANY),
            (_, constant) => loose(constant).then_some(Outcomes::ANY),
        },
        Test::EndsWith(_) | Test::Contains(_) | Test::Matches(_) => {
            (cell.kind == Kind::Text).then_some(Outcomes::VALUE)
        }
        Test::Holds(_) => match cell.kind {
            Kind::List => Some(Outcomes::VALUE),
            Kind::Map => Some(Outcomes::ANY),
            Kind::Other => Some(Outcomes::ANY),
            _ => None,
        },
    }
}
