//! Help, and commands that are not understood.

use super::common::{run, snapshot};

#[test]
fn help_teaches() {
    let ran = run("--help");
    assert_eq!(ran.code, 0);
    for command in ["evaluate", "validate", "test", "explain", "benchmark", "inspect", "diff"] {
        assert!(ran.out.contains(command));
        let ran = run(&format!("{command} --help"));
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("Examples:") && ran.out.contains("Exit codes: 0"), "{}", ran.out);
        assert!(ran.out.lines().all(|line| line.chars().count() <= 100), "{}", ran.out);
    }
    assert_eq!(run("").code, 2);
    assert_eq!(run("--version").code, 0);
}

#[test]
fn mistakes() {
    let mistakes = [
        ("evalute", "evaluate"),
        ("evaluate -c contexts/allowed.json", "--policy"),
        ("evaluate -p policies --stage reqest", "'request'"),
        ("evaluate -p policies --now tomorrow", "such as `2027-01-01T00:00:00Z`"),
        ("evaluate -p policies --now 9999-12-31T23:59:59Z", "the last instant is 9999-12-30T22:00:00Z"),
        ("evaluate -p policies --now 2026-03-01T12:00:00+25:00", "`+25:00` is no offset"),
        ("evaluate -p policies --handles redcat", "redact, set, route"),
        ("evaluate -p policies --output yaml", "json"),
        ("explain -p policies --treads 4", "unexpected"),
    ];
    for (mistake, help) in mistakes {
        let ran = run(mistake);
        assert_eq!(ran.code, 2, "{mistake}: {}", ran.err);
        assert!(ran.err.contains(help) && ran.out.is_empty(), "{mistake}: {}", ran.err);
    }
    snapshot!("usage_unknown_stage", run("evaluate -p policies --stage reqest"));
}
