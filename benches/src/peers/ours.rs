//! The engine of this repository, as a host uses it: one document, one engine.

use std::collections::HashMap;

use jiff::Timestamp;
use llm_policy_engine::context::Stage;
use llm_policy_engine::input::{Json, Prepared};
use llm_policy_engine::{Decision, Engine, Options, document};

use crate::contender::{Contender, Entrant, Outcome, Plan, Result, Verdict};
use crate::dialect::document::yaml;
use crate::report::OURS;
use crate::rule::Effect;

/// The entry.
pub const ENTRANT: Entrant = Entrant {
    name: OURS,
    notes: "one YAML document; the time is a constant, since no rule reads it; loading takes in YAML, types, the index \
            and all regexes, which the others compile when they first meet them or at each call",
    plan: |workload| {
        let yaml = yaml(&workload.rules);
        let effects: HashMap<String, Effect> =
            workload.rules.iter().map(|rule| (rule.id.clone(), rule.effect)).collect();
        let load = move || {
            let document = document::read(&yaml, "bench.yaml", &mut document::no_files)
                .map_err(|refused| refused.render(false))?;
            let (engine, _warnings) = Engine::new(vec![document], Options::default())
                .map_err(|findings| findings.iter().map(|finding| finding.render(false)).collect::<String>())?;
            let ours =
                Ours { engine, effects: effects.clone(), now: Timestamp::UNIX_EPOCH, prepared: None, decision: None };
            Ok(Box::new(ours) as Box<dyn Contender>)
        };
        Plan { left_out: Vec::new(), load: Box::new(load) }
    },
};

struct Ours {
    engine: Engine,
    effects: HashMap<String, Effect>,
    now: Timestamp,
    prepared: Option<Prepared>,
    decision: Option<Decision>,
}

impl Ours {
    /// Keeps the decision, and says what it came to. That no allow matches beside a deny is checked by the verdict.
    fn keep(&mut self, decision: Decision) -> Outcome {
        let outcome = Outcome { denied: !decision.allowed(), deciding: decision.matched().count() };
        self.decision = Some(decision);
        outcome
    }
}

impl Contender for Ours {
    fn prepare(&mut self, json: &[u8]) -> Result<()> {
        self.prepared = Some(self.engine.prepare(&Json::new(json))?);
        Ok(())
    }

    fn evaluate_prepared(&mut self) -> Outcome {
        let prepared = self.prepared.as_ref().expect("prepared");
        let decision = self.engine.evaluate_prepared(Stage::Request, prepared, self.now).expect("nothing was reloaded");
        self.keep(decision)
    }

    fn evaluate_json(&mut self, json: &[u8]) -> Outcome {
        let decision = self.engine.evaluate(Stage::Request, &Json::new(json), self.now).expect("the request is valid");
        self.keep(decision)
    }

    fn verdict(&self) -> Verdict {
        let decision = self.decision.as_ref().expect("evaluated");
        assert_eq!(decision.error_count(), 0, "no rule fails: {:?}", decision.errors());
        let matching = |effect: Effect| {
            let ids = decision.matched().map(|(_, rule, _)| rule.to_owned());
            ids.filter(|id| self.effects.get(id) == Some(&effect)).collect::<Vec<_>>()
        };
        assert_eq!(decision.allowed(), matching(Effect::Deny).is_empty(), "deny overrides");
        Verdict::new(matching(Effect::Deny), matching(Effect::Allow))
    }
}
