//! Text with `{{ CEL }}` in it.

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;

use super::source::{Source, SourceMap};
use super::{offsets, scan};

/// Text that may hold expressions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The parts in order; none for the empty text. Two text parts are never neighbours.
    pub parts: Vec<Part>,
    /// The whole text in the document.
    pub span: Span,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(Arc<str>),
    /// An expression, whose value's text takes its place.
    Expr(Source),
}

impl Template {
    /// The text, if there is no expression in it.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The expressions in order.
    pub fn expressions(&self) -> impl Iterator<Item = &Source> {
        self.parts.iter().filter_map(|part| match part {
            Part::Expr(source) => Some(source),
            Part::Text(_) => None,
        })
    }
}

impl Template {
    /// Reads `text`, which lies in the document as `map` says, as a whole at `span`.
    ///
    /// # Errors
    /// When an expression has no end or is empty.
    pub fn parse(text: &str, map: &SourceMap, span: Span) -> Result<Self, Diagnostic> {
        let place = |from: usize, to: usize| map.locate(offsets::span(from, to), span);
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find("{{")) {
            let open = at + found;
            let Some(end) = scan::template_end(text, open + 2) else {
                return Err(Diagnostic::error("open-template", "`{{` without `}}`", place(open, open + 2))
                    .with_help("close the expression with `}}`; for the text itself write `{{ '{{' }}`"));
            };
            let inner = text.get(open + 2..end - 2).unwrap_or_default();
            let cel = inner.trim();
            if cel.is_empty() {
                return Err(Diagnostic::error(
                    "empty-expression",
                    "there is no expression in `{{ }}`",
                    place(open, end),
                ));
            }
            if found > 0 {
                parts.push(Part::Text(text.get(at..open).unwrap_or_default().into()));
            }
            let from = open + 2 + (inner.len() - inner.trim_start().len());
            let to = from + cel.len();
            let part = offsets::span(from, to);
            let map = map.slice(part.start, part.end);
            parts.push(Part::Expr(Source { text: cel.into(), span: place(from, to), map }));
            at = end;
        }
        if at < text.len() {
            parts.push(Part::Text(text.get(at..).unwrap_or_default().into()));
        }
        Ok(Self { parts, span })
    }
}

/// JSON-like data whose strings may be templates.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A finite number.
    Number(serde_json::Number),
    /// Text, possibly with expressions.
    Text(Template),
    /// A list.
    List(Vec<Data>),
    /// Keys and values, in the order in which they were written. No key is repeated.
    Map(Vec<(Arc<str>, Data)>),
}

#[cfg(test)]
mod tests;
