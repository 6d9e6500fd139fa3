//! Deciding.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Error, ErrorCode, Format};

use crate::env::Env;
use crate::input::{Input, frame, question, text};
use crate::objects::{ENGINES, PREPARED};
use crate::reply::{Failure, Reply, decided, replied};

/// Decides about an input.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_evaluate(
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
            let made =
                env.with_bytes(input, offset, length, |bytes| Input::new(form, bytes).evaluate(&held.engine, question));
            decided(reply, &held.engine, question, made.flatten())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Decides about a prepared input.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_evaluatePrepared(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    prepared: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let made = PREPARED.with(prepared, |prepared| held.engine.evaluate_prepared(prepared, question));
            decided(reply, &held.engine, question, made)
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Whether an input is allowed with nothing left for the host to carry out: 1, 0, or -1 for a failure.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_allows(
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
) -> jint {
    // SAFETY: the JVM made the call.
    let env = unsafe { Env::new(env) };
    answer(|| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let evaluate = |bytes: &[u8]| Input::new(form, bytes).evaluate(&held.without_handles, question);
            Ok(env.with_bytes(input, offset, length, evaluate)??.allowed())
        })
    })
}

/// As `allows`, about a prepared input.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_allowsPrepared(
    _: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    prepared: jlong,
) -> jint {
    answer(|| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            PREPARED
                .with(prepared, |prepared| Ok(held.without_handles.evaluate_prepared(prepared, question)?.allowed()))
        })
    })
}

/// Decides about a provider's own body, and about what the host says beside it.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_evaluateBody(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    format: jbyteArray,
    body: jbyteArray,
    form: jint,
    host: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let (question, format) = (question(stage, seconds, nanos)?, read_format(env, format)?);
        ENGINES.with(engine, |held| {
            let made = env.bytes(body).and_then(|body| {
                env.with_bytes(host, offset, length, |host| {
                    held.engine.evaluate_body(format, &body, &Input::new(form, host).json()?, question)
                })
                .flatten()
            });
            decided(reply, &held.engine, question, made)
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Decides about many inputs: a frame of inputs, each after a byte with its form, gives a frame of replies.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_evaluateBatch(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    framed: jbyteArray,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            env.with_bytes(framed, 0, length, |framed| {
                for part in frame(framed)? {
                    let (form, input) = part.split_first().unwrap_or((&0, &[]));
                    let made = Input::new(i32::from(*form), input).evaluate(&held.engine, question);
                    let mut one = Reply::new();
                    let one = match decided(&mut one, &held.engine, question, made) {
                        Ok(()) => one,
                        Err(failure) => Reply::failed(&failure),
                    };
                    reply.part(|reply| reply.bytes(&one.into_bytes()));
                }
                Ok(())
            })?
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Decides, and says of each rule and clause why it did or did not match.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_explain(
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
            let explain = |bytes: &[u8]| held.engine.explain(&Input::new(form, bytes).json()?, question);
            let made = env.with_bytes(input, offset, length, explain).flatten();
            explained(reply, made.map_err(|error| Failure::of_decision(error, question, &held.engine.bundle())))
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// As `explain`, about a provider's own body.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_explainBody(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    seconds: jlong,
    nanos: jint,
    format: jbyteArray,
    body: jbyteArray,
    form: jint,
    host: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let (question, format, body) = (question(stage, seconds, nanos)?, read_format(env, format)?, env.bytes(body)?);
        ENGINES.with(engine, |held| {
            let explain =
                |host: &[u8]| held.engine.explain_body(format, &body, &Input::new(form, host).json()?, question);
            let made = env.with_bytes(host, offset, length, explain).flatten();
            explained(reply, made.map_err(|error| Failure::of_decision(error, question, &held.engine.bundle())))
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Reads an input once for many evaluations.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_prepare(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let prepare = |bytes: &[u8]| ENGINES.with(engine, |held| Input::new(form, bytes).prepare(&held.engine));
        reply.number(PREPARED.keep(env.with_bytes(input, offset, length, prepare)??)?);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

fn explained(reply: &mut Reply, made: Result<llm_policy_embed::explain::Explanation, Failure>) -> Result<(), Failure> {
    reply.tree(&made?.to_json());
    Ok(())
}

fn answer(work: impl FnOnce() -> Result<bool, Error>) -> jint {
    guarded(work).map_or(-1, jint::from)
}

pub(crate) fn read_format(env: Env, name: jbyteArray) -> Result<Format, Error> {
    let name = env.bytes(name)?;
    text(&name)?
        .parse()
        .map_err(|error: llm_policy_embed::UnknownFormat| Error::new(ErrorCode::InvalidArgument, error.to_string()))
}
