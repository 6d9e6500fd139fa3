//! What a number is that stands for no object.

use llm_policy_embed::{Error, ErrorCode};

/// The failure for a number that stands for no object of this name.
pub(crate) fn no_such(name: &str) -> Error {
    Error::new(ErrorCode::InvalidHandle, format!("there is no such {name}"))
        .with_help("it was closed or freed already, or is a number of another kind")
}
