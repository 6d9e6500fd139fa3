//! Engines.

use std::sync::Arc;
use std::time::SystemTime;

use llm_policy_embed::{self as embed, AuditOptions, Documents, Error, ErrorCode, Handles, Question, canonical};

use crate::decision::Decision;
use crate::error::{PolicyError, Refused, decide, run};
use crate::exchange::Exchange;
use crate::objects::{ENGINES, Kept, PREPARED};
use crate::policies::{Document, Finding, Options, at_path, in_memory};
use crate::question::{Stage, instant, question};

/// Policies, ready to decide. Any number of threads may use an engine, also while one of them reloads or closes it.
#[derive(Debug, uniffi::Object)]
pub struct Engine {
    inner: Kept<embed::Engine>,
}

/// An input that was read once for many evaluations.
#[derive(Debug, uniffi::Object)]
pub struct Prepared {
    inner: Kept<embed::Prepared>,
}

/// What became of a reservation that was to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Closing {
    /// It was open, and is closed now.
    Done,
    /// It had expired. What the request really cost stands now in place of what was charged then.
    Late,
    /// It was settled before; nothing was changed.
    AlreadySettled,
    /// It was released before; nothing was changed.
    AlreadyReleased,
    /// It had expired, and that stays so.
    AlreadyExpired,
    /// The store does not know it, or no longer; nothing was changed.
    Unknown,
    /// Nothing is held: no limit applied, or this exchange closed it before.
    Nothing,
}

impl From<embed::Closed> for Closing {
    fn from(closed: embed::Closed) -> Self {
        match closed {
            embed::Closed::Done => Self::Done,
            embed::Closed::Late => Self::Late,
            embed::Closed::AlreadySettled => Self::AlreadySettled,
            embed::Closed::AlreadyReleased => Self::AlreadyReleased,
            embed::Closed::AlreadyExpired => Self::AlreadyExpired,
            embed::Closed::Unknown => Self::Unknown,
            embed::Closed::Nothing => Self::Nothing,
        }
    }
}

#[uniffi::export]
impl Engine {
    /// An engine from a file, or from all policy documents below a directory.
    ///
    /// # Errors
    /// When a document is refused, with all findings; when a file cannot be read, or there is none; when the store of the options
    /// cannot be used.
    #[uniffi::constructor]
    pub fn open(path: String, options: Options) -> Result<Arc<Self>, PolicyError> {
        run(|| Self::make(at_path(&path)?, &options))
    }

    /// An engine from documents in memory.
    ///
    /// # Errors
    /// When a document is refused, with all findings; when the store of the options cannot be used.
    #[uniffi::constructor]
    pub fn load(documents: Vec<Document>, options: Options) -> Result<Arc<Self>, PolicyError> {
        run(|| Self::make(in_memory(&documents), &options))
    }

