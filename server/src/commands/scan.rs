//! `policy-engine scan`

use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use llm_policy_embed::ErrorCode;
use llm_policy_embed::detect::{BuildError, Family, Finding, Findings, Profile, Scanner, Scratch};
use serde_json::{Value as Json, json};

use crate::args::{Format, is_stdin, read_stdin};
use crate::failure::{Exit, Failure};
use crate::output::{Output, style};

const EXAMPLES: &str = "Examples:
  policy-engine scan prompt.txt
  policy-engine scan --output marked < prompt.txt
  policy-engine scan --family pii --kind us_passport --output json letter.txt

Spans are in bytes; JSON also has them in UTF-16 units and code points. No output but `marked` holds any of the text.

Exit codes: 0 scanned, 2 usage, 3 a file that cannot be read.";

/// Show what the detectors find in a text
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// A text file, or `-` for stdin
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    detectors: Detectors,
    /// `table`; `json`: one object; `marked`: the text with findings in brackets
    #[arg(short, long, value_enum, default_value_t)]
    output: Form,
}

/// What is looked for.
#[derive(Args, Debug)]
pub struct Detectors {
    /// Only this family of detectors; may be repeated
    #[arg(short, long = "family", value_name = "NAME", value_parser = PossibleValuesParser::new(Family::ALL.map(Family::name)))]
    families: Vec<String>,
    /// This kind, too, although its family or its default leaves it out; may be repeated
    #[arg(short, long = "kind", value_name = "NAME")]
    kinds: Vec<String>,
    /// Regions whose forms of numbers count, such as DE,US; left out: all
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    regions: Vec<String>,
    /// What the text is for: chat, code, argument or sql
    #[arg(long, value_name = "NAME", default_value = "chat", value_parser = profile_parser())]
    profile: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Table,
    Json,
    Marked,
}

pub fn profile_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(Profile::ALL.map(Profile::name))
}

pub fn parse_profile(name: &str) -> Result<Profile, Failure> {
    Profile::from_name(name).ok_or_else(|| Failure::usage(format!("there is no profile `{name}`"), "see --help"))
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let scanner = command.detectors.scanner()?;
    let text = text_of(&command.file)?;
    let findings = scanner.scan(&text, &mut Scratch::default());
    match command.output {
        Form::Table => table(&scanner, &findings, out),
        Form::Json => out.print(&report(&scanner, &findings).to_string()),
        Form::Marked => out.print(&marked(&scanner, &findings, &text)),
    }
    if !findings.is_complete() {
        out.note(&format!(
            "{} the last {} bytes lie beyond the budget and were not scanned",
            style::bad("warning:"),
            findings.beyond()
        ));
    }
    Ok(Exit::Allowed)
}

/// A file or stdin, which must be UTF-8.
pub fn text_of(file: &Path) -> Result<String, Failure> {
    let bytes = if is_stdin(file) {
        read_stdin()?
    } else {
        fs::read(file).map_err(|e| Failure::invalid(ErrorCode::UnreadableFile, format!("{}: {e}", file.display())))?
    };
    String::from_utf8(bytes).map_err(|e| {
        let message = format!("{}: not UTF-8 at byte {}", file.display(), e.utf8_error().valid_up_to());
        Failure::invalid(ErrorCode::InvalidInput, message)
    })
}

impl Detectors {
    /// The scanner for it.
    pub fn scanner(&self) -> Result<Scanner, Failure> {
        let mut builder = Scanner::builder().profile(parse_profile(&self.profile)?);
        if !self.families.is_empty() {
            builder = builder.families(self.families.iter().filter_map(|name| Family::from_name(name)));
        } else if !self.kinds.is_empty() {
            builder = builder.families([]);
        }
        if !self.regions.is_empty() {
            builder = builder.regions(self.regions.iter().map(|region| region.to_ascii_uppercase()));
        }
        for kind in &self.kinds {
            builder = builder.kind(kind, true);
        }
        builder.build().map_err(|error| match &error {
            BuildError::UnknownKind { .. } => Failure::usage(error.to_string(), "docs/detection.md lists the kinds"),
            _ => Failure::invalid(ErrorCode::InternalError, error.to_string()),
        })
    }
}

impl Command {
    /// For whom errors are written.
    pub fn format(&self) -> Format {
        if self.output == Form::Json { Format::Json } else { Format::Text }
    }
}

fn signs(found: &Finding) -> Vec<&'static str> {
    found.evidence.signs.iter().map(llm_policy_embed::detect::Sign::name).collect()
}

fn table(scanner: &Scanner, findings: &Findings, out: &mut Output) {
    if findings.is_empty() {
        out.print("Nothing found.");
        return;
    }
    out.print(&format!("{:<18} {:<26} {:>15} {:>5}  {}", "family", "kind", "bytes", "score", "evidence"));
    for found in findings {
        let kind = scanner.kind(found.kind);
        let span = format!("{}..{}", found.bytes.start, found.bytes.end);
        let mut evidence = signs(found);
        evidence.insert(0, found.evidence.view.name());
        out.print(&format!(
            "{:<18} {:<26} {span:>15} {:>5}  {}",
            kind.family().name(),
            kind.name(),
            found.score,
            evidence.join(", ")
        ));
    }
}

fn report(scanner: &Scanner, findings: &Findings) -> Json {
    let found: Vec<Json> = findings
        .iter()
        .map(|found| {
            let kind = scanner.kind(found.kind);
            json!({
                "family": kind.family().name(),
                "kind": kind.name(),
                "bytes": [found.bytes.start, found.bytes.end],
                "utf16": [found.utf16.start, found.utf16.end],
                "chars": [found.chars.start, found.chars.end],
                "score": found.score,
                "view": found.evidence.view.name(),
                "signs": signs(found),
            })
        })
        .collect();
    json!({"findings": found, "complete": findings.is_complete(), "scanned": findings.scanned(), "beyond": findings.beyond()})
}

/// The text with `[kind: ...]` around each finding; of overlapping ones only the first.
fn marked(scanner: &Scanner, findings: &Findings, text: &str) -> String {
    let (mut all, mut done) = (String::new(), 0);
    for found in findings {
        let range = found.bytes.range();
        if range.start < done {
            continue;
        }
        let (before, inner) =
            (text.get(done..range.start).unwrap_or_default(), text.get(range.clone()).unwrap_or_default());
        let name = scanner.kind(found.kind).name();
        all.push_str(before);
        all.push_str(&format!("[{}: {}]", style::name(name), style::bad(inner)));
        done = range.end;
    }
    all.push_str(text.get(done..).unwrap_or_default());
    all
}
