//! Contexts that are built field by field, without JSON.

use std::mem;
use std::sync::{Mutex, PoisonError};

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{ContextBuilder, Error};

use crate::error::{lpe_error, put, reported};
use crate::memory::{lpe_str, records};
use crate::objects::no_such;

/// A context under construction. Paths are names with dots between them, such as `user.id`. A field that is set again is
/// replaced. 0 is none.
pub type lpe_context = u64;

static CONTEXTS: Objects<Mutex<ContextBuilder>> = Objects::new(4, "context", no_such);

/// Runs `work` with the context of this number.
pub(crate) fn with_context<R>(
    context: lpe_context,
    work: impl FnOnce(&mut ContextBuilder) -> Result<R, Error>,
) -> Result<R, Error> {
    CONTEXTS.with(context, |context| work(&mut context.lock().unwrap_or_else(PoisonError::into_inner)))
}

fn set(context: lpe_context, change: impl FnOnce(ContextBuilder) -> ContextBuilder) -> Result<(), Error> {
    with_context(context, |context| {
        *context = change(mem::take(context));
        Ok(())
    })
}

/// A context without fields.
///
/// # Safety
/// `context` points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_new(context: *mut lpe_context, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { put(context, 0, error, || CONTEXTS.keep(Mutex::default())) }
}

/// Sets a field to text.
///
/// # Safety
/// `path` and `text` lend UTF-8; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_string(
    context: lpe_context,
    path: lpe_str,
    text: lpe_str,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let (path, text) = (path.text("the path")?, text.text("the text")?);
            set(context, |context| context.string(path, text))
        })
    }
}

/// Sets a field to a list of texts.
///
/// # Safety
/// `path` lends UTF-8; `texts` points to `count` texts; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_strings(
    context: lpe_context,
    path: lpe_str,
    texts: *const lpe_str,
    count: usize,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let path = path.text("the path")?;
            let texts = records(texts, count)?.iter().map(|text| text.text("the text"));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            set(context, |context| context.strings(path, texts))
        })
    }
}

/// Sets a field to a whole number.
///
/// # Safety
/// `path` lends UTF-8; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_int(
    context: lpe_context,
    path: lpe_str,
    value: i64,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let path = path.text("the path")?;
            set(context, |context| context.int(path, value))
        })
    }
}

/// Sets a field to a number. One that is not finite is refused when the context is evaluated.
///
/// # Safety
/// `path` lends UTF-8; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_double(
    context: lpe_context,
    path: lpe_str,
    value: f64,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let path = path.text("the path")?;
            set(context, |context| context.double(path, value))
        })
    }
}

/// Sets a field to true (not 0) or false (0).
///
/// # Safety
/// `path` lends UTF-8; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_bool(
    context: lpe_context,
    path: lpe_str,
    value: i32,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let path = path.text("the path")?;
            set(context, |context| context.bool(path, value != 0))
        })
    }
}

/// Frees a context.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_context_free(context: lpe_context, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || CONTEXTS.free(context)) }
}
