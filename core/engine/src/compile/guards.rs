//! Guards: tests that are easy to look up, without which a rule cannot match.

use llm_policy_cel::program::{LoopKind, Node, NodeId, Program, Relation};
use llm_policy_cel::value::Value;

/// Tests of which at least one holds whenever the rule's condition is true, and of which at least one errs whenever the
/// condition errs and none holds.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The tests.
    pub tests: Vec<Atom>,
    /// Whether the rule cannot have run out of fuel before this guard is found not to hold, unless a value that the guard
    /// itself looks at is too large.
    pub alone: bool,
}

/// What is known of a rule from tests alone.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// Each of these is enough to file the rule under, those that are not `alone` only where `watched` is watched.
    pub any: Vec<Guard>,
    /// When one of these tests holds, the rule cannot match, and does not err; where `watched` is watched.
    pub bars: Vec<Atom>,
    /// Clauses that cannot be looked up. When one is false the rule cannot match, where `watched` is watched.
    pub clauses: Vec<NodeId>,
    /// What the clauses look at that take fuel: with no value there that is too large, none of them runs out of it.
    pub watched: Vec<u32>,
}

/// One test of one slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// The slot, or for [`Test::Literal`] the number of the automaton.
    pub slot: u32,
    /// The test.
    pub test: Test,
    /// Whether the rule stays a candidate when the slot is absent.
    pub absent: bool,
    /// Whether it stays one when the slot has a value of a kind that the test is not made for: where that is an error.
    pub other: bool,
    /// Whether the condition pays fuel for the test: at most a unit for each 64 bytes of text, 512 for each element of a
    /// list, and a few for anything else.
    pub pays: bool,
}

/// What is looked up.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// The value equals this key.
    Equals(Key),
    /// The list in the slot holds this key.
    Holds(Key),
    /// The text begins with this.
    StartsWith(Box<str>),
    /// The number is in this range, bounds included.
    Range(f64, f64),
    /// There is a value.
    Present,
    /// The automaton finds this literal.
    Literal(u32),
}

/// A constant that values are looked up by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Text.
    Text(Box<str>),
    /// A number that is whole.
    Int(i64),
    /// `true` or `false`.
    Bool(bool),
}

/// The most tests that one guard may have.
const ATOMS: usize = 64;

/// The most tests that take fuel which may stand before one that is of use, itself included.
const TESTS: usize = 64;

/// The most fuel that a step of a loop over the elements of a list may take to be of use.
const STEP: u32 = 8;

/// Text from this length on takes fuel to compare.
const LONG: usize = 64;

/// What guards `condition`, and what bars it.
///
/// A rule that is not looked at must be one that could not have run out of fuel before it was found false. So a clause is
/// of use only where it takes no fuel itself, or the fuel of those before it has a bound: so many tests, and no more than
/// the value that is looked at is large.
#[must_use]
pub fn guards(program: &Program, condition: NodeId) -> Guards {
    let clauses = match program.plain_node(condition) {
        Node::And(run) => program.children(run),
        _ => &[condition],
    };
    let mut out = Guards::default();
    let mut paid = false;
    // How many tests took fuel so far; `None`: nobody knows how much.
    let mut tests = Some(0);
    for id in clauses {
        let work = bounded_tests(program, *id, &mut out.watched);
        tests = tests.zip(work).map(|(before, now)| before + now).filter(|tests| *tests <= TESTS);
        let bars = bars(program, *id);
        let guard = guard(program, *id);
        if tests.is_some() && guard.is_none() && bars.is_none() {
            out.clauses.push(*id);
        }
        let free = |atoms: &[Atom]| atoms.iter().all(|atom| !atom.pays);
        out.bars.extend(bars.filter(|bars| tests.is_some() || free(bars)).into_iter().flatten());
        if let Some(guard) = guard {
            let alone = !paid || free(&guard);
            if alone || tests.is_some() {
                out.any.push(Guard { tests: guard, alone });
            }
        }
        paid = paid || work != Some(0);
    }
    out.watched.sort_unstable();
    out.watched.dedup();
    out
}

