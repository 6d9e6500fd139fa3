//! What the tests of library functions share: short ways to write values, and calls of a function by its name.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;

use crate::error::ErrorKind;
use crate::function::{Context, Function};
use crate::value::{OwnedMap, Val, Value};

/// Fuel that no test uses up unless it means to.
pub(crate) const PLENTY: u64 = 1_000_000;

/// The functions of one module, to call.
pub(crate) struct Library(pub(super) Vec<Function>);

impl Library {
    /// What the function makes of these arguments.
    pub(super) fn call(&self, name: &str, args: &[Value]) -> Result<Value, ErrorKind> {
        self.call_with(PLENTY, name, args).0
    }

    /// The same, and the fuel that it took.
    pub(super) fn call_with(&self, fuel: u64, name: &str, args: &[Value]) -> (Result<Value, ErrorKind>, u64) {
        let function = self.0.iter().find(|f| &*f.name == name).unwrap_or_else(|| panic!("no function {name}"));
        let code = function.implementation.clone().unwrap_or_else(|| panic!("{name} has no code"));
        with_context(fuel, |cx| {
            let args: Vec<Val<'_>> = args.iter().map(Value::as_val).collect();
            code(cx, &args).map(Val::to_value).map_err(|e| e.kind)
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
    let result = f(&Context { arena: &arena, fuel: &left, regex_bytes: 1 << 16 });
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

pub(crate) fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(items.into_iter().collect())
}

pub(crate) fn ints(items: impl IntoIterator<Item = i64>) -> Value {
    list(items.into_iter().map(Value::Int))
}

pub(crate) fn map(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::Map(Arc::new(OwnedMap::new(entries.into_iter().collect())))
}

pub(crate) fn some(value: Value) -> Value {
    Value::Optional(Some(Arc::new(value)))
}
