//! `actions`.

use std::sync::Arc;
use std::time::Duration;

use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};

use super::{Fields, Reader, describe, quoted, short};
use crate::document::action::{
    Action, Approver, Assignment, Audit, AuditSeverity, Custom, Deny, Log, LogLevel, Metadata, Notify, Redact,
    RedactStyle, RequireApproval, Route, SuggestAlternative, Throttle, Warn,
};
use crate::document::duration;
use crate::document::is_target;
use crate::document::model::{Spanned, Text};
use crate::document::template::Template;
use crate::document::tree::{Kind, Node};

/// A type of action: its name, how messages call it, and its keys.
struct Shape {
    name: &'static str,
    what: &'static str,
    keys: &'static [&'static str],
}

macro_rules! shapes {
    ($($name:literal: $keys:expr),* $(,)?) => {
        &[$(Shape { name: $name, what: concat!("`", $name, "`"), keys: &$keys }),*]
    };
}

const SHAPES: &[Shape] = shapes! {
    "allow": [],
    "deny": ["reason", "code", "public_message"],
    "throttle": ["delay_ms", "max_retries", "reason"],
    "require_approval": ["approvers", "ttl", "reason"],
    "redact": ["fields", "detect", "style"],
    "route": ["model", "models", "provider"],
    "set": ["values"],
    "suggest_alternative": ["model", "models", "message", "metadata"],
    "warn": ["message"],
    "audit": ["severity", "alert", "metadata"],
    "log": ["level", "message", "metadata"],
    "tag": ["values"],
    "notify": ["channel", "message"],
    "custom": ["handler", "mandatory", "metadata"],
};

/// The types of actions with their keys.
pub(super) fn shapes() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    SHAPES.iter().map(|shape| (shape.name, shape.keys))
}

/// Words of other formats, and what they are called here.
const SYNONYMS: &[(&str, &str)] = &[
    ("block", "deny"),
    ("reject", "deny"),
    ("permit", "allow"),
    ("allow_all", "allow"),
    ("allow_with_warning", "warn"),
    ("rate_limit", "throttle"),
    ("ratelimit", "throttle"),
    ("approve", "require_approval"),
    ("approval", "require_approval"),
    ("mask", "redact"),
    ("modify", "set"),
    ("transform", "set"),
    ("reroute", "route"),
    ("warning", "warn"),
    ("alert", "notify"),
];

/// How an action is written.
enum Form<'n, 'a> {
    /// `{type: deny, reason: ...}`
    Long(Fields<'n, 'a>),
    /// `{set: {path: ...}}`, whose keys are names.
    Names(&'n Node<'a>),
}

