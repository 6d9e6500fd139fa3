//! Running many cases.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::answer::Answer;
use super::cel_adapter::Cel;
use super::cel_core_adapter::CelCore;
use super::generate::{Case, Generator};
use super::known::{self, Difference, Who};
use super::ours::{OurAnswer, Ours, to_type};
use super::rng::Rng;
use super::tree::{Marks, Tree, mentions};
use super::values;

/// What the implementations make of a case; `None` from one that does not have what the case uses.
#[derive(Clone, Debug)]
pub struct Answers {
    pub ours: Answer,
    pub cel: Option<Answer>,
    pub cel_core: Option<Answer>,
    /// What is wrong with what our checker says.
    pub checker: Option<String>,
}

impl Answers {
    /// The answer of another implementation.
    pub fn of(&self, who: Who) -> Option<&Answer> {
        match who {
            Who::Cel => self.cel.as_ref(),
            Who::CelCore => self.cel_core.as_ref(),
            Who::Checker => None,
        }
    }

    /// True when `who` differs from us.
    fn differs(&self, who: Who) -> bool {
        match who {
            Who::Checker => self.checker.is_some(),
            _ => self.of(who).is_some_and(|answer| !self.ours.agrees(answer)),
        }
    }
}

/// What is wrong with what our checker says of a well-typed expression.
fn judge(ours: &OurAnswer, case: &Case, source: &str) -> Option<String> {
    match ours.checked.as_ref()? {
        Err(text) => Some(format!("refuses a well-typed expression: {text}")),
        // The checker takes the first type that fits for the elements of what is empty.
        Ok(ty) if !known::is_type(ty, &to_type(&case.tree.ty)) && !source.contains("[]") && !source.contains("{}") => {
            Some(format!("finds {ty} for an expression of type {}", case.tree.ty))
        }
        // Where nothing is `dyn`, what the checker accepts never lacks an overload.
        Ok(_) if ours.no_overload && !source.contains("dyn(") => Some("accepts what has no overload".to_string()),
        Ok(_) => None,
    }
}

/// The implementations.
struct Oracles {
    ours: Ours,
    cel: Cel,
    cel_core: CelCore,
}

fn guarded<T>(evaluate: impl FnOnce() -> T, panicked: impl FnOnce(String) -> T) -> T {
    catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        panicked(text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    })
}

impl Oracles {
    fn new(generator: &Generator) -> Self {
        let variables = generator.variables();
        Self { ours: Ours::new(variables), cel: Cel::new(), cel_core: CelCore::new(variables) }
    }

    fn answers(&self, case: &Case) -> Answers {
        let source = case.tree.source();
        let marks = case.tree.all_marks();
        let ours = self.ours.answer(&source, &case.bindings);
        let cel = (!marks.has(Marks::NOT_IN_CEL))
            .then(|| guarded(|| self.cel.answer(&source, &case.bindings), Answer::Panic));
        let cel_core = (!marks.has(Marks::NOT_IN_CEL_CORE))
            .then(|| guarded(|| self.cel_core.answer(&source, &case.bindings), Answer::Panic));
        let checker = if marks.has(Marks::MISTYPED) { None } else { judge(&ours, case, &source) };
        Answers { ours: ours.answer, cel, cel_core, checker }
    }

    /// How `who` differs from us in this case, on an expression made as small as possible.
    fn smallest(&self, case: &Case, who: Who) -> (Case, Answers) {
        let with = |tree: &Tree| Case { tree: tree.clone(), bindings: case.bindings.clone() };
        let tree = case.tree.shrink(&values::simplest, &|tree| self.answers(&with(tree)).differs(who));
        let mut small = with(&tree);
        let source = tree.source();
        small.bindings.retain(|(name, _)| mentions(&source, name));
        let answers = self.answers(&small);
        (small, answers)
    }
}

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}

/// Runs what the environment asks for, and panics with the differences that are not known.
pub fn from_environment() {
    let cases = setting("ORACLE_CASES", 100_000);
    let seed = setting("ORACLE_SEED", 2026);
    let shown = usize::try_from(setting("ORACLE_SHOWN", 20)).unwrap();
    println!("{cases} cases with ORACLE_SEED={seed}");
    let generator = Generator::new();
    let oracles = Oracles::new(&generator);
    if let Ok(index) = std::env::var("ORACLE_CASE") {
        let case = generator.case(Rng::for_case(seed, index.parse().unwrap()));
        println!("{}\n{:#?}\n{:#?}", case.tree, case.bindings, oracles.answers(&case));
        return;
    }
    let start = Instant::now();
    let tally = Tally::default();
    // Panics of the other implementations are caught and compared; nobody has to read them.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let threads = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (generator, oracles, tally) = (&generator, &oracles, &tally);
            let run = move || {
                for index in (thread..cases).step_by(usize::try_from(threads).unwrap()) {
                    compare(oracles, &generator.case(Rng::for_case(seed, index)), index, tally, shown);
                }
            };
            std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, run).unwrap();
        }
    });
    std::panic::set_hook(hook);
    println!("{}", tally.summary());
    println!("took {:?}", start.elapsed());
    let differences = tally.unknown.into_inner().unwrap();
    assert!(
        differences.is_empty(),
        "{} differences, the first are:\n{}",
        tally.count.into_inner(),
        differences.concat()
    );
}

fn compare(oracles: &Oracles, case: &Case, index: u64, tally: &Tally, shown: usize) {
    let answers = oracles.answers(case);
    tally.note(&answers);
    for who in [Who::Cel, Who::CelCore, Who::Checker] {
        if !answers.differs(who) {
            continue;
        }
        let (small, answers) = oracles.smallest(case, who);
        let source = small.tree.source();
        let difference = Difference { who, source: &source, answers: &answers };
        if let Some(at) = known::position(&difference) {
            tally.known[at].fetch_add(1, Ordering::Relaxed);
        } else if tally.count.fetch_add(1, Ordering::Relaxed) < shown {
            let mut text = format!("\n{who:?} differs in case {index}: {source}\n");
            for (name, value) in &small.bindings {
                writeln!(text, "      {name} = {value:?}").unwrap();
            }
            writeln!(text, "    ours: {:?}", answers.ours).unwrap();
            writeln!(text, "    cel: {:?}", answers.cel).unwrap();
            writeln!(text, "    cel-core: {:?}", answers.cel_core).unwrap();
            if let Some(checker) = &answers.checker {
                writeln!(text, "    our checker {checker}").unwrap();
            }
            tally.unknown.lock().unwrap().push(text);
        }
    }
}

/// What happened so far.
struct Tally {
    values: AtomicUsize,
    errors: AtomicUsize,
    known: Vec<AtomicUsize>,
    count: AtomicUsize,
    unknown: Mutex<Vec<String>>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            values: AtomicUsize::default(),
            errors: AtomicUsize::default(),
            known: known::KNOWN.iter().map(|_| AtomicUsize::default()).collect(),
            count: AtomicUsize::default(),
            unknown: Mutex::default(),
        }
    }
}

impl Tally {
    fn note(&self, answers: &Answers) {
        let counter = if matches!(answers.ours, Answer::Value(_)) { &self.values } else { &self.errors };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn summary(&self) -> String {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let mut text = format!("{} values, {} errors\n", count(&self.values), count(&self.errors));
        for (known, times) in known::KNOWN.iter().zip(&self.known) {
            writeln!(text, "{:7} known: {:?}: {}", count(times), known.who, known.reason).unwrap();
        }
        text
    }
}
