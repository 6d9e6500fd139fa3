//! This crate.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use bumpalo::Bump;
use llm_policy_cel::env::Env;
use llm_policy_cel::error::ErrorKind;
use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::Context;
use llm_policy_cel::program::{ProgramBuilder, Variables};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::types::Type;
use llm_policy_cel::value::{Duration, OwnedMap, Timestamp, Val, Value as OurValue};

use super::answer::{Answer, Value};
use super::types::Ty;

const REGEX_BYTES: usize = 1 << 20;
const FUEL: u64 = 10_000_000;

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Our environment.
pub struct Ours(Env);

/// What we make of an expression.
pub struct OurAnswer {
    /// The value, or that there was an error.
    pub answer: Answer,
    /// True when the error is that an operand has a type that nothing is declared for.
    pub no_overload: bool,
    /// The type that the checker finds, or why it refuses the expression; nothing for what cannot be parsed.
    pub checked: Option<Result<Type, String>>,
}

impl Ours {
    pub fn new(variables: &[(&str, Ty)]) -> Self {
        let mut env = Env::builder().standard().extensions();
        for (name, ty) in variables {
            env = env.variable(*name, to_type(ty));
        }
        Self(env.build())
    }

    /// Checks `source`, and evaluates it unchecked.
    pub fn answer(&self, source: &str, bindings: &[(&str, Value)]) -> OurAnswer {
        let listed = |errors: &[llm_policy_cel::diagnostic::Diagnostic]| {
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
        };
        let ast = match self.0.parse(source) {
            Ok(ast) => ast,
            Err(errors) => {
                return OurAnswer { answer: Answer::Error(listed(&errors)), no_overload: false, checked: None };
            }
        };
        let mut builder = ProgramBuilder::new(REGEX_BYTES);
        let mut names = Variables::new(self.0.variables().map(|(name, _)| name.clone()));
        let lowered = builder.lower(&self.0, &ast, &mut names);
        let program = builder.finish();
        let values: Vec<Option<OurValue>> = self
            .0
            .variables()
            .map(|(name, _)| bindings.iter().find(|(bound, _)| *bound == &**name).map(|(_, value)| to_ours(value)))
            .collect();
        let slots: Vec<Slot<'_>> =
            values.iter().map(|value| value.as_ref().map_or(Slot::Absent, |v| Slot::Present(v.as_val()))).collect();
        let arena = Bump::new();
        let fuel = Cell::new(FUEL);
        let result = SCRATCH.with_borrow_mut(|scratch| {
            scratch.prepare(&program);
            let cx = Context::new(&arena, &fuel, REGEX_BYTES);
            Evaluator::new(&program, &slots, cx, scratch).value(lowered.node).map(from_ours)
        });
        let no_overload = matches!(&result, Err(error) if error.kind == ErrorKind::NoSuchOverload);
        let answer = match result {
            Ok(value) => Answer::Value(value),
            Err(error) => Answer::Error(error.to_string()),
        };
        let checked = self.0.check(ast).map(|c| c.result_type().clone()).map_err(|errors| listed(&errors));
        OurAnswer { answer, no_overload, checked: Some(checked) }
    }
}

/// The type as ours.
pub fn to_type(ty: &Ty) -> Type {
    match ty {
        Ty::Null => Type::Null,
        Ty::Bool => Type::Bool,
        Ty::Int => Type::Int,
        Ty::Uint => Type::Uint,
        Ty::Double => Type::Double,
        Ty::String => Type::String,
        Ty::Bytes => Type::Bytes,
        Ty::Timestamp => Type::Timestamp,
        Ty::Duration => Type::Duration,
        Ty::List(item) => Type::list(to_type(item)),
        Ty::Map(key, value) => Type::map(to_type(key), to_type(value)),
        Ty::Var(letter) => panic!("{letter} is not bound"),
    }
}

fn to_ours(value: &Value) -> OurValue {
    match value {
        Value::Null => OurValue::Null,
        Value::Bool(b) => OurValue::Bool(*b),
        Value::Int(i) => OurValue::Int(*i),
        Value::Uint(u) => OurValue::Uint(*u),
        Value::Double(d) => OurValue::Double(*d),
        Value::String(s) => OurValue::String(s.as_str().into()),
        Value::Bytes(b) => OurValue::Bytes(b.as_slice().into()),
        Value::Timestamp(seconds, nanos) => {
            OurValue::Timestamp(Timestamp { seconds: *seconds, nanos: i32::try_from(*nanos).unwrap() })
        }
        Value::Duration(nanos) => OurValue::Duration(Duration { nanos: i64::try_from(*nanos).unwrap() }),
        Value::List(items) => OurValue::List(items.iter().map(to_ours).collect()),
        Value::Map(entries) => {
            OurValue::Map(Arc::new(OwnedMap::new(entries.iter().map(|(k, v)| (to_ours(k), to_ours(v))).collect())))
        }
        Value::Other(text) => panic!("not an input: {text}"),
    }
}

fn from_ours(value: Val<'_>) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(b) => Value::Bool(b),
        Val::Int(i) => Value::Int(i),
        Val::Uint(u) => Value::Uint(u),
        Val::Double(d) => Value::Double(d),
        Val::Str(s) => Value::String(s.to_string()),
        Val::Bytes(b) => Value::Bytes(b.to_vec()),
        Val::Timestamp(t) => Value::Timestamp(t.seconds, u32::try_from(t.nanos).unwrap()),
        Val::Duration(d) => Value::Duration(i128::from(d.nanos)),
        Val::List(items) => Value::List(items.iter().map(from_ours).collect()),
        Val::Map(map) => Value::Map(map.iter().map(|(k, v)| (from_ours(k), from_ours(v))).collect()),
        other => Value::Other(format!("{other:?}")),
    }
}
