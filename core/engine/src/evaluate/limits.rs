//! Limits of an evaluation: how they stand before conditions are evaluated, and taking from them when all documents allow.

use std::fmt::Write as _;

use llm_policy_cel::error::Error;
use llm_policy_cel::eval::{Evaluator, Scratch, Truth};
use llm_policy_cel::function::Context;
use llm_policy_cel::program::NodeId;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;
use llm_policy_ledger::units::{MAX_UNITS, MICROS, NotUnits, amount_of_double, cost_of_double, units_of_int};
use llm_policy_ledger::{
    Action, Admission, Demand, Digest, Error as LedgerError, Key, Kind, Refusal, Request, ReservationId, Space,
};
use serde_json::json;
use smallvec::SmallVec;

use super::build::chosen;
use super::combine::{Gate, Origin, Verdict};
use super::render::{self, Rendered};
use super::run::Pass;
use super::{Outcome, Question};
use crate::compile::estimates::timestamp;
use crate::compile::limits::{Amount, CompiledLimit, Field, Part};
use crate::compile::pricing::dollars;
use crate::compile::rules::{ActionEffect, CompiledAction};
use crate::compile::slots::value;
use crate::context::Stage;
use crate::decision::limits::{LimitState, Limited, StepObligation};
use crate::decision::{Decision, Effect, Route, RuleError, Shadow};
use crate::document::limit::OnStoreLoss;
use crate::explain::look;
use crate::input::InputError;
use crate::limits::{Books, Hold};

/// How an evaluation treats limits and breakers.
#[derive(Clone, Copy)]
pub(crate) struct Taking<'q> {
    /// Where they are kept.
    pub(crate) books: &'q Books,
    /// Nothing is taken; it is only worked out what would be.
    pub(crate) dry_run: bool,
    /// The id under which it was reserved before, and the digest of what is judged; `None`: a new one.
    pub(crate) id: Option<(ReservationId, Digest)>,
}

/// Values of views, by slot.
pub(crate) type Views = SmallVec<[(u32, Val<'static>); 4]>;

/// A model that a step of a limit, or a breaker, sends the request to.
#[derive(Clone, Debug)]
pub(crate) struct StepRoute {
    pub(crate) by: Gate,
    pub(crate) models: Vec<String>,
    pub(crate) provider: Option<String>,
}

/// How the limits stand that conditions read. What cannot be told is absent.
pub(crate) fn views<'a>(
    question: &Question<'a>,
    slots: &'a [Slot<'a>],
    cx: Context<'a>,
    scratch: &mut Scratch,
) -> Views {
    let compiled = question.compiled;
    let mut views = Views::new();
    let Some(Taking { books, .. }) = question.limits else { return views };
    scratch.prepare(&compiled.program);
    let evaluator = Evaluator::new(&compiled.program, slots, cx, scratch);
    let now = books.time(question.now);
    for limit in compiled.limits.viewed.iter().filter_map(|number| compiled.limits.all.get(*number as usize)) {
        let asker = Asker { evaluator: &evaluator, fuel: compiled.options.rule_fuel };
        let (Ok(key), Ok(amount)) = (asker.key(&limit.key), asker.amount(limit)) else { continue };
        let Ok(view) = books.ledger().view(&limit.definition, &key, amount, now) else { continue };
        let kind = limit.definition.kind();
        let number = |units: u64| match kind {
            Kind::Budget => Val::Double(dollars(units)),
            _ => Val::Int(i64::try_from(units).unwrap_or(i64::MAX)),
        };
        for (field, slot) in &limit.view {
            let value = match field {
                Field::Amount => number(view.capacity),
                Field::Used => number(view.used),
                Field::Reserved => number(view.reserved),
                Field::Remaining => number(view.remaining()),
                Field::Fraction => Val::Double(fraction(view.used, view.capacity)),
                Field::ResetsAt => match view.resets {
                    Some(at) => Val::Timestamp(timestamp(at)),
                    None => continue,
                },
            };
            views.push((*slot, value));
        }
    }
    views
}

