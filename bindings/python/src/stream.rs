//! Answers that stream.

use llm_policy_embed::{Stage, Stream as Inner, Timestamp};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::decision::Decision;
use crate::engine::{bytes, detached};
use crate::error::{argument, exception};
use crate::exchange::Exchange;
use crate::package;
use crate::question::{read_format, read_now};

/// One answer that streams: see `Exchange.stream`. `llm_policy_engine.streams` makes iterators of it.
#[pyclass(frozen, module = "llm_policy_engine")]
pub struct Stream {
    inner: Inner,
}

#[pymethods]
impl Stream {
    /// How the policies judge the answer: "streamable" while it passes, "at_end" when all of it has passed, "buffer": nothing passes before
    /// the end.
    #[getter]
    fn judged(&self) -> &'static str {
        self.inner.class().name()
    }

    /// The digest of the documents that decide: SHA-256, in hexadecimal.
    #[getter]
    fn bundle(&self) -> String {
        self.inner.bundle().to_string()
    }

    /// The next part of the answer, cut anywhere, also within a character or an event. What comes back are the `bytes` that are safe to send
    /// on now, often none, and whether the answer is `stopped` here; `finish` says why.
    fn push<'py>(&self, py: Python<'py>, part: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let part = bytes(part)?.ok_or_else(|| argument(py, "a part of an answer is `bytes` or `str`", None))?;
        let part = part.get().map_err(|refusal| refusal.exception(py))?;
        let passed = detached(py, part, false, |part| self.inner.push(part));
        let passed = passed.map_err(|error| exception(py, &error, None))?;
        let fields = PyDict::new(py);
        fields.set_item("bytes", PyBytes::new(py, &passed.bytes))?;
        fields.set_item("stopped", passed.is_stopped)?;
        package::class(py, "records", "Passed")?.call((), Some(&fields))
    }

    /// The end of the answer: what was held back and is safe to send on, and the decision about the whole answer, or the one at which it was
    /// stopped. Nothing comes out of an answer that is refused here.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (rest, made) = match py.detach(|| self.inner.finish()) {
            Ok((rest, decision)) => (rest, Ok(decision)),
            Err(error) => (Vec::new(), Err(error.into())),
        };
        let decision = Decision::delivered(py, made, Stage::Response, || self.inner.bundle())?;
        let fields = PyDict::new(py);
        fields.set_item("bytes", PyBytes::new(py, &rest))?;
        fields.set_item("decision", decision)?;
        package::class(py, "records", "Finished")?.call((), Some(&fields))
    }

    /// Ends the stream because nobody reads on. What was held back is dropped; the tokens that came are counted, and `Exchange.settle`
    /// charges them.
    fn abort(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.inner.abort()).map_err(|error| exception(py, &error, None))
    }
}

#[pymethods]
impl Exchange {
    /// Begins the answer of this turn as a stream: of a provider's server-sent events in `format` ("openai-chat", "openai-responses",
    /// "anthropic"), or without one of plain text.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "rules": [
    /// ...     {"id": "mail", "stages": ["response"], "when": "contains_pii(response.text, ['email'])", "actions": [
    /// ...         {"type": "redact", "fields": ["response.text"], "detect": ["email"], "style": "label"}]}]})
    /// >>> stream = engine.exchange({"user": {"id": "ann"}}).stream()
    /// >>> shown = [stream.push(part).text for part in ("Write to ada@exam", "ple.org, please.")]
    /// >>> end = stream.finish()
    /// >>> "".join(shown) + end.text, end.decision.allowed
    /// ('Write to [EMAIL], please.', True)
    #[pyo3(signature = (*, format=None, now=None))]
    fn stream(&self, py: Python<'_>, format: Option<&str>, now: Option<&Bound<'_, PyAny>>) -> PyResult<Stream> {
        let now = now.map_or_else(|| Ok(Timestamp::now()), |now| read_now(py, now, "now"))?;
        let format = format.map(read_format).transpose();
        let begun = format.and_then(|format| self.inner().stream(format, now));
        begun.map(|inner| Stream { inner }).map_err(|error| exception(py, &error, None))
    }
}
