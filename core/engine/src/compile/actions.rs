//! Actions of rules: their expressions compiled, their parameters as JSON.

use std::sync::Arc;

use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};
use llm_policy_cel::types::Type;
use llm_policy_detect::Family;
use serde_json::{Value, json};

use super::expressions::{Compiler, Expression, Scope, not_in_stage};
use super::rules::{ActionEffect, Classes, CompiledAction, Redaction, Text, TextPart, Tree};
use crate::context::{self, Source as FieldSource, Stages};
use crate::detection::questions;
use crate::document::action::{Action, Approver, Assignment, Metadata, Redact, Route};
use crate::document::model::{OnMissing, Spanned, Text as Name};
use crate::document::template::{Data, Part};
use crate::document::{ActionClass, Source, Template};

impl Classes {
    /// The classes of `actions`.
    #[must_use]
    pub fn of(actions: &[CompiledAction]) -> Self {
        let mut classes = Self::default();
        for action in actions {
            classes.permits |= action.class == ActionClass::Permits;
            classes.restricts |= action.class == ActionClass::Restricts;
            classes.rewrites |= matches!(action.effect, ActionEffect::Set(_) | ActionEffect::Route { .. });
        }
        classes
    }
}

impl Compiler<'_> {
    /// Compiles an action. `None`: it was reported why not.
    pub fn action(&mut self, scope: &Scope<'_>, action: &Spanned<Action>, stages: Stages) -> Option<CompiledAction> {
        let mut part = Part_ { compiler: self, scope, stages, refused: false, facts: Vec::new() };
        let (effect, params) = part.action(&action.value);
        if part.refused {
            return None;
        }
        let facts = part.facts;
        let mandatory = match &action.value {
            Action::Redact(_) | Action::Route(_) | Action::Set(_) | Action::RequireApproval(_) => true,
            Action::Custom(custom) => custom.mandatory,
            _ => false,
        };
        let fixed = params.fixed().map(Arc::new);
        let params = if fixed.is_some() { Tree::Value(Value::Null) } else { params };
        Some(CompiledAction {
            name: action.value.name(),
            class: action.value.class(),
            mandatory,
            effect,
            params,
            fixed,
            facts,
        })
    }
}

/// Compiling one action.
struct Part_<'p, 'c> {
    compiler: &'p mut Compiler<'c>,
    scope: &'p Scope<'p>,
    stages: Stages,
    refused: bool,
    /// The facts that were seen to be read.
    facts: Vec<u32>,
}

impl Part_<'_, '_> {
    fn action(&mut self, action: &Action) -> (ActionEffect, Tree) {
        let mut entries: Vec<(Arc<str>, Tree)> = Vec::new();
        let mut put = |name: &str, tree: Tree| entries.push((name.into(), tree));
        let effect = match action {
            Action::Allow => ActionEffect::Allow,
            Action::Deny(deny) => ActionEffect::Deny {
                reason: deny.reason.as_ref().map(|t| self.text(t)),
                code: deny.code.as_ref().map(|c| c.value.clone()),
                public_message: deny.public_message.as_ref().map(|t| self.text(t)),
            },
            Action::Throttle(throttle) => {
                put("delay_ms", Tree::Value(json!(throttle.delay_ms)));
                if let Some(retries) = throttle.max_retries {
                    put("max_retries", Tree::Value(json!(retries)));
                }
                ActionEffect::Throttle {
                    delay_ms: throttle.delay_ms,
                    reason: throttle.reason.as_ref().map(|t| self.text(t)),
                }
            }
            Action::RequireApproval(approval) => {
                if !approval.approvers.is_empty() {
                    put("approvers", Tree::Value(approval.approvers.iter().map(|a| approver(&a.value)).collect()));
                }
                if let Some(ttl) = approval.ttl {
                    put("ttl_seconds", Tree::Value(json!(ttl.as_secs())));
                }
                ActionEffect::RequireApproval { reason: approval.reason.as_ref().map(|t| self.text(t)) }
            }
            Action::Redact(redact) => {
                let redaction = self.redaction(redact);
                let names = |texts: &[Name]| -> Value { texts.iter().map(|t| json!(&*t.value)).collect() };
                put("fields", Tree::Value(names(&redact.fields)));
                if !redact.detect.is_empty() {
                    put("detect", Tree::Value(names(&redact.detect)));
                }
                put("style", Tree::Value(json!(format!("{:?}", redact.style).to_lowercase())));
                ActionEffect::Redact(redaction)
            }
            Action::Route(route) => {
                let (models, provider) = self.route(route);
                if !models.is_empty() {
                    put("models", Tree::List(models.iter().cloned().map(Tree::Text).collect()));
                }
                if let Some(provider) = &provider {
                    put("provider", Tree::Text(provider.clone()));
                }
                ActionEffect::Route { models, provider }
            }
            Action::Set(assignments) => {
                let values = self.assignments(assignments, true);
                put("values", Tree::Map(values.iter().map(|(k, node)| (k.clone(), Tree::Node(*node))).collect()));
                ActionEffect::Set(values)
            }
            Action::SuggestAlternative(alternative) => {
                if !alternative.models.is_empty() {
                    put("models", Tree::List(alternative.models.iter().map(|t| Tree::Text(self.text(t))).collect()));
                }
                if let Some(message) = &alternative.message {
                    put("message", Tree::Text(self.text(message)));
                }
                self.metadata(&alternative.metadata, &mut put);
                ActionEffect::Plain
            }
            Action::Warn(warn) => {
                let message = self.text(&warn.message);
                put("message", Tree::Text(message.clone()));
                ActionEffect::Warn(message)
            }
            Action::Audit(audit) => {
                put("severity", Tree::Value(json!(format!("{:?}", audit.severity).to_lowercase())));
                put("alert", Tree::Value(json!(audit.alert)));
                self.metadata(&audit.metadata, &mut put);
                if audit.alert { ActionEffect::Alert } else { ActionEffect::Plain }
            }
            Action::Log(log) => {
                put("level", Tree::Value(json!(format!("{:?}", log.level).to_lowercase())));
                if let Some(message) = &log.message {
                    put("message", Tree::Text(self.text(message)));
                }
                self.metadata(&log.metadata, &mut put);
                ActionEffect::Plain
            }
            Action::Tag(assignments) => {
                let values = self.assignments(assignments, false);
                put("values", Tree::Map(values.into_iter().map(|(k, node)| (k, Tree::Node(node))).collect()));
                ActionEffect::Plain
            }
            Action::Notify(notify) => {
                put("channel", Tree::Value(json!(&*notify.channel.value)));
                if let Some(message) = &notify.message {
                    put("message", Tree::Text(self.text(message)));
                }
                ActionEffect::Plain
            }
            Action::Custom(custom) => {
                put("handler", Tree::Value(json!(&*custom.handler.value)));
                put("mandatory", Tree::Value(json!(custom.mandatory)));
                self.metadata(&custom.metadata, &mut put);
                ActionEffect::Plain
            }
        };
        (effect, Tree::Map(entries))
    }

