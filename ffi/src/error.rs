//! Errors: a number as status, and more on request.

use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Error, ErrorCode};

use crate::memory::{lpe_buffer, lpe_str, out};

/// The call did what it says.
pub const LPE_OK: i32 = 0;
/// A bug of this library: something inside panicked.
pub const LPE_INTERNAL_ERROR: i32 = 1;
/// A policy document is refused.
pub const LPE_INVALID_POLICY: i32 = 2;
/// An input is refused as a whole.
pub const LPE_INVALID_INPUT: i32 = 3;
/// A file cannot be read.
pub const LPE_UNREADABLE_FILE: i32 = 4;
/// There is no document where one was looked for.
pub const LPE_NO_DOCUMENTS: i32 = 5;
/// An input was prepared for policies that have been replaced since.
pub const LPE_STALE_INPUT: i32 = 6;
/// A call that is wrong whatever the policies are: a null pointer, an unknown stage, a record of the wrong size.
pub const LPE_INVALID_ARGUMENT: i32 = 7;
/// A number that stands for no object: it was closed, or never was one.
pub const LPE_INVALID_HANDLE: i32 = 8;
/// The store of limits cannot be asked.
pub const LPE_LIMITS_UNAVAILABLE: i32 = 9;

const _: () = {
    assert!(ErrorCode::InternalError.number() == LPE_INTERNAL_ERROR);
    assert!(ErrorCode::InvalidPolicy.number() == LPE_INVALID_POLICY);
    assert!(ErrorCode::InvalidInput.number() == LPE_INVALID_INPUT);
    assert!(ErrorCode::UnreadableFile.number() == LPE_UNREADABLE_FILE);
    assert!(ErrorCode::NoDocuments.number() == LPE_NO_DOCUMENTS);
    assert!(ErrorCode::StaleInput.number() == LPE_STALE_INPUT);
    assert!(ErrorCode::InvalidArgument.number() == LPE_INVALID_ARGUMENT);
    assert!(ErrorCode::InvalidHandle.number() == LPE_INVALID_HANDLE);
    assert!(ErrorCode::LimitsUnavailable.number() == LPE_LIMITS_UNAVAILABLE);
};

/// What went wrong. Set `struct_size` to `sizeof(lpe_error)` and the rest to zero; free it with `lpe_error_free` after a
/// call that failed.
#[derive(Debug)]
#[repr(C)]
pub struct lpe_error {
    /// `sizeof(lpe_error)`, set by the caller.
    pub struct_size: u32,
    /// The status that the call returned.
    pub code: i32,
    /// For people, with excerpts of the policy documents that are refused. It shows no values of an input.
    pub message: lpe_buffer,
    /// The same as JSON: `code`, `message`, and perhaps `help`, `offset` and `findings`.
    pub json: lpe_buffer,
}

/// Frees what a call put into `error`, and empties it.
///
/// # Safety
/// `error` is null, or points to an `lpe_error` that is as a call of this library left it, or zero but for its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_error_free(error: *mut lpe_error) {
    // SAFETY: it is null or points to an error, says the caller.
    if let Some(error) = unsafe { writable(error) } {
        error.message.free();
        error.json.free();
        error.code = LPE_OK;
    }
}

/// The name of a status: `invalid_input`; `ok` for 0, and empty for what is no status. It lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn lpe_error_name(code: i32) -> lpe_str {
    let known = ErrorCode::ALL.into_iter().find(|known| known.number() == code).map(ErrorCode::name);
    let name = known.unwrap_or(if code == LPE_OK { "ok" } else { "" });
    lpe_str { ptr: name.as_ptr(), len: name.len() }
}

/// The caller's error record, when it is as large as ours.
///
/// # Safety
/// `error` is null or points to at least `struct_size` bytes that this call may write.
unsafe fn writable<'a>(error: *mut lpe_error) -> Option<&'a mut lpe_error> {
    // SAFETY: the first field can be read when the pointer is not null, says the caller.
    let fits = !error.is_null() && unsafe { (*error).struct_size } as usize >= size_of::<lpe_error>();
    // SAFETY: all fields are within the caller's record.
    fits.then(|| unsafe { &mut *error })
}

/// Runs `work` behind the panic boundary and reports how it went.
///
/// # Safety
/// `error` is null, or points to an `lpe_error` that begins with its size.
pub(crate) unsafe fn reported(error: *mut lpe_error, work: impl FnOnce() -> Result<(), Error>) -> i32 {
    let Err(failure) = guarded(work) else { return LPE_OK };
    // SAFETY: the caller's promise is ours.
    if let Some(error) = unsafe { writable(error) } {
        error.code = failure.code.number();
        error.message = lpe_buffer::new(failure.report());
        error.json = lpe_buffer::new(failure.to_json().to_string());
    }
    failure.code.number()
}

/// As [`reported`], for what puts one thing out: `pointer` gets `empty` on entry, and what `work` makes when it does.
///
/// # Safety
/// As [`reported`]; `pointer` is null, or points to memory that this call may write.
pub(crate) unsafe fn put<T>(
    pointer: *mut T,
    empty: T,
    error: *mut lpe_error,
    work: impl FnOnce() -> Result<T, Error>,
) -> i32 {
    // SAFETY: the caller's promise is ours.
    unsafe {
        reported(error, || {
            let place = out(pointer, empty)?;
            *place = work()?;
            Ok(())
        })
    }
}
