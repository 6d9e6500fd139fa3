//! Circuit breakers, kill switches and maintenance: what is not asked for a while, because it fails or because somebody
//! said so.
//!
//! A breaker stands at every key of a rule (a model, a provider, anything). Whoever wants to call asks for a [`Pass`], and
//! reports with it what became of the call. A key that somebody closes by hand is a switch; it works the same way.

mod machine;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard};

use smallvec::SmallVec;

use crate::key::Key;
use crate::store::StoreError;
use crate::time::Time;
use crate::units::Share;
use machine::Machine;

/// When the breakers of a rule open and close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name: breakers of two rules never mix.
    pub name: Arc<str>,
    /// Microseconds that shares look back, in steps of a tenth.
    pub window: u64,
    /// The fewest calls in the window from which shares are judged.
    pub calls: u32,
    /// The share of calls in the window that may fail.
    pub failures: Option<Share>,
    /// The share of calls in the window that may take longer than so many microseconds: a 99th percentile of two seconds
    /// is one percent of calls of more than two seconds.
    pub slow: Option<(u64, Share)>,
    /// So many failures without a success between them open the breaker.
    pub in_a_row: Option<u32>,
    /// Microseconds for which it stays open.
    pub open: u64,
    /// Calls that are let through then, to try; the breaker closes when so many have succeeded and none has failed.
    pub probes: u32,
    /// Microseconds after which a probe that nobody reported makes place for another.
    pub probe_timeout: u64,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// It succeeded, in so many microseconds.
    Success(u64),
    /// It failed, or timed out, through no fault of the caller.
    Failure,
    /// It says nothing about the one who was called: it was not sent, was aborted, or the request was wrong.
    Ignored,
}

/// Why a breaker lets nothing through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Too many calls failed or were slow.
    Open,
    /// It was open, and enough others are trying whether it works again.
    Probing,
    /// Somebody closed it, with these words.
    Switch(Arc<str>),
}

/// A breaker that let nothing through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The number of the rule among those that were asked for.
    pub rule: usize,
    /// Why.
    pub cause: Cause,
    /// Microseconds until it is worth asking again, where that can be said.
    pub retry_after: Option<u64>,
}

/// A breaker let a call through. What becomes of the call is reported with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Which spell of the breaker's life: what belongs to an earlier one is not counted.
    epoch: u64,
    /// The number of the probe.
    probe: Option<u64>,
}

impl Pass {
    /// True when this call tries whether it works again.
    #[must_use]
    pub const fn is_probe(&self) -> bool {
        self.probe.is_some()
    }
}

/// The state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// Calls go through.
    Closed,
    /// No call goes through.
    Open,
    /// A few go through, to try.
    HalfOpen,
}

/// A switch that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Why, in words for those who are stopped.
    pub reason: Arc<str>,
    /// Until when; `None`: until it is taken back.
    pub until: Option<Time>,
}

/// All breakers and switches of a process.
///
/// ```
/// use llm_policy_ledger::breaker::{Breakers, CallOutcome, Rule};
/// use llm_policy_ledger::{Key, Time};
///
/// let rule = Rule {
///     name: "provider".into(), window: 60_000_000, calls: 10, failures: None, slow: None, in_a_row: Some(2),
///     open: 5_000_000, probes: 1, probe_timeout: 30_000_000,
/// };
/// let (breakers, key, now) = (Breakers::default(), Key::new(["openai"])?, Time::default());
/// for _ in 0..2 {
///     let passes = breakers.ask(&[(&rule, &key)], now)?.expect("closed at first");
///     breakers.observe(&[(&rule, &key)], &passes, CallOutcome::Failure, now)?;
/// }
/// assert!(breakers.ask(&[(&rule, &key)], now)?.is_err());
/// assert!(breakers.ask(&[(&rule, &key)], now.plus(5_000_000))?.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Breakers {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
    /// The most breakers of a shard.
    capacity: usize,
}

#[derive(Default)]
struct Shard {
    now: Time,
    keys: HashMap<(Arc<str>, Key), Place>,
}

/// What stands at a key.
#[derive(Default)]
struct Place {
    machine: Machine,
    switch: Option<Switch>,
}

/// Passes of the rules that were asked for, in their order.
pub type Passes = SmallVec<[Pass; 4]>;

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers").field("shards", &self.shards.len()).finish_non_exhaustive()
    }
}

impl Default for Breakers {
    /// At most 65,536 breakers.
    fn default() -> Self {
        Self::new(1 << 16)
    }
}

