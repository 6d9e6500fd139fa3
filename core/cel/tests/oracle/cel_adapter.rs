//! The `cel` crate.

use std::collections::HashMap;
use std::sync::Arc;

use cel::context::Context;
use cel::objects::Key;
use cel::parser::PrattParser;
use cel::{Env, Value as Theirs, extensions};
use chrono::{DateTime, TimeDelta};

use super::answer::{Answer, Value};

/// An environment with the libraries that `cel` shares with us.
pub struct Cel(Arc<Env>);

impl Cel {
    pub fn new() -> Self {
        let mut env = Env::stdlib();
        env.add_extension(extensions::strings).unwrap();
        env.add_extension(extensions::math).unwrap();
        env.add_extension(extensions::lists).unwrap();
        env.add_extension(extensions::encoders).unwrap();
        Self(Arc::new(env))
    }

    /// Evaluates `source`. Their usual parser takes most of a millisecond, so this is the other one that they have.
    pub fn answer(&self, source: &str, bindings: &[(&str, Value)]) -> Answer {
        let expression = match PrattParser::default().parse(source) {
            Ok(expression) => expression,
            Err(error) => return Answer::Error(format!("parse: {error}")),
        };
        let mut context = Context::with_env(Arc::clone(&self.0));
        for (name, value) in bindings {
            context.add_variable_from_value(*name, to_theirs(value));
        }
        match Theirs::resolve(&expression, &context) {
            Ok(value) => Answer::Value(from_theirs(&value)),
            Err(error) => Answer::Error(error.to_string()),
        }
    }
}

fn to_theirs(value: &Value) -> Theirs {
    match value {
        Value::Null => Theirs::Null,
        Value::Bool(b) => Theirs::Bool(*b),
        Value::Int(i) => Theirs::Int(*i),
        Value::Uint(u) => Theirs::UInt(*u),
        Value::Double(d) => Theirs::Float(*d),
        Value::String(s) => Theirs::String(Arc::new(s.clone())),
        Value::Bytes(b) => Theirs::Bytes(Arc::new(b.clone())),
        Value::Timestamp(seconds, nanos) => {
            Theirs::Timestamp(DateTime::from_timestamp(*seconds, *nanos).unwrap().fixed_offset())
        }
        Value::Duration(nanos) => Theirs::Duration(TimeDelta::nanoseconds(i64::try_from(*nanos).unwrap())),
        Value::List(items) => Theirs::List(Arc::new(items.iter().map(to_theirs).collect())),
        Value::Map(entries) => {
            let entries: HashMap<Key, Theirs> = entries.iter().map(|(k, v)| (key(k), to_theirs(v))).collect();
            Theirs::Map(entries.into())
        }
        Value::Other(text) => panic!("not an input: {text}"),
    }
}

fn key(value: &Value) -> Key {
    match value {
        Value::Bool(b) => Key::Bool(*b),
        Value::Int(i) => Key::Int(*i),
        Value::Uint(u) => Key::Uint(*u),
        Value::String(s) => Key::String(Arc::new(s.clone())),
        other => panic!("not a key: {other:?}"),
    }
}

fn from_theirs(value: &Theirs) -> Value {
    match value {
        Theirs::Null => Value::Null,
        Theirs::Bool(b) => Value::Bool(*b),
        Theirs::Int(i) => Value::Int(*i),
        Theirs::UInt(u) => Value::Uint(*u),
        Theirs::Float(d) => Value::Double(*d),
        Theirs::String(s) => Value::String(s.to_string()),
        Theirs::Bytes(b) => Value::Bytes(b.to_vec()),
        Theirs::Timestamp(t) => Value::Timestamp(t.timestamp(), t.timestamp_subsec_nanos()),
        Theirs::Duration(d) => {
            Value::Duration(i128::from(d.num_seconds()) * 1_000_000_000 + i128::from(d.subsec_nanos()))
        }
        Theirs::List(items) => Value::List(items.iter().map(from_theirs).collect()),
        Theirs::Map(map) => Value::Map(map.map.iter().map(|(k, v)| (from_theirs(&k.into()), from_theirs(v))).collect()),
        other => Value::Other(format!("{other:?}")),
    }
}
