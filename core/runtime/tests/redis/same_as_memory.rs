//! Numbers of any size, answer by answer the same as the store in memory gives: the arithmetic of the script is that of `Book`.

use llm_policy_ledger::store::{Account, Change, ChangeAction, Reserve, Store, Take};
use llm_policy_ledger::units::MAX_UNITS;
use llm_policy_ledger::{
    Consistency, Digest, Inspect, Key, Kind, Listed, Memory, OnExpiry, Period, ReservationId, Space, Time,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::support::Server;
use super::{ProptestConfig, store};

/// In the year 2160: times are doubles in the script, and what ends 95 years later is still exact.
const LATEST: i64 = 6_000_000_000_000_000;

#[derive(Clone, Debug)]
enum Op {
    Reserve {
        cost: u64,
        ceiling: Option<u64>,
        refill: u64,
        lease: u64,
        marks: Vec<u64>,
        dry_run: bool,
        charge: bool,
    },
    Close {
        which: usize,
        actual: u64,
        action: u8,
    },
    Forward(u64),
    /// Only behind what was written: what was only looked at leaves no time behind.
    Back(u64),
}

fn units() -> impl Strategy<Value = u64> {
    prop_oneof![0..20_u64, 0..1_000_000_000_u64, 0..=MAX_UNITS / 8, Just(MAX_UNITS / 8)]
}

fn micros() -> impl Strategy<Value = u64> {
    prop_oneof![0..100_u64, 0..100_000_000_u64, 0..4_000_000_000_000_u64, 0..3_000_000_000_000_000_u64]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (units(), prop::option::of(units()), units(), micros(), prop::collection::vec(units(), 0..4), any::<bool>(), any::<bool>())
            .prop_map(|(cost, ceiling, refill, lease, marks, dry_run, charge)|
                Op::Reserve { cost, ceiling, refill, lease, marks, dry_run, charge }),
        3 => (0..4_usize, units(), 0..3_u8).prop_map(|(which, actual, action)| Op::Close { which, actual, action }),
        3 => (0..40_000_000_u64).prop_map(Op::Forward),
        1 => micros().prop_map(Op::Forward),
        1 => micros().prop_map(Op::Back),
    ]
}

fn period() -> impl Strategy<Value = Period> {
    let length = || prop_oneof![1..1_000_000_u64, 1..3_000_000_000_000_000_u64];
    prop_oneof![
        Just(Period::Interval { start: Time::from_micros(0), end: Time::from_micros(9_000_000_000_000_000) }),
        length().prop_map(|length| Period::Sliding { length }),
        (0..19_u32, 0..9_u32, 0..8_u32)
            .prop_map(|(a, b, c)| Period::Bucket { period: 2_u64.pow(a) * 3_u64.pow(b) * 5_u64.pow(c) }),
        Just(Period::Open),
    ]
}

/// What drains in a period: none, or a number that divides it. Otherwise an answer follows from how often a bucket was looked
/// at before, because each time a fraction of a microsecond is rounded up, and a script that refuses writes nothing.
fn refill(period: Period, seed: u64) -> u64 {
    let Period::Bucket { period } = period else { return seed };
    let primes = (0..52).filter(|bit| seed >> bit & 1 == 1).map(|bit| [2, 3, 5][bit % 3]);
    let divisor =
        primes.fold(1, |divisor, prime| if period % (divisor * prime) == 0 { divisor * prime } else { divisor });
    if seed.is_multiple_of(7) { 0 } else { divisor }
}

#[test]
fn every_answer_is_that_of_the_store_in_memory() {
    let server = Server::start(&["--appendfsync", "no"]);
    let config = ProptestConfig { cases: super::cases(400), failure_persistence: None, ..ProptestConfig::default() };
    let number = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&(period(), prop::collection::vec(op(), 1..40)), |(period, ops)| {
            number.set(number.get() + 1);
            run(&server, number.get(), period, &ops);
            Ok(())
        })
        .unwrap();
}

fn run(server: &Server, number: u32, period: Period, ops: &[Op]) {
    let redis = store(&server.url(), &format!("same-{number}"));
    let memory = Memory::new(1, 100);
    let key = Key::new(["ü", "{}"]).unwrap();
    // A rate is what its account counts, so the kind is of no matter here.
    let kind = if period == Period::Open { Kind::Concurrency } else { Kind::Quota };
    let account = Account { space: Space::Live, kind, limit: "a:limit", key: &key, period };
    let (mut clock, mut written) = (Time::from_micros(1_000_000_000_000_000), Time::MIN);
    for (id, op) in ops.iter().enumerate() {
        match op {
            Op::Forward(micros) => clock = Time::from_micros((clock.micros() + *micros as i64).min(LATEST)),
            Op::Back(micros) => {
                clock = written.max(Time::from_micros(clock.micros() - *micros as i64)).max(Time::from_micros(1))
            }
            Op::Reserve { cost, ceiling, refill, lease, marks, dry_run, charge } => {
                let on_expiry = if *charge { OnExpiry::Charge } else { OnExpiry::Release };
                let take = Take {
                    account,
                    cost: *cost,
                    ceiling: *ceiling,
                    refill: self::refill(period, *refill),
                    marks: marks.iter().copied().collect(),
                    on_expiry,
                    capacity: *cost,
                    consistency: Consistency::Strict,
                };
                let reserve = Reserve {
                    id: ReservationId(id as u128),
                    digest: Digest(1),
                    lease: *lease,
                    takes: &[take],
                    dry_run: *dry_run,
                };
                let [ours, theirs] =
                    [redis.reserve(&reserve, clock), memory.reserve(&reserve, clock)].map(Result::unwrap);
                written = clock;
                let facts = |answer: &llm_policy_ledger::store::Answer| {
                    (answer.at, answer.outcome, answer.taken, answer.expires)
                };
                assert_eq!(facts(&ours), facts(&theirs));
                for (ours, theirs) in ours.balances.iter().zip(&theirs.balances) {
                    let mut expected = *theirs;
                    // Memory forgets what was settled when nothing of it counts any more.
                    if !matches!(period, Period::Interval { .. }) {
                        expected.settled = ours.settled;
                    }
                    // A wait that no double holds is centuries long.
                    if expected.wait.is_some_and(|wait| wait > 2 * MAX_UNITS) {
                        expected.wait = ours.wait.filter(|wait| *wait > MAX_UNITS / 4);
                    }
                    assert_eq!(*ours, expected);
                }
            }
            Op::Close { which, actual, action } => {
                let Some(id) = id.checked_sub(which + 1) else { continue };
                let action =
                    [ChangeAction::Settle, ChangeAction::Release, ChangeAction::Extend(*actual)][usize::from(*action)];
                let change = Change { id: ReservationId(id as u128), entries: &[(account, *actual)], action };
                written = clock;
                assert_eq!(redis.change(&change, clock), memory.change(&change, clock));
            }
        }
    }
    // The books look the same, when the store in memory has closed what is due: it lists them as of its last step.
    let nothing = Change { id: ReservationId(u128::MAX), entries: &[(account, 0)], action: ChangeAction::Settle };
    memory.change(&nothing, clock).unwrap();
    let (ours, theirs) = (redis.list(clock).unwrap(), memory.list().unwrap());
    if clock != written || ours.accounts.is_empty() {
        return;
    }
    let [ours] = &ours.accounts[..] else { panic!("{ours:?}") };
    let facts = |listed: &Listed| (listed.capacity, listed.used, listed.reserved, listed.open);
    assert_eq!(theirs.iter().map(facts).collect::<Vec<_>>(), [facts(ours)]);
}
