//! What a caller keeps of a reservation.

mod bytes;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::SmallVec;

use crate::key::Key;
use crate::limit::{Kind, Space};
use crate::store::{Account, Digest, ReservationId};
use crate::time::Time;
use crate::window::Period;

pub use bytes::NotAReservation;

/// What was reserved for one request, on all its limits.
///
/// It names its accounts, so it can be closed by another process that shares the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Its id.
    pub id: ReservationId,
    /// The input that it was made for.
    pub digest: Digest,
    /// When it expires, by the store's clock.
    pub expires: Time,
    /// What was taken, in the order of the demands; behind them, open reservations of principals.
    pub entries: SmallVec<[Reserved; 2]>,
}

/// What was taken from one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The demand that it was taken for.
    pub demand: usize,
    /// Enforced or observed.
    pub space: Space,
    /// What is counted.
    pub kind: Kind,
    /// The limit's name.
    pub limit: Arc<str>,
    /// Whom it counts for.
    pub key: Key,
    /// The window.
    pub period: Period,
    /// Units.
    pub cost: u64,
}

impl Reserved {
    /// The name of the account.
    #[must_use]
    pub fn account(&self) -> Account<'_> {
        Account { space: self.space, kind: self.kind, limit: &self.limit, key: &self.key, period: self.period }
    }
}

impl Reservation {
    /// True when nothing was taken, because no limit applies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Gives out ids that are never the same: a number of this instance, which its host draws at random, with the process' number in it, and
/// a count.
#[derive(Debug)]
pub struct Ids {
    instance: u64,
    next: AtomicU64,
}

impl Ids {
    /// Ids of this instance. No two that share a store may have the same number.
    #[must_use]
    pub const fn new(instance: u64) -> Self {
        Self { instance, next: AtomicU64::new(0) }
    }

    /// The next id.
    pub fn next(&self) -> ReservationId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        // The child of a fork has its parent's number, and counts on from where its parent was.
        ReservationId(u128::from(told_apart(self.instance, process())) << 64 | u128::from(count))
    }
}

/// A number for an instance in a process. By the golden ratio (Knuth, The Art of Computer Programming, volume 3, section 6.4) processes,
/// whose numbers are small and near each other, come to be far apart, so that two instances of small numbers are not one.
const fn told_apart(instance: u64, process: u64) -> u64 {
    instance ^ process.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The number of this process; 0 where there are none.
fn process() -> u64 {
    if cfg!(target_family = "wasm") { 0 } else { std::process::id().into() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::told_apart;

    #[test]
    fn small_numbers_of_instances_and_processes_are_told_apart() {
        let mut seen = HashSet::new();
        for process in (1..500).chain(4_194_000..4_194_304) {
            for instance in 0..500 {
                assert!(seen.insert(told_apart(instance, process)), "{instance} in {process}");
            }
        }
    }
}
