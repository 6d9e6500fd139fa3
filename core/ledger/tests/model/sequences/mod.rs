//! Random interleavings of all steps, on any store, against a ledger that only adds up what happened.
//!
//! The tests of other stores include this folder with `#[path]`: it has no tests of its own, but [`run`], and strategies for what
//! it runs.

mod naive;

use jiff::tz::TimeZone;
use llm_policy_ledger::units::Share;
use llm_policy_ledger::{
    Action, Calendar, CalendarUnit, Changed, Demand, Digest, Key, Kind, Ledger, Limit, OnExpiry, Period, Request,
    Reservation, ReservationId, Space, State, Step, Store, Time, Window,
};
use naive::{Entry, Fate, Line, Naive};
use proptest::prelude::*;
use proptest::sample::select;

const SECOND: u64 = 1_000_000;

/// A step.
#[derive(Clone, Debug)]
pub enum Op {
    /// A request on some limits: a bit each, with costs.
    Reserve {
        limits: u16,
        costs: Vec<u64>,
        key: usize,
        lease: u64,
        dry_run: bool,
    },
    /// The same request again, the n-th from the end.
    Again {
        which: usize,
        other_digest: bool,
    },
    Settle {
        which: usize,
        actuals: Vec<u64>,
    },
    Release {
        which: usize,
    },
    Extend {
        which: usize,
        lease: u64,
    },
    Forward(u64),
    Back(u64),
    /// The store is lost, and opened again.
    Restart,
}

/// What a store can be put through.
#[derive(Clone, Copy, Debug)]
pub struct Trials {
    /// It has one clock, which callers may set back. A store of shards has a clock in each, and is not compared then.
    pub back: bool,
    /// It outlives its process.
    pub restart: bool,
}

const LIMITS: usize = 9;

fn step(percent: u32, action: Action) -> Step {
    Step { at: Share::from_millionths(percent * 10_000).unwrap(), action }
}

fn limits() -> [Limit; LIMITS] {
    let deny = || [step(100, Action::Deny)];
    let day = || Window::Calendar(Calendar::new(CalendarUnit::Day, TimeZone::get("Europe/Berlin").unwrap()));
    let minute = 60 * SECOND;
    [
        Limit::new(
            "day",
            Kind::Budget,
            day(),
            [step(75, Action::Warn), step(90, Action::Ask), step(100, Action::Deny)],
        ),
        Limit::new("sliding", Kind::Quota, Window::Sliding { length: minute }, deny()),
        Limit::new("bucket", Kind::Rate, Window::Bucket { period: minute, burst: Some(11) }, deny()),
        Limit::new("concurrency", Kind::Concurrency, Window::Open, [step(100, Action::Throttle)]),
        Limit::new(
            "soft",
            Kind::Budget,
            Window::Fixed { length: minute },
            [step(50, Action::Warn), step(100, Action::Warn)],
        ),
        Limit::new("fixed", Kind::Quota, Window::Fixed { length: minute }, deny())
            .map(|l| l.on_expiry(OnExpiry::Release)),
        Limit::new("shadow", Kind::Rate, Window::Fixed { length: minute }, deny()).map(Limit::in_shadow),
        Limit::new("few", Kind::Rate, Window::Sliding { length: 61 * SECOND }, deny())
            .map(|l| l.with_max_open(2).unwrap()),
        Limit::new("back", Kind::Quota, Window::Bucket { period: minute, burst: None }, deny())
            .map(|l| l.on_expiry(OnExpiry::Release)),
    ]
    .map(Result::unwrap)
}

/// Steps in any order.
pub fn ops(trials: Trials) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(trials), 1..60)
}

