//! The ledger: limits of a request are planned into one step of a store, and what the store answers is read back.

mod plan;
#[cfg(test)]
mod tests;

use std::fmt;

use smallvec::SmallVec;

use crate::key::{Key, KeyTooLong};
use crate::limit::{Action, Limit};
use crate::reservation::{Ids, Reservation};
use crate::store::{
    Balance, Change, ChangeAction, Changed, Digest, Outcome, ReservationId, Reserve, Store, StoreError,
};
use crate::time::Time;
use crate::units::MAX_UNITS;
use crate::window::NoSuchTime;
use plan::Plan;

/// What a request demands of one limit.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The limit.
    pub limit: &'a Limit,
    /// Whom it counts for.
    pub key: &'a Key,
    /// The limit's amount for this key, at most [`MAX_UNITS`]. 0: nothing may be used.
    pub amount: u64,
    /// What the request will probably cost, at most [`MAX_UNITS`].
    pub cost: u64,
}

/// A request that asks for admission.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// An id from [`Ledger::id`]. Asking again with the same id and the same digest takes nothing again.
    pub id: ReservationId,
    /// A digest of what was judged.
    pub digest: Digest,
    /// Who asks, for [`Limit::max_open`].
    pub principal: &'a Key,
    /// All limits that apply. No limit stands there twice for one key.
    pub demands: &'a [Demand<'a>],
    /// Microseconds after which what was reserved expires.
    pub lease: u64,
    /// True: a human has agreed, and steps that ask do not block.
    pub agreed: bool,
}

/// Whether a request may go on.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The time by which the store decided.
    pub at: Time,
    /// What was reserved, or why nothing was.
    pub result: Result<Reservation, Refusal>,
    /// How each limit stands, in the order of the demands. Empty when the id held this reservation already.
    pub standings: SmallVec<[Standing; 2]>,
}

/// Why a request was not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The strongest action of all steps that it would have passed.
    pub action: Action,
    /// The first demand, in their order, that has this action.
    pub demand: usize,
    /// Microseconds until all limits would have room, if nothing else happens and if that can be said.
    pub retry_after: Option<u64>,
    /// True when it is the principal's open reservations that are too many.
    pub open: bool,
}

/// How a limit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What can be used at most at a time, steps aside: the burst of a bucket, otherwise the amount.
    pub capacity: u64,
    /// Numbers of the account. What is used goes beyond the capacity where a limit is soft or was overdrawn.
    pub balance: Balance,
    /// The steps that are in force after this request; bit i stands for step i.
    pub reached: u16,
    /// The steps that this request was the first to reach in this window.
    pub first: u16,
    /// When the limit counts anew; `None`: its window has no end.
    pub resets: Option<Time>,
}

impl Standing {
    /// What is left after this request.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.capacity.saturating_sub(self.balance.after)
    }
}

/// How a limit stands before anything is taken: `limit(name)` in a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// What can be used at most at a time.
    pub capacity: u64,
    /// What is used.
    pub used: u64,
    /// Of what is used and settled, the sum of live reservations.
    pub reserved: u64,
    /// What was settled on this account.
    pub settled: u64,
    /// When the limit counts anew; `None`: its window has no end.
    pub resets: Option<Time>,
    /// Microseconds since the store said so.
    pub age: u64,
}

impl View {
    /// What is left.
    #[must_use]
    pub const fn remaining(&self) -> u64 {
        self.capacity.saturating_sub(self.used)
    }
}

