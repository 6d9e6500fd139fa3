//! Reading a file of cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use llm_policy_engine::breakers::Stands;
use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::context::Stage;
use llm_policy_engine::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_engine::document::decode::{Fields, Reader, describe, quoted};
use llm_policy_engine::document::model::Text;
use llm_policy_engine::document::tree::{Kind, Node};
use llm_policy_engine::document::{self, Refused};
use llm_policy_engine::handles::{HANDLED, Handles};
use serde_json::{Map, Value as Json};

use super::{Case, CaseFile, Expectation, Key, Pattern, Reference, ReferenceKind, WrittenField, context, expect};

pub(crate) const FILE: &[&str] = &["version", "description", "policies", "defaults", "fixtures", "tests"];
pub(crate) const CONTEXT: &[&str] = &["base", "file", "context", "with", "without"];
pub(crate) const QUESTION: &[&str] = &["stage", "now", "handles"];
/// What a case and a variant say of limits.
pub(crate) const USED: &str = "used";
/// What they say of circuit breakers.
pub(crate) const BREAKERS: &str = "breakers";

/// The time that conditions see when a case names none: a Monday, at noon.
const NOON: i64 = 1_767_614_400;

/// Reads a file of cases from `text`; `origin` names it in messages, and `load` gives the text of a file of a context, by
/// the name that the case has for it.
///
/// # Errors
/// Everything that is wrong with it.
///
/// ```
/// let text = "tests: [{name: nobody, context: {user: {id: ann}}, expect: deny}]";
/// let file = llm_policy_workbench::cases::read(text, "a_test.yaml", &mut |_| Err("no files".into())).unwrap();
/// assert_eq!(file.cases[0].name, "nobody");
/// ```
pub fn read(
    text: &str,
    origin: &str,
    load: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<CaseFile, Refused> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let refused = |diagnostics| Refused { origin: origin.into(), text: text.into(), diagnostics, schema: None };
    let root = document::parse(text, origin).map_err(refused)?;
    if let Kind::Map(entries) = &root.kind
        && entries.iter().any(|(key, _)| key.text == "rules")
        && !entries.iter().any(|(key, _)| key.text == "tests")
    {
        let span = Span::new(root.span.start, root.span.start);
        let error = Diagnostic::error("not-cases", "this is a policy, not a file of cases", span);
        return Err(refused(vec![
            error.with_help("cases stand in a file beside it whose name ends with `_test.yaml`"),
        ]));
    }
    let mut cases = Cases {
        reader: Reader::new(text),
        load,
        fixtures: BTreeMap::new(),
        defaults: Question { stage: Stage::Request, now: noon(), handles: Handles::NONE },
        references: Vec::new(),
        fields: Vec::new(),
        cases: Vec::new(),
    };
    let policies = cases.file(&root);
    let Cases { reader, references, fields, cases, .. } = cases;
    let (errors, _) = reader.finish();
    if !errors.is_empty() {
        return Err(refused(errors));
    }
    Ok(CaseFile { origin: origin.into(), text: text.into(), policies, cases, references, fields })
}

fn noon() -> Timestamp {
    Timestamp::from_second(NOON).unwrap_or_default()
}

/// What went before: what limits have been used, and how breakers stand.
#[derive(Clone, Default)]
struct Before {
    used: Vec<(String, f64)>,
    breakers: Vec<(String, Stands)>,
}

/// What is asked.
#[derive(Clone, Copy)]
struct Question {
    stage: Stage,
    now: Timestamp,
    handles: Handles,
}

struct Cases<'t, 'l> {
    reader: Reader<'t>,
    load: &'l mut dyn FnMut(&str) -> Result<String, String>,
    fixtures: BTreeMap<String, Json>,
    defaults: Question,
    references: Vec<Reference>,
    fields: Vec<WrittenField>,
    cases: Vec<Case>,
}

