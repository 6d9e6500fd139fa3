use super::*;
use crate::parser::tests::text_at;

fn kinds(source: &str) -> Vec<TokenKind> {
    let tokens = lex(source).unwrap_or_else(|e| panic!("{source}: {e}"));
    tokens.iter().map(|token| token.kind).filter(|kind| *kind != TokenKind::End).collect()
}

#[test]
fn tokens() {
    use TokenKind::*;
    for (source, expected) in [
        ("1 0x1F 1u 0xFFU 1.5 .5 1e3 1E-3 1.5e+3", &[Int, Int, Uint, Uint, Double, Double, Double, Double, Double][..]),
        ("1.size()", &[Int, Dot, Ident, LeftParen, RightParen]),
        (
            "'a' \"a\" r'\\' R\"\\\" b'a' BR'a' '''a'\n''' \"\"\"\"a\"\"\"",
            &[String, String, String, String, Bytes, Bytes, String, String],
        ),
        ("b br r in inn true nulls", &[Ident, Ident, Ident, In, Ident, True, Ident]),
        ("a.`b-c d/e.f`", &[Ident, Dot, QuotedIdent]),
        (
            "a<=b>=c<d>e==f!=g",
            &[Ident, LessEqual, Ident, GreaterEqual, Ident, Less, Ident, Greater, Ident, Equal, Ident, NotEqual, Ident],
        ),
        ("[?a.?b]", &[LeftBracket, Question, Ident, Dot, Question, Ident, RightBracket]),
        ("a//b\r\n//c\n\t\x0Cd//", &[Ident, Ident]),
    ] {
        assert_eq!(kinds(source), expected, "{source}");
    }
}

#[test]
fn spans_cover_the_text() {
    let source = " é".replace('é', "'é' + x");
    let texts: Vec<_> = lex(&source).unwrap().iter().map(|token| text_at(&source, token.span).to_owned()).collect();
    assert_eq!(texts, ["'é'", "+", "x", ""]);
}

#[test]
fn refused() {
    for (source, code, text) in [
        ("a ~ b", "unknown-operator", "~"),
        ("a | b", "unknown-operator", "|"),
        ("a \u{a0}b", "unexpected-character", "\u{a0}"),
        ("1x + 2", "bad-number", "1x"),
        ("0x", "bad-number", "0x"),
        ("1.5u", "bad-number", "1.5u"),
        ("x == 'abc", "unterminated-string", "'"),
        ("r'''abc''", "unterminated-string", "r'''"),
        ("`a$b`", "bad-quoted-name", "`a"),
        ("``", "bad-quoted-name", "`"),
    ] {
        let error = lex(source).unwrap_err();
        assert_eq!((error.code, text_at(source, error.span)), (code, text), "{source}");
    }
}
