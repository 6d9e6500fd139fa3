//! Arithmetic and order of numbers.
//!
//! Ints and doubles, which are all that JSON gives, travel in registers; a [`Val`](crate::value::Val) goes through memory.

use super::{Evaluator, Truth};
use crate::error::{ErrorKind, Result};
use crate::library::{operators, strings};
use crate::program::{Arithmetic, Children, Node, NodeId, Relation};
use crate::slot::Slot;
use crate::value::{Val, Value};

/// An int or a double. Anything else, and an error, is left behind in the evaluator.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Double(Bits),
    Other,
}

/// A double as its bits: an enum of integers alone is returned in two registers, one with an `f64` through memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits(u64);

impl Bits {
    #[inline]
    pub(super) fn double(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl Number {
    #[inline]
    pub(super) fn double(value: f64) -> Self {
        Self::Double(Bits(value.to_bits()))
    }
}

impl<'a> Evaluator<'a> {
    /// The value of node `id`, as one that arithmetic is quick with.
    #[inline(always)]
    pub(super) fn number(&self, id: NodeId) -> Number {
        match self.program.node_ref(id) {
            Node::Slot(slot) => self.number_in(*slot),
            Node::Constant(index) => match self.program.constant(*index) {
                Value::Int(i) => Number::Int(*i),
                Value::Double(d) => Number::double(*d),
                _ => self.leave_constant(*index),
            },
            node => self.calculate(node),
        }
    }

    #[inline(always)]
    fn number_in(&self, slot: u32) -> Number {
        match self.slots.get(slot as usize) {
            Some(Slot::Present(Val::Int(i))) => Number::Int(*i),
            Some(Slot::Present(Val::Double(d))) => Number::double(*d),
            _ => self.leave_slot(slot),
        }
    }

    #[cold]
    #[inline(never)]
    fn leave_slot(&self, slot: u32) -> Number {
        self.left.set(self.slot(slot));
        Number::Other
    }

    /// The value of a node that is no leaf.
    pub(super) fn calculate(&self, node: &Node) -> Number {
        match *node {
            Node::Add(run) => self.add(run),
            Node::Arithmetic(operation, a, b) => self.arithmetic(operation, a, b),
            Node::ArithmeticInt { operation, operand, constant } => self.arithmetic_int(operation, operand, constant),
            Node::Size(operand) => self.size(operand),
            Node::Memo { inner, index } => self.remembered_number(inner, index),
            _ => self.leave(self.run(node)),
        }
    }

    #[cold]
    #[inline(never)]
    fn leave_constant(&self, index: u32) -> Number {
        self.left.set(Ok(self.program.constant(index).as_val()));
        Number::Other
    }

    #[cold]
    fn leave_error(&self, kind: ErrorKind) -> Number {
        self.left.set(Err(kind.into()));
        Number::Other
    }

    /// A result as a number; what is none is left behind.
    #[inline(never)]
    pub(super) fn leave(&self, result: Result<Val<'a>>) -> Number {
        match result {
            Ok(Val::Int(i)) => Number::Int(i),
            Ok(Val::Double(d)) => Number::double(d),
            other => {
                self.left.set(other);
                Number::Other
            }
        }
    }

    /// The value that `number`, which must be the last one made, stands for.
    #[inline]
    pub(super) fn pick_up(&self, number: Number) -> Result<Val<'a>> {
        match number {
            Number::Int(i) => Ok(Val::Int(i)),
            Number::Double(d) => Ok(Val::Double(d.double())),
            Number::Other => self.left.get(),
        }
    }

    fn whole(&self, result: Option<i64>) -> Number {
        result.map_or_else(|| self.leave_error(ErrorKind::Overflow), Number::Int)
    }

    fn add(&self, run: Children) -> Number {
        let Some((first, rest)) = self.program.children(run).split_first() else {
            return self.leave_error(ErrorKind::NoSuchOverload);
        };
        let mut sum = self.number(*first);
        for id in rest {
            // What is left behind must be picked up before the next operand leaves something.
            sum = match sum {
                Number::Other => match self.left.get() {
                    Ok(x) => self.leave(self.value(*id).and_then(|y| operators::add(&self.cx, x, y))),
                    Err(_) => return Number::Other,
                },
                x => match (x, self.number(*id)) {
                    (Number::Int(x), Number::Int(y)) => self.whole(x.checked_add(y)),
                    (Number::Double(x), Number::Double(y)) => Number::double(x.double() + y.double()),
                    (x, y) => self.mixed(x, y, |x, y| operators::add(&self.cx, x, y)),
                },
            };
        }
        sum
    }

    /// An operation on `x`, which is a number, and `y`, which may be left behind.
    #[inline(never)]
    fn mixed(&self, x: Number, y: Number, operation: impl FnOnce(Val<'a>, Val<'a>) -> Result<Val<'a>>) -> Number {
        let y = self.pick_up(y);
        self.leave(self.pick_up(x).and_then(|x| operation(x, y?)))
    }

    fn arithmetic(&self, operation: Arithmetic, a: NodeId, b: NodeId) -> Number {
        match self.number(a) {
            Number::Other => match self.left.get() {
                Ok(x) => self.leave(self.value(b).and_then(|y| self.operate(operation, x, y))),
                Err(_) => Number::Other,
            },
            x => self.calculate_numbers(operation, x, self.number(b)),
        }
    }

    fn arithmetic_int(&self, operation: Arithmetic, operand: NodeId, constant: i64) -> Number {
        match self.number(operand) {
            Number::Other => self.leave(self.left.get().and_then(|x| self.operate(operation, x, Val::Int(constant)))),
            x => self.calculate_numbers(operation, x, Number::Int(constant)),
        }
    }

    /// An operation on `x`, which is a number, and `y`, which may be left behind.
    #[inline]
    fn calculate_numbers(&self, operation: Arithmetic, x: Number, y: Number) -> Number {
        match (x, y) {
            (Number::Int(x), Number::Int(y)) if operation == Arithmetic::Multiply => self.whole(x.checked_mul(y)),
            (Number::Int(x), Number::Int(y)) if operation == Arithmetic::Subtract => self.whole(x.checked_sub(y)),
            (Number::Double(x), Number::Double(y)) if operation != Arithmetic::Modulo => {
                let (x, y) = (x.double(), y.double());
                Number::double(match operation {
                    Arithmetic::Multiply => x * y,
                    Arithmetic::Subtract => x - y,
                    Arithmetic::Divide | Arithmetic::Modulo => x / y,
                })
            }
            (x, y) => self.mixed(x, y, |x, y| self.operate(operation, x, y)),
        }
    }

    fn operate(&self, operation: Arithmetic, x: Val<'a>, y: Val<'a>) -> Result<Val<'a>> {
        match operation {
            Arithmetic::Subtract => operators::subtract(&self.cx, x, y),
            Arithmetic::Multiply => operators::multiply(&self.cx, x, y),
            Arithmetic::Divide => operators::divide(&self.cx, x, y),
            Arithmetic::Modulo => operators::modulo(&self.cx, x, y),
        }
    }

