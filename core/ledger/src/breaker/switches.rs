//! Switches: what somebody stops by hand.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::key::Key;
use crate::time::Time;

/// The most switches that can be set at a time.
const MOST: usize = 4096;

/// The longest reason of a switch in bytes.
const REASON: usize = 1024;

/// A switch that somebody set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// Why, in words for those who are stopped; at most 1,024 bytes are kept.
    pub reason: Arc<str>,
    /// Until when; `None`: until it is taken back.
    pub until: Option<Time>,
}

/// A switch and what it stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// The rule's name.
    pub rule: Arc<str>,
    /// The key; `None`: all of the rule.
    pub key: Option<Key>,
    /// What was set.
    pub switch: Switch,
}

/// There are 4,096 switches already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManySwitches;

impl fmt::Display for TooManySwitches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{MOST} switches are set already: take back those that are not needed")
    }
}

impl std::error::Error for TooManySwitches {}

/// By rule, the switch of all its keys, and those of single ones (by what is written of the key).
type ByRule = BTreeMap<Arc<str>, BTreeMap<Option<Box<[u8]>>, (Option<Key>, Switch)>>;

#[derive(Default)]
pub(super) struct Switches {
    /// Whether any is set. Usually none is, and then nobody takes the lock.
    pub(super) any: AtomicBool,
    set: RwLock<ByRule>,
}

impl Switches {
    /// Why nothing with this key goes through, and how long from now on.
    pub(super) fn stops(&self, rule: &str, key: &Key, now: Time) -> Option<(Arc<str>, Option<u64>)> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        let of_rule = set.get(rule)?;
        // A rule without a key has one switch, whichever way it was set.
        let both = [of_rule.get(&None), of_rule.get(&Some(key.as_bytes().into()))];
        let stops = both.into_iter().flatten().map(|(_, switch)| switch).filter(|switch| switch.is_on(now));
        // The one that lasts longest.
        let switch = stops.max_by_key(|switch| switch.until.map_or(i64::MAX, Time::micros))?;
        Some((switch.reason.clone(), switch.until.map(|until| until.since(now))))
    }

    pub(super) fn set(
        &self,
        rule: &str,
        key: Option<&Key>,
        switch: Option<Switch>,
        now: Time,
    ) -> Result<(), TooManySwitches> {
        let mut set = self.set.write().unwrap_or_else(PoisonError::into_inner);
        let name = key.map(|key| key.as_bytes().into());
        match switch {
            Some(switch) => {
                let is_new = set.get(rule).is_none_or(|of_rule| !of_rule.contains_key(&name));
                if is_new && set.values().map(BTreeMap::len).sum::<usize>() >= MOST {
                    tidy(&mut set, now);
                    if set.values().map(BTreeMap::len).sum::<usize>() >= MOST {
                        return Err(TooManySwitches);
                    }
                }
                let end = switch.reason.floor_char_boundary(REASON);
                let reason = switch.reason.get(..end).unwrap_or_default().into();
                let switch = Switch { reason, ..switch };
                set.entry(rule.into()).or_default().insert(name, (key.cloned(), switch));
            }
            None => {
                if let Some(of_rule) = set.get_mut(rule) {
                    of_rule.remove(&name);
                }
                tidy(&mut set, now);
            }
        }
        self.any.store(!set.is_empty(), Ordering::Release);
        Ok(())
    }

    pub(super) fn list(&self, now: Time) -> Vec<Set> {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        let all = set.iter().flat_map(|(rule, of_rule)| of_rule.values().map(move |set| (rule, set)));
        let all = all.map(|(rule, (key, switch))| Set { rule: rule.clone(), key: key.clone(), switch: switch.clone() });
        all.filter(|set| set.switch.is_on(now)).collect()
    }
}

/// Drops those whose end has come.
fn tidy(set: &mut ByRule, now: Time) {
    set.retain(|_, of_rule| {
        of_rule.retain(|_, (_, switch)| switch.is_on(now));
        !of_rule.is_empty()
    });
}

impl Switch {
    fn is_on(&self, now: Time) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}
