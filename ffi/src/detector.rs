//! Detectors by themselves: what is found in a text, and the text without it.

use llm_policy_embed::objects::Objects;
use llm_policy_embed::{Detector, Error, Form};

use crate::error::{lpe_error, put, reported};
use crate::memory::{lpe_buffer, lpe_str};
use crate::objects::no_such;

/// Detectors, made from options. 0 is none.
pub type lpe_detector = u64;

static DETECTORS: Objects<Detector> = Objects::new(6, "detector", no_such);

/// Makes detectors. `options` is a JSON object, or empty; each part may be left out: `profile` (`chat`, `code`, `argument`, `sql`),
/// `families`, `kinds`, `regions`, `allow` (lists of texts), `thresholds` (scores from 0 to 1 by family or kind), `patterns`
/// (regular expressions by name), `max_bytes`, `key` (the secret that hashes are keyed with; random).
///
/// # Safety
/// `options` lends bytes; `detector` points to a number to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_detector_new(options: lpe_str, detector: *mut lpe_detector, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe { put(detector, 0, error, || DETECTORS.keep(Detector::new(options.bytes()?)?)) }
}

/// Finds in a text. `findings` gets a JSON object: `findings`, each with `family`, `kind`, `score` (0 to 100), and its place as
/// `[start, end]` in `bytes` of UTF-8, in `utf16` units and in `chars` (code points); `complete` is false when `beyond` bytes were
/// not read. It holds nothing of the text.
///
/// # Safety
/// `text` lends bytes; `findings` points to a buffer to be written; `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_detector_scan(
    detector: lpe_detector,
    text: lpe_str,
    findings: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(findings, lpe_buffer::EMPTY, error, || {
            let text = text.text("the text")?;
            with_detector(detector, |detector| Ok(lpe_buffer::new(detector.scan(text)?)))
        })
    }
}

/// Takes out of a text what is found in it. `form` says what the text is: empty or `text`; `json`, whose texts, numbers and names
/// are redacted in place; or the name of a provider's format, whose body is a request, or an answer with `/response` behind the
/// name. `style` is `placeholder`, `label`, `mask`, `partial`, `hash` or `remove`.
///
/// # Safety
/// `form`, `style` and `text` lend bytes; `redacted` points to a buffer to be written; `error` is null or points to an
/// `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_detector_redact(
    detector: lpe_detector,
    form: lpe_str,
    style: lpe_str,
    text: lpe_str,
    redacted: *mut lpe_buffer,
    error: *mut lpe_error,
) -> i32 {
    // SAFETY: what the pointers point to is the caller's promise.
    unsafe {
        put(redacted, lpe_buffer::EMPTY, error, || {
            let form: Form = form.text("the form")?.parse()?;
            let (style, text) = (style.text("the style")?, text.text("the text")?);
            with_detector(detector, |detector| Ok(lpe_buffer::new(detector.redact(form, style, text)?)))
        })
    }
}

/// Frees detectors.
///
/// # Safety
/// `error` is null or points to an `lpe_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lpe_detector_free(detector: lpe_detector, error: *mut lpe_error) -> i32 {
    // SAFETY: what the pointer points to is the caller's promise.
    unsafe { reported(error, || DETECTORS.free(detector)) }
}

fn with_detector<T>(detector: lpe_detector, work: impl FnOnce(&Detector) -> Result<T, Error>) -> Result<T, Error> {
    DETECTORS.with(detector, work)
}