    #[inline(never)]
    fn size(&self, operand: NodeId) -> Number {
        let value = match self.program.node_ref(operand) {
            Node::Slot(slot) => match self.slots.get(*slot as usize) {
                Some(Slot::Present(Val::List(items))) => {
                    return Number::Int(i64::try_from(items.len()).unwrap_or(i64::MAX));
                }
                _ => self.slot(*slot),
            },
            _ => self.value(operand),
        };
        self.leave(value.and_then(|value| strings::size(&self.cx, value)))
    }

    /// `slot < constant` and its kin.
    #[inline(never)]
    pub(super) fn compare_slot_int(&self, relation: Relation, slot: u32, constant: i64) -> Truth {
        self.compare_with_int(relation, self.number_in(slot), constant)
    }

    /// `operand < constant` and its kin.
    #[inline(never)]
    pub(super) fn compare_int(&self, relation: Relation, operand: NodeId, constant: i64) -> Truth {
        self.compare_with_int(relation, self.number(operand), constant)
    }

    #[inline]
    fn compare_with_int(&self, relation: Relation, x: Number, constant: i64) -> Truth {
        match x {
            Number::Int(x) => relation.holds(x.cmp(&constant)).into(),
            x => self.compare_values(relation, self.pick_up(x), Ok(Val::Int(constant))),
        }
    }

    /// `a < b` and its kin.
    #[inline(never)]
    pub(super) fn compare(&self, relation: Relation, a: NodeId, b: NodeId) -> Truth {
        match self.number(a) {
            Number::Other => self.compare_values(relation, self.left.get(), self.value(b)),
            x => self.compare_numbers(relation, x, self.number(b)),
        }
    }

    /// `slot < other` and its kin.
    #[inline(never)]
    pub(super) fn compare_slots(&self, relation: Relation, left: u32, right: u32) -> Truth {
        match self.number_in(left) {
            Number::Other => self.compare_values(relation, self.left.get(), self.slot(right)),
            x => self.compare_numbers(relation, x, self.number_in(right)),
        }
    }

    /// Compares `x`, which is a number, with `y`, which may be left behind.
    #[inline]
    fn compare_numbers(&self, relation: Relation, x: Number, y: Number) -> Truth {
        match (x, y) {
            (Number::Int(x), Number::Int(y)) => relation.holds(x.cmp(&y)).into(),
            (Number::Double(x), Number::Double(y)) => relation.holds_of_doubles(x.double(), y.double()).into(),
            (x, y) => {
                let y = self.pick_up(y);
                self.compare_values(relation, self.pick_up(x), y)
            }
        }
    }

    #[inline(never)]
    fn compare_values(&self, relation: Relation, a: Result<Val<'a>>, b: Result<Val<'a>>) -> Truth {
        match (a, b) {
            (Ok(x), Ok(y)) => match operators::order(&self.cx, x, y) {
                Ok(order) => order.is_some_and(|order| relation.holds(order)).into(),
                Err(e) => self.fail(e),
            },
            (Err(e), _) | (_, Err(e)) => self.fail(e),
        }
    }
}
