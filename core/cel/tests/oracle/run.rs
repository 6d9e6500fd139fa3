//! Running many cases.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::answer::Answer;
use super::cel_adapter::Cel;
use super::cel_core_adapter::CelCore;
use super::generate::{Case, Generator};
use super::known::{KNOWN, Who};
use super::rng::Rng;
use super::tree::Marks;
use super::values;

/// What the implementations make of a case.
#[derive(Clone, Debug)]
pub struct Answers {
    pub cel: Option<Answer>,
    pub cel_core: Option<Answer>,
    pub cel_core_refused: Option<String>,
}

struct Oracles {
    cel: Cel,
    cel_core: CelCore,
}

fn guarded(evaluate: impl FnOnce() -> Answer) -> Answer {
    catch_unwind(AssertUnwindSafe(evaluate)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Answer::Panic(text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
    })
}

impl Oracles {
    fn answers(&self, case: &Case) -> Answers {
        let source = case.tree.source();
        let marks = case.tree.all_marks();
        let mut refused = None;
        let cel = (!marks.has(Marks::NOT_IN_CEL)).then(|| guarded(|| self.cel.answer(&source, &case.bindings)));
        let cel_core = (!marks.has(Marks::NOT_IN_CEL_CORE)).then(|| {
            guarded(|| {
                let answer = self.cel_core.answer(&source, &case.bindings);
                refused = answer.refused;
                answer.answer
            })
        });
        Answers { cel, cel_core, cel_core_refused: refused }
    }

    fn disagreement(&self, case: &Case) -> bool {
        let answers = self.answers(case);
        match (&answers.cel, &answers.cel_core) {
            (Some(a), Some(b)) => !a.agrees(b),
            _ => false,
        }
    }
}

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => default,
    }
}

/// Runs what the environment asks for.
pub fn from_environment() {
    let cases = setting("ORACLE_CASES", 100_000);
    let seed = setting("ORACLE_SEED", 0x6c65_63);
    println!("{cases} cases, seed {seed}");
    let generator = Generator::new();
    let oracles = Oracles { cel: Cel::new(), cel_core: CelCore::new(generator.variables()) };
    let start = Instant::now();
    let threads = 2;
    let bad = AtomicUsize::new(0);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let _ = (KNOWN, Who::Cel);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (generator, oracles, bad) = (&generator, &oracles, &bad);
            std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, move || {
                for index in (0..cases).filter(|index| index % threads == thread) {
                    let case = generator.case(Rng::for_case(seed, index));
                    if oracles.disagreement(&case) {
                        bad.fetch_add(1, Ordering::Relaxed);
                        if bad.load(Ordering::Relaxed) < usize::try_from(setting("ORACLE_SHOW", 60)).unwrap() {
                            let tree = case.tree.shrink(&values::simplest, &|tree| {
                                oracles.disagreement(&Case { tree: tree.clone(), bindings: case.bindings.clone() })
                            });
                            let small = Case { tree, ..case.clone() };
                            let a = oracles.answers(&small);
                            println!("#{index} {}\n   cel {:?}\n  core {:?} {:?}\n  with {:?}", small.tree, a.cel, a.cel_core, a.cel_core_refused, small.bindings.iter().filter(|(n,_)| small.tree.source().contains(n)).collect::<Vec<_>>());
                        }
                    }
                }
            }).unwrap();
        }
    });
    std::panic::set_hook(hook);
    println!("{} disagreements in {:?}", bad.load(Ordering::Relaxed), start.elapsed());
}
