use super::read_json;
use crate::document::tree::{Kind, Node};

fn show(node: &Node<'_>) -> String {
    match &node.kind {
        Kind::Scalar(text, style) => format!("{style:?}({text})"),
        Kind::List(items) => format!("[{}]", items.iter().map(show).collect::<Vec<_>>().join(" ")),
        Kind::Map(entries) => {
            let entries: Vec<_> = entries.iter().map(|(k, v)| format!("{}={}", k.text, show(v))).collect();
            format!("{{{}}}", entries.join(" "))
        }
    }
}

#[test]
fn values() {
    let text = " {\"a\": [1, -2.5e+3, true, null, []], \"\\u0062\": {}, \"c\": \"\\ud83d\\ude00\\n\"}\n";
    let tree = read_json(text).unwrap();
    assert_eq!(show(&tree), "{a=[Plain(1) Plain(-2.5e+3) Plain(true) Plain(null) []] b={} c=Json(😀\n)}");
    let Kind::Map(entries) = &tree.kind else { panic!() };
    assert_eq!(
        text.get(entries[2].1.span.start as usize..entries[2].1.span.end as usize).unwrap(),
        "\"\\ud83d\\ude00\\n\""
    );
}

#[test]
fn refused() {
    let message = |text: &str| read_json(text).unwrap_err()[0].message.clone();
    assert_eq!(message(""), "the document ends where a value is expected");
    assert_eq!(message("{\"a\": 1,}"), "a key in double quotes is expected here");
    assert_eq!(message("[1,]"), "a value is expected here");
    assert_eq!(message("{\"a\" 1}"), "a `:` is expected behind a key");
    assert_eq!(message("{\"a\": 1 \"b\": 2}"), "a `,` or `}` is expected here");
    assert_eq!(message("{} x"), "there is more behind the end of the document");
    assert_eq!(message("\"a"), "the string has no end");
    assert_eq!(message("\"a\\"), "the string has no end");
    assert_eq!(message("\"\\x\""), "the string holds a wrong escape");
    assert_eq!(message("\"\\ud800\""), "the string holds a wrong escape");
    assert_eq!(message("\"a\nb\""), "a string holds no line breaks or control characters");
    for text in ["01", "1.", ".5", "+1", "1e", "tru", "NaN", "-", "0x1", "1-2"] {
        assert!(read_json(text).is_err(), "{text}");
    }
    assert_eq!(message("{\"a\": 1, \"\\u0061\": 2}"), "the key `a` is repeated");
}
