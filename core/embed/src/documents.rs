//! A set of documents on the way to an engine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use llm_policy_engine::compile::check;
use llm_policy_engine::document::model::SchemaField;
use llm_policy_engine::document::{self, Document, Refused};
use llm_policy_engine::{Engine as Inner, Finding, Options};
use serde_json::{Value as Json, json};

use crate::engine::Engine;
use crate::error::{Error, ErrorCode, finding_json};
use crate::files;
use crate::guard::guarded;

/// Documents that were read, and what is wrong with those that were refused.
///
/// ```
/// use llm_policy_embed::{Documents, Options};
///
/// let mut documents = Documents::new();
/// let rules = "rules: [{id: all, when: 'true', actions: [{type: audit}]}]";
/// documents.add_bytes(format!("{{version: '1.0', metadata: {{name: a}}, {rules}}}").as_bytes(), "good.yaml");
/// documents.add_bytes(format!("{{version: '1.0', metadata: {{nmae: b}}, {rules}}}").as_bytes(), "typo.yaml");
/// let checked = documents.check(Options::default());
/// assert_eq!(checked.documents, 2);
/// assert!(checked.findings.iter().any(|f| f.is_error() && &*f.origin == "typo.yaml"));
/// assert!(checked.into_engine().is_err());
/// ```
#[derive(Debug, Default)]
pub struct Documents {
    read: Vec<Document>,
    refused: Vec<(Option<PathBuf>, Refused)>,
    /// The files that were read as documents.
    files: BTreeSet<PathBuf>,
    /// The files that documents read as tables.
    tables: BTreeSet<PathBuf>,
    /// What happened outside of documents.
    failure: Option<Error>,
}

/// What [`Documents::check`] found out.
#[derive(Debug)]
pub struct Checked {
    /// How many documents there are, refused ones among them.
    pub documents: usize,
    /// How many of them could not be read: the conditions in these were not checked yet.
    pub unread: usize,
    /// How many rules the others have.
    pub rules: usize,
    /// What was found: by document, then by place.
    pub findings: Vec<Finding>,
    engine: Result<Engine, Error>,
}

impl Checked {
    /// The engine.
    ///
    /// # Errors
    /// When a document is refused, with all findings.
    pub fn into_engine(self) -> Result<Engine, Error> {
        self.into_parts().map(|(engine, _)| engine)
    }

    /// The findings as JSON, for borders and machines: `valid`, `documents`, `rules`, `findings` (each as
    /// [`finding_json`] makes it), `error` when something else failed, and the `bundle` when the documents are valid.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut out = json!({
            "valid": self.engine.is_ok(),
            "documents": self.documents,
            "rules": self.rules,
            "findings": self.findings.iter().map(finding_json).collect::<Vec<_>>(),
        });
        if let Some(object) = out.as_object_mut() {
            match &self.engine {
                Ok(engine) => drop(object.insert("bundle".to_owned(), json!(&*engine.bundle()))),
                Err(_) if self.findings.iter().any(Finding::is_error) => {}
                Err(error) => drop(object.insert("error".to_owned(), error.to_json())),
            }
        }
        out
    }

    /// The engine, and the warnings.
    ///
    /// # Errors
    /// As [`Checked::into_engine`].
    pub fn into_parts(self) -> Result<(Engine, Vec<Finding>), Error> {
        match self.engine {
            Ok(engine) => Ok((engine, self.findings)),
            Err(error) => Err(Error { findings: self.findings, ..error }),
        }
    }

    /// The engine, if there is one.
    ///
    /// # Errors
    /// When a document is refused.
    pub fn engine(&self) -> Result<&Engine, &Error> {
        self.engine.as_ref()
    }
}

impl Documents {
    /// No document.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file, or all files below a directory whose names end with `.yaml`, `.yml` or `.json`, sorted by path.
    ///
    /// Names that begin with a dot are passed over, and so are what belongs to tests: files whose names end with
    /// `_test.yaml`, `_test.yml` or `_test.json`, and directories called `testdata`. A file that is reached twice is read once. Files that other documents
    /// read as tables are no documents. Tables are looked for in the document's directory and below, never outside.
    ///
    /// # Errors
    /// When a file cannot be read, or there is none. What is wrong inside of documents comes with [`Documents::check`].
    pub fn add_path(&mut self, path: &Path) -> Result<(), Error> {
        for file in files::documents(path)? {
            if !self.files.insert(files::identity(&file)) {
                continue;
            }
            let bytes = files::read(&file, document::MAX_BYTES)?;
            let folder = file.parent().unwrap_or(Path::new(""));
            let tables = &mut self.tables;
            let mut load = |name: &str| {
                let (table, text) = files::table(folder, name)?;
                tables.insert(table);
                Ok(text)
            };
            let origin = files::origin(&file);
            let read = guarded(|| Ok(document::read_bytes(&bytes, &origin, &mut load)));
            self.add(read, Some(files::identity(&file)));
        }
        Ok(())
    }

    /// Adds a document from memory; `origin` names it in messages. It cannot read tables from files.
    pub fn add_bytes(&mut self, bytes: &[u8], origin: &str) {
        let mut load = |name: &str| Err(format!("`{origin}` is no file, so there is no `{name}` beside it"));
        let read = guarded(|| Ok(document::read_bytes(bytes, origin, &mut load)));
        self.add(read, None);
    }

