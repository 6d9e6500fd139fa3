//! Why there is no decision.

use llm_policy_embed::{Error, ErrorCode};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;

use crate::error::exception;
use crate::objects::Fault;

/// Why there is no decision, and what Python code raised on the way.
pub(crate) struct Refusal {
    pub(crate) error: Error,
    pub(crate) raised: Option<PyErr>,
}

pub(crate) type Result<T> = std::result::Result<T, Box<Refusal>>;

impl Refusal {
    /// The exception.
    pub(crate) fn exception(&self, py: Python<'_>) -> PyErr {
        exception(py, &self.error, self.raised.as_ref().map(|raised| raised.clone_ref(py)))
    }

    /// What was raised, if it is no failure, such as a keyboard interrupt.
    pub(crate) fn interrupt(&self, py: Python<'_>) -> Option<PyErr> {
        self.raised
            .as_ref()
            .filter(|raised| !raised.is_instance_of::<PyException>(py))
            .map(|raised| raised.clone_ref(py))
    }
}

impl From<Error> for Box<Refusal> {
    fn from(error: Error) -> Self {
        Box::new(Refusal { error, raised: None })
    }
}

impl From<Box<Fault>> for Box<Refusal> {
    fn from(fault: Box<Fault>) -> Self {
        let error = Error::new(ErrorCode::InvalidInput, fault.text());
        Box::new(Refusal { error: Error { help: fault.help, ..error }, raised: fault.raised })
    }
}

impl From<PyErr> for Box<Refusal> {
    fn from(raised: PyErr) -> Self {
        Box::<Fault>::from(raised).into()
    }
}
