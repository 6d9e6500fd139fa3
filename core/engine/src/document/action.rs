//! What a rule does when it matches.

use std::sync::Arc;
use std::time::Duration;

use llm_policy_detect::redact::Style;

use super::model::{Spanned, Text};
use super::source::Source;
use super::template::{Data, Template};

/// One action of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Decides: the request passes, as far as this document goes.
    Allow,
    /// Decides: the request is refused.
    Deny(Deny),
    /// Decides: the request is refused for a while.
    Throttle(Throttle),
    /// Decides: a human is asked.
    RequireApproval(RequireApproval),
    /// Changes: text is taken out.
    Redact(Redact),
    /// Changes: another model answers.
    Route(Route),
    /// Changes: fields get new values.
    Set(Vec<Assignment>),
    /// Advises: something else would do.
    SuggestAlternative(SuggestAlternative),
    /// Advises: passes with a warning.
    Warn(Warn),
    /// Records: in the audit log, with a severity.
    Audit(Audit),
    /// Records: in the host's log.
    Log(Log),
    /// Records: values beside the decision.
    Tag(Vec<Assignment>),
    /// Records: tells somebody.
    Notify(Notify),
    /// The host's own.
    Custom(Custom),
}

/// `deny`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deny {
    /// Why, for operators.
    pub reason: Option<Template>,
    /// A stable name that end users may see: `[A-Za-z0-9_.-]+`.
    pub code: Option<Text>,
    /// What end users may read.
    pub public_message: Option<Template>,
}

/// `throttle`
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    /// How long to wait before the next attempt.
    pub delay_ms: u64,
    /// How many attempts are worth making.
    pub max_retries: Option<u32>,
    /// Why.
    pub reason: Option<Template>,
}

/// `require_approval`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequireApproval {
    /// Who may approve; empty: whoever has the right to approve.
    pub approvers: Vec<Spanned<Approver>>,
    /// How long an approval is good for; absent: as the engine is set.
    pub ttl: Option<Duration>,
    /// Why.
    pub reason: Option<Template>,
}

/// Somebody who may approve: `user:alice`, `role:security`, `group:oncall`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approver {
    /// One user, by id.
    User(Arc<str>),
    /// Whoever has a role.
    Role(Arc<str>),
    /// Whoever is in a group.
    Group(Arc<str>),
}

/// `redact`
#[derive(Clone, Debug, PartialEq)]
pub struct Redact {
    /// The paths of the fields; never empty.
    pub fields: Vec<Text>,
    /// The kinds of findings to take out; empty: the whole fields.
    pub detect: Vec<Text>,
    /// What is put in their place.
    pub style: RedactStyle,
}

/// What is put in the place of redacted text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RedactStyle {
    /// `[EMAIL]`
    #[default]
    Label,
    /// `*****`
    Mask,
    /// `****1234`
    Partial,
    /// A keyed digest.
    Hash,
    /// Nothing.
    Remove,
    /// A random placeholder that the response's text is restored from.
    Reversible,
}

impl RedactStyle {
    /// The same, as detectors call it.
    #[must_use]
    pub const fn in_detectors(self) -> Style {
        match self {
            Self::Label => Style::Label,
            Self::Mask => Style::Mask,
            Self::Partial => Style::Partial,
            Self::Hash => Style::Hash,
            Self::Remove => Style::Remove,
            Self::Reversible => Style::Reversible,
        }
    }
}

/// `route`: at least one of models and provider is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Route {
    /// The models to try, in order.
    pub models: Vec<Template>,
    /// The provider.
    pub provider: Option<Template>,
}

/// `path: CEL` of a `set`, `name: CEL` of a `tag`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The target.
    pub target: Text,
    /// Its new value.
    pub value: Source,
}

/// `suggest_alternative`: at least one of models and message is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SuggestAlternative {
    /// Models that would do.
    pub models: Vec<Template>,
    /// What to tell the caller.
    pub message: Option<Template>,
    /// More for programs.
    pub metadata: Metadata,
}

/// `warn`
#[derive(Clone, Debug, PartialEq)]
pub struct Warn {
    /// The warning.
    pub message: Template,
}

/// `audit`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// How bad it is; `info` by default.
    pub severity: AuditSeverity,
    /// True: somebody is alerted.
    pub alert: bool,
    /// More for the record.
    pub metadata: Metadata,
}

/// How bad an audited event is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuditSeverity {
    /// Worth a record.
    #[default]
    Info,
    /// Of little weight.
    Low,
    /// Of some weight.
    Medium,
    /// Of much weight.
    High,
    /// Somebody must look now.
    Critical,
}

/// `log`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The level; `info` by default.
    pub level: LogLevel,
    /// The line.
    pub message: Option<Template>,
    /// Its fields.
    pub metadata: Metadata,
}

/// The level of a line in the host's log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogLevel {
    /// For developers.
    Debug,
    /// As planned.
    #[default]
    Info,
    /// Worth a look.
    Warning,
    /// Something failed.
    Error,
}

/// `notify`
#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    /// The channel, as the host names it.
    pub channel: Text,
    /// What to say.
    pub message: Option<Template>,
}

/// `custom`
#[derive(Clone, Debug, PartialEq)]
pub struct Custom {
    /// The handler, as the host names it.
    pub handler: Text,
    /// True: a decision that nobody handles is a deny.
    pub mandatory: bool,
    /// More for the handler.
    pub metadata: Metadata,
}

/// The free part of an action, whose strings may be templates.
pub type Metadata = Vec<(Arc<str>, Data)>;

/// Which of a decision's parts an action belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActionClass {
    /// Permits: `allow`.
    Permits,
    /// Restricts: `deny`, `throttle`, `require_approval`.
    Restricts,
    /// Changes what is sent: `redact`, `route`, `set`.
    Changes,
    /// Advises: `suggest_alternative`, `warn`.
    Advises,
    /// Records: `audit`, `log`, `tag`, `notify`.
    Records,
    /// The host's own: `custom`.
    Custom,
}

impl Action {
    /// The name that a document uses.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny(_) => "deny",
            Self::Throttle(_) => "throttle",
            Self::RequireApproval(_) => "require_approval",
            Self::Redact(_) => "redact",
            Self::Route(_) => "route",
            Self::Set(_) => "set",
            Self::SuggestAlternative(_) => "suggest_alternative",
            Self::Warn(_) => "warn",
            Self::Audit(_) => "audit",
            Self::Log(_) => "log",
            Self::Tag(_) => "tag",
            Self::Notify(_) => "notify",
            Self::Custom(_) => "custom",
        }
    }

    /// What kind of action it is.
    #[must_use]
    pub const fn class(&self) -> ActionClass {
        match self {
            Self::Allow => ActionClass::Permits,
            Self::Deny(_) | Self::Throttle(_) | Self::RequireApproval(_) => ActionClass::Restricts,
            Self::Redact(_) | Self::Route(_) | Self::Set(_) => ActionClass::Changes,
            Self::SuggestAlternative(_) | Self::Warn(_) => ActionClass::Advises,
            Self::Audit(_) | Self::Log(_) | Self::Tag(_) | Self::Notify(_) => ActionClass::Records,
            Self::Custom(_) => ActionClass::Custom,
        }
    }
}
