//! The times at which a rule applies.

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
