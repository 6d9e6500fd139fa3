//! The results for people.

use std::time::Duration;

use llm_policy_workbench::cases::Case;
use llm_policy_workbench::coverage::{Coverage, Share};
use llm_policy_workbench::mutation::{Fate, Mutant, Mutation};
use llm_policy_workbench::report::Report;
use llm_policy_workbench::run::{CaseFailure, CaseOutcome, CaseResult, Mismatch};

use crate::output::{clauses, decision, style, units};

/// The widest text of a difference.
const WIDTH: usize = 110;
/// The longest expectation: what differs may stand at its end.
const LONG: usize = 600;

/// All of it.
pub fn report(report: &Report<'_>, verbose: bool, left_out: bool, took: Duration) -> String {
    let mut lines = Vec::new();
    for result in report.results {
        case(&mut lines, report, result, verbose);
    }
    if let Some(coverage) = report.coverage {
        self::coverage(&mut lines, coverage);
    }
    if let Some(mutation) = report.mutation {
        self::mutation(&mut lines, mutation);
    }
    if left_out {
        lines.push(style::quiet("the policies are not mutated while cases fail"));
    }
    let (all, failed) = (report.results.len(), report.failed());
    let took = style::quiet(format!("in {}", units::time(took.as_secs_f64() * 1e9)));
    lines.push(match failed {
        0 => format!("{} {} passed {took}", style::good("✓"), units::count(all, "case")),
        n => format!("{} {} of {} failed {took}", style::bad("✗"), units::grouped(n as u64), units::count(all, "case")),
    });
    lines.join("\n")
}

/// A minimum that was not reached.
pub fn missed(text: &str) -> String {
    format!("{} {text}", style::bad("✗"))
}

fn case(lines: &mut Vec<String>, report: &Report<'_>, result: &CaseResult, verbose: bool) {
    let Some(file) = report.suite.files.get(result.file) else { return };
    let Some(case) = report.suite.case(result.file, result.case) else { return };
    let (line, _) = case.span.line_and_column(&file.cases.text);
    let place = style::quiet(format!("{}:{line}", file.cases.origin));
    match &result.outcome {
        CaseOutcome::Passed if verbose => {
            lines.push(format!("{} {}  {place}", style::good("✓"), style::safe(&case.name)))
        }
        CaseOutcome::Passed => {}
        CaseOutcome::Refused(cause) => {
            lines.push(format!("{} {}  {place}", style::bad("✗"), style::title(style::safe(&case.name))));
            lines.push(format!("    the context is refused: {}", style::safe(cause)));
            lines.push(String::new());
        }
        CaseOutcome::Failed(failure) => {
            lines.push(format!("{} {}  {place}", style::bad("✗"), style::title(style::safe(&case.name))));
            differences(lines, failure, case, &file.cases.text);
            why(lines, failure);
            lines.push(String::new());
        }
    }
}

/// What was expected, and what is there.
fn differences(lines: &mut Vec<String>, failure: &CaseFailure, case: &Case, text: &str) {
    // What a variant does not say itself stands before it, with its case.
    let inherited = |mismatch: &Mismatch| match mismatch.span.start < case.span.start {
        true => {
            let line = mismatch.span.line_and_column(text).0;
            style::quiet(format!("  (from the case, line {line})"))
        }
        false => String::new(),
    };
    let width = failure.mismatches.iter().map(|m| m.place().chars().count()).max().unwrap_or(0);
    for mismatch in &failure.mismatches {
        let name = mismatch.place();
        let label = style::pad(&style::quiet(&name), &name, width);
        lines.push(format!(
            "    {label}  expected  {}{}",
            style::good(style::line(&mismatch.expected, LONG)),
            inherited(mismatch)
        ));
        lines.push(format!("    {}  got       {}", " ".repeat(width), style::bad(style::line(&mismatch.found, LONG))));
    }
}

