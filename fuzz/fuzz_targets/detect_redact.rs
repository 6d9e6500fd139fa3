//! Redaction of any text and any JSON, and back.

#![no_main]

#[path = "../../core/detect/tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| support::redact(data));
