use std::sync::Arc;

use llm_policy_ledger::store::{Account, Digest, Outcome, Take};
use llm_policy_ledger::{Consistency, Inspect, Key, Kind, OnExpiry, Period, ReservationId, Space, State};
use rusqlite::Connection;

use super::*;

const SECOND: u64 = 1_000_000;

/// A folder of its own that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("llm-policy-sqlite-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("limits.db")
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(&self.file()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn at(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

fn day(number: i64) -> Period {
    Period::Interval { start: at(number * 86_400), end: at((number + 1) * 86_400) }
}

fn take(key: &Key, period: Period, cost: u64, ceiling: Option<u64>) -> Take<'_> {
    Take {
        account: Account { space: Space::Live, kind: Kind::Quota, limit: "limit", key, period },
        cost,
        ceiling,
        capacity: ceiling.unwrap_or(1),
        refill: ceiling.unwrap_or(1),
        marks: Default::default(),
        on_expiry: OnExpiry::Charge,
        consistency: Consistency::Strict,
    }
}

fn reserve<'a>(id: u128, takes: &'a [Take<'a>]) -> Reserve<'a> {
    Reserve { id: ReservationId(id), digest: Digest(1), lease: 60 * SECOND, takes, dry_run: false }
}

fn key(number: u64) -> Key {
    Key::new([number.to_string().as_str()]).unwrap()
}

fn settle(store: &Sqlite, id: u128, take: &Take<'_>, actual: u64, now: Time) -> Changed {
    let action = llm_policy_ledger::store::ChangeAction::Settle;
    store.change(&Change { id: ReservationId(id), entries: &[(take.account, actual)], action }, now).unwrap().1
}

fn refused(path: &Path) -> String {
    let error = Sqlite::open(path).unwrap_err();
    assert!(error.message.contains(&path.display().to_string()), "{error}");
    error.message
}

#[test]
fn what_is_not_ours_is_refused_and_left_as_it_is() {
    let folder = Folder::new("foreign");
    let text = folder.0.join("notes.txt");
    std::fs::write(&text, "limits: none\n".repeat(100)).unwrap();
    assert!(refused(&text).contains("not an SQLite database"));

    let foreign = folder.0.join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE notes (text)").unwrap();
    let before = std::fs::read(&foreign).unwrap();
    assert!(refused(&foreign).contains("another program"));
    assert_eq!(std::fs::read(&foreign).unwrap(), before);

    let later = folder.0.join("later.db");
    drop(Sqlite::open(&later).unwrap());
    Connection::open(&later).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(refused(&later).contains("a later version"));

    assert!(refused(&folder.0).contains(&folder.0.display().to_string()));
    assert!(refused(&folder.0.join("no/limits.db")).contains("folder is not there"));
    let none = folder.0.join("none.db");
    assert!(Sqlite::open_existing(&none).unwrap_err().message.contains("no such file"));
    assert!(!none.exists());
    // An empty file, as tools for temporary names make it, becomes one of ours; but not by looking at it.
    std::fs::write(&none, "").unwrap();
    assert!(Sqlite::open_existing(&none).is_err());
    Sqlite::open(&none).unwrap().check().unwrap();
}

#[test]
fn names_that_sqlite_reads_otherwise_are_files() {
    let folder = Folder::new("names");
    for name in [":memory:", "file:x?mode=memory", "a b'c\"ü?.db"] {
        drop(Sqlite::open(&folder.0.join(name)).unwrap());
        assert!(folder.0.join(name).exists(), "{name}");
    }
}

#[test]
fn a_file_that_is_gone_or_damaged_is_unavailable_and_not_made_anew() {
    let folder = Folder::new("damaged");
    let (store, key) = (folder.store(), key(1));
    let takes = [take(&key, day(0), 1, Some(5))];
    std::fs::remove_file(folder.file()).unwrap();
    let error = store.reserve(&reserve(1, &takes), at(0)).unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(cause) if cause.contains("no such file")), "{error}");
    assert!(!folder.file().exists());

    let store = folder.store();
    store.reserve(&reserve(1, &takes), at(0)).unwrap();
    let other = Connection::open(folder.file()).unwrap();
    other.execute("UPDATE account SET book = x'0102'", []).unwrap();
    let error = store.reserve(&reserve(2, &takes), at(0)).unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(cause) if cause.contains("damaged")), "{error}");
    assert!(store.check().is_err() && store.list(at(0)).is_err());
}

