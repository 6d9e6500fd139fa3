//! Tables as they are written: TOML, read strictly.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::value::Datetime;

use super::catalogue::{Catalogue, Model};
use super::{Classes, Price};
use crate::units::{MAX_UNITS, parse_decimal};

/// A table that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadTable {
    /// The number of the table, from 0.
    pub table: usize,
    /// Line and column, from 1; `None`: it is about the table as a whole.
    pub position: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for BadTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.position {
            Some((line, column)) => write!(f, "line {line}, column {column}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for BadTable {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    format: u32,
    version: Box<str>,
    #[serde(default)]
    prefixes: Vec<Box<str>>,
    #[serde(default)]
    suffixes: Vec<Box<str>>,
    #[serde(default)]
    sources: BTreeMap<Box<str>, Source>,
    #[serde(default)]
    models: Vec<Spanned<ModelRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    url: Box<str>,
    seen: Datetime,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRow {
    id: Spanned<Box<str>>,
    provider: Box<str>,
    family: Box<str>,
    context: Option<u64>,
    max_output: Option<u64>,
    #[serde(default)]
    input: Vec<Box<str>>,
    #[serde(default)]
    output: Vec<Box<str>>,
    #[serde(default)]
    aliases: Vec<Spanned<Box<str>>>,
    #[serde(default)]
    prices: Vec<Spanned<PriceRow>>,
    #[serde(default)]
    fine_tuned_prices: Vec<Spanned<PriceRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceRow {
    source: Option<Spanned<Box<str>>>,
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
    batch: Option<Spanned<u64>>,
    input: Spanned<Box<str>>,
    output: Spanned<Box<str>>,
    cached_read: Option<Spanned<Box<str>>>,
    cache_write: Option<Spanned<Box<str>>>,
    cache_write_1h: Option<Spanned<Box<str>>>,
    reasoning: Option<Spanned<Box<str>>>,
    #[serde(default)]
    tiers: Vec<Spanned<TierRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierRow {
    above: u64,
    input: Spanned<Box<str>>,
    output: Spanned<Box<str>>,
    cached_read: Option<Spanned<Box<str>>>,
    cache_write: Option<Spanned<Box<str>>>,
    cache_write_1h: Option<Spanned<Box<str>>>,
    reasoning: Option<Spanned<Box<str>>>,
}

/// One table while it is read.
struct Reader<'a> {
    number: usize,
    text: &'a str,
}

type Result<T> = std::result::Result<T, BadTable>;

pub(super) fn read(tables: &[&str]) -> Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    let mut digest = Sha256::new();
    for (number, text) in tables.iter().enumerate() {
        Reader { number, text }.table(&mut catalogue)?;
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    catalogue.digest = digest.finalize().into();
    Ok(catalogue)
}

impl Reader<'_> {
    fn error<T>(&self, offset: Option<usize>, message: impl Into<String>) -> Result<T> {
        let position = offset.and_then(|offset| self.text.get(..offset)).map(|before| {
            let start = before.rfind('\n').map_or(0, |at| at + 1);
            let column = before.get(start..).map_or(0, |line| line.chars().count()) + 1;
            (before.matches('\n').count() + 1, column)
        });
        Err(BadTable { table: self.number, position, message: message.into() })
    }

    fn table(&self, catalogue: &mut Catalogue) -> Result<()> {
        let table: Table = match toml::from_str(self.text) {
            Ok(table) => table,
            Err(error) => return self.error(error.span().map(|span| span.start), error.message()),
        };
        if table.format != 1 {
            return self.error(None, format!("this is a table of format {}; only format 1 is known", table.format));
        }
        for (name, source) in &table.sources {
            if source.url.is_empty() || source.seen.date.is_none() {
                return self.error(None, format!("source `{name}` needs a `url` and the day on which it was `seen`"));
            }
        }
        let mut own: BTreeMap<String, usize> = BTreeMap::new();
        for row in table.models {
            let names: Vec<_> = std::iter::once(&row.get_ref().id).chain(&row.get_ref().aliases).cloned().collect();
            let model = self.model(row.into_inner(), &table.sources)?;
            let place = match catalogue.names.get(&*model.id.to_ascii_lowercase()) {
                // A model of an earlier table that has this name, and not only as another name.
                Some(place) if is_named(catalogue, *place, &model.id) => *place,
                _ => catalogue.models.len(),
            };
            catalogue.names.retain(|_, found| *found != place);
            for name in names {
                let lower = name.get_ref().to_ascii_lowercase();
                if own.insert(lower.clone(), place).is_some() {
                    let message = format!("`{}` is the name of two models", name.get_ref());
                    return self.error(Some(name.span().start), message);
                }
                catalogue.names.insert(lower.into(), place);
            }
            match catalogue.models.get_mut(place) {
                Some(replaced) => *replaced = model,
                None => catalogue.models.push(model),
            }
        }
        catalogue.versions.push(table.version);
        for (all, new) in [(&mut catalogue.prefixes, table.prefixes), (&mut catalogue.suffixes, table.suffixes)] {
            // An empty one could be taken away for ever.
            all.extend(new.into_iter().filter(|part| !part.is_empty()).map(|part| part.to_ascii_lowercase().into()));
        }
        Ok(())
    }

    fn model(&self, row: ModelRow, sources: &BTreeMap<Box<str>, Source>) -> Result<Model> {
        let prices = |rows: Vec<Spanned<PriceRow>>| -> Result<Vec<Price>> {
            let mut prices: Vec<Price> = Vec::with_capacity(rows.len());
            for row in rows {
                let at = row.span().start;
                let price = self.price(row.into_inner(), sources)?;
                // Ascending, and at most one holds on a day.
                if let Some(last) = prices.last()
                    && last.until.or(price.from).is_none_or(|until| price.from.is_none_or(|from| from < until))
                {
                    return self.error(Some(at), "prices stand in the order of their days, and no two hold on one day");
                }
                prices.push(price);
            }
            Ok(prices)
        };
        Ok(Model {
            id: row.id.into_inner(),
            provider: row.provider,
            family: row.family,
            context: row.context,
            max_output: row.max_output,
            input: row.input,
            output: row.output,
            aliases: row.aliases.into_iter().map(Spanned::into_inner).collect(),
            prices: prices(row.prices)?,
            fine_tuned_prices: prices(row.fine_tuned_prices)?,
        })
    }

    fn price(&self, row: PriceRow, sources: &BTreeMap<Box<str>, Source>) -> Result<Price> {
        let source = match &row.source {
            None => "own".into(),
            Some(name) => match sources.get(name.get_ref()) {
                Some(source) => source.url.clone(),
                None => return self.error(Some(name.span().start), format!("there is no source `{}`", name.get_ref())),
            },
        };
        let (from, until) = (self.day(row.from.as_ref())?, self.day(row.until.as_ref())?);
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            let at = row.until.as_ref().map(|until| until.span().start);
            return self.error(at, "a price ends after it begins");
        }
        let batch = match &row.batch {
            None => 100,
            Some(percent) if (1..=100).contains(percent.get_ref()) => *percent.get_ref(),
            Some(percent) => return self.error(Some(percent.span().start), "`batch` is a percentage from 1 to 100"),
        };
        let base = self.classes(
            &row.input,
            &row.output,
            [&row.cached_read, &row.cache_write, &row.cache_write_1h, &row.reasoning],
        )?;
        let mut tiers: Vec<(u64, Classes)> = Vec::with_capacity(row.tiers.len());
        for tier in row.tiers {
            let at = tier.span().start;
            let tier = tier.into_inner();
            if tiers.last().is_some_and(|(above, _)| tier.above <= *above) {
                return self.error(Some(at), "tiers stand in the order of `above`");
            }
            let classes = self.classes(
                &tier.input,
                &tier.output,
                [&tier.cached_read, &tier.cache_write, &tier.cache_write_1h, &tier.reasoning],
            )?;
            tiers.push((tier.above, classes));
        }
        Ok(Price { from, until, batch, base, tiers, source })
    }

    fn classes(
        &self,
        input: &Spanned<Box<str>>,
        output: &Spanned<Box<str>>,
        [cached_read, cache_write, cache_write_1h, reasoning]: [&Option<Spanned<Box<str>>>; 4],
    ) -> Result<Classes> {
        let or = |class: &Option<Spanned<Box<str>>>, other| class.as_ref().map_or(Ok(other), |text| self.dollars(text));
        let (input, output) = (self.dollars(input)?, self.dollars(output)?);
        let cache_write = or(cache_write, input)?;
        Ok(Classes {
            input,
            cached_read: or(cached_read, input)?,
            cache_write,
            cache_write_1h: or(cache_write_1h, cache_write)?,
            output,
            reasoning: or(reasoning, output)?,
        })
    }

    /// Dollars for a million tokens, as picodollars a token.
    fn dollars(&self, text: &Spanned<Box<str>>) -> Result<u64> {
        match parse_decimal(text.get_ref(), 6).filter(|price| *price <= MAX_UNITS) {
            Some(price) => Ok(price),
            None => self.error(
                Some(text.span().start),
                format!("`{}` is no price: write dollars for a million tokens, as in \"2.50\"", text.get_ref()),
            ),
        }
    }

    fn day(&self, value: Option<&Spanned<Datetime>>) -> Result<Option<Date>> {
        let Some(value) = value else { return Ok(None) };
        let day = match value.get_ref() {
            Datetime { date: Some(date), time: None, offset: None } => (|| {
                let year = i16::try_from(date.year).ok()?;
                Date::new(year, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?).ok()
            })(),
            _ => None,
        };
        match day {
            Some(day) => Ok(Some(day)),
            None => self.error(Some(value.span().start), "write a day, as in 2026-01-31"),
        }
    }
}

fn is_named(catalogue: &Catalogue, place: usize, id: &str) -> bool {
    catalogue.models.get(place).is_some_and(|model| model.id.eq_ignore_ascii_case(id))
}
