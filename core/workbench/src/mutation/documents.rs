//! Small changes of what stands around the rules: defaults, targets, variables, lists, exceptions.

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::document::Document;
use llm_policy_engine::document::model::{Combine, Constant, DefaultAction, Mode};

use super::conditions::{edits, one_line};
use super::{Change, Maker, Mutant};
use crate::conditions::Syntax;

/// Of longer lists only so many items are left out one by one.
const MOST_ITEMS: usize = 32;

pub(super) fn mutants(syntax: &Syntax, document: &Document, found: &mut Vec<Mutant>) {
    if document.config.mode == Mode::Disabled {
        return;
    }
    config(syntax, document, found);
    variables(syntax, document, found);
    lists(document, found);
    exceptions(syntax, document, found);
}

fn maker<'m>(document: &'m Document, subject: String, found: &'m mut Vec<Mutant>) -> Maker<'m> {
    Maker { document, subject, found }
}

/// The document with a change.
fn changed(document: &Document, change: impl FnOnce(&mut Document)) -> Change {
    let mut other = document.clone();
    change(&mut other);
    Change::Document(Box::new(other))
}

/// Where `key` stands as a key of `config`.
fn config_key(document: &Document, key: &str) -> Span {
    let text = &document.text;
    let from = text.find("config").unwrap_or(0);
    let wanted = format!("{key}:");
    let at = text.get(from..).and_then(|rest| rest.find(&wanted)).map_or(0, |at| at + from);
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(['\n', ',', '}', '#']).unwrap_or(rest.len());
    let length = rest.get(..end).unwrap_or_default().trim_end().len();
    Span::new(u32::try_from(at).unwrap_or(0), u32::try_from(at + length).unwrap_or(0))
}

fn config(syntax: &Syntax, document: &Document, found: &mut Vec<Mutant>) {
    let mut maker = maker(document, "config".to_owned(), found);
    let mut set = |operator: &'static str, key: &str, after: &str, change: Change| {
        let span = config_key(document, key);
        let edit = (maker.written(span), if after.is_empty() { String::new() } else { format!("{key}: {after}") });
        let description = if after.is_empty() { format!("without `{key}`") } else { format!("`{key}: {after}`") };
        maker.add(operator, description, span, edit, change);
    };
    if let Some(default) = document.config.default_action {
        let (other, name) = match default {
            DefaultAction::Allow => (DefaultAction::Deny, "deny"),
            DefaultAction::Deny => (DefaultAction::Allow, "allow"),
        };
        let flipped = changed(document, |d| d.config.default_action = Some(other));
        set("flip-default", "default_action", name, flipped);
        set("drop-default", "default_action", "", changed(document, |d| d.config.default_action = None));
    }
    if document.config.combine == Combine::FirstMatch {
        let change = changed(document, |d| d.config.combine = Combine::DenyOverrides);
        set("flip-combine", "combine", "deny_overrides", change);
    }
    if document.config.fail_open {
        set("flip-fail-open", "fail_open", "false", changed(document, |d| d.config.fail_open = false));
    }
    if let Some(target) = &document.config.target {
        let all = changed(document, |d| d.config.target = None);
        maker.add(
            "drop-target",
            "for everybody".to_owned(),
            target.span,
            (target.text.to_string(), String::new()),
            all,
        );
        // Dropping the whole of it is the change above.
        for edit in edits(syntax, target).into_iter().filter(|edit| &*edit.source.text != "true") {
            let span = target.locate(edit.span);
            let change = changed(document, |d| d.config.target = Some(edit.source));
            maker.add(edit.operator, edit.description, span, (edit.before, edit.after), change);
        }
    }
}

fn variables(syntax: &Syntax, document: &Document, found: &mut Vec<Mutant>) {
    for (at, variable) in document.variables.iter().enumerate() {
        let mut maker = maker(document, format!("variable {}", variable.name.value), found);
        for edit in edits(syntax, &variable.value) {
            let span = variable.value.locate(edit.span);
            let change = changed(document, |d| {
                if let Some(variable) = d.variables.get_mut(at) {
                    variable.value = edit.source;
                }
            });
            maker.add(edit.operator, edit.description, span, (edit.before, edit.after), change);
        }
    }
}

fn lists(document: &Document, found: &mut Vec<Mutant>) {
    for (at, list) in document.lists.iter().enumerate() {
        let mut maker = maker(document, format!("list {}", list.name.value), found);
        for (number, item) in list.items.iter().enumerate().take(MOST_ITEMS) {
            let change = changed(document, |d| {
                let Some(list) = d.lists.get_mut(at) else { return };
                let gone = list.items.remove(number).value;
                // Schedules hold the days of the lists that they name, not the names.
                for schedule in d.rules.iter_mut().filter_map(|rule| rule.schedule.as_mut()) {
                    schedule.except.retain(|day| gone != Constant::String(day.to_string().into()));
                }
            });
            let written = maker.written(item.span);
            maker.add("drop-item", format!("without {written}"), item.span, (written, String::new()), change);
        }
    }
}

fn exceptions(syntax: &Syntax, document: &Document, found: &mut Vec<Mutant>) {
    for (at, exception) in document.exceptions.iter().enumerate().filter(|(_, exception)| exception.enabled) {
        let mut maker = maker(document, format!("exception {}", exception.id.value), found);
        let id = exception.id.span;
        let gone = changed(document, |d| {
            d.exceptions.remove(at);
        });
        let before = maker.written(id);
        maker.add("drop-exception", "without the exception".to_owned(), id, (before, String::new()), gone);
        let other = |change: &dyn Fn(&mut llm_policy_engine::document::model::Exception)| {
            changed(document, |d| {
                if let Some(exception) = d.exceptions.get_mut(at) {
                    change(exception);
                }
            })
        };
        if let Some(expires) = &exception.expires {
            let edit = (one_line(&maker.written(expires.span)), String::new());
            maker.add("drop-expiry", "never expires".to_owned(), expires.span, edit, other(&|e| e.expires = None));
        }
        if exception.rules.len() > 1 {
            for (number, name) in exception.rules.iter().enumerate() {
                let change = other(&|e| {
                    e.rules.remove(number);
                });
                let edit = (name.value.to_string(), String::new());
                maker.add("drop-item", format!("does not suspend {}", name.value), name.span, edit, change);
            }
        }
        for edit in edits(syntax, &exception.condition) {
            let span = exception.condition.locate(edit.span);
            let change = other(&|e| e.condition = edit.source.clone());
            maker.add(edit.operator, edit.description, span, (edit.before, edit.after), change);
        }
    }
}
