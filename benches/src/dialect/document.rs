//! A policy document of ours: YAML around the CEL conditions.

use std::fmt::Write as _;

use super::cel;
use crate::rule::{Effect, Rule};

/// One document with all `rules`; what no rule decides is allowed.
pub fn yaml(rules: &[Rule]) -> String {
    let mut yaml = String::from(
        "version: \"1.0\"\nmetadata:\n  name: bench\nconfig:\n  stages: [request]\n  default_action: allow\nrules:\n",
    );
    for rule in rules {
        let action = match rule.effect {
            Effect::Deny => "{type: deny, reason: refused by rule}",
            Effect::Allow => "{type: allow}",
        };
        let when = cel::condition(rule).replace('\'', "''");
        let _ = write!(yaml, "  - id: {}\n    when: '{when}'\n    actions: [{action}]\n", rule.id);
    }
    yaml
}
