//! Exceptions that do nothing: they are over, they never match, or there is nothing that they suspend.

use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::diagnostic::Diagnostic;

use super::outcomes::Outcomes;
use super::rules::listed;
use super::solver::Goal;
use super::{Bench, Weight};

pub(super) fn look(bench: &mut Bench<'_>) {
    let (documents, now) = (bench.documents, bench.options.now);
    for document in documents {
        let id = document.id();
        for exception in document.exceptions.iter().filter(|exception| exception.enabled) {
            let name = &exception.id.value;
            if let Some(at) = exception.expires.as_ref().filter(|at| at.value <= now) {
                let message = format!("the exception `{name}` is over: it expired at {}", at.value);
                let diagnostic = Diagnostic::warning("expired-exception", message, at.span)
                    .with_help("delete it, or give it another `expires`");
                bench.claim_in(document, Weight::Warning, diagnostic);
                continue;
            }
            let of_document = |rule: &&CompiledRule| {
                bench.compiled.documents.get(rule.document as usize).is_some_and(|d| *d.id == *id)
            };
            let named: Vec<&CompiledRule> = bench
                .compiled
                .rules
                .iter()
                .filter(of_document)
                .filter(|rule| exception.rules.iter().any(|r| r.value == rule.id))
                .collect();
            let node = named.iter().flat_map(|rule| &rule.exceptions).find(|e| e.id == *name).map(|e| e.condition);
            if let Some(node) = node
                && bench.never(&[Goal::Is(node, Outcomes::TRUE)])
            {
                let message = format!("the exception `{name}` never matches");
                let diagnostic = Diagnostic::warning("never-matches", message, exception.condition.span)
                    .with_help("mend its condition, or delete it");
                bench.claim_in(document, Weight::Warning, diagnostic);
            }
            let harmless: Vec<String> =
                named.iter().filter(|rule| !rule.classes.restricts).map(|rule| format!("`{}`", rule.id)).collect();
            if !harmless.is_empty() && harmless.len() == named.len() {
                let message = format!(
                    "the exception `{name}` suspends nothing: {} neither denies nor throttles nor asks for approval",
                    listed(&harmless)
                );
                let diagnostic = Diagnostic::warning("exception-without-effect", message, exception.id.span)
                    .with_help("an exception suspends these actions only");
                bench.claim_in(document, Weight::Warning, diagnostic);
            }
        }
    }
}
