#![expect(clippy::string_slice, reason = "spans that are wrong must fail the test")]

use super::*;

#[test]
fn spans_are_given_in_all_three_units() {
    let scanner = Scanner::builder().build().unwrap();
    let text = "Grüße 👋 an ada@example.org!";
    let findings = scanner.scan(text, &mut Scratch::default());
    let found = findings.as_slice()[0];
    assert_eq!(&text[found.bytes.range()], "ada@example.org");
    assert_eq!(text.chars().skip(found.chars.start as usize).take(15).collect::<String>(), "ada@example.org");
    let units: Vec<u16> = text.encode_utf16().collect();
    assert_eq!(String::from_utf16(&units[found.utf16.range()]).unwrap(), "ada@example.org");
}

#[test]
fn a_budget_is_kept_and_said() {
    let scanner = Scanner::builder().budget(7).build().unwrap();
    let findings = scanner.scan("ab öö\u{1F600} ada@example.org", &mut Scratch::default());
    assert!(findings.is_empty() && !findings.is_complete());
    assert_eq!((findings.scanned(), findings.beyond()), (7, 20));
}
