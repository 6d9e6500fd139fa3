//! What the engine says about a context: the last word before anything is claimed.

use jiff::Timestamp;
use llm_policy_engine::cel::eval::Truth;
use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::context::Stage;
use llm_policy_engine::input::{Json as JsonInput, Prepared};
use llm_policy_engine::{Decision, Engine};
use serde_json::Value as Json;

use super::outcomes::Outcomes;

/// A context that the engine has decided about.
pub(super) struct Tried<'e> {
    engine: &'e Engine,
    prepared: Prepared,
    stage: Stage,
    now: Timestamp,
    pub(super) decision: Decision,
}

impl<'e> Tried<'e> {
    /// `None`: the engine refuses the context.
    pub(super) fn new(engine: &'e Engine, context: &Json, stage: Stage, now: Timestamp) -> Option<Self> {
        let bytes = context.to_string();
        let prepared = engine.prepare(&JsonInput::new(bytes.as_bytes())).ok()?;
        let decision = engine.evaluate_prepared(stage, &prepared, now).ok()?;
        Some(Self { engine, prepared, stage, now, decision })
    }

    /// Whether the rule's condition came out as one of `outcomes`. Other rules are not looked at, so that the tries of an
    /// analysis of many rules do not cost the square of their number.
    pub(super) fn came_out(&self, rule: &CompiledRule, outcomes: Outcomes) -> bool {
        let truths = self.engine.truths(&[rule.condition], self.stage, &self.prepared, self.now);
        let outcome = match truths.as_deref() {
            Ok([Truth::True]) => Outcomes::TRUE,
            Ok([Truth::False]) => Outcomes::FALSE,
            Ok([Truth::Error]) => Outcomes::ERROR,
            _ => Outcomes::NONE,
        };
        outcomes.meets(outcome)
    }
}
