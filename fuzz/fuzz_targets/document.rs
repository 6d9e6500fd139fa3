//! Bytes as a policy document.

#![no_main]

#[path = "../../core/engine/tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| support::document(data));
