//! The workbench of policy authors: tests, coverage, mutation, analysis, difference, formatting, import.

pub mod cases;
pub mod conditions;
pub mod coverage;
pub mod format;
pub mod import;
pub mod mutation;
pub mod repl;
pub mod report;
pub mod run;
pub mod schema;
pub mod starter;
