//! Running cases: each is decided about by the policies of its file, and the decision is compared with what it expects.

mod suite;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::explain::Explanation;
use llm_policy_engine::input::InputError;
use llm_policy_engine::{Decision, Engine};
use serde_json::Value as Json;

use crate::cases::pattern::Difference;
use crate::cases::{Case, Key};
pub use suite::{PolicySet, Suite, TestFile};

/// How a case came out.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The number of its file in the suite.
    pub file: usize,
    /// Its number in the file.
    pub case: usize,
    /// How it came out.
    pub outcome: CaseOutcome,
}

/// How a case came out.
#[derive(Clone, Debug)]
pub enum CaseOutcome {
    /// As expected.
    Passed,
    /// Not as expected.
    Failed(Box<CaseFailure>),
    /// The context was refused as a whole, and why.
    Refused(String),
}

/// What is not as expected, and why the decision is what it is.
#[derive(Clone, Debug)]
pub struct CaseFailure {
    /// The parts that differ.
    pub mismatches: Vec<Mismatch>,
    /// The decision with the value of each clause.
    pub explanation: Explanation,
    /// The rules that the difference is about, by their place in the explanation: the one that decided and those that the
    /// case names.
    pub rules: Vec<usize>,
}

/// A part of the decision that is not as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The part.
    pub key: Key,
    /// The way from there to what differs, such as `.params.severity`; empty: the whole part.
    pub path: String,
    /// Where the expectation stands in the file of cases.
    pub span: Span,
    /// What was expected, for people.
    pub expected: String,
    /// What it is, for people.
    pub found: String,
}

impl Mismatch {
    /// What differs, for people: `obligations.params.severity`.
    #[must_use]
    pub fn place(&self) -> String {
        // The rule that decides is compared as an object with its policy.
        if self.key == Key::Rule { self.key.name().to_owned() } else { format!("{}{}", self.key.name(), self.path) }
    }
}

impl CaseResult {
    /// Whether it is as expected.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self.outcome, CaseOutcome::Passed)
    }
}

/// Runs the cases of `suite` whose name `wanted` holds for, on `jobs` threads. The results come in the order of the files.
#[must_use]
pub fn run(suite: &Suite, wanted: &(dyn Fn(&TestFile, &Case) -> bool + Sync), jobs: NonZeroUsize) -> Vec<CaseResult> {
    let mut all = Vec::new();
    for (number, file) in suite.files.iter().enumerate() {
        let cases = file.cases.cases.iter().enumerate();
        all.extend(cases.filter(|(_, case)| wanted(file, case)).map(|(case, _)| (number, case)));
    }
    let run = |(file, case): &(usize, usize)| {
        let (found, set) = (suite.case(*file, *case)?, suite.set_of(*file)?);
        Some(CaseResult { file: *file, case: *case, outcome: run_case(set.engine(), found) })
    };
    parallel(&all, jobs, run).into_iter().flatten().collect()
}

fn run_case(engine: &Engine, case: &Case) -> CaseOutcome {
    let decided =
        engine_for(engine, case).and_then(|engine| Ok((engine.dry_run(case.stage, &case.context, case.now)?, engine)));
    let (decision, engine) = match decided {
        Ok(decided) => decided,
        Err(error) => return CaseOutcome::Refused(error.message),
    };
    let json = seen(&decision);
    let mut mismatches = Vec::new();
    for expectation in case.expect.iter().filter(|expectation| !expectation.fits(&json)) {
        let found = expectation.key.of(&json);
        for difference in expectation.pattern.differences(found.as_ref()) {
            let Difference { path, expected, found } = difference;
            // The rule is compared together with its policy, and shown alone.
            let (expected, found) = match expectation.key {
                Key::Rule => {
                    let name = expected.strip_prefix("{rule: ").and_then(|rest| rest.strip_suffix('}'));
                    (name.unwrap_or(&expected).to_owned(), decision.rule().unwrap_or("nothing").to_owned())
                }
                _ => (expected, found),
            };
            mismatches.push(Mismatch { key: expectation.key, path, span: expectation.span, expected, found });
        }
    }
    if mismatches.is_empty() {
        return CaseOutcome::Passed;
    }
    match engine.explain(case.stage, &case.context, case.now) {
        Ok(explanation) => {
            let rules = concerned(&explanation, &mismatches);
            CaseOutcome::Failed(Box::new(CaseFailure { mismatches, explanation, rules }))
        }
        Err(error) => CaseOutcome::Refused(error.message),
    }
}

/// The engine that a case asks: for its host, and with its limits used and its breakers as it says. No case sees what another one takes.
pub(crate) fn engine_for(engine: &Engine, case: &Case) -> Result<Engine, InputError> {
    let engine = engine.clone().handles(case.handles);
    let compiled = engine.compiled();
    if compiled.limits.is_empty() && compiled.breakers.all.is_empty() {
        return Ok(engine);
    }
    engine.with_used(&case.context, case.now, &case.used, &case.breakers)
}

/// All of a decision that a case can speak about.
fn seen(decision: &Decision) -> Json {
    let mut json = decision.to_json();
    if let Some(object) = json.as_object_mut() {
        object.insert("limits".into(), decision.limits_json());
    }
    json
}

/// Whether a decision is as `case` expects.
pub(crate) fn fits(case: &Case, decision: &Decision) -> bool {
    let json = seen(decision);
    case.expect.iter().all(|expectation| expectation.fits(&json))
}

/// The rules that a difference is about: the one that decides, and those that what differs names.
fn concerned(explanation: &Explanation, mismatches: &[Mismatch]) -> Vec<usize> {
    let named: Vec<&str> = mismatches.iter().flat_map(|m| [m.expected.as_str(), m.found.as_str()]).collect();
    let is_word = |text: &str, name: &str| {
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))).any(|word| word == name)
    };
    let decision = &explanation.decision;
    let decides = |rule: &llm_policy_engine::explain::RuleTrace| {
        decision.rule() == Some(&*rule.rule) && decision.policy() == Some(&*rule.policy)
    };
    let rules = explanation.rules.iter().enumerate();
    rules
        .filter(|(_, rule)| decides(rule) || named.iter().any(|text| is_word(text, &rule.rule)))
        .map(|(at, _)| at)
        .collect()
}

/// Does `work` on all items with `jobs` threads, and gives the results in the order of the items.
pub(crate) fn parallel<T: Sync, R: Send>(items: &[T], jobs: NonZeroUsize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let jobs = jobs.get().min(items.len());
    if jobs <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut own = Vec::new();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(at) else { break };
                    own.push((at, work(item)));
                }
                done.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}
