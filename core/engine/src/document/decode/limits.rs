//! `limits`.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use llm_policy_cel::diagnostic::Diagnostic;
use llm_policy_ledger as ledger;
use llm_policy_ledger::limit::{MAX_STEPS, NotALimit};
use llm_policy_ledger::units::{MAX_UNITS, Share, parse_decimal};
use llm_policy_ledger::{Calendar, CalendarUnit, Consistency, Kind, OnExpiry, Window};

use super::values::plain;
use super::{Fields, Reader, describe, short};
use crate::document::action::Action;
use crate::document::limit::{Amount, Limit, OnStoreLoss};
use crate::document::model::{Mode, Spanned};
use crate::document::source::Source;
use crate::document::tree::{self, Key, Node, Style};

pub(super) const LIMIT: &[&str] = &[
    "description",
    "mode",
    "kind",
    "key",
    "when",
    "amount",
    "window",
    "cost",
    "steps",
    "consistency",
    "on_store_loss",
    "on_expiry",
    "max_open",
];

pub(super) const WINDOW: &[&str] = &["calendar", "timezone", "fixed", "sliding", "bucket", "burst"];

pub(super) const STEP: &[&str] = &["at", "do"];

const KINDS: &[(&str, Kind)] =
    &[("budget", Kind::Budget), ("quota", Kind::Quota), ("rate", Kind::Rate), ("concurrency", Kind::Concurrency)];

/// What a step does: its action, and what the action says where that is more than its name.
type Doing = (ledger::Action, Option<Action>);

