//! One table a format; `docs/providers.md` is made from them.

pub mod a2a;
pub mod anthropic;
pub mod bedrock;
pub mod gemini;
pub mod mcp;
pub mod openai_chat;
pub mod openai_completions;
pub mod openai_embeddings;
pub mod openai_responses;
