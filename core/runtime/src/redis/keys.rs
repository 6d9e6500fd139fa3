//! What keys on the server are called.

use std::fmt::Write;

use llm_policy_ledger::store::Account;
use llm_policy_ledger::{Period, ReservationId, Space};

/// The names of the keys of one space. All begin with `{space}:`, so a Cluster has them in one slot.
#[derive(Debug)]
pub struct Keys {
    prefix: String,
    books: String,
}

impl Keys {
    pub fn new(space: &str) -> Self {
        let prefix = format!("{{{space}}}:");
        Self { books: format!("{prefix}books"), prefix }
    }

    /// `{space}:books`: the incarnation, and the latest time.
    pub fn books(&self) -> &str {
        &self.books
    }

    /// `{space}:hold:<id>`.
    pub fn hold(&self, id: ReservationId) -> String {
        format!("{}hold:{:032x}", self.prefix, id.0)
    }

    /// `{space}:<enforced or shadow>:<kind>:<limit>:<key>:<window>` and, of what is due there, the same behind `due`. Limit and
    /// key stand behind their lengths, so no two accounts have one name.
    pub fn account(&self, account: &Account<'_>) -> [Vec<u8>; 2] {
        let space = match account.space {
            Space::Live => "live",
            Space::Shadow => "shadow",
        };
        let kind = account.kind.name();
        let (tag, a, b) = window(account.period);
        let mut window = tag.to_owned();
        // Writing to a text cannot fail.
        let _ = match account.period {
            Period::Interval { .. } => write!(window, "{a}-{b}"),
            Period::Sliding { .. } | Period::Bucket { .. } => write!(window, "{a}"),
            Period::Open => Ok(()),
        };
        ["", "due:"].map(|what| {
            let head = format!("{}{what}{space}:{kind}:{}:{}:", self.prefix, account.limit.len(), account.limit);
            [head.as_bytes(), account.key.as_bytes(), b":", window.as_bytes()].concat()
        })
    }
}

/// The window as scripts are told it: which, and two numbers.
pub fn window(period: Period) -> (&'static str, i64, i64) {
    // Lengths are at most a century.
    let length = |length: u64| i64::try_from(length).unwrap_or(i64::MAX);
    match period {
        Period::Interval { start, end } => ("i", start.micros(), end.micros()),
        Period::Sliding { length: micros } => ("s", length(micros), 0),
        Period::Bucket { period } => ("b", length(period), 0),
        Period::Open => ("o", 0, 0),
    }
}