fn op(trials: Trials) -> impl Strategy<Value = Op> {
    let costs = || prop::collection::vec(prop_oneof![4 => 0..5_u64, 1 => 0..30_u64], LIMITS);
    let lease = || select(vec![0, 1, SECOND, 30 * SECOND, 90 * SECOND, 3600 * SECOND]);
    // Mostly one or two limits: a request on many is hardly ever let through.
    let few = (0..LIMITS, 0..LIMITS).prop_map(|(a, b)| 1_u16 << a | 1 << b);
    let bits = prop_oneof![3 => few, 1 => 0..1_u16 << LIMITS];
    let time =
        select(vec![0, 1, SECOND - 1, SECOND, 7 * SECOND, 60 * SECOND, 61 * SECOND, 3600 * SECOND, 43_200 * SECOND]);
    let behind = select(vec![1, SECOND, 61 * SECOND, 90_000 * SECOND]);
    prop_oneof![
        8 => (bits, costs(), 0..2_usize, lease(), prop::bool::weighted(0.1))
            .prop_map(|(limits, costs, key, lease, dry_run)| Op::Reserve { limits, costs, key, lease, dry_run }),
        1 => (0..4_usize, any::<bool>()).prop_map(|(which, other_digest)| Op::Again { which, other_digest }),
        4 => (0..6_usize, costs()).prop_map(|(which, actuals)| Op::Settle { which, actuals }),
        2 => (0..6_usize).prop_map(|which| Op::Release { which }),
        1 => (0..6_usize, lease()).prop_map(|(which, lease)| Op::Extend { which, lease }),
        4 => time.prop_map(Op::Forward),
        u32::from(trials.back) => behind.prop_map(Op::Back),
        2 * u32::from(trials.restart) => Just(Op::Restart),
    ]
}

/// What was asked, to ask again.
struct Asked {
    id: ReservationId,
    key: usize,
    demands: Vec<(usize, u64)>,
    lease: u64,
    /// Where it stands in the naive book, and what the ledger gave.
    granted: Option<(usize, Reservation)>,
}

struct Run<'a, S, O> {
    /// `None` only while it is opened again.
    ledger: Option<Ledger<S>>,
    open: O,
    instance: u64,
    naive: Naive<'a>,
    clock: Time,
    keys: [Key; 2],
    asked: Vec<Asked>,
}

impl<'a, S: Store, O: FnMut(Option<S>) -> S> Run<'a, S, O> {
    fn new(mut open: O, limits: &'a [Limit], amounts: Vec<u64>) -> Self {
        // Noon of a day on which clocks change.
        let clock = Time::from("2026-10-25T10:00:00Z".parse::<jiff::Timestamp>().unwrap());
        let naive = Naive { limits, amounts, now: Time::MIN, happened: 0, book: Vec::new(), reported: Vec::new() };
        let keys = ["a", "b"].map(|key| Key::new([key]).unwrap());
        let ledger = Some(Ledger::new(open(None), 1));
        Self { ledger, open, instance: 1, naive, clock, keys, asked: Vec::new() }
    }

    fn ledger(&self) -> &Ledger<S> {
        self.ledger.as_ref().unwrap()
    }

