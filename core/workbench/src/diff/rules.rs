//! Rules of two sets of policies, compared as logic: which requests a changed condition affects.
//!
//! Both sets are compiled into one program, in which equal conditions are one node, and the analysis is asked whether one
//! condition implies the other.

use std::sync::Arc;

use llm_policy_engine::compile::rules::CompiledRule;
use llm_policy_engine::context::Stage;
use llm_policy_engine::document::Document;
use llm_policy_engine::document::model::Rule;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::{Engine, Options};
use serde_json::{Value as Json, json};

use crate::analysis::{Implication, shortened, used_by};

/// A rule that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleChange {
    /// The document's id.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// What changed.
    pub kind: RuleChangeKind,
}

/// What changed in a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another.
    Changed {
        /// How its condition relates to the old one.
        condition: Relation,
        /// What else differs: `actions`, `priority`, `mode`, `stages`, `schedule`, `rollout`, `enabled`.
        parts: Vec<&'static str>,
    },
}

/// How a new condition relates to an old one.
#[derive(Clone, Debug, PartialEq)]
pub enum Relation {
    /// It is true for the same contexts, and fails for the same.
    Same,
    /// It is true for no other contexts than before, and no longer for such as this.
    Narrower(Option<Json>),
    /// It is true for all contexts for which it was, and also for such as this.
    Wider(Option<Json>),
    /// It is true for some that it was not true for, and the other way round: one of each.
    Other(Option<Json>, Option<Json>),
    /// It is true for the same contexts, but it may fail for others.
    FailsOtherwise,
    /// It holds tests that the analysis cannot see into.
    NotKnown,
}

/// The name space that the old documents are put into beside the new ones.
const OLD: &str = "-before-";

/// The rules that differ between two sets of documents. Where the two do not fit into one program, as when they declare a
/// field with different types, conditions are not compared.
#[must_use]
pub fn compare_rules(before: &[Document], after: &[Document], options: &Options) -> Vec<RuleChange> {
    let mut out = Vec::new();
    let engine = together(before, after, options);
    for document in before {
        let id = document.id();
        let other = after.iter().find(|d| d.id() == id);
        for rule in &document.rules {
            let new = other.and_then(|d| d.rules.iter().find(|r| r.id.value == rule.id.value));
            let kind = match (other, new) {
                (Some(other), Some(new)) => changed(document, rule, other, new, engine.as_ref()),
                _ => Some(RuleChangeKind::Removed),
            };
            out.extend(kind.map(|kind| RuleChange { policy: id.clone(), rule: rule.id.value.to_string(), kind }));
        }
    }
    for document in after {
        let id = document.id();
        let old = before.iter().find(|d| d.id() == id);
        for rule in &document.rules {
            if old.is_none_or(|d| d.rules.iter().all(|r| r.id.value != rule.id.value)) {
                let (policy, rule) = (id.clone(), rule.id.value.to_string());
                out.push(RuleChange { policy, rule, kind: RuleChangeKind::Added });
            }
        }
    }
    out
}

/// Whether the condition of rule `position` of `document` would be true, and fail, for the same contexts if it were that of
/// `new`, which is the same rule but for its condition.
pub(crate) fn same_condition(documents: &[Document], document: &Document, position: usize, new: &Rule) -> bool {
    let Some(old) = document.rules.get(position) else { return false };
    let rest_is_same = Rule { condition: old.condition.clone(), ..new.clone() } == *old;
    let changed = |known: &Document| {
        let mut changed = known.clone();
        if known.id() == document.id()
            && let Some(rule) = changed.rules.get_mut(position)
        {
            *rule = new.clone();
        }
        changed
    };
    let after: Vec<Document> = documents.iter().map(changed).collect();
    let Some(other) = after.iter().find(|d| d.id() == document.id()) else { return false };
    rest_is_same
        && together(documents, &after, &Options::default())
            .is_some_and(|engine| relation(&engine, document, old, other, new) == Relation::Same)
}

