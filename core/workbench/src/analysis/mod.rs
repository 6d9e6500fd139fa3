//! What can be said about policies without an input: rules that never match, rules that others always override, rules that
//! conflict, and what else an author hardly meant.
//!
//! "Never" and "always" are proofs: the [solver](mod@self) looks for cells of values (see `cells.rs`) under which the
//! opposite would hold, and there are none. They are about values; a rule that runs out of fuel is an error, whatever it
//! says. "Can" is shown by a context that was tried on the engine. What the solver cannot see into (regular expressions,
//! functions, loops) counts as able to have any outcome, so about a rule that is made of these it says less, and
//! [`Analysis::rules`] tells which they are.
//!
//! ```
//! use llm_policy_engine::document;
//! use llm_policy_workbench::analysis::{Options, analyse};
//!
//! let policy = r#"
//! version: "1.0"
//! metadata: {name: models}
//! rules:
//!   - {id: old, when: request.model == 'gpt-4' && request.model == 'gpt-3', actions: [deny]}
//! "#;
//! let document = document::read(policy, "models.yaml", &mut document::no_files).unwrap();
//! let analysis = analyse(&[document], &Options::default()).unwrap();
//! assert_eq!(analysis.claims[0].code(), "never-matches");
//! ```

mod actions;
mod cells;
mod claim;
mod cost;
mod exceptions;
mod fields;
mod implication;
mod limits;
mod names;
mod outcomes;
mod pairs;
mod proofs;
mod reads;
mod rules;
mod sample;
mod scenario;
mod solver;
mod tests_of;
mod theory;
mod tried;
mod witness;

use std::sync::Arc;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::cel::program::NodeId;
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::compile::rules::{CompiledDocument, CompiledRule};
use llm_policy_engine::context::Stage;
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::Document;
use llm_policy_engine::document::model::Rule;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::{Engine, Finding};
use serde_json::Value as Json;

pub(crate) use claim::shortened;
pub use claim::{Claim, Weight, Witness};
pub use cost::Cost;
pub(crate) use implication::Implication;
pub(crate) use names::used_by;
pub use proofs::Proofs;

use solver::{Answer, Goal, State, solve};
use theory::Theory;
use tried::Tried;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the documents are compiled.
    pub engine: llm_policy_engine::Options,
    /// The time at which exceptions count as expired.
    pub now: jiff::Timestamp,
    /// Also what may well be meant: notes.
    pub notes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { engine: llm_policy_engine::Options::default(), now: jiff::Timestamp::now(), notes: false }
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// What is claimed, by document and place.
    pub claims: Vec<Claim>,
    /// Each rule with its cost, the dearest first.
    pub rules: Vec<Cost>,
    /// How many questions took too long to answer: about these nothing is claimed.
    pub unanswered: usize,
    /// How many claims rules accept, by `metadata: {accept: [code]}`; these are not in `claims`.
    pub accepted: usize,
}

impl Analysis {
    /// The claims of at least this weight.
    pub fn of_weight(&self, weight: Weight) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(move |claim| claim.weight >= weight)
    }
}

/// Analyses `documents`.
///
/// # Errors
/// When they do not compile, with all findings.
pub fn analyse(documents: &[Document], options: &Options) -> Result<Analysis, Vec<Finding>> {
    let (engine, _) = Engine::new(documents.to_vec(), options.engine.clone())?;
    let engine = engine.handles(Handles::ALL);
    let compiled = engine.compiled();
    let mut bench = Bench::new(&engine, &compiled, documents, options);
    rules::look(&mut bench);
    pairs::look(&mut bench);
    exceptions::look(&mut bench);
    actions::look(&mut bench);
    names::look(&mut bench);
    limits::look(&mut bench);
    fields::look(&mut bench);
    let rules = cost::of_rules(&mut bench);
    let Bench { mut claims, unanswered, .. } = bench;
    let found = claims.len();
    claims.retain(|claim| !is_accepted(documents, claim));
    let accepted = found - claims.len();
    claims.sort_by(|a, b| {
        let key = |c: &Claim| (c.finding.origin.clone(), c.finding.diagnostic.span.start, c.code());
        key(a).cmp(&key(b))
    });
    if !options.notes {
        claims.retain(|claim| claim.weight > Weight::Note);
    }
    Ok(Analysis { claims, rules, unanswered, accepted })
}

