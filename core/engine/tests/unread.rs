//! A field that the policies do not read can be anything: the decision stays the same.

#![cfg(test)]

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod common;
#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod generate;

use common::{documents, now, rendered};
use generate::inputs::{any_value, put};
use generate::{contexts, policies};
use llm_policy_engine::context::{FIELDS, Stage};
use llm_policy_engine::handles::Handles;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

/// Paths that the program of `engine` may look at or below.
fn read(engine: &Engine) -> Vec<String> {
    engine.compiled().slots.infos.iter().map(|info| info.path.to_string()).collect()
}

/// Whether a change at `path` can be seen by a program that reads `known`.
fn is_seen(known: &[String], path: &str) -> bool {
    let below = |a: &str, b: &str| a == b || a.strip_prefix(b).is_some_and(|rest| rest.starts_with('.'));
    known.iter().any(|known| below(known, path) || below(path, known))
}

fn remove(from: &mut Value, path: &str) {
    let mut names: Vec<&str> = path.split('.').collect();
    let Some(last) = names.pop() else { return };
    let parent = names.into_iter().try_fold(from, |at, name| at.get_mut(name));
    if let Some(fields) = parent.and_then(Value::as_object_mut) {
        fields.remove(last);
    }
}

fn decision(engine: &Engine, context: &Value) -> String {
    let text = context.to_string();
    let from_bytes = engine.evaluate(Stage::Request, &Json::new(text.as_bytes()), now());
    let from_value = engine.evaluate(Stage::Request, context, now());
    let (a, b) = (from_bytes.map(|d| d.to_canonical_json()), from_value.map(|d| d.to_canonical_json()));
    format!("{a:?} {b:?}")
}

/// Paths of the standard context, and some that nobody knows.
fn path() -> impl Strategy<Value = String> {
    let known = select(FIELDS).prop_map(|field| field.path.to_owned());
    let known = known.prop_filter("lists are changed as a whole", |path| !path.contains('['));
    let unknown = select(
        &["unknown", "user.unknown", "request.unknown.deep", "metadata.z", "x.y.z", "é", "request.context.zz"][..],
    );
    prop_oneof![3 => known, 1 => unknown.prop_map(str::to_owned)]
}

/// How many sets of policies are tried.
fn config() -> ProptestConfig {
    let cases = std::env::var("UNREAD_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_not_read_changes_nothing(
        policies in policies(),
        contexts in contexts(4),
        changes in prop::collection::vec((path(), prop::option::of(any_value()), any::<Index>()), 20),
    ) {
        let options = Options { rule_fuel: policies.fuel, ..Options::default() };
        let engine = Engine::new(documents(&policies.texts()), options);
        let engine = engine.map_err(|findings| TestCaseError::fail(rendered(&findings)))?.0.handles(Handles::ALL);
        let known = read(&engine);
        for (path, value, index) in changes {
            if is_seen(&known, &path) {
                continue;
            }
            let before = index.get(&contexts.0);
            // An object must be where the field goes.
            let parents: Vec<&str> = path.match_indices('.').filter_map(|(at, _)| path.get(..at)).collect();
            let at = |path: &str| path.split('.').try_fold(before, |at, name| at.get(name));
            if parents.iter().any(|parent| at(parent).is_some_and(|value| !value.is_object())) {
                continue;
            }
            let mut after = before.clone();
            match value {
                Some(value) => put(&mut after, &path, value),
                None => remove(&mut after, &path),
            }
            prop_assert_eq!(decision(&engine, before), decision(&engine, &after), "{} in {}", path, before);
        }
    }
}
