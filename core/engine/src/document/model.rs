//! What a policy document says, once it has been read: every choice made, every default filled in.
//!
//! CEL is still text here; the compiler parses it and reports what it finds through [`Source::locate`].

use std::sync::Arc;

use jiff::Timestamp;
use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::Diagnostic;
use llm_policy_cel::types::Type;

use super::action::Action;
use super::breaker::Breaker;
use super::detectors::Detectors;
use super::limit::Limit;
use super::schedule::Schedule;
use super::source::Source;
pub use crate::context::Stage;

/// A value with the range of the document's text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands in the document.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// `value` at `span`.
    #[must_use]
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A name or other text with its place.
pub type Text = Spanned<Arc<str>>;

/// A policy document.
#[derive(Clone, Debug)]
pub struct Document {
    /// The name of the file, for messages.
    pub origin: Arc<str>,
    /// The file's text, which all spans count in.
    pub text: Arc<str>,
    /// The format's version; `1.0` is the only one.
    pub version: Text,
    /// Who and what the document is.
    pub metadata: Metadata,
    /// How its rules are combined and when they apply.
    pub config: Config,
    /// Fields of this house that the standard context lacks.
    pub schema: Vec<SchemaField>,
    /// Named expressions, used as `variables.<name>`.
    pub variables: Vec<Variable>,
    /// Named constant lists, used as `lists.<name>`.
    pub lists: Vec<List>,
    /// Named tables, used by `lookup`.
    pub tables: Vec<Table>,
    /// What is limited, in the order in which it was written.
    pub limits: Vec<Limit>,
    /// What is not called for a while when it fails, in the order in which it was written.
    pub breakers: Vec<Breaker>,
    /// The rules in the order in which they were written.
    pub rules: Vec<Rule>,
    /// What suspends rules.
    pub exceptions: Vec<Exception>,
    /// What is decided when the document could not be evaluated at all; absent: deny.
    pub fallback: Option<Fallback>,
    /// What is worth a look but refuses nothing.
    pub warnings: Vec<Diagnostic>,
}

impl Document {
    /// `namespace/name`, which is unique in a bundle.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.metadata.namespace.value, self.metadata.name.value)
    }

    /// `diagnostic` with its line of this document.
    #[must_use]
    pub fn render(&self, diagnostic: &Diagnostic, colour: bool) -> String {
        diagnostic.render(&self.text, &self.origin, colour)
    }
}

/// Who and what a document is.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// The document's name.
    pub name: Text,
    /// The name space that the name is unique in; `default` by default.
    pub namespace: Text,
    /// What the document is for.
    pub description: Option<Arc<str>>,
    /// Who answers for it.
    pub owner: Option<Arc<str>>,
    /// Words to select documents by.
    pub tags: Vec<Text>,
    /// A number that grows with each change.
    pub revision: Option<u64>,
    /// When it was first written.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
}

/// How the rules of a document are combined and when they apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// CEL over identity: the document applies only where it holds.
    pub target: Option<Source>,
    /// The stages that the document covers; absent: those that its rules name.
    pub stages: Option<Vec<Spanned<Stage>>>,
    /// What is decided when no rule decides; absent: the document abstains.
    pub default_action: Option<DefaultAction>,
    /// How matching rules are combined.
    pub combine: Combine,
    /// True: infrastructure errors skip a restricting rule.
    pub fail_open: bool,
    /// How an absent field reads.
    pub on_missing: OnMissing,
    /// True (the default): decisions that allow are audited too.
    pub audit_all_decisions: bool,
    /// How long a decision may be cached; 0: never; absent: as the engine is set.
    pub cache_ttl_seconds: Option<u32>,
    /// Whether decisions of this document count.
    pub mode: Mode,
    /// When its rules about answers are judged that cannot be judged while an answer streams.
    pub stream: Stream,
    /// How the detectors that its rules ask read texts.
    pub detectors: Detectors,
}

/// What is decided when nothing else decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefaultAction {
    /// The request passes.
    Allow,
    /// The request is refused.
    Deny,
}

/// How the matching rules of one document are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Combine {
    /// The strongest effect wins.
    #[default]
    DenyOverrides,
    /// The rule of the highest priority that decides wins.
    FirstMatch,
}

/// How an absent field reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnMissing {
    /// As an error.
    #[default]
    Error,
    /// As `""`, `0`, `false`, `[]`.
    Default,
}

