//! Making a decision from what matched.

use std::sync::Arc;

use llm_policy_cel::error::{Error, ErrorKind};
use llm_policy_cel::eval::Truth;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;
use serde_json::{Value as Json, json};
use smallvec::SmallVec;

use super::combine::{Origin, Verdict};
use super::render::{self, Rendered};
use super::run::{Outcome, Pass};
use crate::compile::functions::variant_of;
use crate::compile::rules::{ActionEffect, Clause, CompiledAction, CompiledException, CompiledRule, Text};
use crate::decision::{
    Decision, Effect, MAX_ERRORS, Matched, Obligation, Route, RuleError, Shadow, Suppressed, Warning,
};
use crate::detection::{Evidence, evidence};
use crate::document::ActionClass;
use crate::document::detectors::Opaque;
use crate::handles::Handles;

/// A `set` or `route` whose values are worked out already.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    pub(crate) rule: u32,
    pub(crate) action: u16,
    pub(crate) params: Json,
}

/// What the decision hands out, as it is put together.
#[derive(Default)]
struct Parts {
    matched: SmallVec<[Matched; 12]>,
    obligations: SmallVec<[Obligation; 4]>,
    warnings: SmallVec<[Warning; 2]>,
    suppressed: Vec<Suppressed>,
    retry_after_ms: Option<u64>,
    /// The first mandatory action that the host has not declared.
    unhandled: Option<(u32, u16)>,
}

impl Pass<'_, '_> {
    /// The decision that `verdict` and the outcomes make. `applied` has what was rewritten.
    pub(crate) fn decision(
        &self,
        outcomes: &[Outcome],
        verdict: Verdict,
        shadow: Option<Verdict>,
        applied: &[Applied],
        handles: Handles,
    ) -> Decision {
        let (mut verdict, mut shadow) = (verdict, shadow);
        let unhandled = |parts: &Parts, verdict: Verdict| match parts.unhandled {
            Some((rule, action)) if verdict.effect != Effect::Deny => {
                Some(Verdict { effect: Effect::Deny, origin: Origin::Unhandled(rule, action) })
            }
            _ => None,
        };
        let mut parts = self.parts(outcomes, verdict, applied, handles, false);
        if let Some(denied) = unhandled(&parts, verdict) {
            verdict = denied;
            parts = self.parts(outcomes, verdict, applied, handles, false);
        }
        if let Some(verdict) = shadow {
            // With the rules in shadow in force, their mandatory actions want a host too.
            let parts = self.parts(outcomes, verdict, applied, handles, true);
            shadow = Some(unhandled(&parts, verdict).unwrap_or(verdict));
        }
        let (errors, error_count) = self.errors(outcomes);
        let (evidence, evidence_count) = evidence::of(self, outcomes);
        let route = if verdict.effect == Effect::Deny { None } else { route_of(applied) };
        Decision {
            compiled: self.compiled.clone(),
            stage: self.stage,
            verdict,
            reason: self.reason(verdict),
            public_message: self.public_message(verdict),
            matched: parts.matched,
            obligations: parts.obligations,
            warnings: parts.warnings,
            suppressed: parts.suppressed,
            route,
            retry_after_ms: parts.retry_after_ms,
            shadow: shadow.map(|verdict| Box::new(Shadow { verdict, reason: self.reason(verdict) })),
            facts: self.missing_facts(outcomes),
            errors,
            error_count,
            rewritten: false,
            limited: None,
            evidence,
            evidence_count,
        }
    }

    /// The facts that are absent and that might make a rule which failed, or what a rule hands out, come out otherwise.
    fn missing_facts(&self, outcomes: &[Outcome]) -> Vec<u32> {
        let slots = self.evaluator.slots();
        let absent = |slot: &&u32| matches!(slots.get(**slot as usize), Some(Slot::Absent) | None);
        let mut facts = Vec::new();
        for outcome in outcomes {
            let Some(rule) = self.compiled.rules.get(outcome.rule as usize) else { continue };
            if outcome.error.is_some() || outcome.exception_error.is_some() {
                facts.extend(rule.facts.iter().filter(absent));
            }
            for action in rule.actions.iter().filter(|action| self.applies(rule, action, outcome)) {
                facts.extend(action.facts.iter().filter(absent));
            }
        }
        facts
    }

