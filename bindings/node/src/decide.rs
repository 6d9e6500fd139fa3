//! Deciding.
//!
//! What decides gives a code: see [`crate::outcome`]. `stage` is the stage's position in [`Stage::ALL`]; `now` is in milliseconds
//! since 1970, NaN for the machine's clock.

use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Decision, Engine, Error, ErrorCode, Prepared, Question, Stage, Timestamp};
use napi::bindgen_prelude::{External, Unknown};
use napi_derive::napi;

use crate::engine::Handle;
use crate::frames::Frames;
use crate::outcome::{REFUSED, STALE, fail, reported};
use crate::text::{utf8, with_units};

/// Decides about a context of the fields in `wanted`, in the form of [`crate::frames`].
#[napi(catch_unwind)]
pub fn evaluate_frames(handle: &External<Handle>, context: Unknown<'_>, stage: u32, now: f64) -> i32 {
    decide_projected(handle, stage, now, |engine, question| {
        with_units(context, |units| engine.evaluate_input(&Frames::new(units), question))
    })
}

/// Decides about a context in JSON, as text.
#[napi(catch_unwind)]
pub fn evaluate_text(handle: &External<Handle>, context: Unknown<'_>, stage: u32, now: f64) -> i32 {
    decide(handle, stage, now, |engine, question| engine.evaluate(with_units(context, utf8)?.as_bytes(), question))
}

/// Decides about a context in JSON, as bytes.
#[napi(catch_unwind)]
pub fn evaluate_bytes(handle: &External<Handle>, context: &[u8], stage: u32, now: f64) -> i32 {
    decide(handle, stage, now, |engine, question| engine.evaluate(context, question))
}

/// Decides about a context that was prepared.
#[napi(catch_unwind)]
pub fn evaluate_prepared(handle: &External<Handle>, prepared: &External<Prepared>, stage: u32, now: f64) -> i32 {
    decide(handle, stage, now, |engine, question| engine.evaluate_prepared(prepared, question))
}

/// Decides about a provider's own body.
#[napi(catch_unwind)]
pub fn evaluate_body(handle: &External<Handle>, format: String, body: &[u8], host: &[u8], stage: u32, now: f64) -> i32 {
    decide(handle, stage, now, |engine, question| engine.evaluate_body(format.parse()?, body, host, question))
}

/// The canonical form of the decision that the last call gave the code of.
#[napi(catch_unwind)]
pub fn take_text(handle: &External<Handle>, code: i32) -> Option<String> {
    handle.outcomes.borrow_mut().take_text(code)
}

/// Leaves the failure that a context is refused for, before it comes here, for `takeFailure`.
#[napi(catch_unwind)]
pub fn refuse(handle: &External<Handle>, message: String, stage: u32) {
    let bundle = handle.with(|engine| Ok(engine.bundle())).unwrap_or_default();
    fail(&Error::new(ErrorCode::InvalidInput, message), Some((stage_at(stage), &bundle)));
}

/// Reads a context in the form of [`crate::frames`] once for many evaluations. Null without a failure: the policies were
/// replaced since `wanted` was read.
#[napi(catch_unwind)]
pub fn prepare_frames(handle: &External<Handle>, context: Unknown<'_>) -> Option<External<Prepared>> {
    let read = reported(|| {
        handle.with(|engine| {
            with_units(context, |units| {
                let before = engine.bundle();
                let prepared = engine.prepare_input(&Frames::new(units));
                let fresh = handle.outcomes.borrow().wanted.as_deref() == Some(&*before) && before == engine.bundle();
                fresh.then_some(prepared).transpose()
            })
        })
    });
    read.flatten().map(External::new)
}

/// Reads a context in JSON, as text, once for many evaluations.
#[napi(catch_unwind)]
pub fn prepare_text(handle: &External<Handle>, context: Unknown<'_>) -> Option<External<Prepared>> {
    let prepare = |engine: &Engine| engine.prepare(with_units(context, utf8)?.as_bytes());
    reported(|| handle.with(prepare)).map(External::new)
}