/// How many tests that take fuel a clause has, when each takes no more than a unit for 64 bytes of a text or eight for an
/// element of a list in one of the slots that are added to `watched`, and a few for anything else.
fn bounded_tests(program: &Program, id: NodeId, watched: &mut Vec<u32>) -> Option<usize> {
    if is_free(program, id) {
        return Some(0);
    }
    let mut watch = |slot| {
        watched.push(slot);
        Some(1)
    };
    match program.plain_node(id) {
        Node::InSet { operand, .. } => watch(slot_of(program, operand)?.0),
        Node::StartsWith { operand, .. }
        | Node::EndsWith { operand, .. }
        | Node::Contains { operand, .. }
        | Node::Matches { operand, .. } => watch(slot_of(program, operand)?.0),
        Node::ContainsLiteral { text, .. } | Node::MatchesLiteral { text, .. } => {
            watch(program.texts().get(usize::from(text))?.slot())
        }
        Node::In(_, list) => guard(program, id).and_then(|_| watch(slot_of(program, list)?.0)),
        Node::Loop(index) => {
            let l = program.comprehension(index)?;
            let (LoopKind::Exists(predicate) | LoopKind::All(predicate)) = l.kind else { return None };
            let cheap = match program.plain_node(predicate) {
                Node::StartsWith { operand, prefix } | Node::EndsWith { operand, suffix: prefix } => {
                    program.constant_str(prefix).len() < LONG && matches!(program.node(operand), Node::Local(_))
                }
                _ => guard(program, id).is_some(),
            };
            (cheap && l.step_fuel < STEP).then(|| watch(slot_of(program, l.range)?.0))?
        }
        Node::SlotCompareSlot { left, right, .. } => {
            watch(left);
            watch(right)
        }
        Node::CompareInt { operand, .. } => bounded_tests(program, operand, watched),
        Node::Compare(_, a, b) => Some(bounded_tests(program, a, watched)? + bounded_tests(program, b, watched)? + 1),
        Node::Not(operand) | Node::ArithmeticInt { operand, .. } => bounded_tests(program, operand, watched),
        Node::Arithmetic(_, a, b) => Some(bounded_tests(program, a, watched)? + bounded_tests(program, b, watched)?),
        Node::And(run) | Node::Or(run) => {
            program.children(run).iter().map(|id| bounded_tests(program, *id, watched)).sum()
        }
        // A sum of texts takes as much as they are long, each time that another is added.
        Node::Add(run) => {
            let operands = program.children(run);
            for id in operands {
                watch(slot_of(program, *id)?.0);
            }
            Some(operands.len() * operands.len())
        }
        _ => None,
    }
}

/// Tests of which each makes the clause `id` false: of a negation, those that make its operand true.
fn bars(program: &Program, id: NodeId) -> Option<Vec<Atom>> {
    let operand = match program.plain_node(id) {
        Node::Not(operand) => operand,
        Node::NotEqual(a, b) => return equality(program, a, b),
        _ => return None,
    };
    match program.plain_node(operand) {
        // What these tests find is what they say; a range is a little wider, and a literal does not make a match.
        Node::SlotEqualsString { .. }
        | Node::Equal(..)
        | Node::InSet { .. }
        | Node::StartsWith { .. }
        | Node::In(..)
        | Node::ContainsLiteral { .. }
        | Node::HasSlot(_)
        | Node::Loop(_) => guard(program, operand),
        _ => None,
    }
}

/// Whether evaluating a node takes no fuel, whatever the input is.
fn is_free(program: &Program, id: NodeId) -> bool {
    let free = |id| is_free(program, id);
    match program.plain_node(id) {
        Node::Constant(_)
        | Node::Fail(_)
        | Node::Slot(_)
        | Node::SlotOr { .. }
        | Node::HasSlot(_)
        | Node::SlotEqualsString { .. }
        | Node::SlotCompareInt { .. } => true,
        Node::Not(operand) => free(operand),
        Node::StartsWith { operand, prefix: part } | Node::EndsWith { operand, suffix: part } => {
            program.constant_str(part).len() < LONG && free(operand)
        }
        Node::And(run) | Node::Or(run) => program.children(run).iter().all(|id| free(*id)),
        // Of two values that are not known, both may be long.
        Node::Equal(a, b) | Node::NotEqual(a, b) | Node::Compare(_, a, b) => {
            let short = |id| match program.plain_node(id) {
                Node::Constant(index) => match program.constant(index) {
                    Value::Double(_) => true,
                    constant => key(constant).is_some_and(|key| key.is_short()),
                },
                _ => false,
            };
            free(a) && free(b) && (short(a) || short(b))
        }
        Node::CompareInt { operand, .. } => free(operand),
        Node::Conditional { condition, then, otherwise } => free(condition) && free(then) && free(otherwise),
        _ => false,
    }
}

impl Key {
    /// Whether comparing with it takes no fuel.
    fn is_short(&self) -> bool {
        match self {
            Self::Text(text) => text.len() < LONG,
            Self::Int(_) | Self::Bool(_) => true,
        }
    }
}

