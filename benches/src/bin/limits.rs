//! Instructions that limits add to a decision, under valgrind: none, some that do not apply, and some that are taken and settled.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;

use llm_policy_benches::callgrind::instructions;
use llm_policy_benches::contender::Result;
use llm_policy_benches::dialect::document::yaml;
use llm_policy_benches::page::{Machine, ratio, write_section};
use llm_policy_benches::request::JSON;
use llm_policy_benches::workload::{Shape, Workload};
use llm_policy_embed::{Closed, Documents, Engine, Options, Question, Stage};
use llm_policy_engine::limits::Hold;

const USAGE: &str = "\
Counts the instructions that limits add to a decision. Needs valgrind.

usage: limits [--write FILE]

  --write  write the table as a section of this page, too";

/// Decisions that are counted, after as many that are not.
const TURNS: usize = 2000;

/// Rules beside the limits. One of them matches, and warns.
const RULES: usize = 100;

/// Prices have dates.
const NOW: &str = "2026-06-01T12:00:00Z";

/// Names of what is measured, and the limits.
const CASES: [(&str, &str); 5] = [
    ("no limits", ""),
    (
        "one that does not apply",
        "  other: {kind: budget, key: user.id, amount: 1000000 USD, window: {calendar: month}, when: user.role == 'nobody'}\n",
    ),
    ("a budget", "  month: {kind: budget, key: user.id, amount: 1000000 USD, window: {calendar: month}}\n"),
    (
        "a budget and a rate",
        "  month: {kind: budget, key: user.id, amount: 1000000 USD, window: {calendar: month}}\n  \
           rate: {kind: rate, key: user.id, amount: 1000000, window: {bucket: 1s}}\n",
    ),
    (
        "a budget, a quota, a rate and a concurrency limit",
        "  month: {kind: budget, key: user.id, amount: 1000000 USD, window: {calendar: month}}\n  \
           tokens: {kind: quota, key: team.id, amount: 1000000000, window: {sliding: 1h}}\n  \
           rate: {kind: rate, key: user.id, amount: 1000000, window: {bucket: 1s}}\n  \
           open: {kind: concurrency, key: user.id, amount: 10}\n",
    ),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--one", case, turns] => one(case, turns),
        ["--write", path] => table(Some(path.into())),
        [] => table(None),
        _ => {
            println!("{USAGE}");
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("limits: {error}");
            ExitCode::FAILURE
        }
    }
}

fn engine(limits: &str) -> Result<Engine> {
    let mut text = yaml(&Workload::new(Shape::Separable, RULES, 0).rules);
    if !limits.is_empty() {
        let _ = write!(text, "limits:\n{limits}");
    }
    let mut documents = Documents::new();
    documents.add_bytes(text.as_bytes(), "bench.yaml");
    Ok(documents.check(Options::default()).into_engine().map_err(|error| error.report())?)
}

/// What valgrind looks at: so many decisions about the same request, each settled.
fn one(case: &str, turns: &str) -> Result<()> {
    let (_, limits) = CASES.into_iter().find(|(name, _)| *name == case).ok_or("no such case")?;
    let engine = engine(limits)?;
    let question = Question { stage: Stage::Request, now: NOW.parse()? };
    for _ in 0..turns.parse::<usize>()? {
        let decision = engine.evaluate(black_box(JSON.as_bytes()), question).map_err(|error| error.report())?;
        if !decision.allowed() {
            return Err(format!("denied: {:?}", decision.reason()).into());
        }
        let hold = decision.hold().map(Hold::to_text);
        assert_eq!(hold.is_some(), limits.contains("month:"), "what applies is held");
        if let Some(hold) = hold {
            let closed = engine.settle(&hold, br#"{"usage": {"input_tokens": 420, "output_tokens": 128}}"#);
            assert_eq!(closed.map_err(|error| error.report())?, Closed::Done);
        }
    }
    Ok(())
}

fn table(write: Option<PathBuf>) -> Result<()> {
    let mut page = format!(
        "# What limits add to a decision\n\nMeasured on {}, with `make bench-hostile`: instructions, as valgrind counts them, of a \
         decision about {} bytes of JSON by {RULES} rules, and,\nwhere limits hold something, of its text and of settling with it. \
         Books in memory.\n\n| limits | instructions | against none |\n|---|--:|--:|\n",
        Machine::here(),
        JSON.len(),
    );
    let mut none = None;
    for (name, _) in CASES {
        eprintln!("{name}");
        let [twice, once] = [2 * TURNS, TURNS].map(|turns| instructions(&["--one", name, &turns.to_string()]));
        let each = (twice? - once?) / TURNS as f64;
        let none = *none.get_or_insert(each);
        let _ = writeln!(page, "| {name} | {each:.0} | {} |", ratio(each / none));
    }
    if let Some(path) = &write {
        write_section(path, "limits", &page)?;
    }
    print!("{page}");
    Ok(())
}
