//! Exchanges: the stages of one turn.

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Decision, Error, Exchange, Question};

use crate::decision::{lpe_decision, lpe_detail};
use crate::engine::{lpe_engine, with_engine};
use crate::error::{lpe_error, put, reported};
use crate::evaluate::{Refusal, decide, lpe_question, read_format};
use crate::memory::{lpe_buffer, lpe_str};
use crate::objects::no_such;

/// The stages of one turn, decided about by the policies that its engine had when it began, for one caller. It goes on when the
/// engine is reloaded or closed. 0 is none.
pub type lpe_exchange = u64;

static EXCHANGES: Objects<Exchange> = Objects::new(5, "exchange", no_such);

/// Begins an exchange. `host` is what the host says, a context in JSON: who asks, and what it knows beside. No body can
/// change it.
///
/// # Safety
/// `host` lends bytes; `exchange` points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_begin(
    engine: lpe_engine,
    host: lpe_str,
    exchange: *mut lpe_exchange,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(exchange, 0, error, || {
            let host = host.bytes()?;
            EXCHANGES.keep(with_engine(engine, |engine| engine.exchange(host))?)
        })
    }
}

/// Goes on with an exchange that `lpe_exchange_save` wrote, here or in another process. The policies have to be the same.
///
/// # Safety
/// `state` lends bytes; the rest as `lpe_exchange_begin`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_resume(
    engine: lpe_engine,
    state: lpe_str,
    exchange: *mut lpe_exchange,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(exchange, 0, error, || {
            let state = state.bytes()?;
            EXCHANGES.keep(with_engine(engine, |engine| engine.resume(state))?)
        })
    }
}

/// As `lpe_evaluate`, about the next stage. `body` is a context in JSON with what is new: `{"request": {...}}`,
/// `{"response": {...}}`. It replaces what an earlier stage said under the same name; what the host said stays. When the call
/// fails, the exchange is as before.
///
/// # Safety
/// `body` lends bytes; the rest as `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_evaluate(
    exchange: lpe_exchange,
    question: *const lpe_question,
    body: lpe_str,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        decide(question, decision, detail, error, |question| {
            ask(exchange, question, |exchange, question| exchange.evaluate(body.bytes()?, question))
        })
    }
}

/// As `lpe_exchange_evaluate`, about a provider's own body; `format` is its name, such as `openai-chat`.
///
/// # Safety
/// `format` and `body` lend bytes; the rest as `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_evaluate_body(
    exchange: lpe_exchange,
    question: *const lpe_question,
    format: lpe_str,
    body: lpe_str,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        decide(question, decision, detail, error, |question| {
            ask(exchange, question, |exchange, question| {
                exchange.evaluate_body(read_format(format)?, body.bytes()?, question)
            })
        })
    }
}

/// The exchange as text, for `lpe_exchange_resume`. It holds the bodies and who asks: keep it as you keep them, and let nobody
/// else write it.
///
/// # Safety
/// `state` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_save(
    exchange: lpe_exchange,
    state: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(state, lpe_buffer::EMPTY, error, || {
            EXCHANGES.with(exchange, |exchange| Ok(lpe_buffer::new(exchange.to_json()?)))
        })
    }
}

/// The digest of the documents that decide in an exchange: SHA-256, in hexadecimal.
///
/// # Safety
/// `digest` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_bundle(
    exchange: lpe_exchange,
    digest: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(digest, lpe_buffer::EMPTY, error, || {
            EXCHANGES.with(exchange, |exchange| Ok(lpe_buffer::new(exchange.bundle().to_string())))
        })
    }
}

/// Frees an exchange.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_free(exchange: lpe_exchange, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || EXCHANGES.free(exchange)) }
}

/// Lends the exchange with this number.
pub(crate) fn with_exchange<T>(
    exchange: lpe_exchange,
    work: impl FnOnce(&Exchange) -> Result<T, Error>,
) -> Result<T, Error> {
    EXCHANGES.with(exchange, work)
}

fn ask(
    exchange: lpe_exchange,
    question: Question,
    evaluate: impl FnOnce(&Exchange, Question) -> Result<Decision, Error>,
) -> Result<Decision, Refusal> {
    EXCHANGES
        .with(exchange, |exchange| evaluate(exchange, question).map_err(|error| Refusal::new(error, exchange.bundle())))
}
