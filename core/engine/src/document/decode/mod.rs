//! From the tree to the model: strict readers, which report everything that is wrong and not the first thing only.

mod action;
mod breakers;
mod conditions;
mod data;
mod detectors;
mod header;
pub mod keys;
mod limits;
mod rule;
mod schedule;
mod values;

use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::{Diagnostic, Severity, did_you_mean};
use llm_policy_cel::types::Type;
use rustc_hash::FxHashSet;

use super::misread;
use super::model::{Document, SchemaField, Spanned, Text};
use super::tree::{Key, Kind, Node, Style};

/// How many findings are reported; what comes behind them is counted.
const MAX_FINDINGS: usize = 100;

/// What loads the files that tables name.
pub(super) type Loader<'l> = dyn FnMut(&str) -> Result<String, String> + 'l;

pub(super) const KEYS: &[&str] = &[
    "version",
    "metadata",
    "config",
    "schema",
    "variables",
    "lists",
    "tables",
    "limits",
    "breakers",
    "rules",
    "exceptions",
    "fallback",
];
/// Keys of other formats, none of which this format has.
const FOREIGN: &[&str] = &["apiVersion", "api_version", "kind", "policies", "policy", "spec", "apiversion"];

/// Reads the model from the tree.
pub(super) fn document(text: &str, origin: &str, root: &Node<'_>, load: &mut Loader<'_>) -> Result<Document, Faults> {
    let mut reader = Reader::new(text);
    let document = reader.document(origin, root, load);
    let schema = reader.schema.take();
    let (mut errors, warnings) = reader.finish();
    match document {
        Some(document) if errors.is_empty() => Ok(Document { warnings, ..document }),
        _ => {
            if errors.is_empty() {
                errors.push(Diagnostic::error("not-a-policy", "the document cannot be read", root.span));
            }
            Err(Faults { diagnostics: errors, schema })
        }
    }
}

/// What is wrong with a document, and what is known of it all the same.
pub(super) struct Faults {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What it declares; `None`: that cannot be told.
    pub(super) schema: Option<Vec<SchemaField>>,
}

impl From<Vec<Diagnostic>> for Faults {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics, schema: None }
    }
}

/// Reads one document and collects what is wrong with it.
///
/// Its methods report what is wrong and go on; readers of other formats that stand beside policies use them too.
pub struct Reader<'t> {
    text: &'t str,
    findings: Vec<Diagnostic>,
    unreported: usize,
    /// What `schema` says, when nothing is wrong with it.
    schema: Option<Vec<SchemaField>>,
    /// The fields of `schema` that are lists.
    list_fields: FxHashSet<Arc<str>>,
}

/// The entries of a mapping whose keys are known.
pub struct Fields<'n, 'a> {
    /// What the mapping is, for messages: `a rule`.
    what: &'static str,
    /// Where it begins.
    at: Span,
    entries: Vec<(&'n Key<'a>, &'n Node<'a>)>,
    /// Keys that were there without a value or misspelt, which has been reported.
    reported: Vec<String>,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// The value of a key, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'n Node<'a>> {
        self.entries.iter().find(|(key, _)| key.text == name).map(|(_, node)| *node)
    }

    /// True when the key is not there because of something that was reported.
    fn was_reported(&self, name: &str) -> bool {
        self.reported.iter().any(|reported| reported == name)
    }

    /// A key, if it is there.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'n Key<'a>> {
        self.entries.iter().find(|(key, _)| key.text == name).map(|(key, _)| *key)
    }
}

