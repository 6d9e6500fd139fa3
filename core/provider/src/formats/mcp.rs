//! Model Context Protocol: `tools/call` and what it answers, as JSON-RPC messages. A result does not name its tool; the host
//! does: `{"tool": {"name": ..., "server": ...}}`.

use crate::mapping::Shape;
use crate::mapping::To::{Field, Keep, Known, Media, Opaque, Text};

/// A call.
pub static TOOL_CALL: Shape = Shape::tool(&[
    ("jsonrpc", Known(&["2.0"])),
    ("method", Known(&["tools/call"])),
    ("id", Keep),
    ("params.name", Field("name")),
    ("params.arguments", Field("arguments")),
    ("params._meta", Keep),
    ("params.task", Keep),
])
.must(&[("method", &["tools/call"])]);

/// A result, or an error.
pub static TOOL_RESULT: Shape = Shape::tool(&[
    ("jsonrpc", Known(&["2.0"])),
    ("id", Keep),
    ("result.content", Text("result")),
    ("result.content[].type", Known(&["text", "image", "audio", "resource", "resource_link"])),
    ("result.content[].text", Text("result")),
    ("result.content[].data", Media("media")),
    ("result.content[]<image>.data", Media("image")),
    ("result.content[]<audio>.data", Media("audio")),
    ("result.content[].mimeType", Keep),
    ("result.content[]<resource_link>.uri", Opaque("resource")),
    ("result.content[].annotations", Keep),
    ("result.content[]._meta", Keep),
    ("result.content[].icons", Keep),
    ("result.content[].resource.uri", Keep),
    ("result.content[].resource.mimeType", Keep),
    ("result.content[].resource.text", Text("result")),
    ("result.content[].resource.blob", Media("resource")),
    ("result.content[].resource._meta", Keep),
    ("result.structuredContent", Keep),
    ("result._meta", Keep),
    ("error.message", Text("result")),
    ("error.data", Keep),
]);
