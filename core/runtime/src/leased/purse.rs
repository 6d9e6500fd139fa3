//! What a process has of one account: what it took in advance, and what it has used of that.
//!
//! The shared store has charged this process `credit`: what its slices reserve, and what it has settled. Of that, `used` is
//! what its own requests reserve and have settled. Nothing is let through that would make `used` larger than `credit`, so what
//! all processes use is never more than what the shared store has charged, which is never more than the amount.

use std::sync::Arc;
use std::time::{Duration, Instant};

use llm_policy_ledger::book::{Marks, reached};
use llm_policy_ledger::store::{Account, Balance, Take};
use llm_policy_ledger::{Key, Kind, OnExpiry, Period, ReservationId, Space, Time};

/// A slice is this part of what may be used at most; a process holds at most two that nobody uses.
const PART: u64 = 128;

/// And at most this part of what is left, so that the last of it goes to who asks for it.
const PART_OF_REST: u64 = 16;

/// After so long without a request, a process gives back what it does not use.
const IDLE: Duration = Duration::from_millis(500);

/// Slices of a sliding window, as the books count it.
const SLICES: u64 = 60;

/// The name of a purse: an account and, of a sliding window, the sixtieth of it that is under way. What was taken in one
/// sixtieth is not used in a later one, or it would leave the window too early.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub space: Space,
    pub kind: Kind,
    pub limit: Arc<str>,
    pub key: Key,
    pub period: Period,
    pub slice: i64,
}

impl Name {
    pub fn new(account: &Account<'_>, micros: i64) -> Self {
        let Account { space, kind, limit, key, period } = *account;
        let slice = match period {
            Period::Sliding { length } => micros.div_euclid(sixtieth(length)),
            _ => 0,
        };
        Self { space, kind, limit: limit.into(), key: key.clone(), period, slice }
    }

    pub fn account(&self) -> Account<'_> {
        Account { space: self.space, kind: self.kind, limit: &self.limit, key: &self.key, period: self.period }
    }

    /// True when nothing that was used under this name counts any more.
    pub fn is_past(&self, now: Time) -> bool {
        match self.period {
            Period::Interval { end, .. } => end <= now,
            Period::Sliding { length } => {
                let end = self.slice.saturating_add(1).saturating_mul(sixtieth(length));
                Time::from_micros(end).plus(length) <= now
            }
            Period::Bucket { .. } | Period::Open => false,
        }
    }

    pub fn is(&self, account: &Account<'_>) -> bool {
        self.account() == *account
    }
}

/// Microseconds of a sixtieth of a sliding window.
fn sixtieth(length: u64) -> i64 {
    i64::try_from(length.div_ceil(SLICES)).unwrap_or(i64::MAX).max(1)
}

/// What was asked of the account last: the shared store is asked for slices on the same terms.
#[derive(Clone, Debug)]
pub struct Terms {
    pub ceiling: Option<u64>,
    pub capacity: u64,
    pub refill: u64,
    pub marks: Marks,
}

impl Terms {
    pub fn of(take: &Take<'_>) -> Self {
        Self { ceiling: take.ceiling, capacity: take.capacity, refill: take.refill, marks: take.marks.clone() }
    }

    /// How much to take at once, when so much is used.
    pub fn slice(&self, used: u64) -> u64 {
        let most = self.ceiling.unwrap_or(self.capacity);
        let rest = most.saturating_sub(used);
        (most / PART).min(rest / PART_OF_REST).max(1)
    }
}

/// A reservation of the shared store that this process uses.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub id: ReservationId,
    pub units: u64,
    pub made: Instant,
}

/// A slice that is to be settled.
#[derive(Clone, Debug)]
pub struct Closing {
    pub name: Name,
    pub slice: Slice,
    pub actual: u64,
    /// It was tried before, and nobody knows what came of it.
    pub again: bool,
}

/// How the shared store stood when it was asked last, with all that this process had of it.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    used: u64,
    reserved: u64,
    settled: u64,
}

/// What a process has of one account.
#[derive(Debug)]
pub struct Purse {
    pub terms: Terms,
    pub slices: Vec<Slice>,
    /// What slices were settled with.
    reported: u64,
    /// What requests of this process have settled.
    settled: u64,
    /// What they reserve.
    open: u64,
    seen: Seen,
    /// Marks that a slice was the first to reach, and that no request was told yet.
    first: u16,
    /// Reservations that refer to it.
    pub pins: usize,
    /// A request found it low.
    pub asked: bool,
    touched: Instant,
}