    fn refuse(&mut self, diagnostic: Diagnostic) {
        self.refused = true;
        self.compiler.report(self.scope.document, diagnostic);
    }

    fn expression(&mut self, source: &Source) -> Option<Expression> {
        let found = self.compiler.expression(self.scope, source, OnMissing::Error, false);
        match &found {
            Some(expression) => {
                self.compiler.check_stages(self.scope.document, &expression.reads, self.stages, source);
                self.compiler.builder.use_root(expression.node);
                self.facts.extend(self.compiler.slots.facts(&expression.reads));
            }
            None => self.refused = true,
        }
        found
    }

    /// A template. What users, models and tools wrote may not be repeated in it: it would end up in logs and answers.
    fn text(&mut self, template: &Template) -> Text {
        if let Some(text) = template.as_text() {
            return Text::Fixed(text.into());
        }
        let mut parts = Vec::new();
        for part in &template.parts {
            match part {
                Part::Text(text) => parts.push(TextPart::Text(text.clone())),
                Part::Expr(source) => {
                    let Some(expression) = self.expression(source) else { continue };
                    if let Some(read) = expression.reads.iter().find(|r| r.content) {
                        let message = format!("`{}` is content, which a template may not repeat", read.path);
                        let diagnostic = Diagnostic::error("content-in-template", message, source.locate(read.at))
                            .with_help("reasons and records end up in logs: name what was found, not the text itself");
                        self.refuse(diagnostic);
                    }
                    parts.push(TextPart::Node(expression.node));
                }
            }
        }
        Text::Parts(parts)
    }

    fn route(&mut self, route: &Route) -> (Vec<Text>, Option<Text>) {
        let models = route.models.iter().map(|t| self.text(t)).collect();
        (models, route.provider.as_ref().map(|t| self.text(t)))
    }

    /// Values of `set` (which names fields of the request) or `tag` (which names anything).
    fn assignments(
        &mut self,
        assignments: &[Assignment],
        fields: bool,
    ) -> Vec<(Arc<str>, llm_policy_cel::program::NodeId)> {
        let mut out = Vec::new();
        for assignment in assignments {
            if fields {
                self.check_target(assignment);
            }
            let known = self.compiler.findings.len();
            let Some(expression) = self.expression(&assignment.value) else {
                self.perhaps_text(&assignment.value.text, known, if fields { "set" } else { "tag" });
                continue;
            };
            if fields {
                self.check_value(assignment, &expression.result);
            }
            out.push((assignment.target.value.clone(), expression.node));
        }
        out
    }

