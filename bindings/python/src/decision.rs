//! Decisions.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use llm_policy_embed::limits::Hold;
use llm_policy_embed::{Decision as Made, Effect, Stage};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use serde_json::Value;

use crate::refusal::{self, Refusal};
use crate::{json, package};

/// What the engine decided, and why.
///
/// It has no truth value: ask for `allowed`. `reason`, `matched`, `errors` and the like are for operators; `code` and
/// `public_message` may be shown to end users.
///
/// >>> from llm_policy_engine import Engine
/// >>> engine = Engine({
/// ...     "version": "1.0",
/// ...     "metadata": {"name": "models"},
/// ...     "config": {"default_action": "allow"},
/// ...     "rules": [{
/// ...         "id": "no-preview",
/// ...         "when": "request.model.endsWith('-preview')",
/// ...         "actions": [{"type": "deny", "reason": "not for production", "code": "preview"}],
/// ...     }],
/// ... })
/// >>> decision = engine.evaluate({"request": {"model": "gpt-5-preview"}})
/// >>> decision.allowed, decision.effect, decision.code, decision.rule
/// (False, <Effect.DENY: 'deny'>, 'preview', 'no-preview')
/// >>> if decision: ...
/// Traceback (most recent call last):
///     ...
/// TypeError: a decision has no truth value; ask for decision.allowed
#[pyclass(frozen, module = "llm_policy_engine")]
pub struct Decision {
    outcome: Outcome,
    /// The decision as JSON, once it was asked for.
    value: OnceLock<Value>,
}

#[expect(clippy::large_enum_variant, reason = "a decision is an object of its own: a box would only be a second one")]
enum Outcome {
    /// It was made.
    Made(Made),
    /// It could not be made: why, and what the deny that stands for it says.
    Refused { refusal: Box<Refusal>, stage: Stage, bundle: Arc<str> },
}

impl Decision {
    pub(crate) fn made(made: Made) -> Self {
        Self { outcome: Outcome::Made(made), value: OnceLock::new() }
    }

    pub(crate) fn refused(refusal: Box<Refusal>, stage: Stage, bundle: Arc<str>) -> Self {
        Self { outcome: Outcome::Refused { refusal, stage, bundle }, value: OnceLock::new() }
    }

    /// The decision for the caller: a refusal is raised, with the deny that stands for it.
    pub(crate) fn delivered(
        py: Python<'_>,
        made: refusal::Result<Made>,
        stage: Stage,
        bundle: impl FnOnce() -> Arc<str>,
    ) -> PyResult<Self> {
        let refusal = match made {
            Ok(made) => return Ok(Self::made(made)),
            Err(refusal) => refusal,
        };
        if let Some(interrupt) = refusal.interrupt(py) {
            return Err(interrupt);
        }
        let exception = refusal.exception(py);
        exception.value(py).setattr("decision", Self::refused(refusal, stage, bundle()))?;
        Err(exception)
    }

    fn value(&self) -> &Value {
        self.value.get_or_init(|| match &self.outcome {
            Outcome::Made(made) => made.to_json(),
            Outcome::Refused { refusal, stage, bundle } => {
                serde_json::from_str(&refusal.error.decision(*stage, bundle)).unwrap_or_default()
            }
        })
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.value().get(name)
    }

    fn effect_of(&self) -> Effect {
        match &self.outcome {
            Outcome::Made(made) => made.effect(),
            Outcome::Refused { .. } => Effect::Deny,
        }
    }

    fn text<'d>(&'d self, ask: impl FnOnce(&'d Made) -> Option<&'d str>) -> Option<&'d str> {
        match &self.outcome {
            Outcome::Made(made) => ask(made),
            Outcome::Refused { .. } => None,
        }
    }
}

#[pymethods]
impl Decision {
    /// What is decided: `Effect.ALLOW`, `THROTTLE`, `REQUIRE_APPROVAL` or `DENY`. Each is a `str`, too.
    #[getter]
    fn effect(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        package::effect(py, self.effect_of())
    }

    /// True for `Effect.ALLOW` alone.
    #[getter]
    fn allowed(&self) -> bool {
        self.effect_of() == Effect::Allow
    }

    /// The stage that was decided about.
    #[getter]
    fn stage(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stage = match &self.outcome {
            Outcome::Made(made) => made.stage(),
            Outcome::Refused { stage, .. } => *stage,
        };
        package::stage(py, stage)
    }

