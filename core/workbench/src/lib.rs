//! The workbench of policy authors: tests, coverage, mutation, analysis, difference, formatting, import.

pub mod analysis;
pub mod cases;
pub mod conditions;
pub mod coverage;
pub mod diff;
pub mod format;
pub mod import;
pub mod inspect;
mod markup;
pub mod mutation;
pub mod numbers;
pub mod repl;
pub mod report;
pub mod run;
pub mod schema;
pub mod starter;
