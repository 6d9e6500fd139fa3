//! Guards: tests that are easy to look up, without which a rule cannot match.

use llm_policy_cel::program::{LoopKind, Node, NodeId, Program, Relation};
use llm_policy_cel::value::Value;

/// Tests of which at least one holds whenever the rule's condition is true, and of which at least one errs whenever the
/// condition errs and none holds.
pub type Guard = Vec<Atom>;

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

/// Text from this length on takes fuel to compare.
const LONG: usize = 64;

/// All guards of `condition`; any one of them is enough to file the rule under.
///
/// A test that takes fuel is a guard only where nothing before it does: so a rule that is not looked at is one that could
/// not have run out of fuel before it was found false, unless the value that is looked up is so large that the index
/// leaves all its rules candidates.
#[must_use]
pub fn guards(program: &Program, condition: NodeId) -> Vec<Guard> {
    let Node::And(run) = program.plain_node(condition) else {
        return guard(program, condition).into_iter().collect();
    };
    let mut out = Vec::new();
    let mut paid = false;
    for id in program.children(run) {
        out.extend(guard(program, *id).filter(|guard| !paid || guard.iter().all(|atom| !atom.pays)));
        paid = paid || !is_free(program, *id);
    }
    out
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

fn guard(program: &Program, id: NodeId) -> Option<Guard> {
    let one = |slot, test, other| {
        let pays = matches!(test, Test::Holds(_));
        Some(vec![Atom { slot, test, absent: true, other, pays }])
    };
    let literal =
        |text, literal| Atom { slot: u32::from(text), test: Test::Literal(literal), absent: true, other: true, pays: true };
    match program.plain_node(id) {
        Node::SlotEqualsString { slot, constant } => {
            one(slot, Test::Equals(Key::Text(program.constant_str(constant).into())), false)
        }
        Node::Slot(slot) => one(slot, Test::Equals(Key::Bool(true)), true),
        Node::Not(inner) => match program.plain_node(inner) {
            Node::Slot(slot) => one(slot, Test::Equals(Key::Bool(false)), true),
            _ => None,
        },
        Node::Equal(a, b) => {
            let ((slot, default), constant) = slot_and_constant(program, a, b)?;
            let key = key(constant).filter(Key::is_short)?;
            let absent = default.is_none_or(|d| d == constant);
            Some(vec![Atom { slot, test: Test::Equals(key), absent, other: false, pays: false }])
        }
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
        Node::SlotCompareInt { relation, slot, constant } => one(slot, range(relation, constant)?, true),
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
        Value::Int(i) => Some(Key::Int(*i)),
        Value::Bool(b) => Some(Key::Bool(*b)),
        _ => None,
    }
}

/// The range of doubles that holds all numbers in this relation to `constant`; a little wider where doubles are coarse.
fn range(relation: Relation, constant: i64) -> Option<Test> {
    // Beyond 2^53 a double may not be the constant itself.
    if constant.unsigned_abs() > 1 << 53 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "exact within ±2^53")]
    let bound = constant as f64;
    Some(match relation {
        Relation::Less | Relation::LessEqual => Test::Range(f64::NEG_INFINITY, bound),
        Relation::Greater | Relation::GreaterEqual => Test::Range(bound, f64::INFINITY),
    })
}
