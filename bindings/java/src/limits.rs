//! Limits and circuit breakers: decisions that take nothing, closing what is held, what became of a call, and switches.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::{Closed, Error, ErrorCode, Timestamp, canonical};

use crate::env::Env;
use crate::input::{frame, question, text};
use crate::objects::{ENGINES, EXCHANGES};
use crate::reply::{Failure, Reply, decided, replied};

/// Decides, and takes nothing from limits.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_dryRun(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let ask = |input: &[u8]| held.engine.dry_run(input, question);
            decided(reply, &held.engine, question, env.with_json(form, input, offset, length, ask))
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Closes what is held, with what was used.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_settle(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    hold: jbyteArray,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let hold = env.bytes(hold)?;
        let settle = |used: &[u8]| ENGINES.with(engine, |held| held.engine.settle(text(&hold)?, used));
        closed(reply, env.with_json(form, input, offset, length, settle))
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Gives back what is held.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_release(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    hold: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let hold = env.bytes(hold)?;
        closed(reply, ENGINES.with(engine, |held| held.engine.release(text(&hold)?)))
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Lets what is held live on.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_extend(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    hold: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let hold = env.bytes(hold)?;
        closed(reply, ENGINES.with(engine, |held| held.engine.extend(text(&hold)?)))
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Reports what became of a call.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_observe(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    hold: jbyteArray,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let hold = env.bytes(hold)?;
        let observe = |outcome: &[u8]| ENGINES.with(engine, |held| held.engine.observe(text(&hold)?, outcome));
        Ok(env.with_json(form, input, offset, length, observe)?)
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Closes what is held for an exchange, with what was used; a null array: with what the answer says.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeSettle(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let settle = |used: Option<&[u8]>| EXCHANGES.with(exchange, |exchange| exchange.settle(used));
        let settled = if input.is_null() {
            settle(None)
        } else {
            env.with_json(form, input, offset, length, |used| settle(Some(used)))
        };
        closed(reply, settled)
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Gives back what is held for an exchange.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeRelease(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| closed(reply, EXCHANGES.with(exchange, |exchange| exchange.release()));
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Reports what became of the call that an exchange allowed last.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeObserve(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let observe = |outcome: &[u8]| EXCHANGES.with(exchange, |exchange| exchange.observe(outcome));
        Ok(env.with_json(form, input, offset, length, observe)?)
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// What is held for an exchange.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_exchangeHold(
    env: *mut JNIEnv,
    _: jclass,
    exchange: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        let hold = EXCHANGES.with(exchange, |exchange| exchange.hold())?;
        reply.bytes(hold.unwrap_or_default().as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Switches a breaker off: until a time, or, for `i64::MAX` seconds, without an end. The key is a frame of texts.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_switchOff(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    breaker: jbyteArray,
    key: jbyteArray,
    reason: jbyteArray,
    seconds: jlong,
    nanos: jint,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let (breaker, key, reason) = (env.bytes(breaker)?, env.bytes(key)?, env.bytes(reason)?);
        let until = match seconds {
            i64::MAX => None,
            seconds => Some(Timestamp::new(seconds, nanos).map_err(|_| {
                Error::new(ErrorCode::InvalidArgument, "the time until which it is switched off is no time")
            })?),
        };
        let (breaker, key, reason) = (text(&breaker)?, parts(&key)?, text(&reason)?);
        Ok(ENGINES.with(engine, |held| held.engine.switch_off(breaker, &key, reason, until))?)
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Switches a breaker on again.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_switchOn(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    breaker: jbyteArray,
    key: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let (breaker, key) = (env.bytes(breaker)?, env.bytes(key)?);
        let (breaker, key) = (text(&breaker)?, parts(&key)?);
        Ok(ENGINES.with(engine, |held| held.engine.switch_on(breaker, &key))?)
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// What is switched off, as JSON.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_switches(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        let list = ENGINES.with(engine, |held| held.engine.switches_json())?;
        reply.bytes(canonical::to_string(&list).as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

fn closed(reply: &mut Reply, closed: Result<Closed, Error>) -> Result<(), Failure> {
    reply.number(u64::from(closed?.number().unsigned_abs()));
    Ok(())
}

/// The parts of a breaker's key.
fn parts(framed: &[u8]) -> Result<Vec<&str>, Error> {
    frame(framed)?.into_iter().map(text).collect()
}
