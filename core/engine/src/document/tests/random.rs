//! No text makes the reader panic.

use proptest::prelude::*;

use super::*;

/// Pieces that documents, and mistakes in them, are made of.
const PIECES: &[&str] = &[
    "version: \"1.0\"\n",
    "metadata: {name: x}\n",
    "rules:\n",
    "  - id: a\n",
    "    when: ",
    "    conditions: ",
    "all: ",
    "any:\n",
    "      - ",
    "{field: a.b, operator: in, value: [",
    "]}",
    "    actions:\n",
    "      - deny\n",
    "type: deny",
    "reason: ",
    "{{ user.id }}",
    "{{",
    "}}",
    "'",
    "\"",
    "\\",
    "\\u00e9",
    "!x",
    "&a ",
    "*a",
    "|\n",
    ">-\n",
    "#",
    " # c\n",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "\r\n",
    "é",
    "😀",
    "\u{feff}",
    "\u{202e}",
    "true",
    "1.0",
    "-5",
    "0x1F",
    "2026-12-25",
    "mon-fri",
    "\"09:00-17:00\"",
    "schedule: {during: [",
    "tables: {t: {file: f, key: int, value: int}}\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "<<: ",
    "? ",
    "@",
    "`",
    "lists: {eu: [a, b]}\n",
    "\0",
    "exceptions:\n",
    "limits: 1\n",
    "user.x == 'a' && !y ? b : c",
    "rollout: {percent: 5, by: user.id}\n",
    "set: {a.b: 1}",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) {
    let mut load = |_: &str| Ok("1: 2\n'".to_owned());
    for origin in ["p.yaml", "p.json"] {
        match read(text, origin, &mut load) {
            Ok(document) => {
                for rule in &document.rules {
                    let len = rule.condition.text.len() as u32;
                    for at in 0..=len {
                        let place = rule.condition.locate(Span::new(at, at + 1));
                        assert!(place.start <= place.end && place.end as usize <= document.text.len());
                    }
                }
            }
            Err(refused) => {
                assert!(!refused.diagnostics.is_empty());
                assert!(!refused.render(false).is_empty());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_documents(text in text()) {
        check(&text);
    }

    #[test]
    fn any_text(text in "\\PC{0,60}") {
        check(&text);
    }

    #[test]
    fn a_document_with_a_wound(at in 0..FULL.len(), len in 0_usize..40, piece in prop::sample::select(PIECES)) {
        let mut at = at;
        while !FULL.is_char_boundary(at) {
            at -= 1;
        }
        let mut end = (at + len).min(FULL.len());
        while !FULL.is_char_boundary(end) {
            end -= 1;
        }
        check(&format!("{}{piece}{}", FULL.get(..at).unwrap(), FULL.get(end.max(at)..).unwrap()));
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = read_bytes(&bytes, "p", &mut no_files);
    }
}
