//! What an engine must be able to do to take part.

use std::error::Error;

use crate::workload::Workload;

/// Whatever went wrong while a contender was set up.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What one evaluation came to, as far as a caller needs it at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the request is refused.
    pub denied: bool,
    /// How many rules decided so.
    pub deciding: usize,
}

/// The answer in full: every rule that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request is refused.
    pub denied: bool,
    /// The matching deny rules or, if there is none, the matching allow rules, sorted.
    ///
    /// All contenders look at all rules and collect every match. Only what decided is compared, because Cedar does not
    /// report the permits that a forbid has overruled.
    pub deciding: Vec<String>,
}

impl Verdict {
    /// The verdict over these matching rules: deny overrides, and without any rule the request is allowed.
    pub fn new(denies: Vec<String>, allows: Vec<String>) -> Self {
        let denied = !denies.is_empty();
        let mut deciding = if denied { denies } else { allows };
        deciding.sort_unstable();
        Self { denied, deciding }
    }
}

/// An engine with a workload's rules loaded.
pub trait Contender {
    /// Takes the request in, in the engine's own form, for [`Contender::evaluate_prepared`].
    fn prepare(&mut self, json: &[u8]) -> Result<()>;

    /// Judges the prepared request.
    fn evaluate_prepared(&mut self) -> Outcome;

    /// Judges a request that arrives as JSON.
    fn evaluate_json(&mut self, json: &[u8]) -> Outcome;

    /// The last evaluation's answer in full. Not measured.
    fn verdict(&self) -> Verdict;
}

/// Loads a workload's rules from the texts that the plan holds; what `load and compile` measures.
pub type Loader = Box<dyn Fn() -> Result<Box<dyn Contender>>>;

/// How an engine will run one workload.
pub struct Plan {
    /// Indices of the rules that the engine's language cannot say.
    pub left_out: Vec<usize>,
    /// Loads the others.
    pub load: Loader,
}

/// An engine that takes part.
#[derive(Debug, Clone, Copy)]
pub struct Entrant {
    /// Its name in tables and filters.
    pub name: &'static str,
    /// How it is set up, and where its language says a rule in another way.
    pub notes: &'static str,
    /// Writes a workload in its language.
    pub plan: fn(&Workload) -> Plan,
}
