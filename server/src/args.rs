//! The command line.

use std::io::{IsTerminal, Read, stdin};
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Style, Styles};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use llm_policy_embed::{
    Checked, Documents, Engine, Error, ErrorCode, Handles, MAX_INPUT_BYTES, Options, Question, Stage, Timestamp,
    instant,
};

use crate::commands;
use crate::contexts::{self, Contexts};
use crate::failure::Failure;

const STYLES: Styles = Styles::styled()
    .header(Style::new().bold())
    .usage(Style::new().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(Style::new().dimmed());

const ABOUT: &str = "Decides about LLM traffic: who may send what to which model, and what happens on the way.

Policies are YAML or JSON documents; a context is one JSON object that describes a request, a response or a tool call.";

const EXAMPLES: &str = "Examples:
  policy-engine validate policies/                   check policies before they are used
  policy-engine test policies/                       run their test cases
  policy-engine evaluate -p policies/ -c call.json   decide about one request
  policy-engine explain -p policies/ -c call.json    see why, rule by rule
  policy-engine benchmark -p policies/ -c call.json  see how fast
  policy-engine limits --state limits.db             see what is used of limits
  policy-engine inspect -p policies/                 see what the policies compile to
  policy-engine diff old/ new/ -c calls.jsonl        see which decisions a change changes

Exit codes:
   0  allowed, or valid        1  a test failed, or a decision changes
                               2  the command was not understood
  10  denied                   3  a policy or an input is not valid
  11  throttled
  12  approval needed";

/// Decides about LLM traffic.
#[derive(Debug, Parser)]
#[command(name = "policy-engine", version, about = ABOUT, after_help = EXAMPLES, styles = STYLES)]
#[command(
    arg_required_else_help = true,
    subcommand_required = true,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// When to use colours; `auto`: at a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Decide about a request, a response or a tool call
    Evaluate(commands::evaluate::Command),
    /// Check policies and show everything that is wrong with them
    Validate(commands::validate::Command),
    /// Run test cases against policies, with coverage and mutation
    Test(commands::test::Command),
    /// Close what a request has reserved, with what it really used
    Settle(commands::settle::Command),
    /// Give back what is reserved for a request that was not sent
    Release(commands::settle::Release),
    /// Show what is used of limits that are kept in a file, and what is reserved
    Limits(commands::limits::Command),
    /// Show what models cost, or check a table of prices
    Prices(commands::prices::Command),
    /// Show of each rule and each clause why it did or did not match
    Explain(commands::explain::Command),
    /// Measure how long decisions take
    Benchmark(commands::benchmark::Command),
    /// Show what the detectors find in a text
    Scan(commands::scan::Command),
    /// Take what the detectors find out of a text, JSON or a provider's body
    Redact(commands::redact::Command),
    /// Put values back where a model wrote their placeholders
    Restore(commands::redact::Restore),
    /// Score the detectors on labelled texts
    EvalDetectors(commands::eval_detectors::Command),
    /// Show the compiled program: what it reads, what it shares, how rules are found
    Inspect(commands::inspect::Command),
    /// Show which decisions a change of policies changes
    Diff(commands::diff::Command),
    /// Write policies in one way: indentation, spaces, line breaks of long conditions
    Fmt(commands::fmt::Command),
    /// Write policies to begin with, each with its tests
    New(commands::new::Command),
    /// Write the JSON Schema of policies, test cases or contexts
    Schema(commands::schema::Command),
    /// Try CEL against a context, line by line
    Repl(commands::repl::Command),
    /// Rewrite policies of other formats, with a report of every change
    Import(commands::import::Command),
    /// Write the completions of a shell
    Completions(commands::completions::Command),
}

impl Command {
    /// For whom it writes.
    pub fn format(&self) -> Format {
        match self {
            Self::Evaluate(command) => command.output,
            Self::Settle(command) => command.output,
            Self::Release(command) => command.output,
            Self::Limits(command) => command.output,
            Self::Prices(command) => command.output,
            Self::Validate(command) => command.output,
            Self::Test(command) => command.output,
            Self::Explain(command) => command.output,
            Self::Benchmark(command) => command.output,
            Self::Import(command) => command.output,
            Self::Scan(command) => command.format(),
            Self::EvalDetectors(command) => command.output,
            Self::Diff(command) => command.output,
            Self::Inspect(command) => command.format(),
            Self::Redact(_)
            | Self::Restore(_)
            | Self::Fmt(_)
            | Self::New(_)
            | Self::Schema(_)
            | Self::Repl(_)
            | Self::Completions(_) => Format::Text,
        }
    }
}

/// For whom results and errors are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs: results on stdout and errors on stderr, each one line of JSON
    Json,
}

/// Which policies decide.
#[derive(Args, Debug)]
pub struct Policies {
    /// A policy file, a directory of them, or `-` for a document from stdin; may be repeated
    #[arg(short = 'p', long = "policy", value_name = "PATH", required = true, help_heading = "Policies")]
    pub paths: Vec<PathBuf>,
    /// Only documents of this namespace
    #[arg(short, long, value_name = "NAME", help_heading = "Policies")]
    pub namespace: Option<String>,
    /// Only documents with this tag; repeated: with one of these tags
    #[arg(short, long = "tag", value_name = "TAG", help_heading = "Policies")]
    pub tags: Vec<String>,
}

