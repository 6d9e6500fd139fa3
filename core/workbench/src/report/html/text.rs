//! The text of a document, line by line, with its clauses and names coloured.

use std::fmt::Write;

use llm_policy_engine::cel::ast::Span;

use crate::coverage::{ClauseCoverage, Count, DocumentCoverage, Site, SiteCoverage};
use crate::markup::escaped;
use crate::mutation::Mutant;

/// A coloured part of the text.
struct Mark {
    start: usize,
    end: usize,
    grade: &'static str,
    title: String,
}

pub(super) fn coloured(out: &mut String, number: usize, document: &DocumentCoverage, mutants: &[&Mutant]) {
    let marks = marks(document);
    let text = &*document.text;
    let line_of = |span: Span| span.line_and_column(text).0;
    let survived: Vec<usize> = mutants.iter().map(|mutant| line_of(mutant.span)).collect();
    out.push_str("<div class=\"wide\"><table class=\"text\"><tbody>\n");
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let (start, shown) = (at, line.trim_end_matches(['\n', '\r']));
        at += line.len();
        let line_number = index + 1;
        let here = document
            .sites
            .iter()
            .find(|site| matches!(site.site, Site::Rule | Site::Exception) && line_of(site.span) == line_number);
        let hits = here.map(|site| site.count.yes);
        let hits_class = match hits {
            Some(0) => " class=\"none\"",
            Some(_) => " class=\"full\"",
            None => "",
        };
        let flag = match survived.iter().filter(|line| **line == line_number).count() {
            0 => String::new(),
            1 => "<i title=\"a change here is not noticed\">◆</i>".to_owned(),
            n => format!("<i title=\"{n} changes here are not noticed\">◆</i>"),
        };
        let hits = hits.map(|hits| format!("{hits}×")).unwrap_or_default();
        let _ = write!(
            out,
            "<tr id=\"d{number}l{line_number}\"><td>{line_number}</td><td{hits_class}>{hits}{flag}</td><td>"
        );
        self::line(out, shown, start, &marks);
        out.push_str("</td></tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

/// One line: marks that go over several lines are cut into lines.
fn line(out: &mut String, shown: &str, start: usize, marks: &[Mark]) {
    let end = start + shown.len();
    let mut at = start;
    let piece = |from: usize, to: usize| shown.get(from - start..to - start).unwrap_or_default();
    for mark in marks.iter().filter(|mark| mark.start < end && mark.end > start) {
        let (from, to) = (mark.start.max(at), mark.end.min(end));
        if from >= to {
            continue;
        }
        // White space at the beginning of a line is not coloured.
        let inner = piece(from, to);
        let from = from + (inner.len() - inner.trim_start().len());
        if from >= to {
            continue;
        }
        out.push_str(&escaped(piece(at, from)));
        let (grade, title) = (mark.grade, escaped(&mark.title));
        let _ = write!(out, "<span class=\"{grade}\" title=\"{title}\">{}</span>", escaped(piece(from, to)));
        at = to;
    }
    out.push_str(&escaped(piece(at, end)));
}

/// Clauses and names, by place, none over another.
fn marks(document: &DocumentCoverage) -> Vec<Mark> {
    let mut all: Vec<Mark> = Vec::new();
    for site in &document.sites {
        if matches!(site.site, Site::Rule | Site::Exception) {
            all.push(mark(site.span, if site.count.yes > 0 { "full" } else { "none" }, name_title(site)));
        }
        all.extend(site.clauses.iter().map(|clause| mark(clause.span, grade(clause), clause_title(clause))));
    }
    all.sort_by_key(|mark| (mark.start, std::cmp::Reverse(mark.end)));
    let mut end = 0;
    all.retain(|mark| {
        let free = mark.start >= end;
        if free {
            end = mark.end;
        }
        free
    });
    all
}

fn mark(span: Span, grade: &'static str, title: String) -> Mark {
    Mark { start: span.start as usize, end: span.end as usize, grade, title }
}

fn grade(clause: &ClauseCoverage) -> &'static str {
    match (clause.seen(), clause.decided()) {
        (2, 2) => "full",
        (2, _) => "part",
        _ => "none",
    }
}

fn name_title(site: &SiteCoverage) -> String {
    let Count { yes, no, error } = site.count;
    format!("{} {}: matched {yes}×, did not match {no}×, failed {error}×", site.site.name(), site.name)
}

fn clause_title(clause: &ClauseCoverage) -> String {
    let Count { yes, no, error } = clause.count;
    let Count { yes: alone_yes, no: alone_no, .. } = clause.alone;
    let mut title = format!("true {yes}×, deciding alone {alone_yes}×\nfalse {no}×, deciding alone {alone_no}×");
    if error > 0 {
        let _ = write!(title, "\nwithout a value {error}×");
    }
    if let Some(missing) = clause.missing() {
        let _ = write!(title, "\n{missing}");
    }
    title
}