    fn restart(&mut self) {
        let store = self.ledger.take().map(Ledger::into_store);
        self.instance += 1;
        self.ledger = Some(Ledger::new((self.open)(store), self.instance));
        // A store need not remember a time at which nothing was changed. The first question tells it.
        self.clock = self.clock.max(self.naive.now);
        self.ledger().view(&self.naive.limits[0], &self.keys[0], 1, self.clock).unwrap();
        self.naive.advance(self.clock);
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Forward(micros) => self.clock = self.clock.plus(*micros),
            Op::Restart => self.restart(),
            Op::Back(micros) => self.clock = Time::from_micros(self.clock.micros() - *micros as i64),
            Op::Reserve { limits, costs, key, lease, dry_run } => {
                let demands: Vec<_> = (0..LIMITS).filter(|i| limits >> i & 1 == 1).map(|i| (i, costs[i])).collect();
                self.reserve(*key, demands, *lease, *dry_run);
            }
            Op::Again { which, other_digest } => self.again(*which, *other_digest),
            Op::Settle { which, actuals } => self.close(*which, Some(actuals)),
            Op::Release { which } => self.close(*which, None),
            Op::Extend { which, lease } => self.extend(*which, *lease),
        }
    }

    fn ask(
        &self,
        id: ReservationId,
        digest: u128,
        key: usize,
        demands: &[(usize, u64)],
        lease: u64,
        dry: bool,
    ) -> Result<llm_policy_ledger::Admission, llm_policy_ledger::Error> {
        let naive = &self.naive;
        let demands: Vec<_> = demands
            .iter()
            .map(|(limit, cost)| Demand {
                limit: &naive.limits[*limit],
                key: &self.keys[key],
                amount: naive.amounts[*limit],
                cost: *cost,
            })
            .collect();
        // The principal is the other key, so that the two cannot be mixed up.
        let principal = &self.keys[1 - key];
        let request = Request { id, digest: Digest(digest), principal, demands: &demands, lease, agreed: false };
        if dry { self.ledger().dry_run(&request, self.clock) } else { self.ledger().reserve(&request, self.clock) }
    }

    fn reserve(&mut self, key: usize, demands: Vec<(usize, u64)>, lease: u64, dry_run: bool) {
        let id = self.ledger().id();
        let admission = self.ask(id, 7, key, &demands, lease, dry_run).unwrap();
        // A request without limits does not reach the store.
        if !demands.is_empty() {
            self.naive.advance(self.clock);
            assert_eq!(admission.at, self.naive.now);
        }
        let naive = &self.naive;
        let open_fits =
            |limit: usize| naive.limits[limit].max_open().is_none_or(|most| naive.open(limit, 1 - key) < most);
        let fits = |(limit, cost): &(usize, u64)| match naive.fits(*limit, key, *cost) {
            Some(fits) => Some(fits && open_fits(*limit)),
            None if !open_fits(*limit) => Some(false),
            None => None,
        };
        let all = |live: bool| {
            let answers: Vec<_> = demands.iter().filter(|demand| naive.live(demand.0) == live).map(fits).collect();
            if answers.contains(&Some(false)) {
                Some(false)
            } else if answers.contains(&None) {
                None
            } else {
                Some(true)
            }
        };
        let expected = all(true);
        let admitted = admission.result.is_ok();
        assert!(expected.is_none_or(|expected| expected == admitted), "{expected:?}, not {admission:?}");

        // Every number that is told.
        assert_eq!(admission.standings.len(), demands.len());
        for ((limit, cost), standing) in demands.iter().zip(&admission.standings) {
            let definition = &naive.limits[*limit];
            let period = definition.period(naive.now).unwrap();
            if let Period::Bucket { period } = period {
                let exact = naive.level(*limit, key, period);
                let told = u128::from(standing.balance.before) * u128::from(period);
                assert!(exact <= told, "a bucket never tells less than is in it: {exact} {told}");
                assert!(told < exact + u128::from(period) + u128::from(period) / 1000, "{exact} {told}");
            } else {
                assert_eq!(standing.balance.before, naive.used(*limit, key, period), "{}", definition.name());
            }
            let taken = admission.result.as_ref().is_ok_and(|reservation| {
                !dry_run && reservation.entries.iter().any(|e| e.kind != Kind::Open && demands[e.demand].0 == *limit)
            });
            let reserved = naive.reserved(*limit, key, period) + if taken { *cost } else { 0 };
            assert_eq!(standing.balance.reserved, reserved, "{}", definition.name());
        }
        if dry_run {
            return;
        }
        let Ok(reservation) = admission.result else {
            self.asked.push(Asked { id, key, demands, lease, granted: None });
            return;
        };

        // Exactly what should have been taken was taken.
        let shadow = demands.iter().all(|(limit, _)| {
            naive.live(*limit) || reservation.entries.iter().any(|entry| demands[entry.demand].0 == *limit)
        });
        assert!(all(false).is_none_or(|expected| expected == shadow));
        let taken = |limit: usize| naive.live(limit) || shadow;
        let mut lines = Vec::new();
        for (demand, (limit, cost)) in demands.iter().enumerate().filter(|(_, (limit, _))| taken(*limit)) {
            let period = naive.limits[*limit].period(naive.now).unwrap();
            lines.push(Line { demand, limit: *limit, key, period, cost: *cost, open: false });
        }
        for (demand, (limit, _)) in demands.iter().enumerate().filter(|(_, (limit, _))| taken(*limit)) {
            if naive.limits[*limit].max_open().is_some() {
                lines.push(Line { demand, limit: *limit, key: 1 - key, period: Period::Open, cost: 1, open: true });
            }
        }
        assert_eq!(reservation.entries.len(), lines.len());
        for (entry, line) in reservation.entries.iter().zip(&lines) {
            assert_eq!((entry.demand, entry.period, entry.cost), (line.demand, line.period, line.cost));
        }
        assert_eq!(reservation.expires, admission.at.plus(lease));
        if demands.is_empty() {
            return;
        }
        let (now, expires) = (naive.now, naive.now.plus(lease));
        let at = self.naive.moment();
        self.naive.book.push(Entry { at, expires, closed: None, late: None, fate: Fate::Open, lines });

        // What a hard limit promises.
        for (limit, _) in &demands {
            let definition = &self.naive.limits[*limit];
            let Some(ceiling) = definition.ceiling(self.naive.amounts[*limit], false) else { continue };
            if definition.space() == Space::Shadow {
                continue;
            }
            match definition.period(now).unwrap() {
                Period::Sliding { length } => assert!(self.naive.used_exactly(*limit, key, length) <= ceiling),
                Period::Bucket { period } => {
                    assert!(self.naive.level(*limit, key, period) <= u128::from(ceiling) * u128::from(period));
                }
                period => assert!(self.naive.used(*limit, key, period) <= ceiling),
            }
        }
        self.check_reports(key, &demands, &admission.standings, taken_bits(&demands, &reservation));
        let granted = Some((self.naive.book.len() - 1, reservation));
        self.asked.push(Asked { id, key, demands, lease, granted });
    }

    /// Each step is reported once a window.
    fn check_reports(
        &mut self,
        key: usize,
        demands: &[(usize, u64)],
        standings: &[llm_policy_ledger::Standing],
        taken: Vec<bool>,
    ) {
        for (((limit, _), standing), taken) in demands.iter().zip(standings).zip(taken) {
            let definition = &self.naive.limits[*limit];
            let period = definition.period(self.naive.now).unwrap();
            if !taken || !matches!(period, Period::Interval { .. }) {
                continue;
            }
            let used = self.naive.used(*limit, key, period);
            for (number, step) in definition.steps().iter().enumerate() {
                let reached = definition.mark(step, self.naive.amounts[*limit]) <= used;
                assert_eq!(standing.reached >> number & 1 == 1, reached);
                let name = (*limit, key, period, number);
                let first = reached && !self.naive.reported.contains(&name);
                // A refusal may have been the first to reach a step that blocks; those are not let through.
                if !step.action.blocks() {
                    assert_eq!(standing.first >> number & 1 == 1, first, "step {number} of {}", definition.name());
                }
                if first {
                    self.naive.reported.push(name);
                }
            }
        }
    }

    fn nth(&self, which: usize) -> Option<usize> {
        self.asked.len().checked_sub(which + 1)
    }

    fn again(&mut self, which: usize, other_digest: bool) {
        let Some(index) = self.nth(which) else { return };
        let asked = &self.asked[index];
        // What was refused holds nothing: asking again is a new request.
        let Some((entry, reservation)) = asked.granted.as_ref().filter(|granted| !granted.1.is_empty()) else { return };
        let digest = if other_digest { 8 } else { 7 };
        let answer = self.ask(asked.id, digest, asked.key, &asked.demands, asked.lease, false);
        self.naive.advance(self.clock);
        let entry = &self.naive.book[*entry];
        let same_windows = entry
            .lines
            .iter()
            .all(|line| line.open || self.naive.limits[line.limit].period(self.naive.now).unwrap() == line.period);
        if other_digest || entry.fate != Fate::Open {
            assert_eq!(answer.err(), Some(llm_policy_ledger::Error::Conflict));
        } else if same_windows {
            assert_eq!(answer.unwrap().result.as_ref(), Ok(reservation));
        }
    }

    fn close(&mut self, which: usize, actuals: Option<&[u64]>) {
        let Some(index) = self.nth(which) else { return };
        let Some((entry, reservation)) = &self.asked[index].granted else { return };
        let count = self.asked[index].demands.len();
        let changed = match actuals {
            Some(actuals) => self.ledger().settle(reservation, &actuals[..count], self.clock),
            None => self.ledger().release(reservation, self.clock),
        };
        // The store sees the step only if something was taken.
        if reservation.is_empty() {
            return;
        }
        self.naive.advance(self.clock);
        let now = self.naive.moment();
        let entry = &mut self.naive.book[*entry];
        let settled = actuals.map_or(Fate::Released, |actuals| Fate::Settled(actuals[..count].to_vec()));
        let expected = match (&entry.fate, actuals) {
            (Fate::Open, _) => {
                (entry.fate, entry.closed) = (settled, Some(now));
                Changed::Done
            }
            (Fate::Expired, Some(_)) => {
                (entry.fate, entry.late) = (settled, Some(now));
                Changed::Late
            }
            (Fate::Expired, None) => Changed::Already(State::Expired),
            (Fate::Settled(_), _) => Changed::Already(State::Settled),
            (Fate::Released, _) => Changed::Already(State::Released),
        };
        assert_eq!(changed, Ok(expected));
    }

    fn extend(&mut self, which: usize, lease: u64) {
        let Some(index) = self.nth(which) else { return };
        let Some((entry, reservation)) = &mut self.asked[index].granted else { return };
        let ledger = self.ledger.as_ref().unwrap();
        let changed = ledger.extend(reservation, lease, self.clock).unwrap();
        if reservation.is_empty() {
            return;
        }
        self.naive.advance(self.clock);
        let entry = &mut self.naive.book[*entry];
        if entry.fate == Fate::Open {
            assert_eq!(changed, Changed::Done);
            entry.expires = self.naive.now.plus(lease);
            reservation.expires = entry.expires;
        } else {
            assert!(matches!(changed, Changed::Already(_)), "{changed:?}");
        }
    }
}

