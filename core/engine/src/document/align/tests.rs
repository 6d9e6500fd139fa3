use llm_policy_cel::ast::Span;

use crate::document::tree::{Kind, Node, read_yaml};

use super::align;

/// Each word of the value of `k` with the text that it maps to.
#[track_caller]
fn words(document: &str) -> Vec<(String, String)> {
    let root = read_yaml(document).unwrap();
    let Kind::Map(entries) = &root.kind else { panic!() };
    let Node { kind: Kind::Scalar(value, style), span } = &entries[0].1 else { panic!() };
    let map = align(document, *span, *style, value);
    value
        .split_whitespace()
        .map(|word| {
            let from = word.as_ptr() as usize - value.as_ptr() as usize;
            let place = map.locate(Span::new(from as u32, (from + word.len()) as u32), Span::default());
            (word.to_owned(), document.get(place.start as usize..place.end as usize).unwrap().to_owned())
        })
        .collect()
}

#[track_caller]
fn exact(document: &str, expected: &str) {
    let words = words(document);
    let values: Vec<_> = words.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(values.join(" "), expected);
    for (word, place) in &words {
        assert_eq!(word, place, "{document:?}");
    }
}

#[test]
fn every_style_maps_words_to_themselves() {
    let expected = "user.id == ü && b";
    exact("k: user.id == ü && b\n", expected);
    exact("k: user.id  \n   ==\n\n   ü &&\n   b # c\n", expected);
    exact("k: |\n    user.id ==\n      ü\n\n    && b\n\n", expected);
    exact("k: |-  # c\n  user.id == ü && b", expected);
    exact("k: |2-\n    user.id == ü && b", expected);
    exact("k: >\n  user.id ==\n  ü\n\n  && b\n", expected);
    exact("k: >-\r\n  user.id ==\r\n  ü && b\r\n", expected);
    exact("k: 'user.id == ü && b'   \n", expected);
    exact("k: 'user.id ==\n\n   ü &&   b'\n", expected);
    exact("k: \"user.id == ü && b\"\n", expected);
    exact("k: \"user.id\n   ==\n\n\n   ü && b\"\n", expected);
    exact("k: \"user.id \\n\\t == ü \\\n   && b\"\n", expected);
    exact("ü: &x user.id == ü && b\n", expected);
    exact("k: &x 'user.id == ü && b'\n", expected);
}

#[test]
fn an_escape_maps_as_one() {
    let pairs = words("k: 'x == ''a'' b'\n");
    assert_eq!(pairs[2], ("'a'".into(), "''a''".into()));
    assert_eq!(pairs[3], ("b".into(), "b".into()));
    let pairs = words("k: \"x == \\\"a\\\" \\u00fc \\x41 \\U0001F600 \\\\d b\"\n");
    let places: Vec<_> = pairs.iter().map(|(_, place)| place.as_str()).collect();
    assert_eq!(places, ["x", "==", "\\\"a\\\"", "\\u00fc", "\\x41", "\\U0001F600", "\\\\d", "b"]);
}
