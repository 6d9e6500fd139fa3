//! `policy-engine inspect`

use clap::{Args, ValueEnum};
use llm_policy_embed::canonical;
use llm_policy_workbench::inspect::{View, svg};

use crate::args::{Format, Policies};
use crate::failure::{Exit, Failure};
use crate::output::{Output, view};

const EXAMPLES: &str = "Examples:
  policy-engine inspect -p policies/
  policy-engine inspect -p policies/ --output json | jq '.rules[] | {rule, guards}'
  policy-engine inspect -p policies/ --output svg > fields.svg

Exit codes: 0, 2 usage, 3 invalid policy.";

/// How the program is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Shown {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
    /// As a picture.
    Svg,
}

/// Show the compiled program: what it reads, what it shares, how rules are found, what they cost
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    policies: Policies,
    /// `text` for people; `json`: one object; `svg`: a picture of which field feeds which rules
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    output: Shown,
}

impl Command {
    /// For whom it writes errors.
    pub fn format(&self) -> Format {
        if self.output == Shown::Json { Format::Json } else { Format::Text }
    }
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (engine, checked) = command.policies.load()?;
    let view = View::of(&engine.compiled());
    match command.output {
        Shown::Text => out.print(&view::render(&view, &crate::output::findings::about(&checked))),
        Shown::Json => out.print(&canonical::to_string(&view.to_json())),
        Shown::Svg => out.print(svg::render(&view).trim_end()),
    }
    Ok(Exit::Allowed)
}
