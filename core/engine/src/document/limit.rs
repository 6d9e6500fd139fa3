//! What a document limits: `limits`.

use std::sync::Arc;

use super::action::Action;
use super::model::{Mode, Text};
use super::source::Source;
use llm_policy_ledger as ledger;

/// A limit.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The name, unique in the document.
    pub name: Text,
    /// What the limit is for.
    pub description: Option<Arc<str>>,
    /// Whether it is enforced: of the document's mode and its own, the weaker.
    pub mode: Mode,
    /// Kind, window, shares of the steps, and what becomes of lost reservations.
    pub definition: Arc<ledger::Limit>,
    /// CEL over identity and `request.model`: whom it counts for. Several count together; never empty.
    pub key: Vec<Source>,
    /// The requests that it counts; absent: all.
    pub when: Option<Source>,
    /// How much may be used.
    pub amount: Amount,
    /// What a request costs; absent: the default of its kind.
    pub cost: Option<Source>,
    /// What each step does, in the order of the definition's steps. `None`: the bare action.
    pub actions: Vec<Option<Action>>,
    /// What happens while the store cannot be asked.
    pub on_store_loss: OnStoreLoss,
}

/// How much may be used in a window.
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// Micro-dollars, tokens or requests, by the limit's kind.
    Units(u64),
    /// CEL that gives dollars, tokens or requests.
    Computed(Source),
}

/// What happens while the store cannot be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnStoreLoss {
    /// Nothing passes the limit.
    #[default]
    Deny,
    /// Each process has its share of the amount.
    LocalShare,
    /// Everything passes.
    Allow,
}