/// What becomes of an answer that streams where a rule needs all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Nothing of it is let through before its end.
    #[default]
    Buffer,
    /// It is let through, and the rule has its say at the end.
    AtEnd,
}

/// Whether a decision counts. The weaker of two is the lesser one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Not evaluated.
    Disabled,
    /// Evaluated and reported, without effect.
    Shadow,
    /// In force.
    #[default]
    Enforce,
}

/// A field of this house: `user.clearance: {type: int, missing: error}`.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaField {
    /// The dotted path.
    pub path: Text,
    /// `bool`, `int`, `double`, `string`, `timestamp`, `duration`, `dyn`, `list(T)` or `map(string, T)`.
    pub ty: Type,
    /// What happens when it is absent.
    pub missing: FieldMissing,
    /// What the field means.
    pub description: Option<Arc<str>>,
}

/// What happens when a field of this house is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FieldMissing {
    /// What the document's `on_missing` says.
    #[default]
    AsDocument,
    /// Reading it is an error, whatever the document says.
    Error,
    /// It reads as `""`, `0`, `false`, `[]`.
    Default,
    /// An input without it is refused.
    Required,
}

/// A named expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The name behind `variables.`.
    pub name: Text,
    /// The expression.
    pub value: Source,
}

/// A named constant list, whose items have one type.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// The name behind `lists.`.
    pub name: Text,
    /// The type of the items.
    pub item_type: Scalar,
    /// The items.
    pub items: Vec<Spanned<Constant>>,
}

/// The type of a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `double`
    Double,
    /// `string`
    String,
}

/// A constant in a list or a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `true`, `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A finite double.
    Double(f64),
    /// Text.
    String(Arc<str>),
}

/// A table beside the policy, read by `lookup(name, key, default)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The name.
    pub name: Text,
    /// The type of the keys; never `double`.
    pub key: Scalar,
    /// The type of the values.
    pub value: Scalar,
    /// The file that the entries came from, if they were not written in the document.
    pub file: Option<Text>,
    /// Keys and values, in the order in which they were written. No key is repeated.
    pub entries: Vec<(Constant, Constant)>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The name, unique in the document.
    pub id: Text,
    /// What the rule is for.
    pub description: Option<Arc<str>>,
    /// Higher comes first; 0 by default; the whole range of `i32` is allowed.
    pub priority: i32,
    /// False: the rule is not evaluated; true by default.
    pub enabled: bool,
    /// True: no exception can suspend it.
    pub mandatory: bool,
    /// The stages it applies to, without repetition; `request` by default.
    pub stages: Vec<Spanned<Stage>>,
    /// When it matches: one CEL expression, whichever form it was written in.
    pub condition: Source,
    /// Whether its effects count; between document and rule the weaker wins.
    pub mode: Mode,
    /// The share of identities that it applies to.
    pub rollout: Option<Rollout>,
    /// The times at which it applies.
    pub schedule: Option<Schedule>,
    /// What happens when it matches; never empty.
    pub actions: Vec<Spanned<Action>>,
    /// Whatever the author wants to say about it.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// The whole rule.
    pub span: Span,
}

/// The share of identities that a rule applies to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// The share in thousandths of a percent, `0..=100_000`.
    pub millipercent: u32,
    /// CEL that names an identity; absent identities are not in the share.
    pub by: Source,
    /// What makes this share differ from others; the rule's id by default.
    pub salt: Arc<str>,
    /// Named parts of the share; they add up to it.
    pub variants: Vec<Variant>,
}

/// A named part of a share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The name.
    pub name: Text,
    /// Its part in thousandths of a percent of all identities.
    pub millipercent: u32,
}

/// What suspends deny, throttle and approval of some rules of the same document.
#[derive(Clone, Debug, PartialEq)]
pub struct Exception {
    /// The name, unique among the document's exceptions.
    pub id: Text,
    /// What the exception is for.
    pub description: Option<Arc<str>>,
    /// The ids of the rules that it suspends: each exists and none is mandatory; never empty.
    pub rules: Vec<Text>,
    /// When it matches.
    pub condition: Source,
    /// From this instant on it does not match.
    pub expires: Option<Spanned<Timestamp>>,
    /// False: the exception is not evaluated; true by default.
    pub enabled: bool,
    /// The whole exception.
    pub span: Span,
}

/// What is decided when a document could not be evaluated at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The decision.
    pub action: DefaultAction,
    /// The reason given; never a template.
    pub reason: Option<Arc<str>>,
}
