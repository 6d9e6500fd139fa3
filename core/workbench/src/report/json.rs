//! Results for programs.

use llm_policy_engine::cel::ast::Span;
use serde_json::{Value as Json, json};

use super::{Report, complaints};
use crate::coverage::{Count, Coverage, Share};
use crate::mutation::{Fate, Mutation};
use crate::run::CaseOutcome;

/// The results as one object.
#[must_use]
pub fn report(report: &Report<'_>) -> Json {
    let cases = report.results.iter().filter_map(|result| {
        let file = report.suite.files.get(result.file)?;
        let case = report.suite.case(result.file, result.case)?;
        let mut entry = json!({
            "file": &*file.cases.origin,
            "line": case.span.line_and_column(&file.cases.text).0,
            "name": case.name,
            "passed": result.passed(),
        });
        let object = entry.as_object_mut()?;
        match &result.outcome {
            CaseOutcome::Passed => {}
            CaseOutcome::Refused(_) => {
                object.insert("refused".into(), json!(complaints(&result.outcome)));
            }
            CaseOutcome::Failed(failure) => {
                let mismatch = |m: &crate::run::Mismatch| {
                    let line = m.span.line_and_column(&file.cases.text).0;
                    json!({"key": m.place(), "line": line, "expected": m.expected, "found": m.found})
                };
                let mismatches: Vec<Json> = failure.mismatches.iter().map(mismatch).collect();
                object.insert("mismatches".into(), json!(mismatches));
                object.insert("decision".into(), failure.explanation.decision.to_json());
            }
        }
        Some(entry)
    });
    let mut out = json!({
        "passed": report.results.len() - report.failed(),
        "failed": report.failed(),
        "cases": cases.collect::<Vec<_>>(),
    });
    if let Some(object) = out.as_object_mut() {
        object.extend(report.coverage.map(|c| ("coverage".to_owned(), coverage(c))));
        object.extend(report.mutation.map(|m| ("mutation".to_owned(), mutation(m))));
    }
    out
}

fn share(share: Share) -> Json {
    json!({"seen": share.seen, "of": share.of, "percent": share.percent()})
}

fn count(count: Count) -> Json {
    json!({"true": count.yes, "false": count.no, "error": count.error})
}

fn line(span: Span, text: &str) -> usize {
    span.line_and_column(text).0
}

fn coverage(coverage: &Coverage) -> Json {
    let figures = coverage.figures();
    let documents = coverage.documents.iter().map(|document| {
        let sites = document.sites.iter().map(|site| {
            let clauses = site.clauses.iter().map(|clause| {
                json!({
                    "text": &*clause.text,
                    "line": line(clause.span, &document.text),
                    "values": count(clause.count),
                    "alone": {"true": clause.alone.yes, "false": clause.alone.no},
                })
            });
            json!({
                "kind": site.site.name(),
                "name": &*site.name,
                "line": line(site.span, &document.text),
                "values": count(site.count),
                "clauses": clauses.collect::<Vec<_>>(),
            })
        });
        json!({"policy": document.id, "file": &*document.origin, "conditions": sites.collect::<Vec<_>>()})
    });
    json!({
        "rules": share(figures.rules),
        "clauses": share(figures.clauses),
        "alone": share(figures.alone),
        "documents": documents.collect::<Vec<_>>(),
    })
}

fn mutation(mutation: &Mutation) -> Json {
    let mutants = mutation.mutants.iter().filter_map(|(mutant, fate)| {
        let mut entry = json!({
            "policy": mutant.policy,
            "file": &*mutant.origin,
            "line": line(mutant.span, &mutant.text),
            "subject": mutant.subject,
            "operator": mutant.operator,
            "description": mutant.description,
            "before": mutant.before,
            "after": mutant.after,
        });
        let object = entry.as_object_mut()?;
        let (fate, by) = match fate {
            Fate::Killed(file, case) => ("killed", Some(("by", format!("{file} › {case}")))),
            Fate::Survived => ("survived", None),
            Fate::Equivalent(proof) => ("equivalent", Some(("proof", proof.clone()))),
        };
        object.insert("fate".into(), json!(fate));
        object.extend(by.map(|(key, text)| (key.to_owned(), json!(text))));
        Some(entry)
    });
    json!({"score": share(mutation.score()), "decisions": mutation.decisions, "mutants": mutants.collect::<Vec<_>>()})
}
