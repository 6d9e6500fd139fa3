//! What this library is.

use llm_policy_embed::guard;

use crate::error::{lpe_error, reported};
use crate::memory::lpe_str;

/// The version of this interface. Within it, functions and fields at the end of records are only ever added.
pub const LPE_ABI_VERSION: u32 = 1;

/// The version of the interface that the library was built with: compare it with `LPE_ABI_VERSION` before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn lpe_abi_version() -> u32 {
    LPE_ABI_VERSION
}

/// The version of the library: `0.1.0`. It lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn lpe_version() -> lpe_str {
    let version = env!("CARGO_PKG_VERSION");
    lpe_str { ptr: version.as_ptr(), len: version.len() }
}

/// Panics inside the library on purpose, so that whoever ships it can prove that a panic stays inside: the call returns
/// `LPE_INTERNAL_ERROR`.
///
/// # Safety
/// `error` is null, or points to an `lpe_error` that begins with its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_self_test_panic(error: *mut lpe_error) -> i32 {
    // SAFETY: the caller's promise is ours.
    unsafe { reported(error, guard::self_test_panic) }
}
