//! Detectors by themselves, and what an exchange takes out of bodies and puts back.

use llm_policy_embed::{Detector as Inner, Error, ErrorCode, Form, utf8};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use serde_json::{Value, json};

use crate::engine::{bytes, detached, written};
use crate::error::exception;
use crate::exchange::Exchange;
use crate::json;
use crate::package;
use crate::question::read_format;
use crate::refusal::Result as Decided;

/// Finds in texts what policies can ask about, and takes it out, without policies.
///
/// `profile` is what the texts are: "chat" (default), "code", "argument" or "sql". `families` are those of the detectors that look, `kinds`
/// are kinds that are looked for besides; without `families` only these, and without both all families. `regions` are those whose forms of
/// numbers count, `["DE", "US"]`; all. `thresholds` are the lowest scores that count, from 0 to 1, by the name of a family or a kind.
/// `patterns` are your own, by name: RE2. `allow` are values that are no findings. `max_bytes` of a text are read, 1 MiB by default. `key`
/// is the secret that hashes of values are keyed with; a random one by default. Options may also come as one dict, or as JSON. docs/detection.md has the names.
///
/// All methods may be called from any thread.
///
/// >>> from llm_policy_engine import Detector
/// >>> detector = Detector(families=["pii"], allow=["info@example.org"])
/// >>> text = "Write to ann@example.org or info@example.org."
/// >>> [(finding.kind, text[slice(*finding.chars)]) for finding in detector.scan(text).findings]
/// [('email', 'ann@example.org')]
/// >>> detector.redact(text)
/// 'Write to [EMAIL] or info@example.org.'
#[pyclass(frozen, module = "llm_policy_engine")]
pub struct Detector {
    inner: Inner,
}

/// A body that something was taken out of, in the form that it had: text, bytes, or an object.
fn as_it_came<'py>(given: &Bound<'py, PyAny>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = given.py();
    match bytes(given)? {
        Some(_) if given.is_instance_of::<PyString>() => Ok(PyString::new(py, text).into_any()),
        Some(_) => Ok(PyBytes::new(py, text.as_bytes()).into_any()),
        None => {
            let value: Value = serde_json::from_str(text)
                .map_err(|error| exception(py, &Error::new(ErrorCode::InternalError, error.to_string()), None))?;
            json::to_python(py, &value)
        }
    }
}

/// A finding of a scan as a decision has them: scores from 0 to 1.
fn finding(mut found: Value) -> Value {
    if let Some(object) = found.as_object_mut() {
        let score = object.get("score").and_then(Value::as_f64).unwrap_or_default();
        object.insert("score".to_owned(), json!(score / 100.0));
    }
    found
}

#[pymethods]
impl Detector {
    #[new]
    #[pyo3(signature = (options=None, /, **named))]
    fn new(py: Python<'_>, options: Option<&Bound<'_, PyAny>>, named: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let made = || -> Decided<Inner> {
            let options = match (options, named) {
                (Some(_), Some(_)) => {
                    let message = "the options of a detector are one object, or named";
                    return Err(Error::new(ErrorCode::InvalidArgument, message).into());
                }
                (Some(options), None) => written(options)?.get()?.to_vec(),
                (None, Some(named)) => json::from_python(named)?.to_string().into_bytes(),
                (None, None) => Vec::new(),
            };
            Ok(py.detach(|| Inner::new(&options))?)
        };
        made().map(|inner| Self { inner }).map_err(|refusal| refusal.exception(py))
    }

