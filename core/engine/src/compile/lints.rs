//! Rules that are right by the format and yet probably not what was meant.

use llm_policy_cel::diagnostic::Diagnostic;

use crate::document::model::Rule;
use crate::document::{Action, Document};

/// How strong a deciding action is, as decisions combine them; `None` for any other.
const fn strength(action: &Action) -> Option<u8> {
    match action {
        Action::Allow => Some(0),
        Action::Throttle(_) => Some(1),
        Action::RequireApproval(_) => Some(2),
        Action::Deny(_) => Some(3),
        _ => None,
    }
}

/// Deciding actions of `rule` that another one of it always beats.
pub(super) fn contradictions(document: &Document, rule: &Rule) -> Vec<Diagnostic> {
    let deciding = || rule.actions.iter().filter_map(|action| Some((strength(&action.value)?, action)));
    let Some((strongest, winner)) = deciding().max_by_key(|(strength, _)| *strength) else { return Vec::new() };
    let winner = winner.value.name();
    // What an exception suspends leaves the `allow` standing.
    let suspended = document.exceptions.iter().any(|e| e.enabled && e.rules.iter().any(|r| r.value == rule.id.value));
    deciding()
        .filter(|(strength, _)| *strength < strongest && !(*strength == 0 && suspended))
        .map(|(_, loser)| {
            let loser_name = loser.value.name();
            let message = format!("`{winner}` of this rule wins, so its `{loser_name}` decides nothing");
            let help = format!("remove it, or give `{loser_name}` a rule with another condition");
            Diagnostic::warning("contradicting-actions", message, loser.span).with_help(help)
        })
        .collect()
}