/// The books could not be asked. What follows is the policy's choice; nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The limit's amount is larger than [`MAX_UNITS`].
    Amount,
    /// The cost is larger than [`MAX_UNITS`].
    Cost,
    /// More limits than a step can take.
    TooMany,
    /// The window cannot be worked out.
    Time(NoSuchTime),
    /// A key is too long.
    Key(KeyTooLong),
    /// The id was used for another input, or what it reserved is closed.
    Conflict,
    /// There is not one actual cost for each demand.
    Actuals,
    /// The store could not do it.
    Store(StoreError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount => write!(f, "a limit's amount is larger than {MAX_UNITS} units"),
            Self::Cost => write!(f, "the cost is larger than {MAX_UNITS} units"),
            Self::TooMany => f.write_str("too many limits apply to one request"),
            Self::Time(_) => f.write_str("the time is outside the calendar"),
            Self::Key(error) => error.fmt(f),
            Self::Conflict => f.write_str("this reservation was made for another input, or is closed"),
            Self::Actuals => f.write_str("one actual cost is needed for each limit"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Limits over a store.
///
/// ```
/// use llm_policy_ledger::{Action, Demand, Key, Kind, Ledger, Limit, Memory, Request, Step, Time, Window};
/// use llm_policy_ledger::{Calendar, CalendarUnit, Digest, units::{MICROS, Share}};
///
/// let month = Window::Calendar(Calendar::new(CalendarUnit::Month, jiff::tz::TimeZone::UTC));
/// let deny = Step { at: Share::WHOLE, action: Action::Deny };
/// let limit = Limit::new("team-month", Kind::Budget, month, [deny])?;
/// let ledger = Ledger::new(Memory::default(), 1);
/// let team = Key::new(["search"])?;
///
/// let now = Time::from_micros(1_790_000_000_000_000);
/// let demands = [Demand { limit: &limit, key: &team, amount: 1000 * MICROS, cost: 600 * MICROS }];
/// let request = |id| Request {
///     id, digest: Digest::default(), principal: &team, demands: &demands, lease: 600_000_000, agreed: false,
/// };
/// let first = ledger.reserve(&request(ledger.id()), now)?;
/// let reservation = first.result.expect("600 of 1000 dollars");
/// // While the first request may still cost 600, a second one of 600 is not let through.
/// assert!(ledger.reserve(&request(ledger.id()), now)?.result.is_err());
/// // It cost 100 in the end: the rest is free again.
/// ledger.settle(&reservation, &[100 * MICROS], now)?;
/// assert!(ledger.reserve(&request(ledger.id()), now)?.result.is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Ledger<S> {
    store: S,
    ids: Ids,
}

impl<S: Store> Ledger<S> {
    /// A ledger over this store. `instance` is drawn at random by the host: no two ledgers that share a store may have the
    /// same, or they give out the same ids.
    #[must_use]
    pub const fn new(store: S, instance: u64) -> Self {
        Self { store, ids: Ids::new(instance) }
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The store, without the ledger.
    #[must_use]
    pub fn into_store(self) -> S {
        self.store
    }

    /// A new id.
    pub fn id(&self) -> ReservationId {
        self.ids.next()
    }

    /// Reserves what a request may cost, on all its limits or on none.
    ///
    /// # Errors
    ///
    /// When a number or a key is out of range, or the store cannot be asked; nothing was taken.
    pub fn reserve(&self, request: &Request<'_>, now: Time) -> Result<Admission, Error> {
        self.take(request, now, false)
    }

    /// What [`reserve`](Self::reserve) would answer. Nothing is taken, no step is reported, no account is opened.
    ///
    /// # Errors
    ///
    /// As `reserve`.
    pub fn dry_run(&self, request: &Request<'_>, now: Time) -> Result<Admission, Error> {
        self.take(request, now, true)
    }

    fn take(&self, request: &Request<'_>, now: Time, dry_run: bool) -> Result<Admission, Error> {
        /// A store's time can be in the next window, and a window can end while it is asked.
        const ATTEMPTS: usize = 4;

        let mut at = now;
        for _ in 0..ATTEMPTS {
            let plan = Plan::new(request, at)?;
            if plan.takes.is_empty() {
                return Ok(plan.empty(request, at));
            }
            let reserve =
                Reserve { id: request.id, digest: request.digest, lease: request.lease, takes: &plan.takes, dry_run };
            let answer = self.store.reserve(&reserve, now)?;
            match answer.outcome {
                Outcome::Moved => at = answer.at,
                Outcome::Conflict => return Err(Error::Conflict),
                Outcome::Taken | Outcome::Replayed | Outcome::Refused => return Ok(plan.read(request, &answer)),
            }
        }
        Err(Error::Store(StoreError::Clock))
    }

    /// Closes a reservation with what the request really cost: one number for each demand, in their order. What was
    /// reserved and not used is free again; what was used beyond it is charged all the same, and blocks what follows.
    ///
    /// A cost beyond [`MAX_UNITS`] is recorded as that.
    ///
    /// # Errors
    ///
    /// When a number is missing, or the store cannot be asked.
    pub fn settle(&self, reservation: &Reservation, actuals: &[u64], now: Time) -> Result<Changed, Error> {
        if reservation.entries.iter().any(|entry| entry.demand >= actuals.len()) {
            return Err(Error::Actuals);
        }
        let actual = |demand: usize| actuals.get(demand).copied().unwrap_or(u64::MAX).min(MAX_UNITS);
        self.change(reservation, ChangeAction::Settle, actual, now)
    }

    /// Closes a reservation of a request that was not sent: it costs nothing.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub fn release(&self, reservation: &Reservation, now: Time) -> Result<Changed, Error> {
        self.change(reservation, ChangeAction::Release, |_| 0, now)
    }

    /// Lets a reservation go on for so many microseconds from now: for answers that take long.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked.
    pub fn extend(&self, reservation: &Reservation, lease: u64, now: Time) -> Result<Changed, Error> {
        self.change(reservation, ChangeAction::Extend(lease), |_| 0, now)
    }

    fn change(
        &self,
        reservation: &Reservation,
        action: ChangeAction,
        actual: impl Fn(usize) -> u64,
        now: Time,
    ) -> Result<Changed, Error> {
        if reservation.is_empty() {
            return Ok(Changed::Done);
        }
        let entries: SmallVec<[_; 4]> =
            reservation.entries.iter().map(|entry| (entry.account(), actual(entry.demand))).collect();
        let (_, changed) = self.store.change(&Change { id: reservation.id, entries: &entries, action }, now)?;
        Ok(changed)
    }

    /// How a limit stands for a key, before anything is taken.
    ///
    /// # Errors
    ///
    /// When the amount is out of range, or the store cannot be asked.
    pub fn view(&self, limit: &Limit, key: &Key, amount: u64, now: Time) -> Result<View, Error> {
        let demand = Demand { limit, key, amount, cost: 0 };
        let request = Request {
            id: ReservationId(u128::MAX),
            digest: Digest::default(),
            principal: key,
            demands: &[demand],
            lease: 0,
            agreed: false,
        };
        let admission = self.dry_run(&request, now)?;
        let standing = admission.standings.first().ok_or(Error::Conflict)?;
        Ok(View {
            capacity: standing.capacity,
            used: standing.balance.before,
            reserved: standing.balance.reserved,
            settled: standing.balance.settled,
            resets: standing.resets,
            age: now.since(admission.at),
        })
    }
}
