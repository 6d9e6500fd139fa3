//! Between Python objects and JSON, where the hot path is not.

use llm_policy_embed::MAX_INPUT_BYTES;
use llm_policy_embed::input::{InputError, MAX_DEPTH};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3::{Borrowed, IntoPyObjectExt};
use serde_json::{Map, Number, Value};

use crate::input::not_finite;
use crate::objects::{Fault, Kind, Result, kind, surrogate};

/// The object as JSON.
pub(crate) fn from_python(object: &Bound<'_, PyAny>) -> Result<Value> {
    let mut bytes = 0;
    convert(object.as_borrowed(), 0, &mut bytes)
}

fn convert(object: Borrowed<'_, '_, PyAny>, depth: usize, bytes: &mut usize) -> Result<Value> {
    let kind = kind(object)?;
    if depth >= MAX_DEPTH && matches!(kind, Kind::List(_) | Kind::Object(_)) {
        return Err(InputError::too_deep(None).into());
    }
    pay(bytes, 0)?;
    Ok(match kind {
        Kind::Null => Value::Null,
        Kind::Bool(bool) => Value::Bool(bool),
        Kind::Int(int) => Value::from(int),
        Kind::Uint(uint) => Value::from(uint),
        Kind::Double(double) => Number::from_f64(double).map(Value::Number).ok_or_else(|| not_finite(double))?,
        Kind::Text(text) => {
            let text = text.to_cow().map_err(|_| surrogate())?;
            pay(bytes, text.len())?;
            Value::String(text.into_owned())
        }
        Kind::List(items) => {
            let mut list = Vec::new();
            items.each(|_, item| {
                list.push(convert(item, depth + 1, bytes)?);
                Ok(())
            })?;
            Value::Array(list)
        }
        Kind::Object(fields) => {
            let mut object = Map::new();
            fields.each(|name, place| {
                let name = name.to_str().map_err(|_| surrogate())?;
                pay(bytes, name.len())?;
                let value = place.value().and_then(|value| convert(value.as_borrowed(), depth + 1, bytes));
                object.insert(name.to_owned(), value.map_err(|fault| fault.in_field(name))?);
                Ok(())
            })?;
            Value::Object(object)
        }
    })
}

/// Counts a value; see `Object::pay`.
fn pay(bytes: &mut usize, more: usize) -> Result<()> {
    *bytes = bytes.saturating_add(more).saturating_add(2);
    if *bytes > MAX_INPUT_BYTES { Err(Fault::new(format!("larger than {MAX_INPUT_BYTES} bytes"))) } else { Ok(()) }
}

/// JSON as objects of Python. It is no deeper than what the engine made it from.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(bool) => bool.into_bound_py_any(py),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => int.into_bound_py_any(py),
            (None, Some(uint)) => uint.into_bound_py_any(py),
            (None, None) => number.as_f64().into_bound_py_any(py),
        },
        Value::String(text) => text.into_bound_py_any(py),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            Ok(list.into_any())
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            for (name, value) in fields {
                dict.set_item(name, to_python(py, value)?)?;
            }
            Ok(dict.into_any())
        }
    }
}
