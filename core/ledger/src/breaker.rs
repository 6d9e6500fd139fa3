//! Circuit breakers, kill switches and maintenance: what is not asked for a while, because it fails or because somebody
//! said so.
//!
//! A breaker stands at every key of a rule (a model, a provider, anything). Whoever wants to call asks for a [`Pass`], and
//! reports with it what became of the call. A key that somebody closes by hand is a switch; it works the same way.

mod machine;
mod switches;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

pub use switches::{Set, Switch, TooManySwitches};

use crate::key::Key;
use crate::limit::Space;
use crate::time::Time;
use crate::units::Share;
use machine::Machine;

/// When the breakers of a rule open and close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name: breakers of two rules never mix.
    pub name: Arc<str>,
    /// Enforced or observed: what is observed never mixes with what is enforced.
    pub space: Space,
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

impl Rule {
    /// True when calls can open it. What is left is only switched by hand.
    #[must_use]
    pub const fn trips(&self) -> bool {
        self.failures.is_some() || self.slow.is_some() || self.in_a_row.is_some()
    }
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
    pub epoch: u64,
    /// The number of the probe.
    pub probe: Option<u64>,
}

impl Pass {
    /// A pass that breakers of another process gave: it counts while the breaker is closed, and as no probe.
    pub const ELSEWHERE: Self = Self { epoch: u64::MAX, probe: None };

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

/// All breakers and switches of a process.
///
/// ```
/// use llm_policy_ledger::breaker::{Breakers, CallOutcome, Rule};
/// use llm_policy_ledger::{Key, Space, Time};
///
/// let rule = Rule {
///     name: "provider".into(), space: Space::Live, window: 60_000_000, calls: 10, failures: None, slow: None, in_a_row: Some(2),
///     open: 5_000_000, probes: 1, probe_timeout: 30_000_000,
/// };
/// let (breakers, key, now) = (Breakers::default(), Key::new(["openai"])?, Time::default());
/// for _ in 0..2 {
///     let passes = breakers.ask(&[(&rule, &key)], now).expect("closed at first");
///     breakers.observe(&rule, &key, passes[0], CallOutcome::Failure, now);
/// }
/// assert!(breakers.ask(&[(&rule, &key)], now).is_err());
/// assert!(breakers.ask(&[(&rule, &key)], now.plus(5_000_000)).is_ok());
/// # Ok::<(), llm_policy_ledger::key::KeyTooLong>(())
/// ```
pub struct Breakers {
    hasher: RandomState,
    /// A number of these breakers, drawn at random: passes of others are told by it.
    instance: u64,
    shards: Box<[Mutex<Shard>]>,
    /// The most breakers of a shard.
    capacity: usize,
    switches: switches::Switches,
}

#[derive(Default)]
struct Shard {
    now: Time,
    keys: HashMap<(Arc<str>, Space, Key), Machine>,
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
        let hasher = RandomState::new();
        let instance = hasher.build_hasher().finish();
        Self {
            hasher,
            instance,
            shards,
            capacity: most.div_ceil(SHARDS).max(1),
            switches: switches::Switches::default(),
        }
    }

    /// A number that no other breakers have.
    #[must_use]
    pub const fn instance(&self) -> u64 {
        self.instance
    }

