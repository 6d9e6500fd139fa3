//! Policy documents: where they come from, and what is wrong with them.

use std::path::Path;

use llm_policy_embed::{self as embed, Documents, Error};

use crate::error::{PolicyError, run};

/// How an engine is made.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct Options {
    /// The actions that the host carries out: `redact`, `set`, `route`, `require_approval`, `custom`. A mandatory action of a
    /// policy that is not among these is a deny.
    #[uniffi(default)]
    pub handles: Vec<String>,
    /// Whether what no policy decides about is allowed.
    #[uniffi(default)]
    pub allow_without_policy: bool,
    /// Where limits are kept, as a URL: `sqlite:` and the path of a file, which the processes of a machine share, or `redis:` and a
    /// server; `memory:` or none is in this process.
    #[uniffi(default)]
    pub store: Option<String>,
}

/// A policy document in memory, YAML or JSON. It cannot read tables from files.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Document {
    /// What messages call it, such as `security.yaml`.
    pub origin: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// Something that was found in a policy document.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// The document, as it was called when it was loaded.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
    /// What it is, such as `undefined-field`.
    pub code: String,
    /// Whether the document is refused for it; else it is a warning.
    pub is_error: bool,
    /// What is wrong.
    pub message: String,
    /// What to do, where there is something to say.
    pub help: Option<String>,
}

/// What is right and wrong with documents.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Report {
    /// Whether an engine can be made of them.
    pub valid: bool,
    /// How many documents there are.
    pub documents: u64,
    /// How many rules they have.
    pub rules: u64,
    /// Errors and warnings, by document and place.
    pub findings: Vec<Finding>,
    /// What failed outside of documents.
    pub error: Option<String>,
    /// The digest of the documents, when they are valid.
    pub bundle: Option<String>,
}

impl Finding {
    pub(crate) fn of(finding: &embed::Finding) -> Self {
        let (line, column) = finding.line_and_column();
        Self {
            file: finding.origin.to_string(),
            line: line as u64,
            column: column as u64,
            code: finding.diagnostic.code.to_owned(),
            is_error: finding.is_error(),
            message: finding.diagnostic.message.to_string(),
            help: finding.diagnostic.help.as_deref().map(str::to_owned),
        }
    }
}

/// What is right and wrong with the documents at a path. Documents that are refused are no failure.
///
/// # Errors
/// When a file cannot be read.
#[uniffi::export]
pub fn validate_path(path: String) -> Result<Report, PolicyError> {
    run(|| Ok(report(at_path(&path)?)))
}

/// What is right and wrong with documents in memory. Documents that are refused are no failure.
///
/// # Errors
/// None but for a bug of ours.
#[uniffi::export]
pub fn validate(documents: Vec<Document>) -> Result<Report, PolicyError> {
    run(|| Ok(report(in_memory(&documents))))
}

fn report(documents: Documents) -> Report {
    let checked = documents.check(embed::Options::default());
    let with_errors = checked.findings.iter().any(embed::Finding::is_error);
    Report {
        valid: checked.engine().is_ok(),
        documents: checked.documents as u64,
        rules: checked.rules as u64,
        findings: checked.findings.iter().map(Finding::of).collect(),
        error: checked.engine().err().filter(|_| !with_errors).map(ToString::to_string),
        bundle: checked.engine().ok().map(|engine| engine.bundle().to_string()),
    }
}

pub(crate) fn at_path(path: &str) -> Result<Documents, Error> {
    let mut documents = Documents::new();
    documents.add_path(Path::new(path))?;
    Ok(documents)
}

pub(crate) fn in_memory(documents: &[Document]) -> Documents {
    let mut all = Documents::new();
    for document in documents {
        all.add_bytes(&document.text, &document.origin);
    }
    all
}
