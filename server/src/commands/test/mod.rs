//! `policy-engine test`

mod load;
mod text;
mod watch;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use llm_policy_embed::{ErrorCode, canonical};
use llm_policy_workbench::analysis::Proofs;
use llm_policy_workbench::cases::Case;
use llm_policy_workbench::report::{Report, html, json, junit};
use llm_policy_workbench::run::{self, TestFile};
use llm_policy_workbench::{coverage, mutation};

use crate::args::Format;
use crate::failure::{Exit, Failure};
use crate::output::Output;

const EXAMPLES: &str = "Examples:
  policy-engine test policies/
  policy-engine test policies/ --filter 'data stays'
  policy-engine test policies/ --coverage --min 100 --html coverage.html
  policy-engine test policies/ --mutate --min-mutation 95
  policy-engine test policies/ --junit results.xml
  policy-engine test --policy policies/ tests/budget_test.yaml --watch

Cases stand in files whose names end with _test.yaml, beside the policies that they test; docs/testing-policies.md
describes them.

Exit codes: 0 all passed, 1 a case failed or a minimum was not reached, 2 usage,
3 invalid policy or file of cases.";

/// Run test cases against policies, with coverage and mutation
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    /// Files of test cases, or directories of them
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The policies that are tested by files that do not name any; left out: those in the directories that PATH names
    #[arg(short = 'p', long = "policy", value_name = "PATH")]
    policies: Vec<PathBuf>,
    /// Only cases whose file or name has this text in it
    #[arg(short, long, value_name = "TEXT")]
    filter: Option<String>,
    /// Show which rules and clauses the cases exercise
    #[arg(long)]
    coverage: bool,
    /// Fail when less than this share of rules or of clauses is covered, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min: Option<f64>,
    /// Fail when clauses decide alone with less than this share of their values (MC/DC), in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_alone: Option<f64>,
    /// Write a page that shows the policies coloured by what the cases exercise
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Change the policies in many small ways, and show the changes that no case notices
    #[arg(long)]
    mutate: bool,
    /// Fail when less than this share of the changes is noticed, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    min_mutation: Option<f64>,
    /// Write the results for a build server, as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Run again whenever a file changes
    #[arg(short, long)]
    watch: bool,
    /// How many threads work; left out: one for each processor
    #[arg(short, long, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
    /// Show the cases that passed, too
    #[arg(short, long)]
    verbose: bool,
    /// `text` for people; `json`: one object with all results
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

fn percent(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value| (0.0..=100.0).contains(value)).ok_or_else(|| "write a number from 0 to 100".into())
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    if command.watch { watch::watch(command, out) } else { once(command, out).0 }
}

/// Runs all once, and gives the files that were read.
fn once(command: &Command, out: &mut Output) -> (Result<Exit, Failure>, Vec<PathBuf>) {
    let mut read = Vec::new();
    let result =
        load::load(&command.paths, &command.policies, &mut read).and_then(|suite| tested(command, &suite, out));
    (result, read)
}

fn tested(command: &Command, suite: &run::Suite, out: &mut Output) -> Result<Exit, Failure> {
    let jobs = command.jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let wanted = |file: &TestFile, case: &Case| match &command.filter {
        None => true,
        Some(text) => format!("{} › {}", file.cases.origin, case.name).contains(text.as_str()),
    };
    let start = Instant::now();
    let results = run::run(suite, &wanted, jobs);
    if results.is_empty() {
        let help = match &command.filter {
            Some(text) => format!("no case has `{text}` in the name of its file or its own"),
            None => "cases stand in files whose names end with `_test.yaml`".to_owned(),
        };
        return Err(Failure::usage("there is no test case", help));
    }
    let passed = results.iter().all(run::CaseResult::passed);
    let wants_coverage =
        command.coverage || command.min.is_some() || command.min_alone.is_some() || command.html.is_some();
    let coverage = wants_coverage.then(|| coverage::measure(suite, jobs));
    let mutate = (command.mutate || command.min_mutation.is_some()) && passed;
    let mutation = mutate.then(|| mutation::run(suite, &Proofs, jobs));
    let report = Report { suite, results: &results, coverage: coverage.as_ref(), mutation: mutation.as_ref() };
    if let Some(file) = &command.html {
        write(file, &html::page(&report))?;
    }
    if let Some(file) = &command.junit {
        write(file, &junit::xml(&report))?;
    }
    let missed = missed(command, &report);
    match command.output {
        Format::Json => out.print(&canonical::to_string(&json::report(&report))),
        Format::Text => {
            out.print(&text::report(&report, command.verbose, command.mutate && !passed, start.elapsed()));
        }
    }
    for line in &missed {
        out.note(&text::missed(line));
    }
    Ok(if passed && missed.is_empty() { Exit::Allowed } else { Exit::Failed })
}

/// The minimums that were not reached.
fn missed(command: &Command, report: &Report<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let mut check = |what: &str, min: Option<f64>, found: Option<f64>| {
        if let (Some(min), Some(found)) = (min, found)
            && found < min
        {
            // Rounded down: 99.96% of a hundred is not a hundred.
            out.push(format!("{what} {:.1}%, and at least {min}% is asked for", (found * 10.0).floor() / 10.0));
        }
    };
    let figures = report.coverage.map(coverage::Coverage::figures);
    check("the cases cover of the rules", command.min, figures.map(|f| f.rules.percent()));
    check("the cases cover of the clauses", command.min, figures.map(|f| f.clauses.percent()));
    check("clauses decide alone with", command.min_alone, figures.map(|f| f.alone.percent()));
    check("the cases notice of the changes", command.min_mutation, report.mutation.map(|m| m.score().percent()));
    out
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failure =
        |cause| Failure::invalid(ErrorCode::UnreadableFile, format!("`{}` cannot be written: {cause}", file.display()));
    std::fs::write(file, text).map_err(failure)
}
