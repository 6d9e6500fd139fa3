//! The workbench of policy authors: tests, coverage, mutation, analysis, difference.

pub mod analysis;