    /// Helps with a bare word that was meant as text. Findings from number `from` on are about `text`.
    fn perhaps_text(&mut self, text: &str, from: usize, action: &str) {
        if !text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.')) {
            return;
        }
        for found in self.compiler.findings.iter_mut().skip(from) {
            let diagnostic = &mut found.diagnostic;
            if diagnostic.code == "undeclared-name" && diagnostic.help.is_none() {
                diagnostic.help = Some(format!("values of `{action}` are expressions: write `\"'{text}'\"`"));
            }
        }
    }

    /// A value must be of its field's type; what is known only at run time is checked there.
    fn check_value(&mut self, assignment: &Assignment, result: &Type) {
        let path = &assignment.target.value;
        let Some(expected) = self.compiler.field(path).map(|field| field.cel_type()) else { return };
        let fits = match (&expected, result) {
            (Type::Dyn, _) | (_, Type::Dyn) | (Type::Double, Type::Int) => true,
            (Type::List(_), Type::List(_)) => true,
            (Type::Map(_) | Type::Object(_), Type::Map(_) | Type::Object(_)) => true,
            (a, b) => a == b,
        };
        if !fits {
            let message = format!("`{path}` is of type {expected}, and this is of type {result}");
            self.refuse(Diagnostic::error("type-mismatch", message, assignment.value.span));
        }
    }

    /// A rule may change what is sent, never who sends it.
    fn check_target(&mut self, assignment: &Assignment) {
        let target = &assignment.target;
        let Some((source, stages)) = self.named_field(target) else { return };
        if source != FieldSource::Body {
            let message = format!("`{}` comes from the {source}, which a rule cannot change", target.value);
            self.refuse(Diagnostic::error("cannot-set", message, target.span));
            return;
        }
        self.check_stages(target, stages);
    }

    /// The fields that are read for what is in them, and what is looked for.
    fn redaction(&mut self, redact: &Redact) -> Redaction {
        let mut fields = Vec::new();
        for field in &redact.fields {
            if let Some((_, stages)) = self.named_field(field) {
                self.check_stages(field, stages);
                let read = field.value.split('[').next().unwrap_or_default();
                if let Some(known) = self.compiler.field(read).filter(|_| !redact.detect.is_empty()) {
                    let slot = self.compiler.slots.want(read, &known, known.slot_type());
                    fields.push((field.value.clone(), slot));
                }
            }
        }
        let document = self.scope.document;
        for name in &redact.detect {
            let family = Family::from_name(&name.value).filter(|family| *family != Family::Custom);
            let known = questions::family_of(document, &name.value);
            if family.is_none() && known.is_none() {
                self.refuse(questions::unknown_kind(document, None, &name.value, name.span));
            }
            if let Some(asked) = self.compiler.detectors.asked(self.scope.detector) {
                asked.families.extend(family.or(known));
                asked.kinds.extend(known.map(|_| name.value.clone()).filter(|_| family.is_none()));
            }
        }
        let texts = |names: &[Name]| names.iter().map(|name| name.value.clone()).collect();
        let (paths, detect) = (texts(&redact.fields), texts(&redact.detect));
        Redaction { paths, fields, detect, style: redact.style.in_detectors() }
    }

    /// The source of the field that an action names, and the stages in which it is there. `None`: there is no such field,
    /// and that was reported.
    fn named_field(&mut self, path: &Name) -> Option<(FieldSource, Stages)> {
        let found = match context::field(&path.value) {
            Some(field) => Some((field.source, field.stages)),
            // A field of this house, or one below a free object.
            None => self.compiler.field(&path.value.replace("[]", "")).map(|field| (field.source, field.stages)),
        };
        if found.is_none() {
            let message = format!("there is no field `{}`", path.value);
            let diagnostic = Diagnostic::error("undefined-field", message, path.span);
            self.refuse(match did_you_mean(&path.value, context::FIELDS.iter().map(|f| f.path)) {
                Some(near) => diagnostic.with_help(format!("did you mean `{near}`?")),
                None => diagnostic,
            });
        }
        found
    }

    /// Reports a field that is named in a stage in which it is not there.
    fn check_stages(&mut self, path: &Name, stages: Stages) {
        if let Some(diagnostic) = not_in_stage(&path.value, "", stages, self.stages, path.span) {
            self.refuse(diagnostic);
        }
    }

    fn metadata(&mut self, metadata: &Metadata, put: &mut dyn FnMut(&str, Tree)) {
        if !metadata.is_empty() {
            let entries = metadata.iter().map(|(k, v)| (k.clone(), self.data(v))).collect();
            put("metadata", Tree::Map(entries));
        }
    }

    fn data(&mut self, data: &Data) -> Tree {
        match data {
            Data::Null => Tree::Value(Value::Null),
            Data::Bool(b) => Tree::Value(json!(b)),
            Data::Number(n) => Tree::Value(Value::Number(n.clone())),
            Data::Text(template) => Tree::Text(self.text(template)),
            Data::List(items) => Tree::List(items.iter().map(|d| self.data(d)).collect()),
            Data::Map(entries) => Tree::Map(entries.iter().map(|(k, d)| (k.clone(), self.data(d))).collect()),
        }
    }
}

fn approver(approver: &Approver) -> Value {
    match approver {
        Approver::User(name) => json!(format!("user:{name}")),
        Approver::Role(name) => json!(format!("role:{name}")),
        Approver::Group(name) => json!(format!("group:{name}")),
    }
}