/// Books on limits, by name, what they have been used before, for the caller of a question.
pub(crate) fn charge(question: &Question<'_>, used: &[(String, f64)]) -> Result<(), InputError> {
    let Some(Taking { books, .. }) = question.limits else { return Ok(()) };
    let compiled = question.compiled;
    let now = books.time(question.now);
    look(question, |evaluator, _| {
        let asker = Asker { evaluator, fuel: compiled.options.rule_fuel };
        for (name, used) in used {
            let named = |limit: &&CompiledLimit| *limit.name == **name || **limit.definition.name() == **name;
            let refuse = |why: &str| InputError { message: format!("limit `{name}`: {why}"), offset: None };
            let limit = compiled.limits.all.iter().find(named).ok_or_else(|| refuse("there is none of this name"))?;
            let kind = limit.definition.kind();
            let units = units(kind, Val::Double(*used), cost_of_double).map_err(|not| refuse(&not))?;
            let (key, amount) = match asker.key(&limit.key).and_then(|key| Ok((key, asker.amount(limit)?))) {
                Ok(asked) => asked,
                Err((part, _)) => return Err(refuse(&format!("its `{}` has no value here", part.name()))),
            };
            // What is under way stays reserved; everything else is settled beyond what was reserved, which nothing refuses.
            let cost = if kind.counts_open_only() { units } else { 0 };
            let demands = [Demand { limit: &limit.definition, key: &key, amount, cost }];
            let (id, lease) = (books.ledger().id(), books.lease());
            let request =
                Request { id, digest: Digest::default(), principal: &key, demands: &demands, lease, agreed: false };
            let admission = books.ledger().reserve(&request, now).map_err(|error| refuse(&error.to_string()))?;
            let reservation = admission.result.map_err(|_| refuse("it cannot have been used so much"))?;
            if cost == 0 {
                books.ledger().settle(&reservation, &[units], now).map_err(|error| refuse(&error.to_string()))?;
            }
        }
        Ok(())
    })?
}

/// What is used of nothing is all of it.
#[expect(clippy::cast_precision_loss, reason = "a share is not exact anyway")]
fn fraction(used: u64, capacity: u64) -> f64 {
    if capacity == 0 { 1.0 } else { used as f64 / capacity as f64 }
}

/// Lays views over slots.
pub(crate) fn lay(views: &Views, slots: &mut [Slot<'_>]) {
    for (slot, value) in views {
        if let Some(place) = slots.get_mut(*slot as usize) {
            *place = Slot::Present(*value);
        }
    }
}

/// Works out what a limit asks of a request.
pub(super) struct Asker<'p, 'a> {
    pub(super) evaluator: &'p Evaluator<'a>,
    pub(super) fuel: u64,
}

/// Why a part of a limit has no value.
type Cause = (Part, Fault);

pub(super) enum Fault {
    Failed(Error),
    Not(String),
}

impl<'a> Asker<'_, 'a> {
    fn value(&self, part: Part, node: NodeId) -> Result<Val<'a>, Cause> {
        self.evaluator.refuel(self.fuel);
        self.evaluator.value(node).map_err(|error| (part, Fault::Failed(error)))
    }

    pub(super) fn key(&self, parts: &[NodeId]) -> Result<Key, Cause> {
        let mut key = Key::default();
        let mut digits = String::new();
        for node in parts {
            let part = match self.value(Part::Key, *node)? {
                Val::Str(text) => text,
                other => {
                    digits.clear();
                    let written = match other {
                        Val::Int(i) => write!(digits, "{i}"),
                        Val::Uint(u) => write!(digits, "{u}"),
                        Val::Bool(b) => write!(digits, "{b}"),
                        _ => return Err((Part::Key, Fault::Not("it is neither text, an integer nor a bool".into()))),
                    };
                    debug_assert!(written.is_ok(), "a string takes all");
                    &digits
                }
            };
            key.push(part).map_err(|error| (Part::Key, Fault::Not(error.to_string())))?;
        }
        Ok(key)
    }

    fn amount(&self, limit: &CompiledLimit) -> Result<u64, Cause> {
        match limit.amount {
            Amount::Units(units) => Ok(units),
            Amount::Node(node) => {
                let value = self.value(Part::Amount, node)?;
                units(limit.definition.kind(), value, amount_of_double).map_err(|not| (Part::Amount, Fault::Not(not)))
            }
        }
    }

    /// All that a limit, which has this number, asks of the request.
    fn ask(&self, number: u32, limit: &CompiledLimit, estimate: Estimate) -> Result<Asked, Cause> {
        let (key, amount) = (self.key(&limit.key)?, self.amount(limit)?);
        Ok(Asked { limit: number, key, amount, cost: self.cost(limit, estimate)? })
    }

    /// What the request costs: what the limit says, and at least what the engine estimates.
    fn cost(&self, limit: &CompiledLimit, estimate: Estimate) -> Result<u64, Cause> {
        let kind = limit.definition.kind();
        let own = match kind {
            Kind::Budget => estimate.micros,
            Kind::Quota => estimate.tokens,
            Kind::Rate | Kind::Concurrency | Kind::Open => Some(1),
        };
        match limit.cost {
            Some(node) => {
                let value = self.value(Part::Cost, node)?;
                let said = units(kind, value, cost_of_double).map_err(|not| (Part::Cost, Fault::Not(not)))?;
                Ok(said.max(own.unwrap_or(0)))
            }
            None => own.ok_or_else(|| {
                let what =
                    if kind == Kind::Budget { "no price of this model is known" } else { "there is no estimate" };
                (Part::Cost, Fault::Not(what.to_owned()))
            }),
        }
    }
}

