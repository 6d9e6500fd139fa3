//! The ledger under criterion: what a request pays for its limits, in memory. In CPU time of the thread.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use llm_policy_benches::measure::cpu_time;
use llm_policy_ledger::units::{MICROS, Share};
use llm_policy_ledger::{
    Action, Calendar, CalendarUnit, Changed, Demand, Digest, Key, Kind, Ledger, Limit, Memory, Request, Step, Time,
    Window,
};

const MINUTE: u64 = 60_000_000;

/// A limit, its amount, what a request reserves and what it settles with.
struct Case {
    limit: Limit,
    amount: u64,
    cost: u64,
    actual: u64,
}

fn cases() -> [Case; 4] {
    let deny = Step { at: Share::WHOLE, action: Action::Deny };
    let warn = Step { at: Share::from_millionths(750_000).expect("a share"), action: Action::Warn };
    let month = Calendar::new(CalendarUnit::Month, TimeZone::get("Europe/Berlin").expect("a zone"));
    let bucket = Window::Bucket { period: MINUTE, burst: None };
    let case = |name: &str, kind, window, steps: &[Step], amount, cost, actual| Case {
        limit: Limit::new(name, kind, window, steps).expect("a limit"),
        amount,
        cost,
        actual,
    };
    [
        case("month", Kind::Budget, Window::Calendar(month), &[warn, deny], 1 << 52, 1250, 1000),
        case("tokens", Kind::Quota, Window::Sliding { length: MINUTE }, &[deny], 1 << 52, 900, 700),
        case("rate", Kind::Rate, bucket, &[deny], 1000 * MICROS, 1, 1),
        case("parallel", Kind::Concurrency, Window::Open, &[deny], 1000, 1, 1),
    ]
}

fn turn(ledger: &Ledger<Memory>, cases: &[Case], key: &Key, now: Time) {
    let mut demands = Vec::with_capacity(cases.len());
    demands.extend(cases.iter().map(|case| Demand { limit: &case.limit, key, amount: case.amount, cost: case.cost }));
    let id = ledger.id();
    let request =
        Request { id, digest: Digest(id.0), principal: key, demands: &demands, lease: 10 * MINUTE, agreed: false };
    let reservation = ledger.reserve(black_box(&request), now).expect("an answer").result.expect("room");
    let mut actuals = [0; 4];
    for (actual, case) in actuals.iter_mut().zip(cases) {
        *actual = case.actual;
    }
    assert_eq!(ledger.settle(black_box(&reservation), &actuals, now), Ok(Changed::Done));
}

fn users(count: usize) -> Vec<Key> {
    (0..count).map(|i| Key::new(["acme", format!("user-{i}").as_str()]).expect("a key")).collect()
}

fn reserve_and_settle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reserve+settle");
    for limits in [1, 2, 4] {
        for keys in [1, 1024] {
            let (ledger, cases, users) = (Ledger::new(Memory::default(), 1), cases(), users(keys));
            let (mut number, mut now) = (0, Time::from_micros(1_795_000_000_000_000));
            group.bench_function(format!("{limits} limits/{keys} users"), |bencher| {
                bencher.iter_custom(|turns| {
                    let begin = cpu_time();
                    for _ in 0..turns {
                        number += 1;
                        now = now.plus(10);
                        turn(&ledger, &cases[..limits], &users[number % keys], now);
                    }
                    cpu_time() - begin
                });
            });
        }
    }
    // Two threads at once, on one key and on many.
    for keys in [1, 1024] {
        let (ledger, cases, users) = (Ledger::new(Memory::default(), 1), cases(), users(keys));
        group.bench_function(format!("1 limits/{keys} users/2 threads"), |bencher| {
            bencher.iter_custom(|turns| {
                let run = |thread| {
                    let begin = cpu_time();
                    for number in 0..usize::try_from(turns).expect("fits") {
                        let now = Time::from_micros(1_795_000_000_000_000);
                        turn(&ledger, &cases[..1], &users[(number * 2 + thread) % keys], now);
                    }
                    cpu_time() - begin
                };
                std::thread::scope(|scope| {
                    let other = scope.spawn(|| run(1));
                    (run(0) + other.join().expect("no panic")) / 2
                })
            });
        });
    }
    group.finish();
}

fn dry_run(criterion: &mut Criterion) {
    let (ledger, cases, users) = (Ledger::new(Memory::default(), 1), cases(), users(1));
    let now = Time::from_micros(1_795_000_000_000_000);
    turn(&ledger, &cases, &users[0], now);
    criterion.bench_function("view", |bencher| {
        bencher.iter_custom(|turns| {
            let begin = cpu_time();
            for _ in 0..turns {
                black_box(ledger.view(&cases[0].limit, black_box(&users[0]), 1 << 52, now).expect("an answer"));
            }
            cpu_time() - begin
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = reserve_and_settle, dry_run
}
criterion_main!(benches);
