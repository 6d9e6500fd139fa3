//! The guard of streams, cut in any way.

#![no_main]

#[path = "../../core/detect/tests/support/mod.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|data: &[u8]| support::stream(data));
