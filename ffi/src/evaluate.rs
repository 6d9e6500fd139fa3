//! Deciding.

use std::sync::Arc;

use llm_policy_embed::{Decision, Engine, Error, ErrorCode, Format, Question, Stage, Timestamp};

use crate::context::{lpe_context, with_context};
use crate::decision::{Detail, Place, lpe_decision, lpe_detail};
use crate::engine::{lpe_engine, with_engine, wrong_size};
use crate::error::{lpe_error, put, reported};
use crate::memory::{lpe_buffer, lpe_str, out, records};
use crate::prepared::{lpe_prepared, with_prepared};

/// Before the request goes to the model.
pub const LPE_STAGE_REQUEST: i32 = 1;
/// Before the answer goes to the user.
pub const LPE_STAGE_RESPONSE: i32 = 2;
/// Before a tool is called.
pub const LPE_STAGE_TOOL_CALL: i32 = 3;
/// Before the tool's result goes to the model.
pub const LPE_STAGE_TOOL_RESULT: i32 = 4;

/// The time that the machine's clock shows.
pub const LPE_NOW: i64 = i64::MIN;

/// What is asked about an input. Set `struct_size` to `sizeof(lpe_question)`. A null pointer asks about a request, now.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct lpe_question {
    /// `sizeof(lpe_question)`, set by the caller.
    pub struct_size: u32,
    /// `LPE_STAGE_...`.
    pub stage: i32,
    /// The time that conditions see, in microseconds since 1970-01-01T00:00:00Z, or `LPE_NOW`.
    pub now_us: i64,
}

/// Decides about the context in `input`, which is JSON. When the call fails, `decision` is a deny.
///
/// `detail` may be null. Otherwise it gets the number of the decision's text and lists, also when the input is refused; free
/// it with `lpe_detail_free`.
///
/// # Safety
/// `question` is null or points to a question; `input` lends bytes; `decision` points to a record that begins with its size;
/// `detail` is null or points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_evaluate(
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
            ask(engine, |engine| engine.evaluate(input.bytes()?, question))
        })
    }
}

/// As `lpe_evaluate`, about an input that was prepared: the fastest way.
///
/// # Safety
/// As `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_evaluate_prepared(
    engine: lpe_engine,
    question: *const lpe_question,
    prepared: lpe_prepared,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        decide(question, decision, detail, error, |question| {
            ask(engine, |engine| with_prepared(prepared, |prepared| engine.evaluate_prepared(prepared, question)))
        })
    }
}

/// As `lpe_evaluate`, about a context that was built field by field.
///
/// # Safety
/// As `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_evaluate_context(
    engine: lpe_engine,
    question: *const lpe_question,
    context: lpe_context,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        decide(question, decision, detail, error, |question| {
            ask(engine, |engine| with_context(context, |context| engine.evaluate_input(&*context, question)))
        })
    }
}

/// As `lpe_evaluate`, about a provider's own body. `format` is its name, such as `openai-chat` (docs/providers.md has all).
///
/// `host` is what the host says beside it, a context in JSON, or empty: who asks above all, and what does not stand in the body.
/// Where both say a field, the host's counts; a body sets fields of the body only.
///
/// # Safety
/// `format`, `body` and `host` lend bytes; the rest as `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_evaluate_body(
    engine: lpe_engine,
    question: *const lpe_question,
    format: lpe_str,
    body: lpe_str,
    host: lpe_str,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        decide(question, decision, detail, error, |question| {
            ask(engine, |engine| engine.evaluate_body(read_format(format)?, body.bytes()?, read_host(host)?, question))
        })
    }
}

/// Decides about `count` contexts in one call. `decisions` points to as many records, each with its size set, all the same; an
/// input that is refused is a deny whose `status` says so, and does not fail the call.
///
/// # Safety
/// `inputs` and `decisions` point to `count` records each; the rest as `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_evaluate_batch(
    engine: lpe_engine,
    question: *const lpe_question,
    inputs: *const lpe_str,
    decisions: *mut lpe_decision,
    count: usize,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        reported(error, || {
            if count == 0 {
                return Ok(());
            }
            // The records are as far apart as the caller's version of the interface makes them.
            let stride = Place::new(decisions)?.size();
            let place = |at: usize| Place::new(decisions.cast::<u8>().wrapping_add(at * stride).cast::<lpe_decision>());
            for at in 0..count {
                place(at)?;
            }
            let question = read_question(question)?;
            let inputs = records(inputs, count)?;
            with_engine(engine, |engine| {
                for (at, input) in inputs.iter().enumerate() {
                    let made = input.bytes().and_then(|input| engine.evaluate(input, question));
                    place(at)?.put(made.as_ref().map_or_else(lpe_decision::failed, lpe_decision::of));
                }
                Ok(())
            })
        })
    }
}

/// Decides about the context in `input` and says of each rule and each clause why it did or did not match, as JSON:
/// `decision`, and `rules` with their `clauses`. For operators; it shows values of the input.
///
/// # Safety
/// `explanation` points to a buffer to be written; the rest as `lpe_evaluate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_explain(
    engine: lpe_engine,
    question: *const lpe_question,
    input: lpe_str,
    explanation: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(explanation, lpe_buffer::EMPTY, error, || {
            let (question, input) = (read_question(question)?, input.bytes()?);
            with_engine(engine, |engine| Ok(lpe_buffer::new(engine.explain(input, question)?.to_json().to_string())))
        })
    }
}

