use llm_policy_ledger::store::Digest;
use llm_policy_ledger::{Key, Memory, OnExpiry, ReservationId};
use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000;
const END: i64 = 9_000_000_000_000_000;

/// A step of one of several processes.
#[derive(Clone, Debug)]
enum Op {
    Reserve {
        process: usize,
        cost: u64,
        lease: u64,
        strict: bool,
    },
    Close {
        process: usize,
        which: usize,
        actual: u64,
        release: bool,
    },
    Extend {
        process: usize,
        which: usize,
        lease: u64,
    },
    /// What the thread does in between.
    Background {
        process: usize,
        all: bool,
    },
    /// It is gone, with all that it had, and a new one comes.
    Crash {
        process: usize,
    },
    Forward(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let process = || 0..3_usize;
    let cost = || prop_oneof![4 => 0..4_u64, 1 => 0..200_u64];
    let lease = || proptest::sample::select(vec![0, SECOND, 30 * SECOND, 3600 * SECOND]);
    let time = proptest::sample::select(vec![1, SECOND / 2, SECOND, 10 * SECOND, 61 * SECOND]);
    prop_oneof![
        12 => (process(), cost(), lease(), prop::bool::weighted(0.2))
            .prop_map(|(process, cost, lease, strict)| Op::Reserve { process, cost, lease, strict }),
        6 => (process(), 0..5_usize, cost(), prop::bool::weighted(0.3))
            .prop_map(|(process, which, actual, release)| Op::Close { process, which, actual, release }),
        1 => (process(), 0..5_usize, lease()).prop_map(|(process, which, lease)| Op::Extend { process, which, lease }),
        3 => (process(), any::<bool>()).prop_map(|(process, all)| Op::Background { process, all }),
        1 => process().prop_map(|process| Op::Crash { process }),
        2 => time.prop_map(Op::Forward),
    ]
}

/// What became of a request.
struct Asked {
    id: u128,
    process: usize,
    at: Time,
    expires: Time,
    cost: u64,
    /// What it counts for.
    counts: u64,
    open: bool,
    /// Its process is gone.
    orphan: bool,
}

struct World {
    shared: Arc<Memory>,
    processes: Vec<Leased<Memory>>,
    key: Key,
    period: Period,
    amount: u64,
    now: Time,
    asked: Vec<Asked>,
}

impl World {
    fn new(period: Period, amount: u64) -> Self {
        let shared = Arc::new(Memory::new(1, 1000));
        let processes = (0..3).map(|_| Leased::new(Arc::clone(&shared)).with_clock_of_caller()).collect();
        let key = Key::new(["a"]).unwrap();
        Self {
            shared,
            processes,
            key,
            period,
            amount,
            now: Time::from_micros(1_000_000_000_000_000),
            asked: Vec::new(),
        }
    }

    fn account(&self) -> Account<'_> {
        Account { space: Space::Live, kind: Kind::Quota, limit: "limit", key: &self.key, period: self.period }
    }

