//! Agent2Agent: messages to an agent and its answers, as JSON-RPC messages of the protocol's versions 0.3 and 1.0.

use crate::mapping::Shape;
use crate::mapping::To::{Data, Field, Keep, Known, Media, Message, Metadata, Opaque, Role, Text};

const ROLES: &[(&str, &str)] = &[("ROLE_USER", "user"), ("ROLE_AGENT", "assistant"), ("agent", "assistant")];
const METHODS: &[&str] = &["SendMessage", "SendStreamingMessage", "message/send", "message/stream"];
const PARTS: &[&str] = &["text", "file", "data"];

/// A message to an agent.
pub static REQUEST: Shape = Shape::request(
    &[("operation", "message"), ("provider", "a2a")],
    &[
        ("jsonrpc", Known(&["2.0"])),
        ("method", Known(METHODS)),
        ("id", Keep),
        ("params.message", Message("user")),
        ("params.message.kind", Known(&["message"])),
        ("params.message.role", Role(ROLES)),
        ("params.message.messageId", Keep),
        ("params.message.contextId", Opaque("conversation")),
        ("params.message.taskId", Opaque("conversation")),
        ("params.message.referenceTaskIds", Opaque("conversation")),
        ("params.message.extensions", Keep),
        ("params.message.metadata", Data("text")),
        ("params.message.parts[].kind", Known(PARTS)),
        ("params.message.parts[].text", Text("text")),
        ("params.message.parts[].data", Data("text")),
        ("params.message.parts[].raw", Media("file")),
        ("params.message.parts[].url", Opaque("file")),
        ("params.message.parts[].mediaType", Keep),
        ("params.message.parts[].filename", Text("text")),
        ("params.message.parts[].metadata", Data("text")),
        ("params.message.parts[].file.bytes", Media("file")),
        ("params.message.parts[].file.uri", Opaque("file")),
        ("params.message.parts[].file.mimeType", Keep),
        ("params.message.parts[].file.name", Text("text")),
        ("params.metadata", Metadata),
        ("params.tenant", Keep),
        ("params.configuration", Keep),
    ],
)
.must(&[("method", METHODS)]);

/// An answer: a message or a task.
pub static RESPONSE: Shape = Shape::response(&[
    ("jsonrpc", Known(&["2.0"])),
    ("id", Keep),
    ("result", Text("text")),
    ("result.kind", Known(&["message", "task"])),
    ("result.status.state", Field("finish_reason")),
    ("result.task.status.state", Field("finish_reason")),
    ("result.task.kind", Known(&["task"])),
    ("result.**.message.kind", Known(&["message"])),
    ("result.**.history[].kind", Known(&["message"])),
    ("result.**.artifacts[].name", Text("text")),
    ("result.**.artifacts[].description", Text("text")),
    ("result.**.parts[].kind", Known(PARTS)),
    ("result.**.parts[].text", Text("text")),
    ("result.**.parts[].filename", Text("text")),
    ("result.**.parts[].file.name", Text("text")),
    ("result.**.kind", Known(&["message", "task", "text", "file", "data"])),
    ("result.**.role", Keep),
    ("result.**.id", Keep),
    ("result.**.messageId", Keep),
    ("result.**.contextId", Keep),
    ("result.**.taskId", Keep),
    ("result.**.artifactId", Keep),
    ("result.**.referenceTaskIds", Keep),
    ("result.**.timestamp", Keep),
    ("result.**.extensions", Keep),
    ("result.**.text", Text("text")),
    ("result.**.data", Data("text")),
    ("result.**.metadata", Data("text")),
    ("result.**.raw", Media("file")),
    ("result.**.url", Opaque("file")),
    ("result.**.mediaType", Keep),
    ("result.**.bytes", Media("file")),
    ("result.**.uri", Opaque("file")),
    ("result.**.mimeType", Keep),
    ("error.message", Text("text")),
    ("error.data", Keep),
]);
