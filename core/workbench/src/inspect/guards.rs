//! The tests that rules are looked up by, in words.

use llm_policy_engine::cel::program::NodeId;
use llm_policy_engine::compile::Compiled;
use llm_policy_engine::compile::guards::{Atom, Key, Test, guards};

/// So many alternatives are written out.
const SHOWN: usize = 4;

/// Each guard of `condition`: `user.tier == 'a' or user.tier == 'b'`.
pub(super) fn texts(compiled: &Compiled, condition: NodeId) -> Vec<String> {
    guards(&compiled.program, condition)
        .any
        .iter()
        .map(|guard| {
            let tests = &guard.tests;
            let mut parts: Vec<String> = tests.iter().take(SHOWN).map(|atom| text(compiled, atom)).collect();
            if tests.len() > SHOWN {
                parts.push(format!("{} more", tests.len() - SHOWN));
            }
            if parts.is_empty() { "never".to_owned() } else { parts.join(" or ") }
        })
        .collect()
}

/// Each test that bars a rule with this condition.
pub(super) fn bars(compiled: &Compiled, condition: NodeId) -> Vec<String> {
    guards(&compiled.program, condition).bars.iter().map(|atom| text(compiled, atom)).collect()
}

fn text(compiled: &Compiled, atom: &Atom) -> String {
    let slot = |slot: u32| compiled.slots.path(slot).to_owned();
    let key = |key: &Key| match key {
        Key::Text(text) => format!("'{text}'"),
        Key::Int(int) => int.to_string(),
        Key::Bool(b) => b.to_string(),
    };
    match &atom.test {
        Test::Equals(constant) => format!("{} == {}", slot(atom.slot), key(constant)),
        Test::Holds(constant) => format!("{} in {}", key(constant), slot(atom.slot)),
        Test::StartsWith(prefix) => format!("{}.startsWith('{prefix}')", slot(atom.slot)),
        Test::Range(from, to) if from.is_infinite() => format!("{} <= {to}", slot(atom.slot)),
        Test::Range(from, _) => format!("{} >= {from}", slot(atom.slot)),
        Test::Present => format!("has({})", slot(atom.slot)),
        Test::Literal(number) => {
            let automaton = compiled.program.texts().get(atom.slot as usize);
            let path = automaton.map(|automaton| slot(automaton.slot())).unwrap_or_default();
            let literal = automaton.and_then(|a| a.literals().get(*number as usize)).map_or("", |l| &l.text);
            format!("'{literal}' found in {path}")
        }
    }
}
