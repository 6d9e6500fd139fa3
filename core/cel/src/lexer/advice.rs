//! What people write who come from other languages, and what CEL calls it.

/// Operators of other languages, which can stand nowhere in CEL; longer ones before their own beginnings. Single characters
/// that start an operator of CEL are in [`SINGLES`].
const SEQUENCES: [(&str, &str); 17] = [
    ("===", "use `==`"),
    ("!==", "use `!=`"),
    ("=>", "there are no lambdas; use a macro such as `list.exists(x, x > 0)`"),
    ("->", "there are no lambdas; use a macro such as `list.exists(x, x > 0)`"),
    ("=~", "use `text.matches('pattern')`"),
    ("<>", "use `!=`"),
    ("<<", "use `math.bitShiftLeft(value, places)`"),
    (">>", "use `math.bitShiftRight(value, places)`"),
    ("??", "use `a.?b.orValue(c)` or `has(a.b) ? a.b : c`"),
    ("**", "powers are written as products"),
    ("/*", "comments start with `//`"),
    ("++", "there is no increment"),
    ("&&&", "use `&&`"),
    ("|||", "use `||`"),
    ("::", "use `.`"),
    ("^", "use `math.bitXor(a, b)`, or `a != b` for conditions"),
    ("~", "use `text.matches('pattern')`, or `math.bitNot(a)`"),
];

/// Characters that must be doubled to be an operator.
const SINGLES: [(&str, &str); 3] = [("=", "use `==` to compare"), ("&", "use `&&`"), ("|", "use `||`")];

/// Characters that can stand nowhere in CEL.
const CHARACTERS: [(&str, &str); 7] = [
    ("#", "comments start with `//`"),
    (";", "an expression is one value; join conditions with `&&`"),
    ("$", "names stand without `$`"),
    ("@", "names stand without `@`"),
    ("\\", "a backslash may stand only in a string"),
    ("\u{201C}\u{201D}\u{201E}\u{00AB}\u{00BB}", "use straight quotes: `\"`"),
    ("\u{2018}\u{2019}\u{201A}", "use straight quotes: `'`"),
];

/// The foreign operator that `rest` starts with, and what to use instead.
pub(super) fn sequence(rest: &str) -> Option<(&'static str, &'static str)> {
    let starts = |(text, _): &&(&str, &str)| rest.starts_with(text);
    let lone = |(text, _): &&(&str, &str)| rest.strip_prefix(text).is_some_and(|after| !after.starts_with(text));
    SEQUENCES.iter().find(starts).or_else(|| SINGLES.iter().find(lone)).copied()
}

/// What to use instead of the character `c`.
pub(super) fn character(c: char) -> Option<&'static str> {
    match c {
        c if c.is_whitespace() => Some("use an ordinary space"),
        c => CHARACTERS.iter().find(|(set, _)| set.contains(c)).map(|(_, help)| *help),
    }
}
