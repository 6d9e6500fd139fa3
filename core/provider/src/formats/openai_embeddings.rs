//! OpenAI embeddings: `POST /v1/embeddings`. Of an answer, only what it used counts: the rest is numbers.

use crate::mapping::Shape;
use crate::mapping::To::{Field, Keep, Prompt};

/// A request.
pub static REQUEST: Shape = Shape::request(
    &[("operation", "embeddings"), ("provider", "openai")],
    &[
        ("model", Field("model")),
        ("input", Prompt("prompt")),
        ("dimensions", Keep),
        ("encoding_format", Keep),
        ("user", Keep),
    ],
);

/// An answer.
pub static RESPONSE: Shape = Shape::response(&[
    ("model", Field("model")),
    ("data[].embedding", Keep),
    ("data[].index", Keep),
    ("data[].object", Keep),
    ("usage.prompt_tokens", Field("usage.input_tokens")),
    ("usage.total_tokens", Field("usage.total_tokens")),
    ("object", Keep),
]);