/// Units of a number: of money, it is in dollars.
fn units(kind: Kind, value: Val<'_>, double: fn(f64, u64) -> Result<u64, NotUnits>) -> Result<u64, String> {
    let scale = if kind == Kind::Budget { MICROS } else { 1 };
    let whole = |units: u64| units.checked_mul(scale).filter(|units| *units <= MAX_UNITS).ok_or(NotUnits::TooLarge);
    let units = match value {
        Val::Int(i) => units_of_int(i).and_then(whole),
        Val::Uint(u) => i64::try_from(u).map_err(|_| NotUnits::TooLarge).and_then(units_of_int).and_then(whole),
        Val::Double(d) => double(d, scale),
        _ => return Err("it is not a number".to_owned()),
    };
    units.map_err(|not| not.to_string())
}

/// What a request will cost in microdollars, and take in tokens.
#[derive(Clone, Copy)]
struct Estimate {
    micros: Option<u64>,
    tokens: Option<u64>,
}

/// What a limit asks of this request.
struct Asked {
    limit: u32,
    key: Key,
    amount: u64,
    cost: u64,
}

impl<'p, 'a> Pass<'p, 'a> {
    fn asker(&self) -> Asker<'p, 'a> {
        Asker { evaluator: self.evaluator, fuel: self.compiled.options.rule_fuel }
    }

    fn estimate(&self) -> Estimate {
        let (tokens, cost) = self.compiled.estimates.of(self.evaluator.slots());
        // What the host gives may be no cost at all; then it is as if there were none.
        Estimate { micros: cost.and_then(|cost| cost_of_double(cost, MICROS).ok()), tokens }
    }

    /// Whether a limit counts the request: one whose `when` fails does.
    fn counts(&self, limit: &CompiledLimit) -> Truth {
        self.evaluator.refuel(self.compiled.options.rule_fuel);
        self.evaluator.truth(limit.when)
    }

    /// Where a step of a limit sends the request, if one is in force that sends it elsewhere.
    pub(crate) fn step_route(&self, question: &Question<'_>) -> Option<StepRoute> {
        let taking = question.limits.filter(|_| self.stage == Stage::Request)?;
        let Taking { books, .. } = taking;
        let limits = &self.compiled.limits;
        let model = match value(self.evaluator.slots(), self.compiled.estimates.model) {
            Some(Val::Str(model)) => Some(model),
            _ => None,
        };
        let now = books.time(question.now);
        for number in &limits.routing {
            let limit = limits.all.get(*number as usize)?;
            if limit.definition.space() == Space::Shadow || self.counts(limit) == Truth::False {
                continue;
            }
            // What fails here fails once more when it is taken, and is told then.
            let Ok(Asked { key, amount, cost, .. }) = self.asker().ask(*number, limit, self.estimate()) else {
                continue;
            };
            let Ok(view) = books.ledger().view(&limit.definition, &key, amount, now) else { continue };
            let used = view.used.saturating_add(cost);
            let steps = limit.definition.steps().iter().zip(&limit.steps);
            let in_force =
                steps.filter(|(step, _)| step.action == Action::Route && limit.definition.mark(step, amount) <= used);
            let Some((_, Some(action))) = in_force.max_by_key(|(step, _)| step.at) else { continue };
            let ActionEffect::Route { models, provider } = &action.effect else { continue };
            self.evaluator.refuel(self.compiled.options.rule_fuel);
            let text = |t| render::text_or_error(self.evaluator, t).map(|text| text.as_str().to_owned());
            let models: Vec<String> = models.iter().filter_map(text).collect();
            if model.is_some_and(|model| models.iter().any(|to| to == model)) {
                continue;
            }
            return Some(StepRoute { by: Gate::Limit(*number), models, provider: provider.as_ref().and_then(text) });
        }
        self.breaker_route(taking, now)
    }

