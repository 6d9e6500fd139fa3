//! What an engine has done: counters, and audit records.

use llm_policy_embed::{AuditOptions, Effect, ErrorCode, Stage};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

use crate::engine::Engine;
use crate::error::exception;
use crate::package;

#[pymethods]
impl Engine {
    /// What the engine has done since it was made, its exchanges among it. Counting is always on.
    ///
    /// >>> from llm_policy_engine import Effect, Engine, Stage
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "rules": [
    /// ...     {"id": "r", "when": "true", "actions": [{"type": "allow"}]}]})
    /// >>> engine.evaluate({}).allowed
    /// True
    /// >>> metrics = engine.metrics()
    /// >>> metrics.decisions[Stage.REQUEST][Effect.ALLOW], metrics.refused["invalid_input"]
    /// (1, 0)
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let metrics = self.open(py)?.metrics();
        let decisions = PyDict::new(py);
        for stage in Stage::ALL {
            let effects = PyDict::new(py);
            for effect in Effect::ALL {
                effects.set_item(package::effect(py, effect)?, metrics.decisions(stage, effect))?;
            }
            decisions.set_item(package::stage(py, stage)?, effects)?;
        }
        let refused = PyDict::new(py);
        for code in ErrorCode::ALL {
            refused.set_item(code.name(), metrics.refused(code))?;
        }
        let fields = PyDict::new(py);
        fields.set_item("decisions", decisions)?;
        fields.set_item("refused", refused)?;
        for (name, count) in [
            ("rule_errors", metrics.rule_errors),
            ("reloads", metrics.reloads),
            ("refused_reloads", metrics.refused_reloads),
            ("audit_recorded", metrics.audit_recorded),
            ("audit_dropped", metrics.audit_dropped),
        ] {
            fields.set_item(name, count)?;
        }
        package::class(py, "records", "Metrics")?.call((), Some(&fields))
    }

    /// From now on a record is kept for each evaluation of the engine and its exchanges, until `audit_drain` takes it. `capacity` records
    /// wait at most; a quarter of the room is kept for denies, and what finds no room is dropped and counted. With `key`, records have a
    /// digest of the input under it, where that came as JSON. Records hold nothing of the input itself. What was kept before is dropped.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "rules": [
    /// ...     {"id": "r", "when": "true", "actions": [{"type": "deny"}]}]})
    /// >>> engine.audit_start()
    /// >>> engine.evaluate({}).allowed
    /// False
    /// >>> (record,) = engine.audit_drain().records
    /// >>> record.effect, record.rule, record.sequence
    /// (<Effect.DENY: 'deny'>, 'r', 1)
    #[pyo3(signature = (*, capacity=8192, key=None))]
    fn audit_start(&self, py: Python<'_>, capacity: usize, key: Option<&[u8]>) -> PyResult<()> {
        let options = AuditOptions { capacity, key: key.filter(|key| !key.is_empty()).map(<[u8]>::to_vec) };
        self.open(py)?.audit_start(options).map_err(|error| exception(py, &error, None))
    }

    /// No more records are kept, and those that wait are dropped: drain them first.
    fn audit_stop(&self, py: Python<'_>) -> PyResult<()> {
        self.open(py)?.audit_stop();
        Ok(())
    }

    /// Takes out the oldest audit records, at most `most`; there are none when nothing is recorded. Call it from time to time: nothing
    /// calls back.
    #[pyo3(signature = (most=1000))]
    fn audit_drain<'py>(&self, py: Python<'py>, most: usize) -> PyResult<Bound<'py, PyAny>> {
        let engine = self.open(py)?;
        let drained = py.detach(|| engine.audit_drain(most).to_json());
        let fields = PyDict::new(py);
        fields.set_item("records", package::records(py, "AuditRecord", drained.get("records"))?)?;
        fields.set_item("dropped", drained.get("dropped").and_then(Value::as_u64))?;
        fields.set_item("waiting", drained.get("waiting").and_then(Value::as_u64))?;
        package::class(py, "records", "Drained")?.call((), Some(&fields))
    }
}
