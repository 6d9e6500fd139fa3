//! Provider bodies: what OpenAI, Anthropic and others are sent and answer, as contexts of the engine.
//!
//! A [`Body`] is an [`Input`](llm_policy_engine::input::Input): the engine decides about a provider's own bytes. A body fills fields of
//! the body only (`request`, `response`, `tool`, `metadata`); what else a context holds comes from the host, beside it.
//!
//! ```
//! use llm_policy_engine::context::Stage;
//! use llm_policy_provider::{Body, Format};
//!
//! let body = br#"{"model": "gpt-5", "user": "root", "messages": [{"role": "user", "content": "Hello!"}]}"#;
//! let body = Body::new(Format::OpenaiChat, Stage::Request, body)?.host(br#"{"user": {"id": "ann"}}"#);
//! let context = body.context()?;
//! assert_eq!(context["request"]["model"], "gpt-5");
//! assert_eq!(context["request"]["messages"][0]["text"], "Hello!");
//! // Who asks is the host's to say: what the body calls `user` is the body's.
//! assert_eq!(context["user"]["id"], "ann");
//! assert_eq!(context["request"]["context"]["user"], "root");
//! # Ok::<(), llm_policy_engine::input::InputError>(())
//! ```
//!
//! A format is a table ([`Shape`](mapping::Shape)) in a file of its own below `formats`; `mapping` is the toolkit. Shapes are of whole bodies:
//! requests, answers, tool calls and their results.

mod body;
mod format;
pub mod formats;
pub mod mapping;
mod redaction;
pub mod stream;

pub use body::Body;
pub use format::{Format, UnknownFormat};
pub use mapping::{Fate, Leaf, Step};
pub use redaction::RedactedBody;
