//! The instructions of a program: nodes in an arena, which refer to each other by number.

/// The number of a node within its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A run of node numbers in the program's table of children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Children {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// An order of two values: a bit for each ordering that it holds for, so that asking is no jump, which a processor would
/// have to guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Relation {
    /// `<`
    Less = 0b001,
    /// `<=`
    LessEqual = 0b011,
    /// `>`
    Greater = 0b100,
    /// `>=`
    GreaterEqual = 0b110,
}

impl Relation {
    /// The relation that holds for `b, a` when this one holds for `a, b`.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
        }
    }

    /// Whether values in `order` stand in this relation.
    #[inline]
    #[must_use]
    pub const fn holds(self, order: std::cmp::Ordering) -> bool {
        self as u8 >> (order as i8 + 1) & 1 != 0
    }

    /// Whether doubles stand in this relation, which NaN does to none.
    #[inline]
    #[must_use]
    pub fn holds_of_doubles(self, a: f64, b: f64) -> bool {
        a.partial_cmp(&b).is_some_and(|order| self.holds(order))
    }
}

/// An operation of arithmetic on two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
}

/// One instruction, 16 bytes. Numbers of constants, slots, sets, regexes, loops and functions point into the program's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// A constant.
    Constant(u32),
    /// The value in a slot; an error when it is absent.
    Slot(u32),
    /// The value in a slot; when it is absent a constant.
    SlotOr {
        /// The slot.
        slot: u32,
        /// The constant.
        default: u32,
    },
    /// Whether a slot has a value.
    HasSlot(u32),
    /// A loop variable, accumulator or bound name.
    Local(u32),
    /// `operand.field` on a value that is not a slot.
    Select {
        /// The map.
        operand: NodeId,
        /// The field's name, a constant.
        field: u32,
    },
    /// `has(operand.field)` on a value that is not a slot.
    Has {
        /// The map.
        operand: NodeId,
        /// The field's name, a constant.
        field: u32,
    },
    /// `a && b && ...`, cheapest first.
    And(Children),
    /// `a || b || ...`, cheapest first.
    Or(Children),
    /// `!a`
    Not(NodeId),
    /// `condition ? then : otherwise`
    Conditional {
        /// The condition.
        condition: NodeId,
        /// The value when it is true.
        then: NodeId,
        /// The value when it is false.
        otherwise: NodeId,
    },
    /// True unless the operand is false.
    NotStrictlyFalse(NodeId),
    /// `a == b`
    Equal(NodeId, NodeId),
    /// `a != b`
    NotEqual(NodeId, NodeId),
    /// `a < b` and its kin
    Compare(Relation, NodeId, NodeId),
    /// `slot == 'constant'`, the most frequent test of all.
    SlotEqualsString {
        /// The slot.
        slot: u32,
        /// The constant.
        constant: u32,
    },
    /// `slot < constant` and its kin, for an int constant.
    SlotCompareInt {
        /// The relation.
        relation: Relation,
        /// The slot.
        slot: u32,
        /// The constant.
        constant: i64,
    },
    /// `slot < other` and its kin between two slots.
    SlotCompareSlot {
        /// The relation.
        relation: Relation,
        /// The left slot.
        left: u32,
        /// The right slot.
        right: u32,
    },
    /// `operand < constant` and its kin, for an int constant.
    CompareInt {
        /// The relation.
        relation: Relation,
        /// The operand.
        operand: NodeId,
        /// The constant.
        constant: i64,
    },
    /// `a in b`
    In(NodeId, NodeId),
    /// `a in [constants]`, the constants hashed.
    InSet {
        /// What is looked for.
        operand: NodeId,
        /// The set.
        set: u32,
    },
    /// `a + b + ...` from left to right.
    Add(Children),
    /// `a - b` and its kin
    Arithmetic(Arithmetic, NodeId, NodeId),
    /// `operand - constant` and its kin, for an int constant.
    ArithmeticInt {
        /// The operation.
        operation: Arithmetic,
        /// The operand.
        operand: NodeId,
        /// The constant.
        constant: i64,
    },
    /// `-a`
    Negate(NodeId),
    /// `a[b]`
    Index(NodeId, NodeId),
    /// `operand.startsWith('constant')`
    StartsWith {
        /// The text.
        operand: NodeId,
        /// The constant.
        prefix: u32,
    },
    /// `operand.endsWith('constant')`
    EndsWith {
        /// The text.
        operand: NodeId,
        /// The constant.
        suffix: u32,
    },
    /// `operand.contains('constant')`
    Contains {
        /// The text.
        operand: NodeId,
        /// The constant.
        needle: u32,
    },
    /// `slot.contains('constant')`, answered by the slot's automaton.
    ContainsLiteral {
        /// The automaton.
        text: u16,
        /// The number of the literal within it.
        literal: u32,
    },
    /// `operand.matches('constant')`
    Matches {
        /// The text.
        operand: NodeId,
        /// The compiled pattern.
        regex: u32,
    },
    /// `slot.matches('constant')` where the pattern can only match if one of some literals is in the text.
    MatchesLiteral {
        /// The automaton.
        text: u16,
        /// The literals; their numbers are stored as a run of children.
        literals: Children,
        /// The compiled pattern.
        regex: u32,
    },
    /// `size(a)`
    Size(NodeId),
    /// A call of a library or host function, receiver first.
    Call {
        /// The function.
        function: u32,
        /// The arguments.
        args: Children,
    },
    /// `[a, b]`
    List(Children),
    /// `[a, ?b]`: children are pairs of an element and a marker, see [`OPTIONAL`] and [`PLAIN`].
    OptionalList(Children),
    /// `{k: v}`: children are triples of key, value and a marker, see [`OPTIONAL`] and [`PLAIN`].
    Map(Children),
    /// A comprehension.
    Loop(u32),
    /// `cel.bind(name, value, body)`
    Bind {
        /// The local that holds the value.
        local: u32,
        /// The value.
        value: NodeId,
        /// The body.
        body: NodeId,
    },
    /// `a.?field`
    OptionalSelect {
        /// The map or optional.
        operand: NodeId,
        /// The field's name, a constant.
        field: u32,
    },
    /// `a[?b]`
    OptionalIndex(NodeId, NodeId),
    /// `a.or(b)`
    OptionalOr(NodeId, NodeId),
    /// `a.orValue(b)`
    OptionalOrValue(NodeId, NodeId),
    /// The value of another node, evaluated at most once an evaluation.
    Memo {
        /// The node.
        inner: NodeId,
        /// Where its value is kept.
        index: u32,
    },
    /// An error, by its number among the program's errors.
    Fail(u32),
}

