//! Where policies come from.

use std::path::PathBuf;

use llm_policy_embed::{Documents, Error, ErrorCode};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use crate::error::{argument, exception};
use crate::json;
use crate::refusal::Refusal;

/// What an engine is made of, read from Python's objects.
pub(crate) struct Sources {
    all: Vec<Source>,
}

enum Source {
    /// A file or a directory; whether it was given as a `str`, which can also be meant as text.
    Path { path: PathBuf, text: bool },
    /// A document and what messages call it.
    Document { origin: String, bytes: Vec<u8> },
}

impl Sources {
    pub(crate) fn read(policies: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Ok(list) = policies.cast::<PyList>() else { return Ok(Self { all: vec![source(policies, None)?] }) };
        let numbered = list.iter().zip(1..);
        let all = numbered.map(|(policy, number)| source(&policy, Some(number))).collect::<PyResult<_>>()?;
        Ok(Self { all })
    }

    /// Reads the documents.
    pub(crate) fn documents(&self) -> Result<Documents, Error> {
        let mut documents = Documents::new();
        for source in &self.all {
            match source {
                Source::Path { path, .. } => documents.add_path(path)?,
                Source::Document { origin, bytes } => documents.add_bytes(bytes, origin),
            }
        }
        Ok(documents)
    }

    /// The failure, with help for those who meant something else by a `str`.
    pub(crate) fn advised(&self, error: Error) -> Error {
        let text = |source: &Source| matches!(source, Source::Path { text: true, .. });
        if error.code == ErrorCode::UnreadableFile && error.help.is_none() && self.all.iter().any(text) {
            return error.with_help("a `str` of one line that does not begin with `{` is a path; give text as `bytes`");
        }
        error
    }
}

fn source(policy: &Bound<'_, PyAny>, number: Option<usize>) -> PyResult<Source> {
    let origin = |kind: &str| number.map_or_else(|| format!("<{kind}>"), |number| format!("<{kind} {number}>"));
    if let Ok(text) = policy.cast::<PyString>() {
        let text = text.to_cow()?;
        if text.contains('\n') || text.trim_start().starts_with('{') {
            return Ok(Source::Document { origin: origin("text"), bytes: text.into_owned().into_bytes() });
        }
        return Ok(Source::Path { path: PathBuf::from(text.into_owned()), text: true });
    }
    if policy.hasattr(intern!(policy.py(), "__fspath__"))? {
        return Ok(Source::Path { path: policy.extract()?, text: false });
    }
    if let Ok(pair) = policy.cast::<PyTuple>() {
        let help = Some("a tuple is a name and the text, the bytes or the dict of a document");
        let (name, document): (String, Bound<'_, PyAny>) = pair
            .extract()
            .map_err(|_| argument(policy.py(), "a tuple that is no pair of a name and a document", help))?;
        return document_of(&document, name);
    }
    let kind = if policy.is_instance_of::<PyBytes>() { "text" } else { "dict" };
    document_of(policy, origin(kind))
}

/// A document that is no path.
fn document_of(policy: &Bound<'_, PyAny>, origin: String) -> PyResult<Source> {
    let py = policy.py();
    if let Ok(text) = policy.cast::<PyString>() {
        return Ok(Source::Document { origin, bytes: text.to_cow()?.into_owned().into_bytes() });
    }
    if let Ok(bytes) = policy.cast::<PyBytes>() {
        return Ok(Source::Document { origin, bytes: bytes.as_bytes().to_vec() });
    }
    let value = json::from_python(policy).map_err(|fault| {
        let Refusal { error, raised } = *Box::<Refusal>::from(fault);
        exception(py, &Error { code: ErrorCode::InvalidPolicy, ..error }, raised)
    })?;
    if !value.is_object() {
        let help = "give a path, the text of a document, a dict, a pair of a name and one of these, or a list";
        return Err(argument(py, "an engine is made from policy documents, and this is none", Some(help)));
    }
    // Over several lines, so that a finding can show its own.
    let bytes = serde_json::to_vec_pretty(&value).unwrap_or_default();
    Ok(Source::Document { origin, bytes })
}
