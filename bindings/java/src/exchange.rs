//! The stages of one turn.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Decision, Error, Exchange, Question};

use crate::env::Env;
use crate::evaluate::{read_body, refused};
use crate::input::question;
use crate::objects::{ENGINES, EXCHANGES};
use crate::reply::{Failure, Reply, replied};

/// Begins an exchange for what the host says.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchange(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    form: jint,
    host: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let begin = |host: &[u8]| ENGINES.with(engine, |held| held.engine.exchange(host));
        reply.number(EXCHANGES.keep(env.with_json(form, host, offset, length, begin)?)?);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Goes on with an exchange that was written down.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_resume(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    state: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let state = env.bytes(state)?;
        reply.number(EXCHANGES.keep(ENGINES.with(engine, |held| held.engine.resume(&state))?)?);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Decides about what is new in a stage.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeEvaluate(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        decide(reply, exchange, question(stage, seconds, nanos)?, |exchange, question| {
            env.with_json(form, input, offset, length, |body| exchange.evaluate(body, question))
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Decides about a provider's own body.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeBody(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    format: jbyteArray,
    body: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        decide(reply, exchange, question(stage, seconds, nanos)?, |exchange, question| {
            let (format, body) = read_body(env, format, body)?;
            exchange.evaluate_body(format, &body, question)
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// As `refuse`, for an exchange.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeRefuse(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    stage: jint,
    message: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let (question, message) = (question(stage, i64::MIN, 0)?, env.bytes(message)?);
        EXCHANGES.with(exchange, |exchange| Err(refused(&message, question, &exchange.bundle())))
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// The exchange as JSON.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeState(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        EXCHANGES.with(exchange, |exchange| {
            reply.bytes(exchange.to_json()?.as_bytes());
            Ok(())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Frees an exchange. False when it was freed before.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_freeExchange(
    _: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
) -> bool {
    guarded(|| EXCHANGES.free(exchange)).is_ok()
}

fn decide(
    reply: &mut Reply,
    exchange: jlong,
    question: Question,
    evaluate: impl FnOnce(&Exchange, Question) -> Result<Decision, Error>,
) -> Result<(), Failure> {
    EXCHANGES.with(exchange, |exchange| {
        let failed = |error| Failure::of_decision(error, question, &exchange.bundle());
        reply.decision(&evaluate(exchange, question).map_err(failed)?);
        Ok(())
    })
}
