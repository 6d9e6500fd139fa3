//! What a document stops calling for a while: `breakers`.

use std::sync::Arc;

use llm_policy_ledger::breaker::Rule;

use super::action::Action;
use super::model::{Mode, Spanned, Text};
use super::source::Source;
use crate::context::Stage;

/// A circuit breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    /// The name, unique in the document.
    pub name: Text,
    /// What the breaker is for.
    pub description: Option<Arc<str>>,
    /// Whether it is enforced: of the document's mode and its own, the weaker.
    pub mode: Mode,
    /// When it opens and closes; its name is `namespace/document/breaker`.
    pub definition: Arc<Rule>,
    /// The stages that ask it.
    pub stages: Vec<Spanned<Stage>>,
    /// CEL over identity and what is called: what it stands for. Several count together; empty: one for everything.
    pub key: Vec<Source>,
    /// The calls that ask it; absent: all.
    pub when: Option<Source>,
    /// What happens to a call that it stops.
    pub does: Does,
    /// What the action says, where that is more than its name.
    pub action: Option<Action>,
}

/// What happens to a call that a breaker stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Does {
    /// It is denied.
    #[default]
    Deny,
    /// It is throttled: the decision says when it is worth asking again.
    Throttle,
    /// It goes elsewhere.
    Route,
}
