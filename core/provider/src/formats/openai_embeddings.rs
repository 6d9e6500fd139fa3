//! OpenAI embeddings: `POST /v1/embeddings`. Answers hold numbers only, and have no shape.

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