    /// The decision, with limits taken when it is an allow.
    pub(crate) fn finish(
        &self,
        question: &Question<'_>,
        outcomes: &[Outcome],
        verdict: Verdict,
        shadow: Option<Verdict>,
        applied: &[super::build::Applied],
        routed: Option<(&StepRoute, Option<&str>)>,
    ) -> Decision {
        let decision = self.decision(outcomes, verdict, shadow, applied, question.handles);
        let is_asked = self.stage == Stage::Request || self.is_gated();
        let Some(taking) = question.limits.filter(|_| is_asked && decision.allowed()) else {
            return decision;
        };
        let now = taking.books.time(question.now);
        let mut limited = Limited { dry_run: taking.dry_run, ..Limited::default() };
        let mut ends = Ends::default();
        if let Some((step, model)) = routed {
            let params = chosen(model, step.provider.as_deref());
            limited.obligations.push(StepObligation { by: step.by, action: "route", params });
            if !question.handles.contains("route") {
                ends.refuse(Effect::Deny, Origin::UnhandledStep(step.by, "route"));
            }
        }
        let passed = match ends.verdict {
            None => self.ask_breakers(taking, now, &mut limited, &mut ends),
            Some(_) => SmallVec::new(),
        };
        if ends.verdict.is_none() && self.stage == Stage::Request {
            self.take(question, taking, &mut limited, &mut ends);
        }
        if ends.verdict.is_some() {
            // A call that is not made uses up no probe.
            taking.books.give_back(&self.compiled.breakers, &passed, now);
        } else if !passed.is_empty() {
            limited.hold = Some(limited.hold.take().unwrap_or_default().with_passes(taking.books, passed));
        }
        let mut decision = match ends.verdict {
            Some(verdict) => self.decision(outcomes, verdict, shadow, applied, question.handles),
            None => decision,
        };
        if decision.effect() == Effect::Deny {
            limited.obligations.clear();
        }
        if let Some((step, model)) = routed.filter(|_| decision.effect() != Effect::Deny) {
            decision.route =
                Some(Route { model: model.map(Into::into), provider: step.provider.as_deref().map(Into::into) });
        }
        if let Some(verdict) = ends.shadow
            && decision.shadow.as_ref().is_none_or(|known| known.verdict.effect < verdict.effect)
        {
            decision.shadow = Some(Box::new(Shadow { verdict, reason: self.reason(verdict) }));
        }
        decision.retry_after_ms = decision.retry_after_ms.max(ends.retry_after_ms);
        decision.error_count += limited.errors.len();
        decision.errors.extend(limited.errors.iter().cloned());
        decision.errors.truncate(crate::decision::MAX_ERRORS);
        decision.limited = Some(Box::new(limited));
        super::breakers::tell(&mut decision);
        decision
    }

    /// Takes from all limits that apply, in one step.
    fn take(&self, question: &Question<'_>, taking: Taking<'_>, limited: &mut Limited, ends: &mut Ends) {
        let estimate = self.estimate();
        let mut asked: SmallVec<[Asked; 2]> = SmallVec::new();
        for (number, limit) in (0..).zip(&self.compiled.limits.all) {
            match self.counts(limit) {
                Truth::False => continue,
                Truth::True => {}
                Truth::Error => {
                    limited.errors.push(self.fault(limit, &(Part::When, Fault::Failed(self.evaluator.error()))))
                }
            }
            match self.asker().ask(number, limit, estimate) {
                Ok(what) => asked.push(what),
                Err(cause) => {
                    limited.errors.push(self.fault(limit, &cause));
                    if limit.definition.is_hard() && limit.definition.space() == Space::Live {
                        ends.refuse(Effect::Deny, Origin::LimitFailed(number));
                    }
                }
            }
        }
        if ends.verdict.is_some() || asked.is_empty() {
            return;
        }
        match self.ask(question, taking, &asked) {
            Ok(admission) => self.admitted(&asked, &admission, estimate, limited, ends),
            Err(error) => self.lost(&asked, &error, limited, ends),
        }
    }

