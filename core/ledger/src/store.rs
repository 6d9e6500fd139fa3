//! What a store does: one atomic step over accounts.
//!
//! A step is plain data. It names accounts, and gives numbers; it knows no calendar, no limit and no policy. So the same
//! step can be a critical section, a transaction, or a script that runs beside the data with the clock of its server.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::book::{Ask, Book, Marks, reached};
use crate::key::Key;
use crate::limit::{Consistency, Kind, OnExpiry, Space};
use crate::time::Time;
use crate::window::Period;

/// The most accounts of one step.
pub const MAX_TAKES: usize = 64;

/// The name of an account. The window is part of it: when a limit counts anew, it counts on another account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account<'a> {
    /// Enforced or observed.
    pub space: Space,
    /// What is counted.
    pub kind: Kind,
    /// The limit's name.
    pub limit: &'a str,
    /// Whom it counts for.
    pub key: &'a Key,
    /// The window.
    pub period: Period,
}

/// What a step takes from one account.
#[derive(Clone, Debug)]
pub struct Take<'a> {
    /// The account.
    pub account: Account<'a>,
    /// Units, at most [`MAX_UNITS`](crate::units::MAX_UNITS).
    pub cost: u64,
    /// The most that may be used afterwards; `None`: the limit is soft.
    pub ceiling: Option<u64>,
    /// What can be used at most at a time, steps aside. Nothing is decided by it: it is kept for those who look at the books.
    pub capacity: u64,
    /// Units that come into a bucket each period: the limit's amount.
    pub refill: u64,
    /// From what use on each of the limit's steps is in force; at most 16.
    pub marks: Marks,
    /// What becomes of it when nobody closes it.
    pub on_expiry: OnExpiry,
    /// How processes that share the store keep it. Nothing is decided by it where the books themselves are.
    pub consistency: Consistency,
}

impl Take<'_> {
    /// What is asked of the account. What is in shadow has a ceiling too: it counts only what it would let through.
    #[must_use]
    pub const fn ask(&self) -> Ask {
        Ask { cost: self.cost, ceiling: self.ceiling, refill: self.refill }
    }

    /// How the account stands, and would stand after this. The book must have been moved to `now`.
    #[must_use]
    pub fn balance(&self, book: &Book, now: Time) -> Balance {
        let fit = book.fit(&self.ask(), now);
        let after = fit.used.saturating_add(self.cost);
        let first = book.unreported(&self.marks, fit.used, after, now);
        // What has no room is not used: it reaches no step below the ceiling, it only runs into those that block.
        let below = self.ceiling.filter(|_| !fit.fits).map_or(0, |ceiling| reached(&self.marks, ceiling));
        Balance {
            before: fit.used,
            after,
            reserved: book.reserved(),
            settled: book.settled(),
            fits: fit.fits,
            wait: fit.wait,
            first: first & !below,
        }
    }

    /// Notes in the book which marks were reported.
    pub fn report(&self, book: &mut Book, balance: &Balance, now: Time) {
        book.report(&self.marks, balance.before, balance.first, now);
    }
}

/// The id of a reservation: 128 bits that are never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationId(pub u128);

/// A digest of the input that a reservation was made for.
///
/// Whoever asks again with the same id must ask for the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest(pub u128);

/// A step that reserves.
#[derive(Clone, Copy, Debug)]
pub struct Reserve<'a> {
    /// Under which id.
    pub id: ReservationId,
    /// For which input.
    pub digest: Digest,
    /// Microseconds after which it expires.
    pub lease: u64,
    /// What is taken. No account stands there twice.
    pub takes: &'a [Take<'a>],
    /// True: everything is worked out, nothing is changed.
    pub dry_run: bool,
}

impl Reserve<'_> {
    /// What every store refuses.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooMany`], [`StoreError::Twice`].
    pub fn check(&self) -> Result<(), StoreError> {
        if self.takes.len() > MAX_TAKES {
            return Err(StoreError::TooMany);
        }
        let earlier = |i: usize, take: &Take<'_>| self.takes.iter().take(i).any(|other| other.account == take.account);
        if self.takes.iter().enumerate().any(|(i, take)| earlier(i, take)) { Err(StoreError::Twice) } else { Ok(()) }
    }
}

/// What became of a step that reserves.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The time by which the store decided.
    pub at: Time,
    /// What became of it.
    pub outcome: Outcome,
    /// The takes that are reserved under the id; bit i stands for take i. What is in shadow may be missing.
    pub taken: u64,
    /// When they expire.
    pub expires: Time,
    /// How each account stands, in the order of the takes. Empty unless the outcome is taken or refused.
    pub balances: SmallVec<[Balance; 4]>,
}

