//! What the tests of library functions share: calls of a function by its name, and short ways to write values.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;

use super::{conversions, operators, regexes, strings, time};
use crate::error::{Error, ErrorKind, Result};
use crate::function::{Context, Function};
use crate::value::{Duration, OwnedMap, Timestamp, Val, Value};

/// Fuel that no test uses up unless it means to.
pub(crate) const PLENTY: u64 = 1_000_000;

/// Functions to call.
pub(crate) struct Library(pub(super) Vec<Function>);

impl Library {
    /// The functions of several modules, for the tests that call one's functions on what another's give.
    pub(super) fn standard() -> Self {
        let modules = [operators::functions(), conversions::functions(), time::functions(), strings::functions()];
        Self([modules.concat(), regexes::functions()].concat())
    }

    /// What the function makes of these arguments.
    pub(super) fn call(&self, name: &str, args: &[Value]) -> std::result::Result<Value, ErrorKind> {
        self.call_with(PLENTY, name, args).0
    }

    /// The same, and the fuel that it took.
    pub(super) fn call_with(
        &self,
        fuel: u64,
        name: &str,
        args: &[Value],
    ) -> (std::result::Result<Value, ErrorKind>, u64) {
        let function = self.0.iter().find(|f| &*f.name == name).unwrap_or_else(|| panic!("no function {name}"));
        let code = function.implementation.clone().unwrap_or_else(|| panic!("{name} has no code"));
        with_context(fuel, |cx| {
            let args: Vec<Val<'_>> = args.iter().map(Value::as_val).collect();
            code(cx, &args).and_then(Val::to_value).map_err(|e| e.kind)
        })
    }

    /// Asserts the value, its type included.
    pub(super) fn gives(&self, name: &str, args: &[Value], expected: &Value) {
        let result = self.call(name, args);
        assert_eq!(format!("{result:?}"), format!("{:?}", Ok::<_, ErrorKind>(expected)), "{name}{args:?}");
    }

    /// Asserts that the types of the arguments are refused.
    pub(super) fn has_no_overload(&self, name: &str, args: &[Value]) {
        assert_eq!(self.call(name, args).unwrap_err(), ErrorKind::NoSuchOverload, "{name}{args:?}");
    }

    /// Asserts that the argument's value is refused.
    pub(super) fn refuses(&self, name: &str, args: &[Value]) {
        let error = self.call(name, args).expect_err(name);
        assert!(matches!(error, ErrorKind::InvalidArgument(_)), "{name}{args:?}: {error:?}");
    }

    /// Asserts what every function has to have.
    pub(super) fn is_declared_well(&self) {
        let mut seen = std::collections::HashSet::new();
        for function in &self.0 {
            let name = &function.name;
            assert!(!function.overloads.is_empty(), "{name} has no overloads");
            assert!(function.doc.ends_with('.'), "{name}: {}", function.doc);
            assert!(function.example.contains(" == "), "{name}: {}", function.example);
            for overload in &function.overloads {
                assert!(seen.insert(overload.id.clone()), "{} is declared twice", overload.id);
            }
        }
    }
}

/// Runs `f` with an arena and this much fuel; also gives the fuel that it took.
pub(crate) fn with_context<T>(fuel: u64, f: impl for<'a> FnOnce(&Context<'a>) -> T) -> (T, u64) {
    let arena = Bump::new();
    let left = Cell::new(fuel);
    let result = f(&Context::new(&arena, &left, 256 << 10));
    (result, fuel - left.get())
}

pub(crate) fn int(i: i64) -> Value {
    Value::Int(i)
}

pub(crate) fn uint(u: u64) -> Value {
    Value::Uint(u)
}

pub(crate) fn double(d: f64) -> Value {
    Value::Double(d)
}

pub(crate) fn string(s: &str) -> Value {
    Value::String(s.into())
}

pub(crate) fn bytes(b: &[u8]) -> Value {
    Value::Bytes(b.into())
}

pub(crate) fn list_of(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

pub(crate) fn ints(items: impl IntoIterator<Item = i64>) -> Value {
    list_of(items.into_iter().map(Value::Int))
}

pub(crate) fn map_of(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::Map(Arc::new(OwnedMap::new(entries.into_iter().collect())))
}

pub(crate) fn some(value: Value) -> Value {
    Value::Optional(Some(Arc::new(value)))
}

/// Calls a standard function with so much fuel; gives the outcome and the fuel that is left.
pub(crate) fn call_with(fuel: u64, name: &str, args: &[Value]) -> (Result<Value>, u64) {
    let (result, taken) = Library::standard().call_with(fuel, name, args);
    (result.map_err(Error::new), fuel - taken)
}

/// Calls a standard function.
pub(crate) fn call(name: &str, args: &[Value]) -> Result<Value> {
    call_with(PLENTY, name, args).0
}

/// What a call of a standard function fails with.
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