    /// `None`: there are no shards, which cannot be. What a thread that panicked left behind is still a machine.
    fn shard(&self, rule: &Rule, key: &Key, now: Time) -> Option<MutexGuard<'_, Shard>> {
        let hash = self.hasher.hash_one((&*rule.name, key.as_bytes()));
        let number = usize::try_from(hash >> 32).unwrap_or(0) % self.shards.len().max(1);
        let mut shard = self.shards.get(number)?.lock().unwrap_or_else(PoisonError::into_inner);
        shard.now = shard.now.max(now);
        Some(shard)
    }

    /// Asks all breakers of a call. Each lets it through, or it is not made: then no probe is used up.
    ///
    /// # Errors
    ///
    /// The first that lets nothing through.
    pub fn ask(&self, wanted: &[(&Rule, &Key)], now: Time) -> Result<Passes, Stopped> {
        let mut passes = Passes::new();
        for (number, (rule, key)) in wanted.iter().enumerate() {
            match self.ask_one(rule, key, now) {
                Ok(pass) => passes.push(pass),
                Err((cause, retry_after)) => {
                    for ((rule, key), pass) in wanted.iter().zip(&passes) {
                        self.observe(rule, key, *pass, CallOutcome::Ignored, now);
                    }
                    return Err(Stopped { rule: number, cause, retry_after });
                }
            }
        }
        Ok(passes)
    }

    fn ask_one(&self, rule: &Rule, key: &Key, now: Time) -> Result<Pass, (Cause, Option<u64>)> {
        if let Some((reason, left)) = self.switches.stops(&rule.name, key, now) {
            return Err((Cause::Switch(reason), left));
        }
        let closed = Ok(Pass { epoch: 0, probe: None });
        if !rule.trips() {
            return closed;
        }
        let Some(mut shard) = self.shard(rule, key, now) else { return closed };
        let now = shard.now;
        shard.find(rule, key).map_or(closed, |machine| machine.ask(rule, now))
    }

    /// What [`ask`](Self::ask) would say, with no probe used up.
    #[must_use]
    pub fn stops(&self, wanted: &[(&Rule, &Key)], now: Time) -> Option<Stopped> {
        wanted.iter().enumerate().find_map(|(number, (rule, key))| {
            if let Some((reason, retry_after)) = self.switches.stops(&rule.name, key, now) {
                return Some(Stopped { rule: number, cause: Cause::Switch(reason), retry_after });
            }
            let mut shard = self.shard(rule, key, now).filter(|_| rule.trips())?;
            let now = shard.now;
            let (cause, retry_after) = shard.find(rule, key)?.stops(rule, now)?;
            Some(Stopped { rule: number, cause, retry_after })
        })
    }

    /// Reports what became of a call, to a breaker that let it through with this pass.
    pub fn observe(&self, rule: &Rule, key: &Key, pass: Pass, outcome: CallOutcome, now: Time) {
        // What was ignored is no reason to start counting.
        if !rule.trips() || (outcome == CallOutcome::Ignored && pass.probe.is_none()) {
            return;
        }
        let Some(mut shard) = self.shard(rule, key, now) else { return };
        let now = shard.now;
        if let Some(machine) = shard.open(rule, key, self.capacity) {
            machine.observe(rule, pass, outcome, now);
        }
    }

    /// Sets a switch: nothing that asks for this rule and key goes through; `key` is `None` for all keys of the rule. Without
    /// a switch, the one that is set is taken back.
    ///
    /// The kill switch of a house is a rule that every call asks for; maintenance is a switch with an end.
    ///
    /// # Errors
    ///
    /// When there are as many as there may be.
    pub fn switch(
        &self,
        rule: &str,
        key: Option<&Key>,
        switch: Option<Switch>,
        now: Time,
    ) -> Result<(), TooManySwitches> {
        self.switches.set(rule, key, switch, now)
    }

    /// All switches that are set, by rule and key.
    #[must_use]
    pub fn switches(&self, now: Time) -> Vec<Set> {
        self.switches.list(now)
    }

    /// Opens a breaker, as if its calls had failed now.
    pub fn trip(&self, rule: &Rule, key: &Key, now: Time) {
        let Some(mut shard) = self.shard(rule, key, now) else { return };
        let now = shard.now;
        if let Some(machine) = shard.open(rule, key, self.capacity) {
            machine.trip(rule, now);
        }
    }

    /// The state of a breaker, switches aside.
    #[must_use]
    pub fn position(&self, rule: &Rule, key: &Key, now: Time) -> Position {
        let Some(mut shard) = self.shard(rule, key, now) else { return Position::Closed };
        let now = shard.now;
        shard.find(rule, key).map_or(Position::Closed, |machine| machine.position(now))
    }
}

impl Shard {
    fn find(&mut self, rule: &Rule, key: &Key) -> Option<&mut Machine> {
        self.keys.get_mut(&(rule.name.clone(), rule.space, key.clone()))
    }

    fn open(&mut self, rule: &Rule, key: &Key, capacity: usize) -> Option<&mut Machine> {
        let name = (rule.name.clone(), rule.space, key.clone());
        if self.keys.len() >= capacity && !self.keys.contains_key(&name) {
            let now = self.now;
            self.keys.retain(|_, machine| !machine.is_idle(now));
            if self.keys.len() >= capacity {
                return None;
            }
        }
        Some(self.keys.entry(name).or_default())
    }
}
