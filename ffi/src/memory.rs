//! Text and bytes on their way in and out.

use std::ptr;
use std::slice;
use std::str;

use llm_policy_embed::{Error, ErrorCode};

/// Bytes that the caller lends for the time of a call: UTF-8 where text is meant, without a NUL at the end.
/// A null pointer is allowed when `len` is 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct lpe_str {
    /// The first byte.
    pub ptr: *const u8,
    /// How many bytes.
    pub len: usize,
}

impl lpe_str {
    pub(crate) const EMPTY: Self = Self { ptr: ptr::null(), len: 0 };

    /// The bytes.
    ///
    /// # Safety
    /// `ptr` must point to `len` bytes that stay as they are for `'a`.
    pub(crate) unsafe fn bytes<'a>(self) -> Result<&'a [u8], Error> {
        if self.len == 0 {
            return Ok(&[]);
        }
        if self.ptr.is_null() || self.len > isize::MAX as usize {
            return Err(Error::new(ErrorCode::InvalidArgument, "a null pointer where bytes are expected"));
        }
        // SAFETY: the caller promises that there are `len` bytes; the pointer is not null.
        Ok(unsafe { slice::from_raw_parts(self.ptr, self.len) })
    }

    /// The text.
    ///
    /// # Safety
    /// As [`lpe_str::bytes`].
    pub(crate) unsafe fn text<'a>(self, what: &str) -> Result<&'a str, Error> {
        // SAFETY: the caller's promise is ours.
        let bytes = unsafe { self.bytes()? };
        str::from_utf8(bytes).map_err(|_| Error::new(ErrorCode::InvalidArgument, format!("{what} is not UTF-8")))
    }
}

/// Bytes that the library made. Free them with `lpe_buffer_free`. They are UTF-8 and end with a NUL that `len` leaves out, so
/// text without NUL in it can be read as a C string.
#[derive(Debug)]
#[repr(C)]
pub struct lpe_buffer {
    /// The first byte; null when there are none.
    pub ptr: *mut u8,
    /// How many bytes.
    pub len: usize,
    /// How many the library has reserved.
    pub capacity: usize,
}

impl lpe_buffer {
    pub(crate) const EMPTY: Self = Self { ptr: ptr::null_mut(), len: 0, capacity: 0 };

    pub(crate) fn new(text: String) -> Self {
        let mut bytes = text.into_bytes();
        let len = bytes.len();
        bytes.push(0);
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        Self { ptr: bytes.as_mut_ptr(), len, capacity: bytes.capacity() }
    }

    pub(crate) fn free(&mut self) {
        let Self { ptr, len, capacity } = std::mem::replace(self, Self::EMPTY);
        if !ptr.is_null() {
            // SAFETY: the parts are those of the vector in `new`, and this takes them out.
            drop(unsafe { Vec::from_raw_parts(ptr, len + 1, capacity) });
        }
    }
}

/// Frees what the library put into `buffer`, and empties it. Nothing happens when it is empty or null.
///
/// # Safety
/// `buffer` is null, or points to a buffer that this library filled, or that is all zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_buffer_free(buffer: *mut lpe_buffer) {
    // SAFETY: it is null or points to a buffer, says the caller.
    if let Some(buffer) = unsafe { buffer.as_mut() } {
        buffer.free();
    }
}

/// What a pointer to put out points to.
///
/// # Safety
/// `pointer` is null or points to memory that this call may write.
pub(crate) unsafe fn out<'a, T>(pointer: *mut T, value: T) -> Result<&'a mut T, Error> {
    if pointer.is_null() {
        return Err(Error::new(ErrorCode::InvalidArgument, "a null pointer where a result is to be put"));
    }
    // SAFETY: it is not null, and the caller lets us write; what is there is not read and needs no drop.
    unsafe {
        pointer.write(value);
        Ok(&mut *pointer)
    }
}

/// The records that a pointer and a count stand for.
///
/// # Safety
/// `pointer` points to `count` records that stay as they are for `'a`.
pub(crate) unsafe fn records<'a, T>(pointer: *const T, count: usize) -> Result<&'a [T], Error> {
    if count == 0 {
        return Ok(&[]);
    }
    if pointer.is_null() || count > isize::MAX as usize / size_of::<T>().max(1) {
        return Err(Error::new(ErrorCode::InvalidArgument, "a null pointer where records are expected"));
    }
    // SAFETY: the caller promises that there are `count` records; the pointer is not null.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}
