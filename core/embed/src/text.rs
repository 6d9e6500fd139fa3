//! Texts that languages hand in as bytes.

use crate::error::{Error, ErrorCode};

/// The text of these bytes.
///
/// # Errors
/// When they are not UTF-8: [`ErrorCode::InvalidInput`].
///
/// ```
/// use llm_policy_embed::utf8;
///
/// assert_eq!(utf8("Grüße".as_bytes())?, "Grüße");
/// assert!(utf8(b"\xff").is_err());
/// # Ok::<(), llm_policy_embed::Error>(())
/// ```
pub fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    str::from_utf8(bytes).map_err(|_| Error::new(ErrorCode::InvalidInput, "this is not UTF-8"))
}
