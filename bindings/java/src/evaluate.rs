//! Deciding.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong, jobject};
use llm_policy_embed::explain::Explanation;
use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Engine, Error, ErrorCode, Format, Question};

use crate::env::Env;
use crate::input::{Input, frame, question, text};
use crate::objects::{ENGINES, PREPARED};
use crate::reply::{Failure, Reply, decided, decided_before, replied, replied_or_object};

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
) -> jobject {
    let work = |env: Env, reply: &mut Reply| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let made =
                env.with_bytes(input, offset, length, |bytes| Input::new(form, bytes).evaluate(&held.engine, question));
            decided_before(env, reply, held, question, made.flatten())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied_or_object(env, work) }
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
) -> jobject {
    let work = |env: Env, reply: &mut Reply| {
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let made = PREPARED.with(prepared, |prepared| held.engine.evaluate_prepared(prepared, question));
            decided_before(env, reply, held, question, made)
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied_or_object(env, work) }
}

/// Keeps the object that was made of a decision, for the next decision that is the same.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_keep(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    ticket: jlong,
    decision: jobject,
) {
    // SAFETY: the JVM made the call.
    let env = unsafe { Env::new(env) };
    let kept: Result<(), Error> = guarded(|| {
        ENGINES.with(engine, |held| {
            held.shared.keep(ticket.cast_unsigned(), || env.keep(decision));
            Ok(())
        })
    });
    // An engine that was closed keeps nothing, and that is no failure.
    drop(kept);
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
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let made = with_body(env, (format, body), (form, host, offset, length), |format, body, host| {
                held.engine.evaluate_body(format, body, host, question)
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
            let made = env.with_json(form, input, offset, length, |input| held.engine.explain(input, question));
            explained(reply, &held.engine, question, made)
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
        let question = question(stage, seconds, nanos)?;
        ENGINES.with(engine, |held| {
            let made = with_body(env, (format, body), (form, host, offset, length), |format, body, host| {
                held.engine.explain_body(format, body, host, question)
            });
            explained(reply, &held.engine, question, made)
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

/// The failure of an evaluation whose input could not be written: `message` says why.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_refuse(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    stage: jint,
    message: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let (question, message) = (question(stage, i64::MIN, 0)?, env.bytes(message)?);
        ENGINES.with(engine, |held| Err(refused(&message, question, &held.engine.bundle())))
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// What Java refused before it came here, as a failure like any other.
pub(crate) fn refused(message: &[u8], question: Question, bundle: &str) -> Failure {
    let error = Error::new(ErrorCode::InvalidInput, String::from_utf8_lossy(message));
    Failure::of_decision(error, question, bundle)
}

/// What `work` makes of a provider's body, and of what the host says beside it, in JSON.
fn with_body<R>(
    env: Env,
    (format, body): (jbyteArray, jbyteArray),
    (form, host, offset, length): (jint, jbyteArray, jint, jint),
    work: impl FnOnce(Format, &[u8], &[u8]) -> Result<R, Error>,
) -> Result<R, Error> {
    let (format, body) = read_body(env, format, body)?;
    env.with_json(form, host, offset, length, |host| work(format, &body, host))
}

/// An explanation, or the failure with the deny that stands for the decision.
fn explained(
    reply: &mut Reply,
    engine: &Engine,
    question: Question,
    made: Result<Explanation, Error>,
) -> Result<(), Failure> {
    let made = made.map_err(|error| Failure::of_decision(error, question, &engine.bundle()))?;
    reply.tree(&made.to_json());
    Ok(())
}

fn answer(work: impl FnOnce() -> Result<bool, Error>) -> jint {
    guarded(work).map_or(-1, jint::from)
}

/// A provider's format and body.
pub(crate) fn read_body(env: Env, format: jbyteArray, body: jbyteArray) -> Result<(Format, Vec<u8>), Error> {
    let name = env.bytes(format)?;
    Ok((text(&name)?.parse::<Format>()?, env.bytes(body)?))
}
