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

/// A rule that may override another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rival<'r> {
    pub(crate) rule: &'r CompiledRule,
    pub(crate) document: &'r CompiledDocument,
    /// Whether it stands in the same document as the other.
    pub(crate) same_document: bool,
    /// Whether it ranks before the other.
    pub(crate) ranks_before: bool,
    /// The rules of its document that rank before it, with whether they rank before the other.
    pub(crate) leaders: &'r [(&'r CompiledRule, bool)],
}

/// Whether, between documents or where the strongest effect wins, `with` wins over `effect`.
fn wins(with: Effect, effect: Effect, ranks_before: bool) -> bool {
    with > effect || with == effect && ranks_before && alone_counts(effect)
}

/// Whether of several rules with this effect one gives the decision. What is throttled or approved for several reasons is
/// throttled by the longest, and asked of all.
fn alone_counts(effect: Effect) -> bool {
    matches!(effect, Effect::Deny | Effect::Allow)
}

/// All effects that a rule may decide.
fn effects(rule: &CompiledRule) -> impl Iterator<Item = Effect> {
    rule.actions.iter().filter_map(|action| effect_of(&action.effect))
}

/// The goal that `rival` does not override a rule that decides `effect`. `None`: it never does.
pub(crate) fn not_overridden_by(rival: Rival<'_>, effect: Effect, now: jiff::Timestamp) -> Option<Goal> {
    let Rival { rule, document, same_document, ranks_before, leaders } = rival;
    // In another document that decides by the first match, a rule before this one may decide something weaker.
    let leads = || leaders.iter().all(|(leader, before)| effects(leader).all(|with| wins(with, effect, *before)));
    let overrides = |with: Option<Effect>| {
        with.is_some_and(|with| match (document.combine, same_document) {
            (Combine::DenyOverrides, _) => wins(with, effect, ranks_before),
            (Combine::FirstMatch, true) => ranks_before && (with != effect || alone_counts(effect)),
            (Combine::FirstMatch, false) => wins(with, effect, ranks_before) && leads(),
        })
    };
    let mut outcomes = Outcomes::NONE;
    if overrides(decides(rule)) {
        outcomes = outcomes | Outcomes::TRUE;
    }
    if overrides(decides_on_error(rule)) && !document.fail_open {
        outcomes = outcomes | Outcomes::ERROR;
    }
    if outcomes.is_empty() {
        return None;
    }
    let misses = Goal::Is(rule.condition, outcomes.others());
    let suspended: Vec<Vec<Goal>> =
        live(rule, now).map(|exception| vec![Goal::Is(exception.condition, Outcomes::TRUE)]).collect();
    Some(match suspended.is_empty() {
        true => misses,
        false => Goal::any([vec![vec![misses]], suspended].concat()),
    })
}
