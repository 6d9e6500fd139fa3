//! What models cost, and what they are.
//!
//! A price is an integer of picodollars a token. That is the number of microdollars a million tokens cost, so every price
//! that a provider publishes with up to six decimals is exact, and no sum of prices is ever rounded before it is money. A
//! request's cost is rounded up once, to a microdollar.

mod catalogue;
mod read;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::time::Time;
use crate::units::{MAX_UNITS, saturate};

pub use catalogue::{Catalogue, Found, Match, Model};
pub use read::BadTable;

/// The table that comes with this crate.
pub const BUILT_IN: &str = include_str!("../data/prices.toml");

/// Prices of each class, in picodollars a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Tokens of the prompt that were not in a cache.
    pub input: u64,
    /// Tokens of the prompt that were read from a cache.
    pub cached_read: u64,
    /// Tokens of the prompt that were written to a cache, for a few minutes.
    pub cache_write: u64,
    /// Tokens of the prompt that were written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// Tokens of reasoning that are not in the answer.
    pub reasoning: u64,
}

/// A price: for requests of all sizes, or by the size of the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The first day, UTC. `None`: since ever.
    pub from: Option<Date>,
    /// The first day on which it does not hold any more.
    pub until: Option<Date>,
    /// What a batch costs, in percent.
    pub batch: u64,
    /// The prices up to the first tier.
    pub base: Classes,
    /// More tokens of the prompt than this, all classes together, and the whole request costs that. Ascending.
    pub tiers: Vec<(u64, Classes)>,
    /// Where it was read.
    pub source: Box<str>,
}

/// Tokens of a request. No token stands in two classes: what was read from a cache is not in `input`, and reasoning is not
/// in `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt that were not in a cache.
    pub input: u64,
    /// Tokens of the prompt that were read from a cache.
    pub cached_read: u64,
    /// Tokens of the prompt that were written to a cache, for a few minutes.
    pub cache_write: u64,
    /// Tokens of the prompt that were written to a cache for an hour.
    pub cache_write_1h: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// Tokens of reasoning that are not in the answer.
    pub reasoning: u64,
    /// It was sent in a batch.
    pub batch: bool,
}

impl Usage {
    /// Tokens of the prompt.
    #[must_use]
    pub const fn prompt(&self) -> u64 {
        self.input.saturating_add(self.cached_read).saturating_add(self.cache_write).saturating_add(self.cache_write_1h)
    }
}

impl Classes {
    fn all(&self) -> [u64; 6] {
        [self.input, self.cached_read, self.cache_write, self.cache_write_1h, self.output, self.reasoning]
    }

    /// Of each class, the higher price.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cached_read: self.cached_read.max(other.cached_read),
            cache_write: self.cache_write.max(other.cache_write),
            cache_write_1h: self.cache_write_1h.max(other.cache_write_1h),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
        }
    }
}

impl Price {
    /// The prices of a request with so many tokens in its prompt.
    #[must_use]
    pub fn classes(&self, prompt: u64) -> &Classes {
        let tier = self.tiers.iter().rev().find(|(above, _)| prompt > *above);
        tier.map_or(&self.base, |(_, classes)| classes)
    }

    /// What a request costs, in microdollars, rounded up. What does not fit is the largest number there is, which no limit
    /// lets through.
    ///
    /// ```
    /// use llm_policy_ledger::prices::{Catalogue, Usage};
    /// use llm_policy_ledger::Time;
    /// let now = Time::from_micros(1_790_000_000_000_000);
    /// let found = Catalogue::built_in().find("gpt-4o-mini").expect("a known model");
    /// let usage = Usage { input: 1000, output: 500, ..Usage::default() };
    /// // 1000 times 0.15 and 500 times 0.60 dollars a million: 0.00045 dollars.
    /// assert_eq!(found.price(now).expect("it has a price").cost(&usage), 450);
    /// ```
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> u64 {
        let tokens =
            [usage.input, usage.cached_read, usage.cache_write, usage.cache_write_1h, usage.output, usage.reasoning];
        if tokens.iter().any(|count| *count > MAX_UNITS) {
            return u64::MAX;
        }
        // At most six times 2^52 tokens of 2^52 picodollars, times 100.
        let classes = self.classes(usage.prompt()).all();
        let sum: u128 = tokens.iter().zip(classes).map(|(count, price)| u128::from(*count) * u128::from(price)).sum();
        let percent = if usage.batch { self.batch } else { 100 };
        saturate((sum * u128::from(percent)).div_ceil(100 * 1_000_000))
    }

    /// The most that a request can cost which has so many tokens in its prompt and at most so many in its answer: what a
    /// budget reserves before it is known what was cached and what was reasoning.
    #[must_use]
    pub fn at_most(&self, prompt: u64, answer: u64) -> u64 {
        let classes = self.classes(prompt);
        let dearest = Classes {
            input: classes.input.max(classes.cached_read).max(classes.cache_write).max(classes.cache_write_1h),
            output: classes.output.max(classes.reasoning),
            ..Classes::default()
        };
        let price = Self { base: dearest, tiers: Vec::new(), source: Box::default(), ..*self };
        price.cost(&Usage { input: prompt, output: answer, ..Usage::default() })
    }

    fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// The day of an instant, UTC.
fn day(now: Time) -> Option<Date> {
    let instant = Timestamp::from_microsecond(now.micros()).ok()?;
    Some(TimeZone::UTC.to_datetime(instant).date())
}

static TABLE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::read(&[BUILT_IN]).unwrap_or_default());
