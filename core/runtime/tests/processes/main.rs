//! Eight processes use up one limit, while some of them are killed and the server is killed and comes again.
//!
//! Each writes down what it was let through, behind each other in a file of its own, so that what a killed one did is known.
//! With `WORKER_INTERPRETER` and `WORKER_SCRIPT`, every second one is a program of another language, which has the same limit
//! from a policy: so the tests of Python and Node run these tests once more.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use llm_policy_ledger::units::Share;
use llm_policy_ledger::{
    Action, Consistency, Demand, Digest, Error, Key, Kind, Ledger, Limit, Request, Step, Store, StoreError, Time,
    Window,
};
use llm_policy_runtime::redis::{Place, Redis};
use support::{Cluster, Server};

const AMOUNT: u64 = 10_000;
const AT_ONCE: u64 = 40;
const SECOND: u64 = 1_000_000;
/// The parts of an amount that a process holds at most without using them.
const SLICE: u64 = AMOUNT / 64 + 1;

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// What the processes use up.
fn limit(what: &str, consistency: Consistency) -> Limit {
    let deny = [Step { at: Share::WHOLE, action: Action::Deny }];
    let (kind, window) = match what {
        "budget" => (Kind::Budget, Window::Fixed { length: 36_600 * 86_400 * SECOND }),
        "rate" => (Kind::Rate, Window::Sliding { length: 3600 * SECOND }),
        "bucket" => (Kind::Rate, Window::Bucket { period: 36_600 * 86_400 * SECOND, burst: None }),
        _ => (Kind::Concurrency, Window::Open),
    };
    Limit::new("default/hammer/hard", kind, window, deny).unwrap().with_consistency(consistency)
}

/// The same, as a policy.
fn policy(what: &str, mode: &str) -> String {
    let limit = match what {
        "budget" => "kind: budget, amount: 0.01 USD, window: {fixed: 36600d}",
        "rate" => "kind: rate, amount: 10000, window: {sliding: 1h}, cost: request.estimated_tokens",
        "bucket" => "kind: rate, amount: 10000, window: {bucket: 36600d}, cost: request.estimated_tokens",
        _ => "kind: concurrency, amount: 40",
    };
    format!(
        "version: '1.0'\nmetadata: {{name: hammer}}\nconfig: {{default_action: allow, stages: [request]}}\n\
         limits:\n  hard: {{{limit}, key: team.id, consistency: {mode}}}\n"
    )
}

