//! What an engine has done so far.
//!
//! A decision costs one relaxed addition to a counter that other threads rarely touch, so counting is always on. Times are not
//! taken: two readings of the clock would cost more than what they measure.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use llm_policy_engine::context::Stage;
use llm_policy_engine::{Decision, Effect};
use serde_json::{Map, Value as Json, json};

use crate::error::{Error, ErrorCode};

const STAGES: usize = Stage::ALL.len();
const EFFECTS: usize = Effect::ALL.len();
const CODES: usize = ErrorCode::ALL.len();
/// Threads share counters when there are more of them.
const SHARDS: usize = 16;

/// Counters of one engine.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    shards: [Shard; SHARDS],
    reloads: AtomicU64,
    refused_reloads: AtomicU64,
}

/// Counters of some of the threads, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    decisions: [[AtomicU64; EFFECTS]; STAGES],
    refused: [AtomicU64; CODES],
    rule_errors: AtomicU64,
    limits_lost: AtomicU64,
    breaker_stops: AtomicU64,
}

/// The shard of this thread.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    MINE.try_with(|mine| {
        if mine.get() == usize::MAX {
            mine.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        mine.get()
    })
    .unwrap_or(0)
}

fn add(counter: Option<&AtomicU64>, number: u64) {
    if let Some(counter) = counter {
        counter.fetch_add(number, Ordering::Relaxed);
    }
}

impl Counters {
    #[inline]
    pub(crate) fn decided(&self, stage: Stage, decision: &Decision) {
        let Some(shard) = self.shards.get(shard()) else { return };
        add(shard.decisions.get(stage as usize).and_then(|row| row.get(decision.effect() as usize)), 1);
        if decision.error_count() > 0 {
            add(Some(&shard.rule_errors), decision.error_count() as u64);
        }
        if decision.limits_lost() {
            add(Some(&shard.limits_lost), 1);
        }
        if !decision.allowed() && decision.breaker().is_some() {
            add(Some(&shard.breaker_stops), 1);
        }
    }

    #[cold]
    pub(crate) fn refused(&self, error: &Error) {
        let at = ErrorCode::ALL.iter().position(|code| *code == error.code);
        add(self.shards.get(shard()).zip(at).and_then(|(shard, at)| shard.refused.get(at)), 1);
    }

    pub(crate) fn reloaded(&self, done: bool) {
        add(Some(if done { &self.reloads } else { &self.refused_reloads }), 1);
    }

    pub(crate) fn snapshot(&self, recorded: u64, dropped: u64) -> Metrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let mut metrics = Metrics {
            decisions: Default::default(),
            refused: Default::default(),
            rule_errors: 0,
            limits_lost: 0,
            breaker_stops: 0,
            reloads: read(&self.reloads),
            refused_reloads: read(&self.refused_reloads),
            audit_recorded: recorded,
            audit_dropped: dropped,
        };
        for shard in &self.shards {
            let all = metrics.decisions.as_flattened_mut().iter_mut().zip(shard.decisions.as_flattened());
            all.chain(metrics.refused.iter_mut().zip(&shard.refused)).for_each(|(sum, counter)| *sum += read(counter));
            metrics.rule_errors += read(&shard.rule_errors);
            metrics.limits_lost += read(&shard.limits_lost);
            metrics.breaker_stops += read(&shard.breaker_stops);
        }
        metrics
    }
}

/// What an engine, with all its clones and exchanges, has done since it was made.
///
/// Counters are read one after the other while other threads go on: each is right, and sums may be of instants close to
/// each other.
///
/// ```
/// use llm_policy_embed::{Documents, Effect, ErrorCode, Options, Question, Stage};
///
/// let mut documents = Documents::new();
/// let policy = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [{type: allow}]}]}";
/// documents.add_bytes(policy.as_bytes(), "a.yaml");
/// let engine = documents.check(Options::default()).into_engine()?;
/// engine.evaluate(b"{}", Question::default())?;
/// engine.evaluate(b"nonsense", Question::default()).unwrap_err();
/// let metrics = engine.metrics();
/// assert_eq!(metrics.decisions(Stage::Request, Effect::Allow), 1);
/// assert_eq!(metrics.refused(ErrorCode::InvalidInput), 1);
/// # Ok::<(), llm_policy_embed::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    decisions: [[u64; EFFECTS]; STAGES],
    refused: [u64; CODES],
    /// Errors of rules, in all decisions.
    pub rule_errors: u64,
    /// Decisions about which the store of limits could not be asked; what happened then is each limit's `on_store_loss`.
    pub limits_lost: u64,
    /// Decisions in which a circuit breaker let nothing through.
    pub breaker_stops: u64,
    /// Reloads that replaced the policies.
    pub reloads: u64,
    /// Reloads that were refused and changed nothing.
    pub refused_reloads: u64,
    /// Audit records that were kept for the host.
    pub audit_recorded: u64,
    /// Audit records for which there was no room.
    pub audit_dropped: u64,
}

impl Metrics {
    /// How many decisions about `stage` had this effect.
    #[must_use]
    pub fn decisions(&self, stage: Stage, effect: Effect) -> u64 {
        self.decisions.get(stage as usize).and_then(|row| row.get(effect as usize)).copied().unwrap_or(0)
    }

    /// How many evaluations failed with this code. For each, the host had a deny.
    #[must_use]
    pub fn refused(&self, code: ErrorCode) -> u64 {
        let mut all = ErrorCode::ALL.iter().zip(self.refused);
        all.find(|(known, _)| **known == code).map_or(0, |(_, count)| count)
    }

    /// The same as JSON: `decisions` by stage and effect, `refused` by code, and the other counters by name.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let effects = |stage| -> Map<String, Json> {
            let count = |effect: Effect| (effect.name().to_owned(), json!(self.decisions(stage, effect)));
            Effect::ALL.into_iter().map(count).collect()
        };
        let stages = Stage::ALL.into_iter().map(|stage| (stage.name().to_owned(), Json::Object(effects(stage))));
        let refused = ErrorCode::ALL.into_iter().map(|code| (code.name().to_owned(), json!(self.refused(code))));
        json!({
            "decisions": stages.collect::<Map<_, _>>(),
            "refused": refused.collect::<Map<_, _>>(),
            "rule_errors": self.rule_errors,
            "limits_lost": self.limits_lost,
            "breaker_stops": self.breaker_stops,
            "reloads": self.reloads,
            "refused_reloads": self.refused_reloads,
            "audit_recorded": self.audit_recorded,
            "audit_dropped": self.audit_dropped,
        })
    }
}
