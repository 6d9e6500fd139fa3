//! Tests of regular expressions.

use proptest::prelude::*;

use super::compile;
use crate::error::ErrorKind;
use crate::library::testing::{args, call, call_with, error, list, value};
use crate::value::Value;

const LIMIT: usize = 256 << 10;

fn matches(text: &str, pattern: &str) -> bool {
    compile(pattern, LIMIT).unwrap_or_else(|e| panic!("{pattern}: {e}")).is_match(text)
}

#[test]
fn matching() {
    for (text, pattern, want) in [
        ("hubba", "ubb", true),
        ("", "foo|bar", false),
        ("cows", "", true),
        ("", "", true),
        ("abcd", "bc", true),
        ("grey", "gr(a|e)y", true),
        ("banana", "ba(na)*", true),
        ("mañana", "a+ñ+a+", true),
        ("🐱😀😀", "(a|😀){2}", true),
        ("a\nb", "^b", false),
        ("a\nb", "(?m)^b", true),
        ("a\nb", "a.b", false),
        ("a\nb", "(?s)a.b", true),
        ("ABC", "(?i)abc", true),
        ("K", "(?i)\u{212a}", true),
        ("x-y", r"[\w-]+$", true),
        ("a]b", r"[\]]", true),
        ("é", r"^\p{L}$", true),
        ("é", r"^\PL$", false),
        ("abc", r"\Aabc\z", true),
        ("ab", "(?P<x>a)(?<y>b)", true),
    ] {
        assert_eq!(matches(text, pattern), want, "{text} {pattern}");
        assert_eq!(call("matches", &args![text, pattern]), Ok(value(want)));
    }
    assert_eq!(error("matches", &args!["a", "("]), ErrorKind::InvalidRegex);
    assert_eq!(error("matches", &args!["a", 1]), ErrorKind::NoSuchOverload);
}

/// In RE2 these classes are ASCII, whatever the text is.
#[test]
fn classes_are_ascii() {
    for (text, pattern, want) in [
        ("é", r"\w", false),
        ("é", r"\W", true),
        ("é", r"[\w]", false),
        ("é", r"[^\w]", true),
        ("é", r"[\W]", true),
        ("٣", r"\d", false),
        ("٣", r"\D", true),
        ("3", r"^[\d]$", true),
        ("\u{b}", r"\s", false),
        ("\u{b}", r"\S", true),
        ("\u{b}", r"[\S]", true),
        ("\u{2003}", r"\s", false),
        ("\u{2003}", r"[\S\d]", true),
        (" ", r"[\S\d]", false),
        (" ", r"[\s\d]", true),
        ("\t\n\u{c}\r ", r"^\s{5}$", true),
        ("\t\n\u{c}\r ", r"\S", false),
        ("aé", r"a\b", true),
        ("ab", r"a\b", false),
        ("é", r"\B", true),
        ("ſ", r"(?i)s", true),
    ] {
        assert_eq!(matches(text, pattern), want, "{text:?} {pattern}");
    }
}

#[test]
fn what_re2_does_not_know_is_refused() {
    for (pattern, part) in [
        ("[a&&b]", "a&&b"),
        ("[a-z--b]", "a-z--b"),
        ("[[a]b]", "[a]"),
        (r"a\b{start}", r"\b{start}"),
        ("(?x)a b", "x"),
        ("a+*", "*"),
        ("(?-u:a)", "u"),
        ("(?R)a", "R"),
    ] {
        let error = compile(pattern, LIMIT).unwrap_err();
        assert!(!error.message.is_empty());
        assert_eq!(error.at.and_then(|at| pattern.get(at)), Some(part), "{pattern}");
    }
    for pattern in ["(", "a**b(", r"\1", "(?=a)", "[z-a]", "a{2,1}", "a{,2}", r"\p{Nope}"] {
        assert!(compile(pattern, LIMIT).is_err(), "{pattern}");
    }
}