impl<'t> Reader<'t> {
    /// A reader of `text`, which all spans count in.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { text, findings: Vec::new(), unreported: 0, schema: None, list_fields: FxHashSet::default() }
    }

    /// All that was found: errors by place, and warnings.
    #[must_use]
    pub fn finish(self) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let (mut errors, warnings): (Vec<_>, Vec<_>) =
            self.findings.into_iter().partition(|d| d.severity == Severity::Error);
        errors.sort_by_key(|error| error.span.start);
        if self.unreported > 0 {
            let message = format!("there are {} more errors", self.unreported);
            let at = errors.last().map(|d| d.span).unwrap_or_default();
            errors.push(Diagnostic::error("more-errors", message, at));
        }
        (errors, warnings)
    }

    fn document(&mut self, origin: &str, root: &Node<'_>, load: &mut Loader<'_>) -> Option<Document> {
        let Kind::Map(entries) = &root.kind else {
            let message = format!("a policy is a mapping, not {}", describe(root));
            self.push(
                Diagnostic::error("not-a-policy", message, self.head(root.span))
                    .with_help(format!("its keys are {}", quoted(KEYS))),
            );
            return None;
        };
        let version = self.version(root, entries)?;
        let fields = self.fields(root, "a policy", KEYS)?;
        let metadata = self.required(&fields, "metadata").and_then(|node| self.metadata(node));
        let config = self.config(fields.get("config"));
        let before = self.findings.len() + self.unreported;
        let schema = self.schema(fields.get("schema"));
        if self.findings.len() + self.unreported == before && !fields.was_reported("schema") {
            self.schema = Some(schema.clone());
        }
        let lists_of_schema = schema.iter().filter(|field| matches!(field.ty, Type::List(_)));
        self.list_fields = lists_of_schema.map(|field| Arc::clone(&field.path.value)).collect();
        let variables = self.variables(fields.get("variables"));
        let lists = self.lists(fields.get("lists"));
        let tables = self.tables(fields.get("tables"), load);
        let id = metadata.as_ref().map(|m| format!("{}/{}", m.namespace.value, m.name.value)).unwrap_or_default();
        let mode = config.as_ref().map(|config| config.mode).unwrap_or_default();
        let limits = self.limits(fields.get("limits"), &id, mode);
        let breakers = self.breakers(fields.get("breakers"), &id, mode);
        let rules = self.rules(&fields, &lists);
        let exceptions = self.exceptions(fields.get("exceptions"), &rules, fields.get("rules"));
        let fallback = fields.get("fallback").map(|node| self.fallback(node));
        let fallback = match fallback {
            Some(None) => return None,
            Some(Some(fallback)) => Some(fallback),
            None => None,
        };
        Some(Document {
            origin: origin.into(),
            text: self.text.into(),
            version,
            metadata: metadata?,
            config: config?,
            schema,
            variables,
            lists,
            tables,
            limits,
            breakers,
            rules,
            exceptions,
            fallback,
            warnings: Vec::new(),
        })
    }

    /// The version, or one clear message when this is something else.
    fn version(&mut self, root: &Node<'_>, entries: &[(Key<'_>, Node<'_>)]) -> Option<Text> {
        let expected = format!("the keys of a policy are {}", quoted(KEYS));
        let version = entries.iter().find(|(key, _)| key.text == "version");
        if let Some((tests, _)) = entries.iter().find(|(key, _)| key.text == "tests") {
            let message = "this is a file of test cases, not a policy";
            let help = "run it with `policy-engine test`; a file whose name ends with `_test.yaml` is passed over";
            self.push(Diagnostic::error("not-a-policy", message, tests.span).with_help(help));
            return None;
        }
        if let Some((foreign, _)) = entries.iter().find(|(key, _)| FOREIGN.contains(&&*key.text)) {
            let message = format!("this is not a policy of version `1.0`: it has the key `{}`", foreign.text);
            self.push(Diagnostic::error("not-a-policy", message, foreign.span).with_help(expected));
            return None;
        }
        let Some((_, node)) = version else {
            if !entries.iter().any(|(key, _)| KEYS.contains(&&*key.text)) {
                let message = "this is not a policy of version `1.0`";
                self.push(Diagnostic::error("not-a-policy", message, self.head(root.span)).with_help(expected));
                return None;
            }
            let error = Diagnostic::error("missing-key", "the policy has no `version`", self.first_key(root))
                .with_help("add `version: \"1.0\"`");
            self.push(error);
            // The rest is read all the same, so that everything is reported at once.
            return Some(Spanned::new("1.0".into(), root.span));
        };
        match &node.kind {
            Kind::Scalar(text, _) if text == "1.0" => Some(Spanned::new(Arc::from("1.0"), node.span)),
            Kind::Scalar(text, _) => {
                let message = format!("version `{text}` is not known");
                self.push(
                    Diagnostic::error("unknown-version", message, node.span).with_help("write `version: \"1.0\"`"),
                );
                None
            }
            _ => {
                self.wrong_type("version", "text", node);
                None
            }
        }
    }

    /// Records a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.unreported += 1;
        }
    }

    /// Records an error.
    pub fn error(&mut self, code: &'static str, message: impl Into<String>, span: Span) {
        self.push(Diagnostic::error(code, message, span));
    }

    /// The first line of `span`.
    #[must_use]
    pub fn head(&self, span: Span) -> Span {
        misread::head(self.text, span)
    }

    /// Where a mapping's first key stands, for findings about the mapping.
    fn first_key(&self, node: &Node<'_>) -> Span {
        match &node.kind {
            Kind::Map(entries) => entries.first().map_or(self.head(node.span), |(key, _)| key.span),
            _ => self.head(node.span),
        }
    }

    /// The mapping's entries; keys that are not `known` or have no value are reported and left out.
    pub fn fields<'n, 'a>(&mut self, node: &'n Node<'a>, what: &'static str, known: &[&str]) -> Option<Fields<'n, 'a>> {
        let Kind::Map(entries) = &node.kind else {
            if let Some(error) = self.misread_as_other(node) {
                self.push(error);
                return None;
            }
            let message = format!("{what} is a mapping, not {}", describe(node));
            let error = Diagnostic::error("wrong-type", message, self.head(node.span));
            self.push(error.with_help(format!("its keys are {}", quoted(known))));
            return None;
        };
        let mut fields = Fields { what, at: self.first_key(node), entries: Vec::new(), reported: Vec::new() };
        for (key, value) in entries {
            if !known.contains(&&*key.text) {
                self.unknown_key(what, key, known);
                fields.reported.extend(did_you_mean(&key.text, known.iter().copied()).map(str::to_owned));
            } else if value.is_null() {
                let message = format!("`{}` has no value", key.text);
                self.push(Diagnostic::error("no-value", message, key.span).with_help("give it a value or remove it"));
                fields.reported.push(key.text.to_string());
            } else {
                fields.entries.push((key, value));
            }
        }
        Some(fields)
    }

    fn unknown_key(&mut self, what: &'static str, key: &Key<'_>, known: &[&str]) {
        let message = format!("{what} has no key `{}`", key.text);
        let is_expression = misread::is_expression(&key.text) || misread::cut_by_comma(self.text, key.span);
        let help = match (hint(what, &key.text), did_you_mean(&key.text, known.iter().copied())) {
            (Some(hint), _) => hint.to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) if is_expression => misread::IN_FLOW.to_owned(),
            (None, None) if known.is_empty() => "it has none".to_owned(),
            (None, None) => format!("its keys are {}", quoted(known)),
        };
        self.push(Diagnostic::error("unknown-key", message, key.span).with_help(help));
    }

    /// The value of a key that must be there.
    pub fn required<'n, 'a>(&mut self, fields: &Fields<'n, 'a>, name: &str) -> Option<&'n Node<'a>> {
        let found = fields.get(name);
        if found.is_none() && !fields.was_reported(name) {
            self.error("missing-key", format!("{} needs the key `{name}`", fields.what), fields.at);
        }
        found
    }

    /// The entries of a mapping whose keys are names of the author's choice; `None` has been reported.
    pub fn entries<'n, 'a>(&mut self, name: &str, node: &'n Node<'a>) -> &'n [(Key<'a>, Node<'a>)] {
        if let Kind::Map(entries) = &node.kind {
            return entries;
        }
        self.wrong_type(name, "a mapping", node);
        &[]
    }

    /// The items of a list.
    pub fn items<'n, 'a>(&mut self, name: &str, node: &'n Node<'a>) -> Option<&'n [Node<'a>]> {
        if let Kind::List(items) = &node.kind {
            return Some(items);
        }
        self.wrong_type(name, "a list", node);
        None
    }

    /// The items of a list that holds at least one.
    pub fn some_items<'n, 'a>(&mut self, name: &str, node: &'n Node<'a>) -> Option<&'n [Node<'a>]> {
        let items = self.items(name, node)?;
        if items.is_empty() {
            self.error("empty-list", format!("`{name}` is empty"), node.span);
            return None;
        }
        Some(items)
    }

    /// Reports that `name` must be `expected`.
    pub fn wrong_type(&mut self, name: &str, expected: &str, node: &Node<'_>) {
        let message = format!("`{name}` must be {expected}, not {}", describe(node));
        let mut error = Diagnostic::error("wrong-type", message, self.head(node.span));
        if let (Kind::Scalar(text, Style::Plain), "text") = (&node.kind, expected) {
            error = error.with_help(format!("quote it: `\"{text}\"`"));
        }
        if expected == "a list" && matches!(node.kind, Kind::Scalar(..)) {
            error = error.with_help(format!("write `{name}: [...]`"));
        }
        self.push(error);
    }

    /// A finding when a list or mapping is what YAML made of an expression.
    fn misread_as_other(&self, node: &Node<'_>) -> Option<Diagnostic> {
        let entries = match &node.kind {
            Kind::Scalar(..) => return None,
            Kind::List(_) => &[][..],
            Kind::Map(entries) => entries,
        };
        misread::not_a_scalar(self.text, node.span).or_else(|| {
            let (key, _) = entries.iter().find(|(key, _)| misread::is_expression(&key.text))?;
            let message = "yaml reads `: ` inside of a value as the end of a key";
            Some(
                Diagnostic::error("unquoted-expression", message, self.head(key.span))
                    .with_help("quote the whole expression"),
            )
        })
    }
}

