//! Timestamps and durations: their parts, their text and their arithmetic.

pub use parts::{Part, duration_part, get, timestamp_part, timestamp_part_in};
pub use read::{parse_duration, parse_timestamp};
pub use write::{DurationText, TimestampText};
pub use zone::resolve_zone;

use super::declare::{Code, function, member};
use crate::error::{ErrorKind, Result};
use crate::function::Function;
use crate::types::Type;
use crate::value::Timestamp;

mod civil;
pub(crate) mod meant;
mod parts;
mod read;
#[cfg(test)]
mod tests;
mod write;
mod zone;

/// 0001-01-01T00:00:00Z in Unix seconds.
const MIN_SECONDS: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z in Unix seconds.
const MAX_SECONDS: i64 = 253_402_300_799;
const NANOS: i128 = 1_000_000_000;

/// Code that gets one part.
macro_rules! get {
    ($part:expr) => {
        |_, args| get($part, args)
    };
}

/// The functions that take a timestamp or duration apart.
#[must_use]
pub fn functions() -> Vec<Function> {
    use Type::{Duration, Int, String, Timestamp};
    let part = |name: &str, id: &str, with_zone: &str, duration: Option<&str>, code: Code, doc, example| {
        let mut overloads = vec![member(id, [Timestamp], Int), member(with_zone, [Timestamp, String], Int)];
        overloads.extend(duration.map(|id| member(id, [Duration], Int)));
        function(name, overloads, code, doc, example)
    };
    vec![
        part(
            "getFullYear",
            "timestamp_to_year",
            "timestamp_to_year_with_tz",
            None,
            get!(Part::FullYear),
            "The year, in UTC or a time zone.",
            "timestamp('2024-12-31T23:30:00Z').getFullYear('+01:00') == 2025",
        ),
        part(
            "getMonth",
            "timestamp_to_month",
            "timestamp_to_month_with_tz",
            None,
            get!(Part::Month),
            "The month from 0, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getMonth() == 11",
        ),
        part(
            "getDayOfYear",
            "timestamp_to_day_of_year",
            "timestamp_to_day_of_year_with_tz",
            None,
            get!(Part::DayOfYear),
            "The day of the year from 0, in UTC or a time zone.",
            "timestamp('2024-02-01T00:00:00Z').getDayOfYear() == 31",
        ),
        part(
            "getDayOfMonth",
            "timestamp_to_day_of_month",
            "timestamp_to_day_of_month_with_tz",
            None,
            get!(Part::DayOfMonth),
            "The day of the month from 0, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getDayOfMonth() == 24",
        ),
        part(
            "getDate",
            "timestamp_to_day_of_month_1_based",
            "timestamp_to_day_of_month_1_based_with_tz",
            None,
            get!(Part::Date),
            "The day of the month from 1, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getDate() == 25",
        ),
        part(
            "getDayOfWeek",
            "timestamp_to_day_of_week",
            "timestamp_to_day_of_week_with_tz",
            None,
            get!(Part::DayOfWeek),
            "The day of the week from 0 for Sunday, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getDayOfWeek() == 3",
        ),
        part(
            "getHours",
            "timestamp_to_hours",
            "timestamp_to_hours_with_tz",
            Some("duration_to_hours"),
            get!(Part::Hours),
            "The hour of a timestamp, in UTC or a time zone; or all whole hours of a duration.",
            "timestamp('2024-12-25T20:00:00Z').getHours('Asia/Tokyo') == 5",
        ),
        part(
            "getMinutes",
            "timestamp_to_minutes",
            "timestamp_to_minutes_with_tz",
            Some("duration_to_minutes"),
            get!(Part::Minutes),
            "The minute of a timestamp, in UTC or a time zone; or all whole minutes of a duration.",
            "duration('1h30m').getMinutes() == 90",
        ),
        part(
            "getSeconds",
            "timestamp_to_seconds",
            "timestamp_to_seconds_tz",
            Some("duration_to_seconds"),
            get!(Part::Seconds),
            "The second of a timestamp, in UTC or a time zone; or all whole seconds of a duration.",
            "duration('2m5s').getSeconds() == 125",
        ),
        part(
            "getMilliseconds",
            "timestamp_to_milliseconds",
            "timestamp_to_milliseconds_with_tz",
            Some("duration_to_milliseconds"),
            get!(Part::Milliseconds),
            "The milliseconds within the second, of a timestamp or a duration.",
            "timestamp('2024-12-25T00:00:00.123Z').getMilliseconds() == 123",
        ),
    ]
}

/// The timestamp `nanos` after Unix second `seconds`.
///
/// # Errors
/// Overflow outside of the years 1 to 9999.
pub fn timestamp(seconds: i64, nanos: i32) -> Result<Timestamp> {
    if (MIN_SECONDS..=MAX_SECONDS).contains(&seconds) {
        Ok(Timestamp { seconds, nanos })
    } else {
        Err(ErrorKind::Overflow.into())
    }
}

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn nanos_of(t: Timestamp) -> i128 {
    i128::from(t.seconds) * NANOS + i128::from(t.nanos)
}

/// The timestamp `nanos` after another.
///
/// # Errors
/// Overflow outside of the years 1 to 9999.
pub fn shift(t: Timestamp, nanos: i128) -> Result<Timestamp> {
    let total = nanos_of(t).checked_add(nanos).ok_or(ErrorKind::Overflow)?;
    let seconds = i64::try_from(total.div_euclid(NANOS)).map_err(|_| ErrorKind::Overflow)?;
    let nanos = i32::try_from(total.rem_euclid(NANOS)).map_err(|_| ErrorKind::Overflow)?;
    timestamp(seconds, nanos)
}