/// What became of a step that reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All live accounts had room, and all was taken. What is in shadow was taken too if all of that had room.
    Taken,
    /// This id holds this reservation already; nothing was taken again.
    Replayed,
    /// A live account had no room; nothing was taken.
    Refused,
    /// A window does not hold the store's time, which is `Answer::at`; nothing was taken. Ask again with the right windows.
    Moved,
    /// This id was used for another input, or is closed already; nothing was taken.
    Conflict,
}

/// How an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// What was used before the step.
    pub before: u64,
    /// What is used after it; when it was refused, or only tried, what would have been used.
    pub after: u64,
    /// The sum of live reservations.
    pub reserved: u64,
    /// All that was settled on this account.
    pub settled: u64,
    /// The cost had room.
    pub fits: bool,
    /// Microseconds until it would have, if that can be said.
    pub wait: Option<u64>,
    /// The marks that this step was the first to reach in this window; bit i stands for mark i.
    pub first: u16,
}

/// A step that changes a reservation.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Which one.
    pub id: ReservationId,
    /// The accounts from which it was taken, in any order, and what each is settled with.
    pub entries: &'a [(Account<'a>, u64)],
    /// What happens to it.
    pub action: ChangeAction,
}

impl Change<'_> {
    /// What every store refuses.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooMany`].
    pub const fn check(&self) -> Result<(), StoreError> {
        if self.entries.len() > MAX_TAKES { Err(StoreError::TooMany) } else { Ok(()) }
    }
}

/// What happens to a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAction {
    /// It is closed with what it really cost, more or less than was reserved.
    Settle,
    /// It is closed, and costs nothing.
    Release,
    /// It goes on for so many microseconds from now.
    Extend(u64),
}

/// The state of a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Open.
    Reserved,
    /// Closed with what it cost.
    Settled,
    /// Closed at no cost.
    Released,
    /// Its lease ended; each limit's `on_expiry` was done.
    Expired,
}

impl State {
    /// The number by which it is kept. It never changes.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Reserved => 0,
            Self::Settled => 1,
            Self::Released => 2,
            Self::Expired => 3,
        }
    }

    /// The state that is kept by this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Reserved,
            1 => Self::Settled,
            2 => Self::Released,
            3 => Self::Expired,
            _ => return None,
        })
    }
}

/// What became of a step that changes a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was open, and the step was done.
    Done,
    /// It had expired. What it really cost stands now in place of what expiry charged.
    Late,
    /// It was closed already, in this state; nothing was changed.
    Already(State),
    /// The store does not know it, or no longer; nothing was changed.
    Unknown,
}

/// A store could not do a step. Nothing was changed, as far as it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or answered with this.
    Unavailable(Box<str>),
    /// A thread panicked while it was changing the books.
    Poisoned,
    /// It holds as many accounts, or open reservations, as it may, and all are in use.
    Full,
    /// More than [`MAX_TAKES`] accounts in one step.
    TooMany,
    /// An account stands twice in one step.
    Twice,
    /// The accounts named are not those that the reservation was taken from.
    OtherAccounts,
    /// Its clock and the calendar of its caller did not come together.
    Clock,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(cause) => write!(f, "the store of limits cannot be used: {cause}"),
            Self::Poisoned => f.write_str("the store of limits was left half changed by a thread that panicked"),
            Self::Full => f.write_str("the store of limits holds as much as it may"),
            Self::TooMany => write!(f, "more than {MAX_TAKES} limits apply to one request"),
            Self::Twice => f.write_str("one limit is taken twice for one key in one request"),
            Self::OtherAccounts => f.write_str("these are not the limits that the reservation was taken from"),
            Self::Clock => f.write_str("the clock of the store of limits is outside every window"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Where accounts are kept.
///
/// Every step is atomic: others see all of it or nothing. Whatever is due is closed before a step looks at an account. A
/// store that is only reachable over a network takes the same steps and gives the same answers, but is driven by whoever
/// owns the connection.
pub trait Store: Send + Sync {
    /// Takes all or nothing.
    ///
    /// `now` is the caller's time. A store with a clock of its own decides by that one.
    ///
    /// # Errors
    ///
    /// When the store cannot do the step.
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError>;

    /// Settles, releases or extends a reservation.
    ///
    /// # Errors
    ///
    /// When the store cannot do the step.
    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError>;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        (**self).reserve(reserve, now)
    }

    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        (**self).change(change, now)
    }
}
