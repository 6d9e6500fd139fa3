//! `policy-engine validate`

use std::path::PathBuf;

use clap::Args;
use llm_policy_embed::canonical;
use llm_policy_embed::error::finding_json;
use serde_json::json;

use crate::args::{Format, check};
use crate::failure::{Exit, Failure};
use crate::output::{Output, findings};

const EXAMPLES: &str = "Examples:
  policy-engine validate policies/
  policy-engine validate --strict policies/ team/budget.yaml
  policy-engine validate --output json policies/ | jq -r '.findings[] | \"\\(.file):\\(.line): \\(.message)\"'
  cat policy.yaml | policy-engine validate -

Exit codes: 0 valid, 3 an error (with --strict also a warning), 2 usage.";

/// Check policies and show everything that is wrong with them
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Policy files, directories of them, or `-` for a document from stdin
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
    /// `text` for people; `json`: one object with all findings
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let checked = check(&command.paths, None, &[])?;
    let (errors, warnings) = findings::counts(&checked.findings);
    if errors == 0
        && let Err(error) = checked.engine()
    {
        return Err(Failure::from(error.clone()));
    }
    let refused = errors > 0 || (command.strict && warnings > 0);
    match command.output {
        Format::Text => {
            for finding in &checked.findings {
                out.print(&format!("{}\n", finding.render(true)));
            }
            out.print(&findings::summary(&checked, refused));
        }
        Format::Json => {
            let found: Vec<_> = checked.findings.iter().map(finding_json).collect();
            let mut report = json!({
                "valid": !refused,
                "documents": checked.documents,
                "rules": checked.rules,
                "errors": errors,
                "warnings": warnings,
                "findings": found,
            });
            if let (Some(object), Ok(engine)) = (report.as_object_mut(), checked.engine()) {
                object.insert("bundle".to_owned(), json!(&*engine.bundle()));
            }
            out.print(&canonical::to_string(&report));
        }
    }
    Ok(if refused { Exit::Invalid } else { Exit::Allowed })
}
