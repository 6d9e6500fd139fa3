//! One workload, all contenders: loading, agreement, and the clock.

use std::hint::black_box;
use std::time::Duration;

use serde_json::Value;

use crate::allocations::Allocations;
use crate::contender::{Contender, Entrant, Result};
use crate::measure::{Call, Cost, Nanoseconds, TURN, cpu_time, interleaved};
use crate::request::JSON;
use crate::workload::{Shape, Workload};

/// How thoroughly to measure.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How long a turn lasts.
    pub turn: Duration,
    /// Rounds over up to 100 rules; larger sets take fewer.
    pub rounds: usize,
    /// How often a workload is loaded.
    pub loads: usize,
}

impl Effort {
    /// For figures.
    pub const FULL: Self = Self { turn: TURN, rounds: 21, loads: 5 };
    /// For a smoke test.
    pub const QUICK: Self = Self { turn: Duration::from_micros(500), rounds: 1, loads: 1 };

    fn rounds(self, rules: usize) -> usize {
        let share = match rules {
            0..=100 => 1,
            101..=1000 => 2,
            _ => 4,
        };
        (self.rounds / share).max(1)
    }

    fn loads(self, rules: usize) -> usize {
        if rules > 1000 { 1 } else { self.loads }
    }
}

/// One contender's figures for one workload.
#[derive(Debug, Clone)]
pub struct Figures {
    /// The contender.
    pub name: &'static str,
    /// How many of the rules its language cannot say.
    pub left_out: usize,
    /// Judging the prepared request.
    pub prepared: Cost,
    /// Judging the request as JSON.
    pub json: Cost,
    /// Loading and compiling the rules.
    pub load: Nanoseconds,
    /// Bytes that are held after loading.
    pub memory: i64,
}

/// All figures for one workload.
#[derive(Debug, Clone)]
pub struct Heat {
    /// What the rules look like.
    pub shape: Shape,
    /// How many there are.
    pub rules: usize,
    /// How many match.
    pub matches: usize,
    /// One entry a contender.
    pub figures: Vec<Figures>,
    /// `serde_json::from_slice::<Value>` of the request, in the same rounds.
    pub parsing: Cost,
}

struct Loaded {
    name: &'static str,
    left_out: usize,
    load: Nanoseconds,
    memory: i64,
    contender: Box<dyn Contender>,
}

/// Races `entrants` over `workload`.
///
/// # Errors
///
/// If an entrant cannot load its rules, or does not agree with their definition.
pub fn race(workload: &Workload, entrants: &[Entrant], effort: Effort) -> Result<Heat> {
    let loads = effort.loads(workload.rules.len());
    let mut loaded = entrants.iter().map(|entrant| load(workload, entrant, loads)).collect::<Result<Vec<_>>>()?;
    let rounds = effort.rounds(workload.rules.len());

    let mut prepared: Vec<Call<'_>> = Vec::new();
    for Loaded { contender, .. } in &mut loaded {
        prepared.push(Box::new(move || consume(contender.evaluate_prepared())));
    }
    let prepared = interleaved(prepared, effort.turn, rounds);

    let bytes = JSON.as_bytes();
    let mut json: Vec<Call<'_>> = Vec::new();
    for Loaded { contender, .. } in &mut loaded {
        json.push(Box::new(move || consume(contender.evaluate_json(black_box(bytes)))));
    }
    json.push(Box::new(move || consume(serde_json::from_slice::<Value>(black_box(bytes)))));
    let mut json = interleaved(json, effort.turn, rounds);
    let parsing = json.pop().ok_or("the parser was measured")?;

    let figures = loaded.into_iter().zip(prepared).zip(json).map(|((loaded, prepared), json)| {
        let Loaded { name, left_out, load, memory, .. } = loaded;
        Figures { name, left_out, prepared, json, load, memory }
    });
    let (shape, matches) = (workload.shape, workload.matches);
    Ok(Heat { shape, rules: workload.rules.len(), matches, figures: figures.collect(), parsing })
}

/// Keeps the compiler from leaving out what nobody reads.
fn consume<T>(result: T) {
    black_box(&result);
}

/// Loads `workload` into `entrant` and holds its answers against the rules' definition.
fn load(workload: &Workload, entrant: &Entrant, loads: usize) -> Result<Loaded> {
    let plan = (entrant.plan)(workload);
    let mut times = Vec::with_capacity(loads);
    let (mut contender, mut memory) = (None::<Box<dyn Contender>>, 0);
    for _ in 0..loads {
        // One that is loaded already gives its memory back first.
        drop(contender.take());
        let before = Allocations::now().live;
        let start = cpu_time();
        let loaded = (plan.load)().map_err(|error| format!("{}: {error}", entrant.name))?;
        times.push(cpu_time().saturating_sub(start).as_nanos() as f64);
        memory = Allocations::now().live - before;
        contender = Some(loaded);
    }
    let mut contender = contender.ok_or("a workload is loaded at least once")?;

    let expected = workload.verdict_without(&plan.left_out);
    contender.prepare(JSON.as_bytes())?;
    let prepared = contender.evaluate_prepared();
    let answers = [(prepared, contender.verdict()), (contender.evaluate_json(JSON.as_bytes()), contender.verdict())];
    for (outcome, verdict) in answers {
        if verdict != expected || outcome.denied != expected.denied || outcome.deciding != expected.deciding.len() {
            let (name, shape, rules) = (entrant.name, workload.shape.name(), workload.rules.len());
            return Err(format!("{name} disagrees on {shape}/{rules}: {verdict:?}, not {expected:?}").into());
        }
    }
    let (name, left_out) = (entrant.name, plan.left_out.len());
    Ok(Loaded { name, left_out, load: Nanoseconds::of(times), memory, contender })
}
