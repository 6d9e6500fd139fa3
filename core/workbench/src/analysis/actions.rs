//! Actions of one rule that contradict each other. What two of them decide is compared when a document is loaded.

use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::action::Action;
use llm_policy_engine::document::model::Spanned;

use super::{Bench, Weight};

pub(super) fn look(bench: &mut Bench<'_>) {
    for rule in &bench.compiled.rules {
        let Some(written) = bench.written(rule) else { continue };
        for (at, second) in written.actions.iter().enumerate() {
            for first in written.actions.iter().take(at) {
                if let Some(why) = contradiction(rule, &first.value, &second.value) {
                    claim(bench, rule, second, why);
                }
            }
        }
    }
}

/// Why two actions of a rule, the first one written first, do not go together.
fn contradiction(rule: &CompiledRule, first: &Action, second: &Action) -> Option<String> {
    use Action::{Deny, Redact, Route, Set};
    // An exception takes the restricting actions away, and leaves the others.
    let suspended = !rule.exceptions.is_empty();
    let needless = |a: &Action, b: &Action| matches!((a, b), (Deny(_), Redact(_) | Route(_) | Set(_)));
    if !suspended && (needless(first, second) || needless(second, first)) {
        return Some("what is denied is not sent, so nothing of it is changed".to_owned());
    }
    match (first, second) {
        (Set(a), Set(b)) => {
            let twice = b.iter().find(|value| a.iter().any(|known| known.target.value == value.target.value))?;
            Some(format!("`{}` is set twice, and the first value counts", twice.target.value))
        }
        (Route(_), Route(_)) => Some("the request is routed twice, and the first route counts".to_owned()),
        (Redact(a), Redact(b)) if a.style != b.style && a.detect == b.detect => {
            let twice = b.fields.iter().find(|field| a.fields.iter().any(|known| known.value == field.value))?;
            Some(format!("`{}` is redacted in two styles", twice.value))
        }
        _ => None,
    }
}

fn claim(bench: &mut Bench<'_>, rule: &CompiledRule, action: &Spanned<Action>, why: String) {
    let message = format!("actions of rule `{}` contradict each other: {why}", rule.id);
    let diagnostic = Diagnostic::warning("contradicting-actions", message, action.span)
        .with_help("leave one of them out, or make two rules of it");
    bench.claim(rule, Weight::Warning, diagnostic);
}
