//! Variables, lists and tables that nothing uses.

use std::collections::BTreeSet;
use std::sync::Arc;

use llm_policy_engine::cel::ast::{Expr, Literal};
use llm_policy_engine::cel::parser::{ParserOptions, parse};
use llm_policy_engine::diagnostic::Diagnostic;
use llm_policy_engine::document::action::{Action, Assignment, Metadata};
use llm_policy_engine::document::limit::Amount;
use llm_policy_engine::document::model::Text;
use llm_policy_engine::document::template::Data;
use llm_policy_engine::document::{Document, Source, Template};

use super::{Bench, Weight};

pub(super) fn look(bench: &mut Bench<'_>) {
    for document in bench.documents {
        let used = used(document);
        let mut claim = |kind: &'static str, code: &'static str, name: &Text| {
            if !used.contains(&format!("{kind}.{}", name.value)) {
                let message = format!("nothing uses the {} `{}`", kind.trim_end_matches('s'), name.value);
                let diagnostic = Diagnostic::warning(code, message, name.span).with_help("delete it");
                bench.claim_in(document, Weight::Warning, diagnostic);
            }
        };
        document.variables.iter().for_each(|v| claim("variables", "unused-variable", &v.name));
        document.lists.iter().for_each(|l| claim("lists", "unused-list", &l.name));
        document.tables.iter().for_each(|t| claim("tables", "unused-table", &t.name));
    }
}

/// What rules, exceptions, limits, breakers and the target use, directly or through variables: `variables.x`, `lists.y`, `tables.z`.
fn used(document: &Document) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut note = |source: &Source| names(&source.text, &mut used);
    document.config.target.iter().for_each(&mut note);
    for exception in &document.exceptions {
        note(&exception.condition);
    }
    for rule in &document.rules {
        note(&rule.condition);
        rule.rollout.iter().for_each(|rollout| note(&rollout.by));
        rule.actions.iter().for_each(|action| sources(&action.value, &mut note));
    }
    for limit in &document.limits {
        limit.key.iter().chain(&limit.when).chain(&limit.cost).for_each(&mut note);
        if let Amount::Computed(amount) = &limit.amount {
            note(amount);
        }
        limit.actions.iter().flatten().for_each(|action| sources(action, &mut note));
    }
    for breaker in &document.breakers {
        breaker.key.iter().chain(&breaker.when).for_each(&mut note);
        breaker.action.iter().for_each(|action| sources(action, &mut note));
    }
    scheduled(document, &mut used);
    through_variables(document, &mut used);
    used
}

/// Adds the lists that schedules name under `except`. Of these only the days are left in a document that was read, so every
/// list counts whose name stands in the text of such a rule.
fn scheduled(document: &Document, used: &mut BTreeSet<String>) {
    for rule in document.rules.iter().filter(|rule| rule.schedule.as_ref().is_some_and(|s| !s.except.is_empty())) {
        let text = document.text.get(rule.span.start as usize..rule.span.end as usize).unwrap_or_default();
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let words: BTreeSet<&str> = text.split(|c| !is_name(c)).collect();
        let named = document.lists.iter().filter(|list| words.contains(&*list.name.value));
        used.extend(named.map(|list| format!("lists.{}", list.name.value)));
    }
}

/// The names that `source` uses, directly or through variables of `document`.
pub(crate) fn used_by(document: &Document, source: &Source) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    names(&source.text, &mut used);
    through_variables(document, &mut used);
    used
}

/// Adds what used variables use.
fn through_variables(document: &Document, used: &mut BTreeSet<String>) {
    // A variable may use those above it.
    for variable in document.variables.iter().rev() {
        if used.contains(&format!("variables.{}", variable.name.value)) {
            names(&variable.value.text, used);
        }
    }
}

/// Adds the names that an expression uses.
fn names(text: &Arc<str>, used: &mut BTreeSet<String>) {
    let Ok(ast) = parse(text, &ParserOptions::default()) else { return };
    for id in ast.ids() {
        match ast.expr(id) {
            Expr::Select { operand, field, .. } => {
                if let Expr::Ident(root) = ast.expr(*operand)
                    && matches!(&**root, "variables" | "lists")
                {
                    used.insert(format!("{root}.{field}"));
                }
            }
            Expr::Call { function, args, .. } if matches!(&**function, "lookup" | "_[_]") => {
                if let [first, second, ..] = args.as_slice() {
                    match (ast.expr(*first), ast.expr(*second)) {
                        (Expr::Literal(Literal::String(table)), _) => {
                            used.insert(format!("tables.{table}"));
                        }
                        (Expr::Ident(root), Expr::Literal(Literal::String(name))) => {
                            used.insert(format!("{root}.{name}"));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// Calls `note` with each expression of an action.
fn sources(action: &Action, note: &mut impl FnMut(&Source)) {
    let mut template = |template: &Template| template.expressions().for_each(&mut *note);
    match action {
        Action::Allow | Action::Redact(_) => {}
        Action::Deny(deny) => deny.reason.iter().chain(&deny.public_message).for_each(template),
        Action::Throttle(throttle) => throttle.reason.iter().for_each(template),
        Action::RequireApproval(approval) => approval.reason.iter().for_each(template),
        Action::Route(route) => route.models.iter().chain(&route.provider).for_each(template),
        Action::Warn(warn) => template(&warn.message),
        Action::Notify(notify) => notify.message.iter().for_each(template),
        Action::SuggestAlternative(alternative) => {
            alternative.models.iter().chain(&alternative.message).for_each(template);
            metadata(&alternative.metadata, note);
        }
        Action::Audit(audit) => metadata(&audit.metadata, note),
        Action::Log(log) => {
            log.message.iter().for_each(template);
            metadata(&log.metadata, note);
        }
        Action::Custom(custom) => metadata(&custom.metadata, note),
        Action::Set(assignments) | Action::Tag(assignments) => {
            assignments.iter().map(|Assignment { value, .. }| value).for_each(note);
        }
    }
}

fn metadata(metadata: &Metadata, note: &mut impl FnMut(&Source)) {
    fn walk(data: &Data, note: &mut impl FnMut(&Source)) {
        match data {
            Data::Text(template) => template.expressions().for_each(note),
            Data::List(items) => items.iter().for_each(|item| walk(item, note)),
            Data::Map(entries) => entries.iter().for_each(|(_, value)| walk(value, note)),
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }
    metadata.iter().for_each(|(_, data)| walk(data, note));
}
