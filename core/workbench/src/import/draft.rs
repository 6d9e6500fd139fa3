//! The new document on its way: every part is checked by the engine before it is kept.

use std::collections::BTreeSet;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::document::source::SourceMap;
use llm_policy_engine::document::{self, Part, Template};
use llm_policy_engine::{Engine, Options};
use serde_json::{Map, Value as Json, json};

use super::expression::{Rewritten, rewrite};
use super::{Change, ChangeKind, Imported};

/// The document so far, and what was changed.
pub(super) struct Draft<'t> {
    text: &'t str,
    pub(super) metadata: Map<String, Json>,
    pub(super) config: Map<String, Json>,
    pub(super) variables: Map<String, Json>,
    pub(super) rules: Vec<Json>,
    pub(super) exceptions: Vec<Json>,
    pub(super) fallback: Option<Json>,
    fields: BTreeSet<String>,
    changes: Vec<Change>,
}

/// A condition that may stand, or why it may not.
pub(super) type Condition = Result<String, ()>;

impl<'t> Draft<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            metadata: Map::new(),
            config: Map::new(),
            variables: Map::new(),
            rules: Vec::new(),
            exceptions: Vec::new(),
            fallback: None,
            fields: BTreeSet::new(),
            changes: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, kind: ChangeKind, at: Span, about: &str, message: impl Into<String>) {
        let line = self.text.get(..at.start as usize).map_or(0, |before| before.matches('\n').count()) + 1;
        let change = Change { kind, line, about: about.to_owned(), message: message.into() };
        if !self.changes.contains(&change) {
            self.changes.push(change);
        }
    }

    /// Rewrites an expression and notes what was changed. What is missing is an error.
    pub(super) fn expression(&mut self, source: &str, at: Span, about: &str) -> Condition {
        let Rewritten { text, notes, looks, missing, fields } = rewrite(source);
        for note in notes {
            self.note(ChangeKind::Rewritten, at, about, note);
        }
        for look in looks {
            self.note(ChangeKind::Look, at, about, look);
        }
        for missing in &missing {
            self.note(ChangeKind::NotKept, at, about, missing.clone());
        }
        if !missing.is_empty() {
            return Err(());
        }
        for field in fields {
            if self.fields.insert(field.clone()) {
                let message = format!("`{field}` is no field of the standard context; it is declared under `schema`");
                self.note(ChangeKind::Look, at, about, message);
            }
        }
        Ok(text)
    }

    /// A condition that the engine accepts in `stage`.
    pub(super) fn condition(&mut self, source: &str, at: Span, about: &str) -> Condition {
        let text = self.expression(source, at, about)?;
        let rule = json!({"id": "probe", "when": text, "actions": ["deny"]});
        match self.compile(&rule) {
            Ok(()) => Ok(text),
            Err(message) => {
                self.note(ChangeKind::NotKept, at, about, message);
                Err(())
            }
        }
    }

    /// A variable's expression.
    pub(super) fn variable(&mut self, name: &str, source: &str, at: Span) {
        let about = format!("variables.{name}");
        if let Ok(text) = self.expression(source, at, &about) {
            self.variables.insert(name.to_owned(), json!(text));
            if let Err(message) = self.compile(&json!({"id": "probe", "when": true, "actions": ["deny"]})) {
                self.variables.remove(name);
                self.note(ChangeKind::NotKept, at, &about, message);
            }
        }
    }

    /// Text whose expressions are rewritten; those that cannot be kept are named.
    pub(super) fn template(&mut self, text: &str, at: Span, about: &str) -> String {
        let Ok(template) = Template::parse(text, &SourceMap::new(), at) else {
            self.note(ChangeKind::Look, at, about, "a text holds `{{` without `}}`; the braces are left out");
            return text.replace("{{", "").replace("}}", "");
        };
        let mut out = String::new();
        for part in &template.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Expr(source) => {
                    let before = self.changes.len();
                    let kept = self.expression(&source.text, at, about).ok().filter(|cel| {
                        let reason = format!("{{{{ {cel} }}}}");
                        self.compile(&json!({"id": "probe", "when": true, "actions": [{"deny": {"reason": reason}}]}))
                            .is_ok()
                    });
                    match kept {
                        Some(cel) => out.push_str(&format!("{{{{ {cel} }}}}")),
                        None => {
                            // It is a text for people: nothing depends on it.
                            self.changes.truncate(before);
                            let message = format!("`{{{{ {} }}}}` in a text is left out", source.text);
                            self.note(ChangeKind::Look, at, about, message);
                            out.push_str("<not imported>");
                        }
                    }
                }
            }
        }
        out
    }

    /// Compiles `rule` with the variables and fields so far.
    pub(super) fn compile(&self, rule: &Json) -> Result<(), String> {
        let document = self.document(std::slice::from_ref(rule), &[]).to_string();
        let read = document::read(&document, "import.json", &mut document::no_files);
        let document =
            read.map_err(|refused| refused.diagnostics.first().map_or(String::new(), |d| d.message.clone()))?;
        match Engine::new(vec![document], Options::default()) {
            Ok(_) => Ok(()),
            Err(found) => {
                Err(found.iter().find(|f| f.is_error()).map_or(String::new(), |f| f.diagnostic.message.clone()))
            }
        }
    }

    fn document(&self, rules: &[Json], exceptions: &[Json]) -> Json {
        // What always holds is written without quotes.
        let plain = |rule: &Json| {
            let mut rule = rule.clone();
            if let Some(when) = rule.get_mut("when").filter(|when| **when == "true") {
                *when = json!(true);
            }
            rule
        };
        let rules: Vec<Json> = rules.iter().map(plain).collect();
        let exceptions: Vec<Json> = exceptions.iter().map(plain).collect();
        let mut out = Map::new();
        out.insert("version".to_owned(), json!("1.0"));
        out.insert("metadata".to_owned(), Json::Object(self.metadata.clone()));
        if !self.config.is_empty() {
            out.insert("config".to_owned(), Json::Object(self.config.clone()));
        }
        if !self.fields.is_empty() {
            let fields = self.fields.iter().map(|field| (field.clone(), json!({"type": "dyn"}))).collect();
            out.insert("schema".to_owned(), Json::Object(fields));
        }
        if !self.variables.is_empty() {
            out.insert("variables".to_owned(), Json::Object(self.variables.clone()));
        }
        out.insert("rules".to_owned(), json!(rules));
        if !exceptions.is_empty() {
            out.insert("exceptions".to_owned(), json!(exceptions));
        }
        if let Some(fallback) = &self.fallback {
            out.insert("fallback".to_owned(), fallback.clone());
        }
        Json::Object(out)
    }

    /// The whole document. Rules that the engine refuses after all deny everything.
    pub(super) fn finish(mut self) -> Imported {
        let rules = std::mem::take(&mut self.rules);
        let mut kept = Vec::new();
        for rule in rules {
            match self.compile(&rule) {
                Ok(()) => kept.push(rule),
                Err(message) => {
                    let id = rule.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
                    self.note(ChangeKind::NotKept, Span::default(), &id, message);
                    kept.push(closed(&rule));
                }
            }
        }
        if kept.is_empty() {
            kept.push(json!({"id": "empty", "when": true, "actions": [{"deny": {"reason": "nothing was imported"}}]}));
        }
        let exceptions = std::mem::take(&mut self.exceptions);
        let mut text = String::new();
        yaml(&self.document(&kept, &exceptions), 0, &mut text);
        // It is left as it is where it cannot be formatted.
        let text = crate::format::policy(&text).unwrap_or(text);
        Imported { text, changes: self.changes }
    }
}

