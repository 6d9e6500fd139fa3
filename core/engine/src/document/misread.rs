//! What YAML makes of expressions that were not quoted, said in words that help.

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;

use super::offsets::span;
use super::scan::{Shape, shape};

/// A value as it stands on one line.
struct Line<'a> {
    /// The key in front of it.
    key: Option<&'a str>,
    /// The value without the comment behind it.
    value: &'a str,
    /// Where the value stands.
    span: Span,
}

/// What to do about an expression that YAML took apart inside of `{ }` or `[ ]`.
pub(super) const IN_FLOW: &str = "quote expressions inside `{ }` and `[ ]`: `,` and `[` mean something to YAML there";

/// So many lines are searched for the beginning of a mapping in `{ }`.
const FLOW_LINES: usize = 50;

/// What the YAML parser's error `info` at byte `at` means.
pub(super) fn syntax(text: &str, at: usize, info: &str) -> Diagnostic {
    let here = span(at, at);
    // At the end of the text there is nothing to point at but the last line.
    let at = at.min(text.trim_end().len());
    if info.contains("tab") && (info.contains("disallowed") || info.contains("found a tab")) {
        return Diagnostic::error("yaml-syntax", "a tab is used for indentation", here)
            .with_help("indent with spaces; yaml does not allow tabs there");
    }
    if let Some(line) = value_at(text, at)
        && let Some(why) = misread(&line, info)
    {
        return unquoted(&line, why);
    }
    if info.contains("unknown anchor") {
        return Diagnostic::error("yaml-syntax", "the alias names an anchor that is not there", here)
            .with_help("a value that begins with `*` must be quoted");
    }
    if info.contains("unexpected end of stream") {
        return Diagnostic::error("yaml-syntax", "the quoted text has no end", here)
            .with_help("close it with the quote that it began with");
    }
    if info.contains("unknown escape") || info.contains("escape code") {
        return Diagnostic::error("yaml-syntax", "the quoted text holds a wrong escape", here)
            .with_help("inside of \"...\" a backslash is written `\\\\`; inside of '...' it stands for itself");
    }
    if info.contains("comment intercepting") {
        return Diagnostic::error("unquoted-expression", "the ` #` begins a comment, which ends the text", here)
            .with_help("quote the text, or write it as a block: `|` and the text on the next lines");
    }
    if info.contains("recursion limit") {
        return super::tree::too_deep(here);
    }
    let error = Diagnostic::error("yaml-syntax", format!("this is not valid yaml: {info}"), here);
    if in_flow(text, at) && !info.contains("end of stream") {
        return error.with_help(IN_FLOW);
    }
    if info.contains("mapping values are not allowed") || info.contains("did not find expected") {
        return error.with_help("look at the indentation; text that holds `: ` must be quoted");
    }
    error
}

/// About a tag at `at`.
pub(super) fn tag(text: &str, at: Span) -> Diagnostic {
    let raw = text.get(at.start as usize..).unwrap_or_default();
    // An anchor may stand in front of the tag.
    let bang = at.start as usize + raw.find('!').unwrap_or(0);
    match value_at(text, bang) {
        Some(line) if line.value.starts_with('!') && !line.value.starts_with("!!") => {
            unquoted(&line, "yaml reads `!` at the beginning of a value as a tag")
        }
        _ => Diagnostic::error("yaml-tag", "tags are not supported", span(bang, bang + 1))
            .with_help("remove the tag, or quote the text if it should begin with `!`"),
    }
}

/// About a key at `at` that is a list or a mapping.
pub(super) fn key(text: &str, at: Span) -> Diagnostic {
    if let Some(line) = value_at(text, at.start as usize)
        && line.value.starts_with("{{")
    {
        return unquoted(&line, "yaml reads `{` at the beginning of a value as a mapping");
    }
    Diagnostic::error("yaml-key", "a key must be text, not a list or a mapping", head(text, at))
}

/// The part of `at` that is on its first line.
pub(super) fn head(text: &str, at: Span) -> Span {
    let raw = text.get(at.start as usize..at.end as usize).unwrap_or_default();
    let line = raw.lines().next().unwrap_or_default().trim_end();
    span(at.start as usize, at.start as usize + line.len())
}

/// True when byte `at` is inside of a `{ }` that is a value, on its line or a few lines above.
fn in_flow(text: &str, at: usize) -> bool {
    let mut to = at;
    for _ in 0..FLOW_LINES {
        let Some(line) = value_at(text, to) else { return false };
        let from = line.span.start as usize;
        if line.value.starts_with(['{', '[']) && from < at {
            let so_far = text.get(from..at).unwrap_or_default();
            return so_far.contains('{') && shape(so_far) != Shape::Closed;
        }
        match text.get(..to).and_then(|before| before.rfind('\n')) {
            Some(newline) => to = newline,
            None => return false,
        }
    }
    false
}

/// True when the text behind a key at `key` says that a `,` or a bracket ended it, not a `:`.
pub(super) fn cut_by_comma(text: &str, key: Span) -> bool {
    text.get(key.end as usize..).is_some_and(|rest| rest.trim_start().starts_with([',', '}']))
}

/// True for text that is more likely a part of an expression than a key.
pub(super) fn is_expression(key: &str) -> bool {
    key.contains(['?', '(', ')', '[', ']', '<', '>', '=', '&', '|', '\'', '"'])
}

