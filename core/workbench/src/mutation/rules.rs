//! Small changes of rules.

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::document::action::{Audit, RequireApproval, Throttle};
use llm_policy_engine::document::model::{Mode, Rule, Spanned};
use llm_policy_engine::document::{Action, Document};

use super::conditions::{edits, one_line};
use super::{Change, Maker, Mutant};
use crate::conditions::Syntax;

pub(super) fn mutants(syntax: &Syntax, document: &Document, found: &mut Vec<Mutant>) {
    if document.config.mode == Mode::Disabled {
        return;
    }
    for (position, rule) in document.rules.iter().enumerate() {
        if !rule.enabled || rule.mode == Mode::Disabled {
            continue;
        }
        let subject = format!("rule {}", rule.id.value);
        let maker = Maker { document, subject, found };
        Rules { maker, position, rule }.all(syntax);
    }
}

struct Rules<'m> {
    maker: Maker<'m>,
    position: usize,
    rule: &'m Rule,
}

impl Rules<'_> {
    fn all(&mut self, syntax: &Syntax) {
        let id = self.rule.id.span;
        let before = self.maker.written(id);
        let gone = Change::Rule { position: self.position, rule: None };
        self.maker.add("disable-rule", "without the rule".to_owned(), id, (before, String::new()), gone);
        for edit in edits(syntax, &self.rule.condition) {
            let span = self.rule.condition.locate(edit.span);
            let rule = Rule { condition: edit.source, ..self.rule.clone() };
            self.add(edit.operator, edit.description, span, (edit.before, edit.after), rule);
        }
        self.stages();
        self.times();
        self.actions();
    }

    fn add(&mut self, operator: &'static str, description: String, span: Span, edit: (String, String), rule: Rule) {
        let change = Change::Rule { position: self.position, rule: Some(Box::new(rule)) };
        self.maker.add(operator, description, span, edit, change);
    }

    fn stages(&mut self) {
        if self.rule.stages.len() < 2 {
            return;
        }
        for (at, stage) in self.rule.stages.iter().enumerate() {
            let mut rule = self.rule.clone();
            rule.stages.remove(at);
            let edit = (self.maker.written(stage.span), String::new());
            self.add("drop-stage", format!("not in the stage {}", stage.value), stage.span, edit, rule);
        }
    }

    /// Schedule and rollout.
    fn times(&mut self) {
        let id = self.rule.id.span;
        if let Some(schedule) = &self.rule.schedule {
            let rule = Rule { schedule: None, ..self.rule.clone() };
            self.add("drop-schedule", "at all times".to_owned(), id, ("schedule".to_owned(), String::new()), rule);
            for at in 0..schedule.during.len() {
                let mut without = schedule.clone();
                without.during.remove(at);
                if without.during.is_empty() {
                    continue;
                }
                let rule = Rule { schedule: Some(without), ..self.rule.clone() };
                let window = format!("window {} of the schedule", at + 1);
                self.add("drop-window", format!("without {window}"), id, (window, String::new()), rule);
            }
            for at in 0..schedule.except.len() {
                let mut without = schedule.clone();
                let day = without.except.remove(at);
                let rule = Rule { schedule: Some(without), ..self.rule.clone() };
                self.add("drop-item", format!("also on {day}"), id, (day.to_string(), String::new()), rule);
            }
        }
        if self.rule.rollout.is_some() {
            let rule = Rule { rollout: None, ..self.rule.clone() };
            self.add("drop-rollout", "for everybody".to_owned(), id, ("rollout".to_owned(), String::new()), rule);
        }
    }

    fn actions(&mut self) {
        for (at, action) in self.rule.actions.iter().enumerate() {
            let written = one_line(&self.maker.written(action.span));
            let name = action.value.name();
            if self.rule.actions.len() > 1 {
                let mut rule = self.rule.clone();
                rule.actions.remove(at);
                let edit = (written.clone(), String::new());
                self.add("drop-action", format!("without `{name}`"), action.span, edit, rule);
            }
            for (operator, description, other) in weaker(&action.value) {
                let mut rule = self.rule.clone();
                if let Some(place) = rule.actions.get_mut(at) {
                    *place = Spanned::new(other, action.span);
                }
                self.add(operator, description.clone(), action.span, (written.clone(), description), rule);
            }
        }
    }
}

/// What an action becomes.
fn weaker(action: &Action) -> Vec<(&'static str, String, Action)> {
    let throttle = |delay_ms| Throttle { delay_ms, max_retries: None, reason: None };
    match action {
        Action::Deny(deny) => {
            let approval = RequireApproval { reason: deny.reason.clone(), ..RequireApproval::default() };
            let mut out = vec![
                ("weaken-effect", "require_approval instead of deny".to_owned(), Action::RequireApproval(approval)),
                ("weaken-effect", "throttle instead of deny".to_owned(), Action::Throttle(throttle(1))),
            ];
            if let Some(code) = &deny.code {
                let mut other = deny.clone();
                other.code = None;
                out.push(("drop-code", format!("without the code `{}`", code.value), Action::Deny(other)));
            }
            out
        }
        Action::RequireApproval(approval) => {
            let mut out = vec![(
                "weaken-effect",
                "throttle instead of require_approval".to_owned(),
                Action::Throttle(throttle(1)),
            )];
            if !approval.approvers.is_empty() {
                let anybody = RequireApproval { approvers: Vec::new(), ..approval.clone() };
                out.push(("weaken-effect", "anybody may approve".to_owned(), Action::RequireApproval(anybody)));
            }
            out
        }
        Action::Throttle(throttle) => {
            let half = Throttle { delay_ms: throttle.delay_ms / 2, ..throttle.clone() };
            vec![
                ("weaken-effect", "allow instead of throttle".to_owned(), Action::Allow),
                ("weaken-effect", "half of the delay".to_owned(), Action::Throttle(half)),
            ]
        }
        Action::Audit(audit) if audit.alert => {
            let silent = Audit { alert: false, ..audit.clone() };
            vec![("weaken-effect", "no alert".to_owned(), Action::Audit(silent))]
        }
        _ => Vec::new(),
    }
}
