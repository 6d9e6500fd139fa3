//! `policy-engine new`

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use llm_policy_embed::ErrorCode;
use llm_policy_workbench::starter::{self, Starter};

use crate::failure::{Exit, Failure};
use crate::output::{Output, style};

const EXAMPLES: &str = "Examples:
  policy-engine new --list
  policy-engine new policies
  policy-engine new policies --pattern model-access --pattern budget

docs/policy-design.md explains each pattern. Nothing is overwritten. Exit codes: 0 written, 2 usage, 3 a file is there already or cannot be written.";

/// Write policies to begin with, each with its tests
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// The directory; it is made if it is not there
    #[arg(value_name = "DIR", required_unless_present = "list")]
    folder: Option<PathBuf>,
    /// A pattern; may be repeated; left out: model-access
    #[arg(short, long = "pattern", value_name = "NAME", value_parser = patterns(), hide_possible_values = true)]
    patterns: Vec<String>,
    /// Show the patterns and write nothing
    #[arg(short, long)]
    list: bool,
}

fn patterns() -> PossibleValuesParser {
    PossibleValuesParser::new(starter::ALL.iter().map(|starter| starter.name))
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let folder = match (&command.folder, command.list) {
        (Some(folder), false) => folder,
        _ => {
            for starter in starter::ALL {
                let name = style::pad(&style::name(starter.name), starter.name, 20);
                out.print(&format!("{name}  {}", starter.about));
            }
            return Ok(Exit::Allowed);
        }
    };
    let mut chosen: Vec<&Starter> = command.patterns.iter().filter_map(|name| starter::find(name)).collect();
    if chosen.is_empty() {
        chosen.extend(starter::find("model-access"));
    }
    chosen.sort_by_key(|starter| starter.name);
    chosen.dedup_by_key(|starter| starter.name);
    let files: Vec<(PathBuf, &str)> =
        chosen.iter().flat_map(|starter| starter.files()).map(|(path, text)| (folder.join(path), text)).collect();
    // All or nothing, as far as can be known beforehand.
    if let Some((there, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        let failure = Failure::invalid(
            ErrorCode::UnreadableFile,
            format!("`{}` is there already; nothing was written", there.display()),
        );
        return Err(Failure { help: Some("name another directory, or other patterns".to_owned()), ..failure });
    }
    for (path, text) in &files {
        let parent = path.parent().unwrap_or(folder);
        let write = || File::create_new(path)?.write_all(text.as_bytes());
        fs::create_dir_all(parent).and_then(|()| write()).map_err(|cause| {
            Failure::invalid(ErrorCode::UnreadableFile, format!("`{}` cannot be written: {cause}", path.display()))
        })?;
        out.print(&path.display().to_string());
    }
    let shown = folder.display();
    out.note(&format!(
        "\n{}",
        style::quiet(format!(
            "policy-engine validate --strict {shown}\npolicy-engine test {shown}\n\
             echo '{{\"request\": {{\"model\": \"gpt-5\"}}}}' | policy-engine evaluate -p {shown}"
        ))
    ));
    Ok(Exit::Allowed)
}
