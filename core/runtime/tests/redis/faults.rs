//! What the store says when the server is away, is lost, or is not set up for hard limits.

use std::time::{Duration, Instant};

use llm_policy_ledger::store::{Account, Answer, Change, ChangeAction, Outcome, Reserve, Store, Take};
use llm_policy_ledger::{
    Changed, Consistency, Digest, Key, Kind, OnExpiry, Period, ReservationId, Space, StoreError, Time,
};
use llm_policy_runtime::redis::{Place, Redis};

use super::support::Server;

fn place(server: &Server, more: &str) -> Redis {
    Redis::new(Place::parse(&format!("{}?space=faults{more}", server.url())).unwrap())
}

fn account(key: &Key) -> Account<'_> {
    Account { space: Space::Live, kind: Kind::Concurrency, limit: "calls", key, period: Period::Open }
}

fn take(store: &Redis, id: u128, ceiling: Option<u64>) -> Result<Answer, StoreError> {
    let key = Key::new(["a"]).unwrap();
    let on_expiry = OnExpiry::Release;
    let take = Take {
        account: account(&key),
        cost: 1,
        ceiling,
        capacity: 0,
        refill: 0,
        marks: Default::default(),
        on_expiry,
        consistency: Consistency::Strict,
    };
    let lease = 60_000_000;
    let reserve = Reserve { id: ReservationId(id), digest: Digest(1), lease, takes: &[take], dry_run: false };
    store.reserve(&reserve, Time::MIN)
}

fn cause<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    let Err(StoreError::Unavailable(cause)) = result else { panic!("{result:?}") };
    cause.into()
}

#[test]
fn books_that_are_missing_are_lost_until_somebody_begins_them() {
    let server = Server::start(&[]);
    let store = place(&server, "");
    assert!(cause(take(&store, 1, Some(2))).contains("missing"));
    assert_eq!(store.begin(), Ok(true));
    assert_eq!(store.begin(), Ok(false));
    assert_eq!(take(&store, 1, Some(2)).unwrap().outcome, Outcome::Taken);

    redis::cmd("FLUSHALL").exec(&mut server.client()).unwrap();
    assert!(cause(take(&store, 2, Some(2))).contains("missing"));
    let key = Key::new(["a"]).unwrap();
    let entries = [(account(&key), 1)];
    let settle = Change { id: ReservationId(1), entries: &entries, action: ChangeAction::Settle };
    assert!(cause(store.change(&settle, Time::MIN)).contains("missing"));
    assert_eq!(store.begin(), Ok(true));
    // What the old books held is not counted in the new ones.
    assert_eq!(store.change(&settle, Time::MIN).unwrap().1, Changed::Unknown);
    assert_eq!(take(&store, 2, Some(2)).unwrap().balances[0].reserved, 1);
}

#[test]
fn a_server_that_keeps_nothing_keeps_no_hard_limits() {
    let off = Server::start(&["--appendonly", "no"]);
    let store = place(&off, "");
    store.begin().unwrap();
    assert!(cause(take(&store, 1, Some(2))).contains("appendonly"));
    assert_eq!(take(&store, 1, None).unwrap().outcome, Outcome::Taken);
    assert_eq!(take(&place(&off, "&durability=any"), 2, Some(2)).unwrap().outcome, Outcome::Taken);

    let evicts = Server::start(&["--maxmemory", "50mb", "--maxmemory-policy", "volatile-lru"]);
    let store = place(&evicts, "");
    store.begin().unwrap();
    assert!(cause(take(&store, 1, Some(2))).contains("maxmemory-policy"));
    let full = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let store = place(&full, "");
    assert_eq!(store.begin(), Err(StoreError::Full));
}

#[test]
fn a_server_that_is_away_is_told_about_at_once_and_found_again() {
    let mut server = Server::start(&["--appendfsync", "always"]);
    let store = place(&server, "&timeout_ms=300");
    store.begin().unwrap();
    take(&store, 1, Some(10)).unwrap();
    server.kill();
    let since = Instant::now();
    let mut asked = 0_u32;
    while since.elapsed() < Duration::from_secs(1) {
        cause(take(&store, 2, Some(10)));
        asked += 1;
    }
    // Requests do not wait one after the other, each for itself.
    assert!(asked > 1000, "{asked}");
    server.restart();
    let until = Instant::now() + Duration::from_secs(10);
    let answer = loop {
        match take(&store, 3, Some(10)) {
            Ok(answer) => break answer,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    // What was there is there, once; scripts are sent again.
    assert_eq!(answer.balances[0].reserved, 2);
    assert_eq!(take(&store, 1, Some(10)).unwrap().outcome, Outcome::Replayed);
}

#[test]
fn connections_that_a_restart_has_closed_are_no_failure() {
    let mut server = Server::start(&["--appendfsync", "always"]);
    let store = place(&server, "");
    store.begin().unwrap();
    take(&store, 1, Some(10)).unwrap();
    server.kill();
    server.restart();
    assert_eq!(take(&store, 2, Some(10)).unwrap().balances[0].reserved, 2);
}

#[test]
fn nothing_is_left_for_ever() {
    let server = Server::start(&[]);
    let store = place(&server, "");
    store.begin().unwrap();
    let key = Key::new(["a"]).unwrap();
    let start = Time::from_micros(0);
    let end = Time::from_micros(8_000_000_000_000_000);
    let periods = [
        Period::Open,
        Period::Sliding { length: 60_000_000 },
        Period::Bucket { period: 60_000_000 },
        Period::Interval { start, end },
    ];
    for (i, period) in periods.into_iter().enumerate() {
        let id = ReservationId(10 + i as u128);
        let account = Account { period, ..account(&key) };
        let marks = Default::default();
        let take = Take {
            account,
            cost: 1,
            ceiling: Some(5),
            capacity: 5,
            refill: 5,
            marks,
            on_expiry: OnExpiry::Charge,
            consistency: Consistency::Strict,
        };
        let reserve = Reserve { id, digest: Digest(1), lease: 60_000_000, takes: &[take], dry_run: false };
        assert_eq!(store.reserve(&reserve, Time::MIN).unwrap().outcome, Outcome::Taken);
        let entries = [(account, 1)];
        if i % 2 == 0 {
            let change = Change { id, entries: &entries, action: ChangeAction::Settle };
            assert_eq!(store.change(&change, Time::MIN).unwrap().1, Changed::Done);
        }
    }
    let mut client = server.client();
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut client).unwrap();
    assert!(keys.len() >= 10, "{keys:?}");
    for key in keys {
        let left: i64 = redis::cmd("PTTL").arg(&key).query(&mut client).unwrap();
        assert_eq!(left < 0, key == "{faults}:books", "{key} {left}");
    }
}
