//! Limits that are for no request, and breakers that no call asks.

use llm_policy_engine::diagnostic::Diagnostic;

use super::outcomes::Outcomes;
use super::solver::Goal;
use super::{Bench, Weight};

pub(super) fn look(bench: &mut Bench<'_>) {
    for limit in &bench.compiled.limits.all {
        let Some(document) = bench.documents.get(limit.document as usize) else { continue };
        if bench.never(&[Goal::Is(limit.when, Outcomes::TRUE)]) {
            let message = format!("the limit `{}` is for no request: its `when` is never true", limit.name);
            let diagnostic = Diagnostic::warning("unused-limit", message, limit.span)
                .with_help("mend its `when` or the document's `target`, or delete it");
            bench.claim_in(document, Weight::Warning, diagnostic);
        }
    }
    for breaker in &bench.compiled.breakers.all {
        let Some(document) = bench.documents.get(breaker.document as usize) else { continue };
        if bench.never(&[Goal::Is(breaker.when, Outcomes::TRUE)]) {
            let message = format!("no call asks the breaker `{}`: its `when` is never true", breaker.name);
            let diagnostic = Diagnostic::warning("unused-breaker", message, breaker.span)
                .with_help("mend its `when` or the document's `target`, or delete it");
            bench.claim_in(document, Weight::Warning, diagnostic);
        }
    }
}
