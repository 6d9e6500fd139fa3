//! What the package's own modules define: exceptions, enumerations and records.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use serde_json::Value;

use crate::json;

/// A class of a module of the package.
pub(crate) fn class<'py>(py: Python<'py>, module: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(format!("llm_policy_engine.{module}").as_str())?.getattr(name)
}

/// A record: an instance of the class `name` with the fields of `value`. Lists become tuples.
pub(crate) fn record<'py>(py: Python<'py>, name: &str, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    for (name, value) in value.as_object().into_iter().flatten() {
        let field = match value.as_array() {
            Some(items) => tuple(py, items.iter().map(|item| json::to_python(py, item)))?.into_any(),
            None => json::to_python(py, value)?,
        };
        fields.set_item(name, field)?;
    }
    class(py, "records", name)?.call((), Some(&fields))
}

/// Records of one class.
pub(crate) fn records<'py>(py: Python<'py>, name: &str, values: Option<&Value>) -> PyResult<Bound<'py, PyTuple>> {
    let values = values.and_then(Value::as_array).into_iter().flatten();
    tuple(py, values.map(|value| record(py, name, value)))
}

fn tuple<'py>(
    py: Python<'py>,
    items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)
}
