//! Circuit breakers of an evaluation: they are asked when all documents allow, before anything is taken from limits.

use llm_policy_cel::eval::Truth;
use llm_policy_cel::value::Val;
use llm_policy_ledger::Key;
use llm_policy_ledger::breaker::{Cause, Rule, Stopped, Switch};
use smallvec::SmallVec;

use super::Question;
use super::combine::{Gate, Origin, Verdict};
use super::limits::{Asker, Ends, Fault, StepRoute, Taking, millis};
use super::render::{self, Rendered};
use super::run::Pass;
use crate::breakers::{Passed, Stands};
use crate::compile::breakers::CompiledBreaker;
use crate::compile::rules::ActionEffect;
use crate::compile::slots::value;
use crate::decision::limits::Limited;
use crate::decision::{Decision, Effect, RuleError, Stop};
use crate::document::breaker::Does;
use crate::explain::look;
use crate::input::InputError;

/// A breaker that a call asks.
struct Asked<'p> {
    number: u32,
    breaker: &'p CompiledBreaker,
    key: Key,
}

/// What failed of a breaker: its `when`, and then it is asked anyway, or its `key`.
struct Failed<'p> {
    number: u32,
    breaker: &'p CompiledBreaker,
    clause: &'static str,
    fault: Fault,
}

