//! Exchanges: the stages of one turn.

use llm_policy_embed::{Decision, Error, ErrorCode, Exchange, Question};
use napi::bindgen_prelude::External;
use napi_derive::napi;

use crate::decide::{question, stage_at};
use crate::engine::Handle;
use crate::outcome::{fail, reported, said};

/// Begins an exchange with what the host says, a context in JSON.
#[napi(catch_unwind)]
pub fn exchange(handle: &External<Handle>, host: &[u8]) -> Option<External<Exchange>> {
    reported(|| handle.with(|engine| engine.exchange(host))).map(External::new)
}

/// Goes on with an exchange that was saved.
#[napi(catch_unwind)]
pub fn resume(handle: &External<Handle>, state: &[u8]) -> Option<External<Exchange>> {
    reported(|| handle.with(|engine| engine.resume(state))).map(External::new)
}

/// Decides about a stage's body, a context in JSON; gives what the decision says.
#[napi(catch_unwind)]
pub fn exchange_evaluate(exchange: &External<Exchange>, body: &[u8], stage: u32, now: f64) -> Option<String> {
    ask(exchange, stage, now, |question| exchange.evaluate(body, question))
}

/// As `exchangeEvaluate`, about a provider's own body.
#[napi(catch_unwind)]
pub fn exchange_evaluate_body(
    exchange: &External<Exchange>,
    format: String,
    body: &[u8],
    stage: u32,
    now: f64,
) -> Option<String> {
    ask(exchange, stage, now, |question| exchange.evaluate_body(format.parse()?, body, question))
}

/// As `refuse`, for an exchange.
#[napi(catch_unwind)]
pub fn exchange_refuse(exchange: &External<Exchange>, message: String, stage: u32) {
    fail(&Error::new(ErrorCode::InvalidInput, message), Some((stage_at(stage), &exchange.bundle())));
}

/// The exchange as text, for `resume`.
#[napi(catch_unwind)]
pub fn exchange_save(exchange: &External<Exchange>) -> Option<String> {
    reported(|| exchange.to_json())
}

/// The digest of the documents that decide.
#[napi(catch_unwind)]
pub fn exchange_bundle(exchange: &External<Exchange>) -> Option<String> {
    reported(|| Ok(exchange.bundle().to_string()))
}

fn ask(
    exchange: &Exchange,
    stage: u32,
    now: f64,
    evaluate: impl FnOnce(Question) -> Result<Decision, Error>,
) -> Option<String> {
    reported(|| {
        let question = question(stage, now)?;
        Ok(match evaluate(question) {
            Ok(decision) => Some(said(&decision)),
            Err(error) => {
                fail(&error, Some((question.stage, &exchange.bundle())));
                None
            }
        })
    })
    .flatten()
}
