//! What an engine has done: counters, and audit records.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::AuditOptions;

use crate::env::Env;
use crate::objects::ENGINES;
use crate::reply::{Reply, replied};

/// The counters of an engine.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_metrics(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        ENGINES.with(engine, |held| {
            reply.tree(&held.engine.metrics().to_json());
            Ok(())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Keeps records from now on: so many at most (0: the default), with digests under a key unless that is null.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_auditStart(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    capacity: jint,
    key: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, _: &mut Reply| {
        let mut options = AuditOptions::default();
        if let Some(capacity) = usize::try_from(capacity).ok().filter(|capacity| *capacity > 0) {
            options.capacity = capacity;
        }
        options.key = if key.is_null() { None } else { Some(env.bytes(key)?) };
        Ok(ENGINES.with(engine, |held| held.engine.audit_start(options))?)
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Keeps no more records.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_auditStop(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
) -> jbyteArray {
    let work = |_: Env, _: &mut Reply| {
        ENGINES.with(engine, |held| {
            held.engine.audit_stop();
            Ok(())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Takes out the oldest records.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_auditDrain(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    most: jint,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        ENGINES.with(engine, |held| {
            reply.tree(&held.engine.audit_drain(usize::try_from(most).unwrap_or(0)).to_json());
            Ok(())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}
