//! Looking at the books of a server.

use std::collections::BTreeMap;

use llm_policy_ledger::store::{Account, Change, ChangeAction, Reserve, Store, Take};
use llm_policy_ledger::{Consistency, Digest, Inspect, Key, Kind, OnExpiry, Period, ReservationId, Space, Time};
use llm_policy_runtime::redis::{Place, Redis};

use super::store;
use super::support::{Cluster, Server};

const HOUR: u64 = 3_600_000_000;
const NOW: Time = Time::from_micros(1_000_000_000_000_000);

/// Accounts of every kind of window, whose names have in them what separates the parts of keys.
fn accounts() -> Vec<(Kind, String, Key, Period)> {
    let interval = |start| Period::Interval { start: Time::from_micros(start), end: NOW.plus(HOUR) };
    let periods = [
        (Kind::Budget, interval(-5_000)),
        (Kind::Quota, interval(0)),
        (Kind::Rate, Period::Sliding { length: HOUR }),
        (Kind::Rate, Period::Bucket { period: HOUR }),
        (Kind::Concurrency, Period::Open),
        (Kind::Open, Period::Open),
    ];
    let keys: [&[&str]; 4] = [&["ü", "4:a:b"], &[], &["due:", "{}"], &["*?[a]"]];
    let mut all = Vec::new();
    for (number, (kind, period)) in periods.into_iter().enumerate() {
        for key in keys {
            for limit in 0..8 {
                let limit = format!("a/po:licy {limit}/{number}:1:ä");
                all.push((kind, limit, Key::new(key.iter().copied()).unwrap(), period));
            }
        }
    }
    all
}

fn account((kind, limit, key, period): &(Kind, String, Key, Period)) -> Account<'_> {
    Account { space: Space::Live, kind: *kind, limit, key, period: *period }
}

fn take(account: Account<'_>, cost: u64) -> Take<'_> {
    Take {
        account,
        cost,
        ceiling: Some(1000),
        capacity: 1000,
        refill: 10,
        marks: Default::default(),
        on_expiry: OnExpiry::Charge,
        consistency: Consistency::Strict,
    }
}

fn reserve(store: &Redis, id: u128, accounts: &[(Kind, String, Key, Period)], cost: u64, lease: u64) {
    let takes: Vec<Take<'_>> = accounts.iter().map(|named| take(account(named), cost)).collect();
    let reserve = Reserve { id: ReservationId(id), digest: Digest(1), lease, takes: &takes, dry_run: false };
    assert_eq!(store.reserve(&reserve, NOW).unwrap().taken, (1 << takes.len()) - 1);
}

fn everything_is_listed(url: &str) {
    let store = store(url, "listed");
    // Of another space, whose name begins the same.
    reserve(&super::store(url, "listed-too"), 1, &accounts()[..3], 5, HOUR);
    assert!(store.list(NOW).unwrap().accounts.is_empty());

    let accounts = accounts();
    for (number, some) in accounts.chunks(6).enumerate() {
        reserve(&store, 10 + number as u128, some, 7, HOUR / 2);
        reserve(&store, 1000 + number as u128, some, 2, HOUR / 4);
    }
    let listing = store.list(NOW).unwrap();
    assert_eq!((listing.at, listing.accounts.len(), listing.open.len()), (NOW, accounts.len(), 2 * accounts.len() / 6));
    for pending in &listing.open {
        let (cost, lease) = if pending.id.0 < 1000 { (7, HOUR / 2) } else { (2, HOUR / 4) };
        assert_eq!((pending.made, pending.expires, pending.takes.len()), (NOW, NOW.plus(lease), 6));
        assert!(pending.takes.iter().all(|(_, units)| *units == cost));
    }
    let found: BTreeMap<_, _> = listing
        .accounts
        .iter()
        .map(|account| ((account.kind.name(), account.limit.to_string(), account.key.as_bytes().to_vec()), account))
        .collect();
    for (kind, limit, key, period) in &accounts {
        let account = found[&(kind.name(), limit.clone(), key.as_bytes().to_vec())];
        assert_eq!((account.period, account.space, account.open), (*period, Space::Live, 2));
        assert_eq!((account.capacity, account.used, account.reserved, account.settled), (1000, 9, 9, 0));
    }

    // One is settled, all of the short leases run out: each is charged, but where only what is open counts.
    let entries: Vec<_> = accounts[..6].iter().map(|named| (account(named), 3)).collect();
    let change = Change { id: ReservationId(10), entries: &entries, action: ChangeAction::Settle };
    store.change(&change, NOW).unwrap();
    let listing = store.list(NOW.plus(HOUR / 4)).unwrap();
    assert_eq!(listing.open.len(), accounts.len() / 6 - 1);
    for account in &listing.accounts {
        let open = if entries.iter().any(|(entry, _)| entry.limit == &*account.limit && *entry.key == account.key) {
            0
        } else {
            7
        };
        let settled = if open == 0 { 5 } else { 2 };
        assert_eq!((account.reserved, account.open), (open, usize::from(open > 0)), "{account:?}");
        match account.period {
            Period::Open => assert_eq!(account.used, open),
            // What drains was drained.
            Period::Bucket { .. } => assert!(account.used < 9),
            _ => assert_eq!((account.used, account.settled), (open + settled, settled)),
        }
    }
    // Looking has changed nothing.
    let again = take(account(&accounts[0]), 1);
    let dry = Reserve { id: ReservationId(5), digest: Digest(1), lease: HOUR, takes: &[again], dry_run: true };
    assert_eq!(store.reserve(&dry, NOW).unwrap().balances[0].before, 5);
    // Windows that are over, and what has drained, are not listed.
    assert!(store.list(NOW.plus(100 * HOUR)).unwrap().accounts.iter().all(|account| account.used > 0));

    let nobody = Redis::new(Place::parse(&format!("{url}?space=nobody")).unwrap());
    assert!(nobody.list(NOW).unwrap_err().to_string().contains("its books are missing"));
}

#[test]
fn on_one_server() {
    everything_is_listed(&Server::start(&["--appendfsync", "no"]).url());
}

#[test]
fn on_a_cluster() {
    everything_is_listed(&Cluster::start(&["--appendfsync", "no"]).url());
}
