//! `policy-engine benchmark`

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use llm_policy_embed::{Effect, Engine, Error, ErrorCode, Prepared, Question, canonical};
use serde_json::{Value as Json, json};

use crate::args::{Format, Policies, Subject};
use crate::contexts::Context;
use crate::failure::{Exit, Failure};
use crate::output::histogram::Times;
use crate::output::{Output, findings, style, units};

const EXAMPLES: &str = "Examples:
  policy-engine benchmark --policy policies/ --context call.json
  policy-engine benchmark -p policies/ -c calls.jsonl --prepared --threads 4
  policy-engine benchmark -p policies/ -c call.json --output json > before.json

The contexts take turns. Where reading the clock would count, a sample is a batch of decisions
about one context, and its time is their mean.

Exit codes: 0 measured, 2 usage, 3 invalid policy or input.";

/// The share of a sample that reading the clock may take.
const CLOCK_SHARE: f64 = 0.01;
/// The most decisions in a sample.
const MAX_BATCH: u32 = 4096;
/// The most contexts that are kept.
const MAX_CONTEXTS: usize = 100_000;

/// Measure how long decisions take
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Command {
    #[command(flatten)]
    policies: Policies,
    #[command(flatten)]
    subject: Subject,
    /// How long to measure
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0, value_parser = parse_seconds)]
    seconds: f64,
    /// How many threads decide at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,
    /// Read the contexts beforehand and measure only deciding
    #[arg(long)]
    prepared: bool,
    /// `text` for people; `json`: one object
    #[arg(short, long, value_enum, default_value_t, hide_possible_values = true)]
    pub output: Format,
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    let seconds: Option<f64> = text.parse().ok();
    seconds.filter(|s| (0.01..=3600.0).contains(s)).ok_or_else(|| "a number from 0.01 to 3600".to_owned())
}

/// A context, as it is measured.
enum Work {
    Bytes(Vec<u8>),
    Prepared(Box<Prepared>),
}

/// What is measured.
struct Bench {
    engine: Engine,
    work: Vec<Work>,
    question: Question,
}

impl Bench {
    fn decide(&self, work: &Work) -> Result<Effect, Error> {
        let decision = match work {
            Work::Bytes(bytes) => self.engine.evaluate(bytes, self.question),
            Work::Prepared(prepared) => self.engine.evaluate_prepared(prepared, self.question),
        };
        decision.map(|decision| decision.effect())
    }

    /// Decides again and again until `stop`, in samples of `batch` decisions.
    fn run(&self, batch: u32, offset: usize, stop: &AtomicBool) -> Times {
        let mut times = Times::default();
        for work in self.work.iter().cycle().skip(offset % self.work.len().max(1)) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let begin = Instant::now();
            for _ in 0..batch {
                std::hint::black_box(self.decide(std::hint::black_box(work)).is_ok());
            }
            let tenths = begin.elapsed().as_nanos() * 10 / u128::from(batch);
            times.add(u64::try_from(tenths).unwrap_or(u64::MAX));
        }
        times
    }

    /// Warms up, and finds out how many decisions a sample must have.
    fn warm_up(&self, time: Duration) -> u32 {
        let clock = clock_cost();
        let begin = Instant::now();
        let mut decisions = 0_u32;
        for work in self.work.iter().cycle() {
            std::hint::black_box(self.decide(work).is_ok());
            decisions += 1;
            if begin.elapsed() > time || decisions == u32::MAX {
                break;
            }
        }
        // The loop reads the clock too.
        let each = (begin.elapsed().as_nanos() as f64 / f64::from(decisions) - clock).max(1.0);
        let wanted = (clock / CLOCK_SHARE / each).ceil();
        (wanted as u32).clamp(1, MAX_BATCH).next_power_of_two()
    }
}

/// What reading the clock costs, in nanoseconds.
fn clock_cost() -> f64 {
    const READS: u32 = 10_000;
    let begin = Instant::now();
    for _ in 0..READS {
        std::hint::black_box(Instant::now());
    }
    begin.elapsed().as_nanos() as f64 / f64::from(READS)
}

pub fn run(command: &Command, out: &mut Output) -> Result<Exit, Failure> {
    let (engine, checked) = command.policies.load()?;
    let engine = engine.handles(command.subject.handles);
    let question = command.subject.question();
    let mut work = Vec::new();
    let mut effects: Vec<Effect> = Vec::new();
    let mut bytes = 0;
    for context in command.subject.contexts(&[], &command.policies)? {
        let context = context?;
        if work.len() == MAX_CONTEXTS {
            return Err(Failure::invalid(ErrorCode::InvalidInput, format!("more than {MAX_CONTEXTS} contexts")));
        }
        let decision = engine.evaluate(&context.bytes, question).map_err(|error| context.refused(error))?;
        effects.push(decision.effect());
        bytes += context.bytes.len();
        work.push(prepared(&engine, context, command.prepared)?);
    }
    let contexts = work.len();
    let bench = Bench { engine, work, question };
    out.progress("warming up");
    let batch = bench.warm_up(Duration::from_secs_f64((command.seconds / 4.0).min(1.0)));
    let (times, elapsed) = measure(&bench, command, batch, out);
    out.progress("");
    let decisions = times.len() * u64::from(batch);
    let report = Report { command, times, elapsed, batch, decisions, contexts, bytes: bytes / contexts.max(1) };
    match command.output {
        Format::Json => out.print(&canonical::to_string(&report.json(&bench.engine.bundle()))),
        Format::Text => out.print(&report.text(&findings::about(&checked), &effects)),
    }
    Ok(Exit::Allowed)
}