const _: () = assert!(size_of::<Node>() == 16);

/// Marks an element or entry of a literal as optional (`?x`).
pub const OPTIONAL: NodeId = NodeId(u32::MAX);
/// Marks an element or entry of a literal as plain.
pub const PLAIN: NodeId = NodeId(u32::MAX - 1);

/// A comprehension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Loop {
    /// What it computes.
    pub kind: LoopKind,
    /// The list or map that is looped over.
    pub range: NodeId,
    /// The local of the loop variable.
    pub var: u32,
    /// The local of the second loop variable.
    pub var2: Option<u32>,
    /// Fuel for one step.
    pub step_fuel: u32,
}

/// What a comprehension computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopKind {
    /// Whether the predicate holds for all.
    All(NodeId),
    /// Whether the predicate holds for at least one.
    Exists(NodeId),
    /// Whether the predicate holds for exactly one.
    ExistsOne(NodeId),
    /// The elements for which the predicate holds.
    Filter(NodeId),
    /// New elements.
    Map {
        /// The filter, if any.
        filter: Option<NodeId>,
        /// The new element.
        transform: NodeId,
    },
    /// New values under the same keys.
    TransformMap {
        /// The filter, if any.
        filter: Option<NodeId>,
        /// The new value.
        transform: NodeId,
    },
    /// New entries.
    TransformMapEntry {
        /// The filter, if any.
        filter: Option<NodeId>,
        /// A map of entries to add.
        transform: NodeId,
    },
    /// Any other: an accumulator and a step.
    Fold {
        /// The local of the accumulator.
        accumulator: u32,
        /// Its first value.
        init: NodeId,
        /// The loop goes on while this is true.
        condition: NodeId,
        /// Its next value.
        step: NodeId,
        /// The comprehension's value.
        result: NodeId,
    },
}

impl Node {
    /// Whether the node's value is a bool or an error, whatever its operands are.
    #[must_use]
    pub const fn is_test(self) -> bool {
        matches!(
            self,
            Self::HasSlot(_)
                | Self::Has { .. }
                | Self::And(_)
                | Self::Or(_)
                | Self::Not(_)
                | Self::NotStrictlyFalse(_)
                | Self::Equal(..)
                | Self::NotEqual(..)
                | Self::Compare(..)
                | Self::CompareInt { .. }
                | Self::SlotEqualsString { .. }
                | Self::SlotCompareInt { .. }
                | Self::SlotCompareSlot { .. }
                | Self::In(..)
                | Self::InSet { .. }
                | Self::StartsWith { .. }
                | Self::EndsWith { .. }
                | Self::Contains { .. }
                | Self::ContainsLiteral { .. }
                | Self::Matches { .. }
                | Self::MatchesLiteral { .. }
                | Self::Fail(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::Relation;

    #[test]
    fn a_relation_holds_for_its_orderings() {
        let all = [Relation::Less, Relation::LessEqual, Relation::Greater, Relation::GreaterEqual];
        assert_eq!(all.map(|relation| relation.holds(Less)), [true, true, false, false]);
        assert_eq!(all.map(|relation| relation.holds(Equal)), [false, true, false, true]);
        assert_eq!(all.map(|relation| relation.holds(Greater)), [false, false, true, true]);
        assert_eq!(all.map(|relation| relation.holds_of_doubles(1.0, f64::NAN)), [false; 4]);
        assert_eq!(all.map(|relation| relation.holds_of_doubles(-0.0, 0.0)), [false, true, false, true]);
    }
}
