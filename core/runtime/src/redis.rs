//! Limits on a Redis server, or a Valkey one, single or Cluster.
//!
//! A step is one script, which the server runs beside the data and by its own clock: one round trip, all or nothing. Every key
//! of a space has the same hash tag, so that a step is in one slot of a Cluster. What the server promises about its data is
//! what is promised here; `docs/limits.md` says what that is.

mod connect;
mod keys;
mod list;
mod place;
mod steps;

use llm_policy_ledger::store::{Answer, Change, Reserve};
use llm_policy_ledger::{Changed, Store, StoreError, Time};
use redis::Value;

use connect::Connections;
use keys::Keys;
pub use place::{NotAPlace, Place};

/// A store on a server.
///
/// It makes connections when they are needed, and again after a fork. It never waits for a lock.
#[derive(Debug)]
pub struct Redis {
    connections: Connections,
    keys: Keys,
    clock_of_caller: bool,
}

impl Redis {
    /// The store at a place. Nothing is asked of the server yet: one that is away is told about by the first step.
    #[must_use]
    pub fn new(place: Place) -> Self {
        Self { keys: Keys::new(&place.space), connections: Connections::new(place), clock_of_caller: false }
    }

    /// Decides by the time that callers give, and not by the server's: for tests, in which hours pass at once.
    #[must_use]
    pub fn with_clock_of_caller(mut self) -> Self {
        self.clock_of_caller = true;
        self
    }

    /// Begins the books of this space, and says whether there were none.
    ///
    /// This is done once, by whoever is responsible for them. A store never does it by itself: books that are missing are books
    /// that were lost, and what had been used is used no longer once they are begun anew.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub fn begin(&self) -> Result<bool, StoreError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        let incarnation = format!("{:032x}", u128::from_le_bytes(random));
        let mut command = redis::cmd("HSETNX");
        command.arg(self.keys.books()).arg("incarnation").arg(incarnation);
        match self.connections.command(&command, self.keys.books())? {
            Value::Int(written) => Ok(written == 1),
            other => Err(steps::unexpected(&other)),
        }
    }

    /// The time that a script is told: none, so that it takes its server's.
    fn clock(&self, now: Time) -> Option<Time> {
        self.clock_of_caller.then_some(now)
    }
}

impl Store for Redis {
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        reserve.check()?;
        let takes = reserve.takes;
        // Only a server that keeps what it was told can keep a hard limit.
        let durable = takes.iter().any(|take| take.ceiling.is_some()) && !reserve.dry_run;
        let call = steps::reserve(&self.keys, reserve, self.clock(now));
        steps::read_reserve(&self.connections.call(&call, self.keys.books(), durable)?, takes.len())
    }

    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        change.check()?;
        let call = steps::change(&self.keys, change, self.clock(now));
        steps::read_change(&self.connections.call(&call, self.keys.books(), false)?)
    }
}
