//! What the package's own modules define: exceptions, enumerations and records.

use llm_policy_embed::{Closed, Effect, Stage};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple};
use serde_json::Value;

use crate::json;

/// A class of a module of the package.
pub(crate) fn class<'py>(py: Python<'py>, module: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(format!("llm_policy_engine.{module}").as_str())?.getattr(name)
}

/// The member of an enumeration of the package.
fn member(py: Python<'_>, class: &str, name: &str) -> PyResult<Py<PyAny>> {
    Ok(self::class(py, "records", class)?.call1((name,))?.unbind())
}

/// A member of `Effect`.
pub(crate) fn effect(py: Python<'_>, effect: Effect) -> PyResult<Py<PyAny>> {
    static EFFECTS: PyOnceLock<[Py<PyAny>; 4]> = PyOnceLock::new();
    let [allow, throttle, approval, deny] = EFFECTS.get_or_try_init(py, || {
        let of = |effect: Effect| member(py, "Effect", effect.name());
        Ok::<_, PyErr>([of(Effect::Allow)?, of(Effect::Throttle)?, of(Effect::RequireApproval)?, of(Effect::Deny)?])
    })?;
    Ok(match effect {
        Effect::Allow => allow,
        Effect::Throttle => throttle,
        Effect::RequireApproval => approval,
        Effect::Deny => deny,
    }
    .clone_ref(py))
}

/// A member of `Stage`.
pub(crate) fn stage(py: Python<'_>, stage: Stage) -> PyResult<Py<PyAny>> {
    member(py, "Stage", stage.name())
}

/// A member of `Closed`.
pub(crate) fn closed(py: Python<'_>, closed: Closed) -> PyResult<Py<PyAny>> {
    member(py, "Closed", closed.name())
}

/// What a field of a record holds: lists are tuples, effects and stages members of their enumerations, and points in time are
/// `datetime`s.
fn field<'py>(py: Python<'py>, name: &str, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match (name, value) {
        (_, Value::Array(items)) => Ok(tuple(py, items.iter().map(|item| json::to_python(py, item)))?.into_any()),
        ("effect" | "shadow", Value::String(name)) => Ok(member(py, "Effect", name)?.into_bound(py)),
        ("stage", Value::String(name)) => Ok(member(py, "Stage", name)?.into_bound(py)),
        ("time" | "resets_at" | "until", Value::String(text)) => class(py, "records", "_instant")?.call1((text,)),
        _ => json::to_python(py, value),
    }
}

/// A record: an instance of the class `name` with the fields of `value`.
pub(crate) fn record<'py>(py: Python<'py>, name: &str, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    for (name, value) in value.as_object().into_iter().flatten() {
        fields.set_item(name, field(py, name, value)?)?;
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
