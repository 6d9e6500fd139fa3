//! `explain`

use serde_json::Value as Json;

use super::common::{run, snapshot};

#[test]
fn trees() {
    snapshot!("explain_denied", run("explain -p policies -c contexts/denied.json"));
    snapshot!("explain_all", run("explain -p policies -c contexts/allowed.json --all"));
    snapshot!("explain_errors", run("explain -p policies -c contexts/sparse.json"));
    snapshot!("explain_rule", run("explain -p policies -c contexts/denied.json --rule slow-down"));
    snapshot!("explain_unknown_rule", run("explain -p policies -c contexts/denied.json --rule slow-dwon"));
    snapshot!("explain_gates", run("explain -p gates.yaml -c contexts/denied.json --now 2026-03-01T12:00:00Z --all"));
    snapshot!("explain_nothing", run("explain -p simple.yaml -c contexts/denied.json --stage tool_result"));
}

#[test]
fn a_rule_of_another_stage_is_found() {
    for name in ["hold-long-answers", "production/privacy/hold-long-answers"] {
        let ran = run(&format!("explain -p policies -c contexts/denied.json --rule {name}"));
        assert_eq!(ran.code, 2);
        assert!(ran.err.contains("help: it is in response: --stage response"), "{}", ran.err);
    }
}

#[test]
fn an_unhandled_obligation_has_a_help() {
    let ran = run("explain -p policies -c contexts/mail.json");
    assert!(ran.out.contains("if the host does carry it out, say so: --handles redact"), "{}", ran.out);
}

#[test]
fn json() {
    let ran = run("explain -p policies -c contexts/several.jsonl -o json");
    assert_eq!((ran.code, ran.out.lines().count()), (0, 3));
    let explained: Json = serde_json::from_str(ran.out.lines().nth(1).unwrap()).unwrap();
    let rule = &explained["rules"][0];
    assert_eq!(rule["rule"], "no-frontier-for-interns");
    assert_eq!(rule["matched"], true);
    assert_eq!(rule["clauses"][0]["text"], "user.role == 'intern'");
    assert_eq!(rule["clauses"][0]["reads"][0]["value"], "intern");
}