    fn ask(&self, question: &Question<'_>, taking: Taking<'_>, asked: &[Asked]) -> Result<Admission, LedgerError> {
        let Taking { books, dry_run, id } = taking;
        let now = books.time(question.now);
        let principal = self.principal().map_err(LedgerError::Key)?;
        let demands: SmallVec<[Demand<'_>; 2]> = asked
            .iter()
            .filter_map(|asked| {
                let limit = &self.compiled.limits.all.get(asked.limit as usize)?.definition;
                Some(Demand { limit, key: &asked.key, amount: asked.amount, cost: asked.cost })
            })
            .collect();
        let (id, digest) = id.unwrap_or_else(|| (books.ledger().id(), Digest::default()));
        let request =
            Request { id, digest, principal: &principal, demands: &demands, lease: books.lease(), agreed: false };
        match dry_run {
            true => books.ledger().dry_run(&request, now),
            false => books.ledger().reserve(&request, now),
        }
    }

    /// Who asks: what the first field says that is there. All who do not say so are one.
    fn principal(&self) -> Result<Key, llm_policy_ledger::key::KeyTooLong> {
        let slots = self.evaluator.slots();
        for slot in &self.compiled.limits.principal {
            if let Some(Val::Str(text)) = value(slots, Some(*slot)) {
                return Key::new([self.compiled.slots.path(*slot), text]);
            }
        }
        Key::new([])
    }

    fn admitted(
        &self,
        asked: &[Asked],
        admission: &Admission,
        estimate: Estimate,
        limited: &mut Limited,
        ends: &mut Ends,
    ) {
        for (asked, standing) in asked.iter().zip(&admission.standings) {
            let Some(limit) = self.compiled.limits.all.get(asked.limit as usize) else { continue };
            let steps = limit.definition.steps();
            let shares = |bits: u16| {
                steps
                    .iter()
                    .enumerate()
                    .filter(move |(at, _)| bits >> at & 1 == 1)
                    .map(|(_, step)| step.at.millionths())
            };
            let shadow = limit.definition.space() == Space::Shadow;
            limited.standings.push(LimitState {
                limit: asked.limit,
                kind: limit.definition.kind(),
                shadow,
                key: asked.key.parts().map(Into::into).collect(),
                amount: standing.capacity,
                used: standing.balance.after,
                reserved: standing.balance.reserved,
                cost: asked.cost,
                fits: standing.balance.fits,
                resets_at: standing.resets,
                retry_after_ms: standing.balance.wait.map(millis),
                reached: shares(standing.reached).collect(),
                alerts: shares(standing.first).collect(),
            });
            if shadow {
                if !standing.balance.fits {
                    let action = limit.definition.steps().iter().map(|s| s.action).filter(|a| a.blocks()).max();
                    let action = action.unwrap_or(Action::Deny);
                    ends.shadow = Some(Verdict { effect: effect_of(action), origin: self.origin(asked.limit, action) });
                }
                continue;
            }
            let reached = steps.iter().enumerate().filter(|(at, _)| standing.reached >> at & 1 == 1);
            for (at, _) in reached.filter(|(_, step)| step.action == Action::Warn) {
                let text = match limit.steps.get(at).and_then(Option::as_ref).map(|action| &action.effect) {
                    Some(ActionEffect::Warn(text)) => {
                        self.evaluator.refuel(self.compiled.options.rule_fuel);
                        render::text(self.evaluator, text)
                    }
                    _ => {
                        let state = limited.standings.last().map(LimitState::text).unwrap_or_default();
                        Rendered::Made(format!("limit `{}`: {state} are used", limit.name).into())
                    }
                };
                limited.warnings.push((asked.limit, text));
            }
        }
        match &admission.result {
            Ok(reservation) if !limited.dry_run => {
                let model = match value(self.evaluator.slots(), self.compiled.estimates.model) {
                    Some(Val::Str(model)) => model,
                    _ => "",
                };
                limited.hold = Some(Hold {
                    reservation: Some(reservation.clone()),
                    estimate: (estimate.micros, estimate.tokens),
                    model: model.into(),
                    passes: None,
                });
            }
            Ok(_) => {}
            Err(refusal) => self.refused(asked, refusal, limited, ends),
        }
    }

    fn refused(&self, asked: &[Asked], refusal: &Refusal, limited: &mut Limited, ends: &mut Ends) {
        let number = asked.get(refusal.demand).map_or(0, |asked| asked.limit);
        let effect = effect_of(refusal.action);
        let origin = match refusal.open {
            true => Origin::LimitOpen(number),
            false => self.origin(number, refusal.action),
        };
        // What a refused request is warned of is that it was refused.
        limited.warnings.clear();
        ends.refuse(effect, origin);
        if effect == Effect::Throttle {
            ends.retry_after_ms = refusal.retry_after.map(millis);
        }
        if effect == Effect::RequireApproval {
            let action = self.step_action(origin);
            let params = action.and_then(|action| action.fixed.as_deref().cloned()).unwrap_or_else(|| json!({}));
            limited.obligations.push(StepObligation { by: Gate::Limit(number), action: "require_approval", params });
        }
    }

    /// The store cannot be asked: each limit says what happens then.
    fn lost(&self, asked: &[Asked], error: &LedgerError, limited: &mut Limited, ends: &mut Ends) {
        limited.lost = true;
        for asked in asked {
            let Some(limit) = self.compiled.limits.all.get(asked.limit as usize) else { continue };
            let cause = format!("the limit could not be taken: {error}");
            limited.errors.push(self.limit_error(limit, None, cause, None));
            let enforced = limit.definition.is_hard() && limit.definition.space() == Space::Live;
            if enforced && limit.on_store_loss != OnStoreLoss::Allow {
                ends.refuse(Effect::Deny, Origin::LimitLost(asked.limit));
            }
        }
    }

    fn fault(&self, limit: &CompiledLimit, (part, fault): &Cause) -> RuleError {
        match fault {
            Fault::Failed(error) => {
                let path = self.compiled.slot_of(*error).cloned();
                self.limit_error(limit, Some(*part), error.to_string(), path)
            }
            Fault::Not(cause) => self.limit_error(limit, Some(*part), cause.clone(), None),
        }
    }

    fn limit_error(
        &self,
        limit: &CompiledLimit,
        part: Option<Part>,
        cause: String,
        path: Option<std::sync::Arc<str>>,
    ) -> RuleError {
        let policy = self.compiled.documents.get(limit.document as usize).map(|d| d.id.clone());
        RuleError {
            policy: policy.unwrap_or_else(|| "".into()),
            rule: "".into(),
            limit: Some(limit.name.clone()),
            breaker: None,
            exception: None,
            clause: part.map(|part| part.name().to_owned()),
            path,
            cause,
        }
    }

    /// The step of a limit that has this action.
    fn origin(&self, number: u32, action: Action) -> Origin {
        let steps = self.compiled.limits.all.get(number as usize).map(|limit| limit.definition.steps());
        let step = steps.unwrap_or_default().iter().position(|step| step.action == action);
        Origin::Limit(number, u16::try_from(step.unwrap_or(0)).unwrap_or(0))
    }

    /// What the step says that decided.
    pub(super) fn step_action(&self, origin: Origin) -> Option<&CompiledAction> {
        match origin {
            Origin::Limit(limit, step) => {
                self.compiled.limits.all.get(limit as usize)?.steps.get(usize::from(step))?.as_ref()
            }
            Origin::Breaker(breaker) => self.compiled.breakers.all.get(breaker as usize)?.action.as_ref(),
            _ => None,
        }
    }
}

/// How limits and breakers end an evaluation.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) verdict: Option<Verdict>,
    pub(super) shadow: Option<Verdict>,
    pub(super) retry_after_ms: Option<u64>,
}

impl Ends {
    /// The first of equally strong refusals counts.
    pub(super) fn refuse(&mut self, effect: Effect, origin: Origin) {
        if self.verdict.is_none_or(|known| effect > known.effect) {
            self.verdict = Some(Verdict { effect, origin });
        }
    }
}

const fn effect_of(action: Action) -> Effect {
    match action {
        Action::Throttle => Effect::Throttle,
        Action::Ask => Effect::RequireApproval,
        Action::Warn | Action::Route | Action::Deny => Effect::Deny,
    }
}

pub(super) fn millis(micros: u64) -> u64 {
    micros.div_ceil(1000)
}
