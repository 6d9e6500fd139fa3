//! `breakers`.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use llm_policy_cel::diagnostic::Diagnostic;
use llm_policy_ledger as ledger;
use llm_policy_ledger::Space;
use llm_policy_ledger::breaker::Rule;
use llm_policy_ledger::units::{Share, parse_decimal};

use super::{Fields, Reader, describe};
use crate::context::Stage;
use crate::document::action::Action;
use crate::document::breaker::{Breaker, Does};
use crate::document::model::{Mode, Spanned};
use crate::document::tree::{self, Key, Node, Style};

pub(super) const BREAKER: &[&str] = &[
    "description",
    "mode",
    "stages",
    "key",
    "when",
    "error_rate",
    "slow",
    "consecutive_failures",
    "window",
    "min_calls",
    "open_for",
    "probes",
    "probe_timeout",
    "do",
];

pub(super) const SLOW: &[&str] = &["over", "rate"];

/// What opens a breaker.
const OPENS: [&str; 3] = ["error_rate", "slow", "consecutive_failures"];

const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

impl Reader<'_> {
    /// `document` is `namespace/name`: two documents can have breakers of one name. Between its `mode` and the breaker's the
    /// weaker wins.
    pub(super) fn breakers(&mut self, node: Option<&Node<'_>>, document: &str, mode: Mode) -> Vec<Breaker> {
        let Some(node) = node else { return Vec::new() };
        let entries = self.entries("breakers", node);
        entries.iter().filter_map(|(key, value)| self.breaker(key, value, document, mode)).collect()
    }

    fn breaker(&mut self, name: &Key<'_>, node: &Node<'_>, document: &str, weakest: Mode) -> Option<Breaker> {
        let named = self.check_name("breakers", &name.text, name.span);
        let fields = self.fields(node, "a breaker", BREAKER)?;
        let before = self.findings.len() + self.unreported;
        let modes = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("disabled", Mode::Disabled)];
        let description = fields.get("description").and_then(|node| self.text("description", node));
        let mode =
            fields.get("mode").and_then(|node| self.choice("mode", node, &modes)).unwrap_or_default().min(weakest);
        let stages = match fields.get("stages") {
            Some(node) => self.stages(node)?,
            None => vec![Spanned::new(Stage::Request, name.span)],
        };
        let key = fields.get("key").map(|node| self.limit_key(node)).unwrap_or_default();
        let when = fields.get("when").and_then(|node| self.cel("when", node));
        let does = fields.get("do").map_or(Some((Does::Deny, None)), |node| self.stopped(node));

        let failures = fields.get("error_rate").and_then(|node| self.rate("error_rate", node));
        let slow = fields.get("slow").and_then(|node| self.slow(node));
        let in_a_row =
            fields.get("consecutive_failures").and_then(|node| self.int("consecutive_failures", node, 1..=1_000_000));
        self.only_where_it_opens(&fields);
        let mut span = |name: &str, most: u64, default: u64| match fields.get(name) {
            Some(node) => self.breaker_span(name, node, most),
            None => Some(default),
        };
        let window = span("window", DAY, 60 * SECOND);
        let open = span("open_for", 7 * DAY, 30 * SECOND);
        let probe_timeout = span("probe_timeout", DAY, 60 * SECOND);
        let mut count = |name: &str, default: u32| match fields.get(name) {
            Some(node) => self.int(name, node, 1..=1_000_000),
            None => Some(default),
        };
        let (calls, probes) = (count("min_calls", 20), count("probes", 1));
        let (does, action) = does?;
        let definition = Rule {
            name: format!("{document}/{}", name.text).into(),
            space: if mode == Mode::Shadow { Space::Shadow } else { Space::Live },
            window: window?,
            calls: calls?,
            failures,
            slow,
            in_a_row,
            open: open?,
            probes: probes?,
            probe_timeout: probe_timeout?,
        };
        (named && self.findings.len() + self.unreported == before).then(|| Breaker {
            name: Spanned::new(Arc::from(&*name.text), name.span),
            description,
            mode,
            definition: Arc::new(definition),
            stages,
            key,
            when,
            does,
            action,
        })
    }

    /// What says how it opens and closes belongs to something that opens it.
    fn only_where_it_opens(&mut self, fields: &Fields<'_, '_>) {
        let shares = ["error_rate", "slow"];
        let rest = ["open_for", "probes", "probe_timeout"];
        for (keys, of) in [(&["window", "min_calls"][..], &shares[..]), (&rest[..], &OPENS[..])] {
            if of.iter().any(|name| fields.key(name).is_some()) || !fields.reported.is_empty() {
                continue;
            }
            if let Some(key) = keys.iter().find_map(|name| fields.key(name)) {
                let message = match of.len() {
                    2 => format!("`{}` belongs to `error_rate` and `slow`, and there is neither", key.text),
                    _ => format!("`{}` says nothing about a breaker that only a switch opens", key.text),
                };
                let error = Diagnostic::error("wrong-key", message, key.span);
                self.push(error.with_help("add `error_rate`, `slow` or `consecutive_failures`, or remove it"));
            }
        }
    }

    fn breaker_span(&mut self, name: &str, node: &Node<'_>, most: u64) -> Option<u64> {
        let micros = self.duration(name, node).map(ledger::time::micros)?;
        if micros < SECOND || micros > most {
            let message = format!("`{name}` must be from one second to {}, not {}", days(most), describe(node));
            self.error("out-of-range", message, self.head(node.span));
            return None;
        }
        Some(micros)
    }

    fn slow(&mut self, node: &Node<'_>) -> Option<(u64, Share)> {
        let fields = self.fields(node, "`slow`", SLOW)?;
        let over = self.required(&fields, "over").and_then(|node| self.duration("over", node));
        let rate = self.required(&fields, "rate").and_then(|node| self.rate("rate", node));
        Some((ledger::time::micros(over?), rate?))
    }

    /// A share of the calls: `0.5`. When more of them are so, it opens.
    fn rate(&mut self, name: &str, node: &Node<'_>) -> Option<Share> {
        let found = match &node.kind {
            tree::Kind::Scalar(text, Style::Plain) => parse_decimal(text, 6),
            _ => None,
        };
        let found = found.and_then(|units| u32::try_from(units).ok()).filter(|millionths| *millionths < 1_000_000);
        let found = found.and_then(Share::from_millionths);
        if found.is_none() {
            let message =
                format!("`{name}` must be a share of the calls, more than 0 and less than 1, not {}", describe(node));
            let error = Diagnostic::error("out-of-range", message, self.head(node.span));
            self.push(error.with_help("write `0.5`: it opens when more than half of the calls are so"));
        }
        found
    }

    /// `deny` or `throttle`, or `deny` or `route` with what it says.
    fn stopped(&mut self, node: &Node<'_>) -> Option<(Does, Option<Action>)> {
        if let tree::Kind::Scalar(word, _) = &node.kind {
            match &**word {
                "deny" => return Some((Does::Deny, None)),
                "throttle" => return Some((Does::Throttle, None)),
                _ => {}
            }
        }
        let says = self.action(node)?;
        let does = match &says {
            Action::Deny(_) => Does::Deny,
            Action::Route(_) => Does::Route,
            other => {
                let message = match other {
                    Action::Throttle(_) => "a breaker knows itself how long a throttled call waits".to_owned(),
                    other => format!("a breaker cannot `{}`", other.name()),
                };
                let error = Diagnostic::error("wrong-action", message, self.head(node.span));
                self.push(error.with_help("use `deny`, `throttle` or `route`"));
                return None;
            }
        };
        Some((does, Some(says)))
    }
}

fn days(micros: u64) -> String {
    match micros / DAY {
        1 => "a day".to_owned(),
        days => format!("{days} days"),
    }
}
