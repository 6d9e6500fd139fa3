//! Failures, each with a code that stays the same.

use std::fmt;

use llm_policy_engine::Finding;
use llm_policy_engine::context::{Stage, UnknownStage};
use llm_policy_engine::decision::canonical;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::handles::UnknownAction;
use llm_policy_engine::input::InputError;
use llm_policy_provider::UnknownFormat;
use serde_json::{Value as Json, json};

/// What kind of failure it is. Names and numbers never change; 0 is no failure.
///
/// ```
/// use llm_policy_embed::ErrorCode;
///
/// assert_eq!(ErrorCode::InvalidInput.name(), "invalid_input");
/// assert_eq!(ErrorCode::InvalidInput.number(), 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// A bug of ours: something inside panicked.
    InternalError = 1,
    /// A policy document is refused.
    InvalidPolicy = 2,
    /// An input is refused as a whole.
    InvalidInput = 3,
    /// A file cannot be read.
    UnreadableFile = 4,
    /// There is no document where one was looked for.
    NoDocuments = 5,
    /// An input was prepared for policies that have been replaced since.
    StaleInput = 6,
    /// A call that is wrong whatever the policies are: a null pointer, an unknown stage, a record of the wrong size.
    InvalidArgument = 7,
    /// A number that stands for no object: it was closed, or never was one.
    InvalidHandle = 8,
    /// The store of limits cannot be asked.
    LimitsUnavailable = 9,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 9] = [
        Self::InternalError,
        Self::InvalidPolicy,
        Self::InvalidInput,
        Self::UnreadableFile,
        Self::NoDocuments,
        Self::StaleInput,
        Self::InvalidArgument,
        Self::InvalidHandle,
        Self::LimitsUnavailable,
    ];

    /// The name: `invalid_input`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InternalError => "internal_error",
            Self::InvalidPolicy => "invalid_policy",
            Self::InvalidInput => "invalid_input",
            Self::UnreadableFile => "unreadable_file",
            Self::NoDocuments => "no_documents",
            Self::StaleInput => "stale_input",
            Self::InvalidArgument => "invalid_argument",
            Self::InvalidHandle => "invalid_handle",
            Self::LimitsUnavailable => "limits_unavailable",
        }
    }

    /// The number, for borders that have no text.
    #[must_use]
    pub const fn number(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure it is.
    pub code: ErrorCode,
    /// What is wrong: lower case, no full stop. It shows nothing of an input's values.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The byte offset in the input that is refused, where there is one.
    pub offset: Option<usize>,
    /// What is wrong with the documents.
    pub findings: Vec<Finding>,
}

