//! Limits: decisions that take nothing, and closing what is held for a request.

use llm_policy_embed::{Closed, Error, ErrorCode};
use pyo3::prelude::*;
use pyo3::types::PyString;
use serde_json::{Map, Value};

use crate::decision::Decision;
use crate::engine::{Engine, detached, with_body, written};
use crate::error::{argument, exception, host_without_format};
use crate::exchange::Exchange;
use crate::json;
use crate::package;
use crate::question::{read_format, read_question};
use crate::refusal::Result as Decided;

/// What is said of a call, as JSON: whole, or by name; `None` when nothing is said.
pub(crate) fn said(
    whole: Option<&Bound<'_, PyAny>>,
    parts: &[(&str, Option<&Bound<'_, PyAny>>)],
) -> Decided<Option<Vec<u8>>> {
    if let Some(whole) = whole {
        if let Some((name, _)) = parts.iter().find(|(_, part)| part.is_some()) {
            let message = format!("what is said of the call is one object, or named; here it is one, and `{name}`");
            return Err(Error::new(ErrorCode::InvalidArgument, message).into());
        }
        return Ok(Some(written(whole)?.get()?.to_vec()));
    }
    let mut said = Map::new();
    for (name, value) in parts {
        if let Some(value) = value {
            said.insert((*name).to_owned(), json::from_python(value)?);
        }
    }
    Ok((!said.is_empty()).then(|| Value::Object(said).to_string().into_bytes()))
}

/// What a request used, by the names of the arguments.
fn parts<'a, 'py>(
    usage: Option<&'a Bound<'py, PyAny>>,
    model: Option<&'a Bound<'py, PyAny>>,
    cost: Option<&'a Bound<'py, PyAny>>,
    outcome: Option<&'a Bound<'py, PyAny>>,
    latency_ms: Option<&'a Bound<'py, PyAny>>,
) -> [(&'static str, Option<&'a Bound<'py, PyAny>>); 5] {
    [("usage", usage), ("model", model), ("cost", cost), ("outcome", outcome), ("latency_ms", latency_ms)]
}

/// Runs `work`, which may ask a store, while other threads run.
fn close(py: Python<'_>, work: impl FnOnce() -> Result<Closed, Error> + Send) -> PyResult<Py<PyAny>> {
    let closed = py.detach(work).map_err(|error| exception(py, &error, None))?;
    package::closed(py, closed)
}

/// The text of a hold.
pub(crate) fn read_hold(hold: &Bound<'_, PyAny>) -> PyResult<String> {
    let help = Some("it is the text of `decision.hold`, which is None when nothing is held");
    let text = hold.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
    text.map(str::to_owned).ok_or_else(|| argument(hold.py(), "this is no hold", help))
}

#[pymethods]
impl Engine {
    /// Decides about a context as `evaluate` does, and takes nothing from limits: `limits` says how they would stand. With
    /// `format`, `context` is a provider's body, and `host` what the host says beside it.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "limits": {
    /// ...     "day": {"kind": "rate", "key": "user.id", "amount": 1, "window": {"fixed": "1d"}}}})
    /// >>> [engine.dry_run({"user": {"id": "ann"}}).allowed for _ in range(3)]
    /// [True, True, True]
    #[pyo3(signature = (context, *, stage=None, now=None, format=None, host=None))]
    fn dry_run(
        &self,
        py: Python<'_>,
        context: &Bound<'_, PyAny>,
        stage: Option<&Bound<'_, PyAny>>,
        now: Option<&Bound<'_, PyAny>>,
        format: Option<&str>,
        host: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Decision> {
        let question = read_question(py, stage, now)?;
        if format.is_none() && host.is_some() {
            return Err(host_without_format(py));
        }
        let engine = self.open(py)?;
        let made = with_body(py, context, host, self.waits(), |body, host| match format {
            Some(format) => engine.dry_run_body(read_format(format)?, body, host, question),
            None => engine.dry_run(body, question),
        });
        Decision::delivered(py, made, question.stage, || engine.bundle())
    }

    /// Closes what limits hold for a request, with what it really used. `hold` is `Decision.hold`; `usage` are tokens, `{"input_tokens":
    /// 420, "output_tokens": 128}`, perhaps with "cached_tokens" (among the input) and "reasoning_tokens" (among the output); `model`
    /// is the model that answered; `cost` is in dollars, and counts before what the tokens cost by the table of prices. What nobody says
    /// costs what was estimated. `used` is all of that as a dict or as JSON. Settling twice changes nothing, and says so. With `outcome`, and perhaps `latency_ms`, circuit breakers
    /// are told as by `observe`.
    ///
    /// Raises LimitsUnavailableError when the store cannot be asked; then it is still held.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "limits": {
    /// ...     "day": {"kind": "budget", "key": "user.id", "amount": "5 USD", "window": {"fixed": "1d"}}}})
    /// >>> decision = engine.evaluate({"user": {"id": "ann"}, "request": {"model": "gpt-4o", "prompt": "Hello!", "max_tokens": 100}})
    /// >>> engine.settle(decision.hold, usage={"input_tokens": 2, "output_tokens": 40})
    /// <Closed.DONE: 'done'>
    /// >>> engine.settle(decision.hold, cost=0.01)
    /// <Closed.ALREADY_SETTLED: 'already_settled'>
    #[pyo3(signature = (hold, used=None, *, usage=None, model=None, cost=None, outcome=None, latency_ms=None))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn settle(
        &self,
        py: Python<'_>,
        hold: &Bound<'_, PyAny>,
        used: Option<&Bound<'_, PyAny>>,
        usage: Option<&Bound<'_, PyAny>>,
        model: Option<&Bound<'_, PyAny>>,
        cost: Option<&Bound<'_, PyAny>>,
        outcome: Option<&Bound<'_, PyAny>>,
        latency_ms: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let (engine, hold) = (self.open(py)?, read_hold(hold)?);
        let used =
            said(used, &parts(usage, model, cost, outcome, latency_ms)).map_err(|refusal| refusal.exception(py))?;
        close(py, || engine.settle(&hold, used.as_deref().unwrap_or(b"{}")))
    }

    /// Gives back what limits hold for a request that was not sent.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "limits": {
    /// ...     "day": {"kind": "rate", "key": "user.id", "amount": 1, "window": {"fixed": "1d"}}}})
    /// >>> engine.release(engine.evaluate({"user": {"id": "ann"}}).hold)
    /// <Closed.DONE: 'done'>
    /// >>> engine.evaluate({"user": {"id": "ann"}}).allowed
    /// True
    fn release(&self, py: Python<'_>, hold: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let (engine, hold) = (self.open(py)?, read_hold(hold)?);
        close(py, || engine.release(&hold))
    }

    /// Lets what limits hold live on for another lease, ten minutes: for answers that take long.
    fn extend(&self, py: Python<'_>, hold: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let (engine, hold) = (self.open(py)?, read_hold(hold)?);
        close(py, || engine.extend(&hold))
    }
}

#[pymethods]
impl Exchange {
    /// What limits hold for the request that was allowed last, for `Engine.settle` in another process; None when nothing is held.
    #[getter]
    fn hold(&self, py: Python<'_>) -> PyResult<Option<String>> {
        py.detach(|| self.inner().hold()).map_err(|error| exception(py, &error, None))
    }

    /// Closes what limits hold for the request, with what it really used: the arguments are those of `Engine.settle`. Without any, it is
    /// what the answer says that was decided about. `Closed.NOTHING`: nothing is held (any more).
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {
    /// ...     "default_action": "allow", "stages": ["request", "response"]}, "limits": {
    /// ...     "day": {"kind": "quota", "key": "user.id", "amount": 1000, "window": {"fixed": "1d"}}}})
    /// >>> exchange = engine.exchange({"user": {"id": "ann"}})
    /// >>> exchange.evaluate({"request": {"model": "gpt-4o", "prompt": "Hello!", "max_tokens": 100}}).allowed
    /// True
    /// >>> answer = {"response": {"text": "Hi!", "usage": {"input_tokens": 2, "output_tokens": 3}}}
    /// >>> exchange.evaluate(answer, stage="response").allowed
    /// True
    /// >>> exchange.settle()
    /// <Closed.DONE: 'done'>
    /// >>> engine.dry_run({"user": {"id": "ann"}, "request": {"model": "gpt-4o", "max_tokens": 1}}).limits[0].used < 10
    /// True
    #[pyo3(signature = (used=None, *, usage=None, model=None, cost=None, outcome=None, latency_ms=None))]
    #[expect(clippy::too_many_arguments, reason = "they have names in Python")]
    fn settle(
        &self,
        py: Python<'_>,
        used: Option<&Bound<'_, PyAny>>,
        usage: Option<&Bound<'_, PyAny>>,
        model: Option<&Bound<'_, PyAny>>,
        cost: Option<&Bound<'_, PyAny>>,
        outcome: Option<&Bound<'_, PyAny>>,
        latency_ms: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let used =
            said(used, &parts(usage, model, cost, outcome, latency_ms)).map_err(|refusal| refusal.exception(py))?;
        close(py, || self.inner().settle(used.as_deref()))
    }

    /// Closes what limits hold for the request with what a provider's answer in `format` says that it used; nothing is decided about the
    /// answer.
    #[pyo3(signature = (body, *, format))]
    fn settle_body(&self, py: Python<'_>, body: &Bound<'_, PyAny>, format: &str) -> PyResult<Py<PyAny>> {
        let closed = written(body).and_then(|body| {
            Ok(detached(py, body.get()?, true, |body| self.inner().settle_body(read_format(format)?, body))?)
        });
        package::closed(py, closed.map_err(|refusal| refusal.exception(py))?)
    }

    /// Gives back what limits hold for a request that was not sent.
    fn release(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        close(py, || self.inner().release())
    }
}
