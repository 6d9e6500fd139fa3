//! The clauses of a rule, each with its value and what it read.

use llm_policy_embed::explain::{Found, Outcome, Part, Read, RuleTrace};

use super::style;

/// The widest clause that has what it read beside it.
const BESIDE: usize = 52;
/// The most characters of a clause, and of a value.
const CLAUSE: usize = 110;
const VALUE: usize = 48;

/// The lines of a gate or a clause.
pub struct Shown {
    /// Its value and its text.
    pub line: String,
    /// What it read, when that does not fit beside it.
    pub below: Option<String>,
}

/// Each gate and clause, without indentation.
pub fn lines(rule: &RuleTrace) -> Vec<Shown> {
    let parts: Vec<(&Part, String)> = rule
        .gates
        .iter()
        .map(|gate| (gate, gate_text(gate)))
        .chain(rule.clauses.iter().map(|clause| (clause, style::line(&clause.text, CLAUSE))))
        .collect();
    let fits = |text: &str| text.chars().count() <= BESIDE;
    let width = parts.iter().map(|(_, text)| text).filter(|t| fits(t)).map(|t| t.chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (part, text) in &parts {
        let what = what_it_read(part);
        let mark = mark(&part.outcome);
        let shown = if part.outcome == Outcome::False { style::title(text) } else { text.clone() };
        let beside = what.as_ref().filter(|_| fits(text));
        let line = match beside {
            Some(what) => format!("{mark} {}   {}", style::pad(&shown, text, width), style::quiet(what)),
            None => format!("{mark} {shown}"),
        };
        let below = what.as_ref().filter(|_| !fits(text)).map(|what| format!("  {}", style::quiet(what)));
        lines.push(Shown { line, below });
    }
    lines
}

fn mark(outcome: &Outcome) -> String {
    match outcome {
        Outcome::True => style::good("✓"),
        Outcome::False => style::bad("✗"),
        Outcome::Error(_) => style::careful("!"),
    }
}

fn gate_text(gate: &Part) -> String {
    let text = match (gate.text.as_str(), &gate.outcome) {
        ("target", Outcome::True) => "the document's target holds",
        ("target", Outcome::False) => "the document's target does not hold",
        ("target", Outcome::Error(_)) => "the document's target cannot be evaluated",
        ("schedule", Outcome::True) => "it is within the rule's schedule",
        ("schedule", _) => "it is not within the rule's schedule",
        ("rollout", Outcome::True) => "this identity is within the rule's rollout",
        ("rollout", _) => "this identity is not within the rule's rollout",
        (other, _) => other,
    };
    text.to_owned()
}

/// `user.tier = "free", request.model is absent`; or why there is no value.
fn what_it_read(part: &Part) -> Option<String> {
    let absent = part.reads.iter().any(|read| read.found != Found::Absent && !matches!(read.found, Found::Value(_)));
    let explained = absent || part.reads.iter().any(|read| read.found == Found::Absent);
    let reads: Vec<String> = part.reads.iter().map(read).collect();
    let reads = reads.join(", ");
    match &part.outcome {
        Outcome::Error(cause) if !explained && reads.is_empty() => Some(style::line(cause, CLAUSE)),
        Outcome::Error(cause) if !explained => Some(format!("{}; {reads}", style::line(cause, CLAUSE))),
        _ if reads.is_empty() => None,
        _ => Some(reads),
    }
}

fn read(read: &Read) -> String {
    match &read.found {
        Found::Value(value) => format!("{} = {}", read.path, style::line(&value.to_string(), VALUE)),
        Found::Absent => format!("{} is absent", read.path),
        Found::Mistyped => format!("{} has another type", read.path),
    }
}