    fn take(&self, cost: u64, strict: bool) -> Take<'_> {
        Take {
            account: self.account(),
            cost,
            ceiling: Some(self.amount),
            capacity: self.amount,
            refill: self.amount,
            marks: Default::default(),
            on_expiry: OnExpiry::Charge,
            consistency: if strict { Consistency::Strict } else { Consistency::Leased },
        }
    }

    fn reserve(&self, process: usize, id: u128, cost: u64, lease: u64, strict: bool) -> Answer {
        let takes = [self.take(cost, strict)];
        let reserve = Reserve { id: ReservationId(id), digest: Digest(1), lease, takes: &takes, dry_run: false };
        self.processes[process].reserve(&reserve, self.now).unwrap()
    }

    /// What all requests use of the window that ends now.
    fn used(&self) -> u64 {
        let within = |asked: &&Asked| match self.period {
            Period::Sliding { length } => asked.at.plus(length) > self.now,
            _ => true,
        };
        self.asked.iter().filter(within).map(|asked| asked.counts).sum()
    }

    fn step(&mut self, id: u128, op: &Op) {
        let nth = |asked: &Vec<Asked>, process: usize, which: usize| {
            asked.iter().enumerate().rev().filter(|(_, asked)| asked.process == process).nth(which).map(|(i, _)| i)
        };
        match op {
            Op::Forward(micros) => self.now = self.now.plus(*micros),
            Op::Background { process, all } => {
                round(&self.processes[*process].process(), &*self.shared, self.now, *all).unwrap();
            }
            Op::Crash { process } => {
                self.processes[*process] = Leased::new(Arc::clone(&self.shared)).with_clock_of_caller();
                for asked in self.asked.iter_mut().filter(|asked| asked.process == *process) {
                    asked.orphan = true;
                }
            }
            Op::Reserve { process, cost, lease, strict } => {
                let answer = self.reserve(*process, id, *cost, *lease, *strict);
                // A process knows at its next slice what others have settled beyond what they had reserved.
                let over: u64 = self.asked.iter().map(|asked| asked.counts.saturating_sub(asked.cost)).sum();
                let fits = self.used() + cost <= self.amount + if *strict { 0 } else { over };
                if answer.outcome != Outcome::Taken {
                    assert_eq!(answer.outcome, Outcome::Refused);
                    assert!(!answer.balances[0].fits && answer.balances[0].after > self.amount);
                    return;
                }
                assert!(fits, "{} used, {cost} more, of {}", self.used(), self.amount);
                let again = self.reserve(*process, id, *cost, *lease, *strict);
                if *lease == 0 {
                    assert_eq!(again.outcome, Outcome::Conflict);
                } else {
                    assert_eq!((again.outcome, again.expires), (Outcome::Replayed, answer.expires));
                }
                let (at, expires) = (self.now, answer.expires);
                let (cost, process) = (*cost, *process);
                let orphan = false;
                self.asked.push(Asked { id, process, at, expires, cost, counts: cost, open: true, orphan });
            }
            Op::Close { process, which, actual, release } => {
                let Some(i) = nth(&self.asked, *process, *which) else { return };
                let asked = &self.asked[i];
                if asked.orphan {
                    return;
                }
                let entries = [(self.account(), *actual)];
                let action = if *release { ChangeAction::Release } else { ChangeAction::Settle };
                let change = Change { id: ReservationId(asked.id), entries: &entries, action };
                let changed = self.processes[*process].change(&change, self.now).unwrap().1;
                let expired = asked.expires <= self.now;
                let expected = match (asked.open, expired, *release) {
                    (true, false, _) => Changed::Done,
                    (true, true, false) => Changed::Late,
                    (true, true, true) => Changed::Already(State::Expired),
                    (false, ..) => changed,
                };
                assert_eq!(changed, expected);
                if matches!(changed, Changed::Done | Changed::Late) {
                    let asked = &mut self.asked[i];
                    (asked.open, asked.counts) = (false, if *release { 0 } else { *actual });
                }
            }
            Op::Extend { process, which, lease } => {
                let Some(i) = nth(&self.asked, *process, *which) else { return };
                let asked = &self.asked[i];
                if asked.orphan {
                    return;
                }
                let entries = [(self.account(), 0)];
                let change =
                    Change { id: ReservationId(asked.id), entries: &entries, action: ChangeAction::Extend(*lease) };
                if self.processes[*process].change(&change, self.now).unwrap().1 == Changed::Done {
                    self.asked[i].expires = self.now.plus(*lease);
                }
            }
        }
    }
}

