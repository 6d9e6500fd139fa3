//! Running the rules that can match.

use std::sync::Arc;

use llm_policy_cel::error::{Error, ErrorKind};
use llm_policy_cel::eval::{Evaluator, Truth};

use crate::compile::Compiled;
use crate::compile::rules::CompiledRule;
use crate::context::Stage;

/// A rule that matched, or whose condition failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// The rule.
    pub(crate) rule: u32,
    /// Why its condition has no value.
    pub(crate) error: Option<Error>,
    /// The exception that suspends it.
    pub(crate) exception: Option<u16>,
    /// An exception that has no value, and why.
    pub(crate) exception_error: Option<(u16, Error)>,
}

/// One pass over the rules of a stage.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'p, 'a> {
    pub(crate) compiled: &'p Arc<Compiled>,
    pub(crate) stage: Stage,
    pub(crate) now: jiff::Timestamp,
    pub(crate) evaluator: &'p Evaluator<'a>,
    /// By rule number, whether the rule takes part; `None`: all do.
    pub(crate) among: Option<&'p [bool]>,
}

impl Pass<'_, '_> {
    /// Runs the rules; what matches or fails goes to `outcomes`, by rank. False: the fuel for all rules ran out.
    pub(crate) fn rules(&self, found: &mut Vec<u32>, outcomes: &mut Vec<Outcome>) -> bool {
        found.clear();
        outcomes.clear();
        let index = &self.compiled.stage(self.stage).index;
        index.candidates(self.evaluator, found);
        let mut used: u64 = 0;
        let among = self.among;
        let mut run = |rules: &[u32]| {
            rules.iter().all(|rule| {
                if among.is_some_and(|among| among.get(*rule as usize) != Some(&true)) {
                    return true;
                }
                used = used.saturating_add(self.rule(*rule, outcomes));
                used <= self.compiled.options.total_fuel
            })
        };
        // Both lists are in order, and no rule is in both.
        let (mut always, mut found) = (index.always(), found.as_slice());
        while let (Some(one), Some(other)) = (always.first(), found.first()) {
            let (list, end) = if one < other { (&mut always, other) } else { (&mut found, one) };
            let (now, later) = list.split_at(list.iter().take_while(|rule| *rule < end).count());
            *list = later;
            if !run(now) {
                return false;
            }
        }
        run(always) && run(found)
    }

    /// Runs one rule, and gives the fuel that it took.
    #[inline]
    fn rule(&self, number: u32, outcomes: &mut Vec<Outcome>) -> u64 {
        let Some(rule) = self.compiled.rules.get(number as usize) else { return 0 };
        let budget = self.compiled.options.rule_fuel;
        self.evaluator.refuel(budget);
        let error = match self.evaluator.truth(rule.condition) {
            Truth::False => return budget - self.evaluator.fuel(),
            Truth::True => None,
            Truth::Error => Some(self.evaluator.error()),
        };
        let mut outcome = Outcome { rule: number, error, exception: None, exception_error: None };
        if rule.classes.restricts {
            self.exceptions(rule, &mut outcome);
        }
        outcomes.push(outcome);
        budget - self.evaluator.fuel()
    }

    /// Looks for an exception that suspends `rule`. One that fails does not.
    fn exceptions(&self, rule: &CompiledRule, outcome: &mut Outcome) {
        for (at, exception) in (0..).zip(&rule.exceptions) {
            if exception.expires.is_some_and(|at| self.now.as_second() >= at) {
                continue;
            }
            match self.evaluator.truth(exception.condition) {
                Truth::True => {
                    outcome.exception = Some(at);
                    return;
                }
                Truth::False => {}
                Truth::Error => {
                    outcome.exception_error.get_or_insert((at, self.evaluator.error()));
                }
            }
        }
    }

    /// Whether an error comes from what surrounds the engine, and not from the input.
    pub(crate) fn is_infrastructure(&self, error: Error) -> bool {
        matches!(error.kind, ErrorKind::MissingInput(slot) if self.compiled.slots.is_fact(slot))
    }
}
