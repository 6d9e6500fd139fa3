#![expect(clippy::string_slice, reason = "spans that are wrong must fail the test")]

use super::*;
use crate::Family;

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

#[test]
fn only_what_is_asked_for_is_made() {
    let scanner = Scanner::builder().families([Family::Sql]).build().unwrap();
    assert!(scanner.kinds().iter().all(|kind| kind.family() == Family::Sql));
    // A kind that is named brings its family's detectors along, switched off.
    let scanner = Scanner::builder().families([Family::Sql]).kind("email", true).build().unwrap();
    let findings = scanner.scan("ada@example.org, +49 30 901820", &mut Scratch::default());
    let found: Vec<&str> = findings.iter().map(|finding| scanner.kind(finding.kind).name()).collect();
    assert_eq!(found, ["email"]);
    let unknown = Scanner::builder().families([]).kind("emial", true).build();
    assert_eq!(unknown.unwrap_err(), BuildError::UnknownKind { name: "emial".to_owned() });
    // Thresholds of kinds that nobody asked for are no errors.
    assert!(Scanner::builder().families([Family::Sql]).threshold("email", 90).build().is_ok());
}

#[test]
fn all_families_but_custom_have_kinds() {
    let all = Scanner::builder().build().unwrap();
    for family in Family::ALL {
        let of_all: Vec<&Kind> = all.kinds().iter().filter(|kind| kind.family() == family).collect();
        assert_eq!(kinds(family).iter().collect::<Vec<_>>(), of_all);
        assert_eq!(of_all.is_empty(), family == Family::Custom, "{family}");
    }
}
