//! What nodes read, what they cannot do without, and what kind of values they give.

use llm_policy_engine::cel::program::{Node, NodeId, Program};
use llm_policy_engine::cel::value::Value;
use llm_policy_engine::input::paths::SlotType;
use rustc_hash::FxHashMap;

use super::cells::TermKind;

/// A slot without whose value a node has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Need {
    pub(crate) slot: u32,
    /// Whether an absent slot will do: it has a default, or only its presence is asked for.
    pub(crate) or_absent: bool,
}

/// What is known of the nodes of one program.
#[derive(Debug)]
pub(crate) struct Reads<'p> {
    program: &'p Program,
    types: Vec<SlotType>,
    slots: FxHashMap<NodeId, Vec<u32>>,
}

impl<'p> Reads<'p> {
    /// `types` has the type of each slot.
    pub(crate) fn new(program: &'p Program, types: Vec<SlotType>) -> Self {
        Self { program, types, slots: FxHashMap::default() }
    }

    pub(crate) fn slot_type(&self, slot: u32) -> SlotType {
        self.types.get(slot as usize).copied().unwrap_or(SlotType::Dyn)
    }

    /// The slots that a node reads, sorted.
    pub(crate) fn slots(&mut self, id: NodeId) -> Vec<u32> {
        if let Some(known) = self.slots.get(&id) {
            return known.clone();
        }
        let mut out = self.program.own_slots(self.program.plain_node(id));
        for child in self.program.operands(id) {
            out.extend(self.slots(child));
        }
        out.sort_unstable();
        out.dedup();
        self.slots.insert(id, out.clone());
        out
    }

    /// The slots without which a node is an error, whatever else it reads.
    pub(crate) fn needs(&self, id: NodeId) -> Vec<Need> {
        let mut out = Vec::new();
        self.add_needs(id, &mut out);
        out.sort_unstable();
        out.dedup();
        out
    }

    fn add_needs(&self, id: NodeId, out: &mut Vec<Need>) {
        let program = self.program;
        let node = program.plain_node(id);
        match node {
            Node::SlotOr { slot, .. } | Node::HasSlot(slot) => out.push(Need { slot, or_absent: true }),
            Node::Slot(_)
            | Node::SlotEqualsString { .. }
            | Node::SlotCompareInt { .. }
            | Node::SlotCompareSlot { .. }
            | Node::ContainsLiteral { .. }
            | Node::MatchesLiteral { .. } => {
                out.extend(program.own_slots(node).into_iter().map(|slot| Need { slot, or_absent: false }));
            }
            // All operands are worked out, and the error of one is the error of all.
            Node::Not(_)
            | Node::Equal(..)
            | Node::NotEqual(..)
            | Node::Compare(..)
            | Node::CompareInt { .. }
            | Node::In(..)
            | Node::InSet { .. }
            | Node::Add(_)
            | Node::Arithmetic(..)
            | Node::ArithmeticInt { .. }
            | Node::Negate(_)
            | Node::Index(..)
            | Node::Select { .. }
            | Node::Has { .. }
            | Node::StartsWith { .. }
            | Node::EndsWith { .. }
            | Node::Contains { .. }
            | Node::Matches { .. }
            | Node::Size(_)
            | Node::Call { .. }
            | Node::List(_)
            | Node::OptionalIndex(..)
            | Node::OptionalSelect { .. } => {
                program.operands(id).into_iter().for_each(|child| self.add_needs(child, out));
            }
            Node::Conditional { condition, .. } => self.add_needs(condition, out),
            Node::OptionalOr(a, _) | Node::OptionalOrValue(a, _) => self.add_needs(a, out),
            Node::Loop(index) => {
                if let Some(l) = program.comprehension(index) {
                    self.add_needs(l.range, out);
                }
            }
            // The others do without, or may.
            _ => {}
        }
    }

