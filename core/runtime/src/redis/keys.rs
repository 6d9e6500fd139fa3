//! What keys on the server are called.

use std::fmt::Write;

use llm_policy_ledger::store::Account;
use llm_policy_ledger::{Key, Kind, Period, ReservationId, Space, Time};

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

    /// What all keys of the space look like. No letter of a space's name means anything in it.
    pub fn pattern(&self) -> String {
        format!("{}*", self.prefix)
    }

    /// The account whose key this is; `None`: of none.
    pub fn parse(&self, key: &[u8]) -> Option<AccountName> {
        let rest = std::str::from_utf8(key).ok()?.strip_prefix(&self.prefix)?;
        let (named, rest) = rest.split_once(':')?;
        let space = [Space::Live, Space::Shadow].into_iter().find(|space| self::space(*space) == named)?;
        let (named, rest) = rest.split_once(':')?;
        let kind = (0..).map_while(Kind::from_number).find(|kind| kind.name() == named)?;
        let (length, rest) = rest.split_once(':')?;
        let (limit, rest) = rest.split_at_checked(length.parse().ok()?)?;
        // A window has no colon.
        let (key, window) = rest.strip_prefix(':')?.rsplit_once(':')?;
        let number = |text: &str| text.parse::<u64>().ok();
        let period = match window.split_at_checked(1)? {
            ("i", numbers) => {
                // What begins before 1970 has a minus of its own.
                let between = numbers.char_indices().skip(1).find_map(|(i, c)| (c == '-').then_some(i))?;
                let [start, end] = [numbers.get(..between)?, numbers.get(between + 1..)?]
                    .map(|text| text.parse().ok().map(Time::from_micros));
                Period::Interval { start: start?, end: end? }
            }
            ("s", length) => Period::Sliding { length: number(length)? },
            ("b", length) => Period::Bucket { period: number(length)? },
            ("o", "") => Period::Open,
            _ => return None,
        };
        Some(AccountName { space, kind, limit: limit.to_owned(), key: Key::parse(key)?, period })
    }

    /// `{space}:hold:<id>`.
    pub fn hold(&self, id: ReservationId) -> String {
        format!("{}hold:{:032x}", self.prefix, id.0)
    }

    /// `{space}:<enforced or shadow>:<kind>:<limit>:<key>:<window>` and, of what is due there, the same behind `due`. Limit and
    /// key stand behind their lengths, so no two accounts have one name.
    pub fn account(&self, account: &Account<'_>) -> [Vec<u8>; 2] {
        let space = space(account.space);
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

/// An account, as its key says.
pub struct AccountName {
    pub space: Space,
    pub kind: Kind,
    pub limit: String,
    pub key: Key,
    pub period: Period,
}

impl AccountName {
    pub fn account(&self) -> Account<'_> {
        let Self { space, kind, ref limit, ref key, period } = *self;
        Account { space, kind, limit, key, period }
    }
}

fn space(space: Space) -> &'static str {
    match space {
        Space::Live => "live",
        Space::Shadow => "shadow",
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
