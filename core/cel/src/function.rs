//! Functions: what the checker knows of them, and the code that runs.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use bumpalo::Bump;

use crate::error::{ErrorKind, Result};
use crate::types::Type;
use crate::value::Val;

/// A function or operator with all its overloads, and one implementation that serves them all.
#[derive(Clone)]
pub struct Function {
    /// The name: `size`, `math.abs`, `_+_`.
    pub name: Arc<str>,
    /// What the checker chooses from.
    pub overloads: Vec<Overload>,
    /// The code. It looks at the run-time types of its arguments (receiver first), so that it also serves expressions
    /// that were not checked. `None` for operators that the evaluator knows itself.
    pub implementation: Option<Implementation>,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// A runnable example, `expression == value`.
    pub example: &'static str,
    /// Rough nanoseconds that a call takes: operands of `&&` and `||` are asked in the order of their cost.
    pub cost: u32,
}

impl Function {
    /// What a call costs unless more is known.
    pub const COST: u32 = 40;
}

/// The code of a function: arguments (receiver first) to a value.
pub type Implementation = Arc<dyn for<'a> Fn(&Context<'a>, &[Val<'a>]) -> Result<Val<'a>> + Send + Sync>;

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("name", &self.name).field("overloads", &self.overloads).finish_non_exhaustive()
    }
}

/// One signature of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overload {
    /// CEL's own name of the overload: `size_string`, `add_int64`.
    pub id: Arc<str>,
    /// True when the first parameter is the receiver.
    pub member: bool,
    /// The parameters' types, receiver first.
    pub params: Vec<Type>,
    /// The result's type.
    pub result: Type,
}

impl Overload {
    /// A global overload.
    #[must_use]
    pub fn global(id: &str, params: Vec<Type>, result: Type) -> Self {
        Self { id: id.into(), member: false, params, result }
    }

    /// A member overload; the first parameter is the receiver.
    #[must_use]
    pub fn member(id: &str, params: Vec<Type>, result: Type) -> Self {
        Self { id: id.into(), member: true, params, result }
    }
}

/// What a running function may use: the arena for new values, and the fuel that it must pay for work that grows with
/// its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Where new strings, lists and maps live until the evaluation ends.
    pub arena: &'a Bump,
    /// What is left of the budget; shared with the evaluator.
    pub fuel: &'a Cell<u64>,
    /// Bytes that a regular expression made at run time may take.
    pub regex_bytes: usize,
    /// What the host's own functions remember during one evaluation; `()` where there is nothing.
    pub host: &'a dyn Any,
}

impl<'a> Context<'a> {
    /// A context without a host.
    #[must_use]
    pub fn new(arena: &'a Bump, fuel: &'a Cell<u64>, regex_bytes: usize) -> Self {
        Self { arena, fuel, regex_bytes, host: &() }
    }
}

impl Context<'_> {
    /// Pays `units` of fuel, or fails. One unit is one step of a loop, or 64 bytes of text looked at or made.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfFuel`] when less than `units` is left.
    #[inline]
    pub fn pay(&self, units: u64) -> Result<()> {
        match self.fuel.get().checked_sub(units) {
            Some(rest) => {
                self.fuel.set(rest);
                Ok(())
            }
            None => {
                self.fuel.set(0);
                Err(ErrorKind::OutOfFuel.into())
            }
        }
    }

    /// Pays for looking at or making `bytes` bytes of text.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfFuel`] when the budget does not cover it.
    #[inline]
    pub fn pay_bytes(&self, bytes: usize) -> Result<()> {
        self.pay(bytes as u64 / 64)
    }
}
