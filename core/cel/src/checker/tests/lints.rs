//! Warnings.

use super::compile;
use crate::checker::lints;

fn warnings(source: &str) -> Vec<String> {
    let found = lints(&compile(source));
    found.iter().map(|w| format!("{}: {}", w.code, w.help.as_deref().unwrap_or(&w.message))).collect()
}

#[test]
fn warned() {
    for (source, wanted) in [
        ("!any in [true]", "negation-precedence: write `!(any in [true])`"),
        ("!flag == flag", "negation-precedence: write `!(flag == flag)`"),
        ("1 == n == flag", "comparison-chain: write `1 == n && n == flag`"),
        ("flag == true", "needless-comparison: write `flag`"),
        ("flag == false", "needless-comparison: write `!flag`"),
        ("true != (n > 1)", "needless-comparison: write `!(n > 1)`"),
        ("flag && 1 < 2", "constant-condition: an operand of `&&` is constant: `1 < 2` does not depend on any input"),
        ("true", "constant-condition: the whole expression is constant: `true` does not depend on any input"),
        (
            "names.exists(x, true)",
            "constant-condition: the condition of `exists` is constant: `true` does not depend on any input",
        ),
    ] {
        assert_eq!(warnings(source), [wanted], "{source}");
    }
}

#[test]
fn not_warned() {
    for source in [
        "!(text in names)",
        "(!flag) == flag",
        "!(flag == flag)",
        "(1 == n) == flag",
        "any == true",
        "names.all(x, x != '')",
        "names.exists_one(x, x != '')",
        "cel.bind(x, text, x == '')",
        "flag ? n > 1 : n < 1",
        "!flag && !(text in names) || n == 1",
    ] {
        assert_eq!(warnings(source), [""; 0], "{source}");
    }
}
