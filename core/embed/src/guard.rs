//! The panic boundary.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, ErrorCode};

/// Runs `work`; a panic in it becomes an error.
///
/// What `work` shares with later calls is either replaced in one step (the program) or reset before use (the memory of
/// a thread), so going on after a panic is sound.
///
/// # Errors
/// Those of `work`; [`ErrorCode::InternalError`] for a panic.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let cause =
            panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        // The text may hold values of an input; only those who debug see it.
        let message = if cfg!(debug_assertions) { cause.unwrap_or("a panic") } else { "a panic" };
        Err(Error::new(ErrorCode::InternalError, format!("internal error: {message}"))
            .with_help("this is a bug of the policy engine; please report it with the policies that show it"))
    })
}

/// Panics inside the boundary on purpose, so that whoever packs this library can prove that the boundary holds there.
///
/// # Errors
/// Always: [`ErrorCode::InternalError`].
pub fn self_test_panic() -> Result<(), Error> {
    #[expect(clippy::panic, reason = "it is what this function is for")]
    guarded(|| panic!("self-test: this panic is on purpose"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let error = guarded::<()>(|| panic!("oh no")).unwrap_err();
        assert_eq!(error.code, ErrorCode::InternalError);
        assert!(error.decision(crate::Stage::Request, "").contains(r#""effect":"deny""#));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
    }
}