fn run(period: Period, amount: u64, ops: &[Op]) {
    let mut world = World::new(period, amount);
    let crashes = ops.iter().filter(|op| matches!(op, Op::Crash { .. })).count() as u64;
    for (id, op) in ops.iter().enumerate() {
        world.step(id as u128 + 1, op);
        world.shared.check().unwrap();
    }
    // Everything is closed, and given back.
    for i in 0..world.asked.len() {
        let asked = &world.asked[i];
        if asked.open && !asked.orphan {
            let entries = [(world.account(), asked.counts)];
            let change = Change { id: ReservationId(asked.id), entries: &entries, action: ChangeAction::Settle };
            world.processes[asked.process].change(&change, world.now).unwrap();
        }
    }
    for process in &world.processes {
        for _ in 0..3 {
            process.settle_up(world.now).unwrap();
        }
    }
    let listed = world.shared.list().unwrap();
    let Some(account) = listed.iter().find(|account| account.period == period) else { return };
    if crashes == 0 && matches!(period, Period::Interval { .. }) {
        assert_eq!(account.reserved, 0);
        let counts: u64 = world.asked.iter().map(|asked| asked.counts).sum();
        // What expired and was settled late for less cannot be given back: at most that is charged too much.
        let late: u64 = world.asked.iter().filter(|asked| asked.expires <= world.now).map(|asked| asked.cost).sum();
        assert!(account.settled >= counts && account.settled <= counts + late, "{} {counts} {late}", account.settled);
    }
    // A process that is gone has used its slices, as far as others know; nothing else is lost.
    if matches!(period, Period::Interval { .. }) {
        let counts: u64 = world.asked.iter().filter(|asked| !asked.orphan).map(|asked| asked.counts).sum();
        let orphans: u64 =
            world.asked.iter().filter(|asked| asked.orphan).map(|asked| asked.counts.max(asked.cost)).sum();
        let late: u64 = world.asked.iter().filter(|asked| asked.expires <= world.now).map(|asked| asked.cost).sum();
        let most = counts + orphans + late + crashes * (amount / 64 + 2);
        assert!(account.used <= most, "{} used of {most}", account.used);
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn processes_never_pass_the_amount_of_an_interval(amount in 0..3000_u64, ops in ops()) {
        run(Period::Interval { start: Time::from_micros(0), end: Time::from_micros(END) }, amount, &ops);
    }

    #[test]
    fn processes_never_pass_the_amount_of_a_sliding_window(amount in 0..3000_u64, ops in ops()) {
        run(Period::Sliding { length: 60 * SECOND }, amount, &ops);
    }
}

#[test]
fn what_one_process_holds_back_another_can_use_when_it_has_given_it_back() {
    let mut world = World::new(Period::Interval { start: Time::from_micros(0), end: Time::from_micros(END) }, 1280);
    world.step(1, &Op::Reserve { process: 0, cost: 1, lease: SECOND, strict: false });
    assert_eq!(world.shared.list().unwrap()[0].reserved, 10);
    // Most requests do not reach the shared store.
    for id in 2..=10 {
        world.step(id, &Op::Reserve { process: 0, cost: 1, lease: SECOND, strict: false });
    }
    assert_eq!(world.shared.list().unwrap()[0].reserved, 10);
    world.step(11, &Op::Reserve { process: 0, cost: 1, lease: SECOND, strict: false });
    assert!(world.reserve(1, 12, 1265, SECOND, true).outcome == Outcome::Refused);
    // 11 are used, and the rest is there for everybody.
    for id in 1..=11 {
        let entries = [(world.account(), 1)];
        let change = Change { id: ReservationId(id), entries: &entries, action: ChangeAction::Settle };
        assert_eq!(world.processes[0].change(&change, world.now).unwrap().1, Changed::Done);
    }
    world.processes[0].settle_up(world.now).unwrap();
    assert_eq!(world.reserve(1, 13, 1270, SECOND, true).outcome, Outcome::Refused);
    assert_eq!(world.reserve(1, 14, 1269, SECOND, false).outcome, Outcome::Taken);
}

#[test]
fn a_debt_of_an_earlier_part_of_the_window_is_nothing_to_spend() {
    let mut world = World::new(Period::Sliding { length: 60 * SECOND }, 500);
    world.step(1, &Op::Reserve { process: 0, cost: 2, lease: 0, strict: false });
    world.step(2, &Op::Background { process: 0, all: true });
    // Its slice was settled when it expired; now it is settled for far more, in the next second.
    world.step(3, &Op::Forward(SECOND));
    world.step(4, &Op::Close { process: 0, which: 0, actual: 165, release: false });
    assert_eq!(world.shared.list().unwrap()[0].used, 165);
    world.step(5, &Op::Reserve { process: 0, cost: 335, lease: 0, strict: false });
    assert_eq!(world.reserve(0, 6, 1, 0, false).outcome, Outcome::Refused);
    assert_eq!(world.reserve(1, 7, 1, 0, true).outcome, Outcome::Refused);
    // When its window is over, a debt is not charged to another one.
    world.step(8, &Op::Forward(62 * SECOND));
    world.step(9, &Op::Background { process: 0, all: true });
    world.step(10, &Op::Reserve { process: 0, cost: 500, lease: 0, strict: false });
}
