//! Answers that stream.

use llm_policy_embed::{Exchange, Stage, Stream, Timestamp};
use napi::bindgen_prelude::{Buffer, External};
use napi_derive::napi;

use crate::decide::time;
use crate::detector::read_format;
use crate::outcome::{fail, reported, said};

/// What a part of an answer came to.
#[napi(object)]
pub struct PassedPart {
    /// What is safe to send on.
    pub bytes: Buffer,
    /// The answer ends here.
    pub stopped: bool,
}

/// What the end of an answer came to.
#[napi(object)]
pub struct FinishedAnswer {
    /// What was held back and is safe to send on.
    pub bytes: Buffer,
    /// What the decision says.
    pub decision: String,
}

/// Begins the answer of a turn; `format` is empty for plain text, and `now` NaN for the machine's clock.
#[napi(catch_unwind)]
pub fn stream(exchange: &External<Exchange>, format: String, now: f64) -> Option<External<Stream>> {
    let begin = || {
        let now = if now.is_nan() { Timestamp::now() } else { time(now, "`now`")? };
        exchange.stream(read_format(&format)?, now)
    };
    reported(begin).map(External::new)
}

/// How the policies judge the answer.
#[napi(catch_unwind)]
pub fn stream_class(stream: &External<Stream>) -> &'static str {
    stream.class().name()
}

/// The next part of the answer.
#[napi(catch_unwind)]
pub fn stream_push(stream: &External<Stream>, part: &[u8]) -> Option<PassedPart> {
    let passed = reported(|| stream.push(part))?;
    Some(PassedPart { bytes: passed.bytes.into(), stopped: passed.is_stopped })
}

/// The end of the answer.
#[napi(catch_unwind)]
pub fn stream_finish(stream: &External<Stream>) -> Option<FinishedAnswer> {
    let finished = reported(|| {
        Ok(match stream.finish() {
            Ok((rest, decision)) => Some((rest, said(&decision))),
            Err(error) => {
                fail(&error, Some((Stage::Response, &stream.bundle())));
                None
            }
        })
    });
    let (rest, decision) = finished.flatten()?;
    Some(FinishedAnswer { bytes: rest.into(), decision })
}

/// Ends the answer because nobody reads on.
#[napi(catch_unwind)]
pub fn stream_abort(stream: &External<Stream>) -> Option<bool> {
    reported(|| stream.abort()).map(|()| true)
}
