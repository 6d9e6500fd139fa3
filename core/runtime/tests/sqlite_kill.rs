//! Processes that share a file are killed at any moment, over and over: nothing that they were told is lost, and nothing is
//! counted twice.
//!
//! Each child writes down what it is about to ask, and what it was told, and syncs that before it goes on. `KILLS` says how many
//! rounds there are.

#![expect(clippy::panic, clippy::string_slice, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::Folder;
use llm_policy_ledger::units::Share;
use llm_policy_ledger::{
    Action, Changed, Demand, Digest, Inspect, Key, Kind, Ledger, Limit, Request, Reservation, ReservationId, State,
    Step, Time, Window,
};
use llm_policy_runtime::Sqlite;

/// Children at a time.
const CHILDREN: u64 = 3;
/// Where the child finds the file and its number.
const FOLDER: &str = "SQLITE_KILL_FOLDER";
const NUMBER: &str = "SQLITE_KILL_NUMBER";

const NOW: Time = Time::from_micros(1_790_000_000_000_000);
/// A year: no lease ends, so every reservation has to be closed by somebody.
const LEASE: u64 = 366 * 86_400_000_000;

/// A hard limit that the children run into, and one that counts everything.
fn limits() -> [Limit; 2] {
    let century = || Window::Fixed { length: 100 * LEASE };
    let deny = Step { at: Share::WHOLE, action: Action::Deny };
    [
        Limit::new("hard", Kind::Budget, century(), [deny]).unwrap(),
        Limit::new("all", Kind::Quota, century(), []).unwrap(),
    ]
}

/// Mostly enough for what is open at a time, so that some is refused.
const HARD: u64 = 12_000;
const UNBOUNDED: u64 = 1 << 40;

/// What is spent on the hard limit goes to an account of each child, so that it does not fill for good.
fn reserve(
    ledger: &Ledger<Sqlite>,
    limits: &[Limit; 2],
    id: ReservationId,
    key: &Key,
    cost: u64,
) -> Option<Reservation> {
    let all = Key::new(["everybody"]).unwrap();
    let [hard, every] = limits;
    let demands =
        [Demand { limit: hard, key, amount: HARD, cost }, Demand { limit: every, key: &all, amount: UNBOUNDED, cost }];
    let request = Request { id, digest: Digest(id.0), principal: key, demands: &demands, lease: LEASE, agreed: false };
    ledger.reserve(&request, NOW).unwrap().result.ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// A number that looks random, and is the same for the same seed.
fn mixed(seed: u64) -> u64 {
    let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// What a child does until it is killed.
#[test]
#[ignore = "a process of the test below"]
fn child() {
    let (Ok(folder), Ok(number)) = (std::env::var(FOLDER), std::env::var(NUMBER)) else { return };
    let number: u64 = number.parse().unwrap();
    let ledger = Ledger::new(Sqlite::open_existing(&Path::new(&folder).join("limits.db")).unwrap(), number);
    let journal = Path::new(&folder).join(format!("journal-{number}"));
    let mut journal = OpenOptions::new().append(true).create(true).open(journal).unwrap();
    let mut note = |line: String| {
        journal.write_all(line.as_bytes()).unwrap();
        journal.sync_data().unwrap();
    };
    let limits = limits();
    let key = Key::new([number.to_string().as_str()]).unwrap();
    let mut held: Vec<(u128, u64, Reservation)> = Vec::new();
    for step in 0_u64.. {
        let random = mixed(number << 32 | step);
        if held.len() < 8 && random % 5 < 3 {
            let (id, cost) = (ledger.id(), random >> 8 & 0xfff);
            note(format!("reserve {} {cost}\n", id.0));
            match reserve(&ledger, &limits, id, &key, cost) {
                Some(reservation) => {
                    note(format!("granted {} {}\n", id.0, hex(&reservation.to_bytes())));
                    held.push((id.0, cost, reservation));
                }
                None => note(format!("refused {}\n", id.0)),
            }
        } else if !held.is_empty() {
            let at = usize::try_from(random >> 8).unwrap() % held.len();
            let (id, cost, reservation) = held.swap_remove(at);
            if random % 5 == 3 {
                note(format!("release {id}\n"));
                assert_eq!(ledger.release(&reservation, NOW), Ok(Changed::Done));
                note(format!("released {id}\n"));
            } else {
                // So small that a child never fills its hard limit for good in the time it has.
                let actual = cost.min(3);
                note(format!("settle {id} {actual}\n"));
                assert_eq!(ledger.settle(&reservation, &[actual, actual], NOW), Ok(Changed::Done));
                note(format!("settled {id}\n"));
            }
        }
    }
}

/// What a journal says of one reservation.
#[derive(Debug, Default)]
struct Told {
    child: u64,
    cost: u64,
    refused: bool,
    reservation: Option<Reservation>,
    /// What it was about to be settled with, or released (`None`); and whether that was told to be done.
    closing: Option<(Option<u64>, bool)>,
}

fn read(folder: &Path) -> BTreeMap<u128, Told> {
    let mut all: BTreeMap<u128, Told> = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let Some(child) = name.strip_prefix("journal-") else { continue };
        let text = fs::read_to_string(entry.path()).unwrap();
        // A line that was cut off was not synced, so nothing was done after it.
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let mut words = line.split(' ');
            let (what, id) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
            let told = all.entry(id).or_default();
            let number = |words: &mut std::str::Split<'_, char>| words.next().unwrap().parse::<u64>().unwrap();
            match what {
                "reserve" => (told.child, told.cost) = (child.parse().unwrap(), number(&mut words)),
                "granted" => {
                    told.reservation = Some(Reservation::from_bytes(&unhex(words.next().unwrap())).unwrap());
                }
                "refused" => told.refused = true,
                "settle" => told.closing = Some((Some(number(&mut words)), false)),
                "release" => told.closing = Some((None, false)),
                "settled" | "released" => told.closing.as_mut().unwrap().1 = true,
                other => panic!("{other}"),
            }
        }
    }
    all
}

