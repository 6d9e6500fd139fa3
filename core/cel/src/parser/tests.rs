use proptest::prelude::*;

use super::*;
use crate::macros;
use crate::unparse::to_debug_string;

pub(crate) fn all_macros() -> ParserOptions {
    let macros = [
        macros::standard(),
        macros::two_variable(),
        macros::bind(),
        macros::block(),
        macros::optional(),
        macros::math(),
    ];
    ParserOptions { macros: macros.concat(), ..ParserOptions::default() }
}

/// The tree in one line, without kinds and titles.
pub(crate) fn shape(source: &str) -> String {
    let ast = parse(source, &all_macros()).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    shape_of(&ast)
}

fn shape_of(ast: &Ast) -> String {
    let text = to_debug_string(ast);
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let mut out = lines.collect::<String>();
    while let Some((before, (_, after))) = out.split_once("^#*expr.").and_then(|(a, b)| Some((a, b.split_once('#')?))) {
        out = format!("{before}{after}");
    }
    out
}

pub(crate) fn text_at(source: &str, span: Span) -> &str {
    source.get(span.start as usize..span.end as usize).unwrap()
}

fn errors(source: &str) -> Vec<Diagnostic> {
    parse(source, &all_macros()).expect_err(source)
}

fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(test).unwrap().join().unwrap();
}

