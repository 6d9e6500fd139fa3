//! `policy-engine test`

use std::fs;

use super::common::{Ran, data, run, snapshot};

/// Times differ from run to run.
fn tested(arguments: &str) -> Ran {
    let mut ran = run(&format!("test {arguments}"));
    let lines = ran.out.lines().map(|line| match line.rsplit_once(" in ") {
        Some((before, time)) if time.ends_with('s') => before.trim_end(),
        _ => line,
    });
    ran.out = lines.map(|line| format!("{line}\n")).collect();
    ran
}

#[test]
fn passed() {
    snapshot!("test_passed", tested("tested --verbose"));
}

#[test]
fn failed() {
    snapshot!("test_failed", tested("failing --mutate"));
}

#[test]
fn mistaken() {
    snapshot!("test_mistaken", tested("mistaken"));
}

#[test]
fn coverage_and_mutation() {
    snapshot!("test_coverage", tested("tested --coverage --mutate"));
}

/// Runs a file of cases that stands beside nothing else.
fn tested_text(name: &str, text: &str) -> Ran {
    let folder = std::env::temp_dir().join(format!("policy-cases-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("a_test.yaml");
    fs::write(&file, text).unwrap();
    let ran = tested(&format!("{} --policy tested/models.yaml", file.display()));
    fs::remove_dir_all(folder).unwrap();
    ran
}

#[test]
fn mistakes_have_their_place() {
    let ran = tested("tested/models.yaml");
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("this is a policy, not a file of cases"), "{}", ran.err);
    let ran = tested_text("absent", "policies:\n  - nowhere.yaml\ntests: [{name: a, expect: deny}]\n");
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("`nowhere.yaml` cannot be read: there is no such file"), "{}", ran.err);
    assert!(ran.err.contains("a_test.yaml:2:5"), "{}", ran.err);
    let ran = tested_text("stray", "tests: [{name: a, context: {request: {modle: x}}, expect: deny}]\n");
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("error[unknown-field]: the context has no field `request.modle`"), "{}", ran.err);
}

#[test]
fn what_a_variant_inherits_has_its_line() {
    let text = "tests:\n  - name: a\n    context: {request: {model: m, environment: production}}\n    expect: deny\n    variants: [{name: b}]\n";
    let ran = tested_text("inherited", text);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("expected  deny  (from the case, line 4)"), "{}", ran.out);
}

#[test]
fn minimums() {
    for (minimum, code) in [("--min 75", 0), ("--min 76", 1), ("--min-alone 75", 0), ("--min-alone 76", 1)] {
        assert_eq!(tested(&format!("tested {minimum}")).code, code, "{minimum}");
    }
    assert_eq!(tested("tested --min-mutation 50").code, 0);
    let ran = tested("tested --min-mutation 100");
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("at least 100% is asked for"), "{}", ran.err);
    assert_eq!(tested("tested --min 101").code, 2);
}

#[test]
fn filtered() {
    assert!(tested("tested --filter previews").out.contains("1 case passed"));
    let ran = tested("tested --filter nothing");
    assert!(ran.code == 2 && ran.err.contains("no case has `nothing`"), "{}", ran.err);
    assert_eq!(tested("contexts").code, 2);
}

#[test]
fn for_programs() {
    let ran = run("test tested failing --coverage --mutate --output json");
    assert_eq!(ran.code, 1, "{}", ran.err);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report.get("passed"), Some(&serde_json::json!(2)));
    assert_eq!(report.get("failed"), Some(&serde_json::json!(3)));
    assert!(report.get("coverage").is_some() && report.get("mutation").is_none());
}

#[test]
fn files_are_written() {
    let folder = std::env::temp_dir().join(format!("policy-engine-test-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (page, xml) = (folder.join("page.html"), folder.join("results.xml"));
    let ran = tested(&format!("tested --html {} --junit {}", page.display(), xml.display()));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(fs::read_to_string(&page).unwrap().starts_with("<!doctype html>"));
    assert!(fs::read_to_string(&xml).unwrap().contains("<testsuites name=\"policies\" tests=\"2\" failures=\"0\">"));
    fs::remove_dir_all(&folder).unwrap();
}

/// Tests are no policies: whoever reads the directory does not meet them, and whoever names them is told.
#[test]
fn tests_are_no_policies() {
    assert!(run("validate tested").out.contains("1 document, 1 rule"));
    assert_eq!(run("validate tested").code, 0);
    let ran = run("validate tested/models_test.yaml");
    assert!(ran.code == 3 && ran.out.contains("policy-engine test"), "{}", ran.out);
}

/// What docs/testing-policies.md shows of a run is what is shown.
#[test]
fn the_tutorial_is_true() {
    let page = fs::read_to_string(data().join("../../../docs/testing-policies.md")).unwrap();
    let shown = |arguments: &str| {
        let ran = tested(arguments);
        ran.out.replace("tested/", "policies/").trim_end().to_owned()
    };
    for arguments in ["tested --coverage", "tested --mutate"] {
        let text = shown(arguments);
        let (text, _) = text.rsplit_once('\n').unwrap();
        assert!(page.contains(text), "docs/testing-policies.md does not show this of `{arguments}`:\n{text}");
    }
}