/// Reads a context in JSON, as bytes, once for many evaluations.
#[napi(catch_unwind)]
pub fn prepare_bytes(handle: &External<Handle>, context: &[u8]) -> Option<External<Prepared>> {
    reported(|| handle.with(|engine| engine.prepare(context))).map(External::new)
}

/// Decides about a context in JSON and says of each rule why it did or did not match; as JSON.
#[napi(catch_unwind)]
pub fn explain(handle: &External<Handle>, context: &[u8], stage: u32, now: f64) -> Option<String> {
    reported(|| handle.with(|engine| Ok(engine.explain(context, question(stage, now)?)?.to_json().to_string())))
}

/// As `explain`, about a provider's own body.
#[napi(catch_unwind)]
pub fn explain_body(
    handle: &External<Handle>,
    format: String,
    body: &[u8],
    host: &[u8],
    stage: u32,
    now: f64,
) -> Option<String> {
    reported(|| {
        handle.with(|engine| {
            let question = question(stage, now)?;
            Ok(engine.explain_body(format.parse()?, body, host, question)?.to_json().to_string())
        })
    })
}

/// Decides; gives the code of what it came to.
#[inline]
pub(crate) fn decide(
    handle: &Handle,
    stage: u32,
    now: f64,
    evaluate: impl FnOnce(&Engine, Question) -> Result<Decision, Error>,
) -> i32 {
    coded(handle, stage, now, false, evaluate)
}

/// As [`decide`], about what was written of the wanted fields alone: [`STALE`] when other policies decided than those. What limits
/// hold for a decision that nobody sees is given back.
#[inline]
pub(crate) fn decide_projected(
    handle: &Handle,
    stage: u32,
    now: f64,
    evaluate: impl FnOnce(&Engine, Question) -> Result<Decision, Error>,
) -> i32 {
    coded(handle, stage, now, true, evaluate)
}

#[inline]
fn coded(
    handle: &Handle,
    stage: u32,
    now: f64,
    is_projected: bool,
    evaluate: impl FnOnce(&Engine, Question) -> Result<Decision, Error>,
) -> i32 {
    let code = guarded(|| {
        handle.with(|engine| {
            let made = question(stage, now).and_then(|question| evaluate(engine, question));
            let mut outcomes = handle.outcomes.borrow_mut();
            let is_stale = is_projected
                && match &made {
                    Ok(decision) => outcomes.wanted.as_deref() != Some(decision.bundle()),
                    Err(_) => outcomes.wanted.as_deref() != Some(&*engine.bundle()),
                };
            if !is_stale {
                return Ok(outcomes.of(engine, stage_at(stage), made));
            }
            if let Some(hold) = made.as_ref().ok().and_then(Decision::hold) {
                // What cannot be given back now expires.
                let _ = engine.release(&hold.to_text());
            }
            Ok(STALE)
        })
    });
    code.unwrap_or_else(|error| {
        fail(&error, None);
        REFUSED
    })
}

/// The stage at a position; a position that is none is refused by [`question`].
pub(crate) fn stage_at(position: u32) -> Stage {
    Stage::ALL.get(position as usize).copied().unwrap_or(Stage::Request)
}

pub(crate) fn question(stage: u32, now: f64) -> Result<Question, Error> {
    let stage = Stage::ALL.get(stage as usize).copied();
    let stage = stage.ok_or_else(|| Error::new(ErrorCode::InvalidArgument, "there is no such stage"))?;
    let now = if now.is_nan() { Timestamp::now() } else { time(now, "`now`")? };
    Ok(Question { stage, now })
}

/// The point in time that is so many milliseconds after 1970; `name` is what messages call it.
pub(crate) fn time(now: f64, name: &str) -> Result<Timestamp, Error> {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit becomes the bound, which is refused")]
    let time = Timestamp::from_microsecond((now * 1000.0).round() as i64);
    time.map_err(|_| Error::new(ErrorCode::InvalidArgument, format!("{name} is outside of the years -9999 to 9999")))
}
