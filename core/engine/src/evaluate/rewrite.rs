//! Changes of the request by `set` and `route`, and deciding about the changed request once more.
//!
//! The second pass can only restrict. What it would change again, beyond what was changed already, is refused: a request is
//! never changed without a rule having seen the result.

use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use llm_policy_cel::eval::{Evaluator, Scratch};
use llm_policy_cel::function::Context;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Map, Val, Value};
use serde_json::Value as Json;

use super::build::{Applied, chosen};
use super::combine::{DocumentState, Origin, Verdict};
use super::limits::{StepRoute, Views};
use super::run::{Outcome, Pass};
use super::{Question, limits, read, render};
use crate::compile::records::fits;
use crate::compile::rules::ActionEffect;
use crate::decision::{Decision, Effect};
use crate::detection::memory::Detection;
use crate::input::InputError;
use crate::input::coerce::coerce;

/// What the rules of one pass change.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    /// What the pass decides.
    verdict: Verdict,
    sets: Vec<Set>,
    route: Option<Routing>,
    /// Where a step of a limit sends the request, if no rule sends it anywhere.
    step: Option<StepRoute>,
    /// A rule whose value could not be worked out.
    failed: Option<u32>,
    shadow: Option<Verdict>,
}

#[derive(Clone, Debug)]
struct Set {
    rule: u32,
    action: u16,
    path: Arc<str>,
    value: Value,
    json: Json,
}

#[derive(Clone, Debug)]
struct Routing {
    rule: u32,
    action: u16,
    models: Vec<String>,
    provider: Option<String>,
}

impl Pass<'_, '_> {
    /// Whether any rule that matched rewrites the request.
    pub(crate) fn rewrites(&self, outcomes: &[Outcome]) -> bool {
        let rewrites =
            |o: &Outcome| self.compiled.rules.get(o.rule as usize).is_some_and(|r| r.classes.rewrites && !r.shadow);
        outcomes.iter().any(rewrites)
    }

    /// What the rules that matched change; of several changes of one field the one of highest rank.
    pub(crate) fn changes(&self, outcomes: &[Outcome], verdict: Verdict, shadow: Option<Verdict>) -> Changes {
        let mut changes = Changes { verdict, sets: Vec::new(), route: None, step: None, failed: None, shadow };
        for outcome in outcomes {
            let Some(rule) = self.compiled.rules.get(outcome.rule as usize).filter(|r| !r.shadow) else { continue };
            for (at, action) in rule.actions.iter().enumerate() {
                if !self.applies(rule, action, outcome) {
                    continue;
                }
                self.evaluator.refuel(self.compiled.options.rule_fuel);
                let at = u16::try_from(at).unwrap_or(u16::MAX);
                match &action.effect {
                    ActionEffect::Set(values) => {
                        for (path, node) in values {
                            if changes.sets.iter().any(|s| s.path == *path) {
                                continue;
                            }
                            let fit = |value: &Val<'_>| fits(&self.compiled.fields, path, *value);
                            let value = render::paid(self.evaluator, *node).ok().filter(fit);
                            match value.and_then(|value| Some((value.to_value().ok()?, render::to_json(value)))) {
                                Some((value, json)) => changes.sets.push(Set {
                                    rule: outcome.rule,
                                    action: at,
                                    path: path.clone(),
                                    value,
                                    json,
                                }),
                                None => changes.failed = changes.failed.or(Some(outcome.rule)),
                            }
                        }
                    }
                    ActionEffect::Route { models, provider } if changes.route.is_none() => {
                        let mut text = |t| match render::text_or_error(self.evaluator, t) {
                            Some(text) => Some(text.as_str().to_owned()),
                            None => {
                                changes.failed = changes.failed.or(Some(outcome.rule));
                                None
                            }
                        };
                        let models = models.iter().filter_map(&mut text).collect();
                        let provider = provider.as_ref().and_then(&mut text);
                        changes.route = Some(Routing { rule: outcome.rule, action: at, models, provider });
                    }
                    _ => {}
                }
            }
        }
        changes
    }
}

impl Changes {
    /// The same with what a step of a limit routes to, where no rule routes.
    pub(super) fn or_route(mut self, step: Option<StepRoute>) -> Self {
        self.step = step.filter(|_| self.route.is_none());
        self
    }

    /// The models to try.
    fn models(&self) -> Vec<&str> {
        let (route, step) = (self.route.iter().flat_map(|r| &r.models), self.step.iter().flat_map(|s| &s.models));
        route.chain(step).map(String::as_str).collect()
    }

    fn provider(&self) -> Option<&str> {
        let provider = self.route.as_ref().map(|r| r.provider.as_deref());
        provider.or_else(|| self.step.as_ref().map(|s| s.provider.as_deref())).flatten()
    }

