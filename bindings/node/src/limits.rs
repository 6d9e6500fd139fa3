//! Limits: decisions that take nothing, and closing what is held for a request. What closes gives the name of what became of it.

use llm_policy_embed::{Closed, Exchange};
use napi::bindgen_prelude::External;
use napi_derive::napi;

use crate::decide::decide;
use crate::engine::Handle;
use crate::outcome::reported;

/// As `evaluateBytes`, and takes nothing from limits.
#[napi(catch_unwind)]
pub fn dry_run(handle: &External<Handle>, context: &[u8], stage: u32, now: f64) -> i32 {
    decide(handle, stage, now, |engine, question| engine.dry_run(context, question))
}

/// The same, about a provider's body and what the host says beside it.
#[napi(catch_unwind)]
pub fn dry_run_body(handle: &External<Handle>, format: String, body: &[u8], host: &[u8], stage: u32, now: f64) -> i32 {
    decide(handle, stage, now, |engine, question| engine.dry_run_body(format.parse()?, body, host, question))
}

/// Closes what is held for a request; `used` is JSON.
#[napi(catch_unwind)]
pub fn settle(handle: &External<Handle>, hold: String, used: &[u8]) -> Option<&'static str> {
    reported(|| handle.with(|engine| engine.settle(&hold, used))).map(Closed::name)
}

/// Gives back what is held for a request.
#[napi(catch_unwind)]
pub fn release(handle: &External<Handle>, hold: String) -> Option<&'static str> {
    reported(|| handle.with(|engine| engine.release(&hold))).map(Closed::name)
}

/// Lets what is held for a request live on for another lease.
#[napi(catch_unwind)]
pub fn extend(handle: &External<Handle>, hold: String) -> Option<&'static str> {
    reported(|| handle.with(|engine| engine.extend(&hold))).map(Closed::name)
}

/// What is held for the request of an exchange; empty when nothing is.
#[napi(catch_unwind)]
pub fn exchange_hold(exchange: &External<Exchange>) -> Option<String> {
    reported(|| Ok(exchange.hold()?.unwrap_or_default()))
}

/// Closes what is held for the request of an exchange; without `used`, with what the answer says that was decided about.
#[napi(catch_unwind)]
pub fn exchange_settle(exchange: &External<Exchange>, used: Option<&[u8]>) -> Option<&'static str> {
    reported(|| exchange.settle(used)).map(Closed::name)
}

/// The same, with what a provider's answer says, about which nothing is decided.
#[napi(catch_unwind)]
pub fn exchange_settle_body(exchange: &External<Exchange>, format: String, answer: &[u8]) -> Option<&'static str> {
    reported(|| exchange.settle_body(format.parse()?, answer)).map(Closed::name)
}

/// Gives back what is held for the request of an exchange.
#[napi(catch_unwind)]
pub fn exchange_release(exchange: &External<Exchange>) -> Option<&'static str> {
    reported(|| exchange.release()).map(Closed::name)
}
