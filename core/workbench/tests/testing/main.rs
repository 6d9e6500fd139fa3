//! `policy-engine test`, without its command line.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod cases;
mod coverage;
mod mutation;
mod support;
