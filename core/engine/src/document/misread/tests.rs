use super::*;

#[test]
fn quotes_need_the_least_escaping() {
    assert_eq!(quote("!a.b('x')"), "\"!a.b('x')\"");
    assert_eq!(quote("\"a\" in b"), "'\"a\" in b'");
    assert_eq!(quote("'a' == r\"\\d\""), "'''a'' == r\"\\d\"'");
}

#[test]
fn the_value_of_a_line() {
    let text = "a:\n  - - key: value x # comment\n  - 'it # is'\n  - a == 'b #c'\n";
    let value = |needle: &str| {
        let line = value_at(text, text.find(needle).unwrap()).unwrap();
        (line.key, line.value)
    };
    assert_eq!(value("comment"), (Some("key"), "value x"));
    assert_eq!(value("is'"), (None, "'it # is'"));
    assert_eq!(value("#c"), (None, "a == 'b #c'"));
}

#[test]
fn text_behind_strings_and_brackets() {
    assert!(text_behind("'a' in b", '\''));
    assert!(text_behind("'it''s' in b", '\''));
    assert!(text_behind("\"a\\\"\" in b", '"'));
    assert!(!text_behind("'a'", '\''));
    assert!(!text_behind("'it''s'", '\''));
    assert!(!text_behind("'a', b]", '\''));
    assert!(text_behind_bracket("[1, 2].exists(x, x)"));
    assert!(!text_behind_bracket("[1, 2]"));
    assert!(!text_behind_bracket("[1, 2"));
}
