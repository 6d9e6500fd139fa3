//! What is asked about a context: stage, time, and the format of a body.

use llm_policy_embed::{Error, Format, Question, Stage, Timestamp, UnknownStage, instant};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::error::{argument, exception};

/// The question that the keyword arguments `stage` and `now` ask; by default about a request, now.
#[inline]
pub(crate) fn read_question(
    py: Python<'_>,
    stage: Option<&Bound<'_, PyAny>>,
    now: Option<&Bound<'_, PyAny>>,
) -> PyResult<Question> {
    let stage = stage.map_or(Ok(Stage::Request), |stage| read_stage(py, stage))?;
    Ok(Question { stage, now: now.map_or_else(|| Ok(Timestamp::now()), |now| read_now(py, now, "now"))? })
}

fn read_stage(py: Python<'_>, stage: &Bound<'_, PyAny>) -> PyResult<Stage> {
    let name = stage.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
    // What is no text at all names no stage either.
    name.unwrap_or_default().parse().map_err(|unknown: UnknownStage| exception(py, &unknown.into(), None))
}

/// The point in time that the argument `name` is.
pub(crate) fn read_now(py: Python<'_>, now: &Bound<'_, PyAny>, name: &str) -> PyResult<Timestamp> {
    static DATETIME: PyOnceLock<Py<pyo3::types::PyType>> = PyOnceLock::new();
    static UTC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let expected =
        Some("give an aware datetime, such as `datetime.now(timezone.utc)`, or text such as \"2026-01-31T12:00:00Z\"");
    let read =
        |text: &str| instant::read(text).map_err(|what| argument(py, format!("`{name}` is no instant: {what}"), None));
    if let Ok(text) = now.cast::<PyString>() {
        return read(&text.to_string_lossy());
    }
    if !now.is_instance(DATETIME.import(py, "datetime", "datetime")?)? {
        return Err(argument(py, format!("`{name}` is no point in time"), expected));
    }
    if now.call_method0(intern!(py, "utcoffset"))?.is_none() {
        return Err(argument(py, format!("`{name}` has no time zone, so it says no point in time"), expected));
    }
    let utc = UTC
        .get_or_try_init(py, || Ok::<_, PyErr>(py.import("datetime")?.getattr("timezone")?.getattr("utc")?.unbind()))?;
    let utc = now.call_method1(intern!(py, "astimezone"), (utc,))?;
    read(&utc.call_method0(intern!(py, "isoformat"))?.extract::<String>()?)
}

pub(crate) fn read_format(format: &str) -> Result<Format, Error> {
    Ok(format.parse::<Format>()?)
}
