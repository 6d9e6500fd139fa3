//! `new`, `schema`, `repl` and `import`

use std::fs;

use serde_json::Value as Json;

use super::common::{run, run_with};

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("policy-engine-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

#[test]
fn new_policies_are_valid_and_nothing_is_overwritten() {
    let folder = folder("new");
    let path = folder.display();
    let listed = run("new --list").out;
    let patterns: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(patterns.len(), 14, "{listed}");
    let all: String = patterns.iter().map(|pattern| format!(" --pattern {pattern}")).collect();
    let ran = run(&format!("new {path}{all}"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.lines().count(), patterns.len() * 2);
    for pattern in &patterns {
        let ran = run(&format!("validate --strict {path}/{pattern}.yaml"));
        assert_eq!(ran.code, 0, "{}", ran.out);
        assert_eq!(run(&format!("fmt --check {path}/{pattern}.yaml {path}/{pattern}_test.yaml")).code, 0, "{pattern}");
    }
    let ran = run(&format!("test {path}"));
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = run(&format!("new {path} --pattern budget"));
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("is there already"), "{}", ran.err);
    assert_eq!(run(&format!("new {path}/more --pattern none")).code, 2);
    assert_eq!(run("new").code, 2);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn schemas() {
    for of in ["policy", "test", "context"] {
        let ran = run(&format!("schema {of}"));
        let schema: Json = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        assert_eq!(ran.code, 0);
    }
    assert_eq!(run("schema rules").code, 2);
}

#[test]
fn expressions_from_a_pipe() {
    let ran = run_with("repl contexts/allowed.json", b"1 + 1\n:set user.id=ann\n\nuser.id + '!'\n:quit\nnot reached");
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, "2\nuser.id = \"ann\"\n\"ann!\"\n", ""));
    let ran = run_with("repl", b"user.idd\n:load nowhere.json\n2 * 3\n\n:nope");
    assert_eq!((ran.code, &*ran.out), (3, "6\n"));
    assert!(ran.err.contains("did you mean `id`?") && ran.err.contains("nowhere.json"), "{}", ran.err);
    assert!(ran.err.contains("--> stdin:1:1") && ran.err.contains("stdin:5: there is no command"), "{}", ran.err);
    assert_eq!(run("repl contexts/broken.json").code, 3);
}

#[test]
fn imports() {
    let old = "version: '0.9'\nmetadata: {name: old}\nrules:\n  - {name: a, condition: user.id == '', action: deny}\n";
    let ran = run_with("import -", old.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("id: a\n") && ran.err.contains("nothing lost"), "{}{}", ran.out, ran.err);
    let again = run_with("validate -", ran.out.as_bytes());
    assert_eq!(again.code, 0, "{}", again.out);

    let lossy = old.replace("user.id == ''", "request.prompt.contains_harmful_content()");
    let ran = run_with("import - --output json", lossy.as_bytes());
    assert_eq!(ran.code, 1);
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["partial"], true);
    assert!(report["document"].as_str().unwrap().contains("when: true"));

    let target = folder("import");
    let command = format!("import - --to {}", target.display());
    assert_eq!(run_with(&command, old.as_bytes()).code, 0);
    let there = run_with(&command, old.as_bytes());
    assert_eq!(there.code, 3);
    assert!(there.err.contains("is there already; nothing was written"), "{}", there.err);
    // What is made of CEL Policy YAML has nothing that a strict check complains about.
    let cel = "name: nb\nrule:\n  match:\n    - {condition: \"request.model == 'a' && user.id != 'x'\", output: 'true'}\n    - {output: 'false'}\n";
    let ran = run_with("import -", cel.as_bytes());
    assert!(ran.out.contains("!(") && !ran.out.contains("== false"), "{}", ran.out);
    let strict = run_with("validate --strict -", ran.out.as_bytes());
    assert_eq!(strict.code, 0, "{}", strict.out);
    let native = run("import policies/models.yaml");
    assert_eq!((native.code, &*native.out), (3, ""));
    assert!(native.err.contains("already in this program's format"), "{}", native.err);
    fs::remove_file(target).unwrap();
    assert_eq!(run_with("import -", b"a: b").code, 3);
}