impl Purse {
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            slices: Vec::new(),
            reported: 0,
            settled: 0,
            open: 0,
            seen: Seen::default(),
            first: 0,
            pins: 0,
            asked: false,
            touched: Instant::now(),
        }
    }

    fn sliced(&self) -> u64 {
        self.slices.iter().fold(0, |sum, slice| sum.saturating_add(slice.units))
    }

    /// What the shared store has charged for this process.
    fn credit(&self) -> u64 {
        self.reported.saturating_add(self.sliced())
    }

    /// What requests of this process use.
    fn used(&self) -> u64 {
        self.open.saturating_add(self.settled)
    }

    pub fn unspent(&self) -> u64 {
        self.credit().saturating_sub(self.used())
    }

    /// What is missing for a cost; 0: it has room.
    pub fn missing(&self, cost: u64) -> u64 {
        self.used().saturating_add(cost).saturating_sub(self.credit())
    }

    /// True when another slice should be asked for before it is needed.
    pub fn is_low(&self) -> bool {
        let slice = self.terms.slice(self.seen.used);
        let room = self.terms.ceiling.is_none_or(|ceiling| self.seen.used.saturating_add(slice) <= ceiling);
        slice > 1 && room && self.unspent() < slice / 2
    }

    /// What to ask for next, in the background.
    pub fn refill(&self) -> u64 {
        self.terms.slice(self.seen.used)
    }

    /// A slice was taken, and the shared store stands like this.
    pub fn add(&mut self, slice: Slice, balance: &Balance) {
        self.slices.push(slice);
        self.first |= balance.first;
        self.seen = Seen { used: balance.after, reserved: balance.reserved, settled: balance.settled };
    }

    /// Takes a cost, if it has room, and says how the account stands then.
    pub fn try_take(&mut self, name: &Name, take: &Take<'_>) -> Option<(Taken, Balance)> {
        // Somebody may have settled more than was reserved, and the ceiling may be a lower one than before.
        let over = take.ceiling.is_some_and(|ceiling| self.balance(take.cost, false).after > ceiling);
        if over || self.missing(take.cost) > 0 {
            return None;
        }
        self.terms = Terms::of(take);
        self.open = self.open.saturating_add(take.cost);
        self.touched = Instant::now();
        let mut balance = self.balance(take.cost, true);
        balance.first = self.tell(&take.marks, balance.after);
        self.asked |= self.is_low();
        Some((Taken { name: name.clone(), cost: take.cost, on_expiry: take.on_expiry }, balance))
    }

    /// Takes it back.
    pub fn untake(&mut self, cost: u64) {
        self.open = self.open.saturating_sub(cost);
    }

    /// How the account stands for a request, as far as it is known here. `taken`: the cost is in the purse already.
    pub fn balance(&self, cost: u64, taken: bool) -> Balance {
        let others = self.seen.used.saturating_sub(self.credit());
        let here = self.used().saturating_sub(if taken { cost } else { 0 });
        let before = others.saturating_add(here);
        Balance {
            before,
            after: before.saturating_add(cost),
            reserved: self.seen.reserved.saturating_sub(self.sliced()).saturating_add(self.open),
            settled: self.seen.settled.saturating_sub(self.reported).saturating_add(self.settled),
            fits: taken || self.missing(cost) == 0,
            wait: None,
            first: 0,
        }
    }

    /// The marks that nobody was told yet and that a use has reached. They are told once.
    fn tell(&mut self, marks: &[u64], after: u64) -> u16 {
        let told = self.first & reached(marks, after);
        self.first &= !told;
        told
    }

    /// Closes what a request took.
    pub fn close(&mut self, cost: u64, actual: u64) {
        self.open = self.open.saturating_sub(cost);
        self.settled = self.settled.saturating_add(actual);
        self.touched = Instant::now();
    }

    /// Replaces what expiry charged.
    pub fn correct(&mut self, charged: u64, actual: u64) {
        self.settled = self.settled.saturating_sub(charged).saturating_add(actual);
        self.touched = Instant::now();
    }

    /// True when nothing of it is left to do.
    pub fn is_done(&self) -> bool {
        self.pins == 0 && self.open == 0 && self.slices.is_empty() && self.reported >= self.settled && self.first == 0
            || self.pins == 0 && self.slices.is_empty() && self.used() == self.reported && self.touched.elapsed() > IDLE
    }

    /// What requests use beyond what was charged: they settled more than they had reserved.
    pub fn owed(&self) -> u64 {
        self.used().saturating_sub(self.credit())
    }

    /// What is owed is not asked for: its window is over, so it would be charged to another one.
    pub fn write_off(&mut self) {
        self.settled = self.settled.saturating_sub(self.owed());
    }

    /// The slices that can be settled now, and with what. From here on they are not used; `all`: what is not needed is given
    /// back, whatever is to come.
    pub fn settle(&mut self, name: &Name, all: bool) -> Vec<Closing> {
        let give = all || self.touched.elapsed() > IDLE || self.unspent() > 2 * self.terms.slice(self.seen.used);
        let mut closing = Vec::new();
        let mut i = 0;
        while let Some(slice) = self.slices.get(i).copied() {
            let unreported = self.settled.saturating_sub(self.reported);
            // What is owed is settled beyond the slice.
            let actual = unreported.min(slice.units.saturating_add(self.owed()));
            let surplus = slice.units.saturating_sub(actual);
            if actual < slice.units && !(give && self.unspent() >= surplus) {
                i += 1;
                continue;
            }
            self.slices.remove(i);
            self.report(slice.units, actual);
            closing.push(Closing { name: name.clone(), slice, actual, again: false });
        }
        closing
    }

    /// A slice of so many units is settled with so many.
    fn report(&mut self, units: u64, actual: u64) {
        self.reported = self.reported.saturating_add(actual);
        self.seen.used = self.seen.used.saturating_sub(units).saturating_add(actual);
        self.seen.reserved = self.seen.reserved.saturating_sub(units);
        self.seen.settled = self.seen.settled.saturating_add(actual);
    }

    /// The books that a slice was taken from are gone: nobody has charged what it was settled with.
    pub fn void(&mut self, actual: u64) {
        self.reported = self.reported.saturating_sub(actual);
    }
}

/// What one request took from one purse.
#[derive(Clone, Debug)]
pub struct Taken {
    pub name: Name,
    pub cost: u64,
    pub on_expiry: OnExpiry,
}

impl Taken {
    /// What expiry charges.
    pub const fn at_expiry(&self) -> u64 {
        match self.on_expiry {
            OnExpiry::Charge => self.cost,
            OnExpiry::Release => 0,
        }
    }
}
