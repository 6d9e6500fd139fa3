//! Limits that processes share: what a request pays for reserve and settle on a Redis server, `strict` against `leased`, in time
//! on the wall and in requests a second. The server is started here, on this machine, with an append-only file.
//!
//! `cargo bench --no-default-features --bench stores` prints a table, and with `-- --write FILE` writes it as a section of that page, too;
//! STORES_MILLIS is how long each row takes (2000).

use std::fmt::Write as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use llm_policy_benches::page::{Machine, write_section};
use llm_policy_ledger::units::{MICROS, Share};
use llm_policy_ledger::{
    Action, Changed, Consistency, Demand, Digest, Key, Kind, Ledger, Limit, Request, Step, Store, Time, Window,
};
use llm_policy_runtime::redis::{Place, Redis};

struct Server(Child, std::path::PathBuf);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = std::fs::remove_dir_all(&self.1);
    }
}

/// A server with this way of writing its file, and its URL.
fn server(sync: &str) -> (Server, String) {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
    let folder = std::env::temp_dir().join(format!("llm-policy-stores-{}-{port}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
    command.args(["--appendfsync", sync]).arg("--dir").arg(&folder).stdout(Stdio::null());
    let server = Server(command.spawn().expect("`redis-server`: Debian's package redis-server"), folder);
    let url = format!("redis://127.0.0.1:{port}/?space=bench&timeout_ms=5000");
    let place = Place::parse(&url).expect("a URL");
    let until = Instant::now() + Duration::from_secs(10);
    while Redis::new(place.clone()).begin().is_err() {
        assert!(Instant::now() < until, "the server does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    (server, url)
}

fn now() -> Time {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Time::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// The times of all requests of all threads, in nanoseconds and in order.
fn run(ledger: &Ledger<Arc<dyn Store>>, limit: &Limit, threads: usize, time: Duration) -> Vec<u64> {
    let work = || {
        let key = Key::new(["team"]).expect("a key");
        let until = Instant::now() + time;
        let mut times = Vec::new();
        while Instant::now() < until {
            let demands = [Demand { limit, key: &key, amount: 1_000_000 * MICROS, cost: 1250 }];
            let (id, digest) = (ledger.id(), Digest(1));
            let request =
                Request { id, digest, principal: &key, demands: &demands, lease: 600 * MICROS, agreed: false };
            let since = Instant::now();
            let admission = ledger.reserve(&request, now()).expect("an answer");
            let reservation = admission.result.expect("room");
            let changed = ledger.settle(&reservation, &[1000], now()).expect("an answer");
            times.push(u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX));
            assert_eq!(changed, Changed::Done);
        }
        times
    };
    let mut times: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    });
    times.sort_unstable();
    times
}

fn main() {
    let millis = std::env::var("STORES_MILLIS").ok().and_then(|millis| millis.parse().ok()).unwrap_or(2000);
    let time = Duration::from_millis(millis);
    let mut page = format!(
        "# Limits on a Redis server\n\nMeasured on {}, with `make bench-stores`: a request reserves and settles on one budget that all \
         threads share, in time on the wall.\nThe server runs on the same machine.\n\n| server | threads | kept | requests/s | median | p99 \
         |\n|---|--:|---|--:|--:|--:|\n",
        Machine::here()
    );
    for sync in ["everysec", "always"] {
        let (_server, url) = server(sync);
        for threads in [1, 4] {
            for (name, consistency) in [("strict", Consistency::Strict), ("leased", Consistency::Leased)] {
                let deny = [Step { at: Share::WHOLE, action: Action::Deny }];
                let day = Window::Fixed { length: 86_400 * MICROS };
                let limit = Limit::new(format!("{name}-{threads}"), Kind::Budget, day, deny).expect("a limit");
                let limit = limit.with_consistency(consistency);
                let store = llm_policy_runtime::open(&url).expect("a store");
                let ledger = Ledger::new(store, now().micros().unsigned_abs());
                run(&ledger, &limit, threads, time / 10);
                let times = run(&ledger, &limit, threads, time);
                let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
                let rate = times.len() as f64 / time.as_secs_f64();
                let (median, p99) = (at(0.5), at(0.99));
                writeln!(
                    page,
                    "| appendfsync {sync} | {threads} | {name} | {rate:.0} | {median:.1} µs | {p99:.1} µs |"
                )
                .expect("text");
            }
        }
    }
    let mut arguments = std::env::args().skip_while(|argument| argument != "--write").skip(1);
    if let Some(path) = arguments.next() {
        write_section(path.as_ref(), "stores", &page).expect("a page");
    }
    print!("{page}");
}
