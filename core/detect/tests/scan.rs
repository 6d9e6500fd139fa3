//! What every scan keeps to, whatever the text.

#![expect(clippy::string_slice, clippy::unwrap_used, reason = "a test fails by panicking")]

use llm_policy_detect::{Family, Findings, Profile, Scanner, Scratch, Source};
use proptest::prelude::*;

fn kinds(scanner: &Scanner, findings: &Findings) -> Vec<String> {
    findings.iter().map(|found| scanner.kind(found.kind).name().to_owned()).collect()
}

/// Texts that hold things, pieces of things, and anything else.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("ada@example.org".to_owned()),
        Just("4111 1111 1111 1111".to_owned()),
        Just("DE89 3704 0044 0532 0130 00".to_owned()),
        Just("ghp_de0vu2nf5wuive77d1jjhmre7x1xelyz0lho".to_owned()),
        Just("https://u:p4ssw0rd!x@h.example".to_owned()),
        Just("-----BEGIN RSA PRIVATE KEY-----".to_owned()),
        Just("2001:db8::1".to_owned()),
        Just("+49 711 1234567".to_owned()),
        Just("%40".to_owned()),
        Just("YWRhQGV4YW1wbGUub3JnIGFuZCBtb3Jl".to_owned()),
        Just("\u{200B}".to_owned()),
        Just("p\u{430}ssword = 'a8Sd72kQ91'".to_owned()),
        "\\PC{0,4}",
        "[0-9 ./:@=_-]{0,12}",
        "[a-zA-Z]{0,8}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_those_of_the_text(text in text()) {
        let scanner = SCANNER.with(std::rc::Rc::clone);
        let findings = scanner.scan(&text, &mut Scratch::default());
        let mut last = 0;
        for found in &findings {
            let range = found.bytes.range();
            prop_assert!(range.start < range.end && range.start >= last);
            last = range.start;
            let value = text.get(range.clone());
            prop_assert!(value.is_some(), "{range:?} cuts a character");
            let before = &text[..range.start];
            prop_assert_eq!(found.chars.start as usize, before.chars().count());
            prop_assert_eq!(found.utf16.start as usize, before.encode_utf16().count());
            prop_assert_eq!(found.chars.len() as usize, value.unwrap().chars().count());
            prop_assert_eq!(found.utf16.len() as usize, value.unwrap().encode_utf16().count());
            prop_assert!(found.score >= 50 && found.score <= 100);
        }
        // Within one family nothing overlaps.
        for (index, a) in findings.iter().enumerate() {
            for b in findings.as_slice().iter().skip(index + 1) {
                let same = scanner.kind(a.kind).family() == scanner.kind(b.kind).family();
                prop_assert!(!same || !a.bytes.overlaps(b.bytes));
            }
        }
    }

    #[test]
    fn memory_of_other_scans_changes_nothing(first in text(), second in text()) {
        let scanner = SCANNER.with(std::rc::Rc::clone);
        let mut scratch = Scratch::default();
        let _ = scanner.scan(&first, &mut scratch);
        prop_assert_eq!(scanner.scan(&second, &mut scratch), scanner.scan(&second, &mut Scratch::default()));
    }

    /// What stands far away changes no finding: streams build on that.
    #[test]
    fn findings_are_local(text in text()) {
        let scanner = SCANNER.with(std::rc::Rc::clone);
        let far = "lorem ipsum dolor sit amet ".repeat(12);
        let alone = scanner.scan(&format!("{far}{text}{far}"), &mut Scratch::default());
        let farther = scanner.scan(&format!("{far}{far}{text}{far}{far}"), &mut Scratch::default());
        let places = |findings: &Findings, shift: usize| -> Vec<_> {
            findings.iter().map(|found| (found.kind, found.bytes.start as usize - shift, found.bytes.end as usize - shift, found.score)).collect()
        };
        prop_assert_eq!(places(&alone, 0), places(&farther, far.len()));
    }
}

thread_local! {
    static SCANNER: std::rc::Rc<Scanner> = std::rc::Rc::new(Scanner::builder().build().unwrap());
}

#[test]
fn hidden_values_are_found_and_said_to_be_hidden() {
    let scanner = Scanner::builder().build().unwrap();
    for (text, source) in [
        ("send to ada%40example.org now", "ada%40example.org"),
        ("ada\u{200B}@exam\u{AD}ple.org", "ada\u{200B}@exam\u{AD}ple.org"),
        ("４１１１ １１１１ １１１１ １１１１", "４１１１ １１１１ １１１１ １１１１"),
        ("ada&#64;example.org", "ada&#64;example.org"),
    ] {
        let findings = scanner.scan(text, &mut Scratch::default());
        assert_eq!(findings.iter().map(|found| &text[found.bytes.range()]).collect::<Vec<_>>(), [source]);
    }
    let findings = scanner.scan("see YWRhQGV4YW1wbGUub3JnIGFuZCBtb3Jl there", &mut Scratch::default());
    assert_eq!(kinds(&scanner, &findings), ["email"]);
    assert_eq!(findings.as_slice()[0].evidence.view.name(), "base64");
}

