//! What a change of policies changes: decisions about contexts, counted by rule, and rules, compared as logic.
//!
//! Contexts are compared one at a time and only counts and a few examples are kept, so any number of them takes the same
//! memory. Summaries of parts are [merged](Summary::merge), so parts may be compared side by side.
//!
//! ```
//! use llm_policy_workbench::diff::{Kind, Summary, compare};
//! use serde_json::json;
//!
//! let before = json!({"effect": "allow", "policy": "p", "rule": "a"});
//! let after = json!({"effect": "deny", "policy": "p", "rule": "b"});
//! let change = compare(&before, &after).unwrap();
//! assert_eq!(change.kind, Kind::Effect);
//! let mut summary = Summary::new(3);
//! summary.add(0, "contexts.jsonl:1", br#"{}"#, Some(&change));
//! assert_eq!((summary.total, summary.changed()), (1, 1));
//! ```

mod report;
mod rules;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

pub use report::render as report;
pub(crate) use rules::same_condition;
pub use rules::{Relation, RuleChange, RuleChangeKind, compare_rules};

/// Who decides what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Side {
    /// `allow`, `throttle`, `require_approval` or `deny`.
    pub effect: String,
    /// The document that decides.
    pub policy: Option<String>,
    /// The rule that decides.
    pub rule: Option<String>,
    /// The stable name of the reason.
    pub code: Option<String>,
}

impl Side {
    fn of(decision: &Json) -> Self {
        let text = |name: &str| decision.get(name).and_then(Json::as_str).map(str::to_owned);
        Self {
            effect: text("effect").unwrap_or_else(|| "deny".to_owned()),
            policy: text("policy"),
            rule: text("rule"),
            code: text("code"),
        }
    }

    /// `deny by production/models › no-previews`
    #[must_use]
    pub fn text(&self) -> String {
        match (&self.policy, &self.rule, &self.code) {
            (Some(policy), Some(rule), _) => format!("{} by {policy} › {rule}", self.effect),
            (Some(policy), None, _) => format!("{} by default of {policy}", self.effect),
            (None, _, Some(code)) => format!("{} ({code})", self.effect),
            _ => self.effect.clone(),
        }
    }

    fn to_json(&self) -> Json {
        let mut out = json!({"effect": self.effect, "policy": self.policy, "rule": self.rule, "code": self.code});
        if let Some(object) = out.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
        out
    }
}

/// What changed in a decision, the weightiest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Obligations, warnings, reasons, errors or what else is in a decision.
    Details,
    /// The same effect, by another rule.
    Rule,
    /// The effect.
    Effect,
}

impl Kind {
    /// `effect`, `rule` or `details`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Effect => "effect",
            Self::Rule => "rule",
            Self::Details => "details",
        }
    }
}

/// A decision that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Change {
    /// What changed.
    pub kind: Kind,
    /// Who decided what.
    pub before: Side,
    /// Who decides what.
    pub after: Side,
    /// For details: the parts of the decision that differ, by name.
    pub parts: Vec<String>,
    /// For details: the rules that no longer match, as `policy › rule`.
    pub no_longer: Vec<String>,
    /// For details: the rules that newly match, as `policy › rule`.
    pub newly: Vec<String>,
}

impl Change {
    /// `other matched, warnings: a › b no longer matches; a › c newly matches`, of other details.
    #[must_use]
    pub fn details(&self) -> String {
        let rules = |rules: &[String], one: &str, many: &str| match rules {
            [] => None,
            [rule] => Some(format!("{rule} {one}")),
            rules => Some(format!("{} {many}", rules.join(", "))),
        };
        let said = [
            rules(&self.no_longer, "no longer matches", "no longer match"),
            rules(&self.newly, "newly matches", "newly match"),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        let parts = format!("other {}", self.parts.join(", "));
        if said.is_empty() { parts } else { format!("{parts}: {}", said.join("; ")) }
    }
}

/// The rules of `decision` that had a say, as `policy › rule`.
fn matched(decision: &Json) -> Vec<String> {
    let text = |entry: &Json, name: &str| entry.get(name).and_then(Json::as_str).map(str::to_owned);
    let entries = decision.get("matched").and_then(Json::as_array).into_iter().flatten();
    entries.filter_map(|entry| Some(format!("{} › {}", text(entry, "policy")?, text(entry, "rule")?))).collect()
}

/// How two decisions in their canonical form differ; the digest of the policies does not count.
#[must_use]
pub fn compare(before: &Json, after: &Json) -> Option<Change> {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else { return None };
    let mut parts: Vec<String> = old
        .iter()
        .filter(|(name, value)| new.get(*name) != Some(value))
        .map(|(name, _)| name.clone())
        .chain(new.keys().filter(|name| !old.contains_key(*name)).cloned())
        .filter(|name| name != "bundle")
        .collect();
    if parts.is_empty() {
        return None;
    }
    parts.sort();
    let (old_rules, new_rules) = (matched(before), matched(after));
    let (before, after) = (Side::of(before), Side::of(after));
    let kind = if before.effect != after.effect {
        Kind::Effect
    } else if (&before.policy, &before.rule) != (&after.policy, &after.rule) {
        Kind::Rule
    } else {
        Kind::Details
    };
    if kind != Kind::Details {
        parts.clear();
        return Some(Change { kind, before, after, parts, no_longer: Vec::new(), newly: Vec::new() });
    }
    let only = |these: &[String], others: &[String]| these.iter().filter(|r| !others.contains(r)).cloned().collect();
    let (no_longer, newly) = (only(&old_rules, &new_rules), only(&new_rules, &old_rules));
    Some(Change { kind, before, after, parts, no_longer, newly })
}

/// A context whose decision changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its number among all contexts, from 0.
    pub number: u64,
    /// Where it comes from: `calls.jsonl:17`.
    pub origin: String,
    /// The context, cut when it is long.
    pub context: String,
}

