//! Circuit breakers: what became of a call, and switches.

use llm_policy_embed::{Error, ErrorCode, Timestamp, canonical};

use crate::engine::{lpe_engine, with_engine};
use crate::error::{lpe_error, put, reported};
use crate::exchange::{lpe_exchange, with_exchange};
use crate::memory::{lpe_buffer, lpe_str};

/// Without an end.
pub const LPE_NEVER: i64 = i64::MAX;

/// Reports what became of a call that was allowed, to the breakers that let it through. `hold` is the decision's `LPE_TEXT_HOLD`;
/// `outcome` is JSON: `{"outcome": "success", "latency_ms": 812}`, `{"outcome": "failure"}` for a call that failed or timed out
/// through no fault of the caller, `{"outcome": "ignored"}` for one that says nothing about the one who was called. Report each
/// call once; one that was not sent is released instead. `lpe_settle` takes the same words beside what was used.
///
/// # Safety
/// `hold` and `outcome` lend bytes; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_observe(
    engine: lpe_engine,
    hold: lpe_str,
    outcome: lpe_str,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let (hold, outcome) = (hold.text("hold")?, outcome.bytes()?);
            with_engine(engine, |engine| engine.observe(hold, outcome))
        })
    }
}

/// As `lpe_observe`, about the call that an exchange allowed last. What was reported before is not reported again.
///
/// # Safety
/// As `lpe_observe`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_observe(exchange: lpe_exchange, outcome: lpe_str, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let outcome = outcome.bytes()?;
            with_exchange(exchange, |exchange| exchange.observe(outcome))
        })
    }
}

/// The parts of a key, from a JSON list of texts; nothing is none.
fn parts(key: &str) -> Result<Vec<String>, Error> {
    if key.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(key).map_err(|_| {
        let error = Error::new(ErrorCode::InvalidArgument, "a key is a JSON list of texts");
        error.with_help("write `[\"gpt-4o\"]`, or nothing for all keys")
    })
}

/// Switches a breaker off, as in an emergency or for maintenance: until `until_us` (microseconds since 1970-01-01T00:00:00Z, or
/// `LPE_NEVER`), or until `lpe_switch_on`, nothing goes through it for this key. `breaker` is its name, or
/// `namespace/document/breaker`; `key` is a JSON list with the values of its `key`, or empty for all of them. Decisions and
/// `lpe_switches` show `reason`. What was set before for the same is replaced. At most 4,096 switches are set at a time.
///
/// # Safety
/// `breaker`, `key` and `reason` lend bytes; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_switch_off(
    engine: lpe_engine,
    breaker: lpe_str,
    key: lpe_str,
    reason: lpe_str,
    until_us: i64,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let (breaker, key, reason) = (breaker.text("breaker")?, parts(key.text("key")?)?, reason.text("reason")?);
            let key: Vec<&str> = key.iter().map(String::as_str).collect();
            let until = match until_us {
                LPE_NEVER => None,
                micros => Some(Timestamp::from_microsecond(micros).map_err(|_| {
                    Error::new(ErrorCode::InvalidArgument, "the time until which it is switched off is no time")
                })?),
            };
            with_engine(engine, |engine| engine.switch_off(breaker, &key, reason, until))
        })
    }
}

/// Takes back what `lpe_switch_off` set for the same breaker and key. Nothing happens when nothing is set.
///
/// # Safety
/// `breaker` and `key` lend bytes; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_switch_on(
    engine: lpe_engine,
    breaker: lpe_str,
    key: lpe_str,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let (breaker, key) = (breaker.text("breaker")?, parts(key.text("key")?)?);
            let key: Vec<&str> = key.iter().map(String::as_str).collect();
            with_engine(engine, |engine| engine.switch_on(breaker, &key))
        })
    }
}

/// The switches that are set, as a JSON list of objects with `breaker`, `key`, `reason` and perhaps `until` (RFC 3339).
///
/// # Safety
/// `switches` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_switches(engine: lpe_engine, switches: *mut lpe_buffer, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(switches, lpe_buffer::EMPTY, error, || {
            with_engine(engine, |engine| Ok(lpe_buffer::new(canonical::to_string(&engine.switches_json()?))))
        })
    }
}
