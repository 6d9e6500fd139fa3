//! Detectors by themselves: what is found in a text, and the text without it.

use std::sync::Arc;

use llm_policy_embed::{self as embed, Error, ErrorCode, utf8};
use serde::{Deserialize, Deserializer};

use crate::error::{PolicyError, run};
use crate::objects::{DETECTORS, Kept};

/// Finds personal data, secrets, injections and more in texts, without a policy. Any number of threads may use one.
#[derive(Debug, uniffi::Object)]
pub struct Detector {
    inner: Kept<embed::Detector>,
}

/// What was found in a text. No part of the text is in it.
#[derive(Clone, Debug, PartialEq, Deserialize, uniffi::Record)]
pub struct Scan {
    /// In the order of the text.
    pub findings: Vec<DetectorFinding>,
    /// Whether all of the text was read. Else nobody knows what is in the rest.
    pub complete: bool,
    /// How many bytes of UTF-8 were read.
    pub scanned: u64,
    /// How many bytes at the end were not.
    pub beyond: u64,
    /// The same as canonical JSON, with scores from 0 to 100.
    #[serde(skip)]
    pub json: String,
}

/// Something that a detector found.
#[derive(Clone, Debug, PartialEq, Deserialize, uniffi::Record)]
pub struct DetectorFinding {
    /// The family of detectors: `pii`, `secret`.
    pub family: String,
    /// What it is: `email`.
    pub kind: String,
    /// How sure that is, from 0 to 1, as decisions have it.
    #[serde(deserialize_with = "of_hundred")]
    pub score: f64,
    /// Where it is, in bytes of UTF-8.
    pub bytes: Span,
    /// Where it is, in units of UTF-16.
    pub utf16: Span,
    /// Where it is, in code points.
    pub chars: Span,
    /// The form of the text in which it was found: `text`, `decoded`.
    pub view: String,
    /// What speaks for it: `checksum`.
    pub signs: Vec<String>,
}

/// A place in a text. Signed, as the languages count; a text that is read is at most 64 MiB long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, uniffi::Record)]
pub struct Span {
    /// Where it begins.
    pub start: i32,
    /// Where it ends: what stands there is no part of it.
    pub end: i32,
}

#[uniffi::export]
impl Detector {
    /// Detectors of these options, an object in JSON; each field may be left out, and empty bytes are no options.
    ///
    /// * `profile`: what the texts are: `chat` (default), `code`, `argument` or `sql`.
    /// * `families`: the families of detectors, by name; all.
    /// * `kinds`: kinds that are looked for besides. Without `families`, only these.
    /// * `regions`: those whose forms of numbers count, `["DE", "AT"]`; all.
    /// * `thresholds`: the lowest score that counts, from 0 to 1, by the name of a family or a kind.
    /// * `patterns`: your own, by name: RE2.
    /// * `allow`: values that are no findings.
    /// * `max_bytes`: bytes of a text that are read; 1 MiB.
    /// * `key`: the secret that hashes of values are keyed with; random.
    ///
    /// # Errors
    /// When there is something else in it, which the failure names.
    #[uniffi::constructor]
    pub fn new(options: Vec<u8>) -> Result<Arc<Self>, PolicyError> {
        run(|| Ok(Arc::new(Self { inner: Kept::new(&DETECTORS, embed::Detector::new(&options)?)? })))
    }

    /// What is found in a text, UTF-8.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn scan(&self, text: Vec<u8>) -> Result<Scan, PolicyError> {
        run(|| {
            let json = self.inner.with(|detector| detector.scan(utf8(&text)?))?;
            let scan: Scan = serde_json::from_str(&json)
                .map_err(|error| Error::new(ErrorCode::InternalError, format!("a scan cannot be read: {error}")))?;
            Ok(Scan { json, ..scan })
        })
    }

    /// A text, UTF-8, without what is found in it. `form` says what it is: `text`; `json`, whose texts, numbers and names are redacted
    /// in place; or the name of a provider's format, whose body is a request, or an answer with `/response` behind the name. `style` is
    /// `placeholder`, `label`, `mask`, `partial`, `hash` or `remove`.
    ///
    /// # Errors
    /// When there is no such form or style, or the text is not what `form` says.
    pub fn redact(&self, form: String, style: String, text: Vec<u8>) -> Result<String, PolicyError> {
        run(|| {
            let form: embed::Form = form.parse()?;
            self.inner.with(|detector| detector.redact(form, &style, utf8(&text)?))
        })
    }

    /// Frees the detector. Calls that are under way finish, later ones fail; doing it twice does nothing.
    pub fn shut_down(&self) {
        self.inner.close();
    }
}

/// A score of a scan, which counts to 100.
fn of_hundred<'de, D: Deserializer<'de>>(score: D) -> Result<f64, D::Error> {
    Ok(f64::from(u8::deserialize(score)?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(options: &str) -> Arc<Detector> {
        Detector::new(options.into()).unwrap()
    }

    #[test]
    fn a_scan_is_read_as_it_is_written() {
        let scan = detector("").scan("Gr\u{fc}\u{df}e \u{1f44b} an ada@example.org".into()).unwrap();
        let [found] = scan.findings.as_slice() else { panic!("{scan:?}") };
        assert_eq!((found.family.as_str(), found.kind.as_str()), ("pii", "email"));
        assert_eq!(
            [found.bytes, found.utf16, found.chars],
            [(16, 31), (12, 27), (11, 26)].map(|(start, end)| Span { start, end })
        );
        assert!((0.0..=1.0).contains(&found.score) && found.score > 0.5, "{found:?}");
        assert!(scan.complete && scan.scanned == 31 && scan.beyond == 0, "{scan:?}");
        assert!(scan.json.starts_with("{\"beyond\":0,"), "{scan:?}");
        let cut = detector(r#"{"max_bytes": 10}"#).scan(vec![b'x'; 30]).unwrap();
        assert!(!cut.complete && cut.scanned + cut.beyond == 30, "{cut:?}");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert!(matches!(Detector::new("{\"familys\": []}".into()), Err(PolicyError::InvalidArgument { .. })));
        assert!(matches!(Detector::new("nonsense".into()), Err(PolicyError::InvalidInput { .. })));
        let detector = detector("{}");
        let redact = |form: &str, style: &str, text: &[u8]| detector.redact(form.into(), style.into(), text.into());
        assert_eq!(redact("json", "label", br#"{"a":"ada@example.org"}"#).unwrap(), r#"{"a":"[EMAIL]"}"#);
        assert!(matches!(redact("text", "label", b"\xff"), Err(PolicyError::InvalidInput { .. })));
        assert!(matches!(redact("text", "reversible", b""), Err(PolicyError::InvalidArgument { .. })));
        assert!(matches!(redact("txet", "label", b""), Err(PolicyError::InvalidArgument { .. })));
        detector.shut_down();
        assert!(matches!(detector.scan(Vec::new()), Err(PolicyError::Closed { .. })));
    }
}