/// The store as policies open it.
fn ledger(url: &str) -> Ledger<Arc<dyn Store>> {
    let mut instance = [0; 8];
    getrandom::fill(&mut instance).unwrap();
    Ledger::new(llm_policy_runtime::open(url).unwrap(), u64::from_le_bytes(instance))
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// One of the processes; the tests start it.
#[test]
#[ignore = "a process of the other tests"]
fn worker() {
    let Ok(log) = std::env::var("WORKER_LOG") else { return };
    let consistency = if variable("WORKER_MODE") == "strict" { Consistency::Strict } else { Consistency::Leased };
    let what = variable("WORKER_LIMIT");
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    let ledger = ledger(&variable("WORKER_URL"));
    let limit = limit(&what, consistency);
    if what == "concurrency" { hold(&ledger, &limit, &mut log) } else { use_up(&ledger, &limit, &mut log) }
}

fn reserve(
    ledger: &Ledger<Arc<dyn Store>>,
    limit: &Limit,
    cost: u64,
    lease: u64,
) -> Result<Option<llm_policy_ledger::Reservation>, Error> {
    let key = Key::new(["team"]).unwrap();
    let amount = if limit.kind() == Kind::Concurrency { AT_ONCE } else { AMOUNT };
    let demands = [Demand { limit, key: &key, amount, cost }];
    let request =
        Request { id: ledger.id(), digest: Digest(1), principal: &key, demands: &demands, lease, agreed: false };
    ledger.reserve(&request, now()).map(|admission| admission.result.ok())
}

/// Says it again until the server hears it.
fn until_heard<T>(say: impl Fn() -> Result<T, Error>) {
    while let Err(error) = say() {
        assert!(matches!(error, Error::Store(StoreError::Unavailable(_))), "{error}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Takes until nothing is left.
fn use_up(ledger: &Ledger<Arc<dyn Store>>, limit: &Limit, log: &mut impl Write) {
    let mut refused: Option<Instant> = None;
    for number in 0_u64.. {
        // More is reserved than is used in the end.
        let (cost, actual) = if number.is_multiple_of(3) { (3, 2) } else { (1, 1) };
        match reserve(ledger, limit, cost, 600 * SECOND) {
            Ok(Some(reservation)) => {
                refused = None;
                // A rate stays what it was: that is how the engine settles it.
                let actual = if limit.kind() == Kind::Rate { cost } else { actual };
                writeln!(log, "{actual}").unwrap();
                until_heard(|| ledger.settle(&reservation, &[actual], now()));
            }
            Ok(None) => {
                // Others may give back what they do not use.
                let since = *refused.get_or_insert_with(Instant::now);
                if since.elapsed() > Duration::from_secs(2) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(Error::Store(StoreError::Unavailable(_))) => std::thread::sleep(Duration::from_millis(20)),
            Err(error) => panic!("{error}"),
        }
        // So that there is a middle of the run.
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Holds some, lets them go, and takes others, for some seconds.
fn hold(ledger: &Ledger<Arc<dyn Store>>, limit: &Limit, log: &mut impl Write) {
    let until = Instant::now() + Duration::from_secs(7);
    let mut held = Vec::new();
    for number in 0_usize.. {
        if held.len() >= 9 || number % 3 == 2 && !held.is_empty() || Instant::now() > until {
            let Some(reservation) = held.pop() else { return };
            writeln!(log, "- {}", now().micros()).unwrap();
            until_heard(|| ledger.release(&reservation, now()));
        } else if let Ok(Some(reservation)) = reserve(ledger, limit, 1, 60 * SECOND) {
            writeln!(log, "+ {}", now().micros()).unwrap();
            held.push(reservation);
        } else {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

struct Workers {
    folder: PathBuf,
    url: String,
    what: &'static str,
    mode: &'static str,
    running: Vec<(Child, PathBuf)>,
    logs: Vec<PathBuf>,
}

impl Workers {
    fn new(url: &str, what: &'static str, mode: &'static str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("llm-policy-workers-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("policy.yaml"), policy(what, mode)).unwrap();
        Self { folder, url: url.to_owned(), what, mode, running: Vec::new(), logs: Vec::new() }
    }

    fn start(&mut self, count: usize) {
        for _ in 0..count {
            let log = self.folder.join(self.logs.len().to_string());
            let mut command = match std::env::var_os("WORKER_INTERPRETER") {
                Some(interpreter) if self.logs.len() % 2 == 1 => {
                    let mut command = Command::new(interpreter);
                    command.arg(std::env::var_os("WORKER_SCRIPT").unwrap());
                    command.env("WORKER_POLICY", self.folder.join("policy.yaml"));
                    command
                }
                _ => {
                    let mut command = Command::new(std::env::current_exe().unwrap());
                    command.args(["--exact", "worker", "--ignored", "--nocapture"]);
                    command
                }
            };
            command.env("WORKER_LOG", &log).env("WORKER_URL", &self.url);
            command.env("WORKER_LIMIT", self.what).env("WORKER_MODE", self.mode);
            command.stdin(Stdio::null()).stdout(Stdio::null());
            self.running.push((command.spawn().unwrap(), log.clone()));
            self.logs.push(log);
        }
    }

    /// Kills the first that was started and runs.
    fn kill(&mut self) {
        let (mut child, _) = self.running.remove(0);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What they were let through, as far as they have written it down.
    fn used(&self) -> u64 {
        self.logs.iter().flat_map(|log| lines(log)).map(|line| line.parse::<u64>().unwrap()).sum()
    }

    fn finish(&mut self) {
        for (child, log) in &mut self.running {
            assert!(child.wait().unwrap().success(), "{}", log.display());
        }
        self.running.clear();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for (child, _) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What a process wrote: whole lines, of which a killed one may have half.
fn lines(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
}

fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Kills processes and servers while a limit is used up, and says what was used, and what became of the rest.
fn amount_is_never_passed(url: &str, servers: &mut [Server], what: &'static str, mode: &'static str) {
    let url = format!("{url}?space={what}-{mode}&timeout_ms=1000");
    assert!(Redis::new(Place::parse(&url).unwrap()).begin().unwrap());
    let mut workers = Workers::new(&url, what, mode);
    workers.start(8);
    let (mut kills, mut stops) = (0, 0);
    for round in 0..3 {
        pause(300);
        workers.kill();
        assert!(workers.used() < AMOUNT * 9 / 10, "it was over too soon to tell");
        workers.start(1);
        kills += 1;
        if round < 2 {
            for server in &mut *servers {
                server.kill();
            }
            pause(200);
            for server in &mut *servers {
                server.restart();
            }
            stops += 1;
        }
    }
    workers.finish();
    let before = workers.used();
    assert!(before <= AMOUNT, "{before} were let through of {AMOUNT}");
    // What is left can be used by whoever comes.
    let ledger = ledger(&url);
    let limit = limit(what, Consistency::Strict);
    let mut rest = 0;
    while reserve(&ledger, &limit, 1, 600 * SECOND).unwrap().is_some() {
        rest += 1;
    }
    let all = before + rest;
    // A process that is killed loses its slice and the request it was at. A server that stops in the middle of an answer leaves
    // requests reserved that nobody knows of: one a process, and the slice that its thread was asking for.
    let slice = if mode == "leased" { SLICE } else { 0 };
    let lost = kills * (slice + 3) + stops * 8 * 3;
    // A bucket leaks a little meanwhile.
    assert!(all <= AMOUNT + u64::from(what == "bucket"), "{all} were let through of {AMOUNT}");
    assert!(all + lost >= AMOUNT, "{all} were let through of {AMOUNT}: more than {lost} are lost");
    println!("{what} {mode}: {before} and {rest} of {AMOUNT}, {} processes killed, {stops} stops", kills);
}

fn on_one_server(what: &'static str, mode: &'static str) {
    let mut servers = [Server::start(&["--appendfsync", "always"])];
    let url = servers[0].url();
    amount_is_never_passed(&url, &mut servers, what, mode);
}

#[test]
fn a_budget_on_one_server_strict() {
    on_one_server("budget", "strict");
}

#[test]
fn a_budget_on_one_server_leased() {
    on_one_server("budget", "leased");
}

#[test]
fn a_rate_on_one_server_strict() {
    on_one_server("rate", "strict");
}

#[test]
fn a_rate_on_one_server_leased() {
    on_one_server("rate", "leased");
}

#[test]
fn a_bucket_on_one_server() {
    on_one_server("bucket", "leased");
}

#[test]
fn a_budget_on_a_cluster_strict() {
    let mut cluster = Cluster::start(&["--appendfsync", "always"]);
    let url = cluster.url();
    amount_is_never_passed(&url, &mut cluster.0, "budget", "strict");
}

#[test]
fn a_budget_on_a_cluster_leased() {
    let mut cluster = Cluster::start(&["--appendfsync", "always"]);
    let url = cluster.url();
    amount_is_never_passed(&url, &mut cluster.0, "budget", "leased");
}

#[test]
fn what_is_under_way_is_never_more_than_may_be() {
    let mut server = Server::start(&["--appendfsync", "always"]);
    let url = format!("{}?space=concurrency&timeout_ms=1000", server.url());
    assert!(Redis::new(Place::parse(&url).unwrap()).begin().unwrap());
    // Leased limits that count what is open ask the store all the same.
    let mut workers = Workers::new(&url, "concurrency", "leased");
    workers.start(8);
    pause(1500);
    workers.kill();
    workers.start(1);
    server.kill();
    pause(200);
    server.restart();
    pause(1500);
    workers.kill();
    workers.finish();

    let mut events = Vec::new();
    let mut held_by_killed = 0_i64;
    for log in &workers.logs {
        for line in lines(log) {
            let (sign, at) = line.split_once(' ').unwrap();
            let change = if sign == "+" { 1 } else { -1 };
            events.push((at.parse::<i64>().unwrap(), change));
            held_by_killed += change;
        }
    }
    // What ends at an instant ends before what begins then.
    events.sort_unstable();
    let (mut under_way, mut most) = (0, 0);
    for (_, change) in events {
        under_way += change;
        most = most.max(under_way);
    }
    assert!(most <= i64::try_from(AT_ONCE).unwrap(), "{most} at once");
    assert!(most > 30, "only {most} at once");
    // What killed processes held stays reserved until its lease ends; all else is free.
    let ledger = ledger(&url);
    let limit = limit("concurrency", Consistency::Strict);
    let mut free = 0;
    while reserve(&ledger, &limit, 1, SECOND).unwrap().is_some() {
        free += 1;
    }
    let held = i64::try_from(AT_ONCE).unwrap() - free;
    assert!(
        held >= held_by_killed && held <= held_by_killed + 2 * 2 + 8,
        "{held} held, {held_by_killed} by killed ones"
    );
}
