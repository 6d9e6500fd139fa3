//! How a command ends.

use std::process::ExitCode;

use llm_policy_embed::{Effect, Error, ErrorCode, Finding};

/// How a command ends, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Allowed, or all is well.
    Allowed,
    /// A check that was asked for found something.
    Failed,
    /// The command was not understood.
    Usage,
    /// A policy or an input is not valid.
    Invalid,
    /// Denied.
    Denied,
    /// Throttled.
    Throttled,
    /// A human must approve.
    ApprovalNeeded,
}

impl Exit {
    /// The code for the shell.
    pub fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Allowed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Denied => 10,
            Self::Throttled => 11,
            Self::ApprovalNeeded => 12,
        })
    }
}

impl From<Effect> for Exit {
    fn from(effect: Effect) -> Self {
        match effect {
            Effect::Allow => Self::Allowed,
            Effect::Throttle => Self::Throttled,
            Effect::RequireApproval => Self::ApprovalNeeded,
            Effect::Deny => Self::Denied,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// How it ends.
    pub exit: Exit,
    /// The kind of failure, for programs: `usage`, or the name of an error code.
    pub code: &'static str,
    /// What is wrong; empty when the findings say it all.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where in the files.
    pub findings: Vec<Finding>,
}

impl Failure {
    /// The command was not understood.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), Some(help.into()));
        Self { exit: Exit::Usage, code: "usage", message, help, findings: Vec::new() }
    }

    /// A policy or an input is not valid.
    pub fn invalid(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { exit: Exit::Invalid, code: code.name(), message: message.into(), help: None, findings: Vec::new() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { help: error.help, findings: error.findings, ..Self::invalid(error.code, error.message) }
    }
}
