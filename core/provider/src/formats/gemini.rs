//! Gemini: `POST /v1beta/models/{model}:generateContent`, and the same of Vertex AI. The model stands in the address, so the
//! host says it: `{"request": {"model": ...}}`. Names may be written in snake_case too.

use crate::mapping::Shape;
use crate::mapping::To::{Data, Field, Keep, Media, Message, Opaque, Role, Text, ToolCall, ToolSpec};

/// A request.
pub static REQUEST: Shape = Shape::request(
    &[("operation", "chat"), ("provider", "google")],
    &[
        ("model", Field("model")),
        ("systemInstruction", Text("system_prompt")),
        ("systemInstruction.role", Keep),
        ("systemInstruction.parts[].text", Text("system_prompt")),
        ("systemInstruction.**.inlineData.mimeType", Keep),
        ("systemInstruction.**.inlineData.data", Media("media")),
        ("systemInstruction.**.fileData", Opaque("file")),
        ("systemInstruction.**.thoughtSignature", Opaque("encrypted")),
        ("systemInstruction.**.id", Keep),
        ("contents", Message("user")),
        ("contents[]", Message("user")),
        ("contents[].role", Role(&[("model", "assistant"), ("function", "tool")])),
        ("contents[].parts", Text("text")),
        ("contents[].parts[].text", Text("text")),
        ("contents[].parts[].functionCall.id", Keep),
        ("contents[].parts[].functionCall.args", Data("text")),
        ("contents[].parts[].functionResponse", Message("tool")),
        ("contents[].parts[].functionResponse.id", Keep),
        ("contents[].parts[].functionResponse.name", Field("name")),
        ("contents[].parts[].functionResponse.response", Data("text")),
        ("contents[].parts[].toolCall.id", Keep),
        ("contents[].parts[].toolCall.args", Data("text")),
        ("contents[].parts[].toolResponse", Message("tool")),
        ("contents[].parts[].toolResponse.id", Keep),
        ("contents[].parts[].toolResponse.response", Data("text")),
        ("contents[].parts[].partMetadata", Data("text")),
        ("contents[].**.inlineData.mimeType", Keep),
        ("contents[].**.inlineData.data", Media("media")),
        ("contents[].**.fileData", Opaque("file")),
        ("contents[].**.thoughtSignature", Opaque("encrypted")),
        ("contents[].**.mediaResolution", Keep),
        ("contents[].**.videoMetadata", Keep),
        ("contents[].**.executableCode.id", Keep),
        ("contents[].**.codeExecutionResult.id", Keep),
        ("tools[].functionDeclarations[]", ToolSpec),
        ("tools[].functionDeclarations[].name", Field("name")),
        ("tools[].functionDeclarations[].description", Field("description")),
        ("tools[].functionDeclarations[].parameters", Keep),
        ("tools[].functionDeclarations[].parametersJsonSchema", Keep),
        ("tools[].functionDeclarations[].response", Keep),
        ("tools[].functionDeclarations[].responseJsonSchema", Keep),
        ("tools[].mcpServers[]", ToolSpec),
        ("tools[].mcpServers[].name", Field("name")),
        ("tools[].mcpServers[].streamableHttpTransport.url", Field("server")),
        ("tools[].mcpServers[].streamableHttpTransport.headers", Keep),
        ("tools[].codeExecution", Keep),
        ("tools[].computerUse", Keep),
        ("tools[].enterpriseWebSearch", Keep),
        ("tools[].exaAiSearch", Keep),
        ("tools[].fileSearch", Opaque("file")),
        ("tools[].googleMaps", Keep),
        ("tools[].googleSearch", Keep),
        ("tools[].googleSearchRetrieval", Keep),
        ("tools[].parallelAiSearch", Keep),
        ("tools[].retrieval", Opaque("retrieval")),
        ("tools[].urlContext", Opaque("url")),
        ("generationConfig.maxOutputTokens", Field("max_tokens")),
        ("generationConfig.temperature", Field("temperature")),
        ("generationConfig.*", Keep),
        ("cachedContent", Opaque("cached_content")),
        ("labels", Keep),
        ("modelArmorConfig", Keep),
        ("safetySettings", Keep),
        ("serviceTier", Keep),
        ("store", Keep),
        ("toolConfig", Keep),
    ],
)
.snake_case();

/// An answer.
pub static RESPONSE: Shape = Shape::response(&[
    ("modelVersion", Field("model")),
    ("candidates[].content", Text("text")),
    ("candidates[].content.role", Keep),
    ("candidates[].content.parts[].text", Text("text")),
    ("candidates[].content.parts[].functionCall", ToolCall),
    ("candidates[].content.parts[].functionCall.id", Field("id")),
    ("candidates[].content.parts[].functionCall.name", Field("name")),
    ("candidates[].content.parts[].functionCall.args", Field("arguments")),
    ("candidates[].content.parts[].functionResponse.response", Data("text")),
    ("candidates[].content.parts[].toolCall.args", Data("text")),
    ("candidates[].content.parts[].toolResponse.response", Data("text")),
    ("candidates[].content.**.inlineData.mimeType", Keep),
    ("candidates[].content.**.inlineData.data", Media("media")),
    ("candidates[].content.**.fileData", Opaque("file")),
    ("candidates[].content.**.thoughtSignature", Opaque("encrypted")),
    ("candidates[].content.**.id", Keep),
    ("candidates[].citationMetadata", Keep),
    ("candidates[].groundingMetadata", Keep),
    ("candidates[].urlContextMetadata", Keep),
    ("createTime", Keep),
    ("modelStatus", Keep),
    ("promptFeedback", Keep),
    ("responseId", Keep),
    ("candidates[].finishReason", Field("finish_reason")),
    ("usageMetadata.promptTokenCount", Field("usage.input_tokens")),
    ("usageMetadata.candidatesTokenCount", Field("usage.output_tokens")),
    ("usageMetadata.totalTokenCount", Field("usage.total_tokens")),
    ("usageMetadata.cachedContentTokenCount", Field("usage.cached_tokens")),
    ("usageMetadata.thoughtsTokenCount", Field("usage.reasoning_tokens")),
])
.snake_case();

/// A tool call: a `functionCall` of the answer.
pub static TOOL_CALL: Shape =
    Shape::tool(&[("id", Keep), ("name", Field("name")), ("args", Field("arguments")), ("partialArgs", Keep)])
        .snake_case();

/// A tool's result: a `functionResponse` that the next request has.
pub static TOOL_RESULT: Shape = Shape::tool(&[
    ("id", Keep),
    ("name", Field("name")),
    ("response", Field("result")),
    ("scheduling", Keep),
    ("parts[].inlineData.mimeType", Keep),
    ("parts[].inlineData.data", Media("media")),
    ("parts[].fileData", Opaque("file")),
])
.snake_case();
