//! The cases are valid, as they come out, and cover what there is.

use llm_policy_embed::ErrorCode;
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