    /// What is handed out under `verdict`; with `shadow`, by the rules in shadow as well.
    fn parts(
        &self,
        outcomes: &[Outcome],
        verdict: Verdict,
        applied: &[Applied],
        handles: Handles,
        shadow: bool,
    ) -> Parts {
        let mut parts = Parts::default();
        // What each change changes, and the rule that does.
        let mut claims: Vec<(Arc<str>, u32)> = Vec::new();
        for outcome in outcomes {
            let Some(rule) = self.compiled.rules.get(outcome.rule as usize).filter(|r| shadow || !r.shadow) else {
                continue;
            };
            let mut any = outcome.exception.is_some();
            for (at, action) in rule.actions.iter().enumerate() {
                if !self.applies(rule, action, outcome) {
                    continue;
                }
                any = true;
                let at = u16::try_from(at).unwrap_or(u16::MAX);
                if !survives(action, verdict.effect) {
                    continue;
                }
                // Each action's texts have a budget of their own, whatever the rules have used.
                self.evaluator.refuel(self.compiled.options.rule_fuel);
                match &action.effect {
                    ActionEffect::Allow | ActionEffect::Deny { .. } => continue,
                    ActionEffect::Warn(text) => {
                        parts.warnings.push(Warning { rule: outcome.rule, text: render::text(self.evaluator, text) });
                        continue;
                    }
                    ActionEffect::Throttle { delay_ms, .. } => {
                        parts.retry_after_ms = Some(parts.retry_after_ms.unwrap_or(0).max(*delay_ms));
                    }
                    _ => {}
                }
                if !self.claim(&mut claims, &mut parts.suppressed, action, outcome.rule, at) {
                    continue;
                }
                if action.mandatory && !handles.contains(action.name) && parts.unhandled.is_none() {
                    parts.unhandled = Some((outcome.rule, at));
                }
                let params = self.params(action, outcome.rule, at, applied);
                parts.obligations.push(Obligation { rule: outcome.rule, action: at, params });
            }
            if any {
                parts.matched.push(Matched {
                    rule: outcome.rule,
                    failed: outcome.error.is_some(),
                    exception: outcome.exception,
                    variant: self.variant(rule),
                });
            }
        }
        parts.warnings.extend(self.unreadable(shadow));
        parts
    }

    /// A warning for each document that wants one where there is content that no detector can read.
    fn unreadable(&self, shadow: bool) -> Vec<Warning> {
        let opaque = self.compiled.derived.opaque().and_then(|slot| self.evaluator.slots().get(slot as usize));
        if !matches!(opaque, Some(Slot::Present(Val::List(parts))) if !parts.is_empty()) {
            return Vec::new();
        }
        let mut warned: Vec<u32> = Vec::new();
        let mut warnings = Vec::new();
        for number in &self.compiled.stage(self.stage).rules {
            let Some(rule) = self.compiled.rules.get(*number as usize) else { continue };
            let Some(document) = self.compiled.documents.get(rule.document as usize) else { continue };
            let detector = self.compiled.detectors.get(document.detector as usize);
            let warns = detector.is_some_and(|detector| detector.opaque() == Opaque::Warn);
            if !(warns && rule.detects && (shadow || !rule.shadow)) || warned.contains(&rule.document) {
                continue;
            }
            warned.push(rule.document);
            self.evaluator.refuel(self.compiled.options.rule_fuel);
            if document.target.is_none_or(|target| self.evaluator.truth(target) != Truth::False) {
                let text = "there is content that no detector can read, see `opaque`";
                warnings.push(Warning { rule: *number, text: Rendered::Fixed(text.into()) });
            }
        }
        warnings
    }

