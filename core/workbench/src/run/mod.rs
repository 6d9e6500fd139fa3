//! Running cases: each is decided about by the policies of its file, and the decision is compared with what it expects.

mod suite;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::explain::Explanation;
use llm_policy_engine::{Decision, Engine};
use serde_json::Value as Json;

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
    /// Where the expectation stands in the file of cases.
    pub span: Span,
    /// What was expected, for people.
    pub expected: String,
    /// What it is, for people.
    pub found: String,
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
    let engine = engine.clone().handles(case.handles);
    let decision = match engine.evaluate(case.stage, &case.context, case.now) {
        Ok(decision) => decision,
        Err(error) => return CaseOutcome::Refused(error.message),
    };
    let json = decision.to_json();
    let mismatches: Vec<Mismatch> = case
        .expect
        .iter()
        .filter(|expectation| !expectation.fits(&json))
        .map(|expectation| Mismatch {
            key: expectation.key,
            span: expectation.span,
            expected: expected(expectation.key, &expectation.pattern.to_string()),
            found: found(expectation.key, &json),
        })
        .collect();
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

/// Whether a decision is as `case` expects.
pub(crate) fn fits(case: &Case, decision: &Decision) -> bool {
    let json = decision.to_json();
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

/// `{rule: x}` is shown as `x`.
fn expected(key: Key, pattern: &str) -> String {
    let short = |name: &str| Some(pattern.strip_prefix('{')?.strip_suffix('}')?.strip_prefix(name)?.to_owned());
    match key {
        Key::Rule => short("rule: ").unwrap_or_else(|| pattern.to_owned()),
        _ => pattern.to_owned(),
    }
}

/// A part of a decision, for people.
fn found(key: Key, decision: &Json) -> String {
    let Some(part) = key.of(decision) else { return "nothing".to_owned() };
    let text = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_str).map(str::to_owned);
    let items: Vec<String> = match (&part, key) {
        (Json::Array(items), _) if items.is_empty() => return "none".to_owned(),
        (Json::Array(items), Key::Matched) => items.iter().filter_map(|i| text(i, "rule")).collect(),
        (Json::Array(items), Key::Warnings) => items.iter().filter_map(|i| text(i, "message")).collect(),
        (Json::Array(items), Key::Errors) => items
            .iter()
            .map(|item| {
                let (rule, cause) = (text(item, "rule").unwrap_or_default(), text(item, "cause").unwrap_or_default());
                match text(item, "path") {
                    Some(path) => format!("{path} (rule {rule}: {cause})"),
                    None => format!("rule {rule}: {cause}"),
                }
            })
            .collect(),
        (Json::Array(items), _) => items.iter().map(flow).collect(),
        (_, Key::Rule) => return text(&part, "rule").unwrap_or_else(|| "nothing".to_owned()),
        (Json::String(text), _) => return text.clone(),
        _ => return flow(&part),
    };
    format!("[{}]", items.join(", "))
}

/// As YAML writes it on one line, so that it can be copied to the case. A rule says which policy it is of.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(object) => {
            let wanted = |key: &str| key != "policy" || !object.contains_key("rule");
            let parts = object.iter().filter(|(key, _)| wanted(key)).map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::String(text) if is_plain(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether YAML reads a text without quotes as this text, inside of brackets too.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '\'');
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(word)
        && !matches!(text, "true" | "false" | "null")
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