/// All contexts whose decisions changed in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// What all contexts show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many contexts were compared.
    pub total: u64,
    /// How many were refused, by one set or both: these are not compared.
    pub refused: u64,
    /// How many have which effect before and after.
    pub effects: BTreeMap<(String, String), u64>,
    /// By action: how many are denied, before or after, only because the host does not declare that it carries it out.
    pub unhandled: BTreeMap<String, u64>,
    /// What changed, and how often.
    pub groups: BTreeMap<Change, Group>,
    examples: usize,
}

/// So many bytes of a context are kept as an example.
const EXAMPLE_BYTES: usize = 2_000;

impl Summary {
    /// Nothing yet; of each group so many `examples` are kept.
    #[must_use]
    pub fn new(examples: usize) -> Self {
        Self { examples, ..Self::default() }
    }

    /// Adds context `number`, whose decision changed or not.
    pub fn add(&mut self, number: u64, origin: &str, context: &[u8], change: Option<&Change>) {
        self.total += 1;
        let Some(change) = change else { return };
        if !self.groups.contains_key(change) {
            self.groups.insert(change.clone(), Group::default());
        }
        let Some(group) = self.groups.get_mut(change) else { return };
        group.count += 1;
        let keep = group.examples.len() < self.examples || group.examples.last().is_some_and(|e| number < e.number);
        if keep {
            let cut = context.get(..EXAMPLE_BYTES).unwrap_or(context);
            let mut text = String::from_utf8_lossy(cut).into_owned();
            if cut.len() < context.len() {
                text.push('…');
            }
            group.examples.push(Example { number, origin: origin.to_owned(), context: text });
            group.examples.sort_by_key(|example| example.number);
            group.examples.truncate(self.examples);
        }
    }

    /// Counts the effects before and after.
    pub fn count_effects(&mut self, before: &str, after: &str) {
        match self.effects.get_mut(&(before.to_owned(), after.to_owned())) {
            Some(count) => *count += 1,
            None => drop(self.effects.insert((before.to_owned(), after.to_owned()), 1)),
        }
    }

    /// Counts a context that is denied only because the host does not declare `action`.
    pub fn count_unhandled(&mut self, action: &str) {
        *self.unhandled.entry(action.to_owned()).or_default() += 1;
    }

    /// Adds what another part of the contexts shows.
    pub fn merge(&mut self, other: Self) {
        self.total += other.total;
        self.refused += other.refused;
        for (effects, count) in other.effects {
            *self.effects.entry(effects).or_default() += count;
        }
        for (action, count) in other.unhandled {
            *self.unhandled.entry(action).or_default() += count;
        }
        for (change, group) in other.groups {
            let known = self.groups.entry(change).or_default();
            known.count += group.count;
            known.examples.extend(group.examples);
            known.examples.sort_by_key(|example| example.number);
            known.examples.truncate(self.examples);
        }
    }

    /// How many decisions changed.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.groups.values().map(|group| group.count).sum()
    }

    /// How many decisions changed in this way.
    #[must_use]
    pub fn changed_in(&self, kind: Kind) -> u64 {
        self.groups.iter().filter(|(change, _)| change.kind == kind).map(|(_, group)| group.count).sum()
    }

    /// The groups, the weightiest kind and the largest first.
    #[must_use]
    pub fn ordered(&self) -> Vec<(&Change, &Group)> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(change, group)| (std::cmp::Reverse(change.kind), std::cmp::Reverse(group.count)));
        groups
    }

    /// The summary for programs.
    #[must_use]
    pub fn to_json(&self, rules: &[RuleChange]) -> Json {
        let groups = self.ordered().into_iter().map(|(change, group)| {
            json!({
                "kind": change.kind.name(),
                "before": change.before.to_json(),
                "after": change.after.to_json(),
                "parts": change.parts,
                "no_longer_match": change.no_longer,
                "newly_match": change.newly,
                "count": group.count,
                "examples": group.examples.iter().map(|e| json!({"from": e.origin, "context": e.context})).collect::<Vec<_>>(),
            })
        });
        let effects = self
            .effects
            .iter()
            .map(|((before, after), count)| json!({"before": before, "after": after, "count": count}));
        json!({
            "contexts": self.total,
            "refused": self.refused,
            "changed": self.changed(),
            "changed_effects": self.changed_in(Kind::Effect),
            "effects": effects.collect::<Vec<_>>(),
            "groups": groups.collect::<Vec<_>>(),
            "rules": rules.iter().map(RuleChange::to_json).collect::<Vec<_>>(),
        })
    }
}
