//! `rules` and `exceptions`.

use std::collections::HashMap;
use std::sync::Arc;

use llm_policy_cel::ast::Span;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};

use super::{Fields, Reader};
use crate::document::model::{Exception, List, Rollout, Rule, Spanned, Stage, Text, Variant};
use crate::document::source::Source;
use crate::document::tree::{Kind, Node};

pub(super) const RULE: &[&str] = &[
    "id",
    "description",
    "priority",
    "enabled",
    "mandatory",
    "stages",
    "when",
    "conditions",
    "mode",
    "rollout",
    "schedule",
    "actions",
    "metadata",
];
pub(super) const ROLLOUT: &[&str] = &["percent", "by", "salt", "variants"];
pub(super) const EXCEPTION: &[&str] = &["id", "description", "rules", "when", "conditions", "expires", "enabled"];

impl Reader<'_> {
    pub(super) fn rules(&mut self, document: &Fields<'_, '_>, lists: &[List]) -> Vec<Rule> {
        // What only limits or stops has no rules.
        let others = document.get("limits").or(document.get("breakers"));
        if document.get("rules").is_none() && others.is_some() {
            return Vec::new();
        }
        let Some(items) = self.required(document, "rules").and_then(|node| self.some_items("rules", node)) else {
            return Vec::new();
        };
        let rules: Vec<Rule> = items.iter().filter_map(|item| self.rule(item, lists)).collect();
        self.check_unique("rule", rules.iter().map(|rule| &rule.id));
        rules
    }

    /// Reports ids that are used twice.
    fn check_unique<'r>(&mut self, what: &str, ids: impl Iterator<Item = &'r Text>) {
        let mut seen: HashMap<&str, Span> = HashMap::new();
        for id in ids {
            if let Some(first) = seen.insert(&id.value, id.span) {
                let line = self.text.get(..first.start as usize).map_or(0, |before| before.matches('\n').count()) + 1;
                let message = format!("there are two {what}s with the id `{}`", id.value);
                self.push(
                    Diagnostic::error("repeated-id", message, id.span)
                        .with_help(format!("the other is on line {line}")),
                );
            }
        }
    }

    fn rule(&mut self, node: &Node<'_>, lists: &[List]) -> Option<Rule> {
        let fields = self.fields(node, "a rule", RULE)?;
        let id = self.required(&fields, "id").and_then(|node| self.name("id", node));
        let description = fields.get("description").and_then(|node| self.text("description", node));
        let priority = fields.get("priority").and_then(|node| self.int("priority", node, i32::MIN..=i32::MAX));
        let enabled = self.bool("enabled", fields.get("enabled"), true);
        let mandatory = self.bool("mandatory", fields.get("mandatory"), false);
        let stages = match fields.get("stages") {
            Some(node) => self.stages(node).unwrap_or_default(),
            None => vec![Spanned::new(Stage::Request, fields.at)],
        };
        let condition = self.condition(&fields);
        let mode = self.mode(fields.get("mode"));
        let rollout = fields.get("rollout").and_then(|node| self.rollout(node, id.as_ref()));
        let schedule = fields.get("schedule").and_then(|node| self.schedule(node, lists));
        let actions = self.required(&fields, "actions").and_then(|node| self.actions(node));
        let metadata = fields.get("metadata").and_then(|node| self.json_map("metadata", node)).unwrap_or_default();
        Some(Rule {
            id: id?,
            description,
            priority: priority.unwrap_or(0),
            enabled,
            mandatory,
            stages,
            condition: condition?,
            mode,
            rollout,
            schedule,
            actions: actions?,
            metadata,
            span: node.span,
        })
    }

    /// `when` or `conditions`, of which there is exactly one.
    fn condition(&mut self, fields: &Fields<'_, '_>) -> Option<Source> {
        match (fields.get("when"), fields.get("conditions")) {
            (Some(node), None) => self.cel("when", node),
            (None, Some(node)) => self.conditions(node),
            (Some(_), Some(_)) => {
                let at = fields.key("conditions").map_or(fields.at, |key| key.span);
                self.push(
                    Diagnostic::error(
                        "two-conditions",
                        format!("{} has both `when` and `conditions`", fields.what),
                        at,
                    )
                    .with_help("`when: x` is short for `conditions: {match: x}`; keep one of them"),
                );
                None
            }
            (None, None) if fields.was_reported("when") || fields.was_reported("conditions") => None,
            (None, None) => {
                self.push(
                    Diagnostic::error("missing-condition", format!("{} has no condition", fields.what), fields.at)
                        .with_help("for one that always matches write `when: true`"),
                );
                None
            }
        }
    }

    fn rollout(&mut self, node: &Node<'_>, id: Option<&Text>) -> Option<Rollout> {
        let fields = self.fields(node, "`rollout`", ROLLOUT)?;
        let percent = self.required(&fields, "percent").and_then(|node| self.millipercent("percent", node));
        let by = self.required(&fields, "by").and_then(|node| self.cel("by", node));
        let salt = match fields.get("salt") {
            Some(node) => self.some_text("salt", node).map(|text| text.value),
            None => id.map(|id| Arc::clone(&id.value)),
        };
        let mut variants = Vec::new();
        if let Some(node) = fields.get("variants") {
            for (key, value) in self.entries("variants", node) {
                self.check_name("variants", &key.text, key.span);
                if let Some(millipercent) = self.millipercent(&key.text, value) {
                    let name = Spanned::new(Arc::from(&*key.text), key.span);
                    variants.push(Variant { name, millipercent });
                }
            }
            let sum: u64 = variants.iter().map(|v| u64::from(v.millipercent)).sum();
            if let Some(percent) = percent
                && sum != u64::from(percent)
            {
                let message = "the shares of the variants do not add up to `percent`";
                self.error("wrong-shares", message, self.head(node.span));
            }
        }
        Some(Rollout { millipercent: percent?, by: by?, salt: salt?, variants })
    }

    pub(super) fn exceptions(
        &mut self,
        node: Option<&Node<'_>>,
        rules: &[Rule],
        rule_nodes: Option<&Node<'_>>,
    ) -> Vec<Exception> {
        let Some(items) = node.and_then(|node| self.items("exceptions", node)) else { return Vec::new() };
        // A rule with an error of its own is there all the same.
        let ids = rule_nodes.map(ids_of).unwrap_or_default();
        let exceptions: Vec<Exception> = items.iter().filter_map(|item| self.exception(item, rules, &ids)).collect();
        self.check_unique("exception", exceptions.iter().map(|exception| &exception.id));
        exceptions
    }

    fn exception(&mut self, node: &Node<'_>, rules: &[Rule], ids: &[&str]) -> Option<Exception> {
        let fields = self.fields(node, "an exception", EXCEPTION)?;
        let id = self.required(&fields, "id").and_then(|node| self.name("id", node));
        let description = fields.get("description").and_then(|node| self.text("description", node));
        let named = self.required(&fields, "rules").and_then(|node| {
            self.some_items("rules", node)?;
            Some(self.texts("rules", node))
        });
        for name in named.iter().flatten() {
            self.check_suspended(name, rules, ids);
        }
        let condition = self.condition(&fields);
        let expires =
            fields.get("expires").and_then(|node| Some(Spanned::new(self.timestamp("expires", node)?, node.span)));
        let enabled = self.bool("enabled", fields.get("enabled"), true);
        Some(Exception {
            id: id?,
            description,
            rules: named?,
            condition: condition?,
            expires,
            enabled,
            span: node.span,
        })
    }

    /// A rule that an exception names exists and may be suspended.
    fn check_suspended(&mut self, name: &Text, rules: &[Rule], ids: &[&str]) {
        if rules.iter().any(|rule| rule.id.value == name.value && rule.mandatory) {
            let message = format!("the rule `{}` is mandatory, so no exception can suspend it", name.value);
            self.push(Diagnostic::error("mandatory-rule", message, name.span));
        } else if !ids.contains(&&*name.value) {
            let message = format!("this document has no rule `{}`", name.value);
            let error = Diagnostic::error("unknown-rule", message, name.span);
            self.push(match did_you_mean(&name.value, ids.iter().copied()) {
                Some(near) => error.with_help(format!("did you mean `{near}`?")),
                None => error.with_help("an exception names rules of its own document"),
            });
        }
    }
}

/// The ids of all rules, as they are written.
fn ids_of<'n>(rules: &'n Node<'_>) -> Vec<&'n str> {
    let Kind::List(items) = &rules.kind else { return Vec::new() };
    items
        .iter()
        .filter_map(|item| match &item.kind {
            Kind::Map(entries) => entries.iter().find(|(key, _)| key.text == "id"),
            _ => None,
        })
        .filter_map(|(_, id)| match &id.kind {
            Kind::Scalar(text, _) => Some(&**text),
            _ => None,
        })
        .collect()
}
