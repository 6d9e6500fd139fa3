//! `policy-engine redact` and `policy-engine restore`

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValuesParser;
use llm_policy_embed::detect::redact::{Fields, NotJson, Redactor, Restorer, Rule, Style, TreeRedaction, Vault, What};
use llm_policy_embed::detect::{Scanner, Scratch};
use llm_policy_embed::{Body, ErrorCode, Format, Stage};

use super::scan::{Detectors, text_of};
use crate::args::stage_parser;
use crate::bodies::format_parser;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::replace::{Access, replace};

const EXAMPLES: &str = "Examples:
  policy-engine redact letter.txt
  policy-engine redact --json --field 'messages[].content' --style mask request.json
  policy-engine redact --from anthropic --family pii body.json
  policy-engine redact --style reversible --vault talk.vault < prompt.txt
  policy-engine restore --vault talk.vault < answer.txt

Exit codes: 0 redacted, 2 usage, 3 a file that cannot be read, or that is not what it should be.";

/// Take what the detectors find out of a text, JSON or a provider's body
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// A file, or `-` for stdin
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    detectors: Detectors,
    /// The file is JSON: its texts, numbers and names of fields are redacted, and nothing else changes
    #[arg(long, conflicts_with = "from")]
    json: bool,
    /// The file is a provider's body in this format
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    from: Option<Format>,
    /// With `--from`: the stage that the body belongs to
    #[arg(long, default_value = "request", value_parser = stage_parser(), requires = "from")]
    stage: Stage,
    /// Only this field and what is below it, such as `messages[].content`; with `--from` a field of the context, such as
    /// `request.messages[].text`; may be repeated
    #[arg(long = "field", value_name = "PATH")]
    fields: Vec<String>,
    /// Replace the fields as a whole, whatever they hold
    #[arg(long, requires = "fields")]
    whole: bool,
    /// What takes the place of a finding
    #[arg(short, long, value_name = "NAME", default_value = "placeholder", value_parser = PossibleValuesParser::new(Style::ALL.map(Style::name)))]
    style: String,
    /// A file that keeps what reversible placeholders stand for, in clear; it is made when it is not there
    #[arg(long, value_name = "FILE", required_if_eq("style", "reversible"))]
    vault: Option<PathBuf>,
    /// Whose vault it is: tenant, identity and conversation
    #[arg(long, value_name = "NAME", default_value = "", requires = "vault")]
    scope: String,
}

/// Put values back where a model wrote their placeholders
#[derive(Args, Debug)]
pub struct Restore {
    /// A text file, or `-` for stdin
    #[arg(default_value = "-", value_name = "FILE")]
    file: PathBuf,
    /// The vault that `redact` wrote
    #[arg(long, value_name = "FILE")]
    vault: PathBuf,
    /// Whose vault it is
    #[arg(long, value_name = "NAME", default_value = "")]
    scope: String,
    /// Also inside URLs and the targets of links
    #[arg(long)]
    in_urls: bool,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let scanner = command.detectors.scanner()?;
    let text = text_of(&command.file)?;
    let mut redactor = Redactor::new(random()?);
    if let Some(file) = &command.vault {
        redactor = redactor.with_vault(open(file, &command.scope, true)?);
    }
    let redacted = redact(command, &text, &scanner, &mut redactor)?;
    if let (Some(file), Some(vault)) = (&command.vault, redactor.vault()) {
        replace(file, &vault.save(), Access::Owner)?;
    }
    out.print(redacted.strip_suffix('\n').unwrap_or(&redacted));
    Ok(Exit::Allowed)
}

fn redact(command: &Command, text: &str, scanner: &Scanner, redactor: &mut Redactor) -> Result<String, Failure> {
    let style = Style::from_name(&command.style).unwrap_or_default();
    let mut scratch = Scratch::default();
    let mut fields = Fields::all();
    for path in &command.fields {
        fields.add(path).map_err(|error| Failure::usage(error.to_string(), "quote it: shells read brackets"))?;
    }
    let what = if command.whole { What::Whole } else { What::default() };
    let rules = [Rule { fields, what, style }];
    if let Some(format) = command.from {
        let body =
            Body::new(format, command.stage, text.as_bytes()).map_err(|error| invalid(command, &error.message))?;
        let redacted = body.redact(&rules, scanner, redactor, &mut scratch);
        let bytes = redacted.map_err(|error| invalid(command, &error.message))?.bytes;
        return String::from_utf8(bytes).map_err(|error| invalid(command, &error.to_string()));
    }
    if command.json {
        let redacted = TreeRedaction::new(&rules, scanner, redactor, &mut scratch).json(text);
        let redacted = redacted.map_err(|error: NotJson| invalid(command, &error.to_string()))?;
        return Ok(redacted.unwrap_or_else(|| text.to_owned()));
    }
    if !command.fields.is_empty() {
        return Err(Failure::usage("a text has no fields", "say `--json` or `--from`"));
    }
    let findings = scanner.scan(text, &mut scratch);
    Ok(redactor.redact(text, &findings, scanner, |_| style).text)
}

pub fn restore(command: &Restore, out: &mut Output) -> Result<Exit, Failure> {
    let text = text_of(&command.file)?;
    let vault = open(&command.vault, &command.scope, false)?;
    let mut restorer = Restorer::new(&vault);
    if command.in_urls {
        restorer = restorer.in_urls();
    }
    let restored = restorer.restore(&text);
    out.print(restored.strip_suffix('\n').unwrap_or(&restored));
    Ok(Exit::Allowed)
}

fn invalid(command: &Command, message: &str) -> Failure {
    Failure::invalid(ErrorCode::InvalidInput, format!("{}: {message}", command.file.display()))
}

fn open(file: &Path, scope: &str, may_be_new: bool) -> Result<Vault, Failure> {
    let unreadable =
        |error: String| Failure::invalid(ErrorCode::UnreadableFile, format!("{}: {error}", file.display()));
    match fs::read_to_string(file) {
        Ok(saved) => Vault::open(&saved, scope).map_err(|error| unreadable(error.to_string())),
        Err(error) if may_be_new && error.kind() == std::io::ErrorKind::NotFound => Ok(Vault::new(random()?, scope)),
        Err(error) => Err(unreadable(error.to_string())),
    }
}

/// 256 random bits.
fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::invalid(ErrorCode::InternalError, format!("no random numbers: {error}")))?;
    Ok(bytes)
}
