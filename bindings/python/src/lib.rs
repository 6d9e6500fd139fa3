//! The native module of the Python package `llm-policy-engine`: values and errors across the border, nothing else.
//!
//! The logic is in `llm-policy-embed`; what users see is in `python/`, whose `_native.pyi` says the types of what stands here.

mod breakers;
mod decision;
mod detector;
mod engine;
mod error;
mod exchange;
mod input;
mod json;
mod limits;
mod objects;
mod package;
mod question;
mod refusal;
mod sources;
mod stream;
mod watch;

/// The engine. Import `llm_policy_engine` instead.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::decision::Decision;
    #[pymodule_export]
    use crate::detector::Detector;
    #[pymodule_export]
    use crate::engine::{Engine, PreparedContext};
    #[pymodule_export]
    use crate::exchange::Exchange;
    #[pymodule_export]
    use crate::stream::Stream;

    /// Panics inside the engine on purpose, so that whoever ships the package can prove that a panic stays inside: InternalError is
    /// raised.
    #[pyfunction]
    fn self_test_panic(py: Python<'_>) -> PyResult<()> {
        llm_policy_embed::guard::self_test_panic().map_err(|error| crate::error::exception(py, &error, None))
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
