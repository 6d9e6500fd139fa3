//! Policies about LLM traffic: documents are read, compiled to one indexed program, and evaluated to decisions.

pub mod breakers;
pub mod compile;
pub mod context;
pub mod decision;
pub mod detection;
pub mod document;
pub mod engine;
mod evaluate;
pub mod exchange;
pub mod explain;
pub mod handles;
pub mod input;
pub mod inspect;
pub mod instant;
pub mod limits;
pub mod stream;

pub use compile::{Finding, Options};
pub use decision::{Decision, Effect};
pub use engine::Engine;
pub use llm_policy_cel as cel;
pub use llm_policy_cel::diagnostic;
pub use llm_policy_detect as detect;
