#![expect(clippy::string_slice, reason = "spans that are wrong must fail the test")]

mod restoring;
mod trees;

use proptest::prelude::*;

use std::sync::LazyLock;

use super::*;
use crate::scanner::Scratch;

static ALL: LazyLock<Scanner> = LazyLock::new(|| Scanner::builder().build().unwrap());
static PII: LazyLock<Scanner> = LazyLock::new(|| Scanner::builder().families([crate::Family::Pii]).build().unwrap());

fn redact(text: &str, style: Style) -> Redacted {
    let scanner = &*ALL;
    let findings = scanner.scan(text, &mut Scratch::default());
    Redactor::new([1; 32]).redact(text, &findings, scanner, |_| style)
}

#[test]
fn each_style() {
    let text = "An ada@example.org und bob@example.org, noch einmal ada@example.org.";
    assert_eq!(redact(text, Style::Placeholder).text, "An [EMAIL_1] und [EMAIL_2], noch einmal [EMAIL_1].");
    assert_eq!(redact(text, Style::Remove).text, "An  und , noch einmal .");
    assert_eq!(redact("ada@example.org", Style::Mask).text, "***@*******.***");
    assert_eq!(redact("DE89 3704 0044 0532 0130 00", Style::Partial).text, "**** **** **** **** **30 00");
    let hashed = redact(text, Style::Hash).text;
    let words: Vec<&str> = hashed.split_whitespace().collect();
    assert!(words[1].starts_with("[EMAIL:") && words[1].len() == 24 && words[1] != words[3].trim_end_matches(','));
    assert_eq!(words[1], words[6].trim_end_matches('.'));
}

#[test]
fn another_key_gives_another_hash() {
    let scanner = &*ALL;
    let findings = scanner.scan("ada@example.org", &mut Scratch::default());
    let hash = |key: u8| Redactor::new([key; 32]).redact("ada@example.org", &findings, scanner, |_| Style::Hash).text;
    assert_eq!(hash(1), hash(1));
    assert_ne!(hash(1), hash(2));
}

#[test]
fn findings_that_overlap_are_replaced_as_one() {
    // A password in a URL that reads as an e-mail address, too.
    let text = "postgres://admin:s3cr3tPw9@db.example.org/main";
    let redacted = redact(text, Style::Placeholder);
    assert!(!redacted.text.contains("s3cr3tPw9"), "{}", redacted.text);
}

proptest! {
    #[test]
    fn what_is_not_found_stays(text in "(\\PC|[0-9 @.a-z-]|ada@example\\.org|4111 1111 1111 1111|é){0,40}") {
        let redacted = redact(&text, Style::Placeholder);
        let mut rebuilt = String::new();
        let mut done = 0;
        for replacement in &redacted.replacements {
            rebuilt.push_str(&redacted.text[done..replacement.to.range().start]);
            rebuilt.push_str(&text[replacement.from.range()]);
            done = replacement.to.range().end;
        }
        rebuilt.push_str(&redacted.text[done..]);
        prop_assert_eq!(rebuilt, text);
    }
}

#[test]
fn what_was_not_scanned_is_taken_out() {
    let scanner = &Scanner::builder().budget(8).build().unwrap();
    let text = "12345678 ada@example.org";
    let findings = scanner.scan(text, &mut Scratch::default());
    let redacted = Redactor::new([1; 32]).redact(text, &findings, scanner, |_| Style::Mask);
    assert_eq!(redacted.text, "12345678[UNSCANNED]");
}

#[test]
fn styles_have_names() {
    for style in Style::ALL {
        assert_eq!(Style::from_name(style.name()), Some(style));
    }
    assert_eq!(Style::from_name("blur"), None);
    assert_eq!(redact("To ada@example.org", Style::Label).text, "To [EMAIL]");
    // Nobody could restore it: it is taken out for good.
    assert_eq!(redact("To ada@example.org", Style::Reversible).text, "To [EMAIL]");
}
