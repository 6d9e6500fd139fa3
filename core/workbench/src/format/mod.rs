//! Documents written in one way: indentation, spaces, line breaks of long conditions.
//!
//! Order, comments, quotes and blank lines stay (of several blank lines one). What a document means never changes: the
//! result is read again and compared, token by token, before anybody sees it.

pub mod cel;
mod places;
mod yaml;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::cel::diagnostic::Diagnostic;
use llm_policy_engine::document;
use similar::TextDiff;

use yaml::{Expressions, Kind, Node, Style, Tree};

/// Formats a policy document, which is YAML.
///
/// ```
/// use llm_policy_workbench::format;
///
/// let text = "version:   \"1.0\"   # the format\nrules:\n- id: a\n  when: a==1&&b\n";
/// let pretty = "version: \"1.0\" # the format\nrules:\n  - id: a\n    when: a == 1 && b\n";
/// assert_eq!(format::policy(text).unwrap(), pretty);
/// assert_eq!(format::policy(pretty).unwrap(), pretty);
/// ```
///
/// # Errors
/// When the text is not valid YAML, or holds what policies may not hold. Other mistakes are no matter here.
pub fn policy(text: &str) -> Result<String, Diagnostic> {
    formatted(text, places::expressions)
}

/// Formats any other YAML, such as test cases: nothing in it is an expression.
///
/// # Errors
/// When the text is not valid YAML.
pub fn data(text: &str) -> Result<String, Diagnostic> {
    formatted(text, |_| Expressions::new())
}

/// What would change, as a unified diff; `None` when nothing would.
#[must_use]
pub fn diff(before: &str, after: &str, origin: &str) -> Option<String> {
    let changed = before != after;
    changed.then(|| {
        let diff = TextDiff::from_lines(before, after);
        diff.unified_diff().context_radius(2).header(origin, &format!("{origin} (formatted)")).to_string()
    })
}

fn formatted(text: &str, places: impl Fn(&Node) -> Expressions) -> Result<String, Diagnostic> {
    // Who reads files stops reading at this bound: what is longer may not be the whole text.
    if text.len() > document::MAX_BYTES {
        return Err(document::too_large(text.len()));
    }
    let source = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let tree = read(&source)?;
    let expressions = tree.root.as_ref().map(&places).unwrap_or_default();
    let mut out = yaml::print(&source, &tree, &expressions);
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    let again = read(&out).map_err(|_| cannot(0))?;
    match difference(&tree, &again, &expressions) {
        None => Ok(out),
        Some(at) => Err(cannot(at)),
    }
}

fn read(text: &str) -> Result<Tree, Diagnostic> {
    // The YAML parser takes a NUL for the end of the text: what is behind it would be lost.
    if let Some(at) = text.find(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\u{85}')) {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        return Err(Diagnostic::error(
            "control-character",
            "a control character is not allowed here",
            Span::new(at, at),
        ));
    }
    if text.starts_with('%') {
        return Err(Diagnostic::error("yaml-directive", "directives are not supported", Span::new(0, 1)));
    }
    yaml::read(text)
}

fn cannot(at: usize) -> Diagnostic {
    let message = "the document is left as it is: written in the usual way this would be read differently";
    let at = u32::try_from(at).unwrap_or(u32::MAX);
    Diagnostic::error("not-formatted", message, Span::new(at, at))
        .with_help("write unusual values in quotes; if there are none, this is a bug of the formatter")
}

/// Where `before` begins to mean something else than `after`, or to have other comments.
fn difference(before: &Tree, after: &Tree, expressions: &Expressions) -> Option<usize> {
    let mut comments = before.comments.iter().zip(&after.comments);
    let lost = before.comments.get(after.comments.len()).or_else(|| after.comments.get(before.comments.len()));
    let comment = comments.find(|(a, b)| a.text != b.text).map(|(a, _)| a).or(lost).map(|comment| comment.start);
    let value = match (&before.root, &after.root) {
        (Some(before), Some(after)) => changed(before, after, expressions),
        (None, None) => None,
        _ => Some(0),
    };
    value.or(comment)
}

/// Where the first value is that changed.
fn changed(before: &Node, after: &Node, expressions: &Expressions) -> Option<usize> {
    let here = (before.anchor != after.anchor).then_some(before.start);
    here.or_else(|| match (&before.kind, &after.kind) {
        (Kind::Alias(a), Kind::Alias(b)) => (a != b).then_some(before.start),
        (Kind::Scalar(a), Kind::Scalar(b)) => {
            let same = if expressions.contains(&before.start) {
                let tokens = cel::essence(&a.value);
                a.value == b.value || tokens.is_some_and(|tokens| cel::essence(&b.value) == Some(tokens))
            } else {
                a.value == b.value && (a.style == Style::Plain) == (b.style == Style::Plain)
            };
            (!same).then_some(before.start)
        }
        (Kind::List { items: a, .. }, Kind::List { items: b, .. }) if a.len() == b.len() => {
            a.iter().zip(b).find_map(|((_, a), (_, b))| changed(a, b, expressions))
        }
        (Kind::Map { entries: a, .. }, Kind::Map { entries: b, .. }) if a.len() == b.len() => a
            .iter()
            .zip(b)
            .find_map(|((k, v), (l, w))| changed(k, l, expressions).or_else(|| changed(v, w, expressions))),
        _ => Some(before.start),
    })
}

#[cfg(test)]
mod tests;
