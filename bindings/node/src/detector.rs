//! Detectors by themselves, and what an exchange takes out of bodies and puts back.

use llm_policy_embed::{Detector, Error, Exchange, Format, utf8};
use napi::bindgen_prelude::External;
use napi_derive::napi;

use crate::outcome::reported;

/// Makes detectors of options in JSON.
#[napi(catch_unwind)]
pub fn detector(options: &[u8]) -> Option<External<Detector>> {
    reported(|| Detector::new(options)).map(External::new)
}

/// What is found in a text, as JSON.
#[napi(catch_unwind)]
pub fn detector_scan(detector: &External<Detector>, text: &[u8]) -> Option<String> {
    reported(|| Ok(detector.scan(utf8(text)?)?.to_string()))
}

/// A text without what is found in it.
#[napi(catch_unwind)]
pub fn detector_redact(detector: &External<Detector>, form: String, style: String, text: &[u8]) -> Option<String> {
    reported(|| detector.redact(form.parse()?, &style, utf8(text)?))
}

/// A body without what the last decision of an exchange takes out; `format` is empty for a context.
#[napi(catch_unwind)]
pub fn exchange_redact(exchange: &External<Exchange>, format: String, body: &[u8]) -> Option<String> {
    reported(|| exchange.redact(read_format(&format)?, body))
}

/// A text with the values put back.
#[napi(catch_unwind)]
pub fn exchange_restore(exchange: &External<Exchange>, text: &[u8]) -> Option<String> {
    reported(|| exchange.restore(utf8(text)?))
}

/// A format; none when the name is empty.
pub(crate) fn read_format(name: &str) -> Result<Option<Format>, Error> {
    if name.is_empty() { Ok(None) } else { Ok(Some(name.parse()?)) }
}
