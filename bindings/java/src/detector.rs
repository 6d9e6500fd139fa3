//! Detectors by themselves: what is found in a text, and the text without it.

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::guard::guarded;
use llm_policy_embed::{Detector, Form};

use crate::env::Env;
use crate::input::text;
use crate::objects::DETECTORS;
use crate::reply::{Reply, replied};

/// Detectors of these options.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_detector(
    env: *mut JNIEnv,
    _: jclass,
    form: jint,
    input: jbyteArray,
    offset: jint,
    length: jint,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        reply.number(DETECTORS.keep(env.with_json(form, input, offset, length, Detector::new)?)?);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// What is found in a text, as JSON.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_scan(
    env: *mut JNIEnv,
    _: jclass,
    detector: jlong,
    scanned: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let scanned = env.bytes(scanned)?;
        let found = DETECTORS.with(detector, |detector| detector.scan(text(&scanned)?))?;
        reply.bytes(found.as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// A text without what is found in it.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_redact(
    env: *mut JNIEnv,
    _: jclass,
    detector: jlong,
    form: jbyteArray,
    style: jbyteArray,
    redacted: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let (form, style, redacted) = (env.bytes(form)?, env.bytes(style)?, env.bytes(redacted)?);
        let form: Form = text(&form)?.parse()?;
        let work = |detector: &Detector| detector.redact(form, text(&style)?, text(&redacted)?);
        reply.bytes(DETECTORS.with(detector, work)?.as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Frees detectors. False when it was freed before.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_freeDetector(
    _: *mut JNIEnv,
    _: jclass,
    detector: jlong,
) -> bool {
    guarded(|| DETECTORS.free(detector)).is_ok()
}