impl Breakers {
    /// At most so many breakers. When there are more keys, those that are closed and not called any more are dropped; if
    /// none is, new keys go without.
    #[must_use]
    pub fn new(most: usize) -> Self {
        const SHARDS: usize = 16;
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::new(), shards, capacity: most.div_ceil(SHARDS).max(1) }
    }

    fn shard(&self, rule: &str, key: &Key, now: Time) -> Result<MutexGuard<'_, Shard>, StoreError> {
        let hash = self.hasher.hash_one((rule, key.as_bytes()));
        let number = usize::try_from(hash >> 32).unwrap_or(0) % self.shards.len().max(1);
        let shard = self.shards.get(number).ok_or(StoreError::Poisoned)?;
        let mut shard = shard.lock().map_err(|_| StoreError::Poisoned)?;
        shard.now = shard.now.max(now);
        Ok(shard)
    }

    /// Asks all breakers of a call. Each lets it through, or it is not made: then no probe is used up.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it changed a breaker.
    pub fn ask(&self, wanted: &[(&Rule, &Key)], now: Time) -> Result<Result<Passes, Stopped>, StoreError> {
        let mut passes = Passes::new();
        for (number, (rule, key)) in wanted.iter().enumerate() {
            match self.ask_one(rule, key, now)? {
                Ok(pass) => passes.push(pass),
                Err((cause, retry_after)) => {
                    self.observe(wanted, &passes, CallOutcome::Ignored, now)?;
                    return Ok(Err(Stopped { rule: number, cause, retry_after }));
                }
            }
        }
        Ok(Ok(passes))
    }

    fn ask_one(&self, rule: &Rule, key: &Key, now: Time) -> Result<Result<Pass, (Cause, Option<u64>)>, StoreError> {
        let mut shard = self.shard(&rule.name, key, now)?;
        let now = shard.now;
        let Some(place) = shard.find(&rule.name, key) else { return Ok(Ok(Pass { epoch: 0, probe: None })) };
        if let Some(switch) = &place.switch {
            if switch.until.is_none_or(|until| now < until) {
                let left = switch.until.map(|until| until.since(now));
                return Ok(Err((Cause::Switch(switch.reason.clone()), left)));
            }
            place.switch = None;
        }
        Ok(place.machine.ask(rule, now))
    }

    /// Reports what became of a call, to all breakers that let it through: `wanted` as in [`ask`](Self::ask), and what that
    /// gave.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it changed a breaker.
    pub fn observe(
        &self,
        wanted: &[(&Rule, &Key)],
        passes: &[Pass],
        outcome: CallOutcome,
        now: Time,
    ) -> Result<(), StoreError> {
        for ((rule, key), pass) in wanted.iter().zip(passes) {
            let mut shard = self.shard(&rule.name, key, now)?;
            let now = shard.now;
            // What was ignored is no reason to start counting.
            if outcome == CallOutcome::Ignored && pass.probe.is_none() {
                continue;
            }
            if let Some(place) = shard.open(&rule.name, key, self.capacity) {
                place.machine.observe(rule, *pass, outcome, now);
            }
        }
        Ok(())
    }

    /// Sets a switch: nothing that asks for this rule and key goes through. `None` takes it back.
    ///
    /// The kill switch of a house is a rule that every call asks for; maintenance is a switch with an end.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it changed a breaker.
    pub fn switch(&self, rule: &Arc<str>, key: &Key, switch: Option<Switch>, now: Time) -> Result<(), StoreError> {
        let mut shard = self.shard(rule, key, now)?;
        // A switch is set however many breakers there are.
        let place = shard.keys.entry((rule.clone(), key.clone())).or_default();
        place.switch = switch;
        Ok(())
    }

    /// The state of a breaker, switches aside.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it changed a breaker.
    pub fn position(&self, rule: &Rule, key: &Key, now: Time) -> Result<Position, StoreError> {
        let mut shard = self.shard(&rule.name, key, now)?;
        let now = shard.now;
        Ok(shard.find(&rule.name, key).map_or(Position::Closed, |place| place.machine.position(now)))
    }
}

impl Shard {
    fn find(&mut self, rule: &Arc<str>, key: &Key) -> Option<&mut Place> {
        self.keys.get_mut(&(rule.clone(), key.clone()))
    }

    fn open(&mut self, rule: &Arc<str>, key: &Key, capacity: usize) -> Option<&mut Place> {
        let name = (rule.clone(), key.clone());
        if self.keys.len() >= capacity && !self.keys.contains_key(&name) {
            let now = self.now;
            self.keys.retain(|_, place| place.switch.is_some() || !place.machine.is_idle(now));
            if self.keys.len() >= capacity {
                return None;
            }
        }
        Some(self.keys.entry(name).or_default())
    }
}
