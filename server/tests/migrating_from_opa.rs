//! The page docs/migrating-from-opa.md shows files of examples/migrating-from-opa, and both languages decide as it says.
//!
//! Each line of an `inputs.jsonl` is an input with what is decided about it: `both`, or `opa`, `ours` and `why`, where they
//! differ. `reason` and `warnings` are compared with both too.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use llm_policy_embed::{Documents, Options, Question};
use regorus::Value;
use serde_json::Value as Json;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders of the translations, in order.
fn translations() -> Vec<PathBuf> {
    let all = fs::read_dir(root().join("examples/migrating-from-opa")).unwrap();
    let mut all: Vec<PathBuf> = all.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    all.sort();
    assert!(all.len() >= 8, "there are translations");
    all
}

fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

/// A line of `inputs.jsonl`.
struct Line {
    at: String,
    input: Json,
    opa: String,
    ours: String,
    why: Option<String>,
    reason: Option<String>,
    warnings: Option<BTreeSet<String>>,
}

fn lines(folder: &Path) -> Vec<Line> {
    let text = read(&folder.join("inputs.jsonl"));
    text.lines().enumerate().map(|(index, line)| parse(format!("{}:{}", name(folder), index + 1), line)).collect()
}

fn parse(at: String, line: &str) -> Line {
    let Json::Object(mut line) = serde_json::from_str(line).unwrap_or_else(|error| panic!("{at}: {error}")) else {
        panic!("{at}: a line is an object")
    };
    let mut text = |key: &str| line.remove(key).map(|value| value.as_str().expect("text").to_owned());
    let (opa, ours, why) = match text("both") {
        Some(both) => (both.clone(), both, None),
        None => {
            let why = text("why").unwrap_or_else(|| panic!("{at}: a difference has its reason under `why`"));
            (text("opa").expect("`opa`"), text("ours").expect("`ours`"), Some(why))
        }
    };
    assert!(why.is_none() || opa != ours, "{at}: that is no difference");
    let reason = text("reason");
    let warnings = line.remove("warnings").map(|all| serde_json::from_value(all).expect("a list of texts"));
    let input = line.remove("input").expect("`input`");
    assert!(line.is_empty(), "{at}: {line:?} is not known");
    Line { at, input, opa, ours, why, reason, warnings }
}

/// OPA's view of a folder: modules at their place, `<name>/data.json` under `data.<name>`.
fn opa(folder: &Path) -> regorus::Engine {
    let mut engine = regorus::Engine::new();
    // As OPA has it unless told otherwise: a built-in function that fails is undefined.
    engine.set_strict_builtin_errors(false);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rego") {
            engine.add_policy(path.display().to_string(), read(&path)).unwrap_or_else(|error| panic!("{error}"));
        } else if path.is_dir() {
            let data: Json = serde_json::from_str(&read(&path.join("data.json"))).unwrap();
            let data = serde_json::json!({ name(&path): data });
            engine.add_data_json(&data.to_string()).unwrap();
        }
    }
    engine
}

/// The value of a rule of the package `llm`, `undefined` among them.
fn rule(engine: &mut regorus::Engine, name: &str) -> Result<Value, String> {
    engine.eval_rule(format!("data.llm.{name}")).map_err(|error| error.to_string())
}

/// How many of the rules that matched deny.
fn denying(decision: &Json) -> usize {
    let actions = decision["matched"].as_array().expect("a list").iter().filter_map(|rule| rule["actions"].as_array());
    actions.filter(|actions| actions.iter().any(|action| action == "deny")).count()
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_set().expect("a set").iter().map(|item| item.as_string().expect("text").to_string()).collect()
}

