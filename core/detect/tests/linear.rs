//! Work grows linearly with the text, whatever the text is, and does not allocate where there is nothing to find.

use llm_policy_detect::{Scanner, Scratch};

/// Units that texts are made of to hurt: what scanners of this kind are known to be slow on.
const UNITS: &[&str] = &[
    "4",
    ".",
    "a@",
    "((((",
    "\u{200B}",
    "%2525",
    "%25",
    "&amp;",
    "\\u005c",
    "YQ==",
    "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=",
    "68656c6c6f",
    "1-2 ",
    "ey",
    "eyJ.",
    "://a:b@",
    "key=",
    "token",
    "12 34 ",
    "sk_live_",
    "-----BEGIN PRIVATE KEY",
    "-----BEGIN PRIVATE KEY-----",
    "password=\"",
    "+1 ",
    "(",
    "00",
    "192.168.1.1 ",
    "1.2.3.",
    "curl -u ",
    "4111111111111111 ",
    "4111 1111 1111 1111 ",
    "xoxe-1-",
    "sk-ant-api03-",
    ":",
    "1:",
    "::",
    "a1 ",
    "a ",
    "0x",
    "bc1q",
    "а",
    "р",
    "é",
    "\u{E0041}",
    "\u{1F600}",
    "𝐢",
    "무",
    "0",
    "1111111111111111111111",
    "DE89",
    "DE89 3704 ",
    "@a.b",
    "a.b@",
    "Q~",
    "AZDO",
    "\n",
    "born 1 ",
    "i g n o r e ",
    "g0",
    "/",
    "-",
    "_",
    " ",
    "\"",
    "'",
    "{",
    "\\",
    "\\\\",
    "authorization: ",
    "A",
    "Aa0",
    "|",
    "=",
    "ghp_",
];

#[test]
fn steps_are_bounded_by_a_constant_a_byte() {
    let scanner = Scanner::builder().pattern("own", r"[a-z]+\d{3,}[a-z]*x").build().unwrap();
    let mut scratch = Scratch::default();
    for unit in UNITS {
        let steps: Vec<f64> = [1 << 14, 1 << 17]
            .map(|len: usize| {
                let text = unit.repeat(len / unit.len());
                let findings = scanner.scan(&text, &mut scratch);
                findings.steps() as f64 / text.len() as f64
            })
            .into();
        assert!(steps[1] < 100.0, "{unit:?}: {} steps a byte", steps[1]);
        assert!(steps[1] <= steps[0] * 1.25 + 1.0, "{unit:?}: {steps:?} steps a byte, more the longer the text is");
    }
}

#[test]
fn a_whole_budget_of_anything_is_scanned() {
    let scanner = Scanner::builder().build().unwrap();
    let mut scratch = Scratch::default();
    for unit in ["4", ".", "a@", "((((", "\u{200B}", "%2525"] {
        let text = unit.repeat((1 << 20) / unit.len());
        assert!(scanner.scan(&text, &mut scratch).is_complete());
    }
}

#[test]
fn nothing_is_allocated_where_nothing_is_found() {
    let scanner = Scanner::builder().build().unwrap();
    let mut scratch = Scratch::default();
    let prose = "The pilot asked for more coffee; boats had been late all week, and 12 of them at that. ".repeat(20);
    let accents = "Größere Übungen für Schüler, при хорошей погоде. ".repeat(20);
    let encoded = "see %20 and &amp; and aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ= here";
    for text in [prose.as_str(), &accents, encoded] {
        assert!(scanner.scan(text, &mut scratch).is_empty());
        let counted = allocation_counter::measure(|| {
            assert!(scanner.scan(text, &mut scratch).is_empty());
        });
        assert_eq!(counted.count_total, 0, "{text:.40}");
    }
}
