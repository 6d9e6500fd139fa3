//! The parts of the comparison.

pub mod answer;
pub mod cel_adapter;
pub mod cel_core_adapter;
pub mod generate;
pub mod known;
pub mod ours;
pub mod productions;
pub mod rng;
pub mod run;
pub mod tree;
pub mod types;
pub mod values;