impl<'p> Pass<'p, '_> {
    /// Whether any breaker is asked about this stage.
    pub(crate) fn is_gated(&self) -> bool {
        self.compiled.breakers.stages.contains(self.stage)
    }

    /// The breakers that this call asks, and those that cannot be asked. One whose `when` fails is asked.
    fn asked(&self, mut fails: impl FnMut(Failed<'p>)) -> SmallVec<[Asked<'p>; 2]> {
        let mut asked = SmallVec::new();
        for (number, breaker) in (0..).zip(&self.compiled.breakers.all) {
            if !breaker.stages.contains(self.stage) {
                continue;
            }
            self.evaluator.refuel(self.compiled.options.rule_fuel);
            match self.evaluator.truth(breaker.when) {
                Truth::False => continue,
                Truth::True => {}
                Truth::Error => {
                    fails(Failed { number, breaker, clause: "when", fault: Fault::Failed(self.evaluator.error()) });
                }
            }
            match self.breaker_key(breaker) {
                Ok(key) => asked.push(Asked { number, breaker, key }),
                Err(fault) => fails(Failed { number, breaker, clause: "key", fault }),
            }
        }
        asked
    }

    fn breaker_key(&self, breaker: &CompiledBreaker) -> Result<Key, Fault> {
        let asker = Asker { evaluator: self.evaluator, fuel: self.compiled.options.rule_fuel };
        asker.key(&breaker.key).map_err(|(_, fault)| fault)
    }

    /// Asks the breakers of this call: each lets it through, or it is not made and no probe is used up. In a dry run none is.
    pub(super) fn ask_breakers(
        &self,
        taking: Taking<'_>,
        now: llm_policy_ledger::Time,
        limited: &mut Limited,
        ends: &mut Ends,
    ) -> SmallVec<[Passed; 1]> {
        let mut passed = SmallVec::new();
        if !self.is_gated() {
            return passed;
        }
        let mut failed: SmallVec<[Failed<'_>; 1]> = SmallVec::new();
        let asked = self.asked(|what| failed.push(what));
        for failed in &failed {
            limited.errors.push(self.breaker_error(failed));
            if failed.clause == "key" && !failed.breaker.is_shadow() {
                ends.refuse(Effect::Deny, Origin::BreakerFailed(failed.number));
            }
        }
        if ends.verdict.is_some() {
            return passed;
        }
        let breakers = taking.books.breakers();
        let (shadow, live): (SmallVec<[&Asked<'_>; 2]>, SmallVec<[&Asked<'_>; 2]>) =
            asked.iter().partition(|asked| asked.breaker.is_shadow());
        let mut ask = |asked: &[&Asked<'_>]| -> Option<Stopped> {
            let wanted: SmallVec<[(&Rule, &Key); 2]> =
                asked.iter().map(|asked| (&*asked.breaker.definition, &asked.key)).collect();
            if taking.dry_run {
                return breakers.stops(&wanted, now);
            }
            let passes = match breakers.ask(&wanted, now) {
                Ok(passes) => passes,
                Err(stopped) => return Some(stopped),
            };
            let tripping = asked.iter().zip(passes).filter(|(asked, _)| asked.breaker.definition.trips());
            passed.extend(tripping.map(|(asked, pass)| Passed {
                name: asked.breaker.definition.name.clone(),
                space: asked.breaker.definition.space,
                key: asked.key.clone(),
                pass,
            }));
            None
        };
        if let Some(stopped) = ask(&live)
            && let Some(asked) = live.get(stopped.rule)
        {
            let effect = if asked.breaker.does == Does::Throttle { Effect::Throttle } else { Effect::Deny };
            ends.refuse(effect, Origin::Breaker(asked.number));
            ends.retry_after_ms = stopped.retry_after.map(millis);
            limited.stop = Some(Stop { key: asked.key.clone(), cause: stopped.cause });
            return passed;
        }
        // What is only observed has no say in what the others let through.
        for asked in shadow {
            if let Some(stopped) = ask(&[asked]) {
                limited.shadow_stop = Some(Stop { key: asked.key.clone(), cause: stopped.cause });
                let effect = if asked.breaker.does == Does::Throttle { Effect::Throttle } else { Effect::Deny };
                ends.shadow = Some(Verdict { effect, origin: Origin::Breaker(asked.number) });
            }
        }
        passed
    }

    /// Whether a breaker stops this call, which is asked of the model that a route tries.
    pub(super) fn is_stopped(&self, taking: Taking<'_>, now: llm_policy_ledger::Time) -> bool {
        if !self.is_gated() {
            return false;
        }
        let asked = self.asked(|_| {});
        let live = asked.iter().filter(|asked| !asked.breaker.is_shadow());
        let wanted: SmallVec<[(&Rule, &Key); 2]> = live.map(|asked| (&*asked.breaker.definition, &asked.key)).collect();
        taking.books.breakers().stops(&wanted, now).is_some()
    }

    /// Where a breaker that stops the call sends it.
    pub(super) fn breaker_route(&self, taking: Taking<'_>, now: llm_policy_ledger::Time) -> Option<StepRoute> {
        let breakers = &self.compiled.breakers;
        let model = match value(self.evaluator.slots(), self.compiled.estimates.model) {
            Some(Val::Str(model)) => Some(model),
            _ => None,
        };
        breakers.routing.iter().find_map(|number| {
            let breaker = breakers.all.get(*number as usize).filter(|breaker| breaker.stages.contains(self.stage))?;
            self.evaluator.refuel(self.compiled.options.rule_fuel);
            if self.evaluator.truth(breaker.when) == Truth::False {
                return None;
            }
            // What fails here fails once more when it is asked, and is told then.
            let key = self.breaker_key(breaker).ok()?;
            taking.books.breakers().stops(&[(&breaker.definition, &key)], now)?;
            let ActionEffect::Route { models, provider } = &breaker.action.as_ref()?.effect else { return None };
            self.evaluator.refuel(self.compiled.options.rule_fuel);
            let text = |t| render::text_or_error(self.evaluator, t).map(|text| text.as_str().to_owned());
            let mut models: Vec<String> = models.iter().filter_map(text).collect();
            models.retain(|to| model.is_none_or(|model| to != model));
            let provider = provider.as_ref().and_then(text);
            if models.is_empty() && provider.is_none() {
                return None;
            }
            Some(StepRoute { by: Gate::Breaker(*number), models, provider })
        })
    }

    fn breaker_error(&self, Failed { breaker, clause, fault, .. }: &Failed<'_>) -> RuleError {
        let policy = self.compiled.documents.get(breaker.document as usize).map(|d| d.id.clone());
        let (cause, path) = match fault {
            Fault::Failed(error) => (error.to_string(), self.compiled.slot_of(*error).cloned()),
            Fault::Not(cause) => (cause.clone(), None),
        };
        RuleError {
            policy: policy.unwrap_or_else(|| "".into()),
            rule: "".into(),
            limit: None,
            breaker: Some(breaker.name.clone()),
            exception: None,
            clause: Some((*clause).to_owned()),
            path,
            cause,
        }
    }
}

/// Says in the decision what an operator said who set a switch.
pub(super) fn tell(decision: &mut Decision) {
    let Some(Cause::Switch(said)) = decision.stop(decision.verdict).map(|stop| stop.cause.clone()) else { return };
    let reason = format!("{}: {said}", decision.reason_of(decision.verdict, None));
    decision.reason = Some(Rendered::Made(reason.into()));
}

/// Makes breakers, by name, stand as a case of a test says, for the call of a question.
pub(crate) fn stand(question: &Question<'_>, stands: &[(String, Stands)]) -> Result<(), InputError> {
    let Some(Taking { books, .. }) = question.limits else { return Ok(()) };
    let compiled = question.compiled;
    let now = books.time(question.now);
    look(question, |evaluator, _| {
        let asker = Asker { evaluator, fuel: compiled.options.rule_fuel };
        for (name, stands) in stands {
            let refuse = |why: &str| InputError { message: format!("breaker `{name}`: {why}"), offset: None };
            let breaker = compiled.breakers.named(name).next().ok_or_else(|| refuse("there is none of this name"))?;
            let rule = &breaker.definition;
            let key = || asker.key(&breaker.key).map_err(|_| refuse("its `key` has no value here"));
            match stands {
                Stands::Closed => {}
                Stands::Open if !rule.trips() => return Err(refuse("only a switch opens it: write `switched_off`")),
                Stands::Open => books.breakers().trip(rule, &key()?, now),
                Stands::SwitchedOff => {
                    let switch = Switch { reason: "the test case says so".into(), until: None };
                    let set = books.breakers().switch(&rule.name, Some(&key()?), Some(switch), now);
                    set.map_err(|error| refuse(&error.to_string()))?;
                }
            }
        }
        Ok(())
    })?
}
