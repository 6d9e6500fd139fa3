//! What each rule costs.

use std::sync::Arc;

use llm_policy_engine::cel::program::{Node, NodeId, Program};
use serde_json::{Value as Json, json};

use super::{Bench, fields};

/// What a rule costs, and how much of it is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The document's id.
    pub policy: Arc<str>,
    /// The rule.
    pub rule: Arc<str>,
    /// Rough nanoseconds for the condition when nothing is shared, each loop runs eight times and text is short.
    pub nanoseconds: u32,
    /// The fields whose text is looked through as a whole: the cost grows with their length.
    pub scans: Vec<String>,
    /// How deep loops are nested: with 2, twice as many elements take four times as long.
    pub loops: usize,
    /// The fields that the condition reads.
    pub reads: Vec<String>,
    /// The clauses that the analysis cannot see into. It claims nothing that hangs on them.
    pub opaque: Vec<String>,
}

impl Cost {
    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "policy": &*self.policy,
            "rule": &*self.rule,
            "nanoseconds": self.nanoseconds,
            "scans": self.scans,
            "loops": self.loops,
            "reads": self.reads,
            "not_understood": self.opaque,
        })
    }
}

/// The costs of all rules, the dearest first.
pub(super) fn of_rules(bench: &mut Bench<'_>) -> Vec<Cost> {
    let compiled = bench.compiled;
    let mut out: Vec<Cost> = compiled
        .rules
        .iter()
        .map(|rule| {
            let mut scans: Vec<u32> = Vec::new();
            let loops = growth(&compiled.program, rule.condition, &mut scans);
            scans.sort_unstable();
            scans.dedup();
            Cost {
                policy: bench.document(rule).map(|d| d.id.clone()).unwrap_or_else(|| "".into()),
                rule: rule.id.clone(),
                nanoseconds: compiled.program.cost(rule.condition),
                scans: scans.into_iter().map(|slot| compiled.slots.path(slot).to_owned()).collect(),
                loops,
                reads: fields::paths(bench, rule),
                opaque: fields::opaque(bench, rule),
            }
        })
        .collect();
    out.sort_by(|a, b| (b.nanoseconds, &a.policy, &a.rule).cmp(&(a.nanoseconds, &b.policy, &b.rule)));
    out
}

/// How deep loops are nested below `id`; the slots whose text is scanned go to `scans`.
fn growth(program: &Program, id: NodeId, scans: &mut Vec<u32>) -> usize {
    let node = program.plain_node(id);
    match node {
        Node::ContainsLiteral { text, .. } | Node::MatchesLiteral { text, .. } => {
            scans.extend(program.texts().get(text as usize).map(|automaton| automaton.slot()));
        }
        Node::Contains { operand, .. } | Node::Matches { operand, .. } => {
            if let Node::Slot(slot) | Node::SlotOr { slot, .. } = program.plain_node(operand) {
                scans.push(slot);
            }
        }
        _ => {}
    }
    let below = program.operands(id).into_iter().map(|child| growth(program, child, scans)).max().unwrap_or(0);
    // What a memo keeps is met below it once more.
    let is_loop = matches!(program.node(id), Node::Loop(_));
    below + usize::from(is_loop)
}
