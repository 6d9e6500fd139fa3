//! `policy-engine validate`

use std::path::PathBuf;

use clap::Args;
use llm_policy_embed::{Timestamp, canonical};
use llm_policy_workbench::analysis::{Claim, Cost, Options, analyse};
use serde_json::{Value as Json, json};

use crate::args::{Format, parse_time, read};
use crate::failure::{Exit, Failure};
use crate::output::{Output, claims, findings};

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
    /// Fail on warnings too, and show notes, the dearest rules, and what the analysis cannot see into
    #[arg(long)]
    strict: bool,
    /// The time at which exceptions count as expired, such as 2026-03-01T12:00:00Z; left out: the time now
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    now: Option<Timestamp>,
    /// `text` for people; `json`: one object with all findings
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let documents = read(&command.paths, None, &[])?;
    let parsed = documents.documents().to_vec();
    let checked = documents.check(llm_policy_embed::Options::default());
    let (errors, warnings) = findings::counts(&checked.findings);
    if errors == 0
        && let Err(error) = checked.engine()
    {
        return Err(Failure::from(error.clone()));
    }
    let analysis = checked.engine().ok().and_then(|_| {
        let now = command.now.unwrap_or_else(Timestamp::now);
        analyse(&parsed, &Options { now, notes: command.strict, ..Options::default() }).ok()
    });
    let claimed = analysis.as_ref().map_or(0, claims::warnings);
    let refused = errors > 0 || (command.strict && warnings + claimed > 0);
    match command.output {
        Format::Text => {
            for finding in &checked.findings {
                out.print(&format!("{}\n", finding.render(true)));
            }
            for text in analysis.iter().flat_map(claims::all) {
                out.print(&text);
            }
            if let Some(analysis) = analysis.as_ref().filter(|_| command.strict) {
                out.print("");
                out.print(&claims::costs(analysis));
            }
            out.print(&findings::summary(&checked, claimed, refused));
        }
        Format::Json => {
            let mut report = checked.to_json();
            if let Some(object) = report.as_object_mut() {
                object.insert("valid".to_owned(), json!(!refused));
                object.insert("errors".to_owned(), json!(errors));
                object.insert("warnings".to_owned(), json!(warnings + claimed));
                let claims = analysis.iter().flat_map(|analysis| &analysis.claims).map(Claim::to_json);
                if let Some(findings) = object.get_mut("findings").and_then(Json::as_array_mut) {
                    findings.extend(claims);
                }
                if let Some(analysis) = analysis.as_ref().filter(|_| command.strict) {
                    object.insert("costs".to_owned(), analysis.rules.iter().map(Cost::to_json).collect());
                    object.insert("unanswered".to_owned(), json!(analysis.unanswered));
                    object.insert("accepted".to_owned(), json!(analysis.accepted));
                }
            }
            out.print(&canonical::to_string(&report));
        }
    }
    Ok(if refused { Exit::Invalid } else { Exit::Allowed })
}