    /// Replaces the policies in one step by those at a path, and gives the warnings. When they are refused, nothing changes.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn reload_path(&self, path: String) -> Result<Vec<Finding>, PolicyError> {
        run(|| self.replace(at_path(&path)?))
    }

    /// As [`Engine::reload_path`], from documents in memory.
    ///
    /// # Errors
    /// As [`Engine::load`].
    pub fn reload(&self, documents: Vec<Document>) -> Result<Vec<Finding>, PolicyError> {
        run(|| self.replace(in_memory(&documents)))
    }

    /// The digest of the documents: SHA-256, in hexadecimal.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn bundle(&self) -> Result<String, PolicyError> {
        run(|| self.inner.with(|engine| Ok(engine.bundle().to_string())))
    }

    /// Decides about a context in JSON, at a stage and a time; without one, now.
    ///
    /// # Errors
    /// When the input is refused as a whole.
    #[uniffi::method(default(now = None))]
    pub fn evaluate(&self, context: Vec<u8>, stage: Stage, now: Option<SystemTime>) -> Result<Decision, PolicyError> {
        self.ask(stage, now, |engine, question| engine.evaluate(&context, question))
    }

    /// As [`Engine::evaluate`], and takes nothing from limits.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    #[uniffi::method(default(now = None))]
    pub fn dry_run(&self, context: Vec<u8>, stage: Stage, now: Option<SystemTime>) -> Result<Decision, PolicyError> {
        self.ask(stage, now, |engine, question| engine.dry_run(&context, question))
    }

    /// Decides about a provider's own body. `format` is its name, `openai-chat`; `host` is what the host says beside it, a context
    /// in JSON: who asks above all. Where both say a field, the host's counts.
    ///
    /// # Errors
    /// As [`Engine::evaluate`], and when the format has no bodies of the stage.
    #[uniffi::method(default(now = None))]
    pub fn evaluate_body(
        &self,
        format: String,
        body: Vec<u8>,
        host: Vec<u8>,
        stage: Stage,
        now: Option<SystemTime>,
    ) -> Result<Decision, PolicyError> {
        self.ask(stage, now, |engine, question| engine.evaluate_body(format.parse()?, &body, &host, question))
    }

    /// The failure for a context of which no JSON can be made, for languages whose values can be such.
    ///
    /// # Errors
    /// Always.
    pub fn refuse(&self, why: String, stage: Stage) -> Result<Decision, PolicyError> {
        self.ask(stage, None, |_, _| Err(Error::new(ErrorCode::InvalidInput, why)))
    }

    /// Reads a context in JSON once for many evaluations.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn prepare(&self, context: Vec<u8>) -> Result<Arc<Prepared>, PolicyError> {
        run(|| {
            let prepared = self.inner.with(|engine| engine.prepare(&context))?;
            Ok(Arc::new(Prepared { inner: Kept::new(&PREPARED, prepared)? }))
        })
    }

    /// Decides about an input that was prepared.
    ///
    /// # Errors
    /// When the policies were replaced since; else as [`Engine::evaluate`].
    #[uniffi::method(default(now = None))]
    pub fn evaluate_prepared(
        &self,
        prepared: &Prepared,
        stage: Stage,
        now: Option<SystemTime>,
    ) -> Result<Decision, PolicyError> {
        self.ask(stage, now, |engine, question| {
            prepared.inner.with(|prepared| engine.evaluate_prepared(prepared, question))
        })
    }

    /// Decides, and says of each rule and each clause why it did or did not match, as JSON. For operators; it shows values of the
    /// input.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    #[uniffi::method(default(now = None))]
    pub fn explain(&self, context: Vec<u8>, stage: Stage, now: Option<SystemTime>) -> Result<String, PolicyError> {
        run(|| {
            let question = question(stage, now)?;
            self.inner.with(|engine| Ok(engine.explain(&context, question)?.to_json().to_string()))
        })
    }

    /// As [`Engine::explain`], about a provider's own body.
    ///
    /// # Errors
    /// As [`Engine::evaluate_body`].
    #[uniffi::method(default(now = None))]
    pub fn explain_body(
        &self,
        format: String,
        body: Vec<u8>,
        host: Vec<u8>,
        stage: Stage,
        now: Option<SystemTime>,
    ) -> Result<String, PolicyError> {
        run(|| {
            let question = question(stage, now)?;
            self.inner
                .with(|engine| Ok(engine.explain_body(format.parse()?, &body, &host, question)?.to_json().to_string()))
        })
    }

    /// Begins an exchange: the stages of one turn. `host` is what the host says, a context in JSON: who asks, and what it knows
    /// beside.
    ///
    /// # Errors
    /// When `host` is refused, or has fields that a body says.
    pub fn exchange(&self, host: Vec<u8>) -> Result<Arc<Exchange>, PolicyError> {
        run(|| Exchange::new(self.inner.with(|engine| engine.exchange(&host))?))
    }

    /// Goes on with an exchange that [`Exchange::save`] wrote, here or in another process.
    ///
    /// # Errors
    /// When `state` is not such an exchange, or the policies are not the same here.
    pub fn resume(&self, state: Vec<u8>) -> Result<Arc<Exchange>, PolicyError> {
        run(|| Exchange::new(self.inner.with(|engine| engine.resume(&state))?))
    }

    /// Closes what is reserved for a request that was allowed, with what it really used. `hold` is [`Decision::hold`]; `used` is
    /// JSON: `{"usage": {"input_tokens": 420, "output_tokens": 128}, "model": "gpt-4o", "cost": 0.01}`, or less.
    ///
    /// # Errors
    /// When `hold` or `used` is something else, or the store cannot be asked.
    pub fn settle(&self, hold: String, used: Vec<u8>) -> Result<Closing, PolicyError> {
        run(|| self.inner.with(|engine| engine.settle(&hold, &used).map(Into::into)))
    }

    /// Gives back what is reserved for a request that was not sent.
    ///
    /// # Errors
    /// As [`Engine::settle`].
    pub fn release(&self, hold: String) -> Result<Closing, PolicyError> {
        run(|| self.inner.with(|engine| engine.release(&hold).map(Into::into)))
    }

    /// Lets what is reserved live on for another lease, ten minutes: for answers that take long.
    ///
    /// # Errors
    /// As [`Engine::settle`].
    pub fn extend(&self, hold: String) -> Result<Closing, PolicyError> {
        run(|| self.inner.with(|engine| engine.extend(&hold).map(Into::into)))
    }

    /// Reports what became of a call that was allowed, to the breakers that let it through: `outcome` is JSON, such as
    /// `{"outcome": "success", "latency_ms": 812}`, `failure` or `ignored`.
    ///
    /// # Errors
    /// When `hold` or `outcome` is something else.
    pub fn observe(&self, hold: String, outcome: Vec<u8>) -> Result<(), PolicyError> {
        run(|| self.inner.with(|engine| engine.observe(&hold, &outcome)))
    }

    /// Sets a switch: until it is taken back or `until` has come, nothing goes through this breaker for this key. `key` has the
    /// values of the breaker's `key`, or is empty for all of them.
    ///
    /// # Errors
    /// When there is no such breaker, `reason` says nothing, `until` is over, or too many switches are set.
    #[uniffi::method(default(until = None))]
    pub fn switch_off(
        &self,
        breaker: String,
        key: Vec<String>,
        reason: String,
        until: Option<SystemTime>,
    ) -> Result<(), PolicyError> {
        run(|| {
            let until = until.map(|until| instant("until", until)).transpose()?;
            let key: Vec<&str> = key.iter().map(String::as_str).collect();
            self.inner.with(|engine| engine.switch_off(&breaker, &key, &reason, until))
        })
    }

    /// Takes back what [`Engine::switch_off`] set for the same breaker and key. Nothing happens when nothing is set.
    ///
    /// # Errors
    /// When there is no such breaker.
    pub fn switch_on(&self, breaker: String, key: Vec<String>) -> Result<(), PolicyError> {
        run(|| {
            let key: Vec<&str> = key.iter().map(String::as_str).collect();
            self.inner.with(|engine| engine.switch_on(&breaker, &key))
        })
    }

    /// The switches that are set, a list in canonical JSON of objects with `breaker`, `key`, `reason` and perhaps `until`.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn switches(&self) -> Result<String, PolicyError> {
        run(|| self.inner.with(|engine| Ok(canonical::to_string(&engine.switches_json()?))))
    }

    /// What this engine has done so far, as JSON.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn metrics(&self) -> Result<String, PolicyError> {
        run(|| self.inner.with(|engine| Ok(engine.metrics().to_json().to_string())))
    }

    /// From now on one record is kept for each evaluation, until [`Engine::audit_drain`] takes it: at most `capacity` (`None`:
    /// 8,192). With a `key`, records have a digest of the input.
    ///
    /// # Errors
    /// When `capacity` is 0 or too large.
    #[uniffi::method(default(capacity = None, key = None))]
    pub fn audit_start(&self, capacity: Option<u32>, key: Option<Vec<u8>>) -> Result<(), PolicyError> {
        run(|| {
            let capacity = capacity.map_or(AuditOptions::default().capacity, |capacity| capacity as usize);
            self.inner.with(|engine| engine.audit_start(AuditOptions { capacity, key }))
        })
    }

    /// No more records are kept. Those that wait are dropped: drain them first.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn audit_stop(&self) -> Result<(), PolicyError> {
        run(|| {
            self.inner.with(|engine| {
                engine.audit_stop();
                Ok(())
            })
        })
    }

    /// Takes out the oldest audit records, at most so many, as JSON: `records`, `dropped`, `waiting`.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn audit_drain(&self, most: u32) -> Result<String, PolicyError> {
        run(|| self.inner.with(|engine| Ok(engine.audit_drain(most as usize).to_json().to_string())))
    }

    /// Closes the engine. Calls that are under way finish, later ones fail; doing it twice does nothing.
    pub fn shut_down(&self) {
        self.inner.close();
    }
}