/// The rules that the difference is about, with the values of their clauses.
fn why(lines: &mut Vec<String>, failure: &CaseFailure) {
    for rule in failure.rules.iter().filter_map(|at| failure.explanation.rules.get(*at)) {
        lines.push(format!("    {}  {}", decision::rule_name(&rule.policy, &rule.rule), decision::place(rule)));
        for clause in clauses::lines(rule) {
            lines.push(format!("      {}", clause.line));
            lines.extend(clause.below.map(|below| format!("      {below}")));
        }
    }
    if failure.rules.is_empty() {
        let reason = failure.explanation.decision.reason().into_owned();
        lines.push(format!("    {}", style::quiet(style::line(&reason, WIDTH))));
    }
}

/// `97.4% (150 of 154)`
fn share(share: Share) -> String {
    // Rounded down: only all of it is 100%.
    let tenths = (share.percent() * 10.0).floor() / 10.0;
    let text = format!("{tenths}%");
    let shown = match tenths {
        p if p >= 100.0 => style::good(text),
        p if p >= 80.0 => style::careful(text),
        _ => style::bad(text),
    };
    format!("{shown} {}", style::quiet(format!("({} of {})", share.seen, share.of)))
}

fn coverage(lines: &mut Vec<String>, coverage: &Coverage) {
    for document in &coverage.documents {
        let mut open: Vec<String> = Vec::new();
        for site in &document.sites {
            let figures = site.figures();
            let never = figures.rules.of > 0 && figures.rules.seen == 0;
            let missing: Vec<_> = site.clauses.iter().filter_map(|c| Some((c, c.missing()?))).collect();
            if !never && missing.is_empty() {
                continue;
            }
            let line = site.span.line_and_column(&document.text).0;
            let what = if never { format!("  {}", style::bad("never matches")) } else { String::new() };
            let name = format!("{} {}", site.site.name(), style::name(&site.name));
            open.push(format!("  {} {name}{what}", style::quiet(format!("{line:>4}"))));
            for (clause, missing) in missing {
                let text = style::line(&clause.text, WIDTH);
                let grade = if clause.seen() < 2 { style::bad(missing) } else { style::careful(missing) };
                open.push(format!("         {text}  {grade}"));
            }
        }
        if !open.is_empty() {
            lines.push(format!("{}  {}", style::name(&document.id), style::quiet(&document.origin)));
            lines.append(&mut open);
            lines.push(String::new());
        }
    }
    let figures = coverage.figures();
    lines.push(format!("coverage   rules matched           {}", share(figures.rules)));
    lines.push(format!("           values of clauses seen  {}", share(figures.clauses)));
    lines.push(format!("           values deciding alone   {}", share(figures.alone)));
}

fn mutation(lines: &mut Vec<String>, mutation: &Mutation) {
    for mutant in mutation.survivors() {
        survivor(lines, mutant);
    }
    let equivalent = mutation.mutants.iter().filter(|(_, fate)| matches!(fate, Fate::Equivalent(_))).count();
    let proved = match equivalent {
        0 => String::new(),
        n => style::quiet(format!(", {n} proved to change nothing")),
    };
    lines.push(format!("mutation   changes noticed         {}{proved}", share(mutation.score())));
}

/// A change that no case notices, as a difference.
fn survivor(lines: &mut Vec<String>, mutant: &Mutant) {
    let (line, column) = mutant.span.line_and_column(&mutant.text);
    let place = style::quiet(format!("{}:{line}:{column}", mutant.origin));
    lines.push(format!(
        "{} {}: {}  {place}",
        style::careful("◆"),
        mutant.subject,
        style::line(&mutant.description, WIDTH)
    ));
    if !mutant.before.is_empty() {
        lines.push(format!("    {}", style::bad(format!("- {}", style::line(&mutant.before, WIDTH)))));
    }
    if !mutant.after.trim().is_empty() {
        lines.push(format!("    {}", style::good(format!("+ {}", style::line(&mutant.after, WIDTH)))));
    }
    lines.push(String::new());
}
