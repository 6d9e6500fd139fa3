//! What is refused, with which words, and where.

use super::env;

/// Each error as `code: message @ source [help]`.
fn errors(source: &str) -> Vec<String> {
    let found = env().compile(source).map(|checked| checked.result_type().to_string()).unwrap_err();
    let shown = found.iter().map(|error| {
        let place = &source[error.span.start as usize..error.span.end as usize];
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
    one(
        "request.cost > 1 + 1.0 && n + 1.5 > 2.0",
        "no-matching-overload: `+` does not take int and double @ 1 + 1.0 [write `1.0`]",
    );
}

#[test]
fn several_errors_at_once() {
    let found = errors("a1.b == c1.d && n + 'x' == 3 && text");
    let codes: Vec<&str> = found.iter().map(|error| error.split(':').next().unwrap()).collect();
    assert_eq!(codes, ["undeclared-name", "undeclared-name", "no-matching-overload", "not-a-bool"]);
}
