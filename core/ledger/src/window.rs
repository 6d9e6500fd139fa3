//! The windows in which a limit counts.

mod calendar;
#[cfg(test)]
mod tests;

use crate::time::Time;

pub use calendar::{Calendar, CalendarUnit};

/// How a limit's count starts anew, as a policy says it.
#[derive(Debug)]
pub enum Window {
    /// From one boundary of the calendar to the next, in a time zone.
    Calendar(Calendar),
    /// Windows of one length in microseconds, one after the other since 1970-01-01T00:00:00Z. At least a second.
    Fixed {
        /// In microseconds.
        length: u64,
    },
    /// The last so many microseconds, at every instant. In steps of a sixtieth of the length, to the strict side.
    Sliding {
        /// In microseconds.
        length: u64,
    },
    /// A token bucket: the amount comes in over a period, evenly, and up to `burst` of it can be saved.
    Bucket {
        /// In microseconds.
        period: u64,
        /// The bucket's capacity; the amount itself by default.
        burst: Option<u64>,
    },
    /// No window: what is reserved counts while it is reserved. For [`Kind::Concurrency`](crate::Kind).
    Open,
}

/// The window of one request, as a store sees it: part of an account's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// `start` included, `end` excluded.
    Interval {
        /// The first instant.
        start: Time,
        /// The first instant that is not in it.
        end: Time,
    },
    /// The last so many microseconds.
    Sliding {
        /// In microseconds, at least 1.
        length: u64,
    },
    /// A token bucket.
    Bucket {
        /// In microseconds, at least 1.
        period: u64,
    },
    /// As long as it is reserved.
    Open,
}

/// There is no such window: the instant is outside the years -9999 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchTime;

impl Window {
    /// The window that holds `now`.
    ///
    /// # Errors
    ///
    /// When the calendar does not reach so far.
    pub fn at(&self, now: Time) -> Result<Period, NoSuchTime> {
        Ok(match self {
            Self::Calendar(calendar) => {
                let (start, end) = calendar.at(now)?;
                Period::Interval { start, end }
            }
            Self::Fixed { length } => {
                let length = i64::try_from((*length).max(1)).map_err(|_| NoSuchTime)?;
                let start = now.micros().checked_sub(now.micros().rem_euclid(length)).ok_or(NoSuchTime)?;
                let end = start.checked_add(length).ok_or(NoSuchTime)?;
                Period::Interval { start: Time::from_micros(start), end: Time::from_micros(end) }
            }
            Self::Sliding { length } => Period::Sliding { length: (*length).max(1) },
            Self::Bucket { period, .. } => Period::Bucket { period: (*period).max(1) },
            Self::Open => Period::Open,
        })
    }

    /// What can be used at most at a time of a limit of this amount: the burst of a bucket, otherwise the amount.
    #[must_use]
    pub const fn capacity(&self, amount: u64) -> u64 {
        match self {
            Self::Bucket { burst: Some(burst), .. } => *burst,
            _ => amount,
        }
    }
}

impl Period {
    /// The numbers by which it is kept: what it is, and two that say which.
    #[must_use]
    pub const fn numbers(self) -> (u8, u64, u64) {
        match self {
            Self::Interval { start, end } => (0, start.micros().cast_unsigned(), end.micros().cast_unsigned()),
            Self::Sliding { length } => (1, length, 0),
            Self::Bucket { period } => (2, period, 0),
            Self::Open => (3, 0, 0),
        }
    }

    /// The window that is kept by these numbers.
    #[must_use]
    pub fn from_numbers(what: u8, a: u64, b: u64) -> Option<Self> {
        let [start, end] = [a, b].map(|micros| Time::from_micros(micros.cast_signed()));
        Some(match (what, a, b) {
            (0, ..) if start < end => Self::Interval { start, end },
            (1, 1.., 0) => Self::Sliding { length: a },
            (2, 1.., 0) => Self::Bucket { period: a },
            (3, 0, 0) => Self::Open,
            _ => return None,
        })
    }

    /// True when an account of this window can be used at `now`.
    #[must_use]
    pub fn holds(&self, now: Time) -> bool {
        match self {
            Self::Interval { start, end } => *start <= now && now < *end,
            _ => true,
        }
    }
}
