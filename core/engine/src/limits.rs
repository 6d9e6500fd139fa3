//! The books that limits are kept in, and what a caller holds of a request that was let through.
//!
//! A request that is allowed takes from all limits that apply to it, in one step: the decision then has a [`Hold`]. It is
//! settled with what the request really used ([`Engine::settle`](crate::Engine::settle)), released when nothing was sent, or
//! left to expire.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use llm_policy_ledger as ledger;
use llm_policy_ledger::breaker::Breakers;
pub use llm_policy_ledger::prices;
pub use llm_policy_ledger::prices::{Catalogue, Usage};
pub use llm_policy_ledger::{Changed, Kind, Memory, Reservation, State, Store, StoreError, Time};
use smallvec::SmallVec;

use crate::breakers::{CallOutcome, Passed, Passes};
use crate::compile::Compiled;
use crate::compile::pricing::Prices;
use crate::evaluate::limits::Taking;

/// How long a reservation lives that nobody settles, unless the host says otherwise: ten minutes.
pub const LEASE: Duration = Duration::from_mins(10);

/// A clock.
pub(crate) type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Where an engine keeps its limits. Cloning is cheap, and all clones keep the same books.
///
/// ```
/// use std::sync::Arc;
/// use llm_policy_engine::limits::{Books, Memory, Time};
///
/// let books = Books::new(Arc::new(Memory::default())).with_clock(|| Time::from_micros(1_790_000_000_000_000));
/// # let _ = books;
/// ```
#[derive(Clone)]
pub struct Books {
    ledger: Arc<ledger::Ledger<Arc<dyn Store>>>,
    breakers: Arc<Breakers>,
    clock: Option<Clock>,
    lease: u64,
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Books").field("lease", &self.lease).finish_non_exhaustive()
    }
}

impl Default for Books {
    /// In this process' memory.
    fn default() -> Self {
        Self::new(Arc::new(Memory::default()))
    }
}

impl Books {
    /// Books in this store. Their time is that of each evaluation, unless they get a [clock](Self::with_clock).
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        // The standard library draws its keys from the system's randomness.
        let instance = RandomState::new().build_hasher().finish();
        Self {
            ledger: Arc::new(ledger::Ledger::new(store, instance)),
            breakers: Arc::default(),
            clock: None,
            lease: ledger::time::micros(LEASE),
        }
    }

    /// Books that go by this clock, whatever time conditions see.
    #[must_use]
    pub fn with_clock(self, clock: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self { clock: Some(Arc::new(clock)), ..self }
    }

    /// Books whose reservations live so long when nobody settles them.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease: ledger::time::micros(lease), ..self }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        self.ledger.store()
    }

    pub(crate) fn ledger(&self) -> &ledger::Ledger<Arc<dyn Store>> {
        &self.ledger
    }

    /// The circuit breakers, which are always of this process.
    pub(crate) fn breakers(&self) -> &Breakers {
        &self.breakers
    }

    pub(crate) const fn lease(&self) -> u64 {
        self.lease
    }

    /// The time by the clock of these books; without one, `now`.
    pub(crate) fn time(&self, now: jiff::Timestamp) -> Time {
        self.clock.as_ref().map_or_else(|| Time::from_micros(now.as_microsecond()), |clock| clock())
    }

    /// Closes a hold with what was really used.
    pub(crate) fn settle(
        &self,
        hold: &Hold,
        used: &Used,
        prices: &Prices,
        now: jiff::Timestamp,
    ) -> Result<Option<Changed>, ledger::Error> {
        let Some(reservation) = &hold.reservation else { return Ok(None) };
        let now = self.time(now);
        let actuals = hold.actuals(reservation, used, prices, now);
        self.ledger.settle(reservation, &actuals, now).map(Some)
    }

    /// Closes a hold of a request that was not sent.
    pub(crate) fn release(&self, hold: &Hold, now: jiff::Timestamp) -> Result<Option<Changed>, ledger::Error> {
        let Some(reservation) = &hold.reservation else { return Ok(None) };
        self.ledger.release(reservation, self.time(now)).map(Some)
    }

    /// Lets a hold live on for another lease.
    pub(crate) fn extend(&self, hold: &Hold, now: jiff::Timestamp) -> Result<Option<Changed>, ledger::Error> {
        let Some(reservation) = &hold.reservation else { return Ok(None) };
        self.ledger.extend(reservation, self.lease, self.time(now)).map(Some)
    }
}

/// The books of an engine, which are made when they are first wanted.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    books: Arc<OnceLock<Books>>,
    clock: Option<Clock>,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shelf").field(&self.books).finish()
    }
}