impl Cases<'_, '_> {
    /// Reads all, and gives the policies that the file names.
    fn file(&mut self, root: &Node<'_>) -> Option<Vec<Text>> {
        let fields = self.reader.fields(root, "a file of cases", FILE)?;
        if let Some(version) = fields.get("version").filter(|v| !matches!(&v.kind, Kind::Scalar(t, _) if t == "1.0")) {
            let message = format!("version {} is not known", describe(version));
            let error = Diagnostic::error("unknown-version", message, version.span);
            self.reader.push(error.with_help("write `version: \"1.0\"`, or leave it out"));
        }
        let policies = fields.get("policies").map(|node| self.reader.texts("policies", node));
        if let Some(node) = fields.get("defaults")
            && let Some(defaults) = self.reader.fields(node, "`defaults`", QUESTION)
        {
            self.defaults = self.question(&defaults, self.defaults);
        }
        if let Some(node) = fields.get("fixtures") {
            for (key, value) in self.reader.entries("fixtures", node) {
                if let Some(parts) = self.reader.fields(value, "a fixture", CONTEXT) {
                    let fixture = self.context(&parts, Json::Object(Map::new()));
                    self.fixtures.insert(key.text.to_string(), fixture);
                }
            }
        }
        if let Some(node) = self.reader.required(&fields, "tests") {
            for item in self.reader.some_items("tests", node).unwrap_or_default() {
                self.case(item);
            }
        }
        self.unique();
        policies
    }

    fn case(&mut self, node: &Node<'_>) {
        let keys = [&["name", "description", "expect", "variants", USED, BREAKERS], CONTEXT, QUESTION].concat();
        let Some(fields) = self.reader.fields(node, "a case", &keys) else { return };
        let name = self.reader.required(&fields, "name").and_then(|node| self.reader.some_text("name", node));
        let question = self.question(&fields, self.defaults);
        let context = self.context(&fields, Json::Object(Map::new()));
        let before = self.before(&fields, Before::default());
        let expected = fields.get("expect").map(|node| expect::read(&mut self.reader, node, &mut self.references));
        let Some(name) = name else { return };
        match fields.get("variants") {
            None => {
                if expected.is_none() {
                    // Says that it is missing.
                    self.reader.required(&fields, "expect");
                }
                self.add(&name, name.value.to_string(), question, (context, before), expected.unwrap_or_default());
            }
            Some(variants) => {
                for variant in self.reader.some_items("variants", variants).unwrap_or_default() {
                    self.variant(variant, &name, question, (&context, &before), expected.as_deref());
                }
            }
        }
    }

    fn variant(
        &mut self,
        node: &Node<'_>,
        case: &Text,
        question: Question,
        (base, before): (&Json, &Before),
        expected: Option<&[Expectation]>,
    ) {
        let keys = [&["name", "expect", USED, BREAKERS], CONTEXT, QUESTION].concat();
        let Some(fields) = self.reader.fields(node, "a variant", &keys) else { return };
        let name = self.reader.required(&fields, "name").and_then(|node| self.reader.some_text("name", node));
        let question = self.question(&fields, question);
        let context = self.context(&fields, base.clone());
        let before = self.before(&fields, before.clone());
        let own = fields.get("expect").map(|node| expect::read(&mut self.reader, node, &mut self.references));
        if own.is_none() && expected.is_none() {
            self.reader.required(&fields, "expect");
        }
        // What the variant says takes the place of what the case says about the same part.
        let mut all = own.unwrap_or_default();
        for inherited in expected.unwrap_or_default() {
            if !all.iter().any(|e| e.key == inherited.key) {
                all.push(inherited.clone());
            }
        }
        let Some(name) = name else { return };
        self.add(&name, format!("{} › {}", case.value, name.value), question, (context, before), all);
    }

