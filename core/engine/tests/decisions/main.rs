//! What is decided: the semantics of policies, case by case.

#![cfg(test)]

#[path = "../common/mod.rs"]
mod common;

mod combining;
mod errors;
mod exchanges;
mod fields;
mod findings;
mod limits;
mod rewriting;
mod times;
