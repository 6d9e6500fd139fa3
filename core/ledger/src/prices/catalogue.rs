//! Which model a name means.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{BadTable, Classes, Price, TABLE, day, read};
use crate::time::Time;

/// The longest name of a model that is looked up, in bytes.
const MAX_NAME: usize = 256;

/// A model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub id: Box<str>,
    /// Who makes it.
    pub provider: Box<str>,
    /// Which family it is of.
    pub family: Box<str>,
    /// Tokens of its context; `None`: not known.
    pub context: Option<u64>,
    /// The most tokens of an answer; `None`: not known.
    pub max_output: Option<u64>,
    /// What it takes: text, image, audio, video.
    pub input: Vec<Box<str>>,
    /// What it gives.
    pub output: Vec<Box<str>>,
    /// Other names of exactly this model.
    pub aliases: Vec<Box<str>>,
    /// What it costs, by days.
    pub prices: Vec<Price>,
    /// What models that were tuned from it cost.
    pub fine_tuned_prices: Vec<Price>,
}

/// How a name was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Match {
    /// It is the model's name, or one of its other names.
    Exact,
    /// So is what remains without what stands around it where a model is called through something else. Its price is the
    /// maker's own.
    Through,
    /// It is a model's name with a date that the table does not know: a version of that model.
    Dated,
}

/// What a name means.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The model.
    pub model: &'a Model,
    /// How the name was understood.
    pub matched: Match,
    /// It was tuned from that model.
    pub fine_tuned: bool,
}

impl<'a> Found<'a> {
    /// What it costs on that day; `None`: the table does not say.
    #[must_use]
    pub fn price(&self, now: Time) -> Option<&'a Price> {
        let prices = if self.fine_tuned { &self.model.fine_tuned_prices } else { &self.model.prices };
        let day = day(now)?;
        prices.iter().rev().find(|price| price.holds(day))
    }
}

/// All models that are known.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    pub(super) versions: Vec<Box<str>>,
    pub(super) digest: [u8; 32],
    pub(super) models: Vec<Model>,
    /// Names and other names, in lower case.
    pub(super) names: HashMap<Box<str>, usize>,
    pub(super) prefixes: Vec<Box<str>>,
    pub(super) suffixes: Vec<Box<str>>,
}

impl Catalogue {
    /// The table that comes with this crate.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &TABLE
    }

    /// Reads tables, the first ones first: a model of a later table replaces that of an earlier one, with its other names
    /// and all its prices.
    ///
    /// # Errors
    ///
    /// What is wrong, and where.
    pub fn read(tables: &[&str]) -> Result<Self, BadTable> {
        read::read(tables)
    }

    /// The versions of the tables, in their order.
    pub fn versions(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().map(|version| &**version)
    }

    /// SHA-256 over the tables, each behind its length: what a decision names, so that it can be said by which prices it was
    /// made.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// All models, in the order of the tables.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.models.iter()
    }

    /// The model that a name means; `None`: the table does not know it, and it is the policy's choice what it costs.
    ///
    /// Case does not matter. What may stand before and behind a name is in the table; `ft:gpt-4o:acme::7p` is a model that
    /// was tuned from `gpt-4o`; `gpt-4.1-2025-04-14`, `claude-sonnet-4-5@20250929` and the like are versions of a model.
    ///
    /// ```
    /// use llm_policy_ledger::prices::{Catalogue, Match};
    /// let catalogue = Catalogue::built_in();
    /// let found = catalogue.find("us.anthropic.claude-sonnet-4-5-20250929-v1:0").expect("a known model");
    /// assert_eq!((&*found.model.id, found.matched), ("claude-sonnet-4-5", Match::Through));
    /// assert!(catalogue.find("my-own-gpt-4o").is_none());
    /// ```
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Found<'_>> {
        if name.len() > MAX_NAME {
            return None;
        }
        let lower: SmallVec<[u8; 64]> = name.bytes().map(|byte| byte.to_ascii_lowercase()).collect();
        let name = std::str::from_utf8(&lower).ok()?;
        match self.without_prefixes(name).strip_prefix("ft:") {
            Some(tuned) => {
                let base = tuned.split_once(':').map_or(tuned, |(base, _)| base);
                self.plain(base).map(|found| Found { fine_tuned: true, ..found })
            }
            None => self.plain(name),
        }
    }

    fn plain(&self, name: &str) -> Option<Found<'_>> {
        let found = |model, matched| Found { model, matched, fine_tuned: false };
        if let Some(model) = self.named(name) {
            return Some(found(model, Match::Exact));
        }
        let bare = self.without_prefixes(name);
        if let Some(model) = self.named(bare) {
            return Some(found(model, Match::Through));
        }
        let bare = self.suffixes.iter().find_map(|suffix| bare.strip_suffix(&**suffix)).unwrap_or(bare);
        if let Some(model) = self.named(bare) {
            return Some(found(model, Match::Through));
        }
        self.named(without_date(bare)?).map(|model| found(model, Match::Dated))
    }

    fn named(&self, name: &str) -> Option<&Model> {
        self.models.get(*self.names.get(name)?)
    }

    /// Several can stand before a name, as in `openrouter/openai/gpt-4o`.
    fn without_prefixes<'n>(&self, mut name: &'n str) -> &'n str {
        while let Some(rest) = self.prefixes.iter().find_map(|prefix| name.strip_prefix(&**prefix)) {
            name = rest;
        }
        name
    }

    /// Of each class, the highest price that any model has on that day: for models that are not known, where a policy says
    /// so.
    #[must_use]
    pub fn highest(&self, now: Time) -> Option<Price> {
        let day = day(now)?;
        let all = self.models.iter().flat_map(|model| model.prices.iter().chain(&model.fine_tuned_prices));
        let classes = all
            .filter(|price| price.holds(day))
            .flat_map(|price| price.tiers.iter().map(|(_, classes)| classes).chain([&price.base]))
            .fold(Classes::default(), |highest, classes| highest.max(classes));
        let source = "the highest of all prices".into();
        Some(Price { from: None, until: None, batch: 100, base: classes, tiers: Vec::new(), source })
    }
}

/// A name without its date: `-2024-08-06`, `-20240806` or `@20240806`.
fn without_date(name: &str) -> Option<&str> {
    let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((base, date)) = name.rsplit_once('@') {
        return digits(date, 8).then_some(base);
    }
    let (rest, last) = name.rsplit_once('-')?;
    if digits(last, 8) {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (base, year) = rest.rsplit_once('-')?;
    (digits(last, 2) && digits(month, 2) && digits(year, 4)).then_some(base)
}