/// The advice to quote a mapping or list that was meant as an expression, if it looks like one.
pub(super) fn not_a_scalar(text: &str, at: Span) -> Option<Diagnostic> {
    let line = value_at(text, at.start as usize)?;
    let why = misread(&line, "mapping values are not allowed")?;
    Some(unquoted(&line, why))
}

/// The comment that cut the plain scalar at `at` short, if its text ends inside of a string.
pub(super) fn cut_by_comment(text: &str, at: Span, value: &str) -> Option<Diagnostic> {
    let Shape::OpenString(_) = shape(value) else { return None };
    let rest = text.get(at.end as usize..)?.lines().next()?;
    let blank = rest.len() - rest.trim_start().len();
    if blank == 0 || !rest.trim_start().starts_with('#') {
        return None;
    }
    let hash = at.end as usize + blank;
    let whole = format!("{value}{}", rest.trim_end());
    let key =
        value_at(text, at.start as usize).and_then(|line| line.key.map(|key| format!("{key}: "))).unwrap_or_default();
    Some(
        Diagnostic::error("unquoted-expression", "yaml reads ` #` as the beginning of a comment", span(hash, hash + 1))
            .with_help(format!("quote the expression: `{key}{}`", quote(&whole))),
    )
}

/// Why YAML does not read `line` as text, if that is what is wrong.
fn misread(line: &Line<'_>, info: &str) -> Option<&'static str> {
    let value = line.value;
    Some(match value.chars().next()? {
        '!' if !value.starts_with("!!") => "yaml reads `!` at the beginning of a value as a tag",
        quote @ ('\'' | '"') if text_behind(value, quote) => "yaml ends the text at the second quote",
        '&' => "yaml reads `&` at the beginning of a value as an anchor",
        '*' => "yaml reads `*` at the beginning of a value as an alias",
        '%' => "yaml keeps `%` at the beginning of a value for itself",
        '@' => "yaml keeps `@` at the beginning of a value for itself",
        '`' => "yaml keeps the back-tick at the beginning of a value for itself",
        '{' if value.starts_with("{{") => "yaml reads `{` at the beginning of a value as a mapping",
        '{' if text_behind_bracket(value) => "yaml reads `{` at the beginning of a value as a mapping",
        '[' if text_behind_bracket(value) => "yaml reads `[` at the beginning of a value as a list",
        '\'' | '"' | '{' | '[' | '|' | '>' => return None,
        _ if info.contains("mapping values are not allowed") => {
            let colon = value.find(": ").or_else(|| value.ends_with(':').then(|| value.len() - 1))?;
            // `key: value` behind a value is more likely wrong indentation.
            if value.get(..colon)?.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
                return None;
            }
            "yaml reads `: ` inside of a value as the end of a key"
        }
        _ => return None,
    })
}

fn unquoted(line: &Line<'_>, why: &str) -> Diagnostic {
    let key = line.key.map(|key| format!("{key}: ")).unwrap_or_default();
    let what = if line.value.contains("{{") { "text" } else { "expression" };
    let help = format!("quote the {what}: `{key}{}`", quote(line.value));
    Diagnostic::error("unquoted-expression", why, line.span).with_help(help)
}

/// `text` as a YAML scalar in the quotes that need the least escaping.
fn quote(text: &str) -> String {
    if !text.contains(['"', '\\']) {
        return format!("\"{text}\"");
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// The value on the line of byte `at`.
fn value_at(text: &str, at: usize) -> Option<Line<'_>> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(start..)?.lines().next()?;
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    let mut key = None;
    if let Some((name, value)) = split_key(rest) {
        key = Some(name);
        rest = value.trim_start();
    }
    let value = without_comment(rest).trim_end();
    let from = start + (line.len() - rest.len());
    (!value.is_empty()).then(|| Line { key, value, span: span(from, from + value.len()) })
}

fn split_key(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(": ")?;
    let name = name.trim_end();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    plain.then_some((name, value))
}

/// The text without ` # ...` unless that stands inside of a string.
fn without_comment(value: &str) -> &str {
    let mut from = 0;
    while let Some(found) = value.get(from..).and_then(|rest| rest.find(" #")) {
        let head = value.get(..from + found).unwrap_or_default();
        if !matches!(shape(head), Shape::OpenString(_)) {
            return head;
        }
        from += found + 2;
    }
    value
}

/// True when there is text behind the string that `value` begins with.
fn text_behind(value: &str, quote: char) -> bool {
    let mut chars = value.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote == '"' {
            chars.next();
        } else if c == quote {
            let rest = value.get(at + 1..).unwrap_or_default();
            if quote == '\'' && rest.starts_with('\'') {
                chars.next();
                continue;
            }
            return !rest.trim_start().is_empty() && !rest.trim_start().starts_with([',', ']', '}', ':']);
        }
    }
    false
}

/// True when there is text behind the bracket that closes the one which `value` begins with.
fn text_behind_bracket(value: &str) -> bool {
    let mut last = 0;
    for (at, c) in value.char_indices() {
        if matches!(c, ']' | '}') && shape(value.get(..=at).unwrap_or_default()) == Shape::Closed {
            last = at + 1;
            break;
        }
    }
    let rest = value.get(last..).unwrap_or_default().trim_start();
    last > 0 && !rest.is_empty() && !rest.starts_with([',', ']', '}'])
}

#[cfg(test)]
mod tests;
