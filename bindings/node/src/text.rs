//! Text of JavaScript, as UTF-16.

#![expect(unsafe_code, reason = "napi-rs has no way to read UTF-16 into memory that is used again")]

use std::cell::Cell;

use llm_policy_embed::{Error, ErrorCode};
use napi::bindgen_prelude::{JsValue, Unknown};
use napi::sys;

/// Memory for more units than this is given back after the call.
const KEPT: usize = 1 << 18;
/// Memory for so many units is there from the beginning.
const FIRST: usize = 1 << 12;

thread_local! {
    static MEMORY: Cell<Vec<u16>> = const { Cell::new(Vec::new()) };
}

/// What `read` makes of the UTF-16 code units of a JavaScript string.
///
/// UTF-16 is the one form in which every string comes over unchanged, halves of surrogate pairs included, in a time that does
/// not depend on how V8 keeps the string.
///
/// # Errors
/// [`ErrorCode::InvalidArgument`] when `value` is no string; else those of `read`.
pub fn with_units<R>(value: Unknown<'_>, read: impl FnOnce(&[u16]) -> Result<R, Error>) -> Result<R, Error> {
    let mut memory = MEMORY.take();
    if memory.is_empty() {
        memory.resize(FIRST, 0);
    }
    let (env, raw) = (value.value().env, value.raw());
    let read_into = |memory: &mut [u16]| {
        let mut written = 0;
        // SAFETY: the value belongs to this environment, whose thread this is, and the memory is as large as is said.
        let status =
            unsafe { sys::napi_get_value_string_utf16(env, raw, memory.as_mut_ptr(), memory.len(), &raw mut written) };
        (status == sys::Status::napi_ok).then_some(written)
    };
    let mut written = read_into(&mut memory);
    // A string that fills the memory to its end (one unit is for a zero) may have been cut.
    if written.is_some_and(|written| written + 1 >= memory.len()) {
        let mut length = 0;
        // SAFETY: as above; without memory, it is the length that is asked for.
        unsafe { sys::napi_get_value_string_utf16(env, raw, std::ptr::null_mut(), 0, &raw mut length) };
        memory.resize(length + 1, 0);
        written = read_into(&mut memory);
    }
    let units = written.and_then(|written| memory.get(..written));
    let result = match units {
        Some(units) => read(units),
        None => Err(Error::new(ErrorCode::InvalidArgument, "expected text")),
    };
    if memory.len() <= KEPT {
        MEMORY.set(memory);
    }
    result
}

/// The units as UTF-8.
///
/// # Errors
/// [`ErrorCode::InvalidInput`] when there is half of a surrogate pair.
pub fn utf8(units: &[u16]) -> Result<String, Error> {
    String::from_utf16(units).map_err(|_| Error::new(ErrorCode::InvalidInput, "half of a surrogate pair"))
}
