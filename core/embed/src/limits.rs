//! Closing what is reserved for a request: settle, release, extend; and decisions that take nothing.

use llm_policy_engine::Decision;
use llm_policy_engine::context::Stage;
pub use llm_policy_engine::decision::limits::LimitState;
use llm_policy_engine::input::Json;
pub use llm_policy_engine::limits::Hold;
use llm_policy_engine::limits::{Changed, State, Used, micros, usage_of, used_by};
use llm_policy_provider::{Body, Format};
use serde_json::Value;

use crate::engine::{Engine, Question};
use crate::error::{Error, ErrorCode};
use crate::exchange::Exchange;
use crate::guard::guarded;

/// What became of a reservation that was to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closed {
    /// It was open, and is closed now.
    Done = 1,
    /// It had expired. What the request really cost stands now in place of what was charged then.
    Late = 2,
    /// It was settled before; nothing was changed.
    AlreadySettled = 3,
    /// It was released before; nothing was changed.
    AlreadyReleased = 4,
    /// It had expired, and that stays so.
    AlreadyExpired = 5,
    /// The store does not know it, or no longer; nothing was changed.
    Unknown = 6,
    /// Nothing is held: no limit applied, or this exchange closed it before.
    Nothing = 7,
}

impl Closed {
    /// The name: `already_settled`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Late => "late",
            Self::AlreadySettled => "already_settled",
            Self::AlreadyReleased => "already_released",
            Self::AlreadyExpired => "already_expired",
            Self::Unknown => "unknown",
            Self::Nothing => "nothing",
        }
    }

    /// The number, for borders that have no text.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }
}

impl From<Changed> for Closed {
    fn from(changed: Changed) -> Self {
        match changed {
            // No step that closes answers `Already(Reserved)`.
            Changed::Done | Changed::Already(State::Reserved) => Self::Done,
            Changed::Late => Self::Late,
            Changed::Already(State::Settled) => Self::AlreadySettled,
            Changed::Already(State::Released) => Self::AlreadyReleased,
            Changed::Already(State::Expired) => Self::AlreadyExpired,
            Changed::Unknown => Self::Unknown,
        }
    }
}

fn closed(changed: Option<Changed>) -> Closed {
    changed.map_or(Closed::Nothing, Into::into)
}

fn unavailable(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::LimitsUnavailable, error.to_string())
}

fn read(hold: &str) -> Result<Hold, Error> {
    Hold::parse(hold).map_err(|error| Error::new(ErrorCode::InvalidArgument, error.to_string()))
}

/// What a request used, from JSON.
fn used(json: &[u8]) -> Result<Used, Error> {
    const FORM: &str = "write `{\"usage\": {\"input_tokens\": 420, \"output_tokens\": 128}, \"model\": \"gpt-4o\", \
        \"cost\": 0.01}`, or less";
    let wrong = |message: String| Error::new(ErrorCode::InvalidArgument, message).with_help(FORM);
    let value = Json::new(json).to_value()?;
    let object = value.as_object().ok_or_else(|| wrong("what was used is no object".to_owned()))?;
    let mut used = Used { outcome: crate::breakers::outcome_in(object)?, ..Used::default() };
    for (name, value) in object {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("usage", value) => {
                let usage = usage_of(value).ok_or_else(|| wrong("`usage` does not name tokens".to_owned()))?;
                used.usage = Some(usage);
            }
            ("model", Value::String(model)) => used.model = Some(model.as_str().into()),
            ("model", _) => return Err(wrong("`model` is no text".to_owned())),
            ("cost", value) => {
                let cost = value.as_f64().and_then(|dollars| micros(dollars).ok());
                used.cost = Some(cost.ok_or_else(|| wrong("`cost` is no number of dollars".to_owned()))?);
            }
            ("outcome" | "latency_ms", _) => {}
            (name, _) => return Err(wrong(format!("what was used has no `{}`", name.escape_debug()))),
        }
    }
    Ok(used)
}

