//! What a format's tables are written in.

use std::sync::OnceLock;

use super::table::Table;

/// How one kind of body becomes a context.
#[derive(Debug)]
pub struct Shape {
    /// The root variable that the body fills.
    pub root: Root,
    /// Fields that the format itself says, with their values.
    pub constants: &'static [(&'static str, &'static str)],
    /// Fields that must be there with one of these values; another body is refused.
    pub must: &'static [(&'static str, &'static [&'static str])],
    /// The rows: a path of the body, and what becomes of the value there.
    ///
    /// `a.b` is the field `b` of `a`, `a[]` each element of the list `a`, `*` any field, `a<x>` the object `a` when its `type` is
    /// `x`, and `a.**.b` a field `b` anywhere below `a`, unless a row says otherwise or free data begins.
    pub rows: &'static [(&'static str, To)],
    /// Whether names may also be written in snake_case, as in the JSON form of protocol buffers.
    pub snake_case: bool,
    pub(crate) table: OnceLock<Table>,
}

/// The root variable that a body fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `request`
    Request,
    /// `response`
    Response,
    /// `tool`
    Tool,
}

/// What becomes of a value of the body.
///
/// Names are fields of the record that the value belongs to: the root's, or that of the message, tool or call that a row above
/// began. Whatever no row names goes with what is around it: below [`To::Text`] its texts are part of the text, anywhere else it
/// is kept in the record's `attributes` (of a request: in `request.context`). An answer that has neither text nor calls then is
/// read once more, with all its texts as its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// The field, as it is.
    Field(&'static str),
    /// The field, a number; of several such rows the greatest number counts.
    Most(&'static str),
    /// Part of the field, which is text. Of an object or a list: all text in it.
    Text(&'static str),
    /// As [`To::Text`], and no row applies below: it is data of the caller's own shape.
    Data(&'static str),
    /// As [`To::Text`]; lists of token numbers are opaque.
    Prompt(&'static str),
    /// The field, an object that the body holds as JSON text.
    Json(&'static str),
    /// Kept with all that is in it.
    Keep,
    /// Kept, and also the context's `metadata`.
    Metadata,
    /// Kept; it stands for something that is not in the body, of this kind.
    Opaque(&'static str),
    /// Media in base64, of this kind: opaque, and left out. What is not base64 is text.
    Media(&'static str),
    /// A URL: media of this kind when it is a data URL, else opaque and kept.
    Url(&'static str),
    /// A name from a fixed list, left out. Another name is text, and the object it belongs to is opaque.
    Known(&'static [&'static str]),
    /// The role, with the words that the context has others for.
    Role(&'static [(&'static str, &'static str)]),
    /// A message of `request.messages`, with this role unless it says one.
    Message(&'static str),
    /// A tool of `request.tools`.
    ToolSpec,
    /// A call of `response.tool_calls`.
    ToolCall,
}

impl Shape {
    /// A request of a provider for an operation.
    #[must_use]
    pub const fn request(
        constants: &'static [(&'static str, &'static str)],
        rows: &'static [(&'static str, To)],
    ) -> Self {
        Self { root: Root::Request, constants, must: &[], rows, snake_case: false, table: OnceLock::new() }
    }

    /// A whole answer.
    #[must_use]
    pub const fn response(rows: &'static [(&'static str, To)]) -> Self {
        Self { root: Root::Response, constants: &[], must: &[], rows, snake_case: false, table: OnceLock::new() }
    }

    /// A tool call, or a tool's result.
    #[must_use]
    pub const fn tool(rows: &'static [(&'static str, To)]) -> Self {
        Self { root: Root::Tool, constants: &[], must: &[], rows, snake_case: false, table: OnceLock::new() }
    }

    /// The same for bodies in which these fields have one of these values.
    #[must_use]
    pub const fn must(mut self, must: &'static [(&'static str, &'static [&'static str])]) -> Self {
        self.must = must;
        self
    }

    /// The same for bodies whose names may be written in snake_case too.
    #[must_use]
    pub const fn snake_case(mut self) -> Self {
        self.snake_case = true;
        self
    }

    pub(crate) fn table(&self) -> &Table {
        self.table.get_or_init(|| Table::new(self.rows, self.snake_case))
    }
}

impl Root {
    /// The name: `request`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::Tool => "tool",
        }
    }

    /// The field for what no row names.
    #[must_use]
    pub const fn rest(self) -> &'static str {
        match self {
            Self::Request => "context",
            Self::Response | Self::Tool => "attributes",
        }
    }
}