#[test]
fn a_store_goes_on_where_another_stopped() {
    let folder = Folder::new("goes-on");
    let key = key(1);
    let takes = [take(&key, day(0), 3, Some(5))];
    assert_eq!(folder.store().reserve(&reserve(1, &takes), at(10)).unwrap().outcome, Outcome::Taken);
    assert_eq!(folder.store().reserve(&reserve(1, &takes), at(0)).unwrap().outcome, Outcome::Replayed);
    assert_eq!(folder.store().reserve(&reserve(2, &takes), at(0)).unwrap().outcome, Outcome::Refused);
    let listing = folder.store().list(at(20)).unwrap();
    assert_eq!((listing.at, listing.accounts.len(), listing.open.len()), (at(20), 1, 1));
    let (account, open) = (&listing.accounts[0], &listing.open[0]);
    assert_eq!((account.used, account.reserved, account.settled, account.capacity, account.open), (3, 3, 0, 5, 1));
    assert_eq!((open.made, open.expires, open.takes.as_slice()), (at(10), at(70), [(0, 3)].as_slice()));
    // Looking is not a step: what is due is shown as it will be.
    let listing = folder.store().list(at(70)).unwrap();
    assert_eq!((listing.accounts[0].settled, listing.open.len()), (3, 0));
    assert!(folder.store().list(at(86_400)).unwrap().accounts.is_empty());

    assert_eq!(settle(&folder.store(), 1, &takes[0], 4, at(60)), Changed::Done);
    assert_eq!(settle(&folder.store(), 1, &takes[0], 5, at(61)), Changed::Already(State::Settled));
    folder.store().check().unwrap();
}

#[test]
fn a_question_changes_nothing_on_the_disk() {
    let folder = Folder::new("reads");
    let (store, key) = (folder.store(), key(1));
    let takes = [take(&key, day(0), 3, Some(5))];
    store.reserve(&reserve(1, &takes), at(0)).unwrap();
    let log = || std::fs::metadata(folder.0.join("limits.db-wal")).unwrap().len();
    let before = log();
    for second in 0..50 {
        let dry = Reserve { dry_run: true, ..reserve(2, &takes) };
        assert_eq!(store.reserve(&dry, at(second)).unwrap().outcome, Outcome::Refused);
        assert_eq!(store.reserve(&reserve(2, &takes), at(second)).unwrap().outcome, Outcome::Refused);
        assert_eq!(settle(&store, 9, &takes[0], 1, at(second)), Changed::Unknown);
    }
    assert_eq!(log(), before);
    // What is due is due for a question too.
    let dry = Reserve { dry_run: true, ..reserve(2, &takes) };
    assert_eq!(store.reserve(&dry, at(60)).unwrap().balances[0].settled, 3);
    assert!(log() > before);
}

#[test]
fn rows_are_bounded() {
    let folder = Folder::new("bounded");
    let bounds = Bounds { accounts: 20, open: 5, expired: 3, closed: 4 };
    let store = Sqlite { bounds, ..folder.store() };
    for number in 0..200_u64 {
        let (key, window) = (key(number), i64::try_from(number).unwrap());
        let takes = [take(&key, day(window), 1, Some(1))];
        let now = at(window * 86_400);
        assert_eq!(store.reserve(&reserve(u128::from(number), &takes), now).unwrap().outcome, Outcome::Taken);
        // Every third is left to expire.
        if number % 3 != 0 {
            assert_eq!(settle(&store, u128::from(number), &takes[0], 1, now), Changed::Done);
        }
    }
    store.check().unwrap();
    let other = Connection::open(folder.file()).unwrap();
    let count = |table: &str| {
        other.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert!(count("account") <= 20 && count("reservation") <= 9 && count("closed") == 4);

    // Open reservations, and accounts in use, are not dropped for others.
    let (now, many): (_, Vec<_>) = (at(1000 * 86_400), (0..30).map(key).collect());
    let mut full = 0;
    for (number, key) in many.iter().enumerate() {
        let takes = [take(key, day(1000), 1, Some(1))];
        match store.reserve(&reserve(1000 + number as u128, &takes), now) {
            Ok(answer) => assert_eq!(answer.outcome, Outcome::Taken),
            Err(error) => {
                assert_eq!(error, StoreError::Full);
                full += 1;
            }
        }
    }
    assert_eq!(full, 25);
    store.check().unwrap();
}

#[test]
fn threads_share_a_hard_limit() {
    let folder = Folder::new("threads");
    // Two stores, as two processes have.
    let stores = [Arc::new(folder.store()), Arc::new(folder.store())];
    let taken: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let store = stores[usize::try_from(thread % 2).unwrap()].clone();
                scope.spawn(move || {
                    let key = key(1);
                    let takes = [take(&key, day(0), 1, Some(25))];
                    let grant = |number: u64| {
                        let step = reserve(u128::from(thread << 32 | number), &takes);
                        u64::from(store.reserve(&step, at(0)).unwrap().outcome == Outcome::Taken)
                    };
                    (0..20).map(grant).sum::<u64>()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, 25);
    stores[0].check().unwrap();
}
