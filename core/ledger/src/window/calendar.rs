//! Windows of the calendar: days, weeks, months, quarters and years in a time zone.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::NoSuchTime;
use crate::time::Time;

/// How long a window of the calendar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarUnit {
    /// Midnight to midnight: 23, 24 or 25 hours where clocks are changed.
    Day,
    /// From Monday on, as in ISO 8601.
    Week,
    /// From the first of the month on.
    Month,
    /// From January, April, July, October on.
    Quarter,
    /// From the first of January on.
    Year,
}

/// Windows of the calendar in a time zone.
///
/// A window begins at the first instant of its first day, which is not midnight where clocks skip it, and ends where the
/// next one begins: every instant is in exactly one.
#[derive(Debug)]
pub struct Calendar {
    unit: CalendarUnit,
    zone: TimeZone,
    /// The window that was found last: its start and its length, in minutes since 1970. 0: none.
    ///
    /// Windows change a few times a year, requests come thousands a second. One word, so that it is read and written at
    /// once, without a lock.
    last: AtomicU64,
}

const MINUTE: i64 = 60_000_000;

impl Calendar {
    /// Windows of this unit in this time zone.
    #[must_use]
    pub const fn new(unit: CalendarUnit, zone: TimeZone) -> Self {
        Self { unit, zone, last: AtomicU64::new(0) }
    }

    /// How long a window is.
    #[must_use]
    pub const fn unit(&self) -> CalendarUnit {
        self.unit
    }

    /// The time zone of the boundaries.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The window that holds `now`: its first instant, and the first that is not in it.
    pub(super) fn at(&self, now: Time) -> Result<(Time, Time), NoSuchTime> {
        let (start, end) = unpack(self.last.load(Ordering::Relaxed));
        if start <= now && now < end {
            return Ok((start, end));
        }
        let (start, end) = self.find(now)?;
        if let Some(packed) = pack(start, end) {
            self.last.store(packed, Ordering::Relaxed);
        }
        Ok((start, end))
    }

    fn find(&self, now: Time) -> Result<(Time, Time), NoSuchTime> {
        let instant = Timestamp::from_microsecond(now.micros()).map_err(|_| NoSuchTime)?;
        let mut first = self.first_day(self.zone.to_datetime(instant).date())?;
        let mut start = self.begins(first)?;
        // Where a day's end comes twice (clocks set back just after midnight), the date of the second time belongs to a
        // window that is already over.
        loop {
            let next = self.next(first)?;
            let end = self.begins(next)?;
            if now < end {
                return Ok((start, end));
            }
            (first, start) = (next, end);
        }
    }

    fn begins(&self, date: Date) -> Result<Time, NoSuchTime> {
        let midnight = date.to_zoned(self.zone.clone()).map_err(|_| NoSuchTime)?;
        Ok(Time::from(midnight.timestamp()))
    }

    fn first_day(&self, date: Date) -> Result<Date, NoSuchTime> {
        let month = match self.unit {
            CalendarUnit::Day => return Ok(date),
            CalendarUnit::Week => {
                let behind = i64::from(date.weekday().to_monday_zero_offset());
                return date.checked_sub(Span::new().days(behind)).map_err(|_| NoSuchTime);
            }
            CalendarUnit::Month => date.month(),
            CalendarUnit::Quarter => (date.month() - 1) / 3 * 3 + 1,
            CalendarUnit::Year => 1,
        };
        Date::new(date.year(), month, 1).map_err(|_| NoSuchTime)
    }

    fn next(&self, first: Date) -> Result<Date, NoSuchTime> {
        let span = match self.unit {
            CalendarUnit::Day => Span::new().days(1),
            CalendarUnit::Week => Span::new().days(7),
            CalendarUnit::Month => Span::new().months(1),
            CalendarUnit::Quarter => Span::new().months(3),
            CalendarUnit::Year => Span::new().years(1),
        };
        first.checked_add(span).map_err(|_| NoSuchTime)
    }
}

/// Boundaries that are not whole minutes since 1970 (before 1972, clocks differed by seconds) are worked out each time.
fn pack(start: Time, end: Time) -> Option<u64> {
    let minutes = |micros: i64| (micros % MINUTE == 0).then(|| u32::try_from(micros / MINUTE).ok()).flatten();
    let length = end.micros().checked_sub(start.micros())?;
    Some(u64::from(minutes(start.micros())?) << 32 | u64::from(minutes(length)?))
}

fn unpack(packed: u64) -> (Time, Time) {
    let start = i64::try_from(packed >> 32).unwrap_or(0) * MINUTE;
    let length = i64::try_from(packed & 0xffff_ffff).unwrap_or(0) * MINUTE;
    (Time::from_micros(start), Time::from_micros(start + length))
}