fn prepared(engine: &Engine, context: Context, prepare: bool) -> Result<Work, Failure> {
    if prepare {
        let prepared = engine.prepare(&context.bytes).map_err(|error| context.refused(error))?;
        return Ok(Work::Prepared(Box::new(prepared)));
    }
    Ok(Work::Bytes(context.bytes))
}

/// Runs all threads and shows how far they are.
fn measure(bench: &Bench, command: &Command, batch: u32, out: &mut Output) -> (Times, Duration) {
    let stop = AtomicBool::new(false);
    let time = Duration::from_secs_f64(command.seconds);
    let begin = Instant::now();
    let mut all = Times::default();
    thread::scope(|scope| {
        let run = |number: u16| {
            let stop = &stop;
            scope.spawn(move || bench.run(batch, usize::from(number), stop))
        };
        let threads: Vec<_> = (0..command.threads).map(run).collect();
        while let Some(left) = time.checked_sub(begin.elapsed()).filter(|left| !left.is_zero()) {
            let watched = if out.shows_progress() { Duration::from_millis(100) } else { left };
            out.progress(&format!("measuring {:.1} of {:.1} s", begin.elapsed().as_secs_f64(), command.seconds));
            thread::sleep(left.min(watched));
        }
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            // Deciding does not panic.
            if let Ok(times) = thread.join() {
                all.merge(&times);
            }
        }
    });
    (all, begin.elapsed())
}

/// What came out.
struct Report<'c> {
    command: &'c Command,
    times: Times,
    elapsed: Duration,
    batch: u32,
    decisions: u64,
    contexts: usize,
    /// The mean size of a context.
    bytes: usize,
}

const PERCENTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];

impl Report<'_> {
    fn throughput(&self) -> f64 {
        self.decisions as f64 / self.elapsed.as_secs_f64()
    }

    fn json(&self, bundle: &str) -> Json {
        let mut latency = serde_json::Map::new();
        for (name, share) in PERCENTILES {
            latency.insert(name.to_owned(), json!(rounded(self.times.percentile(share))));
        }
        latency.insert("max".to_owned(), json!(rounded(self.times.max())));
        latency.insert("mean".to_owned(), json!(rounded(self.times.mean())));
        json!({
            "bundle": bundle,
            "contexts": self.contexts,
            "context_bytes": self.bytes,
            "prepared": self.command.prepared,
            "threads": self.command.threads,
            "seconds": self.elapsed.as_secs_f64(),
            "decisions": self.decisions,
            "decisions_per_sample": self.batch,
            "decisions_per_second": self.throughput().round(),
            "latency_ns": latency,
        })
    }

    fn text(&self, about: &str, effects: &[Effect]) -> String {
        let mut lines = vec![
            format!("{}  {}", style::title(units::rate(self.throughput())), self.what()),
            style::quiet(format!("{about}; {}", count_effects(effects))),
            String::new(),
        ];
        let labels = PERCENTILES.iter().map(|(name, share)| (*name, self.times.percentile(*share)));
        for (name, time) in labels.chain([("max", self.times.max())]) {
            lines.push(format!("{}  {}", style::quiet(format!("{name:>11}")), units::time(time)));
        }
        lines.push(String::new());
        lines.extend(self.times.draw());
        lines.push(String::new());
        lines.push(style::quiet(self.samples()));
        lines.join("\n")
    }

    /// What was measured.
    fn what(&self) -> String {
        let input = match self.command.prepared {
            true => "prepared input".to_owned(),
            false => format!("from JSON of {} bytes", units::grouped(self.bytes as u64)),
        };
        format!("on {}, {input}", units::count(usize::from(self.command.threads), "thread"))
    }

    fn samples(&self) -> String {
        let (decisions, seconds) = (units::grouped(self.decisions), self.elapsed.as_secs_f64());
        match self.batch {
            1 => format!("{decisions} decisions in {seconds:.1} s, each timed alone"),
            batch => format!(
                "{decisions} decisions in {seconds:.1} s, timed in {} samples: a time above is the mean of {batch} \
                 decisions\nabout one context, so a single slow one is seen only in part",
                units::grouped(self.times.len())
            ),
        }
    }
}

fn rounded(nanoseconds: f64) -> f64 {
    (nanoseconds * 10.0).round() / 10.0
}

/// `3 contexts: 2 allow, 1 deny`
fn count_effects(effects: &[Effect]) -> String {
    let all = [Effect::Allow, Effect::Throttle, Effect::RequireApproval, Effect::Deny];
    let counted: Vec<String> = all
        .iter()
        .map(|effect| (effect, effects.iter().filter(|e| *e == effect).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(effect, count)| format!("{} {effect}", units::grouped(count as u64)))
        .collect();
    format!("{}: {}", units::count(effects.len(), "context"), counted.join(", "))
}
