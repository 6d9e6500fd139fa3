//! The ways in which a rule has an effect: its condition is true or fails, and an exception suspends it or not.

use llm_policy_engine::Effect;
use llm_policy_engine::compile::rules::{ActionEffect, CompiledDocument, CompiledException, CompiledRule};
use llm_policy_engine::document::ActionClass;
use llm_policy_engine::document::model::Combine;

use super::outcomes::Outcomes;
use super::solver::Goal;

/// One way in which a rule decides.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// When.
    pub(crate) goals: Vec<Goal>,
    /// What.
    pub(crate) effect: Effect,
    /// Whether the condition fails in it.
    pub(crate) failing: bool,
}

/// The effect of one action, if it decides.
pub(crate) fn effect_of(effect: &ActionEffect) -> Option<Effect> {
    match effect {
        ActionEffect::Allow => Some(Effect::Allow),
        ActionEffect::Deny { .. } => Some(Effect::Deny),
        ActionEffect::Throttle { .. } => Some(Effect::Throttle),
        ActionEffect::RequireApproval { .. } => Some(Effect::RequireApproval),
        _ => None,
    }
}

/// What a rule decides when its condition is true.
pub(crate) fn decides(rule: &CompiledRule) -> Option<Effect> {
    rule.actions.iter().filter_map(|action| effect_of(&action.effect)).max()
}

/// What a rule decides when its condition fails: only what restricts counts.
pub(crate) fn decides_on_error(rule: &CompiledRule) -> Option<Effect> {
    let restricts = rule.actions.iter().filter(|action| action.class == ActionClass::Restricts);
    restricts.filter_map(|action| effect_of(&action.effect)).max()
}

/// The exceptions of a rule that are not over.
pub(crate) fn live(rule: &CompiledRule, now: jiff::Timestamp) -> impl Iterator<Item = &CompiledException> {
    let counts = rule.classes.restricts;
    rule.exceptions.iter().filter(move |e| counts && e.expires.is_none_or(|at| now.as_second() < at))
}

/// All ways in which `rule` decides something. What is left out is only what certainly does not happen.
pub(crate) fn scenarios(rule: &CompiledRule, now: jiff::Timestamp) -> Vec<Scenario> {
    let mut out = Vec::new();
    // One that is over one day may be on or off.
    let off: Vec<Goal> = live(rule, now)
        .filter(|exception| exception.expires.is_none())
        .map(|exception| Goal::Is(exception.condition, Outcomes::NOT_TRUE))
        .collect();
    let mut add = |outcome: Outcomes, mut goals: Vec<Goal>, effect: Option<Effect>| {
        if let Some(effect) = effect {
            goals.push(Goal::Is(rule.condition, outcome));
            out.push(Scenario { goals, effect, failing: outcome == Outcomes::ERROR });
        }
    };
    add(Outcomes::TRUE, off.clone(), decides(rule));
    add(Outcomes::ERROR, off, decides_on_error(rule));
    if rule.classes.permits && rule.classes.restricts {
        let on = live(rule, now).map(|e| vec![Goal::Is(e.condition, Outcomes::TRUE)]).collect::<Vec<_>>();
        if !on.is_empty() {
            add(Outcomes::TRUE, vec![Goal::any(on)], Some(Effect::Allow));
        }
    }
    out
}

/// The goal that `other` does not override a rule of `document` which decides `effect` and ranks behind it or not.
/// `None`: it never does.
pub(crate) fn not_overridden_by(
    other: &CompiledRule,
    other_document: &CompiledDocument,
    same_document: bool,
    ranks_before: bool,
    effect: Effect,
    now: jiff::Timestamp,
) -> Option<Goal> {
    // What is throttled or approved for several reasons is throttled by the longest, and asked of all.
    let ties = matches!(effect, Effect::Deny | Effect::Allow);
    let overrides = |with: Option<Effect>| {
        with.is_some_and(|with| match (other_document.combine, same_document) {
            (Combine::DenyOverrides, _) => with > effect || with == effect && ranks_before && ties,
            (Combine::FirstMatch, true) => ranks_before && (with != effect || ties),
            // Another rule of that document may decide first.
            (Combine::FirstMatch, false) => false,
        })
    };
    let mut outcomes = Outcomes::NONE;
    if overrides(decides(other)) {
        outcomes = outcomes | Outcomes::TRUE;
    }
    if overrides(decides_on_error(other)) && !other_document.fail_open {
        outcomes = outcomes | Outcomes::ERROR;
    }
    if outcomes.is_empty() {
        return None;
    }
    let misses = Goal::Is(other.condition, outcomes.others());
    let suspended: Vec<Vec<Goal>> =
        live(other, now).map(|exception| vec![Goal::Is(exception.condition, Outcomes::TRUE)]).collect();
    Some(match suspended.is_empty() {
        true => misses,
        false => Goal::any([vec![vec![misses]], suspended].concat()),
    })
}