    /// Why, for operators; not for end users.
    #[getter]
    fn reason(&self) -> Cow<'_, str> {
        match &self.outcome {
            Outcome::Made(made) => made.reason(),
            Outcome::Refused { refusal, .. } => refusal.error.to_string().into(),
        }
    }

    /// What end users may read, if a rule says something to them.
    #[getter]
    fn public_message(&self) -> Option<&str> {
        self.text(Made::public_message)
    }

    /// A stable name of the reason, which end users may see.
    #[getter]
    fn code(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Made(made) => made.code(),
            Outcome::Refused { refusal, .. } => Some(refusal.error.code.name()),
        }
    }

    /// The document that decided, as `namespace/name`, if one did.
    #[getter]
    fn policy(&self) -> Option<&str> {
        self.text(Made::policy)
    }

    /// The rule that decided, if one did.
    #[getter]
    fn rule(&self) -> Option<&str> {
        self.text(Made::rule)
    }

    /// The limit that decided, if one did.
    #[getter]
    fn limit(&self) -> Option<&str> {
        self.text(Made::limit)
    }

    /// The circuit breaker that decided, if one did.
    #[getter]
    fn breaker(&self) -> Option<&str> {
        self.text(Made::breaker)
    }

    /// The rules that had a say.
    #[getter]
    fn matched<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "MatchedRule", self.field("matched"))
    }

    /// What the host is asked to carry out, redactions aside.
    #[getter]
    fn obligations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "Obligation", self.field("obligations"))
    }

    /// What the host is asked to redact.
    #[getter]
    fn redactions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "Obligation", self.field("redactions"))
    }

    /// The warnings, most important first.
    #[getter]
    fn warnings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "RuleWarning", self.field("warnings"))
    }

    /// Actions that others override.
    #[getter]
    fn suppressed<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "Suppressed", self.field("suppressed"))
    }

    /// What failed while rules were evaluated; at most 64, and `error_count` says how many there were.
    #[getter]
    fn errors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "RuleError", self.field("errors"))
    }

    /// How many errors of rules there were.
    #[getter]
    fn error_count(&self) -> usize {
        match &self.outcome {
            Outcome::Made(made) => made.error_count(),
            Outcome::Refused { .. } => 0,
        }
    }

    /// What detectors found for the rules that had a say, never the text itself; at most 256, and `finding_count` says how many there
    /// were.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "rules": [
    /// ...     {"id": "r", "when": "contains_pii(request.prompt, ['email'])", "actions": [{"type": "deny"}]}]})
    /// >>> prompt = "Write to ann@example.org, please."
    /// >>> (finding,) = engine.evaluate({"request": {"prompt": prompt}}).findings
    /// >>> finding.kind, finding.field, prompt[slice(*finding.chars)]
    /// ('email', 'request.prompt', 'ann@example.org')
    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        package::records(py, "DetectorFinding", self.field("findings"))
    }

    /// How many findings there were.
    #[getter]
    fn finding_count(&self) -> usize {
        match &self.outcome {
            Outcome::Made(made) => made.finding_count(),
            Outcome::Refused { .. } => 0,
        }
    }

    /// How each limit stands that applies to the request, with it. It is not part of `to_json`, because it changes from one request to
    /// the next.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "limits": {
    /// ...     "day": {"kind": "rate", "key": "user.id", "amount": 100, "window": {"fixed": "1d"}}}})
    /// >>> (day,) = engine.evaluate({"user": {"id": "ann"}}).limits
    /// >>> day.limit, day.key, day.used, day.remaining
    /// ('day', ('ann',), 1, 99)
    #[getter]
    fn limits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        match &self.outcome {
            Outcome::Made(made) => package::records(py, "LimitState", Some(&made.limits_json())),
            Outcome::Refused { .. } => Ok(PyTuple::empty(py)),
        }
    }

    /// What is held for the request, for `Engine.settle` and `Engine.observe`, here or in another process; None when nothing is held.
    #[getter]
    fn hold(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Made(made) => made.hold().map(Hold::to_text),
            Outcome::Refused { .. } => None,
        }
    }

    /// Where the request goes instead.
    #[getter]
    fn route<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.field("route").map(|route| package::record(py, "Route", route)).transpose()
    }

    /// How long to wait when throttled, in milliseconds.
    #[getter]
    fn retry_after_ms(&self) -> Option<u64> {
        match &self.outcome {
            Outcome::Made(made) => made.retry_after_ms(),
            Outcome::Refused { .. } => None,
        }
    }

    /// Who is asked, when a human is.
    #[getter]
    fn approval<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.field("approval").map(|approval| package::record(py, "Obligation", approval)).transpose()
    }

    /// What would be decided with all rules in shadow in force, when some are.
    #[getter]
    fn shadow<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.field("shadow").map(|shadow| package::record(py, "Shadow", shadow)).transpose()
    }

    /// The digest of the documents that decided: SHA-256, in hexadecimal.
    #[getter]
    fn bundle(&self) -> &str {
        match &self.outcome {
            Outcome::Made(made) => made.bundle(),
            Outcome::Refused { bundle, .. } => bundle,
        }
    }

    /// Why no decision could be made, so that this is a deny: of a batch, where nothing is raised, and of `InvalidInputError.decision`.
    #[getter]
    fn error(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        match &self.outcome {
            Outcome::Made(_) => None,
            Outcome::Refused { refusal, .. } => Some(refusal.exception(py).into_value(py).into_any()),
        }
    }

    /// The decision in canonical form (RFC 8785): the same bytes in every language.
    fn to_json(&self) -> String {
        match &self.outcome {
            Outcome::Made(made) => made.to_canonical_json(),
            Outcome::Refused { refusal, stage, bundle } => refusal.error.decision(*stage, bundle),
        }
    }

    /// The decision as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        json::to_python(py, self.value())
    }

    /// Raises `DeniedError`, `ThrottledError` or `ApprovalRequiredError` unless the decision is to allow; gives the decision back.
    fn raise_for_effect(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        let class = match slf.get().effect_of() {
            Effect::Allow => return Ok(slf),
            Effect::Throttle => "ThrottledError",
            Effect::RequireApproval => "ApprovalRequiredError",
            Effect::Deny => "DeniedError",
        };
        let raised = package::class(slf.py(), "errors", class)?.call1((&slf,))?;
        Err(PyErr::from_value(raised))
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("a decision has no truth value; ask for decision.allowed"))
    }

    fn __repr__(&self) -> String {
        let what = match (self.policy(), self.rule().or(self.limit()).or(self.breaker())) {
            (Some(policy), Some(name)) => format!(" by {policy}#{name}"),
            (Some(policy), None) => format!(" by {policy}"),
            _ => String::new(),
        };
        let code = self.code().map(|code| format!(" ({code})")).unwrap_or_default();
        format!("<Decision {}{what}{code}>", self.effect_of().name())
    }
}
