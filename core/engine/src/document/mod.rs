//! Policy documents: the format, read strictly from YAML or JSON.
//!
//! A document passes these stages:
//!
//! 1. [`tree`]: YAML 1.2 or JSON becomes a tree with positions. Repeated keys, tags, several documents, deep nesting and
//!    a flood of aliases are refused; expressions that YAML misreads are recognised (`misread`).
//! 2. `decode`: strict readers turn the tree into the [`model`]. A key, a word or a type that is not known is an error
//!    and never ignored; all errors of a document are reported at once.
//! 3. The model's expressions are CEL text: conditions of every form are one [`Source`] by now, strings with `{{ CEL }}`
//!    are [`Template`]s. Parsing and checking them is the compiler's work; [`Source::locate`] takes its findings back to
//!    the document.
//!
//! What the words mean once they are read is told in [`model`], [`action`] and [`schedule`].

pub mod action;
mod align;
pub mod breaker;
pub mod decode;
pub mod detectors;
pub mod duration;
mod json;
pub mod limit;
mod misread;
pub mod model;
mod offsets;
mod scan;
pub mod schedule;
pub mod source;
pub mod template;
pub mod tree;

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;

pub use action::{Action, ActionClass};
pub use decode::keys;
pub use model::Document;
pub use source::{Source, SourceMap};
pub use template::{Part, Template};

/// How many bytes a document may have.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;

/// A document that was not read, with everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The name of the file.
    pub origin: Arc<str>,
    /// The text that the spans count in; empty when it could not be read as text.
    pub text: Arc<str>,
    /// What is wrong: at least one error.
    pub diagnostics: Vec<Diagnostic>,
    /// The fields that it declares, which other documents may read; `None`: that cannot be told.
    pub schema: Option<Vec<model::SchemaField>>,
}

impl Refused {
    /// All findings with their lines.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let findings: Vec<String> =
            self.diagnostics.iter().map(|finding| finding.render(&self.text, &self.origin, colour)).collect();
        findings.join("\n\n")
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Refused {}

/// A loader for documents whose tables have no files: it finds none.
///
/// # Errors
/// Always.
pub fn no_files(name: &str) -> Result<String, String> {
    Err(format!("there is no file `{name}` here"))
}

/// Reads a document from `text`; `origin` names it in messages, and `load` gives the text of a table's file.
///
/// `load` is called with relative names only, none of which leaves the directory of the document.
///
/// # Errors
/// When anything is wrong with the document.
pub fn read(
    text: &str,
    origin: &str,
    load: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Document, Refused> {
    // A byte order mark is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let result =
        parse(text, origin).map_err(decode::Faults::from).and_then(|root| decode::document(text, origin, &root, load));
    let refused = |decode::Faults { diagnostics, schema }| Refused {
        origin: origin.into(),
        text: text.into(),
        diagnostics,
        schema,
    };
    let mut document = result.map_err(refused)?;
    document.warnings.extend(hidden_marks(text));
    Ok(document)
}

/// Reads a document from bytes, which must be UTF-8.
///
/// # Errors
/// When anything is wrong with the document.
pub fn read_bytes(
    bytes: &[u8],
    origin: &str,
    load: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<Document, Refused> {
    let refused = |text: &str, error| Refused {
        origin: origin.into(),
        text: text.into(),
        diagnostics: vec![error],
        schema: None,
    };
    if bytes.len() > MAX_BYTES {
        return Err(refused("", too_large(bytes.len())));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text, origin, load),
        Err(_) if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) => {
            let error = Diagnostic::error("not-utf8", "the document is UTF-16, not UTF-8", Span::default());
            Err(refused("", error.with_help("save it as UTF-8")))
        }
        Err(error) => {
            let good =
                bytes.get(..error.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok()).unwrap_or_default();
            let at = offsets::span(good.len(), good.len());
            Err(refused(good, Diagnostic::error("not-utf8", "the document is not UTF-8 from here on", at)))
        }
    }
}

/// The tree of a YAML or JSON text, which is JSON when `origin` ends with `.json`; for files of other formats that stand beside
/// policies.
///
/// # Errors
/// What is wrong with it as YAML or JSON.
pub fn parse<'a>(text: &'a str, origin: &str) -> Result<tree::Node<'a>, Vec<Diagnostic>> {
    if text.len() > MAX_BYTES {
        return Err(vec![too_large(text.len())]);
    }
    // The YAML parser takes a NUL for the end of the text: what is behind it would be ignored.
    if let Some(at) = text.find(is_forbidden) {
        let c = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        let message = format!("the control character U+{:04X} is not allowed here", u32::from(c));
        let error = Diagnostic::error("control-character", message, offsets::span(at, at + c.len_utf8()));
        return Err(vec![error.with_help("in double quotes it can be written as an escape")]);
    }
    if origin.ends_with(".json") {
        return json::read_json(text);
    }
    // What is JSON is read as JSON; what only looks like it can still be YAML.
    if text.trim_start().starts_with('{')
        && let Ok(root) = json::read_json(text)
    {
        return Ok(root);
    }
    tree::read_yaml(text)
}

/// What is said of a document of more than [`MAX_BYTES`].
#[must_use]
pub fn too_large(len: usize) -> Diagnostic {
    let message = format!("the document has {len} bytes, more than the {MAX_BYTES} that are allowed");
    Diagnostic::error("document-too-large", message, Span::default())
}

fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')
}

/// Marks that change the order in which text is shown: a reviewer would not see what is read.
fn hidden_marks(text: &str) -> Option<Diagnostic> {
    let at = text.find(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))?;
    let warning = Diagnostic::warning(
        "hidden-mark",
        "an invisible mark changes the order in which this text is shown",
        offsets::span(at, at + 3),
    );
    Some(warning.with_help("remove it, or write it as an escape in double quotes"))
}

/// Words of CEL that cannot be names.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "package",
    "namespace",
    "null",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// True for a CEL identifier.
fn is_identifier(text: &str) -> bool {
    is_segment(text) && !RESERVED.contains(&text)
}

fn is_segment(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// True for identifiers with dots between them.
fn is_path(text: &str) -> bool {
    text.len() <= 500 && text.split('.').all(is_identifier)
}

/// True for the path of something that can be changed: `request.messages[].text`, `metadata.x-trace`.
fn is_target(text: &str) -> bool {
    let mut segments = text.split('.').map(|s| s.strip_suffix("[]").unwrap_or(s));
    text.len() <= 500
        && segments.next().is_some_and(is_identifier)
        && segments.all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')))
}

#[cfg(test)]
mod tests;
