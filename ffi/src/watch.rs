//! What an engine has done: counters, and audit records.

use llm_policy_embed::AuditOptions;

use crate::engine::{lpe_engine, with_engine, wrong_size};
use crate::error::{lpe_error, put, reported};
use crate::memory::{lpe_buffer, lpe_str};

/// How audit records are kept. Set `struct_size` to `sizeof(lpe_audit_options)` and the rest to zero for the defaults.
#[derive(Debug)]
#[repr(C)]
pub struct lpe_audit_options {
    /// `sizeof(lpe_audit_options)`, set by the caller.
    pub struct_size: u32,
    /// How many records wait at most; 0 is 8,192. A quarter of them is kept for denies; what finds no room is dropped and counted.
    pub capacity: u32,
    /// The key of the inputs' digests; empty: records have none.
    pub key: lpe_str,
}

/// The counters of an engine, its exchanges among it, since it was made, as JSON: `decisions` by stage and effect, `refused` by
/// error, `rule_errors`, `reloads`, `refused_reloads`, `audit_recorded`, `audit_dropped`.
///
/// # Safety
/// `metrics` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_metrics(engine: lpe_engine, metrics: *mut lpe_buffer, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(metrics, lpe_buffer::EMPTY, error, || {
            with_engine(engine, |engine| Ok(lpe_buffer::new(engine.metrics().to_json().to_string())))
        })
    }
}

/// From now on a record is kept for each evaluation, until `lpe_audit_drain` takes it. What was kept before is dropped.
///
/// # Safety
/// `options` is null or points to options, whose key lends bytes; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_audit_start(
    engine: lpe_engine,
    options: *const lpe_audit_options,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let mut wanted = AuditOptions::default();
            if !options.is_null() {
                if ((*options).struct_size as usize) < size_of::<lpe_audit_options>() {
                    return Err(wrong_size("lpe_audit_options"));
                }
                let given = &*options;
                if given.capacity > 0 {
                    wanted.capacity = given.capacity as usize;
                }
                let key = given.key.bytes()?;
                wanted.key = (!key.is_empty()).then(|| key.to_vec());
            }
            with_engine(engine, |engine| engine.audit_start(wanted))
        })
    }
}

/// No more records are kept, and those that wait are dropped.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_audit_stop(engine: lpe_engine, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe {
        reported(error, || {
            with_engine(engine, |engine| {
                engine.audit_stop();
                Ok(())
            })
        })
    }
}

/// Takes out the oldest records, at most `most`, as JSON: `records`, `dropped` (how many found no room since the last call) and
/// `waiting`. A record has `process`, `sequence`, `time`, `stage`, `effect`, `errors`, `bundle`, and where there are such `code`,
/// `policy`, `rule`, `shadow` and `input`, a keyed digest. It has no content.
///
/// # Safety
/// `records` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_audit_drain(
    engine: lpe_engine,
    most: usize,
    records: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(records, lpe_buffer::EMPTY, error, || {
            with_engine(engine, |engine| Ok(lpe_buffer::new(engine.audit_drain(most).to_json().to_string())))
        })
    }
}
