//! What tests of functions share.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;

use super::{conversions, operators, regexes, strings, time};
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function};
use crate::value::{Duration, OwnedMap, Timestamp, Val, Value};

/// The functions that this file's callers test.
pub(crate) fn all() -> Vec<Function> {
    [operators::functions(), conversions::functions(), time::functions(), strings::functions(), regexes::functions()]
        .concat()
}

/// Calls a function with so much fuel; gives the outcome and the fuel that is left.
pub(crate) fn call_with(fuel: u64, name: &str, args: &[Value]) -> (Result<Value>, u64) {
    let functions = all();
    let function = functions.iter().find(|f| *f.name == *name).expect("a function of this name");
    let arena = Bump::new();
    let fuel = Cell::new(fuel);
    let context = Context { arena: &arena, fuel: &fuel, regex_bytes: 256 << 10 };
    let args: Vec<Val<'_>> = args.iter().map(Value::as_val).collect();
    let code = function.implementation.as_ref().expect("code");
    let result = code(&context, &args).map(Val::to_value);
    (result, fuel.get())
}

/// Calls a function.
pub(crate) fn call(name: &str, args: &[Value]) -> Result<Value> {
    call_with(1_000_000, name, args).0
}

/// What a call that fails fails with.
pub(crate) fn error(name: &str, args: &[Value]) -> ErrorKind {
    call(name, args).expect_err("the call should fail").kind
}

/// What stands for a value in tests.
pub(crate) trait Plain {
    /// The value.
    fn value(self) -> Value;
}

/// A value.
pub(crate) fn value(plain: impl Plain) -> Value {
    plain.value()
}

impl Plain for bool {
    fn value(self) -> Value {
        Value::Bool(self)
    }
}

impl Plain for i64 {
    fn value(self) -> Value {
        Value::Int(self)
    }
}

impl Plain for i32 {
    fn value(self) -> Value {
        Value::Int(self.into())
    }
}

impl Plain for u64 {
    fn value(self) -> Value {
        Value::Uint(self)
    }
}

impl Plain for f64 {
    fn value(self) -> Value {
        Value::Double(self)
    }
}

impl Plain for &str {
    fn value(self) -> Value {
        Value::String(self.into())
    }
}

impl Plain for Vec<Value> {
    fn value(self) -> Value {
        Value::List(self.into())
    }
}

impl Plain for Vec<(Value, Value)> {
    fn value(self) -> Value {
        Value::Map(Arc::new(OwnedMap::new(self)))
    }
}

impl Plain for Timestamp {
    fn value(self) -> Value {
        Value::Timestamp(self)
    }
}

impl Plain for Duration {
    fn value(self) -> Value {
        Value::Duration(self)
    }
}

impl Plain for Value {
    fn value(self) -> Value {
        self
    }
}

impl<const N: usize> Plain for &[u8; N] {
    fn value(self) -> Value {
        Value::Bytes(self.as_slice().into())
    }
}

/// Values of any types as arguments: `args![1, "a"]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::library::testing::value($value)),*] };
}

/// A list value: `list![1, "a"]`.
macro_rules! list {
    ($($value:expr),* $(,)?) => { $crate::value::Value::List([$($crate::library::testing::value($value)),*].into()) };
}

/// A map value: `map![1 => "a"]`.
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {
        $crate::library::testing::value(vec![
            $(($crate::library::testing::value($key), $crate::library::testing::value($value))),*
        ])
    };
}

pub(crate) use {args, list, map};
