//! Whether one condition implies another.

use llm_policy_engine::Engine;
use llm_policy_engine::cel::program::NodeId;
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::context::Stage;
use serde_json::Value as Json;

use super::outcomes::Outcomes;
use super::solver::{Answer, Goal, solve};
use super::theory::Theory;
use super::tried::Tried;
use super::witness;

/// Compares conditions of one program. A condition is the list of its clauses, all of which must hold.
#[derive(Debug)]
pub(crate) struct Implication<'i> {
    engine: &'i Engine,
    compiled: &'i Compiled,
    theory: Theory<'i>,
    stage: Stage,
}

fn all(clauses: &[NodeId], outcomes: Outcomes) -> Vec<Goal> {
    clauses.iter().map(|clause| Goal::Is(*clause, outcomes)).collect()
}

fn some(clauses: &[NodeId], outcomes: Outcomes) -> Goal {
    Goal::any(clauses.iter().map(|clause| vec![Goal::Is(*clause, outcomes)]).collect())
}

impl<'i> Implication<'i> {
    /// About conditions of `compiled`, the program of `engine`.
    pub(crate) fn new(engine: &'i Engine, compiled: &'i Compiled, stage: Stage) -> Self {
        let roots: Vec<NodeId> =
            compiled.rules.iter().flat_map(|rule| &rule.clauses).map(|clause| clause.node).collect();
        Self { engine, compiled, theory: Theory::new(compiled, &roots), stage }
    }

    /// A context for which `first` is true and `second` is not. `Ok(None)`: there is none. `Err`: not known.
    pub(crate) fn exception_to(&mut self, first: &[NodeId], second: &[NodeId]) -> Result<Option<Json>, ()> {
        let mut goals = all(first, Outcomes::TRUE);
        goals.push(some(second, Outcomes::NOT_TRUE));
        let state = match solve(&mut self.theory, goals.clone()) {
            Answer::No => return Ok(None),
            Answer::Unknown => return Err(()),
            Answer::Maybe(state) => state,
        };
        let (engine, compiled, stage) = (self.engine, self.compiled, self.stage);
        witness::find(&mut self.theory, &state, &goals, |theory, guess| {
            let context = witness::context(compiled, theory, guess)?;
            let now = witness::instant(compiled, guess).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
            Tried::new(engine, &context, stage, now).map(|_| context)
        })
        .map(Some)
        .ok_or(())
    }

    /// Whether both conditions fail for the same contexts, given that they are true for the same.
    pub(crate) fn fail_alike(&mut self, first: &[NodeId], second: &[NodeId]) -> bool {
        let mut one_way = |a: &[NodeId], b: &[NodeId]| {
            let mut goals = all(a, Outcomes::NOT_FALSE);
            goals.push(some(a, Outcomes::ERROR));
            goals.push(some(b, Outcomes::FALSE));
            solve(&mut self.theory, goals).is_no()
        };
        one_way(first, second) && one_way(second, first)
    }
}
