//! Circuit breakers: what became of a call, and switches.

use llm_policy_embed::{Error, Exchange};
use napi::bindgen_prelude::External;
use napi_derive::napi;

use crate::decide::time;
use crate::engine::Handle;
use crate::outcome::reported;

/// Reports what became of a call; `outcome` is JSON.
#[napi(catch_unwind)]
pub fn observe(handle: &External<Handle>, hold: String, outcome: &[u8]) -> Option<bool> {
    reported(|| handle.with(|engine| engine.observe(&hold, outcome))).map(|()| true)
}

/// The same, about the call that an exchange allowed last.
#[napi(catch_unwind)]
pub fn exchange_observe(exchange: &External<Exchange>, outcome: &[u8]) -> Option<bool> {
    reported(|| exchange.observe(outcome)).map(|()| true)
}

/// Switches a breaker off, until a time in milliseconds since 1970, or NaN.
#[napi(catch_unwind)]
pub fn switch_off(
    handle: &External<Handle>,
    breaker: String,
    key: Vec<String>,
    reason: String,
    until: f64,
) -> Option<bool> {
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    let off = || -> Result<bool, Error> {
        let until = if until.is_nan() { None } else { Some(time(until, "`until`")?) };
        handle.with(|engine| engine.switch_off(&breaker, &key, &reason, until))?;
        Ok(true)
    };
    reported(off)
}

/// Takes that back.
#[napi(catch_unwind)]
pub fn switch_on(handle: &External<Handle>, breaker: String, key: Vec<String>) -> Option<bool> {
    let key: Vec<&str> = key.iter().map(String::as_str).collect();
    reported(|| handle.with(|engine| engine.switch_on(&breaker, &key))).map(|()| true)
}

/// The switches that are set, as JSON.
#[napi(catch_unwind)]
pub fn switches(handle: &External<Handle>) -> Option<String> {
    reported(|| handle.with(|engine| Ok(engine.switches_json()?.to_string())))
}
