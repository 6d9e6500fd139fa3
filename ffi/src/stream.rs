//! Answers that stream, and what a conversation takes out of texts and puts back.

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Error, Stream};

use crate::decision::{lpe_decision, lpe_detail};
use crate::error::{lpe_error, put, reported};
use crate::evaluate::{LPE_NOW, LPE_STAGE_RESPONSE, Refusal, decide, lpe_question, read_format, read_question};
use crate::exchange::{lpe_exchange, with_exchange};
use crate::memory::{lpe_buffer, lpe_str, out};
use crate::objects::no_such;

/// An answer that streams. 0 is none.
pub type lpe_stream = u64;

static STREAMS: Objects<Stream> = Objects::new(7, "stream", no_such);

/// Takes out of a body what the last decision of an exchange says, its `redact` actions. `format` is the name of the body's format,
/// or empty for a context in JSON; what comes out is of the same form. What is taken out in the style `reversible` can be put back
/// by `lpe_exchange_restore`, and in the answer's stream; the values are kept in the exchange, and in what `lpe_exchange_save` writes,
/// in clear.
///
/// # Safety
/// `format` and `body` lend bytes; `redacted` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_redact(
    exchange: lpe_exchange,
    format: lpe_str,
    body: lpe_str,
    redacted: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(redacted, lpe_buffer::EMPTY, error, || {
            let format = if format.len == 0 { None } else { Some(read_format(format)?) };
            let body = body.bytes()?;
            with_exchange(exchange, |exchange| Ok(lpe_buffer::new(exchange.redact(format, body)?)))
        })
    }
}

/// Puts values back into a text of the model, where it wrote their placeholders. Nothing is put into URLs.
///
/// # Safety
/// `text` lends bytes; `restored` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_exchange_restore(
    exchange: lpe_exchange,
    text: lpe_str,
    restored: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(restored, lpe_buffer::EMPTY, error, || {
            let text = text.text("the text")?;
            with_exchange(exchange, |exchange| Ok(lpe_buffer::new(exchange.restore(text)?)))
        })
    }
}

/// Begins the answer of an exchange's turn as a stream. `format` is the name of the format whose server-sent events go in and come out
/// (`openai-chat`, `openai-responses`, `anthropic`), or empty for plain text. Of `question` only the time counts.
///
/// # Safety
/// `question` is null or points to a question; `format` lends bytes; `stream` points to a number to be written; `error` is null or
/// points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_stream_begin(
    exchange: lpe_exchange,
    question: *const lpe_question,
    format: lpe_str,
    stream: *mut lpe_stream,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(stream, 0, error, || {
            let now = read_question(question)?.now;
            let format = if format.len == 0 { None } else { Some(read_format(format)?) };
            STREAMS.keep(with_exchange(exchange, |exchange| exchange.stream(format, now))?)
        })
    }
}

/// Takes the next bytes of the answer, cut anywhere, and gives what is safe to send on now: often nothing. `stopped` gets 1 when the
/// answer ends here, and 0 when it goes on; a call that fails leaves 1. Send on what came out, then read no further:
/// `lpe_stream_finish` says why.
///
/// # Safety
/// `chunk` lends bytes; `passed` points to a buffer and `stopped` to a number to be written; `error` is null or points to an
/// `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_stream_push(
    stream: lpe_stream,
    chunk: lpe_str,
    passed: *mut lpe_buffer,
    stopped: *mut i32,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            let is_stopped = out(stopped, 1);
            let passed = out(passed, lpe_buffer::EMPTY)?;
            let (is_stopped, chunk) = (is_stopped?, chunk.bytes()?);
            let came = STREAMS.with(stream, |stream| stream.push(chunk))?;
            *passed = text_of(came.bytes);
            *is_stopped = i32::from(came.is_stopped);
            Ok(())
        })
    }
}

/// Ends the answer: gives what was held back, and the decision about the whole answer, or the one at which it was stopped. Nothing comes
/// out of an answer that is refused. `decision` and `detail` are as for `lpe_evaluate`. Once more, it is the same decision.
///
/// # Safety
/// `passed` points to a buffer to be written; the rest as `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_stream_finish(
    stream: lpe_stream,
    passed: *mut lpe_buffer,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        let passed = out(passed, lpe_buffer::EMPTY);
        let asked =
            lpe_question { struct_size: size_of::<lpe_question>() as u32, stage: LPE_STAGE_RESPONSE, now_us: LPE_NOW };
        decide(&raw const asked, decision, detail, error, |_| {
            let passed = passed?;
            let (bytes, decision) =
                STREAMS.with(stream, |stream| stream.finish().map_err(|error| Refusal::new(error, stream.bundle())))?;
            *passed = text_of(bytes);
            Ok(decision)
        })
    }
}

/// Ends the answer because nobody reads on: what was held back is dropped, and the tokens that came are counted, so that
/// `lpe_exchange_settle` closes what is reserved with them.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_stream_abort(stream: lpe_stream, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || STREAMS.with(stream, |stream| -> Result<(), Error> { stream.abort() })) }
}

/// Frees a stream.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_stream_free(stream: lpe_stream, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || STREAMS.free(stream)) }
}

/// Bytes that came through. What an event says is UTF-8, or it is no event.
fn text_of(bytes: Vec<u8>) -> lpe_buffer {
    let text =
        String::from_utf8(bytes).unwrap_or_else(|broken| String::from_utf8_lossy(broken.as_bytes()).into_owned());
    lpe_buffer::new(text)
}
