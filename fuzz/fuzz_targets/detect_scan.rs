//! Scans of any text.

#![no_main]

#[path = "../../core/detect/tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| support::scan(data));
