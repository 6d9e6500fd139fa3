//! Random secrets.

use crate::error::{Error, ErrorCode};

/// 256 random bits of the system.
///
/// # Errors
/// When the system has none.
pub(crate) fn secret() -> Result<[u8; 32], Error> {
    let mut bytes = [0; 32];
    let failed = |error| Error::new(ErrorCode::InternalError, format!("no random numbers: {error}"));
    getrandom::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
