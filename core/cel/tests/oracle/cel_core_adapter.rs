//! The `cel-core` crate.

use std::sync::Arc;

use cel_core::{Ast, CelType, CompileError, Env, MapActivation, MapKey, Program, Value as Theirs, ValueMap};

use super::answer::{Answer, Value};
use super::types::Ty;

/// An environment with the libraries that `cel-core` shares with us.
pub struct CelCore {
    env: Env,
    /// Makes a program; the functions are put together once, which takes them longer than all else.
    program: Box<dyn Fn(Ast) -> Program + Send + Sync>,
}

impl CelCore {
    pub fn new(variables: &[(&str, Ty)]) -> Self {
        let mut env = Env::with_standard_library().with_all_extensions();
        for (name, ty) in variables {
            env.add_variable(*name, to_type(ty));
        }
        let functions = {
            let ast = env.parse_only("null").unwrap();
            Arc::new(env.program(&ast).unwrap().functions().clone())
        };
        Self { env, program: Box::new(move |ast| Program::new(Arc::new(ast), Arc::clone(&functions))) }
    }

    /// Checks and evaluates `source`; what the checker refuses is evaluated unchecked.
    pub fn answer(&self, source: &str, bindings: &[(&str, Value)]) -> Answer {
        let ast = match self.env.compile(source) {
            Err(CompileError::Check(_)) => self.env.parse_only(source),
            result => result,
        };
        let ast = match ast {
            Ok(ast) => ast,
            Err(error) => return Answer::Error(error.to_string()),
        };
        let activation: MapActivation =
            bindings.iter().map(|(name, value)| ((*name).to_string(), to_theirs(value))).collect();
        match (self.program)(ast).eval(&activation) {
            Theirs::Error(error) => Answer::Error(error.to_string()),
            value => from_theirs(&value).map_or_else(Answer::Error, Answer::Value),
        }
    }
}

fn to_type(ty: &Ty) -> CelType {
    match ty {
        Ty::Null => CelType::Null,
        Ty::Bool => CelType::Bool,
        Ty::Int => CelType::Int,
        Ty::Uint => CelType::UInt,
        Ty::Double => CelType::Double,
        Ty::String => CelType::String,
        Ty::Bytes => CelType::Bytes,
        Ty::Timestamp => CelType::Timestamp,
        Ty::Duration => CelType::Duration,
        Ty::List(item) => CelType::list(to_type(item)),
        Ty::Map(key, value) => CelType::map(to_type(key), to_type(value)),
        Ty::Var(letter) => panic!("{letter} is not bound"),
    }
}

fn to_theirs(value: &Value) -> Theirs {
    match value {
        Value::Null => Theirs::Null,
        Value::Bool(b) => Theirs::Bool(*b),
        Value::Int(i) => Theirs::Int(*i),
        Value::Uint(u) => Theirs::UInt(*u),
        Value::Double(d) => Theirs::Double(*d),
        Value::String(s) => Theirs::String(s.as_str().into()),
        Value::Bytes(b) => Theirs::Bytes(b.as_slice().into()),
        Value::Timestamp(seconds, nanos) => Theirs::timestamp(*seconds, i32::try_from(*nanos).unwrap()),
        Value::Duration(nanos) => Theirs::duration(
            i64::try_from(nanos / 1_000_000_000).unwrap(),
            i32::try_from(nanos % 1_000_000_000).unwrap(),
        ),
        Value::List(items) => Theirs::List(items.iter().map(to_theirs).collect()),
        Value::Map(entries) => Theirs::Map(Arc::new(ValueMap::from_entries(
            entries.iter().map(|(k, v)| (MapKey::from_value(&to_theirs(k)).unwrap(), to_theirs(v))),
        ))),
        Value::Other(text) => panic!("not an input: {text}"),
    }
}

/// Their errors are values, so one may hide inside of a list or map.
fn from_theirs(value: &Theirs) -> Result<Value, String> {
    Ok(match value {
        Theirs::Null => Value::Null,
        Theirs::Bool(b) => Value::Bool(*b),
        Theirs::Int(i) => Value::Int(*i),
        Theirs::UInt(u) => Value::Uint(*u),
        Theirs::Double(d) => Value::Double(*d),
        Theirs::String(s) => Value::String(s.to_string()),
        Theirs::Bytes(b) => Value::Bytes(b.to_vec()),
        Theirs::Timestamp(t) => Value::Timestamp(t.seconds, u32::try_from(t.nanos).unwrap()),
        Theirs::Duration(d) => Value::Duration(i128::from(d.seconds) * 1_000_000_000 + i128::from(d.nanos)),
        Theirs::List(items) => Value::List(items.iter().map(from_theirs).collect::<Result<_, _>>()?),
        Theirs::Map(map) => Value::Map(
            map.iter()
                .map(|(k, v)| Ok((from_theirs(&k.to_value())?, from_theirs(v)?)))
                .collect::<Result<_, String>>()?,
        ),
        Theirs::Error(error) => return Err(error.to_string()),
        other => Value::Other(format!("{other:?}")),
    })
}
