//! Policies of other formats, rewritten into ours, with a report of every change.
//!
//! The result is never weaker than what was read. What cannot be kept is told, and what depends on it fails closed: a rule
//! that restricts applies always, a rule that allows is switched off, an exception is switched off.
//!
//! Two formats are read: the published dialect of LLM-Policy-Engine (`version: "1.0"` and `"0.9"`, `published`) and
//! CEL Policy YAML, as cel-go has it (`cel_policy`).

mod cel_policy;
mod draft;
mod expression;
mod published;

use std::fmt;

use llm_policy_engine::document::tree::{Kind, Node};
use llm_policy_engine::document::{self, Refused};
use llm_policy_engine::{Engine, Options};

/// What came of a document.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The new document.
    pub text: String,
    /// What is not as it was, in the order of the document.
    pub changes: Vec<Change>,
}

impl Imported {
    /// True when something could not be kept.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.changes.iter().any(|change| change.kind == ChangeKind::NotKept)
    }
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether it still means the same.
    pub kind: ChangeKind,
    /// The line in the document that was read; from 1.
    pub line: usize,
    /// The rule, the exception or the part that it is about.
    pub about: String,
    /// What happened.
    pub message: String,
}

/// Whether something still means the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Written in another way.
    Rewritten,
    /// Written in another way, and worth a look: it is at least as strict.
    Look,
    /// Could not be kept; what depends on it fails closed.
    NotKept,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rewritten => "rewritten",
            Self::Look => "look",
            Self::NotKept => "not kept",
        })
    }
}

/// Rewrites `text`, whose format is told from its keys; `origin` names it in messages.
///
/// ```
/// use llm_policy_workbench::import;
///
/// let text = r#"
/// version: "0.9"
/// metadata: {name: old, namespace: production}
/// rules:
///   - {name: no-previews, condition: "request.model.ends_with('-preview')", action: deny}
/// "#;
/// let imported = import::import(text, "old.yaml").unwrap();
/// assert!(imported.text.contains("when: request.model.endsWith('-preview')"));
/// assert!(!imported.is_partial());
/// ```
///
/// # Errors
/// When the text is no YAML, of none of the formats, or in ours already.
pub fn import(text: &str, origin: &str) -> Result<Imported, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refused = |diagnostics| Refused { origin: origin.into(), text: text.into(), diagnostics, schema: None };
    // The published dialect holds ` #` and `!x` without quotes, which is legal in its blocks only.
    let root = document::parse(text, origin).map_err(refused)?;
    if is_native(text, origin, &root) {
        let message = "this document is already in this program's format; nothing to import";
        let span = llm_policy_engine::cel::ast::Span::new(root.span.start, root.span.start);
        let error = llm_policy_engine::diagnostic::Diagnostic::error("already-native", message, span);
        return Err(refused(vec![error.with_help("`policy-engine validate FILE` checks it")]));
    }
    let keys = |key: &str| matches!(&root.kind, Kind::Map(entries) if entries.iter().any(|(k, _)| k.text == key));
    if keys("rule") && !keys("rules") {
        Ok(cel_policy::import(text, &root))
    } else if keys("rules") && keys("version") {
        Ok(published::import(text, &root))
    } else {
        let message = "this is neither the published dialect nor CEL Policy YAML";
        let span = llm_policy_engine::cel::ast::Span::new(root.span.start, root.span.start);
        let error = llm_policy_engine::diagnostic::Diagnostic::error("unknown-format", message, span);
        let help = "the published dialect has `version` and `rules`, CEL Policy YAML has `name` and `rule`";
        Err(refused(vec![error.with_help(help)]))
    }
}

/// Whether a document is in our format: it compiles, or has what no other format has.
fn is_native(text: &str, origin: &str, root: &Node<'_>) -> bool {
    let rules = get(root, "rules").map(items).unwrap_or_default();
    get(root, "lists").is_some()
        || rules.iter().any(|rule| get(rule, "when").is_some())
        || document::read(text, origin, &mut document::no_files)
            .is_ok_and(|document| Engine::new(vec![document], Options::default()).is_ok())
}

/// The value under `key`.
fn get<'n, 'a>(node: &'n Node<'a>, key: &str) -> Option<&'n Node<'a>> {
    entries(node).iter().find(|(k, _)| k.text == key).map(|(_, value)| value)
}

fn entries<'n, 'a>(node: &'n Node<'a>) -> &'n [(document::tree::Key<'a>, Node<'a>)] {
    match &node.kind {
        Kind::Map(entries) => entries,
        _ => &[],
    }
}

fn items<'n, 'a>(node: &'n Node<'a>) -> &'n [Node<'a>] {
    match &node.kind {
        Kind::List(items) => items,
        _ => &[],
    }
}

fn text_of<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.kind {
        Kind::Scalar(text, _) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
