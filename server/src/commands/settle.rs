//! `policy-engine settle`, `policy-engine release`

use clap::Args;
use llm_policy_embed::{Closed, Documents, Engine, Error, Options, canonical};
use serde_json::json;

use crate::args::{Format, with_state};
use crate::failure::{Exit, Failure};
use crate::output::{Output, style};

const EXAMPLES: &str = "Examples:
  policy-engine settle --state limits.db HOLD --used '{\"usage\": {\"input_tokens\": 420, \"output_tokens\": 128}}'
  policy-engine settle --state limits.db HOLD --used '{\"cost\": 0.0125}'

HOLD is what `evaluate --state` shows.

Exit codes: 0, 1 it was closed before, or is not known, 2 usage, 3 the hold or the store is not valid.";

/// What is closed, and where.
#[derive(Args, Debug)]
pub struct Held {
    /// What is reserved, as `evaluate` shows it
    #[arg(value_name = "HOLD")]
    hold: String,
    /// The file that limits are kept in, or the URL of the store
    #[arg(long, value_name = "FILE")]
    state: String,
}

/// Close what a request has reserved, with what it really used
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    held: Held,
    /// What it used, as JSON: `usage`, `model`, `cost` in dollars; left out: what was estimated
    #[arg(long, value_name = "JSON", default_value = "{}")]
    used: String,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

/// Give back what is reserved for a request that was not sent
#[derive(Args, Debug)]
pub struct Release {
    #[command(flatten)]
    held: Held,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let closed = engine(&command.held)?.settle(&command.held.hold, command.used.as_bytes())?;
    Ok(show(closed, command.output, out))
}

pub fn release(command: &Release, out: &mut Output) -> Result<Exit, Failure> {
    let closed = engine(&command.held)?.release(&command.held.hold)?;
    Ok(show(closed, command.output, out))
}

/// A policy that nothing is decided by: an engine has one.
const NO_POLICY: &[u8] =
    b"{version: '1.0', metadata: {name: none}, rules: [{id: none, when: 'true', actions: [{type: deny}]}]}";

/// An engine over the store. What a hold costs is said by the table of prices.
fn engine(held: &Held) -> Result<Engine, Error> {
    let mut documents = Documents::new();
    documents.add_bytes(NO_POLICY, "none");
    with_state(documents.check(Options::default()).into_engine()?, &held.state)
}

fn show(closed: Closed, format: Format, out: &mut Output) -> Exit {
    let changed = matches!(closed, Closed::Done | Closed::Late);
    match format {
        Format::Json => out.print(&canonical::to_string(&json!({"closed": closed.name()}))),
        Format::Text => out.print(&match closed {
            Closed::Done => style::good("✓ closed"),
            Closed::Late => format!("{}  it had expired; what it really used counts now", style::good("✓ closed")),
            Closed::AlreadySettled => format!("{}  it was settled before", style::careful("nothing changed")),
            Closed::AlreadyReleased => format!("{}  it was released before", style::careful("nothing changed")),
            Closed::AlreadyExpired => format!("{}  it had expired", style::careful("nothing changed")),
            Closed::Unknown | Closed::Nothing => format!("{}  it is not known here", style::careful("nothing changed")),
        }),
    }
    if changed { Exit::Allowed } else { Exit::Failed }
}
