//! Text and inputs through every stage of the language.

#![no_main]

#[path = "../../core/cel/tests/support/mod.rs"]
mod support;

use std::sync::LazyLock;

use llm_policy_cel::env::Env;
use llm_policy_cel::limits::Limits;

static ENV: LazyLock<Env> = LazyLock::new(|| support::env(Limits::default()));

libfuzzer_sys::fuzz_target!(|data: &[u8]| support::fuzz(&ENV, data));