    /// The overlay that the changes make, with the request routed to `model`.
    fn overlay(&self, model: Option<&str>) -> Vec<(Arc<str>, Value)> {
        let mut overlay: Vec<(Arc<str>, Value)> = self.sets.iter().map(|s| (s.path.clone(), s.value.clone())).collect();
        let mut put = |path: &str, text: Option<&str>| {
            if let Some(text) = text {
                overlay.retain(|(p, _)| **p != *path);
                overlay.push((path.into(), Value::String(text.into())));
            }
        };
        put("request.model", model);
        put("request.provider", self.provider());
        overlay
    }

    /// What was carried out, for the decision.
    fn applied(&self, model: Option<&str>) -> Vec<Applied> {
        let mut out: Vec<Applied> = Vec::new();
        for set in &self.sets {
            let same = |a: &&mut Applied| a.rule == set.rule && a.action == set.action;
            match out.iter_mut().find(same) {
                Some(known) => {
                    if let Some(values) = known.params.get_mut("values").and_then(Json::as_object_mut) {
                        values.insert(set.path.to_string(), set.json.clone());
                    }
                }
                None => {
                    let params = serde_json::json!({"values": {(&*set.path): set.json}});
                    out.push(Applied { rule: set.rule, action: set.action, params });
                }
            }
        }
        if let Some(route) = &self.route {
            let params = chosen(model, route.provider.as_deref());
            out.push(Applied { rule: route.rule, action: route.action, params });
        }
        out
    }

    /// Whether the second pass asks for nothing that these changes do not give already.
    fn covers(&self, second: &Self, model: Option<&str>) -> Result<(), u32> {
        if let Some(rule) = second.failed {
            return Err(rule);
        }
        for set in &second.sets {
            let known = self.sets.iter().any(|s| s.path == set.path && s.value == set.value);
            let routed = *set.path == *"request.model"
                && matches!((&set.value, model), (Value::String(v), Some(m)) if **v == *m);
            if !known && !routed {
                return Err(set.rule);
            }
        }
        match &second.route {
            Some(route) => {
                let stays = route.models.is_empty() || model.is_some_and(|m| route.models.iter().any(|x| x == m));
                let provider = route.provider.is_none() || self.provider() == route.provider.as_deref();
                if stays && provider { Ok(()) } else { Err(route.rule) }
            }
            None => Ok(()),
        }
    }
}

/// Decides about the changed request.
///
/// # Errors
/// When the input is refused as a whole.
pub(crate) fn decide<'a>(
    question: &Question<'a>,
    changes: &'a Changes,
    (cx, detection, views): (Context<'a>, &Detection, &Views),
    scratch: &mut Scratch,
    found: &mut Vec<u32>,
    outcomes: &mut Vec<Outcome>,
    documents: &mut Vec<DocumentState>,
) -> Result<Decision, InputError> {
    let compiled = question.compiled;
    let first = outcomes.clone();
    let raw = cx.arena.alloc_slice_fill_copy(compiled.slots.infos.len(), Slot::Absent);
    read(question, raw, cx.arena)?;
    let models = changes.models();
    let mut refused = None;
    // Where nothing routes there is one try, without a model.
    for at in 0..models.len().max(1) {
        let model = models.get(at).copied();
        let overlay = changes.overlay(model);
        let slots = lay_over((question, detection, views), raw, &overlay, cx.arena);
        scratch.prepare(&compiled.program);
        let evaluator = Evaluator::new(&compiled.program, slots, cx, scratch);
        let among = question.among;
        let pass = Pass { compiled, stage: question.stage, now: question.now, evaluator: &evaluator, among };
        let deny = |origin| Verdict { effect: Effect::Deny, origin };
        let decision = |outcomes: &[Outcome], verdict, applied: &[Applied]| {
            pass.decision(outcomes, verdict, changes.shadow, applied, question.handles)
        };
        if let Some(rule) = changes.failed {
            return Ok(decision(&first, deny(Origin::ChangeFailed(rule)), &[]));
        }
        let complete = pass.rules(found, outcomes);
        let second = pass.verdict(outcomes, documents, complete, false);
        // The second pass can only restrict.
        let verdict = if second.effect > changes.verdict.effect { second } else { changes.verdict };
        let passes = verdict.effect == changes.verdict.effect;
        if !passes && model.is_some() {
            let origin = match (&changes.route, &changes.step) {
                (Some(route), _) => Origin::NoRoute(route.rule),
                (None, Some(step)) => Origin::NoStepRoute(step.by),
                (None, None) => Origin::NoPolicy,
            };
            refused.get_or_insert_with(|| decision(&first, deny(origin), &[]));
            continue;
        }
        // A model that fails is passed over while there is another; of the last one its breaker says why it is not asked.
        let is_last = at + 1 >= models.len();
        if let Some(taking) = question.limits.filter(|_| passes && !is_last)
            && pass.is_stopped(taking, taking.books.time(question.now))
        {
            continue;
        }
        let verdict = match changes.covers(&pass.changes(outcomes, second, None), model) {
            Err(rule) if verdict.effect != Effect::Deny => deny(Origin::SecondChange(rule)),
            _ => verdict,
        };
        let (both, applied) = (united(&first, outcomes), changes.applied(model));
        let step = changes.step.as_ref().map(|step| (step, model));
        return Ok(pass.finish(question, &both, verdict, changes.shadow, &applied, step));
    }
    refused.ok_or_else(|| InputError { message: "the changed request was not evaluated".to_owned(), offset: None })
}