impl Reader<'_> {
    /// `document` is `namespace/name`: two documents can have limits of one name. Between its `mode` and the limit's the weaker
    /// wins.
    pub(super) fn limits(&mut self, node: Option<&Node<'_>>, document: &str, mode: Mode) -> Vec<Limit> {
        let Some(node) = node else { return Vec::new() };
        let entries = self.entries("limits", node);
        entries.iter().filter_map(|(key, value)| self.limit(key, value, document, mode)).collect()
    }

    fn limit(&mut self, name: &Key<'_>, node: &Node<'_>, document: &str, weakest: Mode) -> Option<Limit> {
        let named = self.check_name("limits", &name.text, name.span);
        let fields = self.fields(node, "a limit", LIMIT)?;
        let modes = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("disabled", Mode::Disabled)];
        let description = fields.get("description").and_then(|node| self.text("description", node));
        let mode =
            fields.get("mode").and_then(|node| self.choice("mode", node, &modes)).unwrap_or_default().min(weakest);
        let kind = self.required(&fields, "kind").and_then(|node| self.choice("kind", node, KINDS));
        let key = self.required(&fields, "key").map(|node| self.limit_key(node)).unwrap_or_default();
        let when = fields.get("when").and_then(|node| self.cel("when", node));
        let amount = self.required(&fields, "amount").and_then(|node| self.amount("amount", node, kind?));
        let window = self.limit_window(&fields, kind);
        let cost = fields.get("cost").and_then(|node| self.limit_cost(node, kind));
        let steps = self.steps(fields.get("steps"));
        let consistency =
            [("local", Consistency::Local), ("leased", Consistency::Leased), ("strict", Consistency::Strict)];
        let consistency = fields.get("consistency").and_then(|node| self.choice("consistency", node, &consistency));
        let losses =
            [("deny", OnStoreLoss::Deny), ("local_share", OnStoreLoss::LocalShare), ("allow", OnStoreLoss::Allow)];
        let on_store_loss = fields.get("on_store_loss").and_then(|node| self.choice("on_store_loss", node, &losses));
        let expiries = [("charge", OnExpiry::Charge), ("release", OnExpiry::Release)];
        let on_expiry = fields.get("on_expiry").and_then(|node| self.choice("on_expiry", node, &expiries));
        let max_open = fields.get("max_open").and_then(|node| self.int("max_open", node, 1..=MAX_UNITS));

        let (steps, actions): (Vec<_>, Vec<_>) = steps?.into_iter().unzip();
        let full_name = format!("{document}/{}", name.text);
        let built = ledger::Limit::new(full_name, kind?, window?, steps).and_then(|limit| {
            let limit =
                limit.on_expiry(on_expiry.unwrap_or_default()).with_consistency(consistency.unwrap_or_default());
            match max_open {
                Some(most) => limit.with_max_open(most),
                None => Ok(limit),
            }
        });
        let definition = match built {
            Ok(limit) if mode == Mode::Shadow => limit.in_shadow(),
            Ok(limit) => limit,
            Err(error) => {
                let at = match error {
                    NotALimit::TooManySteps => fields.key("steps"),
                    _ => fields.key("window"),
                };
                self.error("out-of-range", error.to_string(), at.map_or(fields.at, |key| key.span));
                return None;
            }
        };
        (named && !key.is_empty()).then_some(())?;
        Some(Limit {
            name: Spanned::new(Arc::from(&*name.text), name.span),
            description,
            mode,
            definition: Arc::new(definition),
            key,
            when,
            amount: amount?,
            cost,
            actions,
            on_store_loss: on_store_loss.unwrap_or_default(),
        })
    }

    /// One expression, or a list of them. Empty: that was reported.
    pub(super) fn limit_key(&mut self, node: &Node<'_>) -> Vec<Source> {
        if !matches!(node.kind, tree::Kind::List(_)) {
            return self.cel("key", node).into_iter().collect();
        }
        let items = self.some_items("key", node).unwrap_or_default();
        let parts: Vec<_> = items.iter().map(|item| self.cel("key", item)).collect();
        parts.into_iter().collect::<Option<_>>().unwrap_or_default()
    }

    /// `1000 USD` of a budget, a whole number of everything else, or an expression.
    fn amount(&mut self, name: &str, node: &Node<'_>, kind: Kind) -> Option<Amount> {
        let tree::Kind::Scalar(text, style) = &node.kind else {
            return self.cel(name, node).map(Amount::Computed);
        };
        let is_number = *style == Style::Plain && plain(text).is_some();
        if kind != Kind::Budget {
            if is_number {
                return self.int(name, node, 0..=MAX_UNITS).map(Amount::Units);
            }
            return self.cel(name, node).map(Amount::Computed);
        }
        let money = text.trim().rsplit_once(' ').filter(|(_, currency)| is_currency(currency));
        match money {
            Some((dollars, "USD")) => {
                let units = parse_decimal(dollars.trim_end(), 6).filter(|units| *units <= MAX_UNITS);
                if units.is_none() {
                    let message = format!("`{name}` cannot be `{}`", short(text));
                    let error = Diagnostic::error("out-of-range", message, node.span);
                    self.push(
                        error.with_help("write dollars with at most six decimals, as in `1000 USD` or `0.5 USD`"),
                    );
                }
                units.map(Amount::Units)
            }
            Some((_, currency)) => {
                let message = format!("`{name}` is in {currency}");
                let error = Diagnostic::error("unknown-value", message, node.span);
                self.push(error.with_help("budgets are in USD, as prices are"));
                None
            }
            None if is_number => {
                let message = format!("`{name}` of a budget has no currency");
                let error = Diagnostic::error("wrong-type", message, node.span);
                self.push(error.with_help(format!("write `{} USD`", short(text))));
                None
            }
            None => self.cel(name, node).map(Amount::Computed),
        }
    }

    fn limit_cost(&mut self, node: &Node<'_>, kind: Option<Kind>) -> Option<Source> {
        if kind == Some(Kind::Concurrency) {
            let error = Diagnostic::error("wrong-key", "a request counts once for `concurrency`", self.head(node.span));
            self.push(error.with_help("remove `cost`"));
            return None;
        }
        self.cel("cost", node)
    }

    fn limit_window(&mut self, fields: &Fields<'_, '_>, kind: Option<Kind>) -> Option<Window> {
        let node = match (fields.get("window"), kind) {
            (None, Some(Kind::Concurrency)) => return Some(Window::Open),
            (Some(node), Some(Kind::Concurrency)) => {
                let message = "`concurrency` has no window: what is under way counts";
                let error = Diagnostic::error("wrong-key", message, self.head(node.span));
                self.push(error.with_help("remove `window`"));
                return None;
            }
            _ => self.required(fields, "window")?,
        };
        const FORMS: [&str; 4] = ["calendar", "fixed", "sliding", "bucket"];
        let window = self.fields(node, "`window`", WINDOW)?;
        let named: Vec<&str> = FORMS.into_iter().filter(|form| window.get(form).is_some()).collect();
        let [form] = named.as_slice() else {
            if window.reported.is_empty() {
                let message = "`window` needs one of `calendar`, `fixed`, `sliding`, `bucket`";
                self.error("missing-key", message, window.at);
            }
            return None;
        };
        for (key, of) in [("timezone", "calendar"), ("burst", "bucket")] {
            if let Some(key) = window.key(key)
                && *form != of
            {
                let message = format!("`{}` belongs to `{of}`, and this is `{form}`", key.text);
                self.error("wrong-key", message, key.span);
                return None;
            }
        }
        let value = window.get(form)?;
        Some(match *form {
            "calendar" => {
                let units = [
                    ("day", CalendarUnit::Day),
                    ("week", CalendarUnit::Week),
                    ("month", CalendarUnit::Month),
                    ("quarter", CalendarUnit::Quarter),
                    ("year", CalendarUnit::Year),
                ];
                let unit = self.choice("calendar", value, &units);
                let (_, zone) = self.timezone(&window)?;
                Window::Calendar(Calendar::new(unit?, zone))
            }
            "fixed" => Window::Fixed { length: self.micros("fixed", value)? },
            "sliding" => Window::Sliding { length: self.micros("sliding", value)? },
            _ => {
                let burst = match window.get("burst") {
                    None => None,
                    Some(node) => match self.amount("burst", node, kind?)? {
                        Amount::Units(units) => Some(units),
                        Amount::Computed(_) => {
                            self.wrong_type("burst", "a constant", node);
                            return None;
                        }
                    },
                };
                Window::Bucket { period: self.micros("bucket", value)?, burst }
            }
        })
    }

    fn micros(&mut self, name: &str, node: &Node<'_>) -> Option<u64> {
        self.duration(name, node).map(ledger::time::micros)
    }

    /// Without `steps`, what passes the amount is denied.
    fn steps(&mut self, node: Option<&Node<'_>>) -> Option<Vec<(ledger::Step, Option<Action>)>> {
        let Some(node) = node else {
            return Some(vec![(ledger::Step { at: Share::WHOLE, action: ledger::Action::Deny }, None)]);
        };
        let items = self.some_items("steps", node)?;
        if let Some(item) = items.get(MAX_STEPS) {
            self.error("out-of-range", NotALimit::TooManySteps.to_string(), self.head(item.span));
            return None;
        }
        let steps: Vec<_> = items.iter().map(|item| self.step(item)).collect();
        steps.into_iter().collect()
    }

    fn step(&mut self, node: &Node<'_>) -> Option<(ledger::Step, Option<Action>)> {
        let fields = self.fields(node, "a step", STEP)?;
        let at = self.required(&fields, "at").and_then(|node| self.share(node));
        let doing = self.required(&fields, "do").and_then(|node| self.doing(node));
        let (action, says) = doing?;
        Some((ledger::Step { at: at?, action }, says))
    }

    /// A share of the amount: `0.75`, `1`, `1.2`.
    fn share(&mut self, node: &Node<'_>) -> Option<Share> {
        let found = match &node.kind {
            tree::Kind::Scalar(text, Style::Plain) => parse_decimal(text, 6),
            _ => None,
        };
        let found = found.and_then(|units| u32::try_from(units).ok()).and_then(Share::from_millionths);
        if found.is_none() {
            let message = format!("`at` must be a share of the amount, not {}", describe(node));
            let error = Diagnostic::error("out-of-range", message, self.head(node.span));
            self.push(error.with_help("write `0.75` for three quarters, `1.0` for all of it; at most 10"));
        }
        found
    }

    /// `warn`, `throttle` or `deny`, or an action with what it says.
    fn doing(&mut self, node: &Node<'_>) -> Option<Doing> {
        if let tree::Kind::Scalar(word, _) = &node.kind {
            match &**word {
                "warn" => return Some((ledger::Action::Warn, None)),
                "throttle" => return Some((ledger::Action::Throttle, None)),
                "deny" => return Some((ledger::Action::Deny, None)),
                _ => {}
            }
        }
        let says = self.action(node)?;
        let action = match &says {
            Action::Warn(_) => ledger::Action::Warn,
            Action::Route(_) => ledger::Action::Route,
            Action::RequireApproval(_) => ledger::Action::Ask,
            Action::Deny(_) => ledger::Action::Deny,
            other => {
                let message = match other {
                    Action::Throttle(_) => "a limit knows itself how long a throttled request waits".to_owned(),
                    other => format!("a step of a limit cannot `{}`", other.name()),
                };
                let error = Diagnostic::error("wrong-action", message, self.head(node.span));
                self.push(error.with_help("use `warn`, `route`, `throttle`, `require_approval` or `deny`"));
                return None;
            }
        };
        Some((action, Some(says)))
    }
}

/// Three capital letters, as ISO 4217 has them.
fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}