#[test]
fn grammar() {
    for (source, expected) in [
        ("a || b && c == d + e * -f", "_||_(a,_&&_(b,_==_(c,_+_(d,_*_(e,-_(f))))))"),
        ("a ? b : c ? d : e", "_?_:_(a,b,_?_:_(c,d,e))"),
        ("a - b - c", "_-_(_-_(a,b),c)"),
        ("a < b < c", "_<_(_<_(a,b),c)"),
        ("1 in [2, 3,]", "@in(1,[2,3])"),
        ("!!a", "a"),
        ("!!!a", "!_(a)"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("--9223372036854775807", "9223372036854775807"),
        ("4--4", "_-_(4,-4)"),
        ("1---1", "_-_(1,1)"),
        ("-1u", "-_(1u)"),
        ("!-1", "!_(-1)"),
        ("-1.size()", "-1.size()"),
        ("-a.b", "-_(a.b)"),
        (".a.b", ".a.b"),
        (".f(x)", ".f(x)"),
        ("a.for.`in -x`.c", "a.for.in -x.c"),
        ("a.?b.c", "_?._(a,\"b\").c"),
        ("a[?0][1]", "_[_](_[?_](a,0),1)"),
        ("[?a, b]", "[?a,b]"),
        ("{?'k': a, 'l': b,}", "{?\"k\":a,\"l\":b}"),
        (".p.Msg{?a: 1, `in`: 2}.a", ".p.Msg{?a:1,in:2}.a"),
        ("[,]", "[]"),
        ("{}", "{}"),
        ("a // comment\n+ b", "_+_(a,b)"),
        (
            r#"r'\d' + b"\xff\101" + '''a'b''' + "\u00e9\U0001F600\x41\101\`""#,
            "_+_(_+_(_+_(\"\\\\d\",b\"\\xffA\"),\"a'b\"),\"é😀AA`\")",
        ),
        ("1.5 + .5e-3 + 1e3", "_+_(_+_(1.5,0.0005),1000)"),
        ("0xFFu", "255u"),
        ("has(a.b)", "a.b~test-only~"),
        ("a && b && c && d && e", "_&&_(_&&_(_&&_(a,b),c),_&&_(d,e))"),
    ] {
        assert_eq!(shape(source), expected, "{source}");
    }
}

#[test]
fn errors_say_what_to_write() {
    for (source, code, at, help) in [
        ("a = 1", "unknown-operator", "=", "use `==` to compare"),
        ("a & b", "unknown-operator", "&", "use `&&`"),
        ("a === b", "unknown-operator", "===", "use `==`"),
        ("a <> b", "unknown-operator", "<>", "use `!=`"),
        ("a and b", "unexpected-token", "and", "use `&&`"),
        ("a or b", "unexpected-token", "or", "use `||`"),
        ("not a", "unexpected-token", "a", "use `!`"),
        ("a not in b", "unexpected-token", "not", "write `!(x in list)`"),
        (
            "list.exists(x => x > 1)",
            "unknown-operator",
            "=>",
            "there are no lambdas; use a macro such as `list.exists(x, x > 0)`",
        ),
        ("a # comment", "unexpected-character", "#", "comments start with `//`"),
        ("a == “b”", "unexpected-character", "“", "use straight quotes: `\"`"),
        ("a contains 'b'", "unexpected-token", "contains", "write it as a call: `text.contains('part')`"),
        ("if a then b", "reserved-word", "if", "write conditions as `condition ? value : other`"),
        ("a ? b ? c : d : e", "unexpected-token", "?", "put the inner conditional into parentheses"),
        ("!-a", "unexpected-token", "-", "put the inner operation into parentheses"),
        ("1_000", "bad-number", "1_000", "write the digits without `_`"),
        ("'\\d'", "bad-escape", "\\d", "write `\\\\` for a backslash, or a raw string for a regex: `r'\\d+'`"),
        ("b'\\u00e9'", "bad-escape", "\\u", "bytes have no Unicode escapes; write each byte: `\\xC3\\xA9`"),
        (
            "'a\nb'",
            "unterminated-string",
            "'",
            "text of several lines goes between `'''` and `'''`; a line break is written `\\n`",
        ),
        ("a.in", "unexpected-token", "in", "quote the field's name: `` `in` ``"),
        ("has(a)", "bad-macro-argument", "a", "write `has(object.field)`; for a key of a map `'key' in map`"),
    ] {
        let errors = errors(source);
        let error = &errors[0];
        assert_eq!((error.code, error.help.as_deref()), (code, Some(help)), "{source}: {error}");
        assert_eq!(text_at(source, error.span), at, "{source}");
        assert!(!error.message.ends_with('.') && error.message.starts_with(|c: char| !c.is_uppercase()));
    }
}

#[test]
fn refused() {
    for source in [
        "",
        "a b",
        "(",
        "a.",
        "a[",
        "[1",
        "{1",
        "{1:",
        "f(",
        "f(a,)",
        "a.`b`()",
        "`a`",
        "a{b}",
        "in",
        "a in",
        "5abc",
        "0x",
        "1..2",
        "1.",
        "'",
        "\"a",
        "'''a''",
        "b'",
        "rb'x'",
        "'\\",
        "'\\400'",
        "'\\ud800'",
        "'\\U00110000'",
        "b'\\x1'",
        "99999999999999999999",
        "-9223372036854775809",
        "18446744073709551616u",
        "1e999",
        "a?b",
        "?",
        "a ? : b",
        "*",
        "f(a)()",
        "M{}()",
        "(a){}",
        "a?.b",
        "a.?`x`()",
        "x.map(1, x)",
        "x.map(.a, a)",
        "x.all(k, k, true)",
        "\u{a0}a",
        "é",
    ] {
        assert!(!errors(source).is_empty(), "{source}");
    }
}

#[test]
fn several_errors_are_found_at_once() {
    let codes = errors("var + '\\d' + has(x) + 9e999 +").iter().map(|e| e.code).collect::<Vec<_>>();
    assert_eq!(codes, ["reserved-word", "bad-escape", "bad-macro-argument", "bad-number", "unexpected-token"]);
}

#[test]
fn spans() {
    let source = "(a + b) * c && x.f( 'é' ).all( y, y > [1] [0] )";
    let ast = parse(source, &all_macros()).unwrap();
    let mut texts = (0..ast.len()).map(|i| ast.text(ExprId(i as u32))).collect::<Vec<_>>();
    texts.dedup();
    let expected = [
        "a",
        "b",
        "a + b",
        "c",
        "(a + b) * c",
        "x",
        "'é'",
        "x.f( 'é' )",
        "y",
        "1",
        "[1]",
        "0",
        "[1] [0]",
        "y > [1] [0]",
        "x.f( 'é' ).all( y, y > [1] [0] )",
        source,
    ];
    texts.retain(|text| expected.contains(text));
    assert_eq!(texts, expected);
    let call = &ast.macro_calls()[0];
    assert_eq!((&*call.function, call.args.len()), ("all", 2));
    assert_eq!(ast.text(call.expansion), "x.f( 'é' ).all( y, y > [1] [0] )");
}

fn limited(depth: usize, nodes: usize) -> ParserOptions {
    let limits = Limits { source_bytes: 1 << 20, depth, nodes, ..Limits::default() };
    ParserOptions { limits, ..all_macros() }
}

fn first_code(source: &str, options: &ParserOptions) -> Option<&'static str> {
    parse(source, options).err().map(|errors| errors[0].code)
}

