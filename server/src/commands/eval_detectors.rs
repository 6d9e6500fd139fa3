//! `policy-engine eval-detectors`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use llm_policy_embed::ErrorCode;
use llm_policy_embed::detect::Span;
use llm_policy_embed::detect::evaluation::{Evaluation, Outcome, Row, Tally};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::args::Format;
use crate::commands::scan::{parse_profile, profile_parser};
use crate::failure::{Exit, Failure};
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  policy-engine eval-detectors corpora/
  policy-engine eval-detectors corpora/ --half test --output json
  policy-engine eval-detectors corpora/ --misses missed.txt

Every line of every *.jsonl file is an object with `id`, `kind`, `text` and `label` (1: holds something, 0: does not),
perhaps `span` ([[start, end], ...] in code points) and `parts` (scanned one by one instead of the text). What stands
before `:` in the kind says which detectors apply: pii, pii_sentence, secret, sqli, xss, cmdi, code_inj, php_inj,
java_inj, lfi, rfi, prompt_injection, jailbreak, system_prompt_leak, toxicity; benign: all of them.

Exit codes: 0 scored, 2 usage, 3 a file that cannot be read.";

/// Score the detectors on labelled texts
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// A directory of *.jsonl files
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// What the texts are for: chat, code, argument or sql
    #[arg(long, value_name = "NAME", default_value = "chat", value_parser = profile_parser())]
    profile: String,
    /// Only one half, by the parity of the first byte of SHA-256 of the id: dev (even) or test (odd)
    #[arg(long, value_enum)]
    half: Option<Half>,
    /// Write what escaped and what was flagged to this file, one JSON object a line: it holds the texts
    #[arg(long, value_name = "FILE")]
    misses: Option<PathBuf>,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Half {
    Dev,
    Test,
}

impl Half {
    fn has(self, id: &str) -> bool {
        let even = Sha256::digest(id.as_bytes()).first().is_some_and(|byte| byte % 2 == 0);
        even == (self == Self::Dev)
    }
}

/// A line as it is written.
#[derive(Deserialize)]
struct Line {
    id: String,
    kind: String,
    text: String,
    label: u8,
    #[serde(default)]
    span: Json,
    parts: Option<Vec<String>>,
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let profile = parse_profile(&command.profile)?;
    let mut misses = match &command.misses {
        Some(path) => Some(
            fs::File::create(path)
                .map_err(|e| Failure::invalid(ErrorCode::UnreadableFile, format!("{}: {e}", path.display())))?,
        ),
        None => None,
    };
    let mut report = Map::new();
    let started = Instant::now();
    if command.output == Format::Text {
        out.print(&header());
    }
    for path in files(&command.directory)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let rows = read(&path, command.half)?;
        let mut evaluation = Evaluation::new(profile);
        let mut unknown = 0;
        for row in &rows {
            let outcome = evaluation.score(row, &mut || started.elapsed()).map_err(|error| {
                Failure::invalid(ErrorCode::InternalError, format!("the detectors cannot be built: {error}"))
            })?;
            unknown += u64::from(outcome == Outcome::Unknown);
            if let (Some(file), Outcome::Missed | Outcome::Flagged) = (&mut misses, outcome) {
                let what = if outcome == Outcome::Missed { "missed" } else { "flagged" };
                let found = evaluation.found_in(row);
                let line = json!({"file": name, "what": what, "id": row.id, "kind": row.kind, "found": found, "parts": row.parts});
                writeln!(file, "{line}").map_err(|e| {
                    Failure::invalid(ErrorCode::UnreadableFile, format!("what escaped cannot be written: {e}"))
                })?;
            }
        }
        if unknown > 0 {
            out.note(&format!("{name}: {unknown} rows are of kinds that no detector is there for"));
        }
        match command.output {
            Format::Text => print(&name, &evaluation, out),
            Format::Json => {
                report.insert(name, json(&evaluation));
            }
        }
    }
    if command.output == Format::Json {
        out.print(&json!({ "files": report }).to_string());
    }
    Ok(Exit::Allowed)
}

fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| {
        Failure::invalid(ErrorCode::UnreadableFile, format!("{}: {error}", directory.display()))
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::invalid(
            ErrorCode::UnreadableFile,
            format!("{}: there is no *.jsonl file", directory.display()),
        ));
    }
    Ok(files)
}

fn read(path: &Path, half: Option<Half>) -> Result<Vec<Row>, Failure> {
    let text = fs::read_to_string(path)
        .map_err(|e| Failure::invalid(ErrorCode::UnreadableFile, format!("{}: {e}", path.display())))?;
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line).map_err(|e| {
            Failure::invalid(ErrorCode::InvalidInput, format!("{}, line {number}: {e}", path.display()))
        })?;
        if half.is_some_and(|half| !half.has(&line.id)) {
            continue;
        }
        let spans = spans(&line.span);
        let parts = line.parts.unwrap_or_else(|| vec![line.text]);
        rows.push(Row { id: line.id, kind: line.kind, parts, positive: line.label == 1, spans });
    }
    Ok(rows)
}

/// `[start, end]` or a list of these.
fn spans(json: &Json) -> Vec<Span> {
    let pair = |json: &Json| {
        let place = |index| json.get(index).and_then(Json::as_u64).and_then(|place| usize::try_from(place).ok());
        Some(Span::new(place(0)?, place(1)?))
    };
    match pair(json) {
        Some(span) => vec![span],
        None => json.as_array().into_iter().flatten().filter_map(pair).collect(),
    }
}

fn header() -> String {
    format!(
        "{:<52} {:>6} {:>8} {:>7} {:>6} {:>7} {:>7} {:>7}",
        "file, kind", "holds", "detected", "recall", "clean", "flagged", "rate", "MB/s"
    )
}

fn print(name: &str, evaluation: &Evaluation, out: &mut Output) {
    out.print(&line(name, &evaluation.total));
    if evaluation.kinds.len() > 1 {
        for (kind, tally) in &evaluation.kinds {
            out.print(&line(&format!("  {kind}"), tally));
        }
    }
}

fn line(name: &str, tally: &Tally) -> String {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.4}"));
    format!(
        "{:<52} {:>6} {:>8} {:>7} {:>6} {:>7} {:>7} {:>7.1}",
        name,
        tally.positives,
        tally.detected,
        rate(tally.recall()),
        tally.negatives,
        tally.flagged,
        rate(tally.false_positive_rate()),
        tally.megabytes_per_second(),
    )
}

fn json(evaluation: &Evaluation) -> Json {
    let kinds: Map<String, Json> =
        evaluation.kinds.iter().map(|(kind, tally)| (kind.clone(), Json::Object(counts(tally)))).collect();
    let mut file = counts(&evaluation.total);
    file.insert("kinds".to_owned(), Json::Object(kinds));
    Json::Object(file)
}

fn counts(tally: &Tally) -> Map<String, Json> {
    let counts = json!({
        "positives": tally.positives,
        "detected": tally.detected,
        "negatives": tally.negatives,
        "flagged": tally.flagged,
        "bytes": tally.bytes,
        "seconds": tally.time.as_secs_f64(),
    });
    match counts {
        Json::Object(counts) => counts,
        _ => Map::new(),
    }
}
