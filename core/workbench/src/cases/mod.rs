//! Test cases: what they say, and the file format that they are written in.
//!
//! A file of cases is read as strictly as a policy: an unknown key, a repeated key, a name that nothing has is an error with
//! its line. What the words mean is told in `docs/testing-policies.md`.
//!
//! 1. [`read`]: the file becomes [`Case`]s; fixtures, files and patches are put together to one context for each case.
//! 2. [`expect`]: what a case expects becomes a list of [`Expectation`]s, each over one part of the decision.

pub mod context;
pub mod expect;
mod flow;
pub mod pattern;
pub(crate) mod read;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use llm_policy_engine::breakers::Stands;
use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::context::Stage;
use llm_policy_engine::document::model::Text;
use llm_policy_engine::handles::Handles;
use serde_json::Value as Json;

pub use expect::{Expectation, Key};
pub use pattern::Pattern;
pub use read::read;

/// A file of test cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The name of the file, for messages.
    pub origin: Arc<str>,
    /// The file's text, which all spans count in.
    pub text: Arc<str>,
    /// The policies that it tests, relative to the file; absent: those that the caller has.
    pub policies: Option<Vec<Text>>,
    /// The cases in the order in which they were written; of a table, one for each variant.
    pub cases: Vec<Case>,
    /// Rules, exceptions and policies that the cases name.
    pub references: Vec<Reference>,
    /// The fields of contexts that are written in the file, wherever they stand.
    pub fields: Vec<WrittenField>,
}

/// One case: a context, a question, and what is expected of the decision.
#[derive(Clone, Debug)]
pub struct Case {
    /// The name; of a variant `case › variant`.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The stage that is asked about.
    pub stage: Stage,
    /// The time that conditions see.
    pub now: Timestamp,
    /// What the host carries out.
    pub handles: Handles,
    /// What limits have been used before, by name: dollars, tokens or requests.
    pub used: Vec<(String, f64)>,
    /// How circuit breakers stand, by name.
    pub breakers: Vec<(String, Stands)>,
    /// The context.
    pub context: Json,
    /// What is expected.
    pub expect: Vec<Expectation>,
}

/// A name that a case uses, which something in the policies must have.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What it is the name of.
    pub kind: ReferenceKind,
    /// The name: `rule` or `namespace/name/rule`.
    pub name: Text,
}

/// A field of a context as it is written, which the context must have.
#[derive(Clone, Debug)]
pub struct WrittenField {
    /// The names that lead to it; elements of lists have their number.
    pub path: Vec<String>,
    /// Where the last name stands, or the name of the file that has it.
    pub span: Span,
    /// The file of the context, when it is another one.
    pub file: Option<Arc<str>>,
}

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// A rule.
    Rule,
    /// An exception.
    Exception,
    /// A document.
    Policy,
    /// A limit.
    Limit,
    /// A circuit breaker.
    Breaker,
}

/// True for the name of a file of cases: `security_test.yaml`, also `.yml` and `.json`.
///
/// ```
/// use std::path::Path;
/// use llm_policy_workbench::cases::is_case_file;
///
/// assert!(is_case_file(Path::new("policies/security_test.yaml")));
/// assert!(!is_case_file(Path::new("policies/security.yaml")));
/// ```
#[must_use]
pub fn is_case_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    let named = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem.ends_with("_test"));
    named && matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}
