//! Reading timestamps and durations.

use super::civil;
use crate::error::{ErrorKind, Result};
use crate::value::{Duration, Timestamp};

const NOT_A_TIMESTAMP: ErrorKind = ErrorKind::Conversion("the string is not an RFC 3339 timestamp");
const NOT_A_DURATION: ErrorKind = ErrorKind::Conversion("the string is not a duration such as 1h30m or -1.5s");

/// Reads RFC 3339: `2006-01-02T15:04:05.999999999+07:00`. `T` and `Z` may be small letters, as section 5.6 says; a leap
/// second is refused, as in cel-go.
///
/// # Errors
/// Text of another form, or a time outside of the years 1 to 9999.
pub fn parse_timestamp(text: &str) -> Result<Timestamp> {
    let mut at = Reader(text.as_bytes());
    let (seconds, nanos) = at.timestamp().ok_or(NOT_A_TIMESTAMP)?;
    super::timestamp(seconds, nanos)
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn timestamp(&mut self) -> Option<(i64, i32)> {
        let year = self.number(4)?;
        self.byte(b'-')?;
        let month = self.number(2).filter(|m| (1..=12).contains(m))?;
        self.byte(b'-')?;
        let day = self.number(2).filter(|d| (1..=civil::days_in_month(year, month)).contains(d))?;
        self.letter(b'T')?;
        let hour = self.number(2).filter(|h| *h < 24)?;
        self.byte(b':')?;
        let minute = self.number(2).filter(|m| *m < 60)?;
        self.byte(b':')?;
        let second = self.number(2).filter(|s| *s < 60)?;
        let nanos = self.fraction()?;
        let offset = self.offset()?;
        if !self.0.is_empty() {
            return None;
        }
        let local = civil::day_of(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
        Some((local - offset, nanos))
    }

    /// `Z`, or hours and minutes with a sign.
    fn offset(&mut self) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let sign = match first {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.number(2).filter(|h| *h < 24)?;
        self.byte(b':')?;
        let minutes = self.number(2).filter(|m| *m < 60)?;
        Some(sign * (hours * 3_600 + minutes * 60))
    }

    /// Exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        self.0 = rest;
        number.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// A letter, large or small.
    fn letter(&mut self, letter: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        first.eq_ignore_ascii_case(&letter).then_some(())
    }

    /// The nanoseconds of an optional fraction; digits after the ninth are dropped.
    fn fraction(&mut self) -> Option<i32> {
        let Some(rest) = self.0.strip_prefix(b".") else { return Some(0) };
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (fraction, rest) = rest.split_at_checked(digits)?;
        self.0 = rest;
        let mut nanos = 0;
        for i in 0..9 {
            nanos = nanos * 10 + fraction.get(i).map_or(0, |b| i32::from(b - b'0'));
        }
        (digits > 0).then_some(nanos)
    }
}

/// Reads a duration as Go writes them: numbers with the units h, m, s, ms, us (µs) and ns, after an optional sign.
///
/// # Errors
/// Text of another form, or more than an int of nanoseconds.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let (negative, mut rest) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    if rest == "0" {
        return Ok(Duration { nanos: 0 });
    }
    if rest.is_empty() {
        return Err(NOT_A_DURATION.into());
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (whole, after) = split_digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => split_digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(NOT_A_DURATION.into());
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end).ok_or(NOT_A_DURATION)?;
        let unit: i128 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return Err(NOT_A_DURATION.into()),
        };
        total += nanos_of(whole, fraction, unit).ok_or(ErrorKind::Overflow)?;
        // Far outside of the range, and far from overflow of the sum.
        if total > 1 << 64 {
            return Err(ErrorKind::Overflow.into());
        }
        rest = after;
    }
    let nanos = i64::try_from(if negative { -total } else { total }).map_err(|_| ErrorKind::Overflow)?;
    Ok(Duration { nanos })
}

/// `whole.fraction` units in nanoseconds, what is below one cut off.
fn nanos_of(whole: &str, fraction: &str, unit: i128) -> Option<i128> {
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut part: i128 = 0;
    let mut places: i128 = 1;
    // 18 digits of an hour reach far below a nanosecond.
    for digit in fraction.bytes().take(18) {
        part = part * 10 + i128::from(digit - b'0');
        places *= 10;
    }
    Some(i128::from(whole) * unit + part * unit / places)
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
