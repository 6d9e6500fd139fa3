//! `policy-engine schema`

use clap::{Args, ValueEnum};
use llm_policy_embed::ErrorCode;
use llm_policy_workbench::schema;

use crate::failure::{Exit, Failure};
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  policy-engine schema policy > policy.schema.json
  policy-engine schema test > policy-test.schema.json
  policy-engine schema context > context.schema.json

Editors complete and check with these: see docs/authoring.md.";

/// Write the JSON Schema of policies, test cases or contexts
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Of what
    of: Of,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Policy documents
    Policy,
    /// Files of test cases
    Test,
    /// Contexts: what is decided about
    Context,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let schema = match command.of {
        Of::Policy => schema::policy(),
        Of::Test => schema::test(),
        Of::Context => schema::context(),
    };
    let text = serde_json::to_string_pretty(&schema)
        .map_err(|cause| Failure::invalid(ErrorCode::UnreadableFile, cause.to_string()))?;
    out.print(&text);
    Ok(Exit::Allowed)
}
