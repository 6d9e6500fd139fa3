//! Bytes as JSON input, beside `serde_json`.

#![no_main]

#[path = "../../core/engine/tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| support::json(data));
