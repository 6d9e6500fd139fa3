//! The formats, by name.

use std::fmt;
use std::str::FromStr;

use llm_policy_engine::context::Stage;

use crate::formats::{
    a2a, anthropic, bedrock, gemini, mcp, openai_chat, openai_completions, openai_embeddings, openai_responses,
};
use crate::mapping::Shape;

/// A format of bodies.
///
/// ```
/// use llm_policy_provider::Format;
///
/// assert_eq!("openai-chat".parse(), Ok(Format::OpenaiChat));
/// let error = "openai".parse::<Format>().unwrap_err();
/// assert!(error.to_string().starts_with("`openai` is no format; the formats are openai-chat, "));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// OpenAI chat completions
    OpenaiChat,
    /// OpenAI responses
    OpenaiResponses,
    /// OpenAI completions
    OpenaiCompletions,
    /// OpenAI embeddings
    OpenaiEmbeddings,
    /// Anthropic messages
    Anthropic,
    /// Gemini generateContent
    Gemini,
    /// Bedrock Converse
    Bedrock,
    /// Model Context Protocol: tool calls and their results
    Mcp,
    /// Agent2Agent: messages
    A2a,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 9] = [
        Self::OpenaiChat,
        Self::OpenaiResponses,
        Self::OpenaiCompletions,
        Self::OpenaiEmbeddings,
        Self::Anthropic,
        Self::Gemini,
        Self::Bedrock,
        Self::Mcp,
        Self::A2a,
    ];

    /// The name: `openai-chat`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai-chat",
            Self::OpenaiResponses => "openai-responses",
            Self::OpenaiCompletions => "openai-completions",
            Self::OpenaiEmbeddings => "openai-embeddings",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Bedrock => "bedrock",
            Self::Mcp => "mcp",
            Self::A2a => "a2a",
        }
    }

    /// What bodies of the format are, for people: `OpenAI chat completions`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::OpenaiChat => "OpenAI chat completions",
            Self::OpenaiResponses => "OpenAI responses",
            Self::OpenaiCompletions => "OpenAI completions",
            Self::OpenaiEmbeddings => "OpenAI embeddings",
            Self::Anthropic => "Anthropic messages",
            Self::Gemini => "Gemini generateContent",
            Self::Bedrock => "Bedrock Converse",
            Self::Mcp => "MCP tool calls and results",
            Self::A2a => "A2A messages",
        }
    }

    /// How bodies of the format in this stage become contexts; `None` when the format has none.
    #[must_use]
    pub fn shape(self, stage: Stage) -> Option<&'static Shape> {
        use Stage::{Request, Response, ToolCall, ToolResult};
        Some(match (self, stage) {
            (Self::OpenaiChat, Request) => &openai_chat::REQUEST,
            (Self::OpenaiChat, Response) => &openai_chat::RESPONSE,
            (Self::OpenaiChat, ToolCall) => &openai_chat::TOOL_CALL,
            (Self::OpenaiChat, ToolResult) => &openai_chat::TOOL_RESULT,
            (Self::OpenaiResponses, Request) => &openai_responses::REQUEST,
            (Self::OpenaiResponses, Response) => &openai_responses::RESPONSE,
            (Self::OpenaiResponses, ToolCall) => &openai_responses::TOOL_CALL,
            (Self::OpenaiResponses, ToolResult) => &openai_responses::TOOL_RESULT,
            (Self::OpenaiCompletions, Request) => &openai_completions::REQUEST,
            (Self::OpenaiCompletions, Response) => &openai_completions::RESPONSE,
            (Self::OpenaiEmbeddings, Request) => &openai_embeddings::REQUEST,
            (Self::OpenaiEmbeddings, Response) => &openai_embeddings::RESPONSE,
            (Self::Anthropic, Request) => &anthropic::REQUEST,
            (Self::Anthropic, Response) => &anthropic::RESPONSE,
            (Self::Anthropic, ToolCall) => &anthropic::TOOL_CALL,
            (Self::Anthropic, ToolResult) => &anthropic::TOOL_RESULT,
            (Self::Gemini, Request) => &gemini::REQUEST,
            (Self::Gemini, Response) => &gemini::RESPONSE,
            (Self::Gemini, ToolCall) => &gemini::TOOL_CALL,
            (Self::Gemini, ToolResult) => &gemini::TOOL_RESULT,
            (Self::Bedrock, Request) => &bedrock::REQUEST,
            (Self::Bedrock, Response) => &bedrock::RESPONSE,
            (Self::Bedrock, ToolCall) => &bedrock::TOOL_CALL,
            (Self::Bedrock, ToolResult) => &bedrock::TOOL_RESULT,
            (Self::Mcp, ToolCall) => &mcp::TOOL_CALL,
            (Self::Mcp, ToolResult) => &mcp::TOOL_RESULT,
            (Self::A2a, Request) => &a2a::REQUEST,
            (Self::A2a, Response) => &a2a::RESPONSE,
            _ => return None,
        })
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no format has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Format::ALL.map(Format::name).join(", ");
        write!(f, "`{}` is no format; the formats are {names}", self.0.escape_debug())
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}