fn start(folder: &Path, number: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::null())
        .stderr(File::create(folder.join(format!("errors-{number}"))).unwrap())
        .spawn()
        .unwrap()
}

fn total(store: &Sqlite, what: fn(&llm_policy_ledger::Listed) -> u64) -> (u64, u64) {
    let listing = store.list(NOW).unwrap();
    let sum = |name: &str| listing.accounts.iter().filter(|account| &*account.limit == name).map(what).sum();
    (sum("hard"), sum("all"))
}

#[test]
fn nothing_is_lost_and_nothing_counts_twice() {
    let rounds = std::env::var("KILLS").map_or(30, |kills| kills.parse::<u64>().unwrap());
    let folder = Folder::below(&std::env::temp_dir());
    let file: PathBuf = folder.path().join("limits.db");
    drop(Sqlite::open(&file).unwrap());
    let began = Instant::now();
    let mut killed = 0;
    for round in 0..rounds {
        let mut children: Vec<_> =
            (0..CHILDREN).map(|child| start(folder.path(), 1 + round * CHILDREN + child)).collect();
        // They have begun when the first has written something down.
        let journal = |child: u64| folder.path().join(format!("journal-{}", 1 + round * CHILDREN + child));
        while !(0..CHILDREN).any(|child| journal(child).exists()) {
            assert!(began.elapsed() < Duration::from_secs(3600), "the children do not begin");
            std::thread::sleep(Duration::from_millis(1));
        }
        for (number, child) in children.iter_mut().enumerate() {
            std::thread::sleep(Duration::from_micros(mixed(round * 7 + number as u64) % 60_000));
            child.kill().unwrap();
            let status = child.wait().unwrap();
            // None ends by itself, or by an assertion.
            let number = 1 + round * CHILDREN + number as u64;
            let errors = fs::read_to_string(folder.path().join(format!("errors-{number}"))).unwrap();
            assert!(status.code().is_none(), "child {number} ended: {errors}");
            killed += 1;
        }
        Sqlite::open_existing(&file).unwrap().check().unwrap();
    }
    assert_eq!(killed, rounds * CHILDREN);

    let told = read(folder.path());
    let granted = told.values().filter(|told| told.reservation.is_some()).count();
    let settled = told.values().filter(|told| matches!(told.closing, Some((Some(_), true)))).count();
    let refused = told.values().filter(|told| told.refused).count();
    assert!(granted as u64 > rounds && settled as u64 > rounds && refused > 0, "{granted} {settled} {refused}");

    // Whatever a child asked and was not told is asked again, and whatever it left open is closed.
    let ledger = Ledger::new(Sqlite::open_existing(&file).unwrap(), 0);
    let limits = limits();
    let (mut spent, mut unknown_grants, mut unknown_ends) = (0, 0, 0);
    for (id, told) in &told {
        if told.refused {
            continue;
        }
        let key = Key::new([told.child.to_string().as_str()]).unwrap();
        let reservation = match &told.reservation {
            Some(reservation) => reservation.clone(),
            None => {
                unknown_grants += 1;
                let before = total(ledger.store(), |account| account.reserved).1;
                let open = ledger.store().list(NOW).unwrap().open.iter().any(|open| open.id.0 == *id);
                let Some(again) = reserve(&ledger, &limits, ReservationId(*id), &key, told.cost) else {
                    assert!(!open, "what is held is given again");
                    continue;
                };
                let after = total(ledger.store(), |account| account.reserved).1;
                assert_eq!(after - before, if open { 0 } else { told.cost }, "asking again takes nothing again");
                again
            }
        };
        match told.closing {
            None => assert_eq!(ledger.release(&reservation, NOW), Ok(Changed::Done)),
            Some((actual, done)) => {
                let again = match actual {
                    Some(actual) => ledger.settle(&reservation, &[actual, actual], NOW).unwrap(),
                    None => ledger.release(&reservation, NOW).unwrap(),
                };
                let ended = if actual.is_some() { State::Settled } else { State::Released };
                unknown_ends += u64::from(!done);
                assert!(again == Changed::Already(ended) || !done && again == Changed::Done, "{told:?}: {again:?}");
                spent += actual.unwrap_or(0);
            }
        }
    }
    assert_eq!(total(ledger.store(), |account| account.settled), (spent, spent));
    assert_eq!(total(ledger.store(), |account| account.reserved), (0, 0));
    assert!(ledger.store().list(NOW).unwrap().open.is_empty());
    ledger.store().check().unwrap();
    println!(
        "{killed} children killed; {granted} reservations, {settled} settled, {refused} refused; {unknown_grants} grants and \
         {unknown_ends} ends that nobody was told of"
    );
}