#[test]
fn families_kinds_thresholds_and_regions_are_chosen() {
    let text = "ada@example.org, ghp_de0vu2nf5wuive77d1jjhmre7x1xelyz0lho, or 0711 1234567; BSN 111222333";
    let found = |builder: llm_policy_detect::Builder| {
        let scanner = builder.build().unwrap();
        kinds(&scanner, &scanner.scan(text, &mut Scratch::default()))
    };
    assert_eq!(found(Scanner::builder()), ["email", "github_token", "phone", "nl_bsn"]);
    assert_eq!(found(Scanner::builder().families([Family::Secret])), ["github_token"]);
    assert_eq!(found(Scanner::builder().families([Family::Secret]).kind("email", true)), ["email", "github_token"]);
    assert_eq!(found(Scanner::builder().kind("email", false)), ["github_token", "phone", "nl_bsn"]);
    assert_eq!(found(Scanner::builder().threshold("email", 99)), ["github_token", "phone", "nl_bsn"]);
    assert_eq!(found(Scanner::builder().family_threshold(Family::Pii, 90)), ["email", "github_token", "nl_bsn"]);
    assert_eq!(found(Scanner::builder().regions(["US"])), ["email", "github_token"]);
    assert_eq!(found(Scanner::builder().regions(["US", "NL"])), ["email", "github_token", "nl_bsn"]);
    assert_eq!(found(Scanner::builder().regions(["DE"])), ["email", "github_token", "phone"]);
    assert_eq!(found(Scanner::builder().allow(["ADA@example.org"])), ["github_token", "phone", "nl_bsn"]);
    let error = Scanner::builder().kind("emial", true).build().unwrap_err();
    assert_eq!(error.to_string(), "no detector finds `emial`");
}

#[test]
fn patterns_of_ones_own() {
    let scanner = Scanner::builder().families([]).pattern("case_number", r"\bCN-\d{6}\b").build().unwrap();
    let text = format!("{} CN-123456 and CN-1234567, CN-654321", "x ".repeat(4000));
    let findings = scanner.scan(&text, &mut Scratch::default());
    assert_eq!(findings.iter().map(|found| &text[found.bytes.range()]).collect::<Vec<_>>(), ["CN-123456", "CN-654321"]);
    assert_eq!(kinds(&scanner, &findings), ["case_number", "case_number"]);
    for (name, pattern) in [("Big", "a"), ("email", "a"), ("empty", "a*"), ("wrong", "("), ("huge", r"(\pL{100}){100}")]
    {
        assert!(Scanner::builder().pattern(name, pattern).build().is_err(), "{name}");
    }
}

#[test]
fn health_data_are_personal_data_in_a_medical_context() {
    let scanner = Scanner::builder().families([Family::Phi]).build().unwrap();
    let found = |text: &str| kinds(&scanner, &scanner.scan(text, &mut Scratch::default()));
    assert_eq!(found("The patient was diagnosed with diabetes; write to ada@example.org."), ["health_information"]);
    assert_eq!(found("Write to ada@example.org about the harbour."), Vec::<String>::new());
    assert_eq!(found("Medicare ID: 3CD5-FG7-HJ89"), ["health_information"]);
}

#[test]
fn names_and_addresses_are_found_when_asked_for() {
    let text = "My name is Ada Lovelace, I live at 12 Saint James Square, or Hauptstraße 7.";
    let off = Scanner::builder().build().unwrap();
    assert!(off.scan(text, &mut Scratch::default()).is_empty());
    let on = Scanner::builder().kind("person_name", true).kind("postal_address", true).build().unwrap();
    let findings = on.scan(text, &mut Scratch::default());
    let found: Vec<&str> = findings.iter().map(|found| &text[found.bytes.range()]).collect();
    assert_eq!(found, ["Ada Lovelace", "12 Saint James Square", "Hauptstraße 7"]);
}

#[test]
fn any_profile_and_source_will_do() {
    for profile in Profile::ALL {
        let scanner = Scanner::builder().profile(profile).build().unwrap();
        for source in [Source::User, Source::Tool, Source::Document, Source::Model] {
            assert_eq!(scanner.scan_from("ada@example.org", source, &mut Scratch::default()).len(), 1);
        }
    }
}
