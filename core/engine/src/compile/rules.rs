//! Rules and actions in their compiled form.

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::program::NodeId;
use llm_policy_detect::redact::Style;

use crate::context::Stages;
use crate::document::ActionClass;
use crate::document::model::{Combine, DefaultAction, Fallback, Rollout, Stream};

/// A document in its compiled form.
#[derive(Clone, Debug)]
pub struct CompiledDocument {
    /// `namespace/name`.
    pub id: Arc<str>,
    /// The name of its file, for messages.
    pub origin: Arc<str>,
    /// Its text, which all places count in.
    pub text: Arc<str>,
    /// The stages that it covers.
    pub stages: Stages,
    /// Where it applies; `None`: everywhere.
    pub target: Option<NodeId>,
    /// What it decides when no rule does.
    pub default_action: Option<DefaultAction>,
    /// How its matching rules are combined.
    pub combine: Combine,
    /// Whether infrastructure errors skip a restricting rule.
    pub fail_open: bool,
    /// Whether plain allows are for the host's audit log too.
    pub audits_allows: bool,
    /// Whether what it decides counts.
    pub shadow: bool,
    /// What it decides when its target cannot be evaluated.
    pub fallback: Option<Fallback>,
    /// The number of the detector that its rules ask.
    pub detector: u32,
    /// What becomes of an answer that streams where a rule needs all of it.
    pub stream: Stream,
}

/// A rule in its compiled form.
#[derive(Clone, Debug)]
pub struct CompiledRule {
    /// The number of its document.
    pub document: u32,
    /// Its place among the document's rules as they were written, from 0.
    pub position: u32,
    /// The whole rule in its document.
    pub span: Span,
    /// Its name in its document.
    pub name: Span,
    /// Its name.
    pub id: Arc<str>,
    /// The stages that it applies to.
    pub stages: Stages,
    /// When it matches: target, schedule, rollout and condition.
    pub condition: NodeId,
    /// What stands before the written condition: `target`, `schedule`, `rollout`.
    pub gates: Vec<(&'static str, NodeId)>,
    /// The operands of the written condition's outermost `&&`.
    pub clauses: Vec<Clause>,
    /// Whether its effects count.
    pub shadow: bool,
    /// Classes of its actions.
    pub classes: Classes,
    /// Its actions in order.
    pub actions: Box<[CompiledAction]>,
    /// What suspends it.
    pub exceptions: Vec<CompiledException>,
    /// The share of identities that it applies to, with the node that names the identity.
    pub rollout: Option<(NodeId, Arc<Rollout>)>,
    /// The slots of facts that its condition and its exceptions read.
    pub facts: Vec<u32>,
    /// Whether its condition asks detectors.
    pub detects: bool,
}

/// An operand of a condition's outermost `&&`.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Its value.
    pub node: NodeId,
    /// Its place in the document.
    pub span: Span,
    /// The slots that it reads.
    pub reads: Box<[u32]>,
}

/// An exception in its compiled form.
#[derive(Clone, Debug)]
pub struct CompiledException {
    /// Its name.
    pub id: Arc<str>,
    /// When it matches.
    pub condition: NodeId,
    /// From this second since 1970 on it does not match.
    pub expires: Option<i64>,
}

/// Which classes of actions a rule has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// `allow`
    pub permits: bool,
    /// `deny`, `throttle`, `require_approval`
    pub restricts: bool,
    /// `set` and `route`, which are decided about once more.
    pub rewrites: bool,
}

/// An action in its compiled form.
#[derive(Clone, Debug)]
pub struct CompiledAction {
    /// The name that documents use.
    pub name: &'static str,
    /// What kind of action it is.
    pub class: ActionClass,
    /// Whether a decision that nobody carries it out in is a deny.
    pub mandatory: bool,
    /// What it does.
    pub effect: ActionEffect,
    /// Its parameters, when an expression is among them.
    pub params: Tree,
    /// The parameters, when no expression is among them.
    pub fixed: Option<Arc<serde_json::Value>>,
    /// The slots of facts that its expressions read.
    pub facts: Vec<u32>,
}

/// What an action does to the decision.
#[derive(Clone, Debug)]
pub enum ActionEffect {
    /// `allow`
    Allow,
    /// `deny`
    Deny {
        /// Why.
        reason: Option<Text>,
        /// The stable name.
        code: Option<Arc<str>>,
        /// What end users may read.
        public_message: Option<Text>,
    },
    /// `throttle`
    Throttle {
        /// How long to wait.
        delay_ms: u64,
        /// Why.
        reason: Option<Text>,
    },
    /// `require_approval`
    RequireApproval {
        /// Why.
        reason: Option<Text>,
    },
    /// `warn`
    Warn(Text),
    /// `set`: the paths and their values.
    Set(Vec<(Arc<str>, NodeId)>),
    /// `route`
    Route {
        /// The models to try.
        models: Vec<Text>,
        /// The provider.
        provider: Option<Text>,
    },
    /// `redact`
    Redact(Redaction),
    /// `audit` with `alert`
    Alert,
    /// Handed to the host as it is.
    Plain,
}

/// What is taken out of which fields.
#[derive(Clone, Debug)]
pub struct Redaction {
    /// The paths of the fields.
    pub paths: Vec<Arc<str>>,
    /// Those that are read for what is in them, each with the slot of its part before the first `[]`.
    pub fields: Vec<(Arc<str>, u32)>,
    /// The families and kinds of findings that are taken out; empty: the fields as a whole.
    pub detect: Vec<Arc<str>>,
    /// What takes their place.
    pub style: Style,
}

/// Text, possibly with values in it.
#[derive(Clone, Debug)]
pub enum Text {
    /// Text as it is.
    Fixed(Arc<str>),
    /// Parts that are joined.
    Parts(Vec<TextPart>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum TextPart {
    /// Text as it is.
    Text(Arc<str>),
    /// The value of a node.
    Node(NodeId),
}

/// JSON with expressions in it.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A value without expressions.
    Value(serde_json::Value),
    /// Text.
    Text(Text),
    /// The value of a node.
    Node(NodeId),
    /// A list.
    List(Vec<Tree>),
    /// An object.
    Map(Vec<(Arc<str>, Tree)>),
}

impl Tree {
    /// The value, when no expression is in it.
    #[must_use]
    pub fn fixed(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Value(value) => value.clone(),
            Self::Text(Text::Fixed(text)) => serde_json::Value::String(text.to_string()),
            Self::Text(Text::Parts(_)) | Self::Node(_) => return None,
            Self::List(items) => serde_json::Value::Array(items.iter().map(Self::fixed).collect::<Option<_>>()?),
            Self::Map(entries) => serde_json::Value::Object(
                entries.iter().map(|(k, v)| Some((k.to_string(), v.fixed()?))).collect::<Option<_>>()?,
            ),
        })
    }
}
