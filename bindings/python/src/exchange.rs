//! Exchanges: the stages of one turn.

use llm_policy_embed::Exchange as Inner;
use pyo3::prelude::*;

use crate::decision::Decision;
use crate::engine::{Engine, detached, written};
use crate::error::exception;
use crate::question::{read_format, read_question};
use crate::refusal::Result as Decided;

/// The stages of one turn, decided about by the policies that there were when it began, for one caller: see `Engine.exchange`.
#[pyclass(frozen, module = "llm_policy_engine")]
pub struct Exchange {
    inner: Inner,
    waits: bool,
}

impl Exchange {
    pub(crate) fn begin(engine: &Engine, host: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (py, waits) = (host.py(), engine.waits());
        let engine = engine.open(py)?;
        Self::given(py, written(host).and_then(|host| Ok(engine.exchange(host.get()?)?)), waits)
    }

    pub(crate) fn resume(engine: &Engine, py: Python<'_>, state: &str) -> PyResult<Self> {
        Self::given(py, engine.open(py)?.resume(state.as_bytes()).map_err(Box::from), engine.waits())
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    fn given(py: Python<'_>, begun: Decided<Inner>, waits: bool) -> PyResult<Self> {
        begun.map(|inner| Self { inner, waits }).map_err(|refusal| refusal.exception(py))
    }
}

#[pymethods]
impl Exchange {
    /// Decides about the next stage. `body` is a context with what is new in it, `{"request": ...}` or `{"response": ...}`: a dict or
    /// another object that `Engine.evaluate` takes, or JSON. It replaces what an earlier stage said under the same name.
    ///
    /// With `format`, `body` is a provider's own.
    #[pyo3(signature = (body, *, stage=None, now=None, format=None))]
    fn evaluate(
        &self,
        py: Python<'_>,
        body: &Bound<'_, PyAny>,
        stage: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
        format: Option<&str>,
    ) -> PyResult<Decision> {
        let question = read_question(py, stage, now)?;
        let made = written(body).and_then(|body| {
            Ok(detached(py, body.get()?, self.waits, |body| match format {
                Some(format) => self.inner.evaluate_body(read_format(format)?, body, question),
                None => self.inner.evaluate(body, question),
            })?)
        });
        Decision::delivered(py, made, question.stage, || self.inner.bundle())
    }

    /// The exchange as text, for `Engine.resume`, here or in another process. It holds the bodies and who asks: keep it as you keep
    /// them, and let nobody else write it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        self.inner.to_json().map_err(|error| exception(py, &error, None))
    }

    /// The digest of the documents that decide: SHA-256, in hexadecimal.
    #[getter]
    fn bundle(&self) -> String {
        self.inner.bundle().to_string()
    }
}
