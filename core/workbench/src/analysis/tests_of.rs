//! The tests that are understood: one subject compared with constants.

use std::sync::Arc;

use llm_policy_engine::cel::program::{Node, NodeId, Program, Relation};
use llm_policy_engine::cel::value::{Val, Value};

use super::outcomes::Outcomes;

/// What is asked about one value.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Whether it is `true`.
    IsTrue,
    /// Whether there is a value.
    Has,
    /// `== constant`
    Equals(Value),
    /// `in [constants]`
    OneOf(Arc<[Value]>),
    /// `< constant` and its kin
    Compare(Relation, Value),
    /// `.startsWith('constant')`
    StartsWith(Arc<str>),
    /// `.endsWith('constant')`
    EndsWith(Arc<str>),
    /// `.contains('constant')`
    Contains(Arc<str>),
    /// `.matches('constant')`, which only the engine can answer.
    Matches(Arc<str>),
    /// `constant in`, of a list or a map.
    Holds(Value),
}

/// What a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// A slot.
    Slot(u32),
    /// A term over slots.
    Term(NodeId),
}

/// A node that tests one subject.
#[derive(Clone, Debug)]
pub(crate) struct Tested {
    pub(crate) subject: Subject,
    /// What an absent slot reads as.
    pub(crate) default: Option<Value>,
    pub(crate) test: Test,
    /// Whether the node is the test's negation: `!=`.
    pub(crate) negated: bool,
}

impl Test {
    /// The outcome for a value; `None`: only the engine can tell.
    pub(crate) fn of(&self, value: Val<'_>) -> Option<Outcomes> {
        let text = |test: &dyn Fn(&str) -> bool| match value {
            Val::Str(text) => test(text).into(),
            _ => Outcomes::ERROR,
        };
        Some(match self {
            Self::IsTrue => match value {
                Val::Bool(b) => b.into(),
                _ => Outcomes::ERROR,
            },
            Self::Has => Outcomes::TRUE,
            Self::Equals(constant) => value.equals(constant.as_val()).into(),
            Self::OneOf(constants) => constants.iter().any(|c| value.equals(c.as_val())).into(),
            Self::Compare(relation, constant) => match value.compare(constant.as_val()) {
                Some(Some(order)) => relation.holds(order).into(),
                Some(None) => Outcomes::FALSE,
                None => Outcomes::ERROR,
            },
            Self::StartsWith(prefix) => text(&|t| t.starts_with(&**prefix)),
            Self::EndsWith(suffix) => text(&|t| t.ends_with(&**suffix)),
            Self::Contains(needle) => text(&|t| t.contains(&**needle)),
            Self::Matches(_) => match value {
                Val::Str(_) => return None,
                _ => Outcomes::ERROR,
            },
            Self::Holds(constant) => match value {
                Val::List(items) => items.iter().any(|item| item.equals(constant.as_val())).into(),
                Val::Map(_) => return None,
                _ => Outcomes::ERROR,
            },
        })
    }
}

/// The test that node `id` is, if it is one.
pub(crate) fn tested(program: &Program, id: NodeId) -> Option<Tested> {
    let text = |constant: u32| -> Arc<str> { program.constant_str(constant).into() };
    let on_slot =
        |slot: u32, test: Test| Some(Tested { subject: Subject::Slot(slot), default: None, test, negated: false });
    let on = |operand: NodeId, test: Test| {
        let (subject, default) = subject(program, operand)?;
        Some(Tested { subject, default, test, negated: false })
    };
    match program.plain_node(id) {
        Node::Slot(slot) => on_slot(slot, Test::IsTrue),
        Node::SlotOr { .. } => on(id, Test::IsTrue),
        Node::HasSlot(slot) => on_slot(slot, Test::Has),
        Node::SlotEqualsString { slot, constant } => on_slot(slot, Test::Equals(Value::String(text(constant)))),
        Node::SlotCompareInt { relation, slot, constant } => {
            on_slot(slot, Test::Compare(relation, Value::Int(constant)))
        }
        Node::Equal(a, b) => equality(program, a, b),
        Node::NotEqual(a, b) => equality(program, a, b).map(|tested| Tested { negated: true, ..tested }),
        Node::Compare(relation, a, b) => match (program.plain_node(a), program.plain_node(b)) {
            (_, Node::Constant(c)) => on(a, Test::Compare(relation, program.constant(c).clone())),
            (Node::Constant(c), _) => on(b, Test::Compare(relation.mirrored(), program.constant(c).clone())),
            _ => None,
        },
        Node::CompareInt { relation, operand, constant } => on(operand, Test::Compare(relation, Value::Int(constant))),
        Node::InSet { operand, set } => match program.constant(program.set(set)?.constant()) {
            Value::List(items) => on(operand, Test::OneOf(items.clone())),
            _ => None,
        },
        Node::In(item, list) => match program.plain_node(item) {
            Node::Constant(c) => on(list, Test::Holds(program.constant(c).clone())),
            _ => None,
        },
        Node::StartsWith { operand, prefix } => on(operand, Test::StartsWith(text(prefix))),
        Node::EndsWith { operand, suffix } => on(operand, Test::EndsWith(text(suffix))),
        Node::Contains { operand, needle } => on(operand, Test::Contains(text(needle))),
        Node::ContainsLiteral { text, literal } => {
            let automaton = program.texts().get(text as usize)?;
            let literal = automaton.literals().get(literal as usize)?;
            on_slot(automaton.slot(), Test::Contains((*literal.text).into()))
        }
        Node::Matches { operand, regex } => on(operand, Test::Matches(program.patterns().nth(regex as usize)?.into())),
        Node::MatchesLiteral { text, regex, .. } => {
            let slot = program.texts().get(text as usize)?.slot();
            on_slot(slot, Test::Matches(program.patterns().nth(regex as usize)?.into()))
        }
        _ => None,
    }
}

fn equality(program: &Program, a: NodeId, b: NodeId) -> Option<Tested> {
    let (operand, constant) = match (program.plain_node(a), program.plain_node(b)) {
        (_, Node::Constant(c)) => (a, c),
        (Node::Constant(c), _) => (b, c),
        _ => return None,
    };
    let (subject, default) = subject(program, operand)?;
    Some(Tested { subject, default, test: Test::Equals(program.constant(constant).clone()), negated: false })
}

/// What a node reads, as the subject of a test; and what it reads when the slot is absent.
fn subject(program: &Program, operand: NodeId) -> Option<(Subject, Option<Value>)> {
    Some(match program.plain_node(operand) {
        Node::Slot(slot) => (Subject::Slot(slot), None),
        Node::SlotOr { slot, default } => (Subject::Slot(slot), Some(program.constant(default).clone())),
        Node::Constant(_) | Node::Fail(_) | Node::Local(_) => return None,
        _ => (Subject::Term(operand), None),
    })
}