/// As `lpe_explain`, about a provider's own body, which is given as to `lpe_evaluate_body`.
///
/// # Safety
/// As `lpe_explain` and `lpe_evaluate_body`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_explain_body(
    engine: lpe_engine,
    question: *const lpe_question,
    format: lpe_str,
    body: lpe_str,
    host: lpe_str,
    explanation: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(explanation, lpe_buffer::EMPTY, error, || {
            let question = read_question(question)?;
            let (format, body, host) = (read_format(format)?, body.bytes()?, read_host(host)?);
            with_engine(engine, |engine| {
                Ok(lpe_buffer::new(engine.explain_body(format, body, host, question)?.to_json().to_string()))
            })
        })
    }
}

/// A format by its name.
///
/// # Safety
/// `format` lends bytes.
pub(crate) unsafe fn read_format(format: lpe_str) -> Result<Format, Error> {
    // SAFETY: the caller's promise is ours.
    Ok(unsafe { format.text("the format") }?.parse()?)
}

/// What a host says beside a body; nothing is an empty context.
///
/// # Safety
/// `host` lends bytes.
unsafe fn read_host<'a>(host: lpe_str) -> Result<&'a [u8], Error> {
    // SAFETY: the caller's promise is ours.
    let host = unsafe { host.bytes() }?;
    Ok(if host.is_empty() { b"{}" } else { host })
}

/// Why there is no decision.
pub(crate) struct Refusal {
    error: Error,
    /// The policies that would have decided, where it is known which.
    bundle: Option<Arc<str>>,
}

impl Refusal {
    pub(crate) fn new(error: Error, bundle: Arc<str>) -> Self {
        Self { error, bundle: Some(bundle) }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error, bundle: None }
    }
}

/// Asks an engine.
#[inline]
pub(crate) fn ask(
    engine: lpe_engine,
    evaluate: impl FnOnce(&Engine) -> Result<Decision, Error>,
) -> Result<Decision, Refusal> {
    with_engine(engine, |engine| Ok(evaluate(engine).map_err(|error| Refusal::new(error, engine.bundle()))))?
}

/// Decides behind the panic boundary, puts out the decision and, when asked for, its detail, and reports how it went.
///
/// # Safety
/// As `lpe_evaluate`.
#[inline]
pub(crate) unsafe fn decide(
    question: *const lpe_question,
    decision: *mut lpe_decision,
    detail: *mut lpe_detail,
    error: *mut lpe_error,
    evaluate: impl FnOnce(Question) -> Result<Decision, Refusal>,
) -> i32 {
    let work = || {
        // SAFETY: the caller's promise is ours.
        let (place, detail) = unsafe {
            let place = Place::new(decision);
            let detail = if detail.is_null() { None } else { Some(out(detail, 0)?) };
            (place?, detail)
        };
        // SAFETY: as above.
        let question =
            unsafe { read_question(question) }.inspect_err(|error| place.put(lpe_decision::failed(error)))?;
        match evaluate(question) {
            Ok(made) => {
                let record = lpe_decision::of(&made);
                if let Some(detail) = detail {
                    *detail = Detail::Made(Box::new(made)).keep()?;
                }
                place.put(record);
                Ok(())
            }
            Err(Refusal { error, bundle }) => {
                place.put(lpe_decision::failed(&error));
                if let (Some(detail), Some(bundle)) = (detail, bundle) {
                    let bundle = bundle.to_string();
                    *detail = Detail::Refused { error: error.clone(), stage: question.stage, bundle }.keep()?;
                }
                Err(error)
            }
        }
    };
    // SAFETY: the caller's promise is ours.
    unsafe { reported(error, work) }
}

/// # Safety
/// `question` is null, or points to a question that begins with its size.
pub(crate) unsafe fn read_question(question: *const lpe_question) -> Result<Question, Error> {
    if question.is_null() {
        return Ok(Question::default());
    }
    // SAFETY: it is not null, so the first field can be read.
    if (unsafe { (*question).struct_size } as usize) < size_of::<lpe_question>() {
        return Err(wrong_size("lpe_question"));
    }
    // SAFETY: all fields are within the caller's record.
    let asked = unsafe { *question };
    let stage = match asked.stage {
        LPE_STAGE_REQUEST => Stage::Request,
        LPE_STAGE_RESPONSE => Stage::Response,
        LPE_STAGE_TOOL_CALL => Stage::ToolCall,
        LPE_STAGE_TOOL_RESULT => Stage::ToolResult,
        other => {
            return Err(Error::new(ErrorCode::InvalidArgument, format!("there is no stage {other}"))
                .with_help("the stages are LPE_STAGE_REQUEST, _RESPONSE, _TOOL_CALL and _TOOL_RESULT"));
        }
    };
    let now = match asked.now_us {
        LPE_NOW => Timestamp::now(),
        us => Timestamp::from_microsecond(us).map_err(|_| {
            Error::new(ErrorCode::InvalidArgument, "`now_us` is outside of the years -9999 to 9999")
                .with_help("it counts microseconds since 1970-01-01T00:00:00Z; LPE_NOW is the machine's clock")
        })?,
    };
    Ok(Question { stage, now })
}
