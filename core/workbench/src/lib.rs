//! The workbench of policy authors: tests, coverage, mutation, analysis, difference.

pub mod cases;
pub mod conditions;
pub mod coverage;
pub mod mutation;
pub mod report;
pub mod run;
