//! The book of one account: what is reserved, what is settled, and what counts now.
//!
//! Every number is a sum of units. What would not fit into 64 bits is refused when it is reserved; what is settled
//! saturates, which keeps the account full.

mod bucket;
mod bytes;
mod slices;
#[cfg(test)]
mod tests;

use smallvec::SmallVec;

use crate::time::Time;
use crate::window::Period;
use bucket::Bucket;
use slices::Slices;

pub use bytes::NotABook;

/// The use from which on each step of a limit is in force, in the order of the steps; see
/// [`Limit::mark`](crate::Limit::mark).
pub type Marks = SmallVec<[u64; 4]>;

/// The book of one account.
#[derive(Clone, Debug)]
pub struct Book {
    reserved: u64,
    settled: u64,
    meter: Meter,
    /// The marks that were reported; bit i stands for mark i.
    reported: u16,
    /// When marks of a window without an end are reported anew.
    report_again: Time,
}

/// How what is used is counted.
#[derive(Clone, Debug)]
enum Meter {
    /// Reserved and settled.
    Sum { end: Time },
    /// Reserved and settled of the last slices.
    Slices(Box<Slices>),
    /// What has not drained yet.
    Bucket(Bucket),
    /// Reserved.
    Reserved,
}

/// Where in its window something was reserved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position(i64);

/// What is asked of an account.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// Units to reserve.
    pub cost: u64,
    /// The most that may be used afterwards; `None`: there is no bound.
    pub ceiling: Option<u64>,
    /// Units that come into a bucket each period.
    pub refill: u64,
}