/// The outcomes of both passes by rank: what either asks for is handed out. Of a rule that is in both, the later one.
fn united(first: &[Outcome], second: &[Outcome]) -> Vec<Outcome> {
    let only_first = first.iter().filter(|f| second.iter().all(|s| s.rule != f.rule));
    let mut both: Vec<Outcome> = only_first.chain(second).copied().collect();
    both.sort_by_key(|outcome| outcome.rule);
    both
}

/// The slots with `overlay` laid over them.
fn lay_over<'b>(
    (question, detection, views): (&Question<'_>, &Detection, &Views),
    slots: &[Slot<'b>],
    overlay: &[(Arc<str>, Value)],
    arena: &'b Bump,
) -> &'b [Slot<'b>] {
    let compiled = question.compiled;
    let out = arena.alloc_slice_copy(slots);
    for (path, value) in overlay {
        let value = copy_in(value.as_val(), arena);
        for (slot, info) in out.iter_mut().zip(&compiled.slots.infos) {
            if info.path == *path {
                *slot = coerce(value, info.slot_type);
            } else if let Some(below) = info.path.strip_prefix(&**path).and_then(|p| p.strip_prefix('.')) {
                let found = below.split('.').try_fold(value, |at, name| match at {
                    Val::Map(map) => map.get_str(name),
                    _ => None,
                });
                *slot = found.map_or(Slot::Absent, |v| coerce(v, info.slot_type));
            } else if let Some(rest) = path.strip_prefix(&*info.path).and_then(|p| p.strip_prefix('.')) {
                let names: Vec<&str> = rest.split('.').collect();
                match slot {
                    Slot::Present(whole) => *slot = Slot::Present(replaced(*whole, &names, value, arena)),
                    Slot::Absent => {
                        *slot = Slot::Present(replaced(Val::Map(Map::new_in(&[], arena)), &names, value, arena))
                    }
                    Slot::Mistyped => {}
                }
            }
        }
    }
    compiled.derived.fill(out, arena, question.stage, detection);
    compiled.estimates.fill(out, &compiled.options.prices, question.now);
    limits::lay(views, out);
    compiled.records.check(out, arena);
    out
}

/// `value`, with all its parts in the arena.
fn copy_in<'b>(value: Val<'_>, arena: &'b Bump) -> Val<'b> {
    match value {
        Val::Str(text) => Val::Str(arena.alloc_str(text)),
        Val::List(items) => {
            let mut copies = ArenaVec::with_capacity_in(items.len(), arena);
            copies.extend(items.iter().map(|item| copy_in(item, arena)));
            Val::List(llm_policy_cel::value::List::Arena(copies.into_bump_slice()))
        }
        Val::Map(map) => {
            let mut copies = ArenaVec::with_capacity_in(map.len(), arena);
            copies.extend(map.iter().map(|(k, v)| (copy_in(k, arena), copy_in(v, arena))));
            Val::Map(Map::new_in(copies.into_bump_slice(), arena))
        }
        Val::Bool(b) => Val::Bool(b),
        Val::Int(i) => Val::Int(i),
        Val::Uint(u) => Val::Uint(u),
        Val::Double(d) => Val::Double(d),
        Val::Timestamp(t) => Val::Timestamp(t),
        Val::Duration(d) => Val::Duration(d),
        // Nothing else can stand in a request's field.
        _ => Val::Null,
    }
}

/// `whole` with `value` at the path `names`.
fn replaced<'b>(whole: Val<'b>, names: &[&str], value: Val<'b>, arena: &'b Bump) -> Val<'b> {
    let Some((name, rest)) = names.split_first() else { return value };
    let Val::Map(map) = whole else { return whole };
    let mut entries = ArenaVec::with_capacity_in(map.len() + 1, arena);
    let mut found = false;
    for (key, old) in map.iter() {
        let here = matches!(key, Val::Str(k) if k == *name);
        found |= here;
        entries.push((key, if here { replaced(old, rest, value, arena) } else { old }));
    }
    if !found {
        let name: &'b str = arena.alloc_str(name);
        let nothing = Val::Map(Map::new_in(&[], arena));
        entries.push((Val::Str(name), replaced(nothing, rest, value, arena)));
    }
    Val::Map(Map::new_in(entries.into_bump_slice(), arena))
}
