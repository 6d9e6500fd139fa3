//! What matching rules decide together: first within each document, then between documents.

use llm_policy_cel::eval::Truth;

use super::run::{Outcome, Pass};
use crate::compile::rules::{ActionEffect, CompiledAction, CompiledRule};
use crate::decision::Effect;
use crate::document::ActionClass;
use crate::document::model::{Combine, DefaultAction};

/// What one document decides.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DocumentState {
    effect: Option<Effect>,
    rule: u32,
}

/// What is decided, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The effect.
    pub(crate) effect: Effect,
    /// Who says so.
    pub(crate) origin: Origin,
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A rule.
    Rule(u32),
    /// A document's default.
    Default(u32),
    /// A document's fallback.
    Fallback(u32),
    /// Nobody: no document decides.
    NoPolicy,
    /// The bound on all rules together.
    OutOfFuel,
    /// A change that another rule would change again.
    SecondChange(u32),
    /// A value of `set` or `route` could not be worked out.
    ChangeFailed(u32),
    /// No candidate of a route passes.
    NoRoute(u32),
    /// An action that nobody carries out.
    Unhandled(u32, u16),
    /// A step of a limit, by the limit's number and its own.
    Limit(u32, u16),
    /// A limit that lets a principal have no more open reservations.
    LimitOpen(u32),
    /// A hard limit whose key, amount or cost could not be worked out.
    LimitFailed(u32),
    /// A hard limit whose store could not be asked.
    LimitLost(u32),
    /// A breaker that lets nothing through.
    Breaker(u32),
    /// A breaker whose key could not be worked out.
    BreakerFailed(u32),
    /// No model that a step of a limit, or a breaker, routes to passes.
    NoStepRoute(Gate),
    /// An action of a limit's step, or of a breaker, that nobody carries out.
    UnhandledStep(Gate, &'static str),
}

/// What is asked when all documents allow, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// A limit.
    Limit(u32),
    /// A circuit breaker.
    Breaker(u32),
}

impl Origin {
    /// The limit or the breaker that decides.
    pub(crate) const fn gate(self) -> Option<Gate> {
        match self {
            Self::Limit(limit, _) | Self::LimitOpen(limit) | Self::LimitFailed(limit) | Self::LimitLost(limit) => {
                Some(Gate::Limit(limit))
            }
            Self::Breaker(breaker) | Self::BreakerFailed(breaker) => Some(Gate::Breaker(breaker)),
            Self::NoStepRoute(gate) | Self::UnhandledStep(gate, _) => Some(gate),
            _ => None,
        }
    }

    /// The limit that decides.
    pub(crate) const fn limit(self) -> Option<u32> {
        match self.gate() {
            Some(Gate::Limit(limit)) => Some(limit),
            _ => None,
        }
    }
}

impl Pass<'_, '_> {
    /// Whether an action of a rule with this outcome is carried out. An error makes restricting and changing actions and
    /// warnings apply, and the others not; with `fail_open`, an infrastructure error makes nothing apply.
    pub(crate) fn applies(&self, rule: &CompiledRule, action: &CompiledAction, outcome: &Outcome) -> bool {
        if action.class == ActionClass::Restricts && outcome.exception.is_some() {
            return false;
        }
        let Some(error) = outcome.error else { return true };
        if self.is_infrastructure(error) && self.fails_open(rule) {
            return false;
        }
        match action.class {
            ActionClass::Restricts | ActionClass::Changes => true,
            ActionClass::Advises => matches!(action.effect, ActionEffect::Warn(_)),
            ActionClass::Custom => action.mandatory,
            ActionClass::Permits | ActionClass::Records => false,
        }
    }

    fn fails_open(&self, rule: &CompiledRule) -> bool {
        self.compiled.documents.get(rule.document as usize).is_some_and(|d| d.fail_open)
    }

    /// The strongest effect of a rule with this outcome.
    fn effect_of(&self, rule: &CompiledRule, outcome: &Outcome) -> Option<Effect> {
        if !(rule.classes.permits || rule.classes.restricts) {
            return None;
        }
        rule.actions
            .iter()
            .filter(|action| self.applies(rule, action, outcome))
            .filter_map(|action| match action.effect {
                ActionEffect::Allow => Some(Effect::Allow),
                ActionEffect::Deny { .. } => Some(Effect::Deny),
                ActionEffect::Throttle { .. } => Some(Effect::Throttle),
                ActionEffect::RequireApproval { .. } => Some(Effect::RequireApproval),
                _ => None,
            })
            .max()
    }

