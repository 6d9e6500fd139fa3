//! The parts of a timestamp or duration.

use jiff::tz::TimeZone;

use super::{civil, zone};
use crate::error::{ErrorKind, Result};
use crate::value::{Duration, Timestamp, Val};

const DAY: i64 = 86_400;

/// One part of a timestamp or duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The year.
    FullYear,
    /// The month from 0.
    Month,
    /// The day of the year from 0.
    DayOfYear,
    /// The day of the month from 0.
    DayOfMonth,
    /// The day of the month from 1.
    Date,
    /// The day of the week from 0 for Sunday.
    DayOfWeek,
    /// The hour of the day, or all whole hours of a duration.
    Hours,
    /// The minute of the hour, or all whole minutes of a duration.
    Minutes,
    /// The second of the minute, or all whole seconds of a duration.
    Seconds,
    /// The millisecond of the second.
    Milliseconds,
}

impl Part {
    /// The part that a CEL function such as `getFullYear` gives.
    #[must_use]
    pub fn of_function(name: &str) -> Option<Self> {
        Some(match name {
            "getFullYear" => Self::FullYear,
            "getMonth" => Self::Month,
            "getDayOfYear" => Self::DayOfYear,
            "getDayOfMonth" => Self::DayOfMonth,
            "getDate" => Self::Date,
            "getDayOfWeek" => Self::DayOfWeek,
            "getHours" => Self::Hours,
            "getMinutes" => Self::Minutes,
            "getSeconds" => Self::Seconds,
            "getMilliseconds" => Self::Milliseconds,
            _ => return None,
        })
    }
}

/// A part for the arguments of a call: a timestamp with or without the name of a zone, or a duration.
///
/// # Errors
/// An unknown zone, or arguments of other types.
pub fn get<'a>(part: Part, args: &[Val<'a>]) -> Result<Val<'a>> {
    let number = match args {
        [Val::Timestamp(t)] => timestamp_part(part, *t, 0),
        [Val::Timestamp(t), Val::Str(name)] => timestamp_part(part, *t, zone::offset_at(name, *t)?),
        [Val::Duration(d)] => duration_part(part, *d)?,
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    Ok(Val::Int(number))
}

/// A part of a timestamp in a zone that was resolved before, see [`super::resolve_zone`].
#[must_use]
pub fn timestamp_part_in(part: Part, t: Timestamp, zone: &TimeZone) -> i64 {
    timestamp_part(part, t, zone::offset_in(zone, t))
}

/// A part of a timestamp, `offset` seconds east of UTC.
#[must_use]
pub fn timestamp_part(part: Part, t: Timestamp, offset: i64) -> i64 {
    let local = t.seconds.saturating_add(offset);
    let day = local.div_euclid(DAY);
    let second = local.rem_euclid(DAY);
    match part {
        Part::FullYear => civil::date_of(day).0,
        Part::Month => civil::date_of(day).1 - 1,
        Part::DayOfYear => day - civil::day_of(civil::date_of(day).0, 1, 1),
        Part::DayOfMonth => civil::date_of(day).2 - 1,
        Part::Date => civil::date_of(day).2,
        // 1970-01-01 was a Thursday.
        Part::DayOfWeek => (day + 4).rem_euclid(7),
        Part::Hours => second / 3_600,
        Part::Minutes => second / 60 % 60,
        Part::Seconds => second % 60,
        Part::Milliseconds => i64::from(t.nanos) / 1_000_000,
    }
}

/// A part of a duration.
///
/// # Errors
/// A part that durations do not have.
pub fn duration_part(part: Part, d: Duration) -> Result<i64> {
    let seconds = d.nanos / 1_000_000_000;
    Ok(match part {
        Part::Hours => seconds / 3_600,
        Part::Minutes => seconds / 60,
        Part::Seconds => seconds,
        Part::Milliseconds => d.nanos / 1_000_000 % 1_000,
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    })
}