#[test]
fn depth_counts_what_is_written() {
    type Nest = fn(usize) -> String;
    let nested: [(&str, Nest); 12] = [
        ("fields", |n| format!("a{}", ".a".repeat(n - 1))),
        ("indexes", |n| format!("a{}", "[0]".repeat(n - 1))),
        ("calls", |n| format!("a{}", ".f()".repeat(n - 1))),
        ("nots", |n| format!("{}a", "!".repeat(n - 1))),
        ("minuses", |n| format!("{}a", "-".repeat(n - 1))),
        ("differences", |n| format!("a{}", "-a".repeat(n - 1))),
        ("comparisons", |n| format!("a{}", "<a".repeat(n - 1))),
        ("parentheses", |n| format!("{}a{}", "(".repeat(n - 1), ")".repeat(n - 1))),
        ("lists", |n| format!("{}a{}", "[".repeat(n - 1), "]".repeat(n - 1))),
        ("conditionals", |n| format!("{}a", "a?a:".repeat(n - 1))),
        ("macros", |n| format!("{}a{}", "a.map(a,a,".repeat(n - 1), ")".repeat(n - 1))),
        ("receivers", |n| format!("a{}", ".map(a,a)".repeat(n - 1))),
    ];
    let options = limited(20, 10_000);
    for (what, source) in nested {
        assert_eq!(first_code(&source(20), &options), None, "{what}");
        assert_eq!(first_code(&source(21), &options), Some("nested-too-deeply"), "{what}");
    }
}

#[test]
fn long_chains_are_not_deep() {
    let options = limited(2, 10_000);
    for operator in ["&&", "||", "+"] {
        let source = vec!["a"; 4_000].join(operator);
        assert_eq!(first_code(&source, &options), None, "{operator}");
        assert_eq!(first_code(&format!("{source}{operator}(a-b-c)"), &options), Some("nested-too-deeply"));
        assert_eq!(first_code(&format!("{source}{operator}{source}"), &options), Some("too-many-nodes"));
    }
}

#[test]
fn caps_are_named() {
    let small = Limits { source_bytes: 10, nodes: 3, depth: 2, ..Limits::default() };
    let options = ParserOptions { limits: small, ..ParserOptions::default() };
    let message = |source: &str| parse(source, &options).unwrap_err().remove(0).message;
    assert_eq!(message("aaaaaaaaaaa"), "the expression has 11 bytes, more than the 10 that are allowed");
    assert_eq!(message("[a,b,c]"), "the expression has more than 3 nodes");
    assert_eq!(message("a.b.c"), "the expression is nested more than 2 levels deep");
}

#[test]
fn a_small_stack_is_enough_for_any_input() {
    on_small_stack(|| {
        let parts = [
            "(",
            "!",
            "[",
            "-",
            "{",
            ".a",
            "a.",
            "a?b:",
            "a?",
            "a ? (",
            "f(",
            "a.f(",
            "a[",
            "a[?",
            "[?",
            "{a:",
            "{?a:",
            "M{a:",
            "1+",
            "a&&",
            "a||",
            "a==",
            "a in ",
            "a.map(a,",
            "a.optMap(a,",
            "cel.bind(a,a,",
            "cel.bind(a,",
            "a.all(a,b,",
            "math.least(",
            "has(a.",
            "a||b&&c==d+e*-(",
            "a||b&&c==d+e*-f(",
            "a||b&&c==d+e*!x.map(y,",
            "a?b:a||b&&c==d+e*!{a:",
            "a||b&&c==d+e*!M{a:",
            "a||b&&c==d+e*!a[?",
            "'",
            "'''",
            "b'\\",
            "`",
            "//",
            "0",
            "0x",
            "1.",
            "\u{e9}",
            ",",
            ")",
        ];
        let unlimited = Limits { source_bytes: usize::MAX, nodes: usize::MAX, depth: usize::MAX, ..Limits::default() };
        let unlimited = ParserOptions { limits: unlimited, ..all_macros() };
        for part in parts {
            for tail in ["", "a", "a)"] {
                let _ = parse(&format!("{}{tail}", part.repeat(60)), &all_macros());
                let _ = parse(&format!("{}{tail}", part.repeat(64)), &all_macros());
            }
            let _ = parse(&format!("{}a", part.repeat(100_000)), &unlimited);
        }
    });
}

#[test]
fn trees_of_any_length_are_printed_and_dropped() {
    on_small_stack(|| {
        let ast = parse(&vec!["a"; 4_000].join("+"), &limited(64, 10_000)).unwrap();
        assert_eq!(shape_of(&ast).matches("_+_(").count(), 3_999);
    });
}

