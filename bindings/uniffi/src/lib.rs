//! The policy engine for Kotlin, Ruby and Swift: the one definition that UniFFI makes the three of.
//!
//! Bytes go in, records come out. What people install adds what their language expects (exceptions with a message, optional
//! arguments, closing) and lies in `kotlin/`, `ruby/` and `swift/`. Everything runs behind the panic boundary of
//! `llm-policy-embed`, which has the logic; here values are moved.

#![expect(clippy::result_large_err, reason = "an error holds its deny as a record, which UniFFI takes apart at once")]

pub mod decision;
pub mod detector;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod objects;
pub mod policies;
pub mod question;
pub mod stream;

use llm_policy_embed::{Error, ErrorCode};

uniffi::setup_scaffolding!("llm_policy_native");

/// The version of the library.
#[uniffi::export]
#[must_use]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// The failure for a text of which no bytes can be made, for languages whose texts can be such, where no engine was asked.
///
/// # Errors
/// Always: [`error::PolicyError::InvalidInput`].
#[uniffi::export]
pub fn refuse(why: String) -> Result<(), error::PolicyError> {
    Err(Error::new(ErrorCode::InvalidInput, why).into())
}

/// Panics inside of the engine on purpose, so that whoever packs this library can prove that such a thing does no harm.
///
/// # Errors
/// Always: [`error::PolicyError::InternalError`].
#[uniffi::export]
pub fn self_test_panic() -> Result<(), error::PolicyError> {
    Ok(llm_policy_embed::guard::self_test_panic()?)
}
