//! A page that shows the policies coloured by what the cases exercise. It holds all that it needs.

mod text;

use std::fmt::Write;

use super::{Report, complaints};
use crate::coverage::{Coverage, DocumentCoverage, Share};
use crate::markup::escaped;
use crate::mutation::{Fate, Mutant, Mutation};

const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn page(report: &Report<'_>) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str("<meta name=\"color-scheme\" content=\"light dark\">\n<title>Policy tests</title>\n");
    let _ = write!(out, "<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>Policy tests</h1>\n");
    figures(&mut out, report);
    out.push_str("</header>\n<main>\n");
    failures(&mut out, report);
    if let Some(coverage) = report.coverage {
        overview(&mut out, coverage, report.mutation);
        legend(&mut out);
        for (number, document) in coverage.documents.iter().enumerate() {
            let mutants = report.mutation.map(|m| survivors(m, document)).unwrap_or_default();
            section(&mut out, number, document, &mutants);
        }
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

/// The figures at the head of the page.
fn figures(out: &mut String, report: &Report<'_>) {
    let (all, failed) = (report.results.len(), report.failed());
    out.push_str("<ul class=\"figures\">\n");
    let cases = Share { seen: (all - failed) as u64, of: all as u64 };
    figure(out, "cases passed", cases);
    if let Some(coverage) = report.coverage {
        let figures = coverage.figures();
        figure(out, "rules matched", figures.rules);
        figure(out, "values of clauses seen", figures.clauses);
        figure(out, "values deciding alone", figures.alone);
    }
    if let Some(mutation) = report.mutation {
        figure(out, "changes noticed", mutation.score());
    }
    out.push_str("</ul>\n");
}

fn figure(out: &mut String, label: &str, share: Share) {
    let (shown, grade) = (percent(share), grade(share));
    let _ = writeln!(
        out,
        "<li class=\"{grade}\"><b>{shown}</b> {label} <small>{} of {}</small>{}</li>",
        share.seen,
        share.of,
        bar(share)
    );
}

/// Rounded down, so that only all of it is 100%.
fn percent(share: Share) -> String {
    let tenths = (share.percent() * 10.0).floor() / 10.0;
    if tenths.fract() == 0.0 { format!("{tenths:.0}%") } else { format!("{tenths:.1}%") }
}

fn grade(share: Share) -> &'static str {
    match share.percent() {
        p if p >= 100.0 => "full",
        p if p >= 80.0 => "part",
        _ => "none",
    }
}

fn bar(share: Share) -> String {
    format!("<span class=\"bar\"><span style=\"width:{:.1}%\"></span></span>", share.percent())
}

fn failures(out: &mut String, report: &Report<'_>) {
    let failed: Vec<_> = report.results.iter().filter(|result| !result.passed()).collect();
    if failed.is_empty() {
        return;
    }
    out.push_str("<h2>Cases that failed</h2>\n<ul class=\"failures\">\n");
    for result in failed {
        let (Some(file), Some(case)) =
            (report.suite.files.get(result.file), report.suite.case(result.file, result.case))
        else {
            continue;
        };
        let (line, _) = case.span.line_and_column(&file.cases.text);
        let place = format!("{}:{line}", file.cases.origin);
        let _ = writeln!(out, "<li><b>{}</b> <small>{}</small>", escaped(&case.name), escaped(&place));
        for complaint in complaints(&result.outcome) {
            let _ = writeln!(out, "<div>{}</div>", escaped(&complaint));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

/// One line for each document.
fn overview(out: &mut String, coverage: &Coverage, mutation: Option<&Mutation>) {
    out.push_str("<div class=\"wide\"><table>\n<thead><tr><th>policy</th><th>rules</th><th>clauses</th><th>alone</th>");
    out.push_str(if mutation.is_some() {
        "<th>changes</th></tr></thead>\n<tbody>\n"
    } else {
        "</tr></thead>\n<tbody>\n"
    });
    for (number, document) in coverage.documents.iter().enumerate() {
        let figures = document.figures();
        let _ = write!(out, "<tr><td><a href=\"#d{number}\">{}</a></td>", escaped(&document.id));
        let changes = mutation.map(|mutation| share_of(mutation, document));
        for share in [Some(figures.rules), Some(figures.clauses), Some(figures.alone), changes].into_iter().flatten() {
            let _ = write!(out, "<td class=\"{}\">{} {}</td>", grade(share), percent(share), bar(share));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table></div>\n");
}

fn is_of(mutant: &Mutant, document: &DocumentCoverage) -> bool {
    mutant.origin == document.origin && mutant.policy == document.id
}

fn share_of(mutation: &Mutation, document: &DocumentCoverage) -> Share {
    let own = mutation.mutants.iter().filter(|(mutant, _)| is_of(mutant, document));
    Mutation { mutants: own.cloned().collect(), decisions: 0 }.score()
}

fn survivors<'m>(mutation: &'m Mutation, document: &DocumentCoverage) -> Vec<&'m Mutant> {
    let own = mutation.mutants.iter().filter(|(m, fate)| *fate == Fate::Survived && is_of(m, document));
    own.map(|(mutant, _)| mutant).collect()
}

fn legend(out: &mut String) {
    out.push_str("<p class=\"legend\"><span class=\"full\">seen true and false, each deciding alone</span> ");
    out.push_str("<span class=\"part\">seen true and false, but not deciding alone</span> ");
    out.push_str("<span class=\"none\">never true, or never false</span> ");
    out.push_str("<small>Point at a clause for its counts.</small></p>\n");
}

/// One document: its text, and what survived.
fn section(out: &mut String, number: usize, document: &DocumentCoverage, mutants: &[&Mutant]) {
    let (id, origin) = (escaped(&document.id), escaped(&document.origin));
    let _ = writeln!(out, "<section id=\"d{number}\">\n<h2>{id} <small>{origin}</small></h2>");
    if !mutants.is_empty() {
        let many = if mutants.len() == 1 { "one change" } else { "changes" };
        let _ = writeln!(out, "<details open><summary>{} {many} that no case notices</summary>\n<ul>", mutants.len());
        for mutant in mutants {
            let (line, _) = mutant.span.line_and_column(&mutant.text);
            let _ = writeln!(
                out,
                "<li><a href=\"#d{number}l{line}\">{line}</a> {}: {}{}</li>",
                escaped(&mutant.subject),
                escaped(&mutant.description),
                difference(mutant)
            );
        }
        out.push_str("</ul></details>\n");
    }
    text::coloured(out, number, document, mutants);
    out.push_str("</section>\n");
}

fn difference(mutant: &Mutant) -> String {
    let line = |sign: &str, tag: &str, text: &str| match text.trim() {
        "" => String::new(),
        text => format!("<{tag}>{sign} {}</{tag}>", escaped(text)),
    };
    format!("<code>{}{}</code>", line("-", "del", &mutant.before), line("+", "ins", &mutant.after))
}