/// Both sets as one program.
fn together(before: &[Document], after: &[Document], options: &Options) -> Option<Engine> {
    let old = before.iter().cloned().map(|mut document| {
        let name: Arc<str> = format!("{OLD}{}", document.metadata.namespace.value).into();
        document.metadata.namespace.value = name;
        // Also what is switched off is compared.
        document.rules.iter_mut().for_each(|rule| rule.enabled = true);
        document
    });
    let new = after.iter().cloned().map(|mut document| {
        document.rules.iter_mut().for_each(|rule| rule.enabled = true);
        document
    });
    let (engine, _) = Engine::new(old.chain(new).collect(), options.clone()).ok()?;
    Some(engine.handles(Handles::ALL))
}

/// What differs between two versions of a rule; `None`: nothing.
fn changed(
    before: &Document,
    old: &Rule,
    after: &Document,
    new: &Rule,
    engine: Option<&Engine>,
) -> Option<RuleChangeKind> {
    let mut parts = Vec::new();
    let mut note = |name: &'static str, same: bool| {
        if !same {
            parts.push(name);
        }
    };
    note("priority", old.priority == new.priority);
    note("enabled", old.enabled == new.enabled);
    note("mode", old.mode == new.mode && before.config.mode == after.config.mode);
    let stages = |rule: &Rule| rule.stages.iter().map(|s| s.value).collect::<Vec<Stage>>();
    note("stages", stages(old) == stages(new));
    let schedule =
        |rule: &Rule| rule.schedule.as_ref().map(|s| (s.timezone.value.clone(), s.during.clone(), s.except.clone()));
    note("schedule", schedule(old) == schedule(new));
    let rollout = |rule: &Rule| {
        rule.rollout.as_ref().map(|r| (r.millipercent, r.by.text.clone(), r.salt.clone(), r.variants.len()))
    };
    note("rollout", rollout(old) == rollout(new));
    note("actions", actions(before, old) == actions(after, new));
    let condition = if reads_the_same(before, old, after, new) {
        Relation::Same
    } else {
        engine.map_or(Relation::NotKnown, |engine| relation(engine, before, old, after, new))
    };
    (condition != Relation::Same || !parts.is_empty()).then_some(RuleChangeKind::Changed { condition, parts })
}

/// Whether both conditions are the same text, and the names in it stand for the same.
fn reads_the_same(before: &Document, old: &Rule, after: &Document, new: &Rule) -> bool {
    if old.condition.text != new.condition.text || before.config.on_missing != after.config.on_missing {
        return false;
    }
    let schema = |document: &Document| {
        document.schema.iter().map(|f| (f.path.value.clone(), f.ty.clone(), f.missing)).collect::<Vec<_>>()
    };
    if schema(before) != schema(after) {
        return false;
    }
    used_by(before, &old.condition).iter().all(|name| match name.split_once('.') {
        Some(("variables", name)) => {
            let text = |document: &Document| {
                document.variables.iter().find(|v| *v.name.value == *name).map(|v| v.value.text.clone())
            };
            text(before) == text(after)
        }
        Some(("lists", name)) => {
            let items = |document: &Document| {
                let list = document.lists.iter().find(|l| *l.name.value == *name)?;
                Some(list.items.iter().map(|item| item.value.clone()).collect::<Vec<_>>())
            };
            items(before) == items(after)
        }
        Some(("tables", name)) => {
            let entries = |document: &Document| {
                document.tables.iter().find(|t| *t.name.value == *name).map(|t| t.entries.clone())
            };
            entries(before) == entries(after)
        }
        _ => false,
    })
}