    fn add(&mut self, read: Result<Result<Document, Refused>, Error>, file: Option<PathBuf>) {
        match read {
            Ok(Ok(document)) => self.read.push(document),
            Ok(Err(refused)) => self.refused.push((file, refused)),
            Err(error) => self.failure = Some(error),
        }
    }

    /// Keeps the documents of `namespace` (`None`: of all) that have one of `tags` (none: any document).
    ///
    /// Documents that could not be read stay: nobody knows what they are.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn select(&mut self, namespace: Option<&str>, tags: &[String]) -> Result<(), Error> {
        self.leave_tables_out();
        let all: BTreeSet<String> = self.read.iter().map(describe).collect();
        self.read.retain(|document| {
            let metadata = &document.metadata;
            let tagged = tags.is_empty() || metadata.tags.iter().any(|tag| tags.iter().any(|t| **t == *tag.value));
            tagged && namespace.is_none_or(|namespace| *metadata.namespace.value == *namespace)
        });
        if self.read.is_empty() && self.refused.is_empty() && !all.is_empty() {
            let all: Vec<String> = all.into_iter().collect();
            let what = match (namespace, tags.is_empty()) {
                (Some(namespace), true) => format!("no document has the namespace `{namespace}`"),
                (None, _) => format!("no document has the tag {}", quoted(tags)),
                (Some(namespace), false) => {
                    format!("no document has the namespace `{namespace}` and the tag {}", quoted(tags))
                }
            };
            return Err(Error::new(ErrorCode::NoDocuments, what).with_help(format!("there are {}", all.join(", "))));
        }
        Ok(())
    }

    /// The documents that were read, in the order in which they were added.
    #[must_use]
    pub fn read(&self) -> &[Document] {
        &self.read
    }

    /// Files that were refused as documents and are tables of others are no documents.
    fn leave_tables_out(&mut self) {
        let tables = &self.tables;
        self.refused.retain(|(file, _)| file.as_ref().is_none_or(|file| !tables.contains(file)));
    }

    /// The documents that could be read, for tools that look into them.
    #[must_use]
    pub fn documents(&self) -> &[Document] {
        &self.read
    }

    /// Compiles the documents and gathers all that was found.
    #[must_use]
    pub fn check(mut self, options: Options) -> Checked {
        self.leave_tables_out();
        let unread = self.refused.len();
        let documents = self.read.len() + unread;
        let rules = self.read.iter().map(|document| document.rules.len()).sum();
        let mut findings: Vec<Finding> = Vec::new();
        for (_, refused) in &self.refused {
            let finding =
                |diagnostic| Finding { origin: refused.origin.clone(), text: refused.text.clone(), diagnostic };
            findings.extend(refused.diagnostics.iter().cloned().map(finding));
        }
        let engine = if let Some(failure) = self.failure {
            Err(failure)
        } else if documents == 0 {
            Err(Error::new(ErrorCode::NoDocuments, "there is no policy document"))
        } else {
            let compiled = guarded(|| match self.refused.as_slice() {
                [] => Ok(Inner::new(self.read, options)),
                refused => Ok(Err(check_beside(self.read, refused, options))),
            });
            match compiled {
                Ok(Ok((inner, warnings))) => {
                    findings.extend(warnings);
                    Ok(Engine::new(inner))
                }
                Ok(Err(found)) => {
                    findings.extend(found);
                    Err(refusal(documents_with_errors(&findings), documents))
                }
                Err(error) => Err(error),
            }
        };
        findings.sort_by(|a, b| {
            let key = |f: &Finding| (f.origin.clone(), f.diagnostic.span.start);
            key(a).cmp(&key(b))
        });
        Checked { documents, unread, rules, findings, engine }
    }
}

/// What is wrong with `read`, which stand beside `refused` documents.
///
/// Fields that a refused document declares are known to the others. Where it cannot be told what it declares, names that the
/// others do not know are no fault of theirs until it is repaired.
fn check_beside(read: Vec<Document>, refused: &[(Option<PathBuf>, Refused)], options: Options) -> Vec<Finding> {
    let declared: Vec<SchemaField> = refused.iter().filter_map(|(_, r)| r.schema.clone()).flatten().collect();
    let all_told = refused.iter().all(|(_, refused)| refused.schema.is_some());
    let mut findings = check(read, &declared, options);
    findings.retain(|f| all_told || !matches!(f.diagnostic.code, "undefined-field" | "undeclared-name"));
    findings
}

/// How many documents have errors.
fn documents_with_errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|f| f.is_error()).map(|f| &*f.origin).collect::<BTreeSet<&str>>().len()
}

fn refusal(wrong: usize, all: usize) -> Error {
    let message = match all {
        1 => "the policy document is refused".to_owned(),
        _ => format!("{wrong} of {all} policy documents {} refused", if wrong == 1 { "is" } else { "are" }),
    };
    Error::new(ErrorCode::InvalidPolicy, message)
}

/// `namespace/name (tag, tag)`
fn describe(document: &Document) -> String {
    let tags: Vec<&str> = document.metadata.tags.iter().map(|tag| &*tag.value).collect();
    match tags.as_slice() {
        [] => document.id(),
        tags => format!("{} ({})", document.id(), tags.join(", ")),
    }
}

/// `a` or `b`
fn quoted(tags: &[String]) -> String {
    tags.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(" or ")
}
