//! Answers that stream: text is let through as soon as the rules about answers allow it.
//!
//! ```
//! use llm_policy_engine::context::Stage;
//! use llm_policy_engine::{Engine, Options, document};
//! use serde_json::json;
//!
//! let policy = r#"
//! version: "1.0"
//! metadata: {name: answers}
//! config: {default_action: allow}
//! rules:
//!   - id: no-keys
//!     stages: [response]
//!     when: contains_secret(response.text)
//!     actions: [{type: deny, reason: a key}]
//!   - id: no-addresses
//!     stages: [response]
//!     when: contains_pii(response.text, ['email'])
//!     actions: [{redact: {fields: [response.text], detect: [email], style: label}}]
//! "#;
//! let document = document::read(policy, "answers.yaml", &mut document::no_files).unwrap();
//! let (engine, _) = Engine::new(vec![document], Options::default()).unwrap();
//! let mut exchange = engine.exchange(&json!({"user": {"id": "ann"}}))?;
//!
//! let now = jiff::Timestamp::now();
//! let stream = exchange.stream(now)?;
//! let mut lane = stream.lane();
//! let mut shown = String::new();
//! for chunk in ["Write to ada@exa", "mple.or", "g, please."] {
//!     let passed = lane.push(chunk.as_bytes());
//!     assert!(!passed.is_stopped);
//!     shown.push_str(&passed.text);
//! }
//! shown.push_str(&lane.finish().text);
//! assert_eq!(shown, "Write to [EMAIL], please.");
//! let decision = stream.finish(&mut exchange, &json!({"response": {"text": lane.text()}}))?;
//! assert!(decision.allowed());
//! # Ok::<(), llm_policy_engine::input::InputError>(())
//! ```
//!
//! At load each rule gets a [class](crate::compile::streaming). While text passes, a [guard](llm_policy_detect::stream::Guard) finds
//! what the streamable rules ask about, and each new kind of finding is put to the engine (`judge.rs`): with the findings so far in the
//! place of the text, so nothing is scanned for it. The decision at the end is an evaluation of the whole answer.

mod judge;
mod lane;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use llm_policy_detect::redact::{Redactor, Restorer, Vault};
use llm_policy_detect::stream::Class;
use serde_json::Value as Json;

use crate::context::Stage;
use crate::decision::Decision;
use crate::exchange::Exchange;
use crate::input::InputError;
use judge::Judge;
pub use lane::{Lane, Passed};

/// One answer that streams.
#[derive(Debug)]
pub struct Stream {
    judge: Arc<Mutex<Judge>>,
    class: Class,
    redactor: Arc<Mutex<Redactor>>,
    vault: Option<Arc<Vault>>,
    now: jiff::Timestamp,
}

impl Exchange {
    /// Begins the answer of this turn, as a stream. `now` is the time that conditions see, from here to the end.
    ///
    /// What the policies say about an answer without any text is decided here: [`Stream::stopped`] may say at once that there
    /// will be none. `redact` in texts of the answer is carried out by the stream, whether the host declared that or not.
    ///
    /// # Errors
    /// When what the host said is refused as a whole.
    pub fn stream(&mut self, now: jiff::Timestamp) -> Result<Stream, InputError> {
        let judge = Judge::new(self, now)?;
        // Without random secrets, nothing is put back.
        let redactor = self.redactor(|_| Redactor::new([0; 32]));
        let vault = redactor.lock().unwrap_or_else(PoisonError::into_inner).vault().cloned();
        let vault = vault.filter(|vault| !vault.is_empty()).map(Arc::new);
        let class = self.compiled().streaming.class();
        Ok(Stream { judge: Arc::new(Mutex::new(judge)), class, redactor, vault, now })
    }
}

impl Stream {
    /// How the policies judge this answer: as its text passes, at its end as well, or when all of it is there, so that nothing is let
    /// through before.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// What text of the answer goes through. An answer may have several: each choice, and each block.
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::new(self)
    }

    /// The decision at which the answer was stopped.
    #[must_use]
    pub fn stopped(&self) -> Option<Decision> {
        self.judge().stopped().cloned()
    }

    /// What is decided so far; `None`: nothing, as all of the answer is needed for that.
    #[must_use]
    pub fn decision(&self) -> Option<Decision> {
        self.judge().decision().cloned()
    }

    /// What puts values back that placeholders of the conversation stand for; `None`: there are none.
    #[must_use]
    pub fn restorer(&self) -> Option<Restorer<'static>> {
        self.vault.clone().map(Restorer::new)
    }

    /// Decides about the whole answer: `body` has it as [`Exchange::evaluate`] takes it, as it was before anything was taken
    /// out. An answer that was stopped stays so.
    ///
    /// # Errors
    /// As [`Exchange::evaluate`].
    pub fn finish(&self, exchange: &mut Exchange, body: &Json) -> Result<Decision, InputError> {
        if let Some(stopped) = self.stopped() {
            return Ok(stopped);
        }
        let decision = exchange.evaluate_streamed(body, self.now)?;
        self.judge().finish(decision.clone());
        Ok(decision)
    }

    /// A text of an answer that was held back, as the decision at the end lets it through.
    #[must_use]
    pub fn release(&self, text: &str) -> String {
        self.released_text(r#"{"response":{"text":"#, text, "}}")
    }

    /// The arguments of a tool call as the decision at the end lets them through: a JSON text stays one.
    #[must_use]
    pub fn release_arguments(&self, text: &str) -> String {
        let (before, after) = (r#"{"response":{"tool_calls":[{"arguments":"#, "}]}}");
        if text.parse::<Json>().is_err() {
            return self.released_text(before, text, after);
        }
        let released = self.released(before, text, after);
        released.map(|json| json.unwrap_or_else(|| text.to_owned())).unwrap_or_default()
    }

    /// As [`Stream::released`], of a text.
    fn released_text(&self, before: &str, text: &str, after: &str) -> String {
        let read = |json: String| json.parse::<Json>().ok()?.as_str().map(str::to_owned);
        let released = self.released(before, &Json::from(text).to_string(), after);
        released.and_then(|json| json.map_or_else(|| Some(text.to_owned()), read)).unwrap_or_default()
    }

    /// The JSON text `value`, which stands in a context between `before` and `after`, without what is taken out of it; `None` in it: it
    /// stays. `None`: nothing of it is let through.
    fn released(&self, before: &str, value: &str, after: &str) -> Option<Option<String>> {
        let decision = self.decision().filter(Decision::allowed)?;
        let mut redactor = self.redactor.lock().unwrap_or_else(PoisonError::into_inner);
        let redacted = decision.redact_json(&[before, value, after].concat(), &mut redactor).ok()?;
        match redacted {
            Some(redacted) => Some(Some(redacted.strip_prefix(before)?.strip_suffix(after)?.to_owned())),
            None => Some(None),
        }
    }

    fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stage that a stream belongs to.
const STAGE: Stage = Stage::Response;