fn taken_bits(demands: &[(usize, u64)], reservation: &Reservation) -> Vec<bool> {
    (0..demands.len())
        .map(|demand| reservation.entries.iter().any(|entry| entry.demand == demand && entry.kind != Kind::Open))
        .collect()
}

/// How many sequences; `LEDGER_CASES` asks for more.
pub fn cases(ordinary: u32) -> u32 {
    std::env::var("LEDGER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(ordinary)
}

/// Does the steps on a store that is empty, and compares each answer. `open` gives the store; when it is to be lost, it gets
/// what it gave before, and gives what is found again. `check` looks into the store after each step.
pub fn run<S: Store>(open: impl FnMut(Option<S>) -> S, check: impl Fn(&S), amounts: Vec<u64>, ops: &[Op]) {
    let limits = limits();
    let mut run = Run::new(open, &limits, amounts);
    for op in ops {
        run.step(op);
        check(run.ledger().store());
    }
    // When all leases have ended, nothing is left reserved.
    run.clock = run.naive.now.max(run.clock).plus(100 * 86_400 * SECOND);
    for key in 0..2 {
        for limit in 0..LIMITS {
            run.reserve(key, vec![(limit, 0)], 0, false);
        }
    }
    run.clock = run.clock.plus(1);
    for limit in &limits {
        for key in &run.keys {
            let view = run.ledger().view(limit, key, 1, run.clock).unwrap();
            assert_eq!(view.reserved, 0, "{}", limit.name());
        }
    }
}

/// An amount for each limit.
pub fn amounts() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![5 => 1..25_u64, 1 => Just(0)], LIMITS)
}
