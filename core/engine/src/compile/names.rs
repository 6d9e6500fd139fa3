//! The names that a document gives: `variables.x`, `lists.x`, and the tables of `lookup`.

use llm_policy_cel::ast::{Expr, Literal, Span};
use llm_policy_cel::checker::Checked;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_cel::types::Type;

use super::expressions::{Scope, scalar_type};
use crate::document::Document;

/// `diagnostic` about the expression `text`, or a better one: the checker knows nothing of what a document may have meant
/// by a name.
pub(super) fn explained(scope: &Scope<'_>, diagnostic: Diagnostic, text: &str) -> Diagnostic {
    let start = diagnostic.span.start;
    let Some(written) = text.get(start as usize..).filter(|_| diagnostic.code == "undeclared-name") else {
        return diagnostic;
    };
    let (name, rest) = word(written);
    let below = rest.strip_prefix('.').map(|rest| word(rest).0).filter(|below| !below.is_empty());
    match (name, below) {
        ("variables" | "lists", below) => in_root(scope, name, below, start).unwrap_or(diagnostic),
        ("tables", _) => Diagnostic::error("undeclared-name", "`tables` is no value", word_span(start, name))
            .with_help(format!(
                "a table is read by {}",
                lookup_form(scope.document.tables.first().map(|t| &*t.name.value))
            )),
        (name, below) => {
            // `vars.x` and `list.x` are what people write who know another language.
            let below = below.filter(|_| diagnostic.help.is_none());
            match meant_by(scope, name).or_else(|| meant_by(scope, below?)) {
                Some(help) => diagnostic.with_help(help),
                None => diagnostic,
            }
        }
    }
}

/// What is wrong with `lists`, or with `lists.below`, at `start`; `None`: nothing, so something behind it is.
fn in_root(scope: &Scope<'_>, root: &str, below: Option<&str>, start: u32) -> Option<Diagnostic> {
    let known = || scope.named.keys().filter_map(|name| name.strip_prefix(root)?.strip_prefix('.'));
    let declare = match root {
        "variables" => "declare it under `variables`, above what uses it",
        _ => "declare it under `lists`",
    };
    let Some(below) = below else {
        let names: Vec<String> = known().take(4).map(|name| format!("`{root}.{name}`")).collect();
        let help = match names.as_slice() {
            [] => format!("declare one under `{root}`, and write `{root}.<its name>`"),
            names => format!("name one of them: {}", names.join(", ")),
        };
        let message = format!("`{root}` is no value");
        return Some(Diagnostic::error("undeclared-name", message, word_span(start, root)).with_help(help));
    };
    if known().any(|name| name == below) {
        return None;
    }
    let help = match did_you_mean(below, known()) {
        Some(near) => format!("did you mean `{root}.{near}`?"),
        None => declare.to_owned(),
    };
    let span = Span::new(start, start + length(root) + 1 + length(below));
    Some(Diagnostic::error("undeclared-name", format!("`{root}` has no `{below}`"), span).with_help(help))
}

/// How to write what has the name `name` in the document.
fn meant_by(scope: &Scope<'_>, name: &str) -> Option<String> {
    for root in ["variables", "lists"] {
        if scope.named.contains_key(format!("{root}.{name}").as_str()) {
            return Some(format!("write `{root}.{name}`"));
        }
    }
    let table = scope.document.tables.iter().find(|table| *table.name.value == *name)?;
    Some(format!("a table is read by {}", lookup_form(Some(&table.name.value))))
}

fn lookup_form(table: Option<&str>) -> String {
    format!("`lookup('{}', key, default)`", table.unwrap_or("<its name>"))
}

/// The name at the beginning of `text`, which may be empty, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn word_span(start: u32, word: &str) -> Span {
    Span::new(start, start + length(word))
}

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// Checks that calls of `lookup` name a table of the document, with a key and a default of the table's types.
pub(super) fn lookups(document: &Document, checked: &Checked) -> Vec<Diagnostic> {
    let ast = checked.ast();
    let mut out = Vec::new();
    for at in 0..u32::try_from(ast.len()).unwrap_or(0) {
        let id = llm_policy_cel::ast::ExprId(at);
        let Expr::Call { target: None, function, args } = ast.expr(id) else { continue };
        let ("lookup", [first, key, default]) = (&**function, args.as_slice()) else { continue };
        let span = ast.span(*first);
        let Expr::Literal(Literal::String(name)) = ast.expr(*first) else {
            out.push(Diagnostic::error("table-not-constant", "the table of `lookup` must be a string constant", span));
            continue;
        };
        let Some(table) = document.tables.iter().find(|t| t.name.value == *name) else {
            let diagnostic = Diagnostic::error("unknown-table", format!("there is no table `{name}`"), span);
            out.push(match did_you_mean(name, document.tables.iter().map(|t| &*t.name.value)) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic.with_help("declare it under `tables`"),
            });
            continue;
        };
        for (what, arg, wanted) in [("keys", key, table.key), ("values", default, table.value)] {
            let (found, wanted) = (checked.type_of(*arg), scalar_type(wanted));
            if !matches!(found, Type::Dyn) && *found != wanted {
                let message = format!("the {what} of the table `{name}` are of type {wanted}, not {found}");
                let diagnostic = Diagnostic::error("type-mismatch", message, ast.span(*arg));
                out.push(match (found, &wanted) {
                    (Type::Int, Type::Double) => diagnostic.with_help("write a double, such as `1.0`"),
                    _ => diagnostic,
                });
            }
        }
    }
    out
}
