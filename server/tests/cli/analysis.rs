//! What `validate` says beyond errors.

use serde_json::Value as Json;

use super::common::{run, snapshot};

const NOW: &str = "--now 2026-11-23T12:00:00Z";

#[test]
fn claims_for_people() {
    snapshot!("analysis", run(&format!("validate analysis {NOW}")));
    snapshot!("analysis_strict", run(&format!("validate --strict analysis {NOW}")));
}

#[test]
fn claims_for_programs() {
    let report: Json = serde_json::from_str(&run(&format!("validate --strict analysis -o json {NOW}")).out).unwrap();
    assert_eq!(report["valid"], false);
    let codes: Vec<&str> = report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    for code in ["unused-list", "always-overridden", "never-matches", "expired-exception", "avoided-by-absence"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    let claims = report["findings"].as_array().unwrap();
    let shown = claims.iter().find(|f| f["code"] == "always-overridden").unwrap();
    assert_eq!(shown["others"][0], "default/claims/previews");
    assert_eq!(shown["witness"]["context"]["request"]["model"], "gpt-5-preview");
    assert_eq!(report["costs"].as_array().unwrap().len(), 4);
}

#[test]
fn exceptions_expire_by_the_time_given() {
    let ran = run("validate analysis --now 2026-01-01T00:00:00Z");
    assert!(!ran.out.contains("expired-exception"), "{}", ran.out);
}
