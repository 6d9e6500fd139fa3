//! The store in memory: shards behind a lock each.
//!
//! An account's shard follows from its name without the window, so all windows of one limit and key share a shard and its
//! time. A step locks the shards that it needs in ascending order, and no lock is taken while one of a higher number is
//! held: no two steps can wait for each other.

mod shard;
mod steps;
#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::ops::DerefMut;
use std::sync::Mutex;

use crate::inspect::Listed;
use crate::store::{Account, Answer, Change, Changed, Reserve, Store, StoreError};
use crate::time::Time;
use shard::Shard;

/// The store in memory.
///
/// ```
/// use llm_policy_ledger::{Ledger, Memory};
/// let ledger = Ledger::new(Memory::default(), 1);
/// assert_eq!(ledger.store().check(), Ok(()));
/// ```
#[derive(Debug)]
pub struct Memory(Shards<Mutex<Shard>>);

impl Default for Memory {
    /// 16 shards, and at most a million accounts.
    fn default() -> Self {
        Self::new(16, 1 << 20)
    }
}

impl Memory {
    /// A store of so many shards (1 to 1024, rounded up to a power of two) that holds at most so many accounts, and sixteen
    /// times as many open reservations. Beyond, it refuses with [`StoreError::Full`].
    #[must_use]
    pub fn new(shards: usize, accounts: usize) -> Self {
        Self(Shards::new(shards, accounts))
    }

    /// Every account that something is booked on, as of each shard's last step. Not in any order.
    ///
    /// # Errors
    ///
    /// When a shard was left half changed by a panic.
    pub fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let mut all = Vec::new();
        for shard in &self.0.shards {
            all.extend(shard.0.lock_shard()?.list());
        }
        Ok(all)
    }

    /// Holds every shard to its invariants: of each account, what is reserved is the sum of its live reservations.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        for shard in &self.0.shards {
            shard.0.lock_shard().map_err(|error| error.to_string())?.check()?;
        }
        Ok(())
    }
}

impl Store for Memory {
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        self.0.reserve(reserve, now)
    }

    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        self.0.change(change, now)
    }
}

/// A lock around a shard: the standard library's, or that of a model checker.
trait Lock {
    type Guard<'a>: DerefMut<Target = Shard>
    where
        Self: 'a;

    fn around(shard: Shard) -> Self;

    fn lock_shard(&self) -> Result<Self::Guard<'_>, StoreError>;
}

impl Lock for Mutex<Shard> {
    type Guard<'a> = std::sync::MutexGuard<'a, Shard>;

    fn around(shard: Shard) -> Self {
        Self::new(shard)
    }

    fn lock_shard(&self) -> Result<Self::Guard<'_>, StoreError> {
        self.lock().map_err(|_| StoreError::Poisoned)
    }
}

/// On a cache line of its own, so that shards do not slow each other down.
#[derive(Debug)]
#[repr(align(128))]
struct Apart<T>(T);

#[derive(Debug)]
struct Shards<L> {
    /// Keyed, because parts of keys are what users are called.
    hasher: RandomState,
    shards: Box<[Apart<L>]>,
}

impl<L: Lock> Shards<L> {
    fn new(shards: usize, accounts: usize) -> Self {
        let count = shards.clamp(1, 1024).next_power_of_two();
        let each = accounts.div_ceil(count).max(1);
        let shards = (0..count).map(|_| Apart(L::around(Shard::new(each)))).collect();
        Self { hasher: RandomState::new(), shards }
    }

    /// The number of the account's shard, and the hash under which it is found there.
    fn place(&self, account: &Account<'_>) -> Place {
        let mut hasher = self.hasher.build_hasher();
        (account.space, account.kind, account.limit).hash(&mut hasher);
        account.key.as_bytes().hash(&mut hasher);
        let hash = hasher.finish();
        let shard = usize::try_from(hash >> 32).unwrap_or(0) & (self.shards.len() - 1);
        Place { shard, hash }
    }
}

/// Where an account is.
#[derive(Clone, Copy)]
struct Place {
    shard: usize,
    hash: u64,
}