    /// Takes the targets of a change; those that a rule of higher rank has taken are suppressed. False: all are.
    fn claim(
        &self,
        claims: &mut Vec<(Arc<str>, u32)>,
        suppressed: &mut Vec<Suppressed>,
        action: &CompiledAction,
        rule: u32,
        at: u16,
    ) -> bool {
        let mut take = |target: Arc<str>| match claims.iter().find(|(t, _)| *t == target) {
            Some((_, by)) => {
                suppressed.push(Suppressed { rule, action: at, target, by: *by });
                false
            }
            None => {
                claims.push((target, rule));
                true
            }
        };
        match &action.effect {
            ActionEffect::Set(values) => values.iter().filter(|(path, _)| take(path.clone())).count() > 0,
            ActionEffect::Route { .. } => take("route".into()),
            _ => true,
        }
    }

    fn params(&self, action: &CompiledAction, rule: u32, at: u16, applied: &[Applied]) -> Option<Box<Json>> {
        if let Some(done) = applied.iter().find(|a| a.rule == rule && a.action == at) {
            return Some(Box::new(done.params.clone()));
        }
        if let (ActionEffect::Redact(redaction), Some(fixed)) = (&action.effect, &action.fixed) {
            let found = evidence::redacted(self, rule, redaction);
            let findings = found.iter().map(Evidence::to_json).collect::<Vec<_>>();
            let mut params = Json::clone(fixed);
            let object = params.as_object_mut().filter(|_| !redaction.detect.is_empty())?;
            object.insert("findings".to_owned(), json!(findings));
            return Some(Box::new(params));
        }
        action.fixed.is_none().then(|| Box::new(render::tree(self.evaluator, &action.params)))
    }

    fn variant(&self, rule: &CompiledRule) -> Option<u16> {
        let (by, share) = rule.rollout.as_ref()?;
        if share.variants.is_empty() {
            return None;
        }
        self.evaluator.refuel(self.compiled.options.rule_fuel);
        let name = variant_of(share, self.evaluator.value(*by).ok()?)?;
        share.variants.iter().position(|v| *v.name.value == *name).and_then(|at| u16::try_from(at).ok())
    }

    /// The text of the action that decides; `None`: the decision says it in words of its own.
    pub(super) fn reason(&self, verdict: Verdict) -> Option<Rendered> {
        match verdict.origin {
            Origin::Rule(_) | Origin::Limit(..) | Origin::Breaker(_) => self.text_of(verdict, |effect| match effect {
                ActionEffect::Deny { reason, .. }
                | ActionEffect::Throttle { reason, .. }
                | ActionEffect::RequireApproval { reason } => reason.as_ref(),
                _ => None,
            }),
            Origin::Fallback(document) => {
                let fallback = self.compiled.documents.get(document as usize)?.fallback.as_ref()?;
                fallback.reason.clone().map(Rendered::Fixed)
            }
            _ => None,
        }
    }

    fn public_message(&self, verdict: Verdict) -> Option<Rendered> {
        self.text_of(verdict, |effect| match effect {
            ActionEffect::Deny { public_message, .. } => public_message.as_ref(),
            _ => None,
        })
    }

    fn text_of(&self, verdict: Verdict, pick: impl Fn(&ActionEffect) -> Option<&Text>) -> Option<Rendered> {
        let actions = match verdict.origin {
            Origin::Rule(rule) => &*self.compiled.rules.get(rule as usize)?.actions,
            origin => std::slice::from_ref(self.step_action(origin)?),
        };
        let decides = |effect: &&ActionEffect| match effect {
            ActionEffect::Allow => verdict.effect == Effect::Allow,
            ActionEffect::Deny { .. } => verdict.effect == Effect::Deny,
            ActionEffect::Throttle { .. } => verdict.effect == Effect::Throttle,
            ActionEffect::RequireApproval { .. } => verdict.effect == Effect::RequireApproval,
            _ => false,
        };
        let text = actions.iter().map(|a| &a.effect).filter(decides).find_map(pick)?;
        if matches!(text, Text::Parts(_)) {
            self.evaluator.refuel(self.compiled.options.rule_fuel);
        }
        Some(render::text(self.evaluator, text))
    }

