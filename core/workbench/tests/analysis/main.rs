//! The analysis: every kind of claim with an example and a near miss, and its claims against all inputs of small domains.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod brute_force;
mod kinds;
mod proofs;

use llm_policy_engine::document::{self, Document};
use llm_policy_workbench::analysis::{Analysis, Options, analyse};

/// The time of all tests.
fn now() -> jiff::Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn read(text: &str, origin: &str) -> Document {
    match document::read(text, origin, &mut document::no_files) {
        Ok(document) => document,
        Err(refused) => panic!("{}", refused.render(false)),
    }
}

/// What is claimed about one document or several, notes and all.
fn analysis(texts: &[String]) -> Analysis {
    let documents: Vec<Document> =
        texts.iter().enumerate().map(|(n, text)| read(text, &format!("d{n}.yaml"))).collect();
    let options = Options { now: now(), notes: true, ..Options::default() };
    match analyse(&documents, &options) {
        Ok(analysis) => analysis,
        Err(findings) => panic!("{}", findings.iter().map(|f| f.render(false)).collect::<String>()),
    }
}