    fn add(
        &mut self,
        written: &Text,
        name: String,
        question: Question,
        (context, before): (Json, Before),
        mut expect: Vec<Expectation>,
    ) {
        let span = written.span;
        // An error that nobody expects is a case that tests something else than it says.
        if !expect.iter().any(|e| e.key == Key::Errors) {
            expect.push(Expectation { key: Key::Errors, pattern: Pattern::Exactly(Vec::new()), span });
        }
        expect.sort_by_key(|e| e.key);
        let Question { stage, now, handles } = question;
        let Before { used, breakers } = before;
        self.cases.push(Case { name, span, stage, now, handles, used, breakers, context, expect });
    }

    /// Reports cases with one name.
    fn unique(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        for case in &self.cases {
            if !seen.insert(case.name.as_str()) {
                let message = format!("there are two cases `{}`", case.name);
                self.reader.error("repeated-name", message, case.span);
            }
        }
    }

    fn question(&mut self, fields: &Fields<'_, '_>, default: Question) -> Question {
        let stages = Stage::ALL.map(|stage| (stage.name(), stage));
        let stage = fields.get("stage").and_then(|node| self.reader.choice("stage", node, &stages));
        let now = fields.get("now").and_then(|node| self.reader.timestamp("now", node));
        let handles = fields.get("handles").and_then(|node| self.handles(node));
        Question {
            stage: stage.unwrap_or(default.stage),
            now: now.unwrap_or(default.now),
            handles: handles.unwrap_or(default.handles),
        }
    }

    /// What went before; a variant's words take the place of its case's.
    fn before(&mut self, fields: &Fields<'_, '_>, inherited: Before) -> Before {
        Before { used: self.used(fields, inherited.used), breakers: self.breakers(fields, inherited.breakers) }
    }

    /// How breakers stand: `{models: open}`.
    fn breakers(&mut self, fields: &Fields<'_, '_>, mut breakers: Vec<(String, Stands)>) -> Vec<(String, Stands)> {
        let Some(node) = fields.get(BREAKERS) else { return breakers };
        for (key, value) in self.reader.entries(BREAKERS, node) {
            let Some(stands) = self.reader.choice(BREAKERS, value, &Stands::NAMES) else { continue };
            breakers.retain(|(name, _)| *name != *key.text);
            breakers.push((key.text.to_string(), stands));
            let name = Text::new(Arc::from(&*key.text), key.span);
            self.references.push(Reference { kind: ReferenceKind::Breaker, name });
        }
        breakers
    }

    /// What limits have been used before: `{team-month: 900}`.
    fn used(&mut self, fields: &Fields<'_, '_>, mut used: Vec<(String, f64)>) -> Vec<(String, f64)> {
        let Some(node) = fields.get(USED) else { return used };
        for (key, value) in self.reader.entries(USED, node) {
            let Some(number) = self.reader.json(&key.text, value).as_ref().and_then(Json::as_f64) else {
                self.reader.wrong_type(USED, "a number of dollars, tokens or requests", value);
                continue;
            };
            used.retain(|(name, _)| *name != *key.text);
            used.push((key.text.to_string(), number));
            let name = Text::new(Arc::from(&*key.text), key.span);
            self.references.push(Reference { kind: ReferenceKind::Limit, name });
        }
        used
    }

