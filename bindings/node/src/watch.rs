//! What an engine has done: counters and audit records, as JSON.

use llm_policy_embed::AuditOptions;
use napi::bindgen_prelude::External;
use napi_derive::napi;

use crate::engine::Handle;
use crate::outcome::reported;

/// The counters.
#[napi(catch_unwind)]
pub fn metrics(handle: &External<Handle>) -> Option<String> {
    reported(|| handle.with(|engine| Ok(engine.metrics().to_json().to_string())))
}

/// Keeps a record of each evaluation from now on. An empty key is none.
#[napi(catch_unwind)]
pub fn audit_start(handle: &External<Handle>, capacity: u32, key: &[u8]) -> Option<bool> {
    let options = AuditOptions { capacity: capacity as usize, key: (!key.is_empty()).then(|| key.to_vec()) };
    reported(|| handle.with(|engine| engine.audit_start(options))).map(|()| true)
}

/// Keeps no more records.
#[napi(catch_unwind)]
pub fn audit_stop(handle: &External<Handle>) -> Option<bool> {
    reported(|| {
        handle.with(|engine| {
            engine.audit_stop();
            Ok(true)
        })
    })
}

/// Takes out the oldest records.
#[napi(catch_unwind)]
pub fn audit_drain(handle: &External<Handle>, most: u32) -> Option<String> {
    reported(|| handle.with(|engine| Ok(engine.audit_drain(most as usize).to_json().to_string())))
}
