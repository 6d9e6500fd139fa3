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

/// With `--output json` a program finds one object a line on stderr, whatever goes wrong.
#[test]
fn failures_for_programs() {
    let failure = |command: &str, code: i32| -> Json {
        let ran = run(&format!("{command} --output json"));
        assert_eq!((ran.code, ran.err.lines().count()), (code, 1), "{command}: {}", ran.err);
        serde_json::from_str(&ran.err).unwrap()
    };
    for command in ["evaluate", "explain", "benchmark"] {
        let report = failure(&format!("{command} -p broken -c contexts/denied.json"), 3);
        assert_eq!((&report["severity"], &report["code"]), (&"error".into(), &"invalid_policy".into()));
        let first = &report["findings"][0];
        assert_eq!(
            (&first["file"], &first["line"], &first["column"]),
            (&"broken/format.yaml".into(), &5.into(), &5.into())
        );
        assert_eq!((&first["code"], &first["help"]), (&"unknown-key".into(), &"did you mean `priority`?".into()));
        assert!(report["message"].as_str().unwrap().contains("refused"));

        let report = failure(&format!("{command} -p nowhere -c contexts/denied.json"), 3);
        assert_eq!((&report["code"], &report["findings"]), (&"unreadable_file".into(), &Json::Array(Vec::new())));
        let report = failure(&format!("{command} -p policies -c nowhere.json"), 3);
        assert_eq!(report["code"], "unreadable_file");
        let report = failure(&format!("{command} -p policies -n nothing -c contexts/denied.json"), 3);
        assert!(report["help"].as_str().unwrap().starts_with("there are "));

        let report = failure(&format!("{command} -p policies -c contexts/broken.json"), 3);
        assert_eq!(report["code"], "invalid_input");
        assert_eq!(report["message"], report["findings"][0]["message"]);
        assert_eq!(report["findings"][0]["file"], "contexts/broken.json");
    }
    assert_eq!(failure("validate nowhere", 3)["code"], "unreadable_file");
    assert_eq!(failure("explain -p policies -c contexts/denied.json --rule nothing", 2)["code"], "usage");
    let warned = "evaluate -p warned -c contexts/denied.json";
    let warned = failure(warned, run(warned).code);
    assert_eq!((&warned["severity"], &warned["findings"][0]["severity"]), (&"warning".into(), &"warning".into()));
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
