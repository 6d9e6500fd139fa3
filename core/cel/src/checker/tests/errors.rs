//! What is refused, with which words, and where.

use super::env;

/// Each error as `code: message @ source [help]`.
fn errors(source: &str) -> Vec<String> {
    let found = env().compile(source).map(|checked| checked.result_type().to_string()).unwrap_err();
    let shown = found.iter().map(|error| {
        let place = source.get(error.span.start as usize..error.span.end as usize).unwrap();
        let help = error.help.as_ref().map(|help| format!(" [{help}]")).unwrap_or_default();
        format!("{}: {} @ {place}{help}", error.code, error.message)
    });
    shown.collect()
}

#[track_caller]
fn one(source: &str, wanted: &str) {
    assert_eq!(errors(source), [wanted], "{source}");
}

#[test]
fn names() {
    one("requst.prompt == ''", "undeclared-name: `requst` is not declared @ requst [did you mean `request`?]");
    one("nothing", "undeclared-name: `nothing` is not declared @ nothing");
    one("size", "undeclared-name: `size` is not declared @ size [`size` is a function: call it as `size(...)`]");
    one("math.abz(1)", "undeclared-name: there is no function `math.abz` @ math.abz(1) [did you mean `math.abs`?]");
    one("sizee(text)", "undeclared-name: there is no function `sizee` @ sizee(text) [did you mean `size`?]");
    one(
        "text.startWith('a')",
        "undeclared-name: there is no function `startWith` @ text.startWith('a') [did you mean `startsWith`?]",
    );
    one(
        "names.exist(x, x == '')",
        "undeclared-name: there is no function `exist` @ names.exist(x, x == '') [did you mean `exists`?]",
    );
}

#[test]
fn fields() {
    one(
        "request.promt == ''",
        "undefined-field: `request` has no field `promt` @ request.promt [did you mean `prompt`?]",
    );
    one(
        "request.user.zzz == ''",
        "undefined-field: `request.user` has no field `zzz` @ request.user.zzz [its fields are `id`, `roles`, `tier`]",
    );
    one("request['promt'] == ''", "undefined-field: `request` has no field `promt` @ 'promt' [did you mean `prompt`?]");
    one(
        "has(request.promt)",
        "undefined-field: `request` has no field `promt` @ has(request.promt) [did you mean `prompt`?]",
    );
    one("n.size", "no-fields: `n` is an int and has no fields @ n.size [to call the function, write `.size()`]");
    one(
        "names.id == ''",
        "no-fields: `names` is a list(string) and has no fields @ names.id [a list has elements: use an index, as in `names[0]`, or a macro, as in `names.exists(x, ...)`]",
    );
}

#[test]
fn overloads() {
    let none = "no-matching-overload";
    for (source, wanted) in [
        ("request.cost > 1 + 1.0", "`+` does not take int and double @ 1 + 1.0 [write `1.0`]"),
        ("n + 1.5 > 2.0", "`+` does not take int and double @ n + 1.5 [convert one side: `double(n)`]"),
        ("n == 1u", "`==` does not take int and uint @ n == 1u [write `1`]"),
        ("n + 'x' == ''", "`+` does not take int and string @ n + 'x' [convert one side: `string(n)`]"),
        (
            "names + 'x' == []",
            "`+` does not take list(string) and string @ names + 'x' [to add an element write `['x']`]",
        ),
        (
            "'x' in text",
            "`in` does not take string and string @ 'x' in text [`in` looks into lists and maps; for text write `text.contains('x')`]",
        ),
        ("1 in names", "`in` does not take int and list(string) @ 1 in names [the list holds string, not int]"),
        (
            "n == null",
            "`==` does not take int and null @ n == null [int is never null; for a field that may be absent write `has(...)`]",
        ),
        (
            "text.matches()",
            "there is no `matches` for string with () @ text.matches() [known are `matches(string, string)`, `string.matches(string)`]",
        ),
        (
            "contains(text, 'a')",
            "there is no `contains` for (string, string) @ contains(text, 'a') [it is a method: write `text.contains('a')`]",
        ),
        ("n.string()", "there is no `string` for int with () @ n.string() [it is a function: write `string(n)`]"),
        ("-text == ''", "`-` does not take string @ -text"),
        (
            "flag ? 1 : 'a'",
            "one branch is an int, the other a string @ 1 : 'a' [give both the same type, or write `dyn(1)`]",
        ),
    ] {
        one(source, &format!("{none}: {wanted}"));
    }
}

#[test]
fn conditions() {
    let none = "not-a-bool";
    for (source, wanted) in [
        (
            "flag && text",
            "`text` is a string, but an operand of `&&` must be a bool @ text [compare it, as in `text != ''`]",
        ),
        ("n || flag", "`n` is an int, but an operand of `||` must be a bool @ n [compare it, as in `n != 0`]"),
        (
            "!names",
            "`names` is a list(string), but the operand of `!` must be a bool @ names [compare its size, as in `size(names) > 0`]",
        ),
        (
            "!text in names",
            "`text` is a string, but the operand of `!` must be a bool @ text [`!` binds tighter: write `!(text in names)`]",
        ),
        ("n ? 1 : 2", "`n` is an int, but the condition of `? :` must be a bool @ n [compare it, as in `n != 0`]"),
        (
            "names.all(x, x)",
            "`x` is a string, but the condition of `all` must be a bool @ x [compare it, as in `x != ''`]",
        ),
        (
            "names.filter(x, size(x))",
            "`size(x)` is an int, but the condition of `filter` must be a bool @ size(x) [compare it, as in `size(x) != 0`]",
        ),
    ] {
        one(source, &format!("{none}: {wanted}"));
    }
}

#[test]
fn loops_literals_and_messages() {
    one("n.all(x, x > 0)", "not-a-range: `n` is an int; only lists and maps have elements @ n");
    one(
        "[?n]",
        "not-an-optional: `?` needs an optional, and `n` is an int @ n [leave out the `?`, or write `optional.of(n)`]",
    );
    one(
        "a.B{c: 1} == n",
        "no-message-types: `a.B{...}` would make a protobuf message, and there are no message types @ a.B{c: 1} [write a map: `{'field': value}`]",
    );
}

#[test]
fn several_errors_at_once() {
    let found = errors("a1.b == c1.d && n + 'x' == 3 && text");
    let codes: Vec<&str> = found.iter().map(|error| error.split(':').next().unwrap()).collect();
    assert_eq!(codes, ["undeclared-name", "undeclared-name", "no-matching-overload", "not-a-bool"]);
}
