//! Text with `{{ CEL }}` in it.

use std::sync::Arc;

use llm_policy_cel::ast::Span;

use super::source::Source;

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
