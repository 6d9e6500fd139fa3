//! The binary as a user meets it.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "the tests of the store use all of it")]
#[path = "../../core/runtime/tests/support/mod.rs"]
mod servers;

mod cli {
    pub mod analysis;
    pub mod author;
    pub mod benchmark;
    pub mod bodies;
    pub mod common;
    pub mod diff;
    pub mod evaluate;
    pub mod explain;
    pub mod fmt;
    pub mod inspect;
    pub mod limits;
    pub mod redact;
    pub mod scan;
    pub mod test;
    pub mod usage;
    pub mod validate;
}
