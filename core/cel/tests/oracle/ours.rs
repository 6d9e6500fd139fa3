//! This crate.
