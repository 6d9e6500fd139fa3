//! The workbench of policy authors: tests, coverage, mutation, analysis, difference.

pub mod analysis;
pub mod diff;
pub mod inspect;
mod markup;