impl Shelf {
    /// With these books.
    pub(crate) fn of(books: Books) -> Self {
        Self { books: Arc::new(OnceLock::from(books)), clock: None }
    }

    /// With books in memory that go by this clock.
    pub(crate) fn with_clock(clock: Clock) -> Self {
        Self { books: Arc::default(), clock: Some(clock) }
    }

    /// The books; by default in memory.
    pub(crate) fn books(&self) -> &Books {
        self.books.get_or_init(|| Books { clock: self.clock.clone(), ..Books::default() })
    }

    /// How to treat limits and breakers of `compiled`; `None`: it has none.
    pub(crate) fn taking(&self, compiled: &Compiled, dry_run: bool) -> Option<Taking<'_>> {
        let nothing = compiled.limits.is_empty() && compiled.breakers.all.is_empty();
        (!nothing).then(|| Taking { books: self.books(), dry_run, id: None })
    }
}

/// What a request really used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Its tokens, as the provider counted them; `None`: nobody knows, and what was estimated is charged.
    pub usage: Option<Usage>,
    /// The model that answered, where it is another than the one that was asked.
    pub model: Option<Box<str>>,
    /// What it cost, in microdollars, where the host knows better than the table of prices.
    pub cost: Option<u64>,
    /// What became of the call, for circuit breakers; `None`: they are told otherwise.
    pub outcome: Option<CallOutcome>,
}

/// Dollars in microdollars, rounded up.
///
/// # Errors
/// When it is NaN, negative, or too large.
pub fn micros(dollars: f64) -> Result<u64, ledger::units::NotUnits> {
    ledger::units::cost_of_double(dollars, ledger::units::MICROS)
}

/// Tokens as the context has them, in `response.usage`: those that were cached are among those read, and those of reasoning
/// among those written. `None`: it is no such object, or names no tokens.
///
/// ```
/// use llm_policy_engine::limits::{Usage, usage_of};
///
/// let usage = serde_json::json!({"input_tokens": 100, "cached_tokens": 40, "output_tokens": 7});
/// assert_eq!(usage_of(&usage), Some(Usage { input: 60, cached_read: 40, output: 7, ..Usage::default() }));
/// ```
#[must_use]
pub fn usage_of(value: &serde_json::Value) -> Option<Usage> {
    let tokens = |name: &str| value.get(name).map_or(Some(0), serde_json::Value::as_u64);
    let (input, output) = (tokens("input_tokens")?, tokens("output_tokens")?);
    let (cached, reasoning) = (tokens("cached_tokens")?, tokens("reasoning_tokens")?);
    if value.get("input_tokens").is_none() && value.get("output_tokens").is_none() {
        return None;
    }
    Some(Usage {
        input: input.saturating_sub(cached),
        cached_read: cached,
        output: output.saturating_sub(reasoning),
        reasoning,
        ..Usage::default()
    })
}

/// What an answer says that its request used: `response` as the context has it.
#[must_use]
pub fn used_by(response: &serde_json::Value) -> Used {
    Used {
        usage: response.get("usage").and_then(usage_of),
        // An answer names the model more exactly than the request: `gpt-4o-2024-08-06`.
        model: response.get("model").and_then(serde_json::Value::as_str).map(Into::into),
        cost: None,
        outcome: None,
    }
}

/// What is held for a request that was let through: what limits have reserved, and what breakers want to hear of.
///
/// It names all that a store must know to close it, so it can be handed to another process as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    pub(crate) reservation: Option<Reservation>,
    /// The estimated cost in microdollars, and the estimated tokens.
    pub(crate) estimate: (Option<u64>, Option<u64>),
    /// The model that was asked.
    pub(crate) model: Box<str>,
    /// The breakers that let it through.
    pub(crate) passes: Option<Passes>,
}

/// The text is no hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHold;

impl fmt::Display for NotAHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this text is no reservation of this version")
    }
}

impl std::error::Error for NotAHold {}

impl Hold {
    /// What limits have reserved; `None`: nothing.
    #[must_use]
    pub const fn reservation(&self) -> Option<&Reservation> {
        self.reservation.as_ref()
    }

    /// The same with what breakers want to hear of.
    pub(crate) fn with_passes(self, books: &Books, all: SmallVec<[Passed; 1]>) -> Self {
        Self { passes: Some(Passes { instance: books.breakers().instance(), all }), ..self }
    }

    /// True when nothing is held any more.
    pub(crate) const fn is_empty(&self) -> bool {
        self.reservation.is_none() && self.passes.is_none()
    }

