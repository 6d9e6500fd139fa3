//! Failures on their way to Python: each code has a class in `llm_policy_engine.errors`.

use llm_policy_embed::{Error, ErrorCode, Finding, Severity};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::package;

/// The failure as an exception; what Python code raised on the way is its cause.
pub(crate) fn exception(py: Python<'_>, error: &Error, raised: Option<PyErr>) -> PyErr {
    // What is no failure of the context, such as a keyboard interrupt, goes on as it is.
    if let Some(raised) = &raised
        && !raised.is_instance_of::<pyo3::exceptions::PyException>(py)
    {
        return raised.clone_ref(py);
    }
    let made = make(py, error).map(PyErr::from_value);
    match made {
        Ok(made) => {
            if raised.is_some() {
                made.set_cause(py, raised);
            }
            made
        }
        Err(error) => error,
    }
}

fn make<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let class = match error.code {
        ErrorCode::InvalidPolicy => "InvalidPolicyError",
        ErrorCode::InvalidInput => "InvalidInputError",
        ErrorCode::UnreadableFile => "UnreadableFileError",
        ErrorCode::NoDocuments => "NoDocumentsError",
        ErrorCode::StaleInput => "StaleInputError",
        ErrorCode::InvalidArgument => "InvalidArgumentError",
        ErrorCode::InvalidHandle => "ClosedError",
        ErrorCode::LimitsUnavailable => "LimitsUnavailableError",
        _ => "InternalError",
    };
    let details = PyDict::new(py);
    details.set_item("help", error.help.as_deref())?;
    details.set_item("offset", error.offset)?;
    details.set_item("findings", findings(py, &error.findings)?)?;
    package::class(py, "errors", class)?.call((error.to_string(),), Some(&details))
}

/// Findings as a tuple of `Finding`.
pub(crate) fn findings<'py>(py: Python<'py>, findings: &[Finding]) -> PyResult<Bound<'py, PyTuple>> {
    let class = package::class(py, "records", "Finding")?;
    let made = findings.iter().map(|finding| {
        let (line, column) = finding.line_and_column();
        let details = PyDict::new(py);
        details.set_item("file", &*finding.origin)?;
        details.set_item("line", line)?;
        details.set_item("column", column)?;
        details.set_item("code", finding.diagnostic.code)?;
        let severity = if finding.diagnostic.severity == Severity::Error { "error" } else { "warning" };
        details.set_item("severity", severity)?;
        details.set_item("message", finding.diagnostic.message.as_str())?;
        details.set_item("help", finding.diagnostic.help.as_deref())?;
        details.set_item("rendered", finding.render(false))?;
        class.call((), Some(&details))
    });
    PyTuple::new(py, made.collect::<PyResult<Vec<_>>>()?)
}

/// A call that is wrong.
pub(crate) fn argument(py: Python<'_>, message: impl Into<String>, help: Option<&str>) -> PyErr {
    let error = Error::new(ErrorCode::InvalidArgument, message);
    exception(py, &Error { help: help.map(str::to_owned), ..error }, None)
}

/// What a host says stands beside a provider's body only.
#[cold]
pub(crate) fn host_without_format(py: Python<'_>) -> PyErr {
    argument(py, "`host` stands beside a provider's body, and there is no `format`", None)
}