    /// What is found in a text: kinds and places, never the text itself.
    fn scan<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        let found = detached(py, text.as_bytes(), false, |_| self.inner.scan(text));
        let found = found.map_err(|error| exception(py, &error, None))?;
        let mut found: Value = serde_json::from_str(&found).unwrap_or_default();
        let fields = PyDict::new(py);
        let findings = found.get_mut("findings").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default();
        let findings = Value::Array(findings.into_iter().map(finding).collect());
        fields.set_item("findings", package::records(py, "DetectorFinding", Some(&findings))?)?;
        for name in ["complete", "scanned", "beyond"] {
            fields.set_item(name, json::to_python(py, found.get(name).unwrap_or(&Value::Null))?)?;
        }
        package::class(py, "records", "Scan")?.call((), Some(&fields))
    }

    /// A text, or a body, without what is found in it, in the form in which it came. A `str` is plain text unless there is a `format`:
    /// "json", or the name of a provider's. An object is JSON, or a body in `format`; `stage` says whether that is a request (default) or a
    /// response.
    ///
    /// `style` is "label" (`[EMAIL]`), "placeholder" (`[EMAIL_1]`, numbered anew in each call), "mask", "hash", "partial" (the last four) or
    /// "remove".
    ///
    /// >>> from llm_policy_engine import Detector
    /// >>> Detector(families=["pii"]).redact({"note": "ann@example.org", "count": 2})
    /// {'note': '[EMAIL]', 'count': 2}
    #[pyo3(signature = (text, *, style="label", format=None, stage=None))]
    fn redact<'py>(
        &self,
        py: Python<'py>,
        text: &Bound<'py, PyAny>,
        style: &str,
        format: Option<&str>,
        stage: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let redacted = || -> Decided<String> {
            let is_object = bytes(text)?.is_none();
            let name = match (format, stage) {
                (Some(format), Some(stage)) => format!("{format}/{stage}"),
                (Some(format), None) => format.to_owned(),
                (None, _) if is_object => "json".to_owned(),
                (None, _) => "text".to_owned(),
            };
            let form: Form = name.parse()?;
            let given = written(text)?;
            Ok(detached(py, given.get()?, false, |given| self.inner.redact(form, style, utf8(given)?))?)
        };
        as_it_came(text, &redacted().map_err(|refusal| refusal.exception(py))?)
    }
}

#[pymethods]
impl Exchange {
    /// Takes out of a body what the last decision of this exchange says, its `redact` actions, and gives it back in the form in which it
    /// came: what was given to `evaluate`, with the same `format`. What is taken out in the style "reversible" can be put back by `restore`
    /// and in the answer's `stream`.
    ///
    /// >>> from llm_policy_engine import Engine
    /// >>> engine = Engine({"version": "1.0", "metadata": {"name": "a"}, "config": {"default_action": "allow"}, "rules": [
    /// ...     {"id": "mail", "when": "contains_pii(request.text, ['email'])", "actions": [
    /// ...         {"type": "redact", "fields": ["request.text"], "detect": ["email"], "style": "reversible"}]}]}, handles=["redact"])
    /// >>> exchange = engine.exchange({"user": {"id": "ann"}})
    /// >>> body = {"model": "m", "messages": [{"role": "user", "content": "I am ada@example.org"}]}
    /// >>> exchange.evaluate(body, format="openai-chat").allowed
    /// True
    /// >>> sent = exchange.redact(body, format="openai-chat")["messages"][0]["content"]
    /// >>> sent.startswith("I am [EMAIL_"), exchange.restore(sent)
    /// (True, 'I am ada@example.org')
    #[pyo3(signature = (body, *, format=None))]
    fn redact<'py>(
        &self,
        py: Python<'py>,
        body: &Bound<'py, PyAny>,
        format: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let redacted = || -> Decided<String> {
            let format = format.map(read_format).transpose()?;
            let given = written(body)?;
            Ok(detached(py, given.get()?, false, |given| self.inner().redact(format, given))?)
        };
        as_it_came(body, &redacted().map_err(|refusal| refusal.exception(py))?)
    }

    /// Puts values back into a text of the model's, where it wrote their placeholders, in whatever way of writing. Nothing is put into URLs
    /// and the targets of links, where a page could read it.
    fn restore(&self, py: Python<'_>, text: &str) -> PyResult<String> {
        detached(py, text.as_bytes(), false, |_| self.inner().restore(text))
            .map_err(|error| exception(py, &error, None))
    }
}
