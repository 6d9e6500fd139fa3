//! Help for text that stands where it cannot, by what it means in other languages.

/// How much of an unexpected token is shown.
const SHOWN: usize = 40;

/// `text` in back-ticks, unless it has its own; cut if it is long.
pub(super) fn quote(text: &str) -> String {
    if text.starts_with('`') {
        return text.to_owned();
    }
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}...`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// What to write instead, given the unexpected token and its neighbours.
pub(super) fn unexpected(before: &str, text: &str, after: &str) -> Option<&'static str> {
    Some(match (before, text, after) {
        (".", ..) => return None,
        ("not", "in", _) | (_, "not", "in") => "write `!(x in list)`",
        ("not", ..) => "use `!`",
        ("if", ..) | (_, "if" | "then" | "else", _) => "write conditions as `condition ? value : other`",
        (_, "and" | "AND", _) => "use `&&`",
        (_, "or" | "OR", _) => "use `||`",
        (_, "is" | "eq", _) => "use `==`",
        (_, "ne", _) => "use `!=`",
        (_, "contains" | "startsWith" | "endsWith" | "matches", _) => "write it as a call: `text.contains('part')`",
        (_, "like" | "LIKE", _) => "use `text.contains('part')` or `text.matches('pattern')`",
        (_, "between" | "BETWEEN", _) => "write `low <= x && x <= high`",
        ("!" | "-", "!" | "-", _) => "put the inner operation into parentheses",
        ("in", ..) | (_, "in", _) => "`in` stands between a value and a list or map",
        ("+", "+", _) => "there is no sign `+`",
        (_, "(", _) => "only a name can be called",
        _ => return None,
    })
}
