//! Explanations: of each rule and each clause, why it did or did not match.

use std::cell::Cell;
use std::sync::Arc;

use bumpalo::Bump;
use llm_policy_cel::ast::Span;
use llm_policy_cel::eval::{Evaluator, Scratch, Truth};
use llm_policy_cel::function::Context;
use llm_policy_cel::program::NodeId;
use llm_policy_cel::slot::Slot;
use serde_json::{Value as Json, json};

use crate::compile::rules::{Clause, CompiledRule};
use crate::decision::Decision;
use crate::detection::memory::Detection;
use crate::evaluate::render::to_json;
use crate::evaluate::{Question, evaluate, fill, see};
use crate::input::InputError;

/// A decision, and how each rule of the stage came out.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// True when `set` or `route` changed the request, which was then decided about once more. What is told of the rules is of
    /// the request as it came.
    pub rewritten: bool,
    /// The rules by rank.
    pub rules: Vec<RuleTrace>,
}

/// How one rule came out.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTrace {
    /// The document's id.
    pub policy: Arc<str>,
    /// The rule.
    pub rule: Arc<str>,
    /// The file that it stands in.
    pub origin: Arc<str>,
    /// Its line in the file, from 1.
    pub line: usize,
    /// Its place in the document's text.
    pub span: Span,
    /// Whether it matched.
    pub outcome: Outcome,
    /// True when the rule is in shadow: it has no effect.
    pub shadow: bool,
    /// What stands before the condition: target, schedule, rollout.
    pub gates: Vec<Part>,
    /// The operands of the condition's outermost `&&`.
    pub clauses: Vec<Part>,
}

/// A part of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// As it was written, or the name of a gate.
    pub text: String,
    /// Its place in the document's text.
    pub span: Option<Span>,
    /// Its value.
    pub outcome: Outcome,
    /// The fields that it reads, by path.
    pub reads: Vec<Read>,
}

/// A field that a part of a condition reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The path: `user.tier`.
    pub path: Arc<str>,
    /// What the input has there. It may be what a user wrote.
    pub found: Found,
}

/// What the input has in a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// This value.
    Value(Json),
    /// Nothing.
    Absent,
    /// A value of another type than the field's.
    Mistyped,
}

impl Found {
    fn of(slot: Option<&Slot<'_>>) -> Self {
        match slot {
            Some(Slot::Present(value)) => Self::Value(to_json(*value)),
            Some(Slot::Mistyped) => Self::Mistyped,
            Some(Slot::Absent) | None => Self::Absent,
        }
    }
}

/// The value of a condition or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `true`
    True,
    /// `false`
    False,
    /// Why it has no value.
    Error(String),
}

impl Outcome {
    fn of(evaluator: &Evaluator<'_>, question: &Question<'_>, node: NodeId) -> Self {
        evaluator.refuel(question.compiled.options.rule_fuel);
        match evaluator.truth(node) {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Error => {
                let error = evaluator.error();
                Self::Error(match question.compiled.slot_of(error) {
                    Some(path) => format!("{error}: `{path}`"),
                    None => error.to_string(),
                })
            }
        }
    }

    fn to_json(&self) -> Json {
        match self {
            Self::True => json!(true),
            Self::False => json!(false),
            Self::Error(cause) => json!({"error": cause}),
        }
    }
}