impl Error {
    /// A failure with nothing but a message.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, offset: None, findings: Vec::new() }
    }

    /// The failure, with what to do about it.
    #[must_use]
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The failure for people: what is wrong, what to do, and excerpts of the documents that are refused. It shows no values of
    /// an input.
    #[must_use]
    pub fn report(&self) -> String {
        let help = self.help.iter().map(|help| format!("help: {help}"));
        let excerpts = self.findings.iter().filter(|finding| finding.is_error()).map(|finding| finding.render(false));
        std::iter::once(self.to_string()).chain(help).chain(excerpts).collect::<Vec<_>>().join("\n")
    }

    /// The failure as JSON, for borders and machines: `code`, `message`, and where there are such `help`, `offset` and
    /// `findings`, each as [`finding_json`] makes it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = json!({
            "code": self.code.name(),
            "message": self.message,
            "help": self.help,
            "offset": self.offset,
        });
        if let Some(object) = out.as_object_mut() {
            object.retain(|_, value| !value.is_null());
            if !self.findings.is_empty() {
                object.insert("findings".to_owned(), self.findings.iter().map(finding_json).collect());
            }
        }
        out
    }

    /// The decision that stands in for one that could not be made: a deny, in canonical form.
    ///
    /// ```
    /// use llm_policy_embed::{Documents, Options, Question, Stage};
    ///
    /// let mut documents = Documents::new();
    /// let policy = "{version: '1.0', metadata: {name: a}, rules: [{id: r, when: 'true', actions: [{type: allow}]}]}";
    /// documents.add_bytes(policy.as_bytes(), "a.yaml");
    /// let engine = documents.check(Options::default()).into_engine()?;
    /// let error = engine.evaluate(b"not json", Question::default()).unwrap_err();
    /// let decision = error.decision(Stage::Request, &engine.bundle());
    /// assert!(decision.starts_with(r#"{"allowed":false,"#) && decision.contains(r#""code":"invalid_input""#));
    /// # Ok::<(), llm_policy_embed::Error>(())
    /// ```
    #[must_use]
    pub fn decision(&self, stage: Stage, bundle: &str) -> String {
        canonical::to_string(&json!({
            "effect": "deny",
            "allowed": false,
            "stage": stage.name(),
            "reason": self.to_string(),
            "code": self.code.name(),
            "matched": [],
            "obligations": [],
            "redactions": [],
            "warnings": [],
            "suppressed": [],
            "errors": [],
            "bundle": bundle,
        }))
    }

    /// The error as a finding in `input`, the bytes that were refused, which are called `origin`; it shows an excerpt, so
    /// it is not for end users. `None` when the input cannot be shown.
    #[must_use]
    pub fn locate(&self, input: &[u8], origin: &str) -> Option<Finding> {
        let offset = self.offset?;
        // What is refused for not being UTF-8 is shown up to there.
        let text = match std::str::from_utf8(input) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(input.get(..error.valid_up_to())?).ok()?,
        };
        let at = u32::try_from(offset).ok()?;
        let next = text.get(offset..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n');
        let mut diagnostic = Diagnostic::error(self.code.name(), self.message.as_str(), Default::default());
        diagnostic.span.start = at;
        diagnostic.span.end = at + next.map_or(0, |c| u32::try_from(c.len_utf8()).unwrap_or(0));
        diagnostic.help.clone_from(&self.help);
        Some(Finding { origin: origin.into(), text: text.into(), diagnostic })
    }
}

/// A finding as JSON: `file`, `line`, `column`, `code`, `severity` (`error` or `warning`), `message`, and perhaps `help`.
#[must_use]
pub fn finding_json(finding: &Finding) -> Json {
    let (line, column) = finding.line_and_column();
    let mut out = json!({
        "file": &*finding.origin,
        "line": line,
        "column": column,
        "code": finding.diagnostic.code,
        "severity": if finding.is_error() { "error" } else { "warning" },
        "message": finding.diagnostic.message,
    });
    if let (Some(object), Some(help)) = (out.as_object_mut(), &finding.diagnostic.help) {
        object.insert("help".to_owned(), json!(help));
    }
    out
}

/// A name that stands for nothing is a mistake in the call.
fn unknown(what: &impl fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidArgument, what.to_string())
}

impl From<UnknownStage> for Error {
    fn from(error: UnknownStage) -> Self {
        unknown(&error)
    }
}

impl From<UnknownAction> for Error {
    fn from(error: UnknownAction) -> Self {
        unknown(&error)
    }
}

impl From<UnknownFormat> for Error {
    fn from(error: UnknownFormat) -> Self {
        unknown(&error)
    }
}

#[cfg(feature = "stores")]
impl From<llm_policy_runtime::OpenError> for Error {
    fn from(error: llm_policy_runtime::OpenError) -> Self {
        let code = if error.is_url { ErrorCode::InvalidArgument } else { ErrorCode::LimitsUnavailable };
        Self { help: error.help, ..Self::new(code, error.message) }
    }
}

impl From<InputError> for Error {
    fn from(error: InputError) -> Self {
        Self { offset: error.offset, ..Self::new(ErrorCode::InvalidInput, error.message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.offset {
            Some(at) => write!(f, " at byte {at}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
