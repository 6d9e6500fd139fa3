//! Answers that stream, and what a conversation takes out of texts and puts back.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Error, Format, Question, Stage};

use crate::env::Env;
use crate::input::{question, text};
use crate::objects::{EXCHANGES, STREAMS};
use crate::reply::{Failure, Reply, replied};

/// A body without what the last decision of an exchange takes out. A null format: a context.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeRedact(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    format: jbyteArray,
    body: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let (format, body) = (named(env, format)?, env.bytes(body)?);
        reply.bytes(EXCHANGES.with(exchange, |exchange| exchange.redact(format, &body))?.as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// A text with the values that an exchange took out.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeRestore(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    restored: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let restored = env.bytes(restored)?;
        let work = |exchange: &llm_policy_embed::Exchange| exchange.restore(text(&restored)?);
        reply.bytes(EXCHANGES.with(exchange, work)?.as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Begins the answer of an exchange as a stream. A null format: plain text.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_stream(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    seconds: jlong,
    nanos: jint,
    format: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let (now, format) = (question(0, seconds, nanos)?.now, named(env, format)?);
        let stream = EXCHANGES.with(exchange, |exchange| exchange.stream(format, now))?;
        reply.number(STREAMS.keep(stream)?);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Takes the next bytes, and gives whether the answer ends here, and what is safe to send on.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_streamPush(
    env: *mut JNIEnv,
    _: jclass,
    stream: jlong,
    chunk: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let push = |chunk: &[u8]| STREAMS.with(stream, |stream| stream.push(chunk));
        let passed = env.with_bytes(chunk, offset, length, push).flatten()?;
        reply.bytes(&[u8::from(passed.is_stopped)]);
        reply.bytes(&passed.bytes);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Ends the answer: gives what was held back, and the decision.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_streamFinish(
    env: *mut JNIEnv,
    _: jclass,
    stream: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        STREAMS.with(stream, |stream| {
            let about = Question { stage: Stage::Response, ..Question::default() };
            let (rest, decision) =
                stream.finish().map_err(|error| Failure::of_decision(error, about, &stream.bundle()))?;
            reply.part(|reply| reply.bytes(&rest));
            reply.decision(&decision);
            Ok(())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Ends the answer because nobody reads on.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_streamAbort(
    env: *mut JNIEnv,
    _: jclass,
    stream: jlong,
) -> jbyteArray {
    let work = |_: Env, _: &mut Reply| Ok(STREAMS.with(stream, |stream| stream.abort())?);
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Frees a stream. False when it was freed before.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_freeStream(
    _: *mut JNIEnv,
    _: jclass,
    stream: jlong,
) -> bool {
    guarded(|| STREAMS.free(stream)).is_ok()
}

/// The format of a name; none for null.
fn named(env: Env, format: jbyteArray) -> Result<Option<Format>, Error> {
    if format.is_null() {
        return Ok(None);
    }
    Ok(Some(text(&env.bytes(format)?)?.parse()?))
}
