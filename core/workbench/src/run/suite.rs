//! Cases with the policies that they test.

use std::collections::BTreeSet;
use std::sync::Arc;

use llm_policy_engine::compile::fields::Fields;
use llm_policy_engine::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_engine::document::Document;
use llm_policy_engine::{Engine, Finding, Options};

use crate::cases::{Case, CaseFile, Reference, ReferenceKind};

/// Files of cases with the policies that they test.
#[derive(Debug, Default)]
pub struct Suite {
    /// The sets of policies.
    pub sets: Vec<PolicySet>,
    /// The files of cases.
    pub files: Vec<TestFile>,
}

/// Policies that are tested together.
#[derive(Debug)]
pub struct PolicySet {
    /// The documents.
    pub documents: Vec<Document>,
    engine: Engine,
}

/// A file of cases, and the policies that it tests.
#[derive(Debug)]
pub struct TestFile {
    /// The cases.
    pub cases: CaseFile,
    /// The number of the set of policies in the suite.
    pub set: usize,
}

impl PolicySet {
    /// Compiles `documents`. Warnings come with the set.
    ///
    /// # Errors
    /// All findings, when one of them is an error.
    pub fn new(documents: Vec<Document>) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let (engine, warnings) = Engine::new(documents.clone(), Options::default())?;
        Ok((Self { documents, engine }, warnings))
    }

    /// The engine of these policies.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Suite {
    /// Adds a set of policies, and gives its number.
    pub fn add_set(&mut self, set: PolicySet) -> usize {
        self.sets.push(set);
        self.sets.len() - 1
    }

    /// Adds a file whose cases test the policies of number `set`.
    ///
    /// # Errors
    /// Names of rules, exceptions and policies that none of the policies has: a case that expects such a rule not to match
    /// would pass for ever. Fields of contexts that neither the engine nor the policies have: no rule would ever see them.
    pub fn add_file(&mut self, cases: CaseFile, set: usize) -> Result<(), Vec<Finding>> {
        let documents = self.sets.get(set).map(|set| set.documents.as_slice()).unwrap_or_default();
        let compiled = self.sets.get(set).map(|set| set.engine.compiled());
        let fields = compiled.map(|compiled| stray_fields(&cases, &compiled.fields)).unwrap_or_default();
        let unknown: Vec<Finding> = cases
            .references
            .iter()
            .filter_map(|reference| unknown(reference, documents))
            .chain(fields)
            .map(|diagnostic| Finding { origin: cases.origin.clone(), text: cases.text.clone(), diagnostic })
            .collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        self.files.push(TestFile { cases, set });
        Ok(())
    }

    /// How many cases there are.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.files.iter().map(|file| file.cases.cases.len()).sum()
    }

    /// A case by the number of its file and its own.
    #[must_use]
    pub fn case(&self, file: usize, case: usize) -> Option<&Case> {
        self.files.get(file)?.cases.cases.get(case)
    }

    /// The policies that a file tests.
    #[must_use]
    pub fn set_of(&self, file: usize) -> Option<&PolicySet> {
        self.sets.get(self.files.get(file)?.set)
    }

    /// The documents of all sets, each once.
    #[must_use]
    pub fn documents(&self) -> Vec<&Document> {
        let mut seen: BTreeSet<(Arc<str>, String)> = BTreeSet::new();
        let all = self.sets.iter().flat_map(|set| &set.documents);
        let mut all: Vec<&Document> = all.filter(|d| seen.insert((d.origin.clone(), d.id()))).collect();
        all.sort_by_key(|document| document.origin.clone());
        all
    }
}

/// The fields of contexts that there are not. What stands below one is told with it.
fn stray_fields(cases: &CaseFile, fields: &Fields) -> Vec<Diagnostic> {
    let mut told: Option<&[String]> = None;
    let mut out = Vec::new();
    for written in &cases.fields {
        if told.is_some_and(|above| written.path.len() > above.len() && written.path.starts_with(above)) {
            continue;
        }
        let path: Vec<&str> = written.path.iter().map(String::as_str).collect();
        let Some(stray) = fields.stray(&path) else { continue };
        // `Model` beside `model` is refused with the context, by the engine.
        if stray.near.as_ref().is_some_and(|near| near.eq_ignore_ascii_case(&stray.path)) {
            continue;
        }
        told = Some(&written.path);
        let file = written.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        let message = format!("{file}the context has no field `{}`", stray.path);
        let help = match &stray.near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it under `schema` of a policy, or put it below a free field such as `metadata`".to_owned(),
        };
        out.push(Diagnostic::error("unknown-field", message, written.span).with_help(help));
    }
    out
}

fn unknown(reference: &Reference, documents: &[Document]) -> Option<Diagnostic> {
    let name = &*reference.name.value;
    let mut known: Vec<String> = Vec::new();
    for document in documents {
        let id = document.id();
        let names: Vec<&str> = match reference.kind {
            ReferenceKind::Rule => document.rules.iter().map(|rule| &*rule.id.value).collect(),
            ReferenceKind::Exception => document.exceptions.iter().map(|e| &*e.id.value).collect(),
            ReferenceKind::Limit => document.limits.iter().map(|limit| &*limit.name.value).collect(),
            ReferenceKind::Breaker => document.breakers.iter().map(|breaker| &*breaker.name.value).collect(),
            ReferenceKind::Policy => {
                known.extend([document.metadata.name.value.to_string(), id]);
                continue;
            }
        };
        known.extend(names.iter().flat_map(|name| [(*name).to_owned(), format!("{id}/{name}")]));
    }
    if known.iter().any(|known| known == name) {
        return None;
    }
    let what = match reference.kind {
        ReferenceKind::Rule => "rule",
        ReferenceKind::Exception => "exception",
        ReferenceKind::Policy => "policy",
        ReferenceKind::Limit => "limit",
        ReferenceKind::Breaker => "breaker",
    };
    let message = format!("the policies under test have no {what} `{name}`");
    let error = Diagnostic::error("unknown-name", message, reference.name.span);
    Some(match did_you_mean(name, known.iter().map(String::as_str)) {
        Some(near) => error.with_help(format!("did you mean `{near}`?")),
        None => error,
    })
}
