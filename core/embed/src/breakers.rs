//! Circuit breakers: what became of a call, and switches.

use jiff::Timestamp;
use llm_policy_engine::breakers::{CallOutcome, NoSwitch, Switch, SwitchedOff};
use llm_policy_engine::input::Json;
use llm_policy_engine::limits::{Hold, Time};
use serde_json::{Map, Value, json};

use crate::engine::{Engine, Question};
use crate::error::{Error, ErrorCode};
use crate::exchange::Exchange;
use crate::guard::guarded;

/// What an outcome looks like.
const FORM: &str = "write `{\"outcome\": \"success\", \"latency_ms\": 812}`, `{\"outcome\": \"failure\"}` or `{\"outcome\": \"ignored\"}`";

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::InvalidArgument, message).with_help(FORM)
}

/// The outcome that an object says; `None`: it says none.
pub(crate) fn outcome_in(object: &Map<String, Value>) -> Result<Option<CallOutcome>, Error> {
    let latency = match object.get("latency_ms") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let millis = value.as_f64().filter(|ms| (0.0..=1e12).contains(ms));
            Some(millis.ok_or_else(|| wrong("`latency_ms` is no number of milliseconds"))?)
        }
    };
    let outcome = match object.get("outcome") {
        None | Some(Value::Null) if latency.is_some() => return Err(wrong("a latency without an outcome")),
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(word)) => word.as_str(),
        Some(_) => return Err(wrong("`outcome` is no text")),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 10^15")]
    let micros = latency.map_or(0, |ms| (ms * 1000.0).round() as u64);
    match outcome {
        "success" => Ok(Some(CallOutcome::Success(micros))),
        "failure" => Ok(Some(CallOutcome::Failure)),
        "ignored" => Ok(Some(CallOutcome::Ignored)),
        other => Err(wrong(format!("there is no outcome `{}`", other.escape_debug()))),
    }
}

/// An outcome by itself.
fn outcome(json: &[u8]) -> Result<CallOutcome, Error> {
    let value = Json::new(json).to_value()?;
    let object = value.as_object().ok_or_else(|| wrong("an outcome is an object"))?;
    if let Some(other) = object.keys().find(|key| !["outcome", "latency_ms"].contains(&key.as_str())) {
        return Err(wrong(format!("an outcome has no `{}`", other.escape_debug())));
    }
    outcome_in(object)?.ok_or_else(|| wrong("it says no `outcome`"))
}

fn refused(error: &NoSwitch) -> Error {
    Error::new(ErrorCode::InvalidArgument, error.to_string())
}

impl Engine {
    /// Reports what became of a call that was allowed, to the breakers that let it through. `hold` is the text of
    /// [`Decision::hold`](crate::Decision::hold); `outcome` is JSON: `{"outcome": "success", "latency_ms": 812}`, `failure` (it
    /// failed or timed out, through no fault of the caller), or `ignored` (it says nothing about the one who was called).
    ///
    /// Report each call once. In another process than the one that decided it counts there. What was not sent is released
    /// instead; [`Engine::settle`] takes the same words beside what was used.
    ///
    /// ```
    /// use llm_policy_embed::{Documents, Options, Question};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, breakers: {model: {key: \
    ///     request.model, consecutive_failures: 1}}}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// let request = br#"{"request": {"model": "gpt-4o"}}"#;
    /// let decision = engine.evaluate(request, Question::default())?;
    /// let hold = decision.hold().map(|hold| hold.to_text()).unwrap_or_default();
    /// engine.observe(&hold, br#"{"outcome": "failure"}"#)?;
    /// assert_eq!(engine.evaluate(request, Question::default())?.code(), Some("circuit_open"));
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `hold` or `outcome` is something else.
    pub fn observe(&self, hold: &str, outcome: &[u8]) -> Result<(), Error> {
        guarded(|| {
            let hold = Hold::parse(hold).map_err(|error| Error::new(ErrorCode::InvalidArgument, error.to_string()))?;
            self.inner().observe(&hold, self::outcome(outcome)?, Question::default().now);
            Ok(())
        })
    }

    /// Sets a switch: until it is taken back or `until` has come, nothing goes through this breaker for this key. `breaker` is
    /// its name, or `namespace/document/breaker`; `key` has the values of its `key`, or is empty for all of them. What was set
    /// before for the same is replaced.
    ///
    /// A switch is one of this engine, its clones and its exchanges, in this process; it stays when policies are reloaded.
    ///
    /// ```
    /// use llm_policy_embed::{Documents, Options, Question};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, breakers: {everything: {}}}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// engine.switch_off("everything", &[], "incident 12", None)?;
    /// let decision = engine.evaluate(b"{}", Question::default())?;
    /// assert_eq!((decision.allowed(), decision.code()), (false, Some("switched_off")));
    /// engine.switch_on("everything", &[])?;
    /// assert!(engine.evaluate(b"{}", Question::default())?.allowed());
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such breaker, `reason` says nothing, `until` is over, or 4,096 switches are set.
    pub fn switch_off(&self, breaker: &str, key: &[&str], reason: &str, until: Option<Timestamp>) -> Result<(), Error> {
        guarded(|| {
            let now = Question::default().now;
            if reason.trim().is_empty() {
                let error = Error::new(ErrorCode::InvalidArgument, "a switch needs a reason");
                return Err(error.with_help("say why: decisions and the list of switches show it"));
            }
            if until.is_some_and(|until| until <= now) {
                return Err(Error::new(ErrorCode::InvalidArgument, "the time until which it is switched off is over"));
            }
            let switch = Switch { reason: reason.into(), until: until.map(Time::from) };
            self.inner().switch(breaker, key, Some(switch), now).map_err(|error| refused(&error))
        })
    }

    /// Takes back what [`Engine::switch_off`] set for the same breaker and key. Nothing happens when nothing is set.
    ///
    /// # Errors
    /// When there is no such breaker.
    pub fn switch_on(&self, breaker: &str, key: &[&str]) -> Result<(), Error> {
        guarded(|| self.inner().switch(breaker, key, None, Question::default().now).map_err(|error| refused(&error)))
    }

    /// The switches that are set, by breaker and key.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn switches(&self) -> Result<Vec<SwitchedOff>, Error> {
        guarded(|| Ok(self.inner().switches(Question::default().now)))
    }

    /// The same as JSON: a list of objects with `breaker`, `key`, `reason` and perhaps `until`.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn switches_json(&self) -> Result<Value, Error> {
        let one = |set: &SwitchedOff| {
            let mut out = json!({"breaker": &*set.breaker, "key": set.key, "reason": &*set.reason});
            if let (Some(object), Some(until)) = (out.as_object_mut(), set.until) {
                object.insert("until".into(), json!(until.to_string()));
            }
            out
        };
        Ok(self.switches()?.iter().map(one).collect())
    }
}

impl Exchange {
    /// Reports what became of the call that was allowed last; `outcome` as for [`Engine::observe`]. What was reported before
    /// is not reported again.
    ///
    /// # Errors
    /// When `outcome` is something else.
    pub fn observe(&self, outcome: &[u8]) -> Result<(), Error> {
        guarded(|| {
            let outcome = self::outcome(outcome)?;
            self.lock().observe(outcome, Question::default().now);
            Ok(())
        })
    }
}
