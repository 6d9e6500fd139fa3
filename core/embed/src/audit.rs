//! Audit records, kept until the host asks for them: nothing calls back, and nothing runs in the background.
//!
//! A record has no content: names of policies and rules, and a keyed digest of the input where a key is given. There is room for
//! so many records; what comes when it is used up is dropped and counted, and a quarter of it is kept for denies.
//!
//! A process that was forked has records of its own: the ring belongs to the process that made it, and the child makes another
//! at its first record. So a lock that another thread held at the time of the fork is never waited for, and no record is
//! drained twice.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use llm_policy_engine::context::Stage;
use llm_policy_engine::{Decision, Effect};
use serde_json::{Value as Json, json};
use sha2::Sha256;

use crate::error::{Error, ErrorCode};

/// How audit records are kept.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// How many records wait for the host at most, 1 to 2^24; default 8,192. A quarter of them is kept for denies.
    pub capacity: usize,
    /// The key of the inputs' digests. Without one, records have no digest: one without a key could be looked up.
    pub key: Option<Vec<u8>>,
}

/// The most records that can wait.
const MOST: usize = 1 << 24;

impl Default for AuditOptions {
    fn default() -> Self {
        Self { capacity: 8192, key: None }
    }
}

/// What is recorded of an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The process that wrote it.
    pub process: u32,
    /// Counts the evaluations of this process and engine from 1. A number that is missing was dropped.
    pub sequence: u64,
    /// When it was written, by the machine's clock.
    pub time: Timestamp,
    /// The stage.
    pub stage: Stage,
    /// What was decided; a deny for an input that was refused.
    pub effect: Effect,
    /// The decision's code, or the error's.
    pub code: Option<Box<str>>,
    /// The document that decided, if one did.
    pub policy: Option<Box<str>>,
    /// The rule that decided, if one did.
    pub rule: Option<Box<str>>,
    /// What would have been decided with all rules in shadow in force, when there are some.
    pub shadow: Option<Effect>,
    /// How many rules failed.
    pub errors: u32,
    /// The digest of the documents.
    pub bundle: Arc<str>,
    /// The input's bytes under HMAC-SHA256, the first 16 bytes in hexadecimal, when there is a key and the input came as bytes.
    pub input: Option<Box<str>>,
}

impl Record {
    /// The record as JSON. What there is not is left out.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = json!({
            "process": self.process,
            "sequence": self.sequence,
            "time": self.time.to_string(),
            "stage": self.stage.name(),
            "effect": self.effect.name(),
            "code": self.code,
            "policy": self.policy,
            "rule": self.rule,
            "shadow": self.shadow.map(Effect::name),
            "errors": self.errors,
            "bundle": &*self.bundle,
            "input": self.input,
        });
        if let Some(object) = out.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        out
    }
}

/// What [`Engine::audit_drain`](crate::Engine::audit_drain) takes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drained {
    /// The oldest records, in order.
    pub records: Vec<Record>,
    /// How many records were dropped since the last call for want of room.
    pub dropped: u64,
    /// How many records still wait.
    pub waiting: usize,
}

impl Drained {
    /// The same as JSON: `records`, `dropped`, `waiting`.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let records: Vec<Json> = self.records.iter().map(Record::to_json).collect();
        json!({"records": records, "dropped": self.dropped, "waiting": self.waiting})
    }
}

/// The records of one engine.
#[derive(Debug)]
pub(crate) struct Audit {
    options: AuditOptions,
    ring: ArcSwap<Ring>,
}

#[derive(Debug)]
struct Ring {
    process: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Record>,
    /// How many evaluations there were.
    sequence: u64,
    /// How many records were dropped, in all and since the last drain.
    dropped: u64,
    unreported: u64,
}

impl Ring {
    fn new() -> Self {
        Self { process: std::process::id(), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Audit {
    pub(crate) fn new(options: AuditOptions) -> Result<Self, Error> {
        if !(1..=MOST).contains(&options.capacity) {
            return Err(Error::new(ErrorCode::InvalidArgument, format!("there is room for 1 to {MOST} audit records")));
        }
        Ok(Self { options, ring: ArcSwap::from_pointee(Ring::new()) })
    }

    /// The ring of this process.
    fn ring(&self) -> Arc<Ring> {
        let ring = self.ring.load_full();
        if ring.process == std::process::id() {
            return ring;
        }
        // Of two threads of a child that come here first, one makes the ring of both.
        let fresh = Arc::new(Ring::new());
        let found = self.ring.compare_and_swap(&ring, fresh.clone());
        if Arc::ptr_eq(&found, &ring) { fresh } else { Arc::clone(&found) }
    }

    pub(crate) fn record(
        &self,
        stage: Stage,
        input: Option<&[u8]>,
        made: Result<&Decision, &Error>,
        bundle: impl FnOnce() -> Arc<str>,
    ) {
        let boxed = |text: Option<&str>| text.map(Box::from);
        let ring = self.ring();
        let mut record = Record {
            process: ring.process,
            sequence: 0,
            time: Timestamp::now(),
            stage,
            effect: made.map_or(Effect::Deny, Decision::effect),
            code: boxed(made.map_or_else(|error| Some(error.code.name()), Decision::code)),
            policy: boxed(made.ok().and_then(Decision::policy)),
            rule: boxed(made.ok().and_then(Decision::rule)),
            shadow: made.ok().and_then(Decision::shadow_effect),
            errors: made.map_or(0, |decision| decision.counts().errors),
            bundle: made.map_or_else(|_| bundle(), |decision| decision.bundle().into()),
            input: input.and_then(|input| self.digest(input)),
        };
        let mut state = ring.state();
        state.sequence += 1;
        record.sequence = state.sequence;
        let kept_for_denies = if record.effect == Effect::Deny { 0 } else { self.options.capacity / 4 };
        if state.waiting.len() < self.options.capacity - kept_for_denies {
            state.waiting.push_back(record);
        } else {
            state.dropped += 1;
            state.unreported += 1;
        }
    }

    fn digest(&self, input: &[u8]) -> Option<Box<str>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.options.key.as_deref()?).ok()?;
        mac.update(input);
        let bytes = mac.finalize().into_bytes();
        Some(bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>().into())
    }

    pub(crate) fn drain(&self, most: usize) -> Drained {
        let ring = self.ring();
        let mut state = ring.state();
        let count = most.min(state.waiting.len());
        let records = state.waiting.drain(..count).collect();
        Drained { records, dropped: std::mem::take(&mut state.unreported), waiting: state.waiting.len() }
    }

    /// How many records were kept, and how many dropped.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let ring = self.ring();
        let state = ring.state();
        (state.sequence - state.dropped, state.dropped)
    }
}