/// The actions as they were written.
fn actions(document: &Document, rule: &Rule) -> Vec<String> {
    let text = |span: llm_policy_engine::cel::ast::Span| {
        let text = document.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    rule.actions.iter().map(|action| text(action.span)).collect()
}

fn relation(engine: &Engine, before: &Document, old: &Rule, after: &Document, new: &Rule) -> Relation {
    let compiled = engine.compiled();
    let find = |policy: String, id: &str| -> Option<&CompiledRule> {
        compiled.rules.iter().find(|rule| {
            *rule.id == *id && compiled.documents.get(rule.document as usize).is_some_and(|d| *d.id == *policy)
        })
    };
    let (Some(first), Some(second)) =
        (find(format!("{OLD}{}", before.id()), &old.id.value), find(after.id(), &new.id.value))
    else {
        return Relation::NotKnown;
    };
    let (a, b) = (clauses(first), clauses(second));
    if a == b {
        return Relation::Same;
    }
    let stage = first.stages.iter().next().unwrap_or(Stage::Request);
    let mut implication = Implication::new(engine, &compiled, stage);
    // Each is either proved, or shown, or neither.
    let lost = implication.exception_to(&a, &b);
    let gained = implication.exception_to(&b, &a);
    match (lost, gained) {
        (Ok(None), Ok(None)) if implication.fail_alike(&a, &b) => Relation::Same,
        (Ok(None), Ok(None)) => Relation::FailsOtherwise,
        (Ok(Some(lost)), Ok(None)) => Relation::Narrower(Some(lost)),
        (Err(()), Ok(None)) => Relation::Narrower(None),
        (Ok(None), Ok(Some(gained))) => Relation::Wider(Some(gained)),
        (Ok(None), Err(())) => Relation::Wider(None),
        (Ok(Some(lost)), Ok(Some(gained))) => Relation::Other(Some(lost), Some(gained)),
        (Ok(Some(lost)), Err(())) => Relation::Other(Some(lost), None),
        (Err(()), Ok(Some(gained))) => Relation::Other(None, Some(gained)),
        (Err(()), Err(())) => Relation::NotKnown,
    }
}

fn clauses(rule: &CompiledRule) -> Vec<llm_policy_engine::cel::program::NodeId> {
    let mut nodes: Vec<_> = rule.clauses.iter().map(|clause| clause.node).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

impl RuleChange {
    /// What changed, in words, without the rule's name.
    #[must_use]
    pub fn text(&self) -> String {
        let RuleChangeKind::Changed { condition, parts } = &self.kind else {
            return if self.kind == RuleChangeKind::Added { "new".to_owned() } else { "removed".to_owned() };
        };
        let such = |context: &Option<Json>| {
            context.as_ref().map(|c| format!(", such as {}", shortened(c))).unwrap_or_default()
        };
        let mut out = match condition {
            Relation::Same => Vec::new(),
            Relation::Narrower(lost) => vec![format!("narrower: it no longer matches some{}", such(lost))],
            Relation::Wider(gained) => vec![format!("wider: it also matches others{}", such(gained))],
            Relation::Other(lost, gained) => {
                let mut text = "another condition".to_owned();
                if let Some(lost) = lost {
                    text.push_str(&format!(": it no longer matches {}", shortened(lost)));
                }
                if let Some(gained) = gained {
                    text.push_str(&format!("; it now matches {}", shortened(gained)));
                }
                vec![text]
            }
            Relation::FailsOtherwise => {
                vec!["it matches the same, but its condition fails for others than before".to_owned()]
            }
            Relation::NotKnown => vec!["another condition; whom it affects is not known".to_owned()],
        };
        if !parts.is_empty() {
            out.push(format!("changed: {}", parts.join(", ")));
        }
        out.join("; ")
    }

    /// The change for programs.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let (change, condition, parts) = match &self.kind {
            RuleChangeKind::Added => ("added", None, Vec::new()),
            RuleChangeKind::Removed => ("removed", None, Vec::new()),
            RuleChangeKind::Changed { condition, parts } => ("changed", Some(condition), parts.clone()),
        };
        let mut out = json!({"policy": self.policy, "rule": self.rule, "change": change, "parts": parts});
        let (name, lost, gained) = match condition {
            None => return out,
            Some(Relation::Same) => ("same", None, None),
            Some(Relation::Narrower(lost)) => ("narrower", lost.as_ref(), None),
            Some(Relation::Wider(gained)) => ("wider", None, gained.as_ref()),
            Some(Relation::Other(lost, gained)) => ("other", lost.as_ref(), gained.as_ref()),
            Some(Relation::FailsOtherwise) => ("fails_otherwise", None, None),
            Some(Relation::NotKnown) => ("not_known", None, None),
        };
        if let Some(object) = out.as_object_mut() {
            object.insert("condition".to_owned(), json!(name));
            object.extend(lost.map(|lost| ("no_longer_matches".to_owned(), lost.clone())));
            object.extend(gained.map(|gained| ("now_matches".to_owned(), gained.clone())));
        }
        out
    }
}
