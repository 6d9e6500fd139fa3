//! Formatting changes how documents look and never what they mean.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod messy;
mod model;

use std::fs;
use std::path::{Path, PathBuf};

use llm_policy_engine::document::{self, Document};
use llm_policy_engine::input::Json;
use llm_policy_engine::{Engine, Options};
use llm_policy_workbench::format;
use proptest::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What tests of the examples install and build there is not ours.
        if path.ends_with("node_modules") || path.ends_with("target") {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

fn read(text: &str, folder: &Path) -> Option<Document> {
    let mut load = |name: &str| fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    document::read(text, "policy.yaml", &mut load).ok()
}

/// Formats `text`, twice, and compares what the reader makes of it.
fn check(text: &str, folder: &Path) -> String {
    let once = format::policy(text).unwrap_or_else(|e| panic!("{}\n{text}", e.render(text, "before", false)));
    assert_eq!(format::policy(&once).unwrap(), once, "not the same again:\n{text}");
    let (before, after) = (read(text, folder), read(&once, folder));
    assert_eq!(before.is_some(), after.is_some(), "{text}\n=====\n{once}");
    if let (Some(before), Some(after)) = (before, after) {
        assert_eq!(model::normal(&before), model::normal(&after), "{text}\n=====\n{once}");
    }
    once
}

#[test]
fn all_documents_of_this_repository() {
    let mut found = Vec::new();
    for folder in ["examples", "server/tests/data"] {
        files(&root().join(folder), &mut found);
    }
    assert!(found.len() >= 10, "{}", found.len());
    let mut formatted = 0;
    for file in found {
        let text = fs::read_to_string(&file).unwrap();
        let valid = format::policy(&text).is_ok();
        if valid {
            check(&text, file.parent().unwrap());
            formatted += 1;
        } else {
            assert!(read(&text, file.parent().unwrap()).is_none(), "{} is valid and not formatted", file.display());
        }
    }
    assert!(formatted >= 10, "{formatted}");
}

#[test]
fn examples_are_formatted() {
    let mut found = Vec::new();
    files(&root().join("examples"), &mut found);
    assert!(found.len() >= 3);
    for file in found {
        let text = fs::read_to_string(&file).unwrap();
        let pretty = format::policy(&text).unwrap();
        if let Some(diff) = format::diff(&text, &pretty, &file.display().to_string()) {
            panic!("{diff}");
        }
    }
}

#[test]
fn decisions_stay_the_same() {
    let folder = root().join("examples/policies");
    let load = |spoil: bool| {
        let mut documents = Vec::new();
        for name in ["budget", "governance", "security"] {
            let text = fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
            // Something to do for the formatter.
            let spoilt = text.replace("' && ", "'&& ").replace(", '", ",'");
            let text = if spoil {
                format::policy(&spoilt).unwrap_or_else(|e| panic!("{}", e.render(&spoilt, name, false)))
            } else {
                text
            };
            documents.push(read(&text, &folder).unwrap());
        }
        Engine::new(documents, Options::default()).unwrap().0
    };
    let (before, after) = (load(false), load(true));
    let mut compared = 0;
    for file in fs::read_dir(root().join("examples/contexts")).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        for stage in llm_policy_engine::context::Stage::ALL {
            let now = "2026-03-03T10:00:00Z".parse().unwrap();
            let decide = |engine: &Engine| {
                engine.evaluate(stage, &Json::new(&bytes), now).map_err(|e| e.to_string()).map(|decision| {
                    let mut decision = decision.to_json();
                    decision.as_object_mut().unwrap().remove("bundle").unwrap();
                    decision
                })
            };
            assert_eq!(decide(&before), decide(&after));
            compared += 1;
        }
    }
    assert!(compared > 100);
}

#[test]
fn comments_alone_are_no_expression() {
    assert_eq!(format::cel::lines(" //\n", 20), None);
}

#[test]
fn a_comment_at_the_end_stays_at_its_column() {
    for text in ["a >\n  b\n  // why\n", "a >\n  b\n  // why"] {
        assert_eq!(format::cel::lines(text, 20).unwrap(), ["a >", "  b", "  // why"]);
    }
}

#[test]
fn an_operator_without_a_left_operand_stays_on_its_line() {
    for width in [1, 20] {
        assert_eq!(format::cel::lines("||\n:", width).unwrap(), ["|| :"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_documents(seed: u64) {
        let text = messy::document(seed);
        let folder = root();
        prop_assert!(read(&text, &folder).is_some(), "the generator makes documents that are refused:\n{text}");
        check(&text, &folder);
    }

    #[test]
    fn any_text_is_formatted_or_refused(text in "[a-c:#\\-\\[\\]{},&*|>'\" \n!?%ä0-9]{0,60}") {
        if let Ok(once) = format::data(&text) {
            prop_assert_eq!(format::data(&once).unwrap(), once);
        }
        let _ = format::policy(&text);
    }

    #[test]
    fn any_expression_keeps_its_tokens(text in "[a-c0-2.,()\\[\\]{}?:!&|<>=+\\-*/%'\" \n]{0,40}") {
        for width in [1, 20, 100] {
            if let Some(lines) = format::cel::lines(&text, width) {
                let out = lines.join("\n");
                prop_assert_eq!(format::cel::essence(&text), format::cel::essence(&out));
                prop_assert_eq!(format::cel::lines(&out, width).unwrap().join("\n"), out);
            }
        }
    }
}
