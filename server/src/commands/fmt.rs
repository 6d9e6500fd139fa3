//! `policy-engine fmt`

use std::path::{Path, PathBuf};

use clap::Args;
use llm_policy_embed::{ErrorCode, Finding, files};
use llm_policy_workbench::format;

use crate::args::{is_stdin, read_stdin};
use crate::failure::{Exit, Failure};
use crate::output::{Output, style, units};
use crate::replace::{Access, replace};

const EXAMPLES: &str = "Examples:
  policy-engine fmt policies/
  policy-engine fmt --check policies/
  policy-engine fmt - < policy.yaml > pretty.yaml

Order, comments, quotes and meaning stay. JSON is passed over.

Exit codes: 0 formatted, 1 with --check: something would change, 2 usage, 3 not valid YAML.";

/// Write policies in one way: indentation, spaces, line breaks of long conditions
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Policy files in YAML, directories of them, or `-` to read stdin and write stdout
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; show what would change, and exit with 1 if anything would
    #[arg(long)]
    check: bool,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (mut changed, mut refused) = (0_usize, false);
    let mut seen = 0_usize;
    let mut all = Vec::new();
    for path in &command.paths {
        if is_stdin(path) {
            all.push(path.clone());
            continue;
        }
        if path.is_file() && is_json(path) {
            let message = format!("`{}` is JSON; YAML is formatted", path.display());
            return Err(Failure::usage(message, "any formatter of JSON will do"));
        }
        // A directory may hold documents, test cases or both.
        let tests = if path.is_dir() { files::tests(path)? } else { Vec::new() };
        let documents = match files::documents(path) {
            Err(_) if !tests.is_empty() => Vec::new(),
            found => found?,
        };
        all.extend(documents.into_iter().chain(tests).filter(|file| !is_json(file)));
    }
    for path in all {
        seen += 1;
        let (name, bytes) = match is_stdin(&path) {
            true => ("stdin".to_owned(), read_stdin()?),
            false => (files::origin(&path), files::read(&path, llm_policy_embed::MAX_DOCUMENT_BYTES)?),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            refused = true;
            out.failure(&Failure::invalid(ErrorCode::UnreadableFile, format!("{name}: the text is not UTF-8")));
            continue;
        };
        let pretty = match format::policy(&text) {
            Ok(pretty) => pretty,
            Err(diagnostic) => {
                refused = true;
                let finding = Finding { origin: name.into(), text: text.into(), diagnostic };
                out.failure(&Failure { findings: vec![finding], ..Failure::invalid(ErrorCode::InvalidPolicy, "") });
                continue;
            }
        };
        let diff = format::diff(&text, &pretty, &name);
        changed += usize::from(diff.is_some());
        match (command.check, is_stdin(&path), diff) {
            (true, _, Some(diff)) => out.print(&coloured(&diff)),
            (true, _, None) => {}
            (false, true, _) => out.print(pretty.strip_suffix('\n').unwrap_or(&pretty)),
            (false, false, Some(_)) => replace(&path, &pretty, Access::AsBefore)?,
            (false, false, None) => {}
        }
    }
    let of = units::count(seen, "file");
    match (command.check, changed) {
        _ if command.paths.iter().any(|path| is_stdin(path)) => {}
        (true, 0) => out.note(&format!("{} {of}: formatted", style::good("✓"))),
        (true, changed) => out.note(&format!("{} {changed} of {of} would change", style::bad("✗"))),
        (false, changed) => out.note(&format!("{} {changed} of {of} changed", style::good("✓"))),
    }
    Ok(match () {
        () if refused => Exit::Invalid,
        () if command.check && changed > 0 => Exit::Failed,
        () => Exit::Allowed,
    })
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn coloured(diff: &str) -> String {
    let line = |line: &str| match line.chars().next() {
        Some('+') => style::good(style::safe(line)),
        Some('-') => style::bad(style::safe(line)),
        Some('@') => style::quiet(line),
        _ => style::safe(line),
    };
    diff.lines().map(line).collect::<Vec<_>>().join("\n")
}
