use super::{essence, line, lines};

fn pretty(source: &str, width: usize) -> String {
    let out = lines(source, width).unwrap().join("\n");
    assert_eq!(essence(source), essence(&out), "{source}");
    assert_eq!(lines(&out, width).unwrap().join("\n"), out, "not the same again: {source}");
    out
}

#[test]
fn spaces() {
    for (source, wanted) in [
        ("a&&b", "a && b"),
        ("a  ==1||! b", "a == 1 || !b"),
        ("x in['a','b']", "x in ['a', 'b']"),
        ("! ( x in y )", "!(x in y)"),
        ("-1+ -2 - -3", "-1 + -2 - -3"),
        ("- -1", "- -1"),
        ("a?b:c", "a ? b : c"),
        ("{'a':1,'b' : x?1:2}", "{'a': 1, 'b': x ? 1 : 2}"),
        ("a.?b.orValue( '' )", "a.?b.orValue('')"),
        ("a[?'b']", "a[?'b']"),
        ("[1,?x]", "[1, ?x]"),
        ("{?'a':b}", "{?'a': b}"),
        ("a [ 0 ]", "a[0]"),
        ("f ( a , b )", "f(a, b)"),
        ("a . b", "a.b"),
        ("'ä  b'+x", "'ä  b' + x"),
        ("a?b?1:2:3", "a ? b ? 1 : 2 : 3"),
        ("x.all(i,i>0)", "x.all(i, i > 0)"),
        ("a%2==0", "a % 2 == 0"),
        (".a.b", ".a.b"),
    ] {
        assert_eq!(pretty(source, 80), wanted);
        assert_eq!(line(source).unwrap(), wanted);
    }
}

#[test]
fn long_conditions_are_broken_at_the_loosest_operator() {
    let source =
        "user.tier == 'free' && request.max_tokens > 1000 || user.tier == 'basic' && request.max_tokens > 100000";
    assert_eq!(
        pretty(source, 60),
        "user.tier == 'free' && request.max_tokens > 1000\n|| user.tier == 'basic' && request.max_tokens > 100000"
    );
    assert_eq!(
        pretty("(aaaaaaaaaaaaaaaaaaaa == 1 || bbbbbbbbbbbbbbbbbbbbbbb == 2) && cccccccccccccccc", 40),
        "(\n  aaaaaaaaaaaaaaaaaaaa == 1\n  || bbbbbbbbbbbbbbbbbbbbbbb == 2\n)\n&& cccccccccccccccc"
    );
}

#[test]
fn what_was_broken_stays_broken() {
    assert_eq!(pretty("a\n  && b", 80), "a\n&& b");
    assert_eq!(pretty("a &&\n b", 80), "a\n&& b");
    assert_eq!(pretty("f(\n a)", 80), "f(a)");
    assert_eq!(pretty("x ?\n a : b", 80), "x\n? a\n: b");
}

#[test]
fn comments_keep_their_lines() {
    assert_eq!(pretty("a // one\n  &&b //two", 80), "a // one\n  && b //two");
    assert_eq!(pretty("// first\na&&\n\n  // second\n  b", 80), "// first\na &&\n  // second\n  b");
}

#[test]
fn what_is_no_cel_or_has_long_strings_is_left_alone() {
    assert!(lines("a @ b", 80).is_none());
    assert!(lines("'''a\nb''' == c", 80).is_none());
    assert!(line("a // b").is_none());
}