/// Advice about keys that other formats or other places have.
fn hint(what: &str, key: &str) -> Option<&'static str> {
    Some(match (what, key) {
        (_, "<<") => "merge keys are not part of yaml 1.2; write the keys out",
        ("a rule", "condition" | "if" | "match" | "expression") => {
            "use `when` for an expression, `conditions` for a list"
        }
        ("a rule", "action" | "then" | "effect" | "decision") => "use `actions`, a list",
        ("a rule", "name") => "use `id`",
        ("a rule", "reason") => "a reason belongs to an action: `actions: [{type: deny, reason: ...}]`",
        ("`allow`", "with_warning") => "add a `warn` action beside it",
        ("`allow`", "reason") => "an `allow` needs no reason; say why in the rule's `description`",
        ("`allow`" | "`deny`" | "`throttle`" | "`warn`", "metadata") => {
            "add an `audit` action with `metadata` beside it"
        }
        ("`deny`", "message") => "use `reason` for operators, `public_message` for end users",
        ("`redact`", "pattern" | "kinds" | "types") => "use `detect`, a list of kinds",
        ("an exception", "action" | "actions") => {
            "an exception has no action: it suspends the deny, throttle and approval of the rules that it names"
        }
        ("an exception", "audit") => "every exception that matches is audited",
        ("`fallback`", "audit" | "alert") => "every decision by `fallback` is audited as an error",
        ("a condition", "not") => "use `none`, or write `!` in an expression",
        _ => return None,
    })
}

/// What a value is, for messages.
#[must_use]
pub fn describe(node: &Node<'_>) -> String {
    match &node.kind {
        Kind::List(_) => "a list".to_owned(),
        Kind::Map(_) => "a mapping".to_owned(),
        Kind::Scalar(..) if node.is_null() => "nothing".to_owned(),
        Kind::Scalar(text, Style::Plain) => match values::plain(text) {
            Some(values::Plain::Bool(_)) => format!("`{text}`"),
            Some(_) => format!("the number `{text}`"),
            None => format!("the text `{}`", short(text)),
        },
        Kind::Scalar(text, _) => format!("the text `{}`", short(text)),
    }
}

/// The beginning of a text that may be long.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.len() == text.len() && line.chars().count() <= 60 {
        return text.to_owned();
    }
    format!("{}...", line.chars().take(57).collect::<String>())
}

/// Names in back-ticks with commas.
#[must_use]
pub fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
