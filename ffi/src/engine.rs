//! Engines: opened, replaced, closed.

use std::path::Path;

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Documents, Engine, Error, ErrorCode, Handles, Options};

use crate::error::{lpe_error, put, reported};
use crate::memory::{lpe_buffer, lpe_str, records};
use crate::objects::no_such;

/// An engine: policies, ready to decide. 0 is none.
pub type lpe_engine = u64;

static ENGINES: Objects<Engine> = Objects::new(1, "engine", no_such);

/// The host carries out `redact`.
pub const LPE_HANDLES_REDACT: u32 = 1;
/// The host carries out `set`.
pub const LPE_HANDLES_SET: u32 = 2;
/// The host carries out `route`.
pub const LPE_HANDLES_ROUTE: u32 = 4;
/// The host carries out `require_approval`.
pub const LPE_HANDLES_REQUIRE_APPROVAL: u32 = 8;
/// The host carries out `custom`.
pub const LPE_HANDLES_CUSTOM: u32 = 16;

/// How an engine is made. Set `struct_size` to `sizeof(lpe_options)` and the rest to zero for the defaults.
#[derive(Debug)]
#[repr(C)]
pub struct lpe_options {
    /// `sizeof(lpe_options)`, set by the caller.
    pub struct_size: u32,
    /// The actions that the host carries out: `LPE_HANDLES_...`, joined. What a policy makes mandatory and is not among them
    /// becomes a deny.
    pub handles: u32,
    /// Not 0: what no policy decides about is allowed. 0, the default: it is denied.
    pub allow_without_policy: u32,
    /// Where limits are kept, as a URL: `sqlite:` and the path of a file, which the processes of a machine share, or `redis://` and a
    /// server, which machines share. Empty, the default, or `memory:`: in this process.
    pub store: lpe_str,
}

/// The size of the options in the first version of this interface.
const FIRST_OPTIONS: usize = std::mem::offset_of!(lpe_options, allow_without_policy) + size_of::<u32>();

/// A policy document in memory.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct lpe_document {
    /// What messages call it, such as `security.yaml`.
    pub origin: lpe_str,
    /// YAML or JSON.
    pub text: lpe_str,
}

/// Runs `work` with the engine of this number.
#[inline]
pub(crate) fn with_engine<R>(engine: lpe_engine, work: impl FnOnce(&Engine) -> Result<R, Error>) -> Result<R, Error> {
    ENGINES.with(engine, work)
}

/// Makes an engine from a file, or from all policy documents below a directory.
///
/// # Safety
/// `path` lends UTF-8; `options` is null or points to options; `engine` points to a number to be written; `error` is null or
/// points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_engine_open(
    path: lpe_str,
    options: *const lpe_options,
    engine: *mut lpe_engine,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(engine, 0, error, || {
            let made = read_options(options)?;
            ENGINES.keep(made.engine(from_path(path)?)?)
        })
    }
}

/// Makes an engine from documents in memory. They cannot read tables from files.
///
/// # Safety
/// `documents` points to `count` documents; the rest as `lpe_engine_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_engine_load(
    documents: *const lpe_document,
    count: usize,
    options: *const lpe_options,
    engine: *mut lpe_engine,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(engine, 0, error, || {
            let made = read_options(options)?;
            ENGINES.keep(made.engine(from_memory(documents, count)?)?)
        })
    }
}

/// Replaces the policies of an engine by those at `path`, in one step. When they are refused, nothing changes. Calls that are
/// under way go on with the policies that they began with.
///
/// # Safety
/// As `lpe_engine_open`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_engine_reload_path(engine: lpe_engine, path: lpe_str, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { reported(error, || with_engine(engine, |engine| reload(engine, from_path(path)?))) }
}

/// As `lpe_engine_reload_path`, from documents in memory.
///
/// # Safety
/// As `lpe_engine_load`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_engine_reload(
    engine: lpe_engine,
    documents: *const lpe_document,
    count: usize,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { reported(error, || with_engine(engine, |engine| reload(engine, from_memory(documents, count)?))) }
}

/// Closes an engine. Calls that are under way in other threads finish; later ones fail.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_engine_close(engine: lpe_engine, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || ENGINES.free(engine)) }
}

/// The digest of an engine's documents: SHA-256, in hexadecimal.
///
/// # Safety
/// `digest` points to a buffer to be written, `error` as ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_engine_bundle(engine: lpe_engine, digest: *mut lpe_buffer, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(digest, lpe_buffer::EMPTY, error, || {
            with_engine(engine, |engine| Ok(lpe_buffer::new(engine.bundle().to_string())))
        })
    }
}

