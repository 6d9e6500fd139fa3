//! `policy-engine limits`

use std::collections::BTreeMap;

use clap::Args;
use llm_policy_embed::{Error, Timestamp, canonical};
use llm_policy_runtime::{Kind, Listed, Listing, Period, Space, Time};
use serde_json::{Value as Json, json};

use crate::args::{Format, store_url};
use crate::failure::{Exit, Failure};
use crate::output::limits::{Standing, number, number_json};
use crate::output::{Output, style, units};

const EXAMPLES: &str = "Examples:
  policy-engine limits --state limits.db
  policy-engine limits --state limits.db team-month
  policy-engine limits --state redis://localhost
  policy-engine limits --state limits.db --output json | jq '.limits[] | select(.fraction > 0.9)'

Exit codes: 0, 2 usage, 3 the books cannot be read.";

/// Reservations that are shown.
const SHOWN: usize = 20;

/// Show what is used of limits that are kept in a file or on a server, and what is reserved
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// The file that limits are kept in, or the URL of the store
    #[arg(long, value_name = "FILE")]
    state: String,
    /// Only limits whose name, or whose key, holds this
    #[arg(value_name = "WORD")]
    filter: Option<String>,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let store = llm_policy_runtime::inspect(&store_url(&command.state)).map_err(Error::from)?;
    let now: Time = Timestamp::now().into();
    let mut listing = store
        .list(now)
        .map_err(|error| Failure::invalid(llm_policy_embed::ErrorCode::LimitsUnavailable, error.to_string()))?;
    listing.open.sort_by_key(|pending| (pending.expires, pending.id));
    // Numbers of accounts stay as they are: reservations name them.
    let mut shown: Vec<&Listed> = listing.accounts.iter().filter(|account| command.shows(account)).collect();
    shown.sort_by(|a, b| {
        let by = |listed: &Listed| (listed.limit.clone(), listed.kind, listed.space, listed.key.as_bytes().to_vec());
        by(a).cmp(&by(b))
    });
    match command.output {
        Format::Json => out.print(&canonical::to_string(&to_json(&listing, &shown))),
        Format::Text => out.print(&render(command, &listing, &shown)),
    }
    Ok(Exit::Allowed)
}

impl Command {
    fn shows(&self, account: &Listed) -> bool {
        let holds = |word: &String| account.limit.contains(word) || account.key.parts().any(|part| part.contains(word));
        self.filter.as_ref().is_none_or(holds)
    }
}

fn key(account: &Listed) -> String {
    account.key.parts().map(|part| style::line(part, 40)).collect::<Vec<_>>().join(" ")
}

/// What a limit counts, behind its name.
fn what(account: &Listed) -> String {
    let kind = match account.kind {
        Kind::Open => "open requests of a caller",
        kind => kind.name(),
    };
    let window = match account.period {
        Period::Interval { .. } | Period::Open => String::new(),
        Period::Sliding { length } => format!(", sliding {}", units::span(length)),
        Period::Bucket { period } => format!(", bucket {}", units::span(period)),
    };
    let shadow = if account.space == Space::Shadow { ", only observed" } else { "" };
    format!("{kind}{window}{shadow}")
}

fn render(command: &Command, listing: &Listing, shown: &[&Listed]) -> String {
    let mut lines = Vec::new();
    if shown.is_empty() {
        lines.push(match &command.filter {
            Some(word) => format!("nothing is counted where a limit or a key holds `{}`", style::line(word, 40)),
            None => "nothing is counted".to_owned(),
        });
    }
    let width = shown.iter().map(|account| key(account).chars().count()).max().unwrap_or(0).max(8);
    let mut last = String::new();
    for account in shown {
        let heading = format!("{}  {}", style::name(style::line(&account.limit, 80)), style::quiet(what(account)));
        if heading != last {
            if !last.is_empty() {
                lines.push(String::new());
            }
            lines.push(heading.clone());
            last = heading;
        }
        let key = key(account);
        lines.push(format!("  {}  {}", style::pad(&key, &key, width), Standing::from(*account).render(listing.at)));
    }
    // What only keeps a caller from opening too many is counted above.
    let names = |pending: &&llm_policy_runtime::Pending| {
        let shows = |account: &Listed| account.kind != Kind::Open && command.shows(account);
        pending.takes.iter().any(|(at, _)| listing.accounts.get(*at).is_some_and(shows))
    };
    let open: Vec<_> = listing.open.iter().filter(names).collect();
    if !open.is_empty() {
        lines.push(String::new());
        lines.push(style::title(format!("{} under way", units::count(open.len(), "request"))));
    }
    for pending in open.iter().take(SHOWN) {
        let mut takes = BTreeMap::new();
        for (at, cost) in &pending.takes {
            let Some(account) = listing.accounts.get(*at).filter(|account| account.kind != Kind::Open) else {
                continue;
            };
            let unit = account.kind.unit();
            let unit = if *cost == 1 { unit.trim_end_matches('s') } else { unit };
            let cost = format!("{} {unit}", number(account.kind, *cost));
            takes.insert(account.limit.clone(), format!("{} {} {cost}", style::name(&account.limit), key(account)));
        }
        let age = format!("{} old", units::span(listing.at.since(pending.made)));
        let left = format!("expires in {}", units::span(pending.expires.since(listing.at)));
        let takes: Vec<String> = takes.into_values().collect();
        lines.push(format!("  {age:<14}  {left:<24}  {}", takes.join(", ")));
    }
    if let Some(more) = open.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(style::quiet(format!("  and {} more", units::grouped(more as u64))));
    }
    lines.join("\n")
}

fn instant(time: Time) -> Json {
    json!(Timestamp::from_microsecond(time.micros()).ok().map(|time| time.to_string()))
}

fn to_json(listing: &Listing, shown: &[&Listed]) -> Json {
    let account = |account: &&Listed| {
        let standing = Standing::from(*account);
        let number = |units| number_json(account.kind, units);
        json!({
            "limit": &*account.limit,
            "kind": account.kind.name(),
            "unit": account.kind.unit(),
            "shadow": account.space == Space::Shadow,
            "key": account.key.parts().collect::<Vec<_>>(),
            "amount": number(account.capacity),
            "used": number(account.used),
            "reserved": number(account.reserved),
            "settled": number(account.settled),
            "remaining": number(account.capacity.saturating_sub(account.used)),
            "fraction": account.used as f64 / account.capacity.max(1) as f64,
            "open": account.open,
            "resets_at": standing.resets.map_or(Json::Null, instant),
        })
    };
    let pending = |pending: &llm_policy_runtime::Pending| {
        let take = |(at, cost): &(usize, u64)| {
            let account = listing.accounts.get(*at)?;
            Some(json!({
                "limit": &*account.limit,
                "kind": account.kind.name(),
                "key": account.key.parts().collect::<Vec<_>>(),
                "cost": number_json(account.kind, *cost),
            }))
        };
        json!({
            "id": format!("{:032x}", pending.id.0),
            "made": instant(pending.made),
            "expires": instant(pending.expires),
            "takes": pending.takes.iter().filter_map(take).collect::<Vec<_>>(),
        })
    };
    json!({
        "at": instant(listing.at),
        "limits": shown.iter().map(account).collect::<Vec<_>>(),
        "reservations": listing.open.iter().map(pending).collect::<Vec<_>>(),
    })
}