/// How an account answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// What is used already.
    pub used: u64,
    /// True when the cost fits.
    pub fits: bool,
    /// Microseconds until the cost would fit, if nothing else happens. `None`: it fits now, never does, or that depends on
    /// others.
    pub wait: Option<u64>,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(period: Period, now: Time) -> Self {
        let meter = match period {
            Period::Interval { end, .. } => Meter::Sum { end },
            Period::Sliding { length } => Meter::Slices(Box::new(Slices::new(length))),
            Period::Bucket { period } => Meter::Bucket(Bucket::new(period, now)),
            Period::Open => Meter::Reserved,
        };
        Self { reserved: 0, settled: 0, meter, reported: 0, report_again: Time::MIN }
    }

    /// The sum of all live reservations.
    #[must_use]
    pub const fn reserved(&self) -> u64 {
        self.reserved
    }

    /// All that was ever settled on this account.
    #[must_use]
    pub const fn settled(&self) -> u64 {
        self.settled
    }

    /// What counts now, at the time that the book was last [moved](Self::advance) to.
    #[must_use]
    pub fn used(&self) -> u64 {
        match &self.meter {
            Meter::Sum { .. } => self.reserved.saturating_add(self.settled),
            Meter::Slices(slices) => slices.used(),
            Meter::Bucket(bucket) => bucket.level(),
            Meter::Reserved => self.reserved,
        }
    }

    /// Moves the book to a time that is not earlier than the last.
    pub fn advance(&mut self, now: Time) {
        match &mut self.meter {
            Meter::Slices(slices) => slices.advance(now),
            Meter::Bucket(bucket) => bucket.drain(now),
            Meter::Sum { .. } | Meter::Reserved => {}
        }
    }

    /// True when the book says nothing that an empty one would not say: its window is over, or nothing counts any more.
    ///
    /// The caller sees to it that no reservation is left.
    #[must_use]
    pub fn is_over(&self, now: Time) -> bool {
        match &self.meter {
            Meter::Sum { end } => *end <= now,
            _ => self.used() == 0 && self.report_again <= now,
        }
    }

    /// When the window ends; `None`: it has no end.
    #[must_use]
    pub const fn end(&self) -> Option<Time> {
        match &self.meter {
            Meter::Sum { end } => Some(*end),
            _ => None,
        }
    }

    /// Whether something can be reserved. The book must have been moved to `now`.
    #[must_use]
    pub fn fit(&self, ask: &Ask, now: Time) -> Fit {
        let used = self.used();
        // A sum that does not fit into 64 bits is refused also where there is no ceiling: `reserved` has to stay exact.
        let sum = self.reserved.checked_add(self.settled).and_then(|sum| sum.checked_add(ask.cost));
        let after = used.checked_add(ask.cost).filter(|_| sum.is_some());
        let fits = after.is_some_and(|after| ask.ceiling.is_none_or(|ceiling| after <= ceiling));
        let wait = match ask.ceiling {
            Some(ceiling) if !fits && ask.cost <= ceiling => self.wait(ceiling - ask.cost, ask.refill, now),
            _ => None,
        };
        Fit { used, fits, wait }
    }

    /// Microseconds until no more than `target` is used.
    fn wait(&self, target: u64, refill: u64, now: Time) -> Option<u64> {
        match &self.meter {
            Meter::Sum { end } => Some(end.since(now)),
            Meter::Slices(slices) => slices.wait(target, now),
            Meter::Bucket(bucket) => bucket.wait(target, refill, now),
            Meter::Reserved => None,
        }
    }

    /// Reserves units. The caller has found that they [fit](Self::fit), or knows that they need not.
    pub fn reserve(&mut self, ask: &Ask, now: Time) -> Position {
        // Cannot saturate after `fit`, which refuses what would.
        self.reserved = self.reserved.saturating_add(ask.cost);
        match &mut self.meter {
            Meter::Slices(slices) => Position(slices.add(ask.cost, now)),
            Meter::Bucket(bucket) => {
                bucket.add(ask.cost, ask.refill, now);
                Position::default()
            }
            Meter::Sum { .. } | Meter::Reserved => Position::default(),
        }
    }

    /// Closes a reservation of `cost` units, made at `position`, with what it really cost; 0 gives it back.
    pub fn close(&mut self, cost: u64, actual: u64, position: Position) {
        self.reserved = self.reserved.saturating_sub(cost);
        self.settle(0, actual);
        self.correct_meter(cost, actual, position);
    }

    /// Replaces what was charged for a reservation by what it really cost.
    pub fn correct(&mut self, charged: u64, actual: u64, position: Position) {
        self.settle(charged, actual);
        self.correct_meter(charged, actual, position);
    }

    fn settle(&mut self, charged: u64, actual: u64) {
        if !matches!(self.meter, Meter::Reserved) {
            self.settled = self.settled.saturating_sub(charged).saturating_add(actual);
        }
    }

    fn correct_meter(&mut self, from: u64, to: u64, position: Position) {
        match &mut self.meter {
            Meter::Slices(slices) => slices.correct(from, to, position.0),
            Meter::Bucket(bucket) => bucket.correct(from, to),
            Meter::Sum { .. } | Meter::Reserved => {}
        }
    }

    /// The marks that `used` has reached and that were not reported in this window. Each is reported once a window; where a
    /// window has no end, once in its length; of a concurrency limit, each time that its use has been below in between.
    #[must_use]
    pub fn unreported(&self, marks: &[u64], before: u64, used: u64, now: Time) -> u16 {
        let reported = self.still_reported(marks, before, now);
        reached(marks, used) & !reported
    }

    /// Notes that marks were reported.
    pub fn report(&mut self, marks: &[u64], before: u64, new: u16, now: Time) {
        self.reported = self.still_reported(marks, before, now);
        if new == 0 {
            return;
        }
        if self.reported == 0 {
            self.report_again = match &self.meter {
                Meter::Slices(slices) => now.plus(slices.length()),
                Meter::Bucket(bucket) => now.plus(bucket.period()),
                Meter::Sum { .. } | Meter::Reserved => Time::MIN,
            };
        }
        self.reported |= new;
    }

    fn still_reported(&self, marks: &[u64], before: u64, now: Time) -> u16 {
        match &self.meter {
            Meter::Sum { .. } => self.reported,
            Meter::Slices(_) | Meter::Bucket(_) if self.report_again <= now => 0,
            Meter::Slices(_) | Meter::Bucket(_) => self.reported,
            Meter::Reserved => self.reported & reached(marks, before),
        }
    }
}

/// The marks that a use has reached; bit i stands for mark i.
#[must_use]
pub fn reached(marks: &[u64], used: u64) -> u16 {
    marks.iter().take(16).enumerate().fold(0, |bits, (i, mark)| bits | u16::from(*mark <= used) << i)
}
