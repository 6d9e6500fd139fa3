//! What an analysis claims.

use std::fmt::Write as _;
use std::sync::Arc;

use llm_policy_engine::context::Stage;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::{Decision, Finding};
use serde_json::{Value as Json, json};

/// How much a claim weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// Good to know. It may well be what was meant.
    Note,
    /// Hardly what was meant.
    Warning,
}

impl Weight {
    /// `note` or `warning`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// A claim about policies, with what shows it.
#[derive(Clone, Debug)]
pub struct Claim {
    /// How much it weighs.
    pub weight: Weight,
    /// The document's id.
    pub policy: Arc<str>,
    /// The rule that it is about, if it is about one.
    pub rule: Option<Arc<str>>,
    /// What is claimed and where: the code, the message, the place, and what to do about it.
    pub finding: Finding,
    /// A context that shows it, if one does. It was tried on the engine.
    pub witness: Option<Witness>,
    /// The other rules that it names, as `policy/rule`.
    pub others: Vec<String>,
    /// The fields that it names.
    pub fields: Vec<String>,
}

/// A context, and what the engine says about it.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The context.
    pub context: Json,
    /// The stage.
    pub stage: Stage,
    /// The time, where it matters.
    pub now: Option<jiff::Timestamp>,
    /// What the engine decides: `deny by production/models › no-previews`.
    pub decision: String,
}

impl Witness {
    pub(crate) fn new(context: Json, stage: Stage, now: Option<jiff::Timestamp>, decision: &Decision) -> Self {
        Self { context, stage, now, decision: describe(decision) }
    }

    /// One line for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = shortened(&self.context).to_string();
        if self.stage != Stage::Request {
            let _ = write!(out, " in the stage {}", self.stage);
        }
        if let Some(now) = self.now {
            let _ = write!(out, " at {now}");
        }
        let _ = write!(out, ": {}", self.decision);
        out
    }
}

/// `value` with its long texts and lists cut: what they begin with is enough to see.
pub(crate) fn shortened(value: &Json) -> Json {
    const CHARACTERS: usize = 60;
    const ITEMS: usize = 5;
    match value {
        Json::String(text) if text.chars().count() > CHARACTERS => {
            let start: String = text.chars().take(CHARACTERS / 2).collect();
            json!(format!("{start}… ({} characters)", text.chars().count()))
        }
        Json::Array(items) if items.len() > ITEMS => {
            let mut shown: Vec<Json> = items.iter().take(ITEMS - 1).map(shortened).collect();
            shown.push(json!(format!("… ({} items)", items.len())));
            Json::Array(shown)
        }
        Json::Array(items) => items.iter().map(shortened).collect(),
        Json::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shortened(value))).collect(),
        other => other.clone(),
    }
}

/// `deny by production/models › no-previews`
pub(crate) fn describe(decision: &Decision) -> String {
    let effect = decision.effect();
    match (decision.policy(), decision.rule()) {
        (Some(policy), Some(rule)) => format!("{effect} by {policy} › {rule}"),
        (Some(policy), None) => format!("{effect}, which {policy} decides when no rule does"),
        _ => format!("{effect}, as no policy decides"),
    }
}

impl Claim {
    /// The stable name of the kind: `never-matches`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.finding.diagnostic.code
    }

    /// The claim with its line of the document, its witness and its advice.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let mut finding = self.finding.clone();
        let help = finding.diagnostic.help.take();
        let mut out = finding.render(colour);
        if let Some(witness) = &self.witness {
            let _ = write!(out, "\n  = example: {}", witness.text());
        }
        if let Some(help) = help {
            let _ = write!(out, "\n  = help: {help}");
        }
        out
    }

    /// One line: `policies/models.yaml:12: note: ...`.
    #[must_use]
    pub fn line(&self) -> String {
        let (line, _) = self.finding.line_and_column();
        let Diagnostic { code, message, .. } = &self.finding.diagnostic;
        format!("{}:{line}: {}[{code}]: {message}", self.finding.origin, self.weight.name())
    }

    /// The claim for programs.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let (line, column) = self.finding.line_and_column();
        let mut out = json!({
            "code": self.code(),
            "severity": self.weight.name(),
            "file": &*self.finding.origin,
            "line": line,
            "column": column,
            "policy": &*self.policy,
            "rule": self.rule.as_deref(),
            "message": self.finding.diagnostic.message,
            "help": self.finding.diagnostic.help,
            "fields": if self.fields.is_empty() { Json::Null } else { json!(self.fields) },
            "others": if self.others.is_empty() { Json::Null } else { json!(self.others) },
            "witness": self.witness.as_ref().map(|witness| {
                let mut out = json!({
                    "context": witness.context,
                    "stage": witness.stage.name(),
                    "decision": witness.decision,
                });
                if let (Some(object), Some(now)) = (out.as_object_mut(), witness.now) {
                    object.insert("now".to_owned(), json!(now.to_string()));
                }
                out
            }),
        });
        if let Some(object) = out.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        out
    }
}