fn guard(program: &Program, id: NodeId) -> Option<Vec<Atom>> {
    let one = |slot, test, other| {
        let pays = matches!(test, Test::Holds(_));
        Some(vec![Atom { slot, test, absent: true, other, pays }])
    };
    let literal = |text, literal| Atom {
        slot: u32::from(text),
        test: Test::Literal(literal),
        absent: true,
        other: true,
        pays: true,
    };
    match program.plain_node(id) {
        Node::SlotEqualsString { slot, constant } => {
            one(slot, Test::Equals(Key::Text(program.constant_str(constant).into())), false)
        }
        Node::Slot(slot) => one(slot, Test::Equals(Key::Bool(true)), true),
        Node::Not(inner) => match program.plain_node(inner) {
            Node::Slot(slot) => one(slot, Test::Equals(Key::Bool(false)), true),
            _ => None,
        },
        Node::Equal(a, b) => equality(program, a, b),
        Node::InSet { operand, set } => {
            let (slot, default) = slot_of(program, operand)?;
            let set = program.set(set)?;
            let Value::List(items) = program.constant(set.constant()) else { return None };
            let absent = default.is_none_or(|d| set.contains(d.as_val()));
            let atom =
                |item: &Value| Some(Atom { slot, test: Test::Equals(key(item)?), absent, other: false, pays: true });
            (items.len() <= ATOMS).then(|| items.iter().map(atom).collect())?
        }
        Node::StartsWith { operand, prefix } => {
            let Node::Slot(slot) = program.plain_node(operand) else { return None };
            let prefix = program.constant_str(prefix);
            if prefix.is_empty() || prefix.len() >= LONG {
                None
            } else {
                one(slot, Test::StartsWith(prefix.into()), true)
            }
        }
        Node::SlotCompareInt { relation, slot, constant } => one(slot, range(relation, whole_bound(constant)?), true),
        Node::Compare(relation, a, b) => {
            let (slot, relation, bound) = match (program.plain_node(a), program.plain_node(b)) {
                (Node::Slot(slot), Node::Constant(c)) => (slot, relation, program.constant(c)),
                (Node::Constant(c), Node::Slot(slot)) => (slot, relation.mirrored(), program.constant(c)),
                _ => return None,
            };
            let Value::Double(bound) = bound else { return None };
            (!bound.is_nan()).then(|| one(slot, range(relation, *bound), true))?
        }
        Node::HasSlot(slot) => Some(vec![Atom { slot, test: Test::Present, absent: false, other: false, pays: false }]),
        Node::In(item, list) => {
            let Node::Constant(item) = program.plain_node(item) else { return None };
            let Node::Slot(slot) = program.plain_node(list) else { return None };
            one(slot, Test::Holds(key(program.constant(item)).filter(Key::is_short)?), true)
        }
        Node::ContainsLiteral { text, literal: number } => Some(vec![literal(text, number)]),
        Node::MatchesLiteral { text, literals, .. } => {
            Some(program.children(literals).iter().map(|number| literal(text, number.0)).collect())
        }
        Node::Or(run) => {
            let mut all = Vec::new();
            for id in program.children(run) {
                all.extend(guard(program, *id)?);
            }
            (all.len() <= ATOMS).then_some(all)
        }
        Node::Loop(index) => {
            let l = program.comprehension(index)?;
            let LoopKind::Exists(predicate) = l.kind else { return None };
            let Node::Slot(slot) = program.plain_node(l.range) else { return None };
            let Node::Equal(a, b) = program.plain_node(predicate) else { return None };
            let (local, constant) = match (program.plain_node(a), program.plain_node(b)) {
                (Node::Local(local), Node::Constant(c)) | (Node::Constant(c), Node::Local(local)) => (local, c),
                _ => return None,
            };
            // Over a map the variable is a key, which the lookup of elements does not cover.
            (local == l.var && l.var2.is_none()).then_some(())?;
            one(slot, Test::Holds(key(program.constant(constant)).filter(Key::is_short)?), true)
        }
        // One that is never true needs no candidate at all.
        Node::Constant(index) if matches!(program.constant(index), Value::Bool(false)) => Some(Vec::new()),
        _ => None,
    }
}

fn equality(program: &Program, a: NodeId, b: NodeId) -> Option<Vec<Atom>> {
    let ((slot, default), constant) = slot_and_constant(program, a, b)?;
    let key = key(constant).filter(Key::is_short)?;
    let absent = default.is_none_or(|d| d == constant);
    Some(vec![Atom { slot, test: Test::Equals(key), absent, other: false, pays: false }])
}

/// A slot that is read, with the default for when it is absent.
fn slot_of(program: &Program, id: NodeId) -> Option<(u32, Option<&Value>)> {
    match program.plain_node(id) {
        Node::Slot(slot) => Some((slot, None)),
        Node::SlotOr { slot, default } => Some((slot, Some(program.constant(default)))),
        _ => None,
    }
}

fn slot_and_constant(program: &Program, a: NodeId, b: NodeId) -> Option<((u32, Option<&Value>), &Value)> {
    match (program.plain_node(a), program.plain_node(b)) {
        (_, Node::Constant(c)) => Some((slot_of(program, a)?, program.constant(c))),
        (Node::Constant(c), _) => Some((slot_of(program, b)?, program.constant(c))),
        _ => None,
    }
}

fn key(value: &Value) -> Option<Key> {
    match value {
        Value::String(s) => Some(Key::Text((**s).into())),
        // Beyond 2^53 a double may equal several ints.
        Value::Int(i) if i.unsigned_abs() <= 1 << 53 => Some(Key::Int(*i)),
        Value::Bool(b) => Some(Key::Bool(*b)),
        _ => None,
    }
}

/// An int as the double that it equals.
fn whole_bound(constant: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "exact within ±2^53")]
    (constant.unsigned_abs() <= 1 << 53).then_some(constant as f64)
}

/// The range of doubles that holds all numbers in this relation to `bound`; a little wider where doubles are coarse.
fn range(relation: Relation, bound: f64) -> Test {
    match relation {
        Relation::Less | Relation::LessEqual => Test::Range(f64::NEG_INFINITY, bound),
        Relation::Greater | Relation::GreaterEqual => Test::Range(bound, f64::INFINITY),
    }
}