    /// What each limit is settled with. A limit whose cost is a price of its own (a mark-up, a part of the tokens) is settled with
    /// the same share of it.
    fn actuals(&self, reservation: &Reservation, used: &Used, prices: &Prices, now: Time) -> Vec<u64> {
        let model = used.model.as_deref().unwrap_or(&self.model);
        let tokens =
            used.usage.map(|usage| usage.prompt().saturating_add(usage.output).saturating_add(usage.reasoning));
        let cost = used.cost.or_else(|| prices.cost(model, &used.usage?, now));
        let demands = reservation.entries.iter().map(|entry| entry.demand + 1).max().unwrap_or(0);
        let mut actuals = vec![0; demands];
        for entry in &reservation.entries {
            let actual = match entry.kind {
                Kind::Budget => share(entry.cost, self.estimate.0, cost),
                Kind::Quota => share(entry.cost, self.estimate.1, tokens),
                Kind::Rate | Kind::Concurrency | Kind::Open => entry.cost,
            };
            // Open reservations of a principal stand behind the demand that they belong to, and settle with nothing.
            if let Some(place) = actuals.get_mut(entry.demand).filter(|_| entry.kind != Kind::Open) {
                *place = actual;
            }
        }
        actuals
    }

    /// As text, to keep it, or to hand it to another process.
    #[must_use]
    pub fn to_text(&self) -> String {
        let number = |n: Option<u64>| n.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let (cost, tokens) = self.estimate;
        let model = URL_SAFE_NO_PAD.encode(self.model.as_bytes());
        let reservation =
            self.reservation.as_ref().map_or_else(|| "-".to_owned(), |r| URL_SAFE_NO_PAD.encode(r.to_bytes()));
        let version = if self.passes.is_some() { "2" } else { "1" };
        let mut text = format!("{version}.{}.{}.{model}.{reservation}", number(cost), number(tokens));
        if let Some(passes) = &self.passes {
            text.push('.');
            text.push_str(&passes.to_text());
        }
        text
    }

    /// Reads what [`Hold::to_text`] wrote. It is checked, and not trusted: a store compares it with its own record.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(text: &str) -> Result<Self, NotAHold> {
        let parts: Vec<&str> = text.split('.').collect();
        let (cost, tokens, model, reservation, passes) = match parts.as_slice() {
            ["1", cost, tokens, model, reservation] => (cost, tokens, model, reservation, None),
            ["2", cost, tokens, model, reservation, passes] => (cost, tokens, model, reservation, Some(passes)),
            _ => return Err(NotAHold),
        };
        let number = |text: &str| match text {
            "-" => Ok(None),
            text => text.parse().map(Some).map_err(|_| NotAHold),
        };
        let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAHold);
        Ok(Self {
            reservation: match *reservation {
                "-" if passes.is_some() => None,
                text => Some(Reservation::from_bytes(&bytes(text)?).map_err(|_| NotAHold)?),
            },
            estimate: (number(cost)?, number(tokens)?),
            model: String::from_utf8(bytes(model)?).map_err(|_| NotAHold)?.into(),
            passes: passes.map(|text| Passes::parse(text)).transpose()?,
        })
    }
}

/// What `reserved` units become when so much was used of what was estimated. What nobody knows costs what was reserved.
fn share(reserved: u64, estimated: Option<u64>, actual: Option<u64>) -> u64 {
    match (estimated, actual) {
        (_, None) => reserved,
        (Some(estimated), Some(actual)) if estimated > 0 => {
            let units = (u128::from(reserved) * u128::from(actual)).div_ceil(u128::from(estimated));
            u64::try_from(units).unwrap_or(u64::MAX)
        }
        (_, Some(actual)) => actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_what_was_reserved() {
        assert_eq!(share(100, Some(100), Some(40)), 40);
        // A mark-up of a fifth stays one.
        assert_eq!(share(120, Some(100), Some(50)), 60);
        assert_eq!(share(120, Some(100), Some(51)), 62);
        assert_eq!(share(100, Some(100), Some(250)), 250);
        assert_eq!(share(100, Some(100), None), 100);
        assert_eq!(share(0, Some(0), Some(7)), 7);
        assert_eq!(share(50, None, Some(7)), 7);
        assert_eq!(share(u64::MAX, Some(1), Some(u64::MAX)), u64::MAX);
    }

    #[test]
    fn what_is_no_hold_is_refused() {
        for text in [
            "",
            "1",
            "1.-.-..",
            "1.-.-..-",
            "2.-.-..-",
            "2.-.-..-.",
            "2.-.-..-.W10",
            "2.-.-..",
            "1.x.-..",
            "1.-.-.!.",
            "1.-.-..AAAA.x",
        ] {
            assert_eq!(Hold::parse(text), Err(NotAHold), "{text}");
        }
    }
}
