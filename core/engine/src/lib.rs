//! Policies about LLM traffic: documents are read, compiled to one indexed program, and evaluated to decisions.

pub mod compile;
pub mod context;
pub mod document;
pub mod input;
