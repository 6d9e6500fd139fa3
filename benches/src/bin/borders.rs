//! Runs each language's own program over the same workloads, in turn with Rust, and prints the tables.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use llm_policy_benches::borders::{Figures, RUST};
use llm_policy_benches::contender::Result;
use llm_policy_benches::dialect::document::yaml;
use llm_policy_benches::export;
use llm_policy_benches::harness::{Harness, Line};
use llm_policy_benches::measure::{Call, turns};
use llm_policy_benches::page::{Machine, write_section};
use llm_policy_benches::report::OURS;
use llm_policy_benches::request::JSON;
use llm_policy_benches::workload::{Shape, Workload};
use llm_policy_embed::{Documents, Options, Question};

const USAGE: &str = "\
Compares what a decision costs from each language. borders.sh builds what it needs and calls it.

usage: borders BUILT [--quick] [--write FILE] [--language NAME,..]

  BUILT       where borders.sh put the programs
  --quick     one short round: a smoke test, not figures
  --write     write the tables as a section of this page, too
  --language  C, Java, Go, Python or Node";

struct Arguments {
    built: PathBuf,
    quick: bool,
    write: Option<PathBuf>,
    languages: Vec<String>,
}

fn main() -> ExitCode {
    match arguments().and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("borders: {error}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<Arguments> {
    let mut rest = std::env::args().skip(1);
    let built = rest.next().filter(|first| !first.starts_with('-')).ok_or(USAGE)?;
    let mut arguments = Arguments { built: built.into(), quick: false, write: None, languages: Vec::new() };
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
        match argument.as_str() {
            "--quick" => arguments.quick = true,
            "--write" => arguments.write = Some(value()?.into()),
            "--language" => arguments.languages.extend(value()?.split(',').map(str::to_owned)),
            _ => return Err(format!("unknown argument `{argument}`\n\n{USAGE}").into()),
        }
    }
    Ok(arguments)
}

/// The programs, as borders.sh leaves them.
fn harnesses(built: &Path) -> Result<Vec<Harness>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = |path: PathBuf| path.into_os_string();
    let harness = |language, program: &str, arguments| Harness { language, program: program.into(), arguments };
    let here_is = |name: &str| here.join(name).display().to_string();
    let built_here = |name: &str| built.join(name).display().to_string();
    let classes = fs::read_to_string(built.join("java.classpath")).unwrap_or_default();
    Ok(vec![
        harness("C", &built_here("c"), vec![]),
        harness("Java", "java", vec!["-cp".into(), classes.trim().into(), "Bench".into()]),
        harness("Go", &built_here("go"), vec![]),
        harness("Python", &here_is("python/.venv/bin/python"), vec![path(here.join("python/borders.py"))]),
        harness("Node", "node", vec![path(here.join("node/bench.mjs"))]),
    ])
}

fn run(arguments: &Arguments) -> Result<()> {
    let (milliseconds, each, rounds) = if arguments.quick { (2.0, 3, 1) } else { (20.0, 11, 3) };
    let mut harnesses = harnesses(&arguments.built)?;
    harnesses.retain(|harness| {
        arguments.languages.is_empty() || arguments.languages.iter().any(|name| name == harness.language)
    });
    let workloads =
        [Workload::single(), Workload::new(Shape::Separable, 100, 1), Workload::new(Shape::Realistic, 100, 1)];
    let mut figures = Figures::default();
    for round in 1..=rounds {
        for workload in &workloads {
            let name = workload.shape.name();
            let folder = arguments.built.join("workloads").join(name);
            export::write(workload, &folder)?;
            figures.add(RUST, name, rust(workload, milliseconds, each)?);
            for harness in &harnesses {
                eprintln!("round {round} of {rounds}, {name}: {}", harness.language);
                figures.add(harness.language, name, harness.run(&folder, milliseconds, each)?);
            }
        }
    }
    let page = figures.markdown(&Machine::here());
    if let Some(path) = &arguments.write {
        write_section(path, "borders", &page)?;
    }
    print!("{page}");
    Ok(())
}

/// The same calls from Rust, on what every border stands on.
fn rust(workload: &Workload, milliseconds: f64, each: usize) -> Result<Vec<Line>> {
    let mut documents = Documents::new();
    documents.add_bytes(yaml(&workload.rules).as_bytes(), "policy.yaml");
    let engine = documents.check(Options::default()).into_engine()?;
    let bytes = JSON.as_bytes();
    let prepared = engine.prepare(bytes)?;
    let denied = |decision: std::result::Result<llm_policy_embed::Decision, _>| match decision {
        Ok(decision) => assert!(!decision.allowed() && decision.matched().count() == 1 && decision.error_count() == 0),
        Err(error) => panic!("{error}"),
    };
    let calls: Vec<(&str, Call<'_>)> = vec![
        ("json", Box::new(|| denied(engine.evaluate(black_box(bytes), Question::default())))),
        ("prepared", Box::new(|| denied(engine.evaluate_prepared(black_box(&prepared), Question::default())))),
    ];
    let (names, calls): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    let took = turns(calls, Duration::from_secs_f64(milliseconds / 1e3), each);
    let lines = names.into_iter().zip(took).map(|(call, (nanoseconds, _))| Line::Took {
        contender: OURS.to_owned(),
        call: call.to_owned(),
        nanoseconds,
    });
    Ok(lines.collect())
}
