//! Bedrock Converse: `POST /model/{modelId}/converse`. The model stands in the address, so the host says it:
//! `{"request": {"model": ...}}`.

use crate::mapping::Shape;
use crate::mapping::To::{Data, Field, Keep, Media, Message, Metadata, Opaque, Role, Text, ToolCall, ToolSpec};

/// A request.
pub static REQUEST: Shape = Shape::request(
    &[("operation", "chat"), ("provider", "bedrock")],
    &[
        ("modelId", Field("model")),
        ("system", Text("system_prompt")),
        ("system[].text", Text("system_prompt")),
        ("system[].guardContent.text.text", Text("system_prompt")),
        ("system[].guardContent.text.qualifiers", Keep),
        ("system[].**.bytes", Media("media")),
        ("system[].cachePoint", Keep),
        ("messages[]", Message("")),
        ("messages[].role", Role(&[])),
        ("messages[].content", Text("text")),
        ("messages[].content[].text", Text("text")),
        ("messages[].content[].toolUse.toolUseId", Keep),
        ("messages[].content[].toolUse.input", Data("text")),
        ("messages[].content[].toolResult", Message("tool")),
        ("messages[].content[].toolResult.toolUseId", Keep),
        ("messages[].content[].toolResult.status", Keep),
        ("messages[].content[].toolResult.content", Text("text")),
        ("messages[].content[].toolResult.content[].text", Text("text")),
        ("messages[].content[].toolResult.content[].json", Data("text")),
        ("messages[].content[].reasoningContent.redactedContent", Media("encrypted")),
        ("messages[].content[].reasoningContent.reasoningText.signature", Opaque("encrypted")),
        ("messages[].content[].citationsContent.citations", Keep),
        ("messages[].**.bytes", Media("media")),
        ("messages[].**.s3Location", Opaque("media")),
        ("messages[].**.format", Keep),
        ("messages[].**.cachePoint", Keep),
        ("messages[].**.qualifiers", Keep),
        ("toolConfig.tools[]", ToolSpec),
        ("toolConfig.tools[].toolSpec.name", Field("name")),
        ("toolConfig.tools[].toolSpec.description", Field("description")),
        ("toolConfig.tools[].toolSpec.inputSchema", Keep),
        ("toolConfig.tools[].systemTool.name", Field("name")),
        ("toolConfig.tools[].cachePoint", Keep),
        ("toolConfig.toolChoice", Keep),
        ("inferenceConfig.maxTokens", Field("max_tokens")),
        ("inferenceConfig.temperature", Field("temperature")),
        ("inferenceConfig.*", Keep),
        ("promptVariables", Opaque("stored_prompt")),
        ("requestMetadata", Metadata),
        ("additionalModelRequestFields", Keep),
        ("additionalModelResponseFieldPaths", Keep),
        ("guardrailConfig", Keep),
        ("outputConfig", Keep),
        ("performanceConfig", Keep),
        ("serviceTier", Keep),
    ],
);

/// An answer.
pub static RESPONSE: Shape = Shape::response(&[
    ("output.message", Text("text")),
    ("output.message.role", Keep),
    ("output.message.content[].text", Text("text")),
    ("output.message.content[].toolUse", ToolCall),
    ("output.message.content[].toolUse.toolUseId", Field("id")),
    ("output.message.content[].toolUse.name", Field("name")),
    ("output.message.content[].toolUse.input", Field("arguments")),
    ("output.message.content[].toolResult.content[].json", Data("text")),
    ("output.message.content[].reasoningContent.redactedContent", Media("encrypted")),
    ("output.message.content[].reasoningContent.reasoningText.signature", Opaque("encrypted")),
    ("output.message.content[].citationsContent.citations", Keep),
    ("output.message.**.bytes", Media("media")),
    ("output.message.**.s3Location", Opaque("media")),
    ("output.message.**.format", Keep),
    ("output.message.content[].toolResult.toolUseId", Keep),
    ("additionalModelResponseFields", Keep),
    ("trace", Keep),
    ("stopReason", Field("finish_reason")),
    ("usage.inputTokens", Field("usage.input_tokens")),
    ("usage.outputTokens", Field("usage.output_tokens")),
    ("usage.totalTokens", Field("usage.total_tokens")),
    ("usage.cacheReadInputTokens", Field("usage.cached_tokens")),
]);

/// A tool call: a `toolUse` of the answer.
pub static TOOL_CALL: Shape =
    Shape::tool(&[("toolUseId", Keep), ("name", Field("name")), ("input", Field("arguments")), ("type", Keep)]);

/// A tool's result: a `toolResult` that the next request has.
pub static TOOL_RESULT: Shape = Shape::tool(&[
    ("toolUseId", Keep),
    ("status", Keep),
    ("type", Keep),
    ("content", Text("result")),
    ("content[].text", Text("result")),
    ("content[].json", Data("result")),
    ("**.bytes", Media("media")),
    ("**.s3Location", Opaque("media")),
    ("**.format", Keep),
]);
