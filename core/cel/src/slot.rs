//! Slots: the numbered inputs of a program.

use crate::value::Val;

/// What stands in one slot during one evaluation.
#[derive(Clone, Copy, Debug)]
pub enum Slot<'a> {
    /// The input has no such field, or `null` there.
    Absent,
    /// The input has a value there of another type than was declared.
    Mistyped,
    /// The value.
    Present(Val<'a>),
}
