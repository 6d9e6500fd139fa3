//! Circuit breakers: what became of a call, and switches.

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::engine::Engine;
use crate::error::exception;
use crate::exchange::Exchange;
use crate::limits::{read_hold, said};
use crate::package;
use crate::question::read_now;

/// What became of a call, as JSON.
fn outcome(py: Python<'_>, outcome: &Bound<'_, PyAny>, latency_ms: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<u8>> {
    let said = match outcome.is_instance_of::<PyString>() {
        true => said(None, &[("outcome", Some(outcome)), ("latency_ms", latency_ms)]),
        false => said(Some(outcome), &[("latency_ms", latency_ms)]),
    };
    Ok(said.map_err(|refusal| refusal.exception(py))?.unwrap_or_default())
}

/// The values of a breaker's key.
fn parts(key: &[String]) -> Vec<&str> {
    key.iter().map(String::as_str).collect()
}

#[pymethods]
impl Engine {
    /// Reports what became of a call that was allowed, to the circuit breakers that let it through. `hold` is `Decision.hold`; `outcome` is
    /// "success", "failure" (it failed or timed out, through no fault of the caller), or "ignored" (it says nothing about the one who was
    /// called), or the same and the latency as a dict or as bytes of JSON. Report each call once; `settle` takes the same beside what was used.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "breakers": {
    /// ...     "model": {"key": "request.model", "consecutive_failures": 1}}})
    /// >>> request = {"request": {"model": "gpt-4o"}}
    /// >>> engine.observe(engine.evaluate(request).hold, "failure")
    /// >>> engine.evaluate(request).code
    /// 'circuit_open'
    #[pyo3(signature = (hold, outcome, *, latency_ms=None))]
    fn observe(
        &self,
        py: Python<'_>,
        hold: &Bound<'_, PyAny>,
        outcome: &Bound<'_, PyAny>,
        latency_ms: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (engine, hold) = (self.open(py)?, read_hold(hold)?);
        let outcome = self::outcome(py, outcome, latency_ms)?;
        py.detach(|| engine.observe(&hold, &outcome)).map_err(|error| exception(py, &error, None))
    }

    /// Switches a breaker off, as in an emergency or for maintenance: until `until` has come, or until `switch_on`, nothing goes through it
    /// for this key. `breaker` is its name, or "namespace/document/breaker"; `key` has the values of its `key`, or is empty for all of them.
    /// Decisions show `reason`. A switch is one of this engine and process; it stays when policies are reloaded.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "breakers": {
    /// ...     "everything": {}}})
    /// >>> engine.switch_off("everything", reason="incident 12")
    /// >>> decision = engine.evaluate({})
    /// >>> decision.allowed, decision.code, decision.breaker
    /// (False, 'switched_off', 'everything')
    /// >>> [(switch.breaker, switch.reason) for switch in engine.switches()]
    /// [('default/a/everything', 'incident 12')]
    /// >>> engine.switch_on("everything")
    /// >>> engine.evaluate({}).allowed
    /// True
    #[pyo3(signature = (breaker, *, reason, key=Vec::new(), until=None))]
    fn switch_off(
        &self,
        py: Python<'_>,
        breaker: &str,
        reason: &str,
        key: Vec<String>,
        until: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let until = until.map(|until| read_now(py, until, "until")).transpose()?;
        let off = self.open(py)?.switch_off(breaker, &parts(&key), reason, until);
        off.map_err(|error| exception(py, &error, None))
    }

    /// Takes back what `switch_off` set for the same breaker and key. Nothing happens when nothing is set.
    #[pyo3(signature = (breaker, *, key=Vec::new()))]
    fn switch_on(&self, py: Python<'_>, breaker: &str, key: Vec<String>) -> PyResult<()> {
        self.open(py)?.switch_on(breaker, &parts(&key)).map_err(|error| exception(py, &error, None))
    }

    /// The switches that are set, by breaker and key.
    fn switches<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let switches = self.open(py)?.switches_json().map_err(|error| exception(py, &error, None))?;
        package::records(py, "Switch", Some(&switches))
    }
}

#[pymethods]
impl Exchange {
    /// Reports what became of the call that was allowed last; the arguments are those of `Engine.observe`. What was reported before is not
    /// reported again.
    #[pyo3(signature = (outcome, *, latency_ms=None))]
    fn observe(
        &self,
        py: Python<'_>,
        outcome: &Bound<'_, PyAny>,
        latency_ms: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let outcome = self::outcome(py, outcome, latency_ms)?;
        py.detach(|| self.inner().observe(&outcome)).map_err(|error| exception(py, &error, None))
    }
}