impl Reader<'_> {
    pub(super) fn actions(&mut self, node: &Node<'_>) -> Option<Vec<Spanned<Action>>> {
        let items = self.some_items("actions", node)?;
        let read: Vec<_> = items.iter().map(|item| Some(Spanned::new(self.action(item)?, item.span))).collect();
        read.into_iter().collect()
    }

    pub(super) fn action(&mut self, node: &Node<'_>) -> Option<Action> {
        match &node.kind {
            // - allow
            Kind::Scalar(word, _) => {
                let shape = self.shape(word, node)?;
                let fields = Fields { what: shape.what, at: node.span, entries: Vec::new(), reported: Vec::new() };
                self.typed(shape, Form::Long(fields))
            }
            Kind::Map(entries) if entries.iter().any(|(key, _)| key.text == "type") => {
                let (_, ty) = entries.iter().find(|(key, _)| key.text == "type")?;
                let Kind::Scalar(word, _) = &ty.kind else {
                    self.wrong_type("type", "text", ty);
                    return None;
                };
                let shape = self.shape(word, ty)?;
                let mut keys = vec!["type"];
                keys.extend(shape.keys);
                let fields = self.fields(node, shape.what, &keys)?;
                self.typed(shape, Form::Long(fields))
            }
            Kind::Map(entries) => match entries.as_slice() {
                // - deny: {reason: ...}
                [(key, value)] => {
                    let word = Node {
                        kind: Kind::Scalar(key.text.clone(), crate::document::tree::Style::Plain),
                        span: key.span,
                    };
                    let shape = self.shape(&key.text, &word)?;
                    if value.is_null() {
                        let message = format!("`{}` has no value", key.text);
                        self.push(
                            Diagnostic::error("no-value", message, key.span)
                                .with_help(format!("write `- {}`, or indent its keys below it", shape.name)),
                        );
                        return None;
                    }
                    if matches!(shape.name, "set" | "tag") {
                        return self.typed(shape, Form::Names(value));
                    }
                    let fields = self.fields(value, shape.what, shape.keys)?;
                    self.typed(shape, Form::Long(fields))
                }
                _ => {
                    // - deny:
                    //   reason: ...
                    let named = entries.iter().find(|(key, _)| names().contains(&&*key.text));
                    let help = match named {
                        Some((key, _)) => format!("write `type: {}`, or indent its keys below it", key.text),
                        None => format!("the types are {}", quoted(&names())),
                    };
                    let error =
                        Diagnostic::error("action-without-type", "the action has no `type`", self.first_key(node));
                    self.push(error.with_help(help));
                    None
                }
            },
            Kind::List(_) => {
                self.wrong_type("actions", "a list of actions", node);
                None
            }
        }
    }

    fn shape(&mut self, word: &str, node: &Node<'_>) -> Option<&'static Shape> {
        if let Some(shape) = SHAPES.iter().find(|shape| shape.name == word) {
            return Some(shape);
        }
        let message = match node.is_null() {
            true => "the action has no `type`".to_owned(),
            false => format!("there is no action `{}`", short(word)),
        };
        let synonym = SYNONYMS.iter().find(|(other, _)| *other == word).map(|(_, name)| *name);
        let help = match synonym.or_else(|| did_you_mean(word, names())) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the types are {}", quoted(&names())),
        };
        self.push(Diagnostic::error("unknown-action", message, node.span).with_help(help));
        None
    }

    fn typed(&mut self, shape: &Shape, form: Form<'_, '_>) -> Option<Action> {
        let fields = match form {
            Form::Names(node) => return self.assignments(shape, node),
            Form::Long(fields) => fields,
        };
        Some(match shape.name {
            "allow" => Action::Allow,
            "deny" => Action::Deny(Deny {
                reason: self.optional_template(&fields, "reason"),
                code: fields.get("code").and_then(|node| self.name("code", node)),
                public_message: self.optional_template(&fields, "public_message"),
            }),
            "throttle" => {
                let delay = self.required(&fields, "delay_ms");
                let delay = delay.and_then(|node| self.milliseconds("delay_ms", node));
                let max_retries =
                    fields.get("max_retries").and_then(|node| self.int("max_retries", node, 0..=1_000_u32));
                let reason = self.optional_template(&fields, "reason");
                Action::Throttle(Throttle { delay_ms: delay?, max_retries, reason })
            }
            "require_approval" => Action::RequireApproval(RequireApproval {
                approvers: self.approvers(&fields),
                ttl: fields.get("ttl").and_then(|node| self.duration("ttl", node)),
                reason: self.optional_template(&fields, "reason"),
            }),
            "redact" => self.redact(&fields)?,
            "route" => {
                let models = self.models(&fields);
                let provider = self.optional_template(&fields, "provider");
                if ["model", "models", "provider"].iter().all(|key| fields.get(key).is_none()) {
                    self.error("missing-key", "`route` needs `model`, `models` or `provider`", fields.at);
                }
                Action::Route(Route { models, provider })
            }
            "suggest_alternative" => {
                let models = self.models(&fields);
                let message = self.optional_template(&fields, "message");
                if ["model", "models", "message"].iter().all(|key| fields.get(key).is_none()) {
                    self.error("missing-key", "`suggest_alternative` needs `model`, `models` or `message`", fields.at);
                }
                Action::SuggestAlternative(SuggestAlternative { models, message, metadata: self.free(&fields) })
            }
            "warn" => {
                let message = self.required(&fields, "message").and_then(|node| self.template("message", node));
                Action::Warn(Warn { message: message? })
            }
            "audit" => self.audit(&fields),
            "log" => self.log(&fields),
            "notify" => {
                let channel = self.required(&fields, "channel").and_then(|node| self.some_text("channel", node));
                let message = self.optional_template(&fields, "message");
                Action::Notify(Notify { channel: channel?, message })
            }
            "custom" => {
                let handler = self.required(&fields, "handler").and_then(|node| self.name("handler", node));
                let mandatory = self.bool("mandatory", fields.get("mandatory"), false);
                let metadata = self.free(&fields);
                Action::Custom(Custom { handler: handler?, mandatory, metadata })
            }
            // `set` and `tag` in the long form
            _ => {
                let values = self.required(&fields, "values")?;
                return self.assignments(shape, values);
            }
        })
    }

    fn redact(&mut self, fields: &Fields<'_, '_>) -> Option<Action> {
        let paths = self.required(fields, "fields").and_then(|node| {
            self.some_items("fields", node)?;
            Some(self.texts("fields", node))
        });
        for path in paths.iter().flatten() {
            self.check_target(path);
        }
        let detect = fields
            .get("detect")
            .map(|node| self.some_items("detect", node).map(|_| self.texts("detect", node)).unwrap_or_default());
        let choices = [
            ("label", RedactStyle::Label),
            ("mask", RedactStyle::Mask),
            ("partial", RedactStyle::Partial),
            ("hash", RedactStyle::Hash),
            ("remove", RedactStyle::Remove),
            ("reversible", RedactStyle::Reversible),
        ];
        let style = fields.get("style").and_then(|node| self.choice("style", node, &choices)).unwrap_or_default();
        Some(Action::Redact(Redact { fields: paths?, detect: detect.unwrap_or_default(), style }))
    }

    fn audit(&mut self, fields: &Fields<'_, '_>) -> Action {
        let choices = [
            ("info", AuditSeverity::Info),
            ("low", AuditSeverity::Low),
            ("medium", AuditSeverity::Medium),
            ("high", AuditSeverity::High),
            ("critical", AuditSeverity::Critical),
        ];
        let severity = fields.get("severity").and_then(|node| self.choice("severity", node, &choices));
        Action::Audit(Audit {
            severity: severity.unwrap_or_default(),
            alert: self.bool("alert", fields.get("alert"), false),
            metadata: self.free(fields),
        })
    }

    fn log(&mut self, fields: &Fields<'_, '_>) -> Action {
        let choices = [
            ("debug", LogLevel::Debug),
            ("info", LogLevel::Info),
            ("warning", LogLevel::Warning),
            ("error", LogLevel::Error),
        ];
        let level = fields.get("level").and_then(|node| self.choice("level", node, &choices));
        Action::Log(Log {
            level: level.unwrap_or_default(),
            message: self.optional_template(fields, "message"),
            metadata: self.free(fields),
        })
    }

    /// The targets and values of `set` and `tag`.
    fn assignments(&mut self, shape: &Shape, node: &Node<'_>) -> Option<Action> {
        let entries = self.entries(shape.name, node);
        if matches!(&node.kind, Kind::Map(entries) if entries.is_empty()) {
            self.error("empty-list", format!("`{}` is empty", shape.name), node.span);
        }
        let set = shape.name == "set";
        let mut assignments = Vec::new();
        for (key, value) in entries {
            let target: Text = Spanned::new(Arc::from(&*key.text), key.span);
            if set {
                self.check_target(&target);
            } else {
                self.check_name("tag", &target.value, target.span);
            }
            if !self.is_template(shape, value)
                && let Some(value) = self.cel(&key.text, value)
            {
                assignments.push(Assignment { target, value });
            }
        }
        Some(if set { Action::Set(assignments) } else { Action::Tag(assignments) })
    }

    fn milliseconds(&mut self, name: &str, node: &Node<'_>) -> Option<u64> {
        if let Kind::Scalar(text, _) = &node.kind
            && let Some(meant) = duration::parse(text)
        {
            let message = format!("`{name}` must be an integer, not {}", describe(node));
            let error = Diagnostic::error("wrong-type", message, self.head(node.span));
            self.push(error.with_help(format!("in milliseconds: `{}`", meant.as_millis())));
            return None;
        }
        self.int(name, node, 0..=86_400_000_u64)
    }

    /// True, and reported, when the value of `set` or `tag` is a template, which no expression begins like.
    fn is_template(&mut self, shape: &Shape, node: &Node<'_>) -> bool {
        let Kind::Scalar(text, _) = &node.kind else { return false };
        let Some(behind) = text.trim().strip_prefix("{{") else { return false };
        let inner = behind.strip_suffix("}}").filter(|inner| !inner.contains("{{"));
        let what = format!("values of `{}` are expressions, not templates", shape.name);
        let help = match inner {
            Some(inner) => format!("write `{}`", short(inner.trim())),
            None => "join texts with `+`, as in `\"user.id + ' ' + user.tier\"`".to_owned(),
        };
        self.push(Diagnostic::error("not-a-template", what, self.head(node.span)).with_help(help));
        true
    }

    fn check_target(&mut self, path: &Text) {
        if !is_target(&path.value) {
            let message = format!("`{}` is not the path of a field", short(&path.value));
            self.push(Diagnostic::error("wrong-path", message, path.span).with_help(
                "a path is names with dots between them, such as `request.max_tokens` or `request.messages[].text`",
            ));
        }
    }

    fn approvers(&mut self, fields: &Fields<'_, '_>) -> Vec<Spanned<Approver>> {
        let Some(node) = fields.get("approvers") else { return Vec::new() };
        if self.some_items("approvers", node).is_none() {
            return Vec::new();
        }
        let texts = self.texts("approvers", node);
        texts.into_iter().filter_map(|text| self.approver(&text)).collect()
    }

    fn approver(&mut self, text: &Text) -> Option<Spanned<Approver>> {
        let approver = match text.value.split_once(':') {
            Some(("user", name)) if !name.is_empty() => Some(Approver::User(name.into())),
            Some(("role", name)) if !name.is_empty() => Some(Approver::Role(name.into())),
            Some(("group", name)) if !name.is_empty() => Some(Approver::Group(name.into())),
            _ => None,
        };
        if approver.is_none() {
            let message = format!("`{}` does not say who may approve", short(&text.value));
            self.push(
                Diagnostic::error("wrong-approver", message, text.span)
                    .with_help("write `user:<id>`, `role:<name>` or `group:<name>`"),
            );
        }
        approver.map(|approver| Spanned::new(approver, text.span))
    }

    /// A duration that is longer than nothing.
    pub(super) fn duration(&mut self, name: &str, node: &Node<'_>) -> Option<Duration> {
        let found = match &node.kind {
            Kind::Scalar(text, _) => duration::parse(text).filter(|d| !d.is_zero()),
            _ => None,
        };
        if found.is_none() {
            let message = format!("`{name}` must be a duration, not {}", describe(node));
            let error = Diagnostic::error("wrong-type", message, self.head(node.span));
            self.push(error.with_help("write it like `30m`, `1h30m` or `7d`"));
        }
        found
    }

    /// `model: x` or `models: [x, y]`.
    fn models(&mut self, fields: &Fields<'_, '_>) -> Vec<Template> {
        match (fields.get("model"), fields.get("models")) {
            (Some(node), None) => self.some_template("model", node).into_iter().collect(),
            (None, Some(node)) => {
                let items = self.some_items("models", node).unwrap_or_default();
                items.iter().filter_map(|item| self.some_template("models", item)).collect()
            }
            (Some(_), Some(_)) => {
                let at = fields.key("models").map_or(fields.at, |key| key.span);
                self.error("two-models", format!("{} has both `model` and `models`", fields.what), at);
                Vec::new()
            }
            (None, None) => Vec::new(),
        }
    }

    fn some_template(&mut self, name: &str, node: &Node<'_>) -> Option<Template> {
        self.some_text(name, node)?;
        self.template(name, node)
    }

    fn optional_template(&mut self, fields: &Fields<'_, '_>, name: &str) -> Option<Template> {
        fields.get(name).and_then(|node| self.template(name, node))
    }

    fn free(&mut self, fields: &Fields<'_, '_>) -> Metadata {
        fields.get("metadata").and_then(|node| self.data_map("metadata", node)).unwrap_or_default()
    }
}

fn names() -> Vec<&'static str> {
    SHAPES.iter().map(|shape| shape.name).collect()
}