    /// The errors of all rules, one for each field that is absent or of another type.
    fn errors(&self, outcomes: &[Outcome]) -> (Vec<RuleError>, usize) {
        let mut errors: Vec<RuleError> = Vec::new();
        let mut missing: Vec<u32> = Vec::new();
        let mut count = 0;
        for outcome in outcomes {
            let Some(rule) = self.compiled.rules.get(outcome.rule as usize) else { continue };
            let own = outcome.error.map(|error| (None, error));
            let exception = outcome.exception_error.map(|(at, error)| (rule.exceptions.get(usize::from(at)), error));
            for (exception, error) in own.into_iter().chain(exception) {
                if let ErrorKind::MissingInput(slot) | ErrorKind::MistypedInput(slot) = error.kind {
                    if missing.contains(&slot) {
                        continue;
                    }
                    missing.push(slot);
                }
                count += 1;
                if errors.len() < MAX_ERRORS {
                    errors.push(self.rule_error(rule, error, exception));
                }
            }
        }
        (errors, count)
    }

    fn rule_error(&self, rule: &CompiledRule, error: Error, exception: Option<&CompiledException>) -> RuleError {
        let path = self.compiled.slot_of(error).cloned();
        let policy = self.compiled.documents.get(rule.document as usize).map(|d| d.id.clone());
        RuleError {
            policy: policy.unwrap_or_else(|| "".into()),
            rule: rule.id.clone(),
            limit: None,
            breaker: None,
            exception: exception.map(|e| e.id.clone()),
            clause: if exception.is_some() { None } else { self.failing_clause(rule, error) },
            path,
            cause: error.to_string(),
        }
    }

    /// The clause of a rule's condition that fails with `error`.
    fn failing_clause(&self, rule: &CompiledRule, error: Error) -> Option<String> {
        let source = self.compiled.documents.get(rule.document as usize)?;
        self.evaluator.refuel(self.compiled.options.rule_fuel);
        let fails = |node| self.evaluator.truth(node) == Truth::Error && self.evaluator.error() == error;
        let Clause { span, .. } = rule.clauses.iter().find(|clause| fails(clause.node))?;
        source.text.get(span.start as usize..span.end as usize).map(|text| text.trim().to_owned())
    }
}

/// Whether an action is still asked for when this is decided.
fn survives(action: &CompiledAction, effect: Effect) -> bool {
    match action.class {
        ActionClass::Permits => false,
        ActionClass::Restricts => match action.effect {
            ActionEffect::Throttle { .. } => effect == Effect::Throttle,
            ActionEffect::RequireApproval { .. } => effect == Effect::RequireApproval,
            _ => false,
        },
        // What is approved later is changed then; what is refused is not sent at all.
        ActionClass::Changes => matches!(effect, Effect::Allow | Effect::RequireApproval),
        ActionClass::Advises | ActionClass::Records | ActionClass::Custom => true,
    }
}

fn route_of(applied: &[Applied]) -> Option<Route> {
    let params = applied.iter().find(|a| a.params.get("model").is_some() || a.params.get("provider").is_some())?;
    let text = |name: &str| params.params.get(name).and_then(Json::as_str).map(Into::into);
    Some(Route { model: text("model"), provider: text("provider") })
}

/// The parameters of a route that was chosen.
pub(crate) fn chosen(model: Option<&str>, provider: Option<&str>) -> Json {
    let mut params = serde_json::Map::new();
    for (name, value) in [("model", model), ("provider", provider)] {
        if let Some(value) = value {
            params.insert(name.to_owned(), json!(value));
        }
    }
    Json::Object(params)
}
