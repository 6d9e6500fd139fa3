//! The examples: each context of `examples/contexts` is decided about by the policies of `examples/policies`, and the decision
//! is the one in `examples/expected`.
//!
//! A file in `examples/expected` has the name of its context and says at which stage and when the question is asked, which
//! actions the host has declared, and what is decided. To write the decisions anew, after a look at the difference:
//!
//! ```text
//! UPDATE_EXAMPLES=1 cargo test -p llm-policy-engine --test examples
//! ```

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use llm_policy_engine::context::Stage;
use llm_policy_engine::decision::canonical;
use llm_policy_engine::document::model::Rule;
use llm_policy_engine::document::{self, Document};
use llm_policy_engine::explain::Outcome;
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options};
use serde_json::Value;

fn examples(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(folder)
}

/// The files of a folder with this ending, by the part of the name before it.
fn files(folder: &str, ending: &str) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(examples(folder)).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: PathBuf| {
        let stem = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
        Some((stem, path))
    };
    entries.filter_map(named).collect()
}

fn documents() -> Vec<Document> {
    let load = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let mut table = |name: &str| fs::read_to_string(examples("policies").join(name)).map_err(|e| e.to_string());
        let origin = path.file_name().unwrap().to_string_lossy();
        document::read(&text, &origin, &mut table).unwrap_or_else(|refused| panic!("{refused}"))
    };
    let policies = files("policies", ".yaml");
    // Beside them stand their test cases.
    policies.iter().filter(|(name, _)| !name.ends_with("_test")).map(|(_, path)| load(path)).collect()
}

fn engine() -> Engine {
    let found = Engine::new(documents(), Options::default());
    let (engine, warnings) = found.unwrap_or_else(|findings| {
        let findings: Vec<String> = findings.iter().map(|f| f.render(false)).collect();
        panic!("{}", findings.join("\n\n"))
    });
    let warnings: Vec<String> = warnings.iter().map(|f| f.render(false)).collect();
    assert!(warnings.is_empty(), "the examples load without warnings:\n{}", warnings.join("\n\n"));
    engine
}

/// One of the expected decisions.
struct Case {
    path: PathBuf,
    file: Value,
}

impl Case {
    fn text(&self, name: &str) -> &str {
        self.file.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        self.text("stage").parse().unwrap_or_else(|e| panic!("{}: {e}", self.path.display()))
    }

    fn now(&self) -> jiff::Timestamp {
        self.text("now").parse().unwrap_or_else(|e| panic!("{}: {e}", self.path.display()))
    }
}

fn cases() -> BTreeMap<String, Case> {
    let read = |(name, path): (String, PathBuf)| {
        let file = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (name, Case { path, file })
    };
    files("expected", ".json").into_iter().map(read).collect()
}

#[test]
fn every_context_is_decided_as_expected() {
    let update = std::env::var_os("UPDATE_EXAMPLES").is_some();
    let engine = engine();
    let mut cases = cases();
    let contexts = files("contexts", ".json");
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<BTreeSet<String>>();
    assert_eq!(
        names(contexts.keys().collect()),
        names(cases.keys().collect()),
        "each context has an expected decision"
    );
    let mut wrong = Vec::new();
    for (name, path) in &contexts {
        let case = cases.get_mut(name).unwrap();
        let engine = engine.clone().handles(case.text("handles").parse().unwrap());
        let bytes = fs::read(path).unwrap();
        let decision = engine.evaluate(case.stage(), &Json::new(&bytes), case.now()).unwrap();
        let mut decision = decision.to_json();
        // It changes with every comment of a policy.
        assert_eq!(decision.as_object_mut().unwrap().remove("bundle"), Some(Value::from(&*engine.bundle())));
        let found = canonical::to_string(&decision);
        let expected = case.file.get("decision").map(canonical::to_string).unwrap_or_default();
        if found == expected {
            continue;
        }
        if update {
            let sorted: Value = serde_json::from_str(&found).unwrap();
            case.file.as_object_mut().unwrap().insert("decision".into(), sorted);
            // In one step, because the other tests are reading.
            let new = case.path.with_extension("new");
            fs::write(&new, format!("{}\n", serde_json::to_string_pretty(&case.file).unwrap())).unwrap();
            fs::rename(&new, &case.path).unwrap();
        } else {
            wrong.push(format!("{name}:\n  expected {expected}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n\nif this is what you want: UPDATE_EXAMPLES=1", wrong.join("\n"));
}

#[test]
fn every_rule_and_exception_matches_some_context() {
    let engine = engine();
    let cases = cases();
    let mut rules: BTreeSet<(String, String)> = BTreeSet::new();
    let mut exceptions: BTreeSet<(String, String)> = BTreeSet::new();
    for document in documents() {
        // A context cannot say how a limit stands; those rules have test cases.
        let of_limits = |rule: &&Rule| rule.condition.text.contains("limit(");
        let asked = document.rules.iter().filter(|rule| !of_limits(rule));
        rules.extend(asked.map(|rule| (document.id(), rule.id.value.to_string())));
        exceptions.extend(document.exceptions.iter().map(|e| (document.id(), e.id.value.to_string())));
    }
    for (name, path) in files("contexts", ".json") {
        let case = cases.get(&name).unwrap();
        let bytes = fs::read(path).unwrap();
        let explanation = engine.explain(case.stage(), &Json::new(&bytes), case.now()).unwrap();
        for rule in explanation.rules.iter().filter(|rule| rule.outcome == Outcome::True) {
            rules.remove(&(rule.policy.to_string(), rule.rule.to_string()));
        }
        let decision = explanation.decision.to_json();
        for matched in decision.get("matched").and_then(Value::as_array).unwrap() {
            let text = |name: &str| matched.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(policy), Some(exception)) = (text("policy"), text("exception")) {
                exceptions.remove(&(policy, exception));
            }
        }
    }
    assert!(rules.is_empty(), "no context matches {rules:?}");
    assert!(exceptions.is_empty(), "no context matches the exceptions {exceptions:?}");
}

/// The names say what is shown, so they are held to it.
#[test]
fn names_of_contexts_tell_the_effect() {
    let promised = [
        ("allowed", "allow"),
        ("denied", "deny"),
        ("throttled", "throttle"),
        ("warned", "allow"),
        ("approval", "require_approval"),
    ];
    for (name, case) in cases() {
        let effect = case.file.pointer("/decision/effect").and_then(Value::as_str);
        let first = name.split('-').next().unwrap_or_default();
        if let Some((_, promise)) = promised.iter().find(|(word, _)| *word == first) {
            assert_eq!(effect, Some(*promise), "{name}");
        }
        let allowed = case.file.pointer("/decision/allowed").and_then(Value::as_bool);
        assert_eq!(allowed, Some(effect == Some("allow")), "{name}");
        assert!(case.text("about").ends_with('.'), "{name} says what it shows");
    }
}
