//! What is decided: the semantics of policies, case by case.

#![cfg(test)]

#[path = "../common/mod.rs"]
mod common;

mod breakers;
mod combining;
mod errors;
mod exchanges;
mod fields;
mod findings;
mod limits;
mod rewriting;
mod store_loss;
mod times;
