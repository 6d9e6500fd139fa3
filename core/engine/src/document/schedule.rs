//! The times at which a rule applies.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::model::Text;

/// The times at which a rule applies: in one of the windows, and not on an excepted day.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The time zone's name; `UTC` by default.
    pub timezone: Text,
    /// The time zone that days and hours are counted in.
    pub zone: TimeZone,
    /// The windows; empty: at all times.
    pub during: Vec<Window>,
    /// The days on which the rule does not apply, sorted, none twice.
    pub except: Vec<Date>,
}

/// A window of each week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The days; all by default.
    pub days: Days,
    /// The hours; all by default.
    pub hours: Option<Hours>,
}

/// A set of days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days(u8);

/// Hours of a day in minutes since midnight, `from` included and `to` excluded.
///
/// When `to` is not behind `from`, the window ends on the next day and belongs to the day on which it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The first minute, `0..1440`.
    pub from: u16,
    /// The minute behind the last, `1..=1440`.
    pub to: u16,
}

impl Days {
    /// Every day.
    pub const ALL: Self = Self(0x7f);
    /// No day.
    pub const NONE: Self = Self(0);

    /// True when the set holds `day`; Monday is 0.
    #[must_use]
    pub const fn contains(self, day: u8) -> bool {
        day < 7 && self.0 & (1 << day) != 0
    }

    /// The set with `day` in it; Monday is 0.
    #[must_use]
    pub const fn with(self, day: u8) -> Self {
        if day < 7 { Self(self.0 | 1 << day) } else { self }
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Days {
    /// The days of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Reads `mon`, `mon-fri`, `fri-mon`, `weekdays`, `weekends` or `all`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = |name: &str| DAYS.iter().position(|day| *day == name);
        let (from, to) = match text {
            "all" => (0, 6),
            "weekdays" => (0, 4),
            "weekends" => (5, 6),
            _ => match text.split_once('-') {
                Some((from, to)) => (day(from.trim())?, day(to.trim())?),
                None => (day(text)?, day(text)?),
            },
        };
        // `fri-mon` goes over the end of the week.
        let count = (to + 7 - from) % 7 + 1;
        let days = (from..from + count).filter_map(|day| u8::try_from(day % 7).ok());
        Some(days.fold(Self::NONE, Self::with))
    }
}

impl Hours {
    /// Reads `09:00-17:00`, or `22:00-06:00`, which ends on the next day; `24:00` is the end of the day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (minute(from.trim())?, minute(to.trim())?);
        // An empty window could as well be meant as a whole day.
        (from < 1440 && to > 0 && from != to).then_some(Self { from, to })
    }

    /// True when the window ends on the day after it began.
    #[must_use]
    pub const fn crosses_midnight(self) -> bool {
        self.to <= self.from
    }
}

/// `09:30` in minutes since midnight.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, max: u16| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse::<u16>().ok().filter(|value| *value <= max) } else { None }
    };
    let (hour, minute) = (number(hour, 24)?, number(minute, 59)?);
    (hour < 24 || minute == 0).then_some(hour * 60 + minute)
}

impl Schedule {
    /// True when the rule applies at `now`.
    ///
    /// A window that crosses midnight belongs to the day on which it began, for the days and for the exceptions.
    #[must_use]
    pub fn applies_at(&self, now: Timestamp) -> bool {
        let local = now.to_zoned(self.zone.clone());
        let (today, time) = (local.date(), local.time());
        let minute = time.hour().unsigned_abs() as u16 * 60 + time.minute().unsigned_abs() as u16;
        let excepted = |day: &Date| self.except.binary_search(day).is_ok();
        if self.during.is_empty() {
            return !excepted(&today);
        }
        let yesterday = today.yesterday().ok();
        let on = |window: &Window, day: Date| {
            window.days.contains(day.weekday().to_monday_zero_offset().unsigned_abs()) && !excepted(&day)
        };
        self.during.iter().any(|window| match window.hours {
            None => on(window, today),
            Some(hours) if !hours.crosses_midnight() => (hours.from..hours.to).contains(&minute) && on(window, today),
            Some(hours) => {
                minute >= hours.from && on(window, today)
                    || minute < hours.to && yesterday.is_some_and(|day| on(window, day))
            }
        })
    }
}

#[cfg(test)]
mod tests;
