//! Engines: opened, replaced, checked, closed.

use std::path::Path;

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong};
use llm_policy_embed::guard::{guarded, self_test_panic};
use llm_policy_embed::{Documents, Error, ErrorCode, Handles, Options};
use serde_json::Value as Json;

use crate::env::Env;
use crate::input::{documents, text, tree};
use crate::objects::{ENGINES, Held, PREPARED};
use crate::reply::{Failure, Reply, replied};

/// The version of what Java and this library say to each other; `Native.ABI` is the same.
const ABI: jint = 2;

/// The version of this interface.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_abi(_: *mut JNIEnv, _: jclass) -> jint {
    ABI
}

/// An engine from the documents at a path.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_open(
    env: *mut JNIEnv,
    _: jclass,
    path: jbyteArray,
    options: jbyteArray,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |env, reply| make(env, reply, at_path(env, path)?, options)) }
}

/// An engine from documents in memory.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_load(
    env: *mut JNIEnv,
    _: jclass,
    framed: jbyteArray,
    options: jbyteArray,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |env, reply| make(env, reply, documents(&env.bytes(framed)?)?, options)) }
}

/// Replaces an engine's policies by those at a path.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_reloadPath(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    path: jbyteArray,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |env, _| reload(engine, at_path(env, path)?)) }
}

/// Replaces an engine's policies by documents in memory.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_reload(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
    framed: jbyteArray,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |env, _| reload(engine, documents(&env.bytes(framed)?)?)) }
}

/// What is wrong with the documents at a path.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_validatePath(
    env: *mut JNIEnv,
    _: jclass,
    path: jbyteArray,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |env, reply| validate(reply, at_path(env, path)?)) }
}

/// What is wrong with documents in memory.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_validate(
    env: *mut JNIEnv,
    _: jclass,
    framed: jbyteArray,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |env, reply| validate(reply, documents(&env.bytes(framed)?)?)) }
}

/// The digest of an engine's documents.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_bundle(
    env: *mut JNIEnv,
    _: jclass,
    engine: jlong,
) -> jbyteArray {
    let work = |_: Env, reply: &mut Reply| {
        ENGINES.with(engine, |held| {
            reply.bytes(held.engine.bundle().as_bytes());
            Ok(())
        })
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Closes an engine. Calls that are under way finish. False when it was closed before.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_close(_: *mut JNIEnv, _: jclass, engine: jlong) -> bool {
    guarded(|| ENGINES.free(engine)).is_ok()
}

/// Frees a prepared input. False when it was freed before.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_github_llmpolicyengine_Native_freePrepared(
    _: *mut JNIEnv,
    _: jclass,
    prepared: jlong,
) -> bool {
    guarded(|| PREPARED.free(prepared)).is_ok()
}

/// JSON text as a packed value.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_pack(
    env: *mut JNIEnv,
    _: jclass,
    json: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        let parsed: Result<Json, _> = serde_json::from_slice(&env.bytes(json)?);
        let refused = |error: serde_json::Error| Failure::from(Error::new(ErrorCode::InvalidInput, error.to_string()));
        reply.tree(&parsed.map_err(refused)?);
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// A packed value as JSON text.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_unpack(
    env: *mut JNIEnv,
    _: jclass,
    packed: jbyteArray,
) -> jbyteArray {
    let work = |env: Env, reply: &mut Reply| {
        reply.bytes(tree(&env.bytes(packed)?)?.to_string().as_bytes());
        Ok(())
    };
    // SAFETY: the JVM made the call.
    unsafe { replied(env, work) }
}

/// Panics inside of the panic boundary on purpose.
///
/// # Safety
/// Called by the JVM as `Native` declares it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_io_github_llmpolicyengine_Native_selfTestPanic(
    env: *mut JNIEnv,
    _: jclass,
) -> jbyteArray {
    // SAFETY: the JVM made the call.
    unsafe { replied(env, |_, _| Ok(self_test_panic()?)) }
}

fn make(env: Env, reply: &mut Reply, documents: Documents, options: jbyteArray) -> Result<(), Failure> {
    let (options, handles, store) = read_options(&env.bytes(options)?)?;
    let mut engine = documents.check(options).into_engine()?;
    if !store.is_empty() {
        engine = engine.with_store_at(&store)?;
    }
    reply.number(ENGINES.keep(Held::new(engine, handles))?);
    Ok(())
}

fn reload(engine: jlong, documents: Documents) -> Result<(), Failure> {
    Ok(ENGINES.with(engine, |held| held.engine.reload(documents).map(drop))?)
}

fn validate(reply: &mut Reply, documents: Documents) -> Result<(), Failure> {
    reply.tree(&documents.check(Options::default()).to_json());
    Ok(())
}

fn at_path(env: Env, path: jbyteArray) -> Result<Documents, Error> {
    let path = env.bytes(path)?;
    let mut documents = Documents::new();
    documents.add_path(Path::new(text(&path)?))?;
    Ok(documents)
}

/// `{"handles": "redact,route", "allow_without_policy": false, "store": ""}`, packed; the store is a URL, or empty.
fn read_options(packed: &[u8]) -> Result<(Options, Handles, String), Error> {
    let given = tree(packed)?;
    let handles = given.get("handles").and_then(Json::as_str).unwrap_or_default();
    let handles: Handles = handles.parse()?;
    let allow_without_policy = given.get("allow_without_policy").and_then(Json::as_bool).unwrap_or(false);
    let store = given.get("store").and_then(Json::as_str).unwrap_or_default().to_owned();
    Ok((Options { allow_without_policy, ..Options::default() }, handles, store))
}
