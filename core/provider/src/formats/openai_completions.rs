//! OpenAI completions: `POST /v1/completions`.

use crate::mapping::Shape;
use crate::mapping::To::{Field, Keep, Prompt, Text};

/// A request.
pub static REQUEST: Shape = Shape::request(
    &[("operation", "completion"), ("provider", "openai")],
    &[
        ("model", Field("model")),
        ("prompt", Prompt("prompt")),
        ("suffix", Text("prompt")),
        ("max_tokens", Field("max_tokens")),
        ("temperature", Field("temperature")),
        ("stream", Field("stream")),
        ("best_of", Keep),
        ("echo", Keep),
        ("frequency_penalty", Keep),
        ("logit_bias", Keep),
        ("logprobs", Keep),
        ("n", Keep),
        ("presence_penalty", Keep),
        ("seed", Keep),
        ("stop", Keep),
        ("stream_options", Keep),
        ("top_p", Keep),
        ("user", Keep),
    ],
);

/// An answer.
pub static RESPONSE: Shape = Shape::response(&[
    ("model", Field("model")),
    ("choices[].text", Text("text")),
    ("choices[].finish_reason", Field("finish_reason")),
    ("choices[].logprobs", Keep),
    ("usage.prompt_tokens", Field("usage.input_tokens")),
    ("usage.completion_tokens", Field("usage.output_tokens")),
    ("usage.total_tokens", Field("usage.total_tokens")),
    ("usage.prompt_tokens_details.cached_tokens", Field("usage.cached_tokens")),
    ("usage.completion_tokens_details.reasoning_tokens", Field("usage.reasoning_tokens")),
    ("id", Keep),
    ("object", Keep),
    ("created", Keep),
    ("system_fingerprint", Keep),
]);