    /// What is decided. With `shadow`, rules and documents in shadow count as if they were in force.
    pub(crate) fn verdict(
        &self,
        outcomes: &[Outcome],
        documents: &mut Vec<DocumentState>,
        complete: bool,
        shadow: bool,
    ) -> Verdict {
        if !complete {
            return Verdict { effect: Effect::Deny, origin: Origin::OutOfFuel };
        }
        documents.clear();
        documents.resize(self.compiled.documents.len(), DocumentState::default());
        let mut best: Option<Verdict> = None;
        for outcome in outcomes {
            let Some(rule) = self.compiled.rules.get(outcome.rule as usize) else { continue };
            if rule.shadow && !shadow {
                continue;
            }
            let Some(effect) = self.effect_of(rule, outcome) else { continue };
            let number = rule.document as usize;
            let (Some(state), Some(document)) = (documents.get_mut(number), self.compiled.documents.get(number)) else {
                continue;
            };
            let stronger = match document.combine {
                Combine::DenyOverrides => state.effect.is_none_or(|known| effect > known),
                Combine::FirstMatch => state.effect.is_none(),
            };
            if stronger {
                *state = DocumentState { effect: Some(effect), rule: outcome.rule };
            }
        }
        // Outcomes stand by rank, so of equally strong effects the first one met gives the reason.
        for outcome in outcomes {
            let Some(rule) = self.compiled.rules.get(outcome.rule as usize) else { continue };
            let Some(state) = documents.get(rule.document as usize).filter(|s| s.rule == outcome.rule) else {
                continue;
            };
            if let Some(effect) = state.effect {
                strongest(&mut best, Verdict { effect, origin: Origin::Rule(outcome.rule) });
            }
        }
        for number in &self.compiled.stage(self.stage).defaults {
            let decided = documents.get(*number as usize).is_some_and(|s| s.effect.is_some());
            if let Some(verdict) = self.default_of(*number, decided, shadow) {
                strongest(&mut best, verdict);
            }
        }
        best.unwrap_or(Verdict {
            effect: if self.compiled.options.allow_without_policy { Effect::Allow } else { Effect::Deny },
            origin: Origin::NoPolicy,
        })
    }

    /// What a document decides when none of its rules does, or when its target fails.
    fn default_of(&self, number: u32, decided: bool, shadow: bool) -> Option<Verdict> {
        let document = self.compiled.documents.get(number as usize)?;
        if (document.shadow && !shadow) || (decided && document.fallback.is_none()) {
            return None;
        }
        let target = document.target.map_or(Truth::True, |target| {
            self.evaluator.refuel(self.compiled.options.rule_fuel);
            self.evaluator.truth(target)
        });
        let effect = |action| match action {
            DefaultAction::Allow => Effect::Allow,
            DefaultAction::Deny => Effect::Deny,
        };
        if target == Truth::Error
            && let Some(fallback) = &document.fallback
        {
            return Some(Verdict { effect: effect(fallback.action), origin: Origin::Fallback(number) });
        }
        let action = document.default_action.filter(|_| !decided)?;
        match (target, action) {
            (Truth::True, _) | (Truth::Error, DefaultAction::Deny) => {
                Some(Verdict { effect: effect(action), origin: Origin::Default(number) })
            }
            _ => None,
        }
    }

    /// The verdict with all that is in shadow in force, when anything in shadow has a say.
    pub(crate) fn shadow(
        &self,
        outcomes: &[Outcome],
        documents: &mut Vec<DocumentState>,
        complete: bool,
    ) -> Option<Verdict> {
        self.compiled.stage(self.stage).shadows.then(|| self.verdict(outcomes, documents, complete, true))
    }
}

fn strongest(best: &mut Option<Verdict>, verdict: Verdict) {
    if best.is_none_or(|known| verdict.effect > known.effect) {
        *best = Some(verdict);
    }
}
