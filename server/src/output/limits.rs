//! Limits for people: a bar, how much of how much, and when it counts anew.

use llm_policy_embed::limits::LimitState;
use llm_policy_embed::{Decision, Timestamp};
use llm_policy_runtime::{Kind, Listed, Time};
use serde_json::{Value as Json, json};

use super::{style, units};

/// The cells of a bar.
const CELLS: u64 = 20;

/// From which percentage on a bar is shown as one to be careful about.
const CAREFUL: u64 = 75;

/// How a limit stands for a key.
pub struct Standing {
    pub kind: Kind,
    pub amount: u64,
    pub used: u64,
    pub reserved: u64,
    pub resets: Option<Time>,
}

impl From<&Listed> for Standing {
    fn from(listed: &Listed) -> Self {
        let resets = match listed.period {
            llm_policy_runtime::Period::Interval { end, .. } => Some(end),
            _ => None,
        };
        let Listed { kind, capacity: amount, used, reserved, .. } = *listed;
        Self { kind, amount, used, reserved, resets }
    }
}

impl Standing {
    /// `███████░░░░░  62 %  3.1 of 5 USD, 1.2 reserved, resets in 5 h`
    pub fn render(&self, now: Time) -> String {
        let mut text = format!(
            "{}  {} of {} {}",
            self.bar(),
            style::title(number(self.kind, self.used)),
            number(self.kind, self.amount),
            self.kind.unit()
        );
        if self.reserved > 0 {
            text.push_str(&format!(", {} reserved", number(self.kind, self.reserved)));
        }
        if let Some(resets) = self.resets {
            text.push_str(&style::quiet(format!(", resets in {}", units::span(resets.since(now)))));
        }
        text
    }

    fn bar(&self) -> String {
        let amount = u128::from(self.amount.max(1));
        let percent = u64::try_from(u128::from(self.used) * 100 / amount).unwrap_or(u64::MAX);
        let full = if self.amount == 0 && self.used == 0 { 100 } else { percent };
        // What is used at all shows, and only what is full looks full.
        let cells = (full.min(100) * CELLS / 100).max(u64::from(self.used > 0));
        let repeat = |cell: &str, count: u64| cell.repeat(usize::try_from(count).unwrap_or(0));
        let (done, left) = (repeat("█", cells), repeat("░", CELLS - cells));
        let done = match full {
            100.. => style::bad(done),
            CAREFUL.. => style::careful(done),
            _ => style::good(done),
        };
        format!("{done}{} {full:>4} %", style::quiet(left))
    }
}

/// `limit  key  bar ...`, of a decision.
pub fn of_decision(decision: &Decision, state: &LimitState) -> String {
    let (policy, limit) = decision.limit_name(state);
    let key = state.key.iter().map(|part| style::line(part, 40)).collect::<Vec<_>>().join(" ");
    let LimitState { kind, amount, used, reserved, .. } = *state;
    let standing = Standing { kind, amount, used, reserved, resets: state.resets_at };
    let shadow = if state.shadow { style::quiet("  only observed") } else { String::new() };
    let name = format!("{} {} {}", style::name(policy), style::quiet("›"), style::name(limit));
    format!("{}  {name} {key}{shadow}", standing.render(Timestamp::now().into()))
}

/// Units as people write them: dollars of a budget with up to six decimals.
pub fn number(kind: Kind, count: u64) -> String {
    if kind != Kind::Budget {
        return units::grouped(count);
    }
    let (whole, micros) = (count / 1_000_000, count % 1_000_000);
    if micros == 0 {
        return units::grouped(whole);
    }
    let decimals = format!("{micros:06}");
    let decimals = decimals.trim_end_matches('0');
    // Cents are written as such.
    format!("{}.{decimals:0<2}", units::grouped(whole))
}

/// Units as programs read them.
pub fn number_json(kind: Kind, count: u64) -> Json {
    match kind {
        Kind::Budget if !count.is_multiple_of(1_000_000) => json!(count as f64 / 1e6),
        Kind::Budget => json!(count / 1_000_000),
        _ => json!(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        let dollars =
            [0, 1, 10_000, 1_100_000, 1_234_567_000_000, 2_500_001].map(|micros| number(Kind::Budget, micros));
        assert_eq!(dollars, ["0", "0.000001", "0.01", "1.10", "1,234,567", "2.500001"]);
        assert_eq!(number(Kind::Quota, 12_345), "12,345");
        assert_eq!([1_500_000, 2_000_000].map(|micros| number_json(Kind::Budget, micros)), [json!(1.5), json!(2)]);
    }

    #[test]
    fn bars_are_full_when_the_limit_is() {
        let bar = |used, amount| {
            let bar = Standing { kind: Kind::Rate, amount, used, reserved: 0, resets: None }.bar();
            (bar.matches('█').count(), bar.matches('░').count())
        };
        let bars = [bar(0, 10), bar(1, 1000), bar(5, 10), bar(9_999, 10_000), bar(10, 10), bar(u64::MAX, 1)];
        assert_eq!(bars, [(0, 20), (1, 19), (10, 10), (19, 1), (20, 0), (20, 0)]);
        assert_eq!((bar(0, 0), bar(1, 0)), ((20, 0), (20, 0)));
    }
}
