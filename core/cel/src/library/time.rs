//! Timestamps and durations: their parts, their text and their arithmetic.

use super::declare::{Code, function, member, pending};
use crate::function::Function;
use crate::types::Type;

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
            pending,
            "The year, in UTC or a time zone.",
            "timestamp('2024-12-31T23:30:00Z').getFullYear('+01:00') == 2025",
        ),
        part(
            "getMonth",
            "timestamp_to_month",
            "timestamp_to_month_with_tz",
            None,
            pending,
            "The month from 0, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getMonth() == 11",
        ),
        part(
            "getDayOfYear",
            "timestamp_to_day_of_year",
            "timestamp_to_day_of_year_with_tz",
            None,
            pending,
            "The day of the year from 0, in UTC or a time zone.",
            "timestamp('2024-02-01T00:00:00Z').getDayOfYear() == 31",
        ),
        part(
            "getDayOfMonth",
            "timestamp_to_day_of_month",
            "timestamp_to_day_of_month_with_tz",
            None,
            pending,
            "The day of the month from 0, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getDayOfMonth() == 24",
        ),
        part(
            "getDate",
            "timestamp_to_day_of_month_1_based",
            "timestamp_to_day_of_month_1_based_with_tz",
            None,
            pending,
            "The day of the month from 1, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getDate() == 25",
        ),
        part(
            "getDayOfWeek",
            "timestamp_to_day_of_week",
            "timestamp_to_day_of_week_with_tz",
            None,
            pending,
            "The day of the week from 0 for Sunday, in UTC or a time zone.",
            "timestamp('2024-12-25T00:00:00Z').getDayOfWeek() == 3",
        ),
        part(
            "getHours",
            "timestamp_to_hours",
            "timestamp_to_hours_with_tz",
            Some("duration_to_hours"),
            pending,
            "The hour of a timestamp, in UTC or a time zone; or all whole hours of a duration.",
            "timestamp('2024-12-25T20:00:00Z').getHours('Asia/Tokyo') == 5",
        ),
        part(
            "getMinutes",
            "timestamp_to_minutes",
            "timestamp_to_minutes_with_tz",
            Some("duration_to_minutes"),
            pending,
            "The minute of a timestamp, in UTC or a time zone; or all whole minutes of a duration.",
            "duration('1h30m').getMinutes() == 90",
        ),
        part(
            "getSeconds",
            "timestamp_to_seconds",
            "timestamp_to_seconds_tz",
            Some("duration_to_seconds"),
            pending,
            "The second of a timestamp, in UTC or a time zone; or all whole seconds of a duration.",
            "duration('2m5s').getSeconds() == 125",
        ),
        part(
            "getMilliseconds",
            "timestamp_to_milliseconds",
            "timestamp_to_milliseconds_with_tz",
            Some("duration_to_milliseconds"),
            pending,
            "The milliseconds within the second, of a timestamp or a duration.",
            "timestamp('2024-12-25T00:00:00.123Z').getMilliseconds() == 123",
        ),
    ]
}

/// Nanoseconds since 1970.
pub(crate) fn nanos_of(t: crate::value::Timestamp) -> i128 {
    i128::from(t.seconds) * 1_000_000_000 + i128::from(t.nanos)
}

/// A timestamp later by `nanos`.
pub(crate) fn shift(t: crate::value::Timestamp, nanos: i128) -> crate::error::Result<crate::value::Timestamp> {
    let total = nanos_of(t) + nanos;
    let seconds = i64::try_from(total.div_euclid(1_000_000_000)).map_err(|_| crate::error::ErrorKind::Overflow)?;
    let nanos = i32::try_from(total.rem_euclid(1_000_000_000)).map_err(|_| crate::error::ErrorKind::Overflow)?;
    Ok(crate::value::Timestamp { seconds, nanos })
}