    /// The kind of values that a node gives, if it gives one.
    pub(crate) fn kind(&self, id: NodeId) -> Option<TermKind> {
        let program = self.program;
        let node = program.plain_node(id);
        if node.is_test() {
            return Some(TermKind::Bool);
        }
        match node {
            Node::Slot(slot) => match self.slot_type(slot) {
                SlotType::Bool => Some(TermKind::Bool),
                SlotType::Int => Some(TermKind::Int),
                SlotType::Double => Some(TermKind::Double),
                SlotType::String => Some(TermKind::Text),
                SlotType::Timestamp => Some(TermKind::Instant),
                _ => None,
            },
            Node::Constant(constant) => match program.constant(constant) {
                Value::Bool(_) => Some(TermKind::Bool),
                Value::Int(_) => Some(TermKind::Int),
                Value::Double(_) => Some(TermKind::Double),
                Value::String(_) => Some(TermKind::Text),
                Value::Timestamp(_) => Some(TermKind::Instant),
                _ => None,
            },
            Node::Size(_) => Some(TermKind::Size),
            Node::ArithmeticInt { operand, .. } => {
                matches!(self.kind(operand), Some(TermKind::Int | TermKind::Size)).then_some(TermKind::Int)
            }
            Node::Add(_) | Node::Arithmetic(..) => {
                let kinds: Vec<_> = program.operands(id).into_iter().map(|child| self.kind(child)).collect();
                let is = |wanted: &[TermKind]| kinds.iter().all(|k| k.is_some_and(|k| wanted.contains(&k)));
                if is(&[TermKind::Double]) {
                    Some(TermKind::Double)
                } else if is(&[TermKind::Int, TermKind::Size]) {
                    Some(TermKind::Int)
                } else if is(&[TermKind::Text]) {
                    Some(TermKind::Text)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// Whether a node has a value whenever its [`Reads::needs`] are met. Fuel is not counted.
    pub(crate) fn is_total(&self, id: NodeId) -> bool {
        let program = self.program;
        let kind = |id| self.kind(id);
        let total = |id| self.is_total(id);
        let numeric = |kind: Option<TermKind>| matches!(kind, Some(TermKind::Int | TermKind::Size | TermKind::Double));
        match program.plain_node(id) {
            Node::Constant(_) | Node::Slot(_) | Node::SlotOr { .. } | Node::HasSlot(_) => true,
            Node::SlotEqualsString { .. } => true,
            Node::SlotCompareInt { slot, .. } => matches!(self.slot_type(slot), SlotType::Int | SlotType::Double),
            Node::SlotCompareSlot { left, right, .. } => {
                let number = |slot| matches!(self.slot_type(slot), SlotType::Int | SlotType::Double);
                number(left) && number(right)
                    || self.slot_type(left) == self.slot_type(right) && {
                        matches!(self.slot_type(left), SlotType::String | SlotType::Timestamp | SlotType::Bool)
                    }
            }
            Node::Equal(a, b) | Node::NotEqual(a, b) => total(a) && total(b),
            Node::InSet { operand, .. } => total(operand),
            Node::In(item, list) => {
                total(item)
                    && matches!(program.plain_node(list), Node::Slot(s)
                        if matches!(self.slot_type(s), SlotType::StringList | SlotType::List))
            }
            Node::Compare(_, a, b) => {
                total(a)
                    && total(b)
                    && (numeric(kind(a)) && numeric(kind(b))
                        || kind(a) == kind(b) && matches!(kind(a), Some(TermKind::Text | TermKind::Instant)))
            }
            Node::CompareInt { operand, .. } => total(operand) && numeric(kind(operand)),
            Node::Arithmetic(operation, ..) => {
                let all = program.operands(id);
                !matches!(operation, llm_policy_engine::cel::program::Arithmetic::Modulo)
                    && all.iter().all(|id| kind(*id) == Some(TermKind::Double) && total(*id))
            }
            Node::Add(_) => {
                let all = program.operands(id);
                all.iter().all(|id| kind(*id) == Some(TermKind::Double) && total(*id))
                    || all.iter().all(|id| kind(*id) == Some(TermKind::Text) && total(*id))
            }
            Node::Size(operand) => match program.plain_node(operand) {
                Node::Slot(slot) => matches!(
                    self.slot_type(slot),
                    SlotType::String | SlotType::StringList | SlotType::List | SlotType::Map
                ),
                _ => kind(operand) == Some(TermKind::Text) && total(operand),
            },
            Node::StartsWith { operand, .. }
            | Node::EndsWith { operand, .. }
            | Node::Contains { operand, .. }
            | Node::Matches { operand, .. } => kind(operand) == Some(TermKind::Text) && total(operand),
            Node::ContainsLiteral { text, .. } | Node::MatchesLiteral { text, .. } => program
                .texts()
                .get(text as usize)
                .is_some_and(|automaton| self.slot_type(automaton.slot()) == SlotType::String),
            _ => false,
        }
    }
}
