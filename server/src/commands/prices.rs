//! `policy-engine prices`

use std::path::PathBuf;

use clap::Args;
use llm_policy_embed::prices::{BUILT_IN, BadTable, Catalogue, Classes, Model, Price};
use llm_policy_embed::{Diagnostic, ErrorCode, Finding, Time, Timestamp, canonical};
use serde_json::{Value as Json, json};

use crate::args::Format;
use crate::contexts;
use crate::failure::{Exit, Failure};
use crate::output::limits::number;
use crate::output::{Output, style, units};

const EXAMPLES: &str = "Examples:
  policy-engine prices                        what all models cost
  policy-engine prices claude                 those whose name holds a word
  policy-engine prices us.anthropic.claude-sonnet-4-5-20250929-v1:0
  policy-engine prices --check prices.toml    is a table of your own valid, and what does it say

Prices are US dollars for a million tokens.

Exit codes: 0, 1 no model is called so, 2 usage, 3 the table is not valid.";

/// Show what models cost, or check a table of prices
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// A model as it is called, or a part of the names of models
    #[arg(value_name = "MODEL")]
    model: Option<String>,
    /// Check a table of your own, and show what stands in it instead of what is built in
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let table = match &command.check {
        Some(path) => read(path)?,
        None => (*Catalogue::built_in()).clone(),
    };
    let models: Vec<&Model> = match &command.model {
        None => table.models().collect(),
        Some(word) => match table.find(word) {
            Some(found) => vec![found.model],
            None => table.models().filter(|model| is_called(model, word)).collect(),
        },
    };
    let now = Timestamp::now().into();
    match command.output {
        Format::Json => {
            let models: Vec<Json> = models.iter().map(|model| to_json(model)).collect();
            let versions: Vec<&str> = table.versions().collect();
            out.print(&canonical::to_string(
                &json!({"unit": "USD per million tokens", "versions": versions, "models": models}),
            ));
        }
        Format::Text => {
            if let Some(path) = &command.check {
                let what = units::count(table.models().count(), "model");
                let version = table.versions().collect::<Vec<_>>().join(", ");
                let valid = style::good("✓ valid");
                out.print(&format!("{valid}  {}: {what}, version {}", path.display(), style::line(&version, 40)));
                if !models.is_empty() {
                    out.print("");
                }
            }
            if !models.is_empty() {
                out.print(&render(&models, now));
            }
        }
    }
    if models.is_empty() && command.model.is_some() {
        if command.output == Format::Text {
            let word = style::line(command.model.as_deref().unwrap_or_default(), 60);
            out.print(&format!("no model is called `{word}`; what it costs is the policy's choice"));
        }
        return Ok(Exit::Failed);
    }
    Ok(Exit::Allowed)
}

fn is_called(model: &Model, word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let holds = |name: &str| name.to_ascii_lowercase().contains(&word);
    holds(&model.id) || holds(&model.provider) || model.aliases.iter().any(|name| holds(name))
}

/// A table of the house, behind the one that is built in, which says what may stand around a name.
fn read(path: &std::path::Path) -> Result<Catalogue, Failure> {
    let bytes = contexts::whole(path)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::invalid(ErrorCode::UnreadableFile, format!("{}: it is not UTF-8", path.display())))?;
    // By itself, so that what is shown is what stands there; and with the other, as it is used.
    let read = Catalogue::read(&[&text]).and_then(|own| Catalogue::read(&[BUILT_IN, &text]).map(|_| own));
    read.map_err(|error| refused(path, &text, &error))
}

