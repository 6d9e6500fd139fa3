//! `diff`

use serde_json::{Value as Json, json};

use super::common::{run, run_with, snapshot};

#[test]
fn nothing_changes() {
    let ran = run("diff policies policies -c contexts/several.jsonl");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.contains("no decision changes"), "{}", ran.out);
}

#[test]
fn changes_for_people() {
    snapshot!("diff", run("diff policies changed -c contexts/several.jsonl --now 2026-03-01T12:00:00Z"));
}

#[test]
fn what_is_denied_for_the_host_alone_is_told() {
    let ran = run("diff policies policies -c contexts/mail.json");
    let line = "1 context is denied only because the host declares no `redact`; if it does: --handles redact";
    assert!(ran.out.contains(line), "{}", ran.out);
    assert!(!run("diff policies policies -c contexts/mail.json --handles all").out.contains("declares no"));
}

#[test]
fn other_details_name_the_rules_and_the_first_place() {
    let ran = run_with(
        "diff policies changed",
        br#"{"user": {"id": "a", "role": "x", "tier": "y"}, "agent": {"id": "b"}, "request": {"model": "m", "provider": "p", "prompt": "x", "max_tokens": 2200, "data_subject_region": "us", "model_region": "us"}}"#,
    );
    assert!(ran.out.contains("production/models › long-answers no longer matches"), "{}", ran.out);
    assert!(ran.out.contains("\n           stdin"), "{}", ran.out);
}

#[test]
fn changes_for_programs() {
    let ran = run("diff policies changed -c contexts/several.jsonl -o json");
    assert_eq!(ran.code, 1);
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["contexts"], 3);
    let total: u64 = report["groups"].as_array().unwrap().iter().map(|g| g["count"].as_u64().unwrap()).sum();
    assert_eq!(report["changed"].as_u64().unwrap(), total);
    assert!(total > 0);
}

#[test]
fn recorded_decisions() {
    let contexts = std::fs::read_to_string(super::common::data().join("contexts/several.jsonl")).unwrap();
    let decisions = run("evaluate -p policies -c contexts/several.jsonl -o json").out;
    let record = |(context, decision): (&str, &str)| {
        let read = |text: &str| serde_json::from_str::<Json>(text).unwrap();
        json!({"context": read(context), "decision": read(decision)}).to_string()
    };
    let records: Vec<String> = contexts.lines().zip(decisions.lines()).map(record).collect();
    let records = records.join("\n");
    let same = run_with("diff --recorded policies", records.as_bytes());
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert_eq!(run_with("diff --recorded changed", records.as_bytes()).code, 1);
    let wrong = run_with("diff --recorded policies", b"{\"context\": {}}\n{}");
    assert_eq!(wrong.code, 3);
    assert!(
        wrong.err.contains("the record has no `decision`") && wrong.err.contains("help: a record is"),
        "{}",
        wrong.err
    );
}

#[test]
fn the_page_is_written() {
    let page = std::env::temp_dir().join(format!("policy-diff-{}.html", std::process::id()));
    let ran = run(&format!("diff policies changed -c contexts/several.jsonl --report {}", page.display()));
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::remove_file(&page).unwrap();
    assert_eq!(ran.code, 1);
    assert!(text.starts_with("<!doctype html>") && text.contains("prefers-color-scheme: dark"));
}

#[test]
fn mistakes() {
    for (mistake, says) in [
        ("diff policies -c contexts/several.jsonl", "name the old and the new one"),
        ("diff --recorded policies changed -c contexts/several.jsonl", "name the new one only"),
    ] {
        let ran = run(mistake);
        assert_eq!(ran.code, 2, "{mistake}");
        assert!(ran.err.contains(says), "{}", ran.err);
    }
    assert_eq!(run("diff policies broken -c contexts/several.jsonl").code, 3);
    let ran = run_with("diff policies changed", b"[1]\n{}\n");
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("1 refused"), "{}", ran.out);
}
