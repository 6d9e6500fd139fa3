use llm_policy_cel::ast::Span;

use crate::document::{Document, Source, read};

fn read_condition(condition: &str) -> Result<Document, String> {
    let text = format!(
        "version: \"1.0\"\nmetadata: {{name: t}}\nrules:\n  - id: a\n    {}\n    actions: [deny]\n",
        condition.replace('\n', "\n    ")
    );
    read(&text, "p", &mut |_| Err(String::new()))
        .map_err(|refused| refused.diagnostics.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; "))
}

#[track_caller]
fn condition(condition: &str) -> (Document, Source) {
    let document = read_condition(condition).unwrap();
    let source = document.rules[0].condition.clone();
    (document, source)
}

#[track_caller]
fn cel(text: &str) -> String {
    condition(text).1.text.to_string()
}

/// The CEL of one comparison.
#[track_caller]
fn comparison(item: &str) -> String {
    let cel = cel(&format!("conditions: {{all: [{{{item}}}]}}"));
    cel.strip_prefix('(').unwrap().strip_suffix(')').unwrap().to_owned()
}

#[test]
fn operators() {
    assert_eq!(comparison("field: user.tier, operator: equals, value: gold"), r#"user.tier == "gold""#);
    assert_eq!(comparison("field: user.tier, operator: ne, value: \"a\\\"b\\\\\""), r#"user.tier != "a\"b\\""#);
    assert_eq!(comparison("field: a.b, operator: greater_than, value: 5"), "a.b > 5");
    assert_eq!(comparison("field: a.b, operator: gte, value: 1.0"), "a.b >= 1.0");
    assert_eq!(comparison("field: a.b, operator: lt, value: -5"), "a.b < -5");
    assert_eq!(comparison("field: a.b, operator: less_than_or_equals, value: 1e300"), "a.b <= 1e300");
    assert_eq!(comparison("field: a.b, operator: in, value: [x, \"1\"]"), r#"a.b in ["x", "1"]"#);
    assert_eq!(comparison("field: a.b, operator: not_in, value: [1, 2]"), "!(a.b in [1, 2])");
    assert_eq!(comparison("field: a.b, operator: contains, value: x"), r#"a.b.contains("x")"#);
    assert_eq!(comparison("field: a.b, operator: not_contains, value: x"), r#"!(a.b.contains("x"))"#);
    assert_eq!(comparison("field: a.b, operator: contains, value: 5"), "5 in a.b");
    assert_eq!(comparison("field: user.roles, operator: contains, value: admin"), r#""admin" in user.roles"#);
    assert_eq!(comparison("field: user.roles, operator: not_contains, value: x"), r#"!("x" in user.roles)"#);
    assert_eq!(comparison("field: a.b, operator: starts_with, value: x"), r#"a.b.startsWith("x")"#);
    assert_eq!(comparison("field: a.b, operator: ends_with, value: x"), r#"a.b.endsWith("x")"#);
    assert_eq!(comparison("field: a.b, operator: matches, value: '\\d+'"), r#"a.b.matches("\\d+")"#);
    assert_eq!(comparison("field: a.b, operator: exists"), "has(a.b)");
    assert_eq!(comparison("field: a.b.c.d, operator: exists"), "has(a.b) && has(a.b.c) && has(a.b.c.d)");
    assert_eq!(comparison("field: a.b.c, operator: not_exists"), "!(has(a.b) && has(a.b.c))");
    assert_eq!(comparison("field: a.b, operator: eq, value: true"), "a.b == true");
}

#[test]
fn values_are_quoted_and_never_code() {
    assert_eq!(
        comparison(r#"field: a.b, operator: eq, value: "\" || true || \"\n\u0001""#),
        r#"a.b == "\" || true || \"\n\u0001""#
    );
}

#[test]
fn groups() {
    assert_eq!(cel("conditions: {match: a || b}"), "a || b");
    assert_eq!(cel("conditions: {all: [a || b, c]}"), "(a || b) && (c)");
    assert_eq!(cel("conditions: {any: [a, b && c]}"), "(a) || (b && c)");
    assert_eq!(cel("conditions: {none: [a, b]}"), "!((a) || (b))");
    assert_eq!(cel("conditions: {none: [a]}"), "!((a))");
    assert_eq!(cel("conditions:\n  all:\n    - any: [a, b]\n    - none: [c]"), "((a) || (b)) && (!((c)))");
    assert_eq!(cel("conditions:\n  all:\n    - match: a\n    - 'b // c'\n    - d"), "(a) && (b // c\n) && (d)");
    assert_eq!(
        cel("conditions: {all: [{function: contains_pii, args: [request.prompt, \"['email']\", 5]}, {function: now}]}"),
        "(contains_pii((request.prompt), (['email']), (5))) && (now())"
    );
}

#[test]
fn every_part_knows_its_place() {
    let (document, source) = condition(
        "conditions:\n  all:\n    - user.id == 'ü' && b\n    - {field: user.tier, operator: equals, value: gold}\n    - \
         {function: f, args: [x.y]}",
    );
    for (part, place) in [
        ("user.id == 'ü' && b", "user.id == 'ü' && b"),
        (" b", " b"),
        ("user.tier", "user.tier"),
        ("\"gold\"", "gold"),
        (" == \"", "equals, value: gold"),
        ("x.y", "x.y"),
    ] {
        let at = source.text.rfind(part).unwrap();
        let span = source.locate(Span::new(at as u32, (at + part.len()) as u32));
        let found = document.text.get(span.start as usize..span.end as usize).unwrap();
        assert!(found.starts_with(place.trim_end()), "{part:?}: {found:?}");
    }
}

#[test]
fn refused() {
    let message = |text: &str| read_condition(text).unwrap_err();
    let item = |item: &str| message(&format!("conditions: {{all: [{item}]}}"));
    assert_eq!(item("\"a) || (b\""), "the bracket has no partner");
    assert_eq!(item("\"a == 'b\""), "the string has no end");
    assert_eq!(item("{field: a.b, operator: equls, value: 1}"), "there is no operator `equls`");
    assert_eq!(item("{field: a.b, operator: equals}"), "a condition needs the key `value`");
    assert_eq!(item("{field: a.b, operator: equals, value: null}"), "`value` has no value");
    assert_eq!(item("{field: a.b, value: 1}"), "a condition needs the key `operator`");
    assert_eq!(item("{field: a.b, operator: exists, value: true}"), "`exists` and `not_exists` take no `value`");
    assert_eq!(item("{field: a, operator: exists}"), "`a` is always there");
    assert_eq!(item("{field: \"a || b\", operator: eq, value: 1}"), "`a || b` is not the path of a field");
    assert_eq!(item("{field: a.b, operator: in, value: x}"), "`value` must be a list, not the text `x`");
    assert_eq!(item("{field: a.b, operator: in, value: []}"), "`value` is empty");
    assert_eq!(item("{field: a.b, operator: in, value: [1, x]}"), "the values have different types");
    assert_eq!(item("{field: a.b, operator: gt, value: true}"), "`value` must be a number or text, not `true`");
    assert_eq!(item("{field: a.b, operator: matches, value: 5}"), "`value` must be text, not the number `5`");
    assert_eq!(
        item("{field: a.b, operator: eq, value: 007}"),
        "`007` in `value` is not a number or boolean that everybody reads alike"
    );
    assert_eq!(item("{function: \"f(x) || g\", args: []}"), "`f(x) || g` is not the name of a function");
    assert_eq!(item("{function: f, args: [\"a), (b\"]}"), "the bracket has no partner");
    assert_eq!(item("{contains_pii: request.prompt}"), "a condition has no key `contains_pii`");
    assert_eq!(item("{not: a}"), "a condition has no key `not`");
    assert_eq!(item("[a]"), "a condition is not a list");
    assert_eq!(item("{all: [a], any: [b]}"), "`conditions` has more than one way to combine");
    assert_eq!(message("conditions: {all: [a], any: [b]}"), "`conditions` has more than one way to combine");
    assert_eq!(message("conditions: a"), "`conditions` is a mapping, not the text `a`");
    assert_eq!(message("conditions: [a]"), "`conditions` is a mapping, not a list");
    assert_eq!(message("when: a\nconditions: {match: a}"), "a rule has both `when` and `conditions`");
    assert_eq!(message("when: {all: [a]}"), "`when` must be an expression, not a mapping");
}

#[test]
fn contains_asks_for_an_element_of_a_list_of_the_schema() {
    let text = "version: \"1.0\"\nmetadata: {name: t}\nschema: {user.badges: {type: list(string)}}\nrules:\n  - id: a\n    \
                conditions: {any: [{field: user.badges, operator: contains, value: x}]}\n    actions: [deny]\n";
    let document = read(text, "p", &mut |_| Err(String::new())).unwrap();
    assert_eq!(&*document.rules[0].condition.text, r#"("x" in user.badges)"#);
}
