//! `redact` and `restore`

use std::fs;

use super::common::{run, run_with};

#[test]
fn a_text_is_redacted() {
    let text = b"To ada@example.org and ada@example.org\n";
    assert_eq!(run_with("redact", text).out, "To [EMAIL_1] and [EMAIL_1]\n");
    assert_eq!(run_with("redact --style mask", b"ada@example.org").out, "***@*******.***\n");
    assert_eq!(run_with("redact --family secret", text).out, "To ada@example.org and ada@example.org\n");
}

#[test]
fn json_and_bodies_keep_their_form() {
    let json = b"{\"a\": [\"ada@example.org\",  4111111111111111], \"b\": \"bob@example.org\"}";
    let ran = run_with("redact --json --field a --style label", json);
    assert_eq!(ran.out, "{\"a\": [\"[EMAIL]\",  0], \"b\": \"bob@example.org\"}\n", "{}", ran.err);
    let ran = run_with("redact --json --field b --whole --style remove", json);
    assert!(ran.out.ends_with("\"b\": \"\"}\n"), "{}", ran.out);
    let body = b"{\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": \"I am ada@example.org\"}]}";
    let ran = run_with("redact --from openai-chat --style label", body);
    assert!(ran.out.contains("\"content\": \"I am [EMAIL]\""), "{}{}", ran.out, ran.err);
}

#[test]
fn what_was_redacted_is_restored_by_its_owner() {
    let folder = std::env::temp_dir().join(format!("policy-engine-redact-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let vault = folder.join("talk.vault");
    let redact = format!("redact --style reversible --scope acme --vault {}", vault.display());
    let sent = run_with(&redact, b"I am ada@example.org.").out;
    assert!(sent.starts_with("I am [EMAIL_") && !sent.contains("ada"), "{sent}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&vault).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "only its owner may read it");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing stays beside it");
    }
    // The same value in another message has the same placeholder.
    assert_eq!(run_with(&redact, b"I am ada@example.org.").out, sent);
    let answer = sent.to_lowercase().replace("i am", "You are");
    let restored = run_with(&format!("restore --scope acme --vault {}", vault.display()), answer.as_bytes());
    assert_eq!(restored.out, "You are ada@example.org.\n", "{}", restored.err);
    let other = run_with(&format!("restore --scope evil --vault {}", vault.display()), answer.as_bytes());
    assert!(other.code == 3 && other.err.contains("belongs to another conversation"), "{}", other.err);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_cannot_be_redacted_is_said() {
    assert_eq!(run("redact --style reversible").code, 2);
    assert_eq!(run("redact --style blur").code, 2);
    assert_eq!(run("redact --json --field a..b").code, 2);
    assert_eq!(run_with("redact --field a", b"text").code, 2);
    let ran = run_with("redact --json", b"{\"a\":");
    assert!(ran.code == 3 && ran.err.contains("EOF"), "{}", ran.err);
    assert_eq!(run_with("redact --from openai-chat", b"[]").code, 3);
    assert_eq!(run("restore --vault nowhere.vault").code, 3);
}