#[test]
fn large_expressions_are_refused() {
    for pattern in
        ["(a{1000}){1000}".to_owned(), r"\pL".repeat(100), "a".repeat(20_000), "(".repeat(100) + &")".repeat(100)]
    {
        assert!(compile(&pattern, LIMIT).is_err(), "{}", pattern.len());
    }
    assert!(compile(r"^[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,5}$", LIMIT).is_ok());
    assert!(compile(r"\pL+", LIMIT).is_ok());
}

#[test]
fn dynamic_patterns_pay() {
    let (result, left) = call_with(100_000, "matches", &args!["x", "a+b"]);
    assert!(result.is_ok());
    assert!(left < 99_990);
    let (result, _) = call_with(2, "matches", &args!["x", "a+b"]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
}

#[test]
fn extracting() {
    let some = |s: &str| Ok(Value::Optional(Some(value(s).into())));
    assert_eq!(call("regex.extract", &args!["hello world", "hello (.*)"]), some("world"));
    assert_eq!(call("regex.extract", &args!["item-A, item-B", r"item-\w+"]), some("item-A"));
    assert_eq!(call("regex.extract", &args!["HELLO", "hello"]), Ok(Value::Optional(None)));
    assert_eq!(call("regex.extract", &args!["b", "(a)|b"]), Ok(Value::Optional(None)));
    assert!(matches!(error("regex.extract", &args!["ab", "(a)(b)"]), ErrorKind::InvalidArgument(_)));
    assert_eq!(error("regex.extract", &args!["ab", "("]), ErrorKind::InvalidRegex);
    assert_eq!(call("regex.extractAll", &args!["id:123, id:456", r"id:\d+"]), Ok(list!["id:123", "id:456"]));
    assert_eq!(call("regex.extractAll", &args!["id:123, id:456", r"id:(\d+)"]), Ok(list!["123", "456"]));
    assert_eq!(call("regex.extractAll", &args!["aé", ""]), Ok(list!["", "", ""]));
    assert_eq!(call("regex.extractAll", &args!["none", "x"]), Ok(list![]));
    assert!(matches!(error("regex.extractAll", &args!["ab", "(a)(b)"]), ErrorKind::InvalidArgument(_)));
}

#[test]
fn replacing() {
    for (text, pattern, replacement, want) in [
        ("hello world", "world", "there", "hello there"),
        ("banana", "a", "x", "bxnxnx"),
        ("foo bar", "(fo)o (ba)r", r"\2 \1", "ba fo"),
        ("foo", "o", r"\0\0", "foooo"),
        ("foo", "f", r"\\", r"\oo"),
        ("abc", "x*", "-", "-a-b-c-"),
        ("aé", "", "-", "-a-é-"),
        ("none", "x", "y", "none"),
        ("ab", "(a)|(b)", r"<\1>", "<a><>"),
    ] {
        assert_eq!(call("regex.replace", &args![text, pattern, replacement]), Ok(value(want)), "{text} {pattern}");
    }
    assert_eq!(call("regex.replace", &args!["banana", "a", "x", 0]), Ok(value("banana")));
    assert_eq!(call("regex.replace", &args!["banana", "a", "x", 1]), Ok(value("bxnana")));
    assert_eq!(call("regex.replace", &args!["banana", "a", "x", -1]), Ok(value("bxnxnx")));
    for replacement in [r"\1", r"\x", "\\", r"a\"] {
        let failed = error("regex.replace", &args!["b", "a", replacement]);
        assert!(matches!(failed, ErrorKind::InvalidArgument(_)), "{replacement}");
    }
    let text = "a".repeat(1_000);
    let (result, _) = call_with(10_000, "regex.replace", &args![text.as_str(), "a", text.as_str()]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
}

proptest! {
    #[test]
    fn any_pattern_is_read_without_panic(pattern in r"[-a-c()\[\]{}*+?|^$.\\wWdDsSbB:?imsxuU<>P0-9,&~é]{0,24}") {
        if let Ok(regex) = compile(&pattern, LIMIT) {
            regex.is_match("abc é 123");
        }
    }
}