/// Whether the rule that a claim is about accepts claims of this kind.
fn is_accepted(documents: &[Document], claim: &Claim) -> bool {
    let rule = documents
        .iter()
        .filter(|document| document.id() == *claim.policy)
        .flat_map(|document| &document.rules)
        .find(|rule| claim.rule.as_ref().is_some_and(|id| *id == rule.id.value));
    let accepts = rule.and_then(|rule| rule.metadata.get("accept")).and_then(Json::as_array);
    accepts.is_some_and(|codes| codes.iter().any(|code| code.as_str() == Some(claim.code())))
}

/// What all questions share.
struct Bench<'b> {
    engine: &'b Engine,
    compiled: &'b Compiled,
    documents: &'b [Document],
    options: &'b Options,
    theory: Theory<'b>,
    claims: Vec<Claim>,
    unanswered: usize,
}

impl<'b> Bench<'b> {
    fn new(engine: &'b Engine, compiled: &'b Compiled, documents: &'b [Document], options: &'b Options) -> Self {
        let mut roots: Vec<NodeId> = Vec::new();
        for rule in &compiled.rules {
            roots.push(rule.condition);
            roots.extend(rule.clauses.iter().map(|clause| clause.node));
            roots.extend(rule.gates.iter().map(|(_, node)| *node));
            roots.extend(rule.exceptions.iter().map(|exception| exception.condition));
        }
        roots.extend(compiled.limits.all.iter().map(|limit| limit.when));
        roots.extend(compiled.breakers.all.iter().map(|breaker| breaker.when));
        let theory = Theory::new(compiled, &roots);
        Self { engine, compiled, documents, options, theory, claims: Vec::new(), unanswered: 0 }
    }

    fn solve(&mut self, goals: &[Goal]) -> Answer {
        let answer = solve(&mut self.theory, goals.to_vec());
        if matches!(answer, Answer::Unknown) {
            self.unanswered += 1;
        }
        answer
    }

    /// Whether `goals` cannot hold together.
    fn never(&mut self, goals: &[Goal]) -> bool {
        self.solve(goals).is_no()
    }

    fn document(&self, rule: &CompiledRule) -> Option<&'b CompiledDocument> {
        self.compiled.documents.get(rule.document as usize)
    }

    /// The rule as it was written.
    fn written(&self, rule: &CompiledRule) -> Option<&'b Rule> {
        let document = self.document(rule)?;
        let model = self.documents.iter().find(|d| d.id() == *document.id)?;
        model.rules.iter().find(|r| r.id.value == rule.id)
    }

    /// `policy › rule`
    fn name(&self, rule: &CompiledRule, beside: &CompiledRule) -> String {
        let policy = self.document(rule).map_or("", |d| &d.id);
        if rule.document == beside.document { format!("`{}`", rule.id) } else { format!("`{policy} › {}`", rule.id) }
    }

    fn claim(&mut self, rule: &CompiledRule, weight: Weight, diagnostic: Diagnostic) -> Option<&mut Claim> {
        let document = self.document(rule)?;
        let finding = Finding { origin: document.origin.clone(), text: document.text.clone(), diagnostic };
        let (policy, rule) = (document.id.clone(), Some(rule.id.clone()));
        self.claims.push(Claim {
            weight,
            policy,
            rule,
            finding,
            witness: None,
            others: Vec::new(),
            fields: Vec::new(),
        });
        self.claims.last_mut()
    }

    fn claim_in(&mut self, document: &Document, weight: Weight, diagnostic: Diagnostic) -> Option<&mut Claim> {
        let finding = Finding { origin: document.origin.clone(), text: document.text.clone(), diagnostic };
        let policy: Arc<str> = document.id().into();
        self.claims.push(Claim {
            weight,
            policy,
            rule: None,
            finding,
            witness: None,
            others: Vec::new(),
            fields: Vec::new(),
        });
        self.claims.last_mut()
    }

    /// The text at `span` of the rule's document, on one line.
    fn text(&self, rule: &CompiledRule, span: Span) -> String {
        let text = self.document(rule).and_then(|d| d.text.get(span.start as usize..span.end as usize));
        text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// A context for which `goals` hold, and about which the engine says what `agrees` wants.
    fn show(
        &mut self,
        state: &State,
        goals: &[Goal],
        stage: Stage,
        agrees: impl Fn(&Tried<'_>) -> bool,
    ) -> Option<Witness> {
        let (engine, compiled, now) = (self.engine, self.compiled, self.options.now);
        witness::find(&mut self.theory, state, goals, |theory, guess| {
            let context = witness::context(compiled, theory, guess)?;
            let at = witness::instant(compiled, guess);
            let tried = Tried::new(engine, &context, stage, at.unwrap_or(now))?;
            agrees(&tried).then(|| Witness::new(context, stage, at, &tried.decision))
        })
    }
}
