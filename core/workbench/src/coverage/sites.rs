//! The conditions of a document, and probes that measure their clauses.
//!
//! A probe is a rule whose condition is one clause. It stands in the document that the clause stands in, so it sees the same
//! variables, lists, tables and defaults; equal expressions are one node of the program, so it costs next to nothing.

use std::sync::Arc;

use llm_policy_engine::cel::ast::Span;
use llm_policy_engine::document::model::{Mode, Rule, Spanned, Stage};
use llm_policy_engine::document::{Action, Document, Source};

use super::Site;
use crate::conditions::{Condition, Syntax};

/// A condition of a document.
pub(super) struct Measured {
    pub(super) site: Site,
    pub(super) name: Arc<str>,
    pub(super) span: Span,
    pub(super) condition: Condition,
    pub(super) stages: Vec<Stage>,
    /// The rule that it is the condition of, by its position in the document.
    pub(super) rule: Option<u32>,
    /// The probe of the whole condition and of each clause that is no constant, by position in the document.
    pub(super) whole: u32,
    pub(super) probes: Vec<Option<u32>>,
}

/// The conditions of `document`, which gets a probe for each clause.
pub(super) fn add_probes(syntax: &Syntax, document: &mut Document) -> Vec<Measured> {
    if document.config.mode == Mode::Disabled {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut add = |site, name: &Arc<str>, span, source: &Source, stages: Vec<Stage>, rule| {
        if !stages.is_empty() {
            found.push((site, name.clone(), span, source.clone(), stages, rule));
        }
    };
    let stages_of = |rule: &Rule| rule.stages.iter().map(|stage| stage.value).collect::<Vec<_>>();
    let on = |rule: &&Rule| rule.enabled && rule.mode != Mode::Disabled;
    if let Some(target) = &document.config.target {
        let all = document.rules.iter().filter(on).flat_map(stages_of).collect();
        add(Site::Target, &Arc::from(""), target.span, target, once(all), None);
    }
    for variable in &document.variables {
        // It is measured where it is used: elsewhere its fields may not be there.
        let users =
            document.rules.iter().filter(on).filter(|rule| uses(document, &rule.condition, &variable.name.value));
        let stages = once(users.flat_map(stages_of).collect());
        if is_condition(syntax, document, &variable.value) {
            add(Site::Variable, &variable.name.value, variable.name.span, &variable.value, stages, None);
        }
    }
    for (position, rule) in (0..).zip(&document.rules).filter(|(_, rule)| on(rule)) {
        add(Site::Rule, &rule.id.value, rule.id.span, &rule.condition, stages_of(rule), Some(position));
    }
    for exception in document.exceptions.iter().filter(|exception| exception.enabled) {
        let suspended = |rule: &&Rule| exception.rules.iter().any(|name| name.value == rule.id.value);
        let stages = once(document.rules.iter().filter(suspended).flat_map(stages_of).collect());
        add(Site::Exception, &exception.id.value, exception.id.span, &exception.condition, stages, None);
    }
    let mut measured = Vec::new();
    for (site, name, span, source, stages, rule) in found {
        let condition = syntax.condition(&source);
        let whole = probe(document, &source, &stages);
        let mut of_clause =
            |clause: &crate::conditions::Clause| (!clause.constant).then(|| probe(document, &clause.source, &stages));
        let probes = condition.clauses.iter().map(&mut of_clause).collect();
        measured.push(Measured { site, name, span, condition, stages, rule, whole, probes });
    }
    measured
}

fn once(mut stages: Vec<Stage>) -> Vec<Stage> {
    stages.sort_unstable();
    stages.dedup();
    stages
}

/// Whether `source` uses the variable, itself or through another variable.
fn uses(document: &Document, source: &Source, variable: &str) -> bool {
    let mut open = vec![source];
    let mut seen: Vec<&str> = Vec::new();
    while let Some(source) = open.pop() {
        for used in document.variables.iter().filter(|v| names(&source.text, &v.name.value)) {
            if *used.name.value == *variable {
                return true;
            }
            if !seen.contains(&&*used.name.value) {
                seen.push(&used.name.value);
                open.push(&used.value);
            }
        }
    }
    false
}

fn names(text: &str, variable: &str) -> bool {
    let wanted = format!("variables.{variable}");
    text.match_indices(&wanted).any(|(at, _)| {
        let next = text.get(at + wanted.len()..).and_then(|rest| rest.chars().next());
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Whether a variable is true or false: it has clauses, or it is one comparison or call that can be a condition.
fn is_condition(syntax: &Syntax, document: &Document, source: &Source) -> bool {
    let mut alone = document.clone();
    alone.rules.clear();
    alone.exceptions.clear();
    alone.config.stages = None;
    if !matches!(syntax.condition(source).tree, crate::conditions::Tree::Clause(_)) {
        return true;
    }
    probe(&mut alone, source, &Stage::ALL);
    // What is compiled alone has no stages to be wrong about; only its type can be.
    let findings = llm_policy_engine::compile::compile(vec![alone], llm_policy_engine::Options::default());
    !matches!(findings, Err(found) if found.iter().any(|f| f.diagnostic.code == "not-a-condition"))
}

/// Adds a rule with this condition, and gives its position.
fn probe(document: &mut Document, source: &Source, stages: &[Stage]) -> u32 {
    let at = u32::try_from(document.rules.len()).unwrap_or(u32::MAX);
    document.rules.push(Rule {
        id: Spanned::new("probe".into(), source.span),
        description: None,
        priority: i32::MIN,
        enabled: true,
        mandatory: true,
        stages: stages.iter().map(|stage| Spanned::new(*stage, source.span)).collect(),
        condition: source.clone(),
        mode: Mode::Enforce,
        rollout: None,
        schedule: None,
        actions: vec![Spanned::new(Action::Allow, source.span)],
        metadata: serde_json::Map::new(),
        span: source.span,
    });
    at
}
