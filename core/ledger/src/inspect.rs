//! What a store holds, for people who look at the books.

use crate::key::Key;
use crate::limit::{Kind, Space};
use crate::store::{ReservationId, StoreError};
use crate::time::Time;
use crate::window::Period;

/// A store whose books can be listed.
pub trait Inspect: Send + Sync {
    /// All accounts and all open reservations, as they are at `now`. It changes nothing, and takes long where there are many.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    fn list(&self, now: Time) -> Result<Listing, StoreError>;
}

/// What a store holds at one instant.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The time by which the store says so.
    pub at: Time,
    /// The accounts, in no order.
    pub accounts: Vec<Listed>,
    /// The open reservations, in no order.
    pub open: Vec<Pending>,
}

/// An account, as it is listed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Enforced or observed.
    pub space: Space,
    /// What is counted.
    pub kind: Kind,
    /// The limit's name.
    pub limit: Box<str>,
    /// Whom it counts for.
    pub key: Key,
    /// The window.
    pub period: Period,
    /// What can be used at most at a time, as of the last request that was let through.
    pub capacity: u64,
    /// What counts now.
    pub used: u64,
    /// The sum of live reservations.
    pub reserved: u64,
    /// All that was settled.
    pub settled: u64,
    /// Live reservations.
    pub open: usize,
}

/// A reservation that is open, as it is listed.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its id.
    pub id: ReservationId,
    /// When it was made.
    pub made: Time,
    /// When it expires.
    pub expires: Time,
    /// What it took: the number of an account in [`Listing::accounts`], and units.
    pub takes: Vec<(usize, u64)>,
}