impl Policies {
    /// Reads and compiles the policies. Their warnings come with them.
    pub fn load(&self) -> Result<(Engine, Checked), Failure> {
        let checked = check(&self.paths, self.namespace.as_deref(), &self.tags)?;
        match checked.engine() {
            Ok(engine) => Ok((engine.clone(), checked)),
            Err(_) => Err(checked
                .into_engine()
                .map_or_else(Failure::from, |_| Failure::invalid(ErrorCode::InternalError, "no engine"))),
        }
    }

    fn are_from_stdin(&self) -> bool {
        self.paths.iter().any(|path| is_stdin(path))
    }
}

/// Reads the documents at `paths` and says what is wrong with them.
pub fn check(paths: &[PathBuf], namespace: Option<&str>, tags: &[String]) -> Result<Checked, Failure> {
    Ok(read(paths, namespace, tags)?.check(Options::default()))
}

/// Reads the documents at `paths`.
pub fn read(paths: &[PathBuf], namespace: Option<&str>, tags: &[String]) -> Result<Documents, Failure> {
    let mut documents = Documents::new();
    for path in paths {
        if is_stdin(path) {
            documents.add_bytes(&read_stdin()?, "stdin");
        } else {
            documents.add_path(path)?;
        }
    }
    documents.select(namespace, tags)?;
    Ok(documents)
}

/// `-`
pub fn is_stdin(path: &std::path::Path) -> bool {
    path.as_os_str() == "-"
}

/// All of stdin, but no more than one byte above what an input may have.
pub fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = MAX_INPUT_BYTES as u64 + 1;
    let read = stdin().lock().take(limit).read_to_end(&mut bytes);
    read.map_err(|e| Failure::invalid(ErrorCode::UnreadableFile, format!("stdin: {e}")))?;
    Ok(bytes)
}

/// What is decided about.
#[derive(Args, Debug)]
pub struct Subject {
    /// A file with a context, or with one on each line (JSONL), a directory of them, or `-` for stdin, which is the
    /// default; may be repeated
    #[arg(short = 'c', long = "context", value_name = "FILE", help_heading = "Context")]
    pub files: Vec<PathBuf>,
    /// The stage of the turn that the context is about
    #[arg(short, long, default_value = "request", value_parser = stage_parser(), help_heading = "Context")]
    pub stage: Stage,
    /// The time that conditions see, such as 2026-03-01T12:00:00Z; left out: the time now
    #[arg(long, value_name = "TIME", value_parser = parse_time, help_heading = "Context")]
    pub now: Option<Timestamp>,
    /// What the host carries out: redact, set, route, require_approval, custom, or all; a decision that asks for one
    /// that is not named is a deny
    #[arg(long, value_name = "ACTIONS", default_value = "", hide_default_value = true, value_parser = parse_handles)]
    #[arg(help_heading = "Context")]
    pub handles: Handles,
}

impl Subject {
    /// What is asked.
    pub fn question(&self) -> Question {
        Question { stage: self.stage, now: self.now.unwrap_or_else(Timestamp::now) }
    }

    /// The contexts, or what `others` names, read as they are asked for.
    pub fn contexts(&self, others: &[PathBuf], policies: &Policies) -> Result<Contexts, Failure> {
        let mut files = Vec::new();
        for file in self.files.iter().chain(others) {
            files.extend(contexts::files(file)?);
        }
        if files.is_empty() {
            if policies.are_from_stdin() || stdin().is_terminal() {
                let help = "give `--context FILE`, or pipe one in";
                return Err(Failure::usage("there is no context to decide about", help));
            }
            files.push(PathBuf::from("-"));
        }
        let from_stdin = files.iter().filter(|file| is_stdin(file)).count() + usize::from(policies.are_from_stdin());
        if from_stdin > 1 {
            let help = "put one of them into a file";
            return Err(Failure::usage("stdin can be read for one thing only", help));
        }
        Ok(Contexts::new(files))
    }
}

/// The engine with its limits in the store that `--state` names. The next command is another process, and closes what this one
/// holds: so nothing is leased.
pub fn with_state(engine: Engine, state: &str) -> Result<Engine, Error> {
    Ok(engine.with_store(llm_policy_runtime::open_strict(&store_url(state))?))
}

/// The store that `--state` names, as a URL: a file is one of SQLite.
pub fn store_url(state: &str) -> String {
    // A drive of Windows is a letter, and so no scheme.
    let is_url = state
        .split_once(':')
        .is_some_and(|(scheme, _)| scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
    if is_url { state.to_owned() } else { format!("sqlite:{state}") }
}

/// A stage by its name.
pub fn stage_parser() -> impl TypedValueParser<Value = Stage> {
    PossibleValuesParser::new(Stage::ALL.map(Stage::name)).try_map(|name| name.parse::<Stage>())
}

/// An instant as people write it.
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    instant::read(text)
}

fn parse_handles(text: &str) -> Result<Handles, String> {
    match text {
        "all" => Ok(Handles::ALL),
        _ => text.parse().map_err(|e: llm_policy_embed::UnknownAction| e.to_string()),
    }
}
