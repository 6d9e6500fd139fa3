//! The cases are valid, as they come out, and cover what there is.

use llm_policy_embed::{Effect, ErrorCode, Format, Stage};
use llm_policy_engine::document::keys;
use serde_json::Value as Json;

use super::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn json(path: &Path) -> Json {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn everything_comes_out_as_expected() {
    run(root()).unwrap();
}

#[test]
fn the_files_keep_to_the_schema() {
    let schema = jsonschema::validator_for(&json(&root().join("conformance/schema.json"))).unwrap();
    let mut wrong = Vec::new();
    for (name, (path, case)) in cases(root()).unwrap() {
        let file = json(&path);
        wrong.extend(schema.iter_errors(&file).map(|error| format!("{name}{}: {error}", error.instance_path())));
        assert!(case.about.ends_with('.'), "{name}: a sentence ends with a full stop");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_errors_is_the_engines() {
    let table = json(&root().join("conformance/errors.json"));
    let known: Vec<(&str, i32)> = ErrorCode::ALL.iter().map(|code| (code.name(), code.number())).collect();
    let listed = table.as_object().unwrap().iter();
    let listed: Vec<(&str, i32)> =
        listed.map(|(name, entry)| (&**name, i32::try_from(entry["number"].as_i64().unwrap()).unwrap())).collect();
    assert_eq!(listed, known);
}

/// What is named nowhere in the cases, of what there is.
fn unnamed<'n>(text: &str, names: impl IntoIterator<Item = &'n str>, written: impl Fn(&str) -> String) -> Vec<String> {
    names.into_iter().map(written).filter(|name| !text.contains(name.as_str())).collect()
}

/// A new effect, action, key, operator, code, stage or format wants a case.
#[test]
fn the_cases_cover_what_there_is() {
    let cases = cases(root()).unwrap();
    assert!(cases.len() >= 150);
    let expected: String =
        cases.values().flat_map(|(_, case)| &case.expect).map(|text| format!("\n{text}\n")).collect();
    let policies: String = cases
        .values()
        .flat_map(|(_, case)| case.policies.values().flatten())
        .map(|line| format!(" {line}\n"))
        .collect();
    let files: String = cases.values().map(|(path, _)| fs::read_to_string(path).unwrap()).collect();

    let effects = Effect::ALL.map(Effect::name);
    let origins = [
        "default",
        "fallback",
        "no_policy",
        "out_of_fuel",
        "second_change",
        "change_failed",
        "no_route",
        "unhandled_obligation",
        "limit_reached",
        "limit_failed",
        "circuit_open",
        "switched_off",
        "breaker_failed",
    ];
    let key = |key: &str| format!("{key}:");
    let mut missing = unnamed(&expected, effects, |effect| format!("\"effect\":\"{effect}\""));
    missing.extend(unnamed(&expected, origins, |code| format!("\"code\":\"{code}\"")));
    // No case has a store of limits that cannot be asked: the one in memory always can.
    let codes = ErrorCode::ALL.into_iter().filter(|code| *code != ErrorCode::LimitsUnavailable).map(ErrorCode::name);
    missing.extend(unnamed(&expected, codes, |code| format!("\n{code}")));
    missing.extend(unnamed(&expected, Stage::ALL.map(Stage::name), |stage| format!("\"stage\":\"{stage}\"")));
    missing.extend(unnamed(&files, Format::ALL.map(Format::name), |format| format!("\"format\": \"{format}\"")));
    // Those without a value end the mapping.
    let operators = keys::operators().filter(|operator| !policies.contains(&format!("operator: {operator}}}")));
    missing.extend(unnamed(&policies, operators, |operator| format!("operator: {operator},")));
    for (action, parameters) in keys::actions() {
        missing.extend(unnamed(&expected, [action], |action| format!("\"{action}\"")));
        missing.extend(unnamed(&policies, parameters.iter().copied().filter(|k| *k != "values"), key));
    }
    let parts = [
        keys::DOCUMENT,
        keys::METADATA,
        keys::CONFIG,
        keys::DETECTORS,
        keys::FALLBACK,
        keys::FIELD,
        keys::TABLE,
        keys::RULE,
        keys::ROLLOUT,
        keys::LIMIT,
        keys::LIMIT_WINDOW,
        keys::STEP,
        keys::BREAKER,
        keys::SLOW,
        keys::EXCEPTION,
        keys::GROUP,
        keys::COMPARISON,
        keys::CALL,
        keys::SCHEDULE,
        keys::WINDOW,
    ];
    missing.extend(parts.into_iter().flat_map(|keys| unnamed(&policies, keys.iter().copied(), key)));
    assert!(missing.is_empty(), "no case has {}", missing.join(", "));
}
