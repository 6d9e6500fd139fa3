//! Failures.

use std::fmt;
use std::sync::Arc;

use llm_policy_embed::guard::guarded;
use llm_policy_embed::{self as embed, Error, ErrorCode};

use crate::decision::Decision;
use crate::policies::Finding;

/// What a failure says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Failure {
    /// The name of its kind: `invalid_input`.
    pub code: String,
    /// What is wrong: lower case, no full stop. It shows nothing of an input's values.
    pub message: String,
    /// The failure for people: what is wrong, what to do, and excerpts of the documents that are refused.
    pub report: String,
    /// What to do about it, where there is something to say.
    pub help: Option<String>,
    /// The byte offset in the input that is refused, where there is one.
    pub offset: Option<u64>,
    /// What is wrong with the documents.
    pub findings: Vec<Finding>,
    /// The deny that stands for the decision that could not be made.
    pub decision: Decision,
}

/// A failure, by its kind. Whoever catches one and looks at nothing else has a deny: `failure.decision`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
pub enum PolicyError {
    /// A bug of the engine: something inside panicked, and the process goes on.
    InternalError {
        /// What it says.
        failure: Failure,
    },
    /// A policy document is refused.
    InvalidPolicy {
        /// What it says.
        failure: Failure,
    },
    /// An input is refused as a whole.
    InvalidInput {
        /// What it says.
        failure: Failure,
    },
    /// A file cannot be read.
    UnreadableFile {
        /// What it says.
        failure: Failure,
    },
    /// There is no document where one was looked for.
    NoDocuments {
        /// What it says.
        failure: Failure,
    },
    /// An input was prepared for policies that have been replaced since: prepare it again.
    StaleInput {
        /// What it says.
        failure: Failure,
    },
    /// A call that is wrong whatever the policies are: an unknown name.
    InvalidArgument {
        /// What it says.
        failure: Failure,
    },
    /// Something that was closed before the call.
    Closed {
        /// What it says.
        failure: Failure,
    },
    /// The store of limits cannot be asked.
    LimitsUnavailable {
        /// What it says.
        failure: Failure,
    },
}

impl PolicyError {
    fn new(error: &Error, stage: embed::Stage, bundle: &str) -> Self {
        let failure = Failure {
            code: error.code.name().to_owned(),
            message: error.to_string(),
            report: error.report(),
            help: error.help.clone(),
            offset: error.offset.map(|offset| offset as u64),
            findings: error.findings.iter().map(Finding::of).collect(),
            decision: Decision::refused(error, stage, bundle),
        };
        match error.code {
            ErrorCode::InvalidPolicy => Self::InvalidPolicy { failure },
            ErrorCode::InvalidInput => Self::InvalidInput { failure },
            ErrorCode::UnreadableFile => Self::UnreadableFile { failure },
            ErrorCode::NoDocuments => Self::NoDocuments { failure },
            ErrorCode::StaleInput => Self::StaleInput { failure },
            ErrorCode::InvalidArgument => Self::InvalidArgument { failure },
            ErrorCode::InvalidHandle => Self::Closed { failure },
            ErrorCode::LimitsUnavailable => Self::LimitsUnavailable { failure },
            // What this version has no name for says so in `failure.code`; a test wants every code to have a name.
            _ => Self::InternalError { failure },
        }
    }

    /// What it says.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        match self {
            Self::InternalError { failure }
            | Self::InvalidPolicy { failure }
            | Self::InvalidInput { failure }
            | Self::UnreadableFile { failure }
            | Self::NoDocuments { failure }
            | Self::StaleInput { failure }
            | Self::InvalidArgument { failure }
            | Self::Closed { failure }
            | Self::LimitsUnavailable { failure } => failure,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.failure().report)
    }
}

impl std::error::Error for PolicyError {}

/// A failure that no decision was asked for with.
impl From<Error> for PolicyError {
    fn from(error: Error) -> Self {
        Self::new(&error, embed::Stage::Request, "")
    }
}

/// A failure inside of an evaluation: the policies that would have decided, when it came so far.
pub(crate) struct Refused {
    error: Error,
    bundle: Option<Arc<str>>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { error, bundle: None }
    }
}

impl Refused {
    pub(crate) fn by(error: Error, bundle: Arc<str>) -> Self {
        Self { error, bundle: Some(bundle) }
    }
}

/// Runs what does not decide behind the panic boundary.
pub(crate) fn run<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, PolicyError> {
    Ok(guarded(work)?)
}

/// Runs what decides about `stage` behind the panic boundary.
pub(crate) fn decide<T>(stage: embed::Stage, work: impl FnOnce() -> Result<T, Refused>) -> Result<T, PolicyError> {
    let refused = match guarded(|| Ok(work())) {
        Ok(Ok(made)) => return Ok(made),
        Ok(Err(refused)) => refused,
        Err(panic) => panic.into(),
    };
    Err(PolicyError::new(&refused.error, stage, refused.bundle.as_deref().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_kind_of_its_own() {
        let mut kinds = std::collections::HashSet::new();
        for code in ErrorCode::ALL {
            let error = PolicyError::from(Error::new(code, "oh no").with_help("do something"));
            let failure = error.failure().clone();
            assert!(kinds.insert(std::mem::discriminant(&error)), "`{code}` has no kind");
            assert_eq!(failure.code, code.name());
            assert_eq!(failure.decision.code.as_deref(), Some(code.name()));
            assert!(!failure.decision.allowed);
            assert_eq!(error.to_string(), "oh no\nhelp: do something");
        }
    }

    #[test]
    fn a_panic_is_an_error_and_a_deny() {
        let error = decide::<()>(embed::Stage::ToolCall, || panic!("oh no")).unwrap_err();
        assert!(matches!(&error, PolicyError::InternalError { failure } if !failure.decision.allowed), "{error}");
        assert!(matches!(run::<()>(|| panic!("oh no")), Err(PolicyError::InternalError { .. })));
    }
}
