//! Time zones: `Europe/Berlin`, `+01:00`, `-02:30`, `02:00`.

use std::cell::RefCell;

use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

use crate::error::{ErrorKind, Result};
use crate::value::Timestamp;

const UNKNOWN: ErrorKind = ErrorKind::InvalidArgument("the time zone is not known");

/// The zone of this name, from the time zone database that is part of the program, or of this fixed offset.
///
/// # Errors
/// No such zone.
pub fn resolve_zone(name: &str) -> Result<TimeZone> {
    if let Some(offset) = fixed_offset(name)? {
        let offset = i32::try_from(offset).ok().and_then(|s| Offset::from_seconds(s).ok()).ok_or(UNKNOWN)?;
        return Ok(TimeZone::fixed(offset));
    }
    named(name)
}

/// Seconds east of UTC at `t` in a zone given by its name.
pub(super) fn offset_at(name: &str, t: Timestamp) -> Result<i64> {
    thread_local! {
        /// The zone that this thread used last, so that a loop over one zone takes no lock.
        static LAST: RefCell<Option<(Box<str>, TimeZone)>> = const { RefCell::new(None) };
    }
    if let Some(offset) = fixed_offset(name)? {
        return Ok(offset);
    }
    // Neither access fails, except while the thread ends.
    let known = LAST.try_with(|last| match &*last.try_borrow().ok()? {
        Some((known, zone)) if **known == *name => Some(offset_in(zone, t)),
        _ => None,
    });
    if let Ok(Some(offset)) = known {
        return Ok(offset);
    }
    let zone = named(name)?;
    let offset = offset_in(&zone, t);
    let _ = LAST.try_with(|last| last.try_borrow_mut().map(|mut last| *last = Some((name.into(), zone))));
    Ok(offset)
}

/// Seconds east of UTC at `t`.
pub(super) fn offset_in(zone: &TimeZone, t: Timestamp) -> i64 {
    // jiff's range ends a day before ours; no zone changes its offset there.
    let at = jiff::Timestamp::from_second(t.seconds).unwrap_or(jiff::Timestamp::MAX);
    i64::from(zone.to_offset(at).seconds())
}

fn named(name: &str) -> Result<TimeZone> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| UNKNOWN.into())
}

/// The seconds of a fixed offset, or `None` for the name of a zone.
fn fixed_offset(name: &str) -> Result<Option<i64>> {
    if matches!(name, "UTC" | "") {
        return Ok(Some(0));
    }
    let Some((hours, minutes)) = name.split_once(':') else { return Ok(None) };
    let (sign, hours) = match hours.as_bytes().first() {
        Some(b'-') => (-1, hours.get(1..)),
        Some(b'+') => (1, hours.get(1..)),
        _ => (1, Some(hours)),
    };
    let number = |text: &str, end: i64| {
        let plain = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i64>().ok().filter(|n| plain && *n < end)
    };
    let hours = hours.and_then(|h| number(h, 24)).ok_or(UNKNOWN)?;
    let minutes = number(minutes, 60).ok_or(UNKNOWN)?;
    Ok(Some(sign * (hours * 3_600 + minutes * 60)))
}