fn refused(path: &std::path::Path, text: &str, error: &BadTable) -> Failure {
    let origin = path.display().to_string();
    let Some((line, column)) = error.position else {
        return Failure::invalid(ErrorCode::InvalidArgument, format!("{origin}: {}", error.message));
    };
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    let start = before + rest.chars().take(column - 1).map(char::len_utf8).sum::<usize>();
    let length =
        text.get(start..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let mut diagnostic = Diagnostic::error("invalid_prices", error.message.as_str(), Default::default());
    diagnostic.span.start = u32::try_from(start).unwrap_or(u32::MAX);
    diagnostic.span.end = u32::try_from(start + length).unwrap_or(u32::MAX);
    let finding = Finding { origin: origin.into(), text: text.into(), diagnostic };
    Failure { findings: vec![finding], ..Failure::invalid(ErrorCode::InvalidArgument, "") }
}

/// The columns of classes.
const CLASSES: [&str; 6] = ["input", "cached", "write 5m", "write 1h", "output", "reasoning"];

fn classes(classes: &Classes) -> [u64; 6] {
    let Classes { input, cached_read, cache_write, cache_write_1h, output, reasoning } = *classes;
    [input, cached_read, cache_write, cache_write_1h, output, reasoning]
}

/// Prices are picodollars a token, which are microdollars a million tokens.
fn dollars(price: u64) -> String {
    match number(llm_policy_runtime::Kind::Budget, price) {
        whole if !whole.contains('.') => format!("{whole}.00"),
        other => other,
    }
}

fn render(models: &[&Model], now: Time) -> String {
    let width = models.iter().map(|model| model.id.chars().count()).max().unwrap_or(0).max(24) + 4;
    let mut lines = vec![style::quiet(format!(
        "{:width$}{}  batch  days",
        "USD per million tokens",
        CLASSES.map(|class| format!("{class:>10}")).concat()
    ))];
    let mut sources: Vec<&str> = Vec::new();
    for model in models {
        let id = style::line(&model.id, 60);
        let title = style::pad(&style::name(&id), &id, width);
        let fine_tuned = model.fine_tuned_prices.iter().map(|price| ("  fine-tuned", price));
        let rows: Vec<(&str, &Price)> = model.prices.iter().map(|price| ("", price)).chain(fine_tuned).collect();
        if rows.is_empty() {
            lines.push(format!("{title}{}", style::quiet("no price is known")));
        }
        for (number, (label, price)) in rows.iter().enumerate() {
            let label = if number == 0 && label.is_empty() { title.clone() } else { format!("{label:width$}") };
            lines.push(format!("{label}{}", row(&price.base, price, now)));
            for (above, tier) in &price.tiers {
                let from = format!("  above {}", units::grouped(*above));
                let numbers = classes(tier).map(|price| format!("{:>10}", dollars(price))).concat();
                lines.push(format!("{}{numbers}", style::quiet(format!("{from:width$}"))));
            }
            if !sources.contains(&&*price.source) {
                sources.push(&price.source);
            }
        }
    }
    lines.push(String::new());
    lines.extend(sources.iter().map(|source| style::quiet(format!("source: {}", style::line(source, 100)))));
    lines.join("\n")
}

fn row(base: &Classes, price: &Price, now: Time) -> String {
    let numbers = classes(base).map(|price| format!("{:>10}", dollars(price))).concat();
    let batch = if price.batch == 100 { "     -".to_owned() } else { format!("{:>4} %", price.batch) };
    let days = match (price.from, price.until) {
        (None, None) => String::new(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(until)) => format!("until {until}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
    };
    let today = Timestamp::from_microsecond(now.micros()).map(|now| now.to_string()).unwrap_or_default();
    let is_past = price.until.is_some_and(|until| until.to_string() <= today);
    let is_to_come = price.from.is_some_and(|from| from.to_string() > today);
    let text = format!("{numbers}  {batch}  {days}").trim_end().to_owned();
    if is_past || is_to_come { style::quiet(text) } else { text }
}

fn to_json(model: &Model) -> Json {
    let money = |price: u64| json!(dollars(price).replace(',', ""));
    let of = |all: &Classes| {
        let [input, cached_read, cache_write, cache_write_1h, output, reasoning] = classes(all).map(money);
        json!({
            "input": input, "cached_read": cached_read, "cache_write": cache_write,
            "cache_write_1h": cache_write_1h, "output": output, "reasoning": reasoning,
        })
    };
    let price = |price: &Price| {
        let tiers: Vec<Json> =
            price.tiers.iter().map(|(above, tier)| json!({"above": above, "prices": of(tier)})).collect();
        json!({
            "from": price.from.map(|day| day.to_string()),
            "until": price.until.map(|day| day.to_string()),
            "batch_percent": price.batch,
            "prices": of(&price.base),
            "tiers": tiers,
            "source": price.source,
        })
    };
    json!({
        "model": model.id,
        "provider": model.provider,
        "family": model.family,
        "context": model.context,
        "max_output": model.max_output,
        "aliases": model.aliases,
        "prices": model.prices.iter().map(price).collect::<Vec<_>>(),
        "fine_tuned_prices": model.fine_tuned_prices.iter().map(price).collect::<Vec<_>>(),
    })
}
