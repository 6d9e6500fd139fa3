//! Rules are found through an index and share their sub-expressions; neither may change an answer.

#![cfg(test)]

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod common;
mod generate;

use std::collections::BTreeMap;

use common::{documents, now, rendered};
use generate::{Policies, contexts, crowds, policies};
use llm_policy_engine::context::Stage;
use llm_policy_engine::explain::Outcome;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options};
use proptest::prelude::*;
use serde_json::Value;

fn engine(policies: &[String], options: Options) -> Result<Engine, TestCaseError> {
    match Engine::new(documents(policies), options) {
        Ok((engine, _)) => Ok(engine),
        Err(findings) => Err(TestCaseError::fail(rendered(&findings))),
    }
}

fn host(all: bool) -> Handles {
    if all { Handles::ALL } else { Handles::NONE }
}

/// The decision about `context`, asked for in every way there is; all ways must agree.
fn decision(engine: &Engine, stage: Stage, context: &Value) -> Result<String, TestCaseError> {
    let text = context.to_string();
    let bytes = Json::new(text.as_bytes());
    let from_bytes = engine.evaluate(stage, &bytes, now()).map(|d| d.to_canonical_json());
    let from_value = engine.evaluate(stage, context, now()).map(|d| d.to_canonical_json());
    let prepared =
        engine.prepare(&bytes).and_then(|p| engine.evaluate_prepared(stage, &p, now())).map(|d| d.to_canonical_json());
    let from_bytes = from_bytes.unwrap_or_else(|e| e.message);
    prop_assert_eq!(&from_bytes, &from_value.unwrap_or_else(|e| e.message), "bytes and value");
    prop_assert_eq!(&from_bytes, &prepared.unwrap_or_else(|e| e.message), "bytes and prepared");
    Ok(from_bytes)
}

/// How each rule comes out: its condition, and whether it matched or failed.
type Verdicts = BTreeMap<(String, String), (Outcome, Option<bool>)>;

fn verdicts(engine: &Engine, stage: Stage, context: &Value) -> Result<Verdicts, TestCaseError> {
    let explanation = match engine.explain(stage, context, now()) {
        Ok(explanation) => explanation,
        Err(_) => return Ok(Verdicts::new()),
    };
    let matched: BTreeMap<(&str, &str), bool> =
        explanation.decision.matched().map(|(policy, rule, failed)| ((policy, rule), failed)).collect();
    let verdict = |rule: &llm_policy_engine::explain::RuleTrace| {
        let failed = matched.get(&(&*rule.policy, &*rule.rule)).copied();
        ((rule.policy.to_string(), rule.rule.to_string()), (rule.outcome.clone(), failed))
    };
    Ok(explanation.rules.iter().map(verdict).collect())
}

fn indexed_is_plain(policies: &Policies, contexts: &[Value]) -> Result<(), TestCaseError> {
    let texts = policies.texts();
    let fuel = |options: Options| Options { rule_fuel: policies.fuel, ..options };
    let indexed = engine(&texts, fuel(Options::default()))?.handles(host(policies.handled));
    let plain = engine(&texts, fuel(Options { indexed: false, ..Options::default() }))?.handles(host(policies.handled));
    for context in contexts {
        for stage in Stage::ALL {
            let (a, b) = (decision(&indexed, stage, context)?, decision(&plain, stage, context)?);
            prop_assert_eq!(a, b, "{} {}", stage, context);
        }
    }
    Ok(())
}

fn alone_is_together(policies: &Policies, contexts: &[Value]) -> Result<(), TestCaseError> {
    let options = || Options { rule_fuel: policies.fuel, ..Options::default() };
    let together = engine(&policies.texts(), options())?.handles(Handles::ALL);
    let alone: Vec<Engine> = policies
        .each_rule_alone()
        .iter()
        .map(|text| Ok(engine(std::slice::from_ref(text), options())?.handles(Handles::ALL)))
        .collect::<Result<_, TestCaseError>>()?;
    for context in contexts {
        for stage in Stage::ALL {
            let mut expected = Verdicts::new();
            for engine in &alone {
                expected.extend(verdicts(engine, stage, context)?);
            }
            let mut found = verdicts(&together, stage, context)?;
            if policies.rewrite() {
                // Another rule may have changed the request that a rule saw.
                for verdicts in [&mut expected, &mut found] {
                    verdicts.values_mut().for_each(|(_, matched)| *matched = None);
                }
            }
            prop_assert_eq!(expected, found, "{} {}", stage, context);
        }
    }
    Ok(())
}

/// How many sets of policies are tried: `INDEX_CASES`, or as many as the ordinary run has time for.
fn config(ordinary: u32) -> ProptestConfig {
    let cases = std::env::var("INDEX_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(ordinary);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 500, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn an_index_of_many_rules_gives_what_a_scan_gives(policies in crowds(), contexts in contexts(24)) {
        indexed_is_plain(&policies, &contexts.0)?;
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn an_index_gives_what_a_scan_gives(policies in policies(), contexts in contexts(24)) {
        indexed_is_plain(&policies, &contexts.0)?;
    }

    #[test]
    fn a_rule_says_in_a_set_what_it_says_alone(policies in policies(), contexts in contexts(12)) {
        alone_is_together(&policies, &contexts.0)?;
    }
}
