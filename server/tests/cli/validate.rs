//! `validate`

use serde_json::Value as Json;

use super::common::{run, run_with, snapshot};

#[test]
fn findings_for_people() {
    snapshot!("validate_valid", run("validate policies"));
    snapshot!("validate_broken", run("validate broken policies"));
    snapshot!("validate_warned", run("validate warned"));
    snapshot!("validate_table", run("validate table.yaml"));
}

#[test]
fn warnings_fail_when_strict() {
    assert_eq!(run("validate warned").code, 0);
    assert_eq!(run("validate --strict warned").code, 3);
    assert_eq!(run("validate --strict policies").code, 0);
    let report: Json = serde_json::from_str(&run("validate --strict warned -o json").out).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(report["warnings"], 1);
}

#[test]
fn findings_for_programs() {
    let ran = run("validate broken -o json");
    assert_eq!((ran.code, ran.out.lines().count()), (3, 1));
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["valid"], false);
    assert_eq!(report["documents"], 2);
    assert_eq!(report["errors"].as_u64().unwrap(), report["findings"].as_array().unwrap().len() as u64);
    let first = &report["findings"][0];
    let place = (first["file"].as_str().unwrap(), first["line"].as_u64().unwrap(), first["column"].as_u64().unwrap());
    assert_eq!(place, ("broken/format.yaml", 5, 5));
    assert_eq!(first["code"], "unknown-key");
    assert_eq!(first["severity"], "error");
    assert_eq!(first["help"], "did you mean `priority`?");

    let report: Json = serde_json::from_str(&run("validate policies -o json").out).unwrap();
    assert_eq!(report["valid"], true);
    assert_eq!(report["bundle"].as_str().unwrap().len(), 64);
}

#[test]
fn paths_and_stdin() {
    let count = |paths: &str| -> u64 {
        let report: Json = serde_json::from_str(&run(&format!("validate -o json {paths}")).out).unwrap();
        report["documents"].as_u64().unwrap()
    };
    assert_eq!(count("policies"), 2);
    assert_eq!(count("policies policies/models.yaml ./policies"), 2);
    assert_eq!(count("policies/models.yaml simple.yaml"), 2);
    let ran = run_with(
        "validate -",
        b"{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [{type: allow}]}]}",
    );
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = run_with("validate -", b"");
    assert_eq!(ran.code, 3);
    for missing in ["validate nowhere", "validate contexts/nothing"] {
        let ran = run(missing);
        assert_eq!(ran.code, 3);
        assert!(ran.err.contains("cannot be read: there is no such file or directory"), "{}", ran.err);
    }
    assert_eq!(run("validate").code, 2);
}