/// Checks the policy documents at `path` and reports as JSON: `valid`, `documents`, `rules`, and `findings`, each with `file`,
/// `line`, `column`, `code`, `severity`, `message` and perhaps `help`. Documents that are refused are no failure of the call.
///
/// # Safety
/// `path` lends UTF-8, `report` points to a buffer to be written, `error` as ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_validate_path(path: lpe_str, report: *mut lpe_buffer, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { put(report, lpe_buffer::EMPTY, error, || Ok(lpe_buffer::new(validate(from_path(path)?)))) }
}

/// As `lpe_validate_path`, for documents in memory.
///
/// # Safety
/// `documents` points to `count` documents, `report` to a buffer to be written, `error` as ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_validate(
    documents: *const lpe_document,
    count: usize,
    report: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { put(report, lpe_buffer::EMPTY, error, || Ok(lpe_buffer::new(validate(from_memory(documents, count)?)))) }
}

fn reload(engine: &Engine, documents: Documents) -> Result<(), Error> {
    engine.reload(documents).map(drop)
}

fn validate(documents: Documents) -> String {
    documents.check(Options::default()).to_json().to_string()
}

/// # Safety
/// `path` lends bytes.
unsafe fn from_path(path: lpe_str) -> Result<Documents, Error> {
    // SAFETY: the caller's promise is ours.
    let path = unsafe { path.text("the path")? };
    let mut documents = Documents::new();
    documents.add_path(Path::new(path))?;
    Ok(documents)
}

/// # Safety
/// `documents` points to `count` documents, which lend bytes.
unsafe fn from_memory(documents: *const lpe_document, count: usize) -> Result<Documents, Error> {
    let mut read = Documents::new();
    // SAFETY: the caller's promise is ours.
    for document in unsafe { records(documents, count)? } {
        // SAFETY: as above.
        let (origin, text) = unsafe { (document.origin.text("the origin")?, document.text.bytes()?) };
        read.add_bytes(text, origin);
    }
    Ok(read)
}

/// How an engine is made.
struct Made<'a> {
    options: Options,
    handles: Handles,
    /// The URL; empty: in memory.
    store: &'a str,
}

impl Made<'_> {
    fn engine(self, documents: Documents) -> Result<Engine, Error> {
        let engine = documents.check(self.options).into_engine()?.handles(self.handles);
        if self.store.is_empty() { Ok(engine) } else { engine.with_store_at(self.store) }
    }
}

/// # Safety
/// `options` is null or points to options that begin with their size.
unsafe fn read_options<'a>(options: *const lpe_options) -> Result<Made<'a>, Error> {
    if options.is_null() {
        return Ok(Made { options: Options::default(), handles: Handles::NONE, store: "" });
    }
    // SAFETY: it is not null, so the first field can be read.
    let size = unsafe { (*options).struct_size } as usize;
    if size < FIRST_OPTIONS {
        return Err(wrong_size("lpe_options"));
    }
    let mut given = lpe_options { struct_size: 0, handles: 0, allow_without_policy: 0, store: lpe_str::EMPTY };
    // A program that was built for an earlier version has the fields of that one.
    let known = if size < size_of::<lpe_options>() { FIRST_OPTIONS } else { size_of::<lpe_options>() };
    // SAFETY: so many bytes are within the caller's record, and within ours.
    unsafe { std::ptr::copy_nonoverlapping(options.cast::<u8>(), (&raw mut given).cast::<u8>(), known) };
    let named = [
        (LPE_HANDLES_REDACT, "redact"),
        (LPE_HANDLES_SET, "set"),
        (LPE_HANDLES_ROUTE, "route"),
        (LPE_HANDLES_REQUIRE_APPROVAL, "require_approval"),
        (LPE_HANDLES_CUSTOM, "custom"),
    ];
    let mut handles = Handles::NONE;
    let mut left = given.handles;
    for (bit, name) in named {
        if left & bit != 0 {
            handles = handles.with(name).unwrap_or(handles);
            left &= !bit;
        }
    }
    if left != 0 {
        return Err(Error::new(ErrorCode::InvalidArgument, format!("unknown bits in `handles`: {left:#x}")));
    }
    // SAFETY: as above.
    let store = unsafe { given.store.text("the URL of the store")? };
    let options = Options { allow_without_policy: given.allow_without_policy != 0, ..Options::default() };
    Ok(Made { options, handles, store })
}

/// The failure for a record whose size is not that of this interface.
pub(crate) fn wrong_size(name: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument, format!("`struct_size` of {name} is too small"))
        .with_help(format!("set it to sizeof({name}) before the call"))
}