/// Fills the slots once more, and hands them to `work` with an evaluator over them.
pub(crate) fn look<T>(
    question: &Question<'_>,
    work: impl FnOnce(&Evaluator<'_>, &[Slot<'_>]) -> T,
) -> Result<T, InputError> {
    let compiled = question.compiled;
    let arena = Bump::new();
    let slots = arena.alloc_slice_fill_copy(compiled.slots.infos.len(), Slot::Absent);
    let detection = Detection::default();
    fill(question, slots, &arena, &detection)?;
    let fuel = Cell::new(0);
    let cx = Context { host: &detection, ..Context::new(&arena, &fuel, compiled.options.limits.regex_bytes) };
    let mut scratch = Scratch::new();
    see(question, slots, cx, &mut scratch);
    let slots: &[Slot<'_>] = slots;
    scratch.prepare(&compiled.program);
    Ok(work(&Evaluator::new(&compiled.program, slots, cx, &scratch), slots))
}

/// The values of `nodes`, each with a rule's fuel.
pub(crate) fn truths(question: Question<'_>, nodes: &[NodeId]) -> Result<Vec<Truth>, InputError> {
    let fuel = question.compiled.options.rule_fuel;
    look(&question, |evaluator, _| {
        let truth = |node: &NodeId| {
            evaluator.refuel(fuel);
            evaluator.truth(*node)
        };
        nodes.iter().map(truth).collect()
    })
}

pub(crate) fn explain(question: Question<'_>) -> Result<Explanation, InputError> {
    let decision = evaluate(question)?;
    let compiled = question.compiled;
    let lines: Vec<Vec<u32>> = compiled.documents.iter().map(|document| line_starts(&document.text)).collect();
    let rules = look(&question, |evaluator, slots| {
        let rules = compiled.stage(question.stage).rules.iter();
        rules
            .filter_map(|number| compiled.rules.get(*number as usize))
            .filter_map(|rule| trace(&question, evaluator, slots, rule, lines.get(rule.document as usize)?))
            .collect()
    })?;
    Ok(Explanation { rewritten: decision.rewritten, decision, rules })
}

/// Where the lines of `text` begin.
fn line_starts(text: &str) -> Vec<u32> {
    let behind = text.match_indices('\n').map(|(at, _)| u32::try_from(at + 1).unwrap_or(u32::MAX));
    std::iter::once(0).chain(behind).collect()
}

fn trace(
    question: &Question<'_>,
    evaluator: &Evaluator<'_>,
    slots: &[Slot<'_>],
    rule: &CompiledRule,
    lines: &[u32],
) -> Option<RuleTrace> {
    let document = question.compiled.documents.get(rule.document as usize)?;
    let compiled = question.compiled;
    let read =
        |slot: &u32| Read { path: compiled.slots.path(*slot).into(), found: Found::of(slots.get(*slot as usize)) };
    let clause = |Clause { node, span, reads }: &Clause| Part {
        text: document.text.get(span.start as usize..span.end as usize).unwrap_or_default().trim().to_owned(),
        span: Some(*span),
        outcome: Outcome::of(evaluator, question, *node),
        reads: reads.iter().map(read).collect(),
    };
    let gate = |(name, node): &(&'static str, NodeId)| Part {
        text: (*name).to_owned(),
        span: None,
        outcome: Outcome::of(evaluator, question, *node),
        reads: Vec::new(),
    };
    Some(RuleTrace {
        policy: document.id.clone(),
        rule: rule.id.clone(),
        origin: document.origin.clone(),
        line: lines.partition_point(|start| *start <= rule.name.start),
        span: rule.span,
        outcome: Outcome::of(evaluator, question, rule.condition),
        shadow: rule.shadow,
        gates: rule.gates.iter().map(gate).collect(),
        clauses: rule.clauses.iter().map(clause).collect(),
    })
}

impl Explanation {
    /// The explanation as JSON: the decision, and each rule with its clauses.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let read = |read: &Read| match &read.found {
            Found::Value(value) => json!({"path": &*read.path, "value": value}),
            Found::Absent => json!({"path": &*read.path, "absent": true}),
            Found::Mistyped => json!({"path": &*read.path, "mistyped": true}),
        };
        let part = |part: &Part| {
            let mut out = json!({"text": part.text, "value": part.outcome.to_json()});
            if let Some(object) = out.as_object_mut().filter(|_| !part.reads.is_empty()) {
                object.insert("reads".to_owned(), part.reads.iter().map(read).collect());
            }
            out
        };
        let rule = |rule: &RuleTrace| {
            json!({
                "policy": &*rule.policy,
                "rule": &*rule.rule,
                "file": &*rule.origin,
                "line": rule.line,
                "matched": rule.outcome.to_json(),
                "shadow": rule.shadow,
                "gates": rule.gates.iter().map(part).collect::<Vec<_>>(),
                "clauses": rule.clauses.iter().map(part).collect::<Vec<_>>(),
            })
        };
        json!({
            "decision": self.decision.to_json(),
            "rewritten": self.rewritten,
            "rules": self.rules.iter().map(rule).collect::<Vec<_>>(),
        })
    }
}
