//! Mutation: the policies are changed in many small ways, and each change that no case notices is reported.
//!
//! A mutant is one document with one small change: a clause dropped, a bound shifted, an effect weakened (`conditions`,
//! `rules`, `documents` tell which). A case kills it when its decision is no longer what the case expects. What survives is
//! a hole in the tests, or a change that changes nothing; of the latter an [`Equivalence`] may prove some.
//!
//! Mutants of rules are all compiled into one program, which a rule set is chosen from for each of them, and a mutant meets
//! only the cases in which its condition has another value than the original's.

mod conditions;
mod documents;
mod rules;
mod run;

use std::num::NonZeroUsize;
use std::sync::Arc;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::document::Document;
use llm_policy_engine::document::model::Rule;

use crate::coverage::Share;
use crate::run::Suite;

/// One small change of one document.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// The document's id: `namespace/name`.
    pub policy: String,
    /// The name of the document's file.
    pub origin: Arc<str>,
    /// The document's text, which the span counts in.
    pub text: Arc<str>,
    /// What is changed: `rule no-previews`.
    pub subject: String,
    /// How it is changed, in a stable word: `drop-clause`.
    pub operator: &'static str,
    /// What that means here: `without the clause user.tier == 'free'`.
    pub description: String,
    /// The place of the change.
    pub span: Span,
    /// What stands there.
    pub before: String,
    /// What stands there in the mutant; empty when it is gone.
    pub after: String,
    /// The changed part.
    pub change: Change,
}

/// The part of a document that a mutant changes.
#[derive(Clone, Debug)]
pub enum Change {
    /// The rule at this position is another one, or is gone.
    Rule {
        /// The position among the document's rules.
        position: usize,
        /// The rule that takes its place.
        rule: Option<Box<Rule>>,
    },
    /// The document is another one.
    Document(Box<Document>),
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A case noticed it: the name of its file, and its own.
    Killed(Arc<str>, String),
    /// No case noticed it.
    Survived,
    /// It decides as the original does about every input, and why.
    Equivalent(String),
}

/// Proves that mutants change nothing.
pub trait Equivalence: Sync {
    /// Why `mutant` decides about every input as `documents` do, of which it changes one; `None` when that is not known.
    fn proof(&self, mutant: &Mutant, documents: &[Document]) -> Option<String>;
}

/// Proves nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unproved;

impl Equivalence for Unproved {
    fn proof(&self, _: &Mutant, _: &[Document]) -> Option<String> {
        None
    }
}

/// What became of all mutants.
#[derive(Clone, Debug, Default)]
pub struct Mutation {
    /// The mutants in the order of the documents and their text.
    pub mutants: Vec<(Mutant, Fate)>,
    /// How many decisions were made to find out.
    pub decisions: u64,
}

impl Mutation {
    /// How many of the mutants that change something were killed.
    #[must_use]
    pub fn score(&self) -> Share {
        let mut share = Share::default();
        for (_, fate) in &self.mutants {
            match fate {
                Fate::Killed(..) => share += Share { seen: 1, of: 1 },
                Fate::Survived => share += Share { seen: 0, of: 1 },
                Fate::Equivalent(_) => {}
            }
        }
        share
    }

    /// The mutants that no case noticed.
    pub fn survivors(&self) -> impl Iterator<Item = &Mutant> {
        self.mutants.iter().filter(|(_, fate)| *fate == Fate::Survived).map(|(mutant, _)| mutant)
    }
}

/// Makes the mutants of all policies of `suite` and runs the cases against them, on `jobs` threads.
///
/// Cases that fail with the policies as they are notice nothing.
#[must_use]
pub fn run(suite: &Suite, equivalence: &dyn Equivalence, jobs: NonZeroUsize) -> Mutation {
    run::run(suite, equivalence, jobs)
}

/// The mutants of `document`, in the order of its text.
#[must_use]
pub fn mutants(document: &Document) -> Vec<Mutant> {
    let syntax = crate::conditions::Syntax::default();
    let mut found = Vec::new();
    rules::mutants(&syntax, document, &mut found);
    documents::mutants(&syntax, document, &mut found);
    found.sort_by_key(|mutant| (mutant.span.start, mutant.span.end));
    found
}

/// Adds mutants of one subject.
struct Maker<'m> {
    document: &'m Document,
    subject: String,
    found: &'m mut Vec<Mutant>,
}

impl Maker<'_> {
    fn add(&mut self, operator: &'static str, description: String, span: Span, edit: (String, String), change: Change) {
        let (before, after) = edit;
        let Document { origin, text, .. } = self.document;
        self.found.push(Mutant {
            policy: self.document.id(),
            origin: origin.clone(),
            text: text.clone(),
            subject: self.subject.clone(),
            operator,
            description,
            span,
            before,
            after,
            change,
        });
    }

    /// The document's text at `span`.
    fn written(&self, span: Span) -> String {
        self.document.text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned()
    }
}
