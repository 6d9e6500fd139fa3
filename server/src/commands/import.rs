//! `policy-engine import`

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use llm_policy_embed::{ErrorCode, Finding, files};
use llm_policy_workbench::import::{self, ChangeKind, Imported};
use serde_json::json;

use crate::args::{Format, is_stdin, read_stdin};
use crate::failure::{Exit, Failure};
use crate::output::{Output, style, units};

const EXAMPLES: &str = "Examples:
  policy-engine import old.yaml --to policies/security.yaml
  policy-engine import - < policy.celpolicy.yaml

The new document goes to stdout, or to a file that is not there yet; the report goes to stderr. What cannot be kept fails
closed: what restricts applies always, what allows is switched off.

Exit codes: 0 all was kept, 1 something was not, 2 usage, 3 the document is of no known format.";

/// Rewrite policies of other formats, with a report of every change
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// A document in the published dialect (versions 0.9 and 1.0) or in CEL Policy YAML, or `-` for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the new document to this file, which must not be there
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// `text` for people; `json`: one object with the document and all changes, on stdout
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (name, bytes) = match is_stdin(&command.file) {
        true => ("stdin".to_owned(), read_stdin()?),
        false => (files::origin(&command.file), files::read(&command.file, llm_policy_embed::MAX_DOCUMENT_BYTES)?),
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::invalid(ErrorCode::UnreadableFile, format!("{name}: the text is not UTF-8")))?;
    let imported = import::import(&text, &name).map_err(|refused| {
        let finding = |diagnostic| Finding { origin: refused.origin.clone(), text: refused.text.clone(), diagnostic };
        Failure {
            findings: refused.diagnostics.iter().cloned().map(finding).collect(),
            ..Failure::invalid(ErrorCode::InvalidPolicy, "")
        }
    })?;
    if let Some(to) = &command.to {
        if to.symlink_metadata().is_ok() {
            let message = format!("`{}` is there already; nothing was written", to.display());
            let failure = Failure::invalid(ErrorCode::UnreadableFile, message);
            return Err(Failure { help: Some("name another file".to_owned()), ..failure });
        }
        let written = File::create_new(to).and_then(|mut file| file.write_all(imported.text.as_bytes()));
        written.map_err(|cause| {
            Failure::invalid(ErrorCode::UnreadableFile, format!("`{}` cannot be written: {cause}", to.display()))
        })?;
    }
    match command.output {
        Format::Json => {
            let changes: Vec<_> = imported
                .changes
                .iter()
                .map(|c| json!({"kind": c.kind.to_string(), "line": c.line, "about": c.about, "message": c.message}))
                .collect();
            out.print(
                &json!({"partial": imported.is_partial(), "document": imported.text, "changes": changes}).to_string(),
            );
        }
        Format::Text => {
            if command.to.is_none() {
                out.print(imported.text.trim_end());
            }
            report(&imported, &name, out);
        }
    }
    Ok(if imported.is_partial() { Exit::Failed } else { Exit::Allowed })
}

fn report(imported: &Imported, name: &str, out: &mut Output) {
    for change in &imported.changes {
        let kind = change.kind.to_string();
        let shown = match change.kind {
            ChangeKind::Rewritten => style::quiet(&kind),
            ChangeKind::Look => style::careful(&kind),
            ChangeKind::NotKept => style::bad(&kind),
        };
        let place = style::quiet(format!("{name}:{}", change.line));
        let about = style::name(style::safe(&change.about));
        out.note(&format!("{}  {place}  {about}  {}", style::pad(&shown, &kind, 9), style::safe(&change.message)));
    }
    let lost = imported.changes.iter().filter(|change| change.kind == ChangeKind::NotKept).count();
    match lost {
        0 => {
            out.note(&format!("{} {}, nothing lost", style::good("✓"), units::count(imported.changes.len(), "change")))
        }
        lost => out.note(&format!(
            "{} {} of {} could not be kept; what depends on them fails closed",
            style::bad("✗"),
            lost,
            units::count(imported.changes.len(), "change")
        )),
    }
}
