//! Many contexts in one call.

use std::str;

use llm_policy_embed::{Error, ErrorCode};
use napi::bindgen_prelude::{External, Uint8Array, Unknown};
use napi_derive::napi;

use crate::decide::{decide, decide_projected};
use crate::engine::Handle;
use crate::frames::Frames;
use crate::outcome::{REFUSED, STALE, reported, take_failure};
use crate::text::{utf8, with_units};

/// What a batch came to.
#[napi(object)]
#[derive(Debug)]
pub struct Batch {
    /// A code for each context, in order, up to the first for which the policies were replaced since `wanted` was read.
    pub codes: Vec<i32>,
    /// For each code what it stands for, where JavaScript cannot have seen that before: of `REFUSED` it is the failure.
    pub texts: Vec<Option<String>>,
}

/// Decides about each of the contexts that `written` has one behind the other. Each begins with a letter and a number in decimal
/// and a colon: `o`, of an object, and `t`, of JSON as text, with the number of the UTF-16 units that follow, in the form of
/// [`crate::frames`] or as they are; `b` with a position in `bytes`.
#[napi(catch_unwind)]
pub fn evaluate_batch(
    handle: &External<Handle>,
    written: Unknown<'_>,
    bytes: Vec<Uint8Array>,
    stage: u32,
    now: f64,
) -> Option<Batch> {
    reported(|| with_units(written, |units| run(handle, units, &bytes, stage, now)))
}

fn run(handle: &Handle, units: &[u16], bytes: &[Uint8Array], stage: u32, now: f64) -> Result<Batch, Error> {
    let mut batch = Batch { codes: Vec::new(), texts: Vec::new() };
    let before = handle.outcomes.borrow().next();
    let mut rest = units;
    while let Some((letter, number, behind)) = head(rest) {
        rest = behind;
        let mut take = || {
            let (taken, left) = rest.split_at_checked(number).ok_or_else(broken)?;
            rest = left;
            Ok::<_, Error>(taken)
        };
        let code = match letter {
            b'o' => {
                let taken = take()?;
                decide_projected(handle, stage, now, |engine, question| {
                    engine.evaluate_input(&Frames::new(taken), question)
                })
            }
            b't' => {
                let taken = take()?;
                decide(handle, stage, now, |engine, question| engine.evaluate(utf8(taken)?.as_bytes(), question))
            }
            b'b' => {
                let bytes = bytes.get(number).ok_or_else(broken)?;
                decide(handle, stage, now, |engine, question| engine.evaluate(bytes, question))
            }
            _ => return Err(broken()),
        };
        if code == STALE {
            return Ok(batch);
        }
        batch.codes.push(code);
        batch.texts.push(if code == REFUSED {
            take_failure()
        } else {
            handle.outcomes.borrow_mut().take_since(code, before)
        });
    }
    if rest.is_empty() { Ok(batch) } else { Err(broken()) }
}

/// The letter and the number at the beginning, and what is behind the colon.
fn head(units: &[u16]) -> Option<(u8, usize, &[u16])> {
    let (letter, rest) = units.split_first()?;
    let colon = rest.iter().take(20).position(|unit| *unit == u16::from(b':'))?;
    let digits: Vec<u8> = rest.iter().take(colon).map(|unit| u8::try_from(*unit).unwrap_or(b'?')).collect();
    let number = str::from_utf8(&digits).ok()?.parse().ok()?;
    Some((u8::try_from(*letter).ok()?, number, rest.get(colon + 1..)?))
}

/// What the JavaScript half never writes.
#[cold]
fn broken() -> Error {
    Error::new(ErrorCode::InternalError, "not a batch as this package writes it")
}