#[test]
fn hosts_add_macros() {
    let has_permission = Macro::member("has_permission", 1, |x, target, args| {
        let (Some(user), [permission]) = (target, args) else { return Ok(None) };
        let permissions = x.select(user, "permissions");
        Ok(Some(x.call("@in", [*permission, permissions])))
    });
    let mut options = all_macros();
    options.macros.push(has_permission);
    let ast = parse("user.has_permission('a')", &options).unwrap();
    assert_eq!(shape_of(&ast), "@in(\"a\",user.permissions)");
    assert_eq!(ast.text(ast.root()), "user.has_permission('a')");

    options.macros.push(Macro::member("bind", 3, |_, _, _| Ok(None)));
    let ast = parse("cel.bind(x, v, b)", &options).unwrap();
    assert_eq!(ast.macro_calls().len(), 1);
}

#[test]
fn a_macro_that_shares_or_nests_without_end_is_refused() {
    let mut options = all_macros();
    options.macros.push(Macro::global("twice", 1, |x, _, args| Ok(Some(x.call("f", [args, args].concat())))));
    options
        .macros
        .push(Macro::global("deep", 1, |x, _, args| Ok(Some((0..1_000).fold(args[0], |id, _| x.select(id, "a"))))));
    let source = format!("{}a{}", "twice(".repeat(30), ")".repeat(30));
    assert_eq!(first_code(&source, &options), Some("too-many-nodes"));
    assert_eq!(first_code("deep(a)", &options), Some("nested-too-deeply"));
}

/// Well-formed expressions without macros or optional fields.
fn expression() -> impl Strategy<Value = String> {
    let leaf =
        prop::sample::select(vec!["a", "b.c", "-1", "2u", "1.5", "'é\\n'", "b'x'", "true", "null", ".g", "[]", "{}"]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 60, 4, |inner| {
        let operators = vec!["&&", "||", "+", "-", "*", "==", "<", "in", "&&", "||", "+"];
        let item = || inner.clone();
        prop_oneof![
            prop::collection::vec(item(), 2..6)
                .prop_flat_map(move |terms| {
                    let operators = prop::collection::vec(prop::sample::select(operators.clone()), terms.len());
                    (Just(terms), operators)
                })
                .prop_map(|(terms, operators)| {
                    let mut out = terms[0].clone();
                    for (term, operator) in terms[1..].iter().zip(operators) {
                        out = format!("{out} {operator} {term}");
                    }
                    out
                }),
            item().prop_map(|a| format!("( {a} )")),
            item().prop_map(|a| format!("!({a})")),
            item().prop_map(|a| format!("-({a})")),
            item().prop_map(|a| format!("({a}).f")),
            (item(), item()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (item(), item()).prop_map(|(a, b)| format!("f({a}, {b})")),
            (item(), item()).prop_map(|(a, b)| format!("({a}).g({b})")),
            (item(), item()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (item(), item()).prop_map(|(a, b)| format!("{{{a}: {b}}}")),
            (item(), item(), item()).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : {c}")),
            (item(), item(), item()).prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : {c})")),
        ]
    })
}

/// One thing after another, in no order.
fn token_soup() -> impl Strategy<Value = String> {
    let tokens = [
        "a",
        "b",
        "x",
        "1",
        "-1",
        "1u",
        "1.5",
        "'s'",
        "b's'",
        "r's'",
        "true",
        "null",
        "in",
        "if",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        ".",
        "+",
        "-",
        "*",
        "/",
        "%",
        "!",
        "&&",
        "||",
        "==",
        "<",
        "=",
        "`q q`",
        "has(",
        ".map(",
        ".all(x,",
        "cel.bind(",
        "cel.block([",
        "cel.index(",
        "math.least(",
        ".optMap(x,",
        "//\n",
        "'",
        "\\",
        "é",
    ];
    prop::collection::vec(prop::sample::select(tokens.to_vec()), 0..60).prop_map(|tokens| tokens.concat())
}

/// Errors point at whole characters within the source, and can be shown.
fn check_errors(source: &str) {
    for error in parse(source, &all_macros()).err().into_iter().flatten() {
        text_at(source, error.span);
        assert!(!error.render(source, "test", false).is_empty());
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_or_read(source in ".{0,80}") {
        check_errors(&source);
    }

    #[test]
    fn any_tokens_are_refused_or_read(source in token_soup()) {
        check_errors(&source);
    }

    #[test]
    fn the_text_of_a_node_parses_to_the_node(source in expression()) {
        if let Ok(mut ast) = parse(&source, &all_macros()) {
            for i in 0..ast.len() {
                let id = ExprId(i as u32);
                ast.set_root(id);
                prop_assert_eq!(shape_of(&ast), shape(ast.text(id)), "{}", ast.text(id));
            }
        }
    }
}
