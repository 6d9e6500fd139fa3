//! Detectors in policies: the functions that rules ask, the scanners behind them, and what a decision says was found.
//!
//! Documents that read texts in the same way share one [`Detector`], whose scanner holds what their rules ask for and no more
//! ([`questions`]). During an evaluation each text is scanned once, when the first rule asks (`memory.rs`); a text that the engine
//! put together is scanned part by part, so that what is found has a place in a field (`evidence.rs`).

mod detector;
pub(crate) mod evidence;
mod language;
pub(crate) mod memory;
pub mod questions;
mod redaction;
pub(crate) mod texts;

pub use detector::Detector;
pub(crate) use detector::{Asked, Detectors};
pub use evidence::Evidence;
pub use redaction::Redactions;

#[cfg(test)]
mod tests;