/// A rule in the place of one that cannot be kept: it denies everything.
pub(super) fn closed(rule: &Json) -> Json {
    let id = rule.get("id").cloned().unwrap_or_else(|| json!("imported"));
    let reason = "this rule could not be imported, so it applies always";
    json!({"id": id, "when": true, "actions": [{"deny": {"reason": reason, "code": "not_imported"}}]})
}

/// Writes block YAML; the formatter does the rest.
fn yaml(value: &Json, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match value {
        Json::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                out.push_str(&format!("{pad}{}:", key_text(key)));
                nested(value, indent, out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("{pad}-"));
                nested(item, indent, out);
            }
        }
        value => out.push_str(&format!("{pad}{value}\n")),
    }
}

fn nested(value: &Json, indent: usize, out: &mut String) {
    let simple = |value: &Json| !value.is_object() && !value.is_array();
    match value {
        Json::Array(items) if items.iter().all(simple) => {
            let items: Vec<String> = items.iter().map(|item| scalar(item, true)).collect();
            out.push_str(&format!(" [{}]\n", items.join(", ")));
        }
        Json::Object(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Json::Object(_) | Json::Array(_) => {
            out.push('\n');
            yaml(value, indent + 2, out);
        }
        value => out.push_str(&format!(" {}\n", scalar(value, false))),
    }
}

fn key_text(key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    let text = key.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain && text { key.to_owned() } else { json!(key).to_string() }
}

/// A value on one line. JSON's escapes are YAML's in double quotes.
fn scalar(value: &Json, in_flow: bool) -> String {
    let Json::String(text) = value else { return value.to_string() };
    let words = ["true", "false", "null", "yes", "no", "on", "off", "~", ""];
    let first = text.chars().next().unwrap_or(' ');
    let plain = (first.is_ascii_alphabetic() || first == '(')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(|c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
        && !text.ends_with([':', ' '])
        && !(in_flow && text.contains([',', '[', ']', '{', '}']))
        && !words.contains(&text.to_lowercase().as_str());
    if plain { text.clone() } else { value.to_string() }
}