    /// A list of actions, or `all`.
    fn handles(&mut self, node: &Node<'_>) -> Option<Handles> {
        if let Kind::Scalar(word, _) = &node.kind
            && word == "all"
        {
            return Some(Handles::ALL);
        }
        let mut handles = Handles::NONE;
        for name in self.reader.texts("handles", node) {
            match handles.with(&name.value) {
                Some(more) => handles = more,
                None => {
                    let message = format!("`{}` is no action that a host declares", name.value);
                    let help = match did_you_mean(&name.value, HANDLED) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("they are {}; or write `handles: all`", quoted(&HANDLED)),
                    };
                    self.reader.push(Diagnostic::error("unknown-value", message, name.span).with_help(help));
                }
            }
        }
        Some(handles)
    }

    /// Puts a context together: `over`, then fixtures, a file, inline data, patches.
    fn context(&mut self, fields: &Fields<'_, '_>, mut over: Json) -> Json {
        if let Some(node) = fields.get("base") {
            let names = match &node.kind {
                Kind::List(_) => self.reader.texts("base", node),
                _ => self.reader.some_text("base", node).into_iter().collect(),
            };
            for name in names {
                match self.fixtures.get(&*name.value) {
                    Some(fixture) => context::merge(&mut over, fixture.clone()),
                    None => self.no_fixture(&name),
                }
            }
        }
        if let Some(file) = fields.get("file").and_then(|node| self.reader.some_text("file", node))
            && let Some(found) = self.load(&file)
        {
            context::merge(&mut over, found);
        }
        if let Some(node) = fields.get("context")
            && let Some(inline) = self.reader.json_map("context", node)
        {
            written_below(node, &mut Vec::new(), &mut self.fields);
            context::merge(&mut over, Json::Object(inline));
        }
        if let Some(node) = fields.get("with") {
            for (key, value) in self.reader.entries("with", node) {
                let Some(json) = self.reader.json(&key.text, value) else { continue };
                match context::set(&mut over, &key.text, json) {
                    Ok(()) => {
                        let mut path: Vec<String> = key.text.split('.').map(str::to_owned).collect();
                        self.fields.push(WrittenField { path: path.clone(), span: key.span, file: None });
                        written_below(value, &mut path, &mut self.fields);
                    }
                    Err(message) => self.reader.error("wrong-path", message, key.span),
                }
            }
        }
        if let Some(node) = fields.get("without") {
            for path in self.reader.texts("without", node) {
                if !context::remove(&mut over, &path.value) {
                    let message = format!("there is no `{}` to leave out", path.value);
                    self.reader.error("wrong-path", message, path.span);
                }
            }
        }
        over
    }

    fn no_fixture(&mut self, name: &Text) {
        let message = format!("there is no fixture `{}`", name.value);
        let error = Diagnostic::error("unknown-fixture", message, name.span);
        let near = did_you_mean(&name.value, self.fixtures.keys().map(String::as_str)).map(str::to_owned);
        self.reader.push(error.with_help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it under `fixtures`, above what uses it".to_owned(),
        }));
    }

    /// A context from a file beside the cases.
    fn load(&mut self, file: &Text) -> Option<Json> {
        let text = match (self.load)(&file.value) {
            Ok(text) => text,
            Err(cause) => {
                let message = format!("`{}` cannot be read: {cause}", file.value);
                self.reader.error("wrong-file", message, file.span);
                return None;
            }
        };
        let text: Arc<str> = text.into();
        let mut inner = Reader::new(&text);
        let found = match document::parse(&text, &file.value) {
            Ok(root) => {
                let found = inner.json_map("the file", &root);
                let before = self.fields.len();
                written_below(&root, &mut Vec::new(), &mut self.fields);
                for written in self.fields.iter_mut().skip(before) {
                    written.span = file.span;
                    written.file = Some(file.value.clone());
                }
                found
            }
            Err(errors) => {
                errors.into_iter().for_each(|error| inner.push(error));
                None
            }
        };
        for error in inner.finish().0 {
            let (line, column) = error.span.line_and_column(&text);
            let message = format!("{}:{line}:{column}: {}", file.value, error.message);
            self.reader.push(Diagnostic { message, span: file.span, ..error });
        }
        found.map(Json::Object)
    }
}

/// Notes the fields of a context, or of a part of it that `path` leads to.
fn written_below(node: &Node<'_>, path: &mut Vec<String>, out: &mut Vec<WrittenField>) {
    let mut below = |name: String, span: Span, node: &Node<'_>| {
        path.push(name);
        out.push(WrittenField { path: path.clone(), span, file: None });
        written_below(node, path, out);
        path.pop();
    };
    match &node.kind {
        Kind::Map(entries) => entries.iter().for_each(|(key, value)| below(key.text.to_string(), key.span, value)),
        Kind::List(items) => {
            items.iter().enumerate().for_each(|(number, item)| below(number.to_string(), item.span, item));
        }
        Kind::Scalar(..) => {}
    }
}