impl Engine {
    /// Decides as [`Engine::evaluate`] does, and takes nothing from limits.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn dry_run(&self, input: &[u8], question: Question) -> Result<Decision, Error> {
        guarded(|| Ok(self.inner().dry_run(question.stage, &Json::new(input), question.now)?))
    }

    /// Decides as [`Engine::evaluate_body`] does, and takes nothing from limits.
    ///
    /// # Errors
    /// As [`Engine::evaluate_body`].
    pub fn dry_run_body(
        &self,
        format: Format,
        body: &[u8],
        host: &[u8],
        question: Question,
    ) -> Result<Decision, Error> {
        guarded(|| {
            let body = Body::new(format, question.stage, body)?.host(host);
            Ok(self.inner().dry_run(question.stage, &body, question.now)?)
        })
    }

    /// Closes what is reserved for a request that was allowed, with what it really used. `hold` is the text of
    /// [`Decision::hold`]; `used` is JSON: `{"usage": {"input_tokens": 420, "output_tokens": 128}, "model": "gpt-4o", "cost":
    /// 0.01}`. Each part may be left out; `cost` is in dollars, and counts before what the tokens cost by the table of prices.
    /// What nobody knows costs what was estimated. Settling twice changes nothing, and says so. With `outcome`, and perhaps
    /// `latency_ms`, breakers are told as by [`Engine::observe`].
    ///
    /// ```
    /// use llm_policy_embed::{Closed, Documents, Options, Question};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, limits: {day: {kind: budget, \
    ///     key: user.id, amount: 5 USD, window: {fixed: 1d}}}}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// let request = br#"{"user": {"id": "ann"}, "request": {"model": "gpt-4o", "prompt": "Hello!", "max_tokens": 100}}"#;
    /// let decision = engine.evaluate(request, Question::default())?;
    /// let hold = decision.hold().map(|hold| hold.to_text()).unwrap_or_default();
    /// let used = br#"{"usage": {"input_tokens": 2, "output_tokens": 40}}"#;
    /// assert_eq!(engine.settle(&hold, used)?, Closed::Done);
    /// assert_eq!(engine.settle(&hold, used)?, Closed::AlreadySettled);
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    ///
    /// # Errors
    /// When `hold` or `used` is something else, or the store cannot be asked.
    pub fn settle(&self, hold: &str, used: &[u8]) -> Result<Closed, Error> {
        guarded(|| {
            let (hold, used) = (read(hold)?, self::used(used)?);
            let now = Question::default().now;
            self.inner().settle(&hold, &used, now).map(closed).map_err(unavailable)
        })
    }

    /// Gives back what is reserved for a request that was not sent.
    ///
    /// # Errors
    /// As [`Engine::settle`].
    pub fn release(&self, hold: &str) -> Result<Closed, Error> {
        guarded(|| self.inner().release(&read(hold)?, Question::default().now).map(closed).map_err(unavailable))
    }

    /// Lets what is reserved live on for another lease, ten minutes: for answers that take long.
    ///
    /// # Errors
    /// As [`Engine::settle`].
    pub fn extend(&self, hold: &str) -> Result<Closed, Error> {
        guarded(|| self.inner().extend(&read(hold)?, Question::default().now).map(closed).map_err(unavailable))
    }
}

impl Exchange {
    /// Closes what is reserved for the request, with what it really used: `used` as for [`Engine::settle`]; where that is
    /// `None`, what the answer says that was decided about, `response.usage`.
    ///
    /// # Errors
    /// When `used` is something else, or the store cannot be asked; then it is still held.
    pub fn settle(&self, used: Option<&[u8]>) -> Result<Closed, Error> {
        guarded(|| {
            let given = used.map(self::used).transpose()?;
            let mut exchange = self.lock();
            let used = given.unwrap_or_else(|| exchange.used());
            let changed = exchange.settle(&used, Question::default().now).map_err(unavailable)?;
            Ok(closed(changed))
        })
    }

    /// Closes what is reserved for the request with what a provider's answer says that it used, without deciding about the
    /// answer.
    ///
    /// # Errors
    /// When the answer is refused as a whole, or the store cannot be asked; then it is still held.
    pub fn settle_body(&self, format: Format, answer: &[u8]) -> Result<Closed, Error> {
        guarded(|| {
            let context = Body::new(format, Stage::Response, answer)?.context()?;
            let used = context.get("response").map(used_by).unwrap_or_default();
            let changed = self.lock().settle(&used, Question::default().now).map_err(unavailable)?;
            Ok(closed(changed))
        })
    }

    /// Gives back what is reserved for a request that was not sent.
    ///
    /// # Errors
    /// When the store cannot be asked; then it is still held.
    pub fn release(&self) -> Result<Closed, Error> {
        guarded(|| {
            let changed = self.lock().release(Question::default().now).map_err(unavailable)?;
            Ok(closed(changed))
        })
    }

    /// What is reserved for the request that was allowed last, as text for [`Engine::settle`].
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn hold(&self) -> Result<Option<String>, Error> {
        guarded(|| Ok(self.lock().hold().map(Hold::to_text)))
    }
}
