//! Writing timestamps and durations.

use std::fmt;

use super::civil;
use crate::value::{Duration, Timestamp};

/// Displays a timestamp as RFC 3339 in UTC, the fraction without trailing zeros.
#[derive(Clone, Copy, Debug)]
pub struct TimestampText(pub Timestamp);

impl fmt::Display for TimestampText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil::date_of(self.0.seconds.div_euclid(86_400));
        let second = self.0.seconds.rem_euclid(86_400);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        fraction(f, self.0.nanos.unsigned_abs())?;
        f.write_str("Z")
    }
}

/// Displays a duration in seconds: `3723s`, `-1.5s`.
#[derive(Clone, Copy, Debug)]
pub struct DurationText(pub Duration);

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.nanos.unsigned_abs();
        if self.0.nanos < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", nanos / 1_000_000_000)?;
        fraction(f, u32::try_from(nanos % 1_000_000_000).unwrap_or(0))?;
        f.write_str("s")
    }
}

/// Nanoseconds as a decimal fraction without trailing zeros; nothing for none.
fn fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
    if nanos == 0 {
        return Ok(());
    }
    let (mut digits, mut width) = (nanos, 9);
    while digits % 10 == 0 {
        digits /= 10;
        width -= 1;
    }
    write!(f, ".{digits:0width$}")
}
