//! Limits: decisions that take nothing, and closing what is reserved for a request.

use llm_policy_embed::{Closed, Error};

use crate::decision::{lpe_decision, lpe_detail};
use crate::engine::{lpe_engine, with_engine};
use crate::error::{lpe_error, put};
use crate::evaluate::{ask, decide, lpe_question, read_format};
use crate::exchange::{lpe_exchange, with_exchange};
use crate::memory::{lpe_buffer, lpe_str};

/// It was open, and is closed now.
pub const LPE_CLOSED_DONE: i32 = 1;
/// It had expired. What the request really cost stands now in place of what was charged then.
pub const LPE_CLOSED_LATE: i32 = 2;
/// It was settled before; nothing was changed.
pub const LPE_CLOSED_ALREADY_SETTLED: i32 = 3;
/// It was released before; nothing was changed.
pub const LPE_CLOSED_ALREADY_RELEASED: i32 = 4;
/// It had expired, and that stays so.
pub const LPE_CLOSED_ALREADY_EXPIRED: i32 = 5;
/// The store does not know it, or no longer; nothing was changed.
pub const LPE_CLOSED_UNKNOWN: i32 = 6;
/// Nothing is held: no limit applied, or this exchange closed it before.
pub const LPE_CLOSED_NOTHING: i32 = 7;

const _: () = {
    assert!(Closed::Done.number() == LPE_CLOSED_DONE);
    assert!(Closed::Late.number() == LPE_CLOSED_LATE);
    assert!(Closed::AlreadySettled.number() == LPE_CLOSED_ALREADY_SETTLED);
    assert!(Closed::AlreadyReleased.number() == LPE_CLOSED_ALREADY_RELEASED);
    assert!(Closed::AlreadyExpired.number() == LPE_CLOSED_ALREADY_EXPIRED);
    assert!(Closed::Unknown.number() == LPE_CLOSED_UNKNOWN);
    assert!(Closed::Nothing.number() == LPE_CLOSED_NOTHING);
};

/// As `lpe_evaluate`, and takes nothing from limits: `LPE_TEXT_LIMITS` says what would be.
///
/// # Safety
/// As `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_dry_run(
    engine: lpe_engine,
    question: *const lpe_question,
    input: lpe_str,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        decide(question, decision, detail, error, |question| {
            ask(engine, |engine| engine.dry_run(input.bytes()?, question))
        })
    }
}

/// Closes what is reserved for a request, with what it really used. `hold` is the decision's `LPE_TEXT_HOLD`; `used` is JSON:
/// `{"usage": {"input_tokens": 420, "output_tokens": 128}, "model": "gpt-4o", "cost": 0.01}`, of which each part may be left
/// out. `closed` gets one of `LPE_CLOSED_...`. Settling twice changes nothing. With `outcome`, and perhaps `latency_ms`, circuit
/// breakers are told as by `lpe_observe`.
///
/// # Safety
/// `hold` and `used` lend bytes; `closed` points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_settle(
    engine: lpe_engine,
    hold: lpe_str,
    used: lpe_str,
    closed: *mut i32,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(closed, 0, error, || {
            let (hold, used) = (hold.text("hold")?, used.bytes()?);
            with_engine(engine, |engine| Ok(engine.settle(hold, used)?.number()))
        })
    }
}

/// Gives back what is reserved for a request that was not sent; the rest as `lpe_settle`.
///
/// # Safety
/// As `lpe_settle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_release(
    engine: lpe_engine,
    hold: lpe_str,
    closed: *mut i32,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(closed, 0, error, || {
            let hold = hold.text("hold")?;
            with_engine(engine, |engine| Ok(engine.release(hold)?.number()))
        })
    }
}

/// Lets what is reserved live on for another lease, ten minutes: for answers that take long; the rest as `lpe_settle`.
///
/// # Safety
/// As `lpe_settle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_extend(engine: lpe_engine, hold: lpe_str, closed: *mut i32, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(closed, 0, error, || {
            let hold = hold.text("hold")?;
            with_engine(engine, |engine| Ok(engine.extend(hold)?.number()))
        })
    }
}

/// Closes what is reserved for the request of an exchange; `used` as for `lpe_settle`. Without bytes (a null pointer), it is what
/// the answer says that was decided about, `response.usage`.
///
/// # Safety
/// As `lpe_settle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_settle(
    exchange: lpe_exchange,
    used: lpe_str,
    closed: *mut i32,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(closed, 0, error, || {
            let used = if used.ptr.is_null() { None } else { Some(used.bytes()?) };
            with_exchange(exchange, |exchange| Ok(exchange.settle(used)?.number()))
        })
    }
}

/// Closes what is reserved for the request of an exchange with what a provider's answer says that it used, without deciding about
/// the answer; `format` is its name, such as `openai-chat`.
///
/// # Safety
/// `format` and `answer` lend bytes; the rest as `lpe_settle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_settle_body(
    exchange: lpe_exchange,
    format: lpe_str,
    answer: lpe_str,
    closed: *mut i32,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(closed, 0, error, || {
            let (format, answer) = (read_format(format)?, answer.bytes()?);
            with_exchange(exchange, |exchange| Ok(exchange.settle_body(format, answer)?.number()))
        })
    }
}

/// Gives back what is reserved for a request of an exchange that was not sent.
///
/// # Safety
/// As `lpe_settle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_release(exchange: lpe_exchange, closed: *mut i32, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { put(closed, 0, error, || with_exchange(exchange, |exchange| Ok(exchange.release()?.number()))) }
}

/// What is reserved for the request of an exchange that was allowed last; empty when nothing is.
///
/// # Safety
/// `hold` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_hold(
    exchange: lpe_exchange,
    hold: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(hold, lpe_buffer::EMPTY, error, || {
            with_exchange(exchange, |exchange| -> Result<_, Error> {
                Ok(lpe_buffer::new(exchange.hold()?.unwrap_or_default()))
            })
        })
    }
}
