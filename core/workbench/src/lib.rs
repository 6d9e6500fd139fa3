//! The workbench of policy authors: tests, coverage, mutation, analysis, difference, formatting, import.

pub mod format;
