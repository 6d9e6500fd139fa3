//! `fmt` and `completions`

use std::fs;

use super::common::{data, run, run_with};

const MESSY: &str = "version:   '1.0'  # keep me\nmetadata: { name: a }\nrules:\n- id: r\n  when: user.id==''&&true\n  actions: [ deny ]\n";
const PRETTY: &str = "version: '1.0' # keep me\nmetadata: {name: a}\nrules:\n  - id: r\n    when: user.id == '' && true\n    actions: [deny]\n";

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("policy-engine-fmt-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn stdin_to_stdout() {
    let ran = run_with("fmt -", MESSY.as_bytes());
    assert_eq!((ran.code, &*ran.out, &*ran.err), (0, PRETTY, ""));
    let ran = run_with("fmt --check -", PRETTY.as_bytes());
    assert_eq!((ran.code, &*ran.out), (0, ""));
    let ran = run_with("fmt --check -", MESSY.as_bytes());
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("-  when: user.id==''&&true\n") && ran.out.contains("+    when: user.id == '' && true\n"),
        "{}",
        ran.out
    );
}

#[test]
fn files_in_place() {
    let folder = folder("files");
    fs::write(folder.join("a.yaml"), MESSY).unwrap();
    fs::write(folder.join("b.yaml"), PRETTY).unwrap();
    fs::write(folder.join("c.json"), "{ }").unwrap();
    let path = folder.display();
    let ran = run(&format!("fmt --check {path}"));
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("1 of 2 files would change"), "{}", ran.err);
    assert_eq!(fs::read_to_string(folder.join("a.yaml")).unwrap(), MESSY);
    let ran = run(&format!("fmt {path}"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(fs::read_to_string(folder.join("a.yaml")).unwrap(), PRETTY);
    assert_eq!(fs::read_to_string(folder.join("c.json")).unwrap(), "{ }");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
    assert_eq!(run(&format!("fmt --check {path}")).code, 0);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_too_large_is_refused_and_left_alone() {
    let folder = folder("large");
    // Behind the bound, where reading stops, there is a rule; line breaks that become shorter do not make it small enough.
    let text =
        format!("{MESSY}{}- id: last\n  actions: [deny]\n", format!("# {}\r\n", "x".repeat(1_000)).repeat(10_600));
    let path = folder.join("a.yaml");
    fs::write(&path, &text).unwrap();
    let ran = run(&format!("fmt {}", path.display()));
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(ran.err.contains("more than the 10485760 that are allowed"), "{}", ran.err);
    assert!(fs::read_to_string(&path).unwrap() == text, "the file is as it was");
    assert_eq!(run_with("fmt -", text.as_bytes()).code, 3);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_not_yaml_is_refused_and_left_alone() {
    let ran = run_with("fmt -", b"a: [\n");
    assert_eq!((ran.code, &*ran.out), (3, ""));
    assert!(ran.err.contains("stdin:"), "{}", ran.err);
    assert_eq!(run("fmt contexts/allowed.json").code, 2);
    assert_eq!(run("fmt nowhere").code, 3);
    assert_eq!(run_with("fmt -", &[0xff]).code, 3);
}

#[test]
fn the_data_of_these_tests_is_readable_either_way() {
    assert!(data().join("policies").is_dir());
    assert_eq!(run("fmt --check policies").code, 1);
}

#[test]
fn completions_name_all_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = run(&format!("completions {shell}"));
        assert_eq!(ran.code, 0);
        for command in ["evaluate", "validate", "explain", "benchmark", "fmt", "completions"] {
            assert!(ran.out.contains(command), "{shell}: {command}");
        }
    }
    assert_eq!(run("completions tcsh").code, 2);
}
