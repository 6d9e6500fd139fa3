//! Inputs that were read once for many evaluations.

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Error, Prepared};

use crate::context::{lpe_context, with_context};
use crate::engine::{lpe_engine, with_engine};
use crate::error::{lpe_error, put, reported};
use crate::memory::lpe_str;
use crate::objects::no_such;

/// An input that was read. It belongs to the policies that its engine had then: after a reload, evaluating it is
/// `LPE_STALE_INPUT`. 0 is none.
pub type lpe_prepared = u64;

static PREPARED: Objects<Prepared> = Objects::new(3, "prepared input", no_such);

/// Runs `work` with the prepared input of this number.
#[inline]
pub(crate) fn with_prepared<R>(
    prepared: lpe_prepared,
    work: impl FnOnce(&Prepared) -> Result<R, Error>,
) -> Result<R, Error> {
    PREPARED.with(prepared, work)
}

/// Reads the context in `input`, which is JSON, once for many evaluations.
///
/// # Safety
/// `input` lends bytes; `prepared` points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_prepare(
    engine: lpe_engine,
    input: lpe_str,
    prepared: *mut lpe_prepared,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(prepared, 0, error, || {
            let input = input.bytes()?;
            PREPARED.keep(with_engine(engine, |engine| engine.prepare(input))?)
        })
    }
}

/// Reads a context that was built field by field, once for many evaluations.
///
/// # Safety
/// `prepared` points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_prepare_context(
    engine: lpe_engine,
    context: lpe_context,
    prepared: *mut lpe_prepared,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(prepared, 0, error, || {
            let read = with_context(context, |context| with_engine(engine, |engine| engine.prepare_input(&*context)))?;
            PREPARED.keep(read)
        })
    }
}

/// Frees a prepared input.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_prepared_free(prepared: lpe_prepared, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || PREPARED.free(prepared)) }
}