#[uniffi::export]
impl Prepared {
    /// Frees the input. Doing it twice does nothing.
    pub fn shut_down(&self) {
        self.inner.close();
    }
}

impl Engine {
    fn make(documents: Documents, options: &Options) -> Result<Arc<Self>, Error> {
        let handles: Handles = options.handles.join(",").parse()?;
        let checked = documents
            .check(embed::Options { allow_without_policy: options.allow_without_policy, ..Default::default() });
        let mut engine = checked.into_engine()?.handles(handles);
        if let Some(url) = &options.store {
            engine = engine.with_store_at(url)?;
        }
        Ok(Arc::new(Self { inner: Kept::new(&ENGINES, engine)? }))
    }

    fn replace(&self, documents: Documents) -> Result<Vec<Finding>, Error> {
        let warnings = self.inner.with(|engine| engine.reload(documents))?;
        Ok(warnings.iter().map(Finding::of).collect())
    }

    fn ask(
        &self,
        stage: Stage,
        now: Option<SystemTime>,
        evaluate: impl FnOnce(&embed::Engine, Question) -> Result<embed::Decision, Error>,
    ) -> Result<Decision, PolicyError> {
        decide(stage.into(), || {
            self.inner.with(|engine| {
                question(stage, now)
                    .and_then(|question| evaluate(engine, question))
                    .map(|decision| Decision::of(&decision))
                    .map_err(|error| Refused::by(error, engine.bundle()))
            })
        })
    }
}