#[test]
fn both_languages_decide_alike_but_for_the_differences_that_are_named() {
    let mut weaker = 0;
    for folder in translations() {
        let mut documents = Documents::new();
        documents.add_path(&folder).unwrap();
        let engine = documents.check(Options::default()).into_engine().unwrap();
        let mut opa = opa(&folder);
        let lines = lines(&folder);
        for effect in ["allow", "deny"] {
            assert!(lines.iter().any(|line| line.ours == effect), "{}: nothing is {effect}", name(&folder));
        }
        for line in &lines {
            let at = &line.at;
            let input = line.input.to_string();
            opa.set_input_json(&input).unwrap();
            let theirs = match rule(&mut opa, "allow") {
                Err(message) => {
                    assert!(message.contains("rule conflicts with rule"), "{at}: {message}");
                    "error"
                }
                Ok(Value::Undefined) => "undefined",
                Ok(Value::Bool(true)) => "allow",
                Ok(Value::Bool(false)) => "deny",
                Ok(other) => panic!("{at}: `allow` is {other:?}"),
            };
            let now = line.input.get("now").map(|now| now.as_str().unwrap().parse().unwrap());
            let question = now.map_or_else(Question::default, |now| Question { now, ..Question::default() });
            let decision = engine.evaluate(input.as_bytes(), question).unwrap_or_else(|error| panic!("{at}: {error}"));
            weaker += usize::from(theirs != "allow" && decision.allowed());
            assert_eq!(theirs, line.opa, "{at}: OPA");
            assert_eq!(decision.effect().to_string(), line.ours, "{at}: ours, {}", decision.to_canonical_json());
            if let Some(reason) = &line.reason {
                let messages = texts(&rule(&mut opa, "deny").unwrap());
                assert!(messages.contains(reason), "{at}: OPA's reasons are {messages:?}");
                assert_eq!(decision.reason(), *reason, "{at}: our reason");
                let rules = denying(&decision.to_json());
                assert_eq!(rules, messages.len(), "{at}: as many rules deny as OPA has messages");
            }
            if let Some(warnings) = &line.warnings {
                assert_eq!(texts(&rule(&mut opa, "warn").unwrap()), *warnings, "{at}: OPA's warnings");
                assert_eq!(decision.warnings().map(str::to_owned).collect::<BTreeSet<_>>(), *warnings, "{at}: ours");
            }
        }
    }
    assert_eq!(weaker, 1, "the page speaks of one exception");
}

#[test]
fn the_page_shows_the_files_and_names_every_difference() {
    let page = read(&root().join("docs/migrating-from-opa.md"));
    let sections: Vec<&str> = page.split("\n## ").collect();
    let mut shown = 0;
    for folder in translations() {
        let link = format!("../examples/migrating-from-opa/{}", name(&folder));
        let section = sections.iter().find(|section| section.contains(&link));
        let section = section.unwrap_or_else(|| panic!("no section links to {link}"));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let Some(language @ ("rego" | "yaml")) = path.extension().and_then(|extension| extension.to_str()) else {
                continue;
            };
            let block = format!("```{language}\n{}```\n", read(&path));
            assert!(section.contains(&block), "the page does not show {} as it is", path.display());
            shown += 1;
        }
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let section = words(section);
        for why in lines(&folder).iter().filter_map(|line| line.why.as_deref()) {
            assert!(section.contains(&words(why)), "{}: the page does not say: {why}", name(&folder));
        }
    }
    let blocks = page.matches("```rego\n").count() + page.matches("```yaml\n").count();
    assert_eq!(blocks, shown, "a block of the page is not one of the files");
}

#[test]
fn unit_tests_of_both_languages_pass() {
    let mut seen = 0;
    for folder in translations().iter().filter(|folder| folder.join("policy_test.rego").exists()) {
        let mut opa = opa(folder);
        for line in read(&folder.join("policy_test.rego")).lines().filter(|line| line.starts_with("test_")) {
            let test = line.split_whitespace().next().unwrap();
            assert_eq!(opa.eval_rule(format!("data.llm_test.{test}")).unwrap(), Value::Bool(true), "{test}");
            seen += 1;
        }
        policy_engine("test --coverage --min 100 --mutate --min-mutation 100", folder);
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_policies_are_valid_and_formatted() {
    for folder in translations() {
        policy_engine("validate --strict", &folder.join("policy.yaml"));
        policy_engine("fmt --check", &folder.join("policy.yaml"));
    }
}

fn policy_engine(arguments: &str, path: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_policy-engine"));
    let output = command.args(arguments.split(' ')).arg(path).output().expect("the command runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments} {}: {printed}", path.display());
}
