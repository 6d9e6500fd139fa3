use std::sync::Mutex;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::limit::{Kind, OnExpiry, Step};
use crate::memory::Memory;
use crate::store::{Answer, State};
use crate::units::{MICROS, Share};
use crate::window::{Calendar, CalendarUnit, Window};

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;

fn time(text: &str) -> Time {
    Time::from(text.parse::<Timestamp>().unwrap())
}

fn noon() -> Time {
    time("2026-11-23T12:00:00Z")
}

fn step(percent: u32, action: Action) -> Step {
    Step { at: Share::from_millionths(percent * 10_000).unwrap(), action }
}

fn month(zone: &str, steps: &[Step]) -> Limit {
    let calendar = Calendar::new(CalendarUnit::Month, TimeZone::get(zone).unwrap());
    Limit::new("month", Kind::Budget, Window::Calendar(calendar), steps).unwrap()
}

/// A ledger for one key.
struct Books<S = Memory> {
    ledger: Ledger<S>,
    key: Key,
}

impl Books {
    fn new() -> Self {
        Self { ledger: Ledger::new(Memory::default(), 1), key: Key::new(["acme"]).unwrap() }
    }
}

impl<S: Store> Books<S> {
    fn ask(&self, wishes: &[(&Limit, u64, u64)], agreed: bool, dry: bool, now: Time) -> Result<Admission, Error> {
        let demands: Vec<_> = wishes
            .iter()
            .map(|(limit, amount, cost)| Demand { limit, key: &self.key, amount: *amount, cost: *cost })
            .collect();
        let request = Request {
            id: self.ledger.id(),
            digest: Digest(1),
            principal: &self.key,
            demands: &demands,
            lease: MINUTE,
            agreed,
        };
        if dry { self.ledger.dry_run(&request, now) } else { self.ledger.reserve(&request, now) }
    }

    fn reserve(&self, wishes: &[(&Limit, u64, u64)], now: Time) -> Admission {
        self.ask(wishes, false, false, now).unwrap()
    }

    fn refusal(&self, wishes: &[(&Limit, u64, u64)], now: Time) -> Refusal {
        self.reserve(wishes, now).result.unwrap_err()
    }

    fn take(&self, wishes: &[(&Limit, u64, u64)], now: Time) -> Reservation {
        self.reserve(wishes, now).result.unwrap()
    }
}

#[test]
fn the_lowest_step_that_blocks_is_the_ceiling_and_the_strongest_that_is_passed_is_named() {
    let books = Books::new();
    let steps = [step(75, Action::Warn), step(80, Action::Throttle), step(90, Action::Ask), step(100, Action::Deny)];
    let limit = month("UTC", &steps);
    books.take(&[(&limit, 100, 80)], noon());
    assert_eq!(books.refusal(&[(&limit, 100, 1)], noon()).action, Action::Throttle);
    assert_eq!(books.refusal(&[(&limit, 100, 10)], noon()).action, Action::Throttle);
    assert_eq!(books.refusal(&[(&limit, 100, 11)], noon()).action, Action::Ask);
    assert_eq!(books.refusal(&[(&limit, 100, 21)], noon()).action, Action::Deny);
    assert!(limit.is_hard());
    // A human who agrees lifts steps that ask, and no other.
    let asking = month("UTC", &[step(50, Action::Ask), step(100, Action::Deny)]);
    let books = Books::new();
    assert_eq!(books.refusal(&[(&asking, 100, 60)], noon()).action, Action::Ask);
    assert!(books.ask(&[(&asking, 100, 60)], true, false, noon()).unwrap().result.is_ok());
    let denied = books.ask(&[(&asking, 100, 60)], true, false, noon()).unwrap();
    assert_eq!(denied.result.unwrap_err().action, Action::Deny);
}

#[test]
fn steps_that_let_through_are_reached_and_reported_once() {
    let books = Books::new();
    let limit = month("UTC", &[step(75, Action::Warn), step(90, Action::Route), step(100, Action::Deny)]);
    let mut told = Vec::new();
    for cost in [74, 1, 1, 14, 1, 9, 5, 5] {
        let admission = books.reserve(&[(&limit, 100, cost)], noon());
        let standing = admission.standings[0];
        told.push((admission.result.is_ok(), standing.reached, standing.first, standing.remaining()));
    }
    assert_eq!(
        told,
        [
            (true, 0, 0, 26),
            (true, 1, 1, 25),
            (true, 1, 0, 24),
            (true, 3, 2, 10),
            (true, 3, 0, 9),
            (true, 3, 0, 0),
            // What is refused is told too, and once.
            (false, 7, 4, 0),
            (false, 7, 0, 0),
        ]
    );
    // In the next month all begins anew.
    let standing = books.reserve(&[(&limit, 100, 80)], time("2026-12-01T00:00:00Z")).standings[0];
    assert_eq!((standing.first, standing.balance.before), (1, 0));
}

#[test]
fn a_soft_limit_counts_and_lets_everything_through() {
    let books = Books::new();
    let soft = month("UTC", &[step(100, Action::Warn)]);
    let hard = Limit::new("rate", Kind::Rate, Window::Fixed { length: MINUTE }, [step(100, Action::Deny)]).unwrap();
    assert!(!soft.is_hard());
    books.take(&[(&soft, 10, 50), (&hard, 1, 1)], noon());
    let standing = books.reserve(&[(&soft, 10, 1)], noon()).standings[0];
    assert_eq!((standing.balance.after, standing.remaining(), standing.reached), (51, 0, 1));
    // A request that is refused by another limit is not sent: nothing counts it.
    assert_eq!(books.refusal(&[(&soft, 10, 7), (&hard, 1, 1)], noon()).demand, 1);
    assert_eq!(books.ledger.view(&soft, &books.key, 10, noon()).unwrap().used, 51);
}

#[test]
fn all_limits_or_none_and_the_longest_wait() {
    let books = Books::new();
    let deny = [step(100, Action::Deny)];
    let minute = Limit::new("minute", Kind::Rate, Window::Fixed { length: MINUTE }, deny).unwrap();
    let bucket = Limit::new("bucket", Kind::Rate, Window::Bucket { period: MINUTE, burst: Some(2) }, deny).unwrap();
    let sliding =
        Limit::new("sliding", Kind::Quota, Window::Sliding { length: MINUTE }, [step(100, Action::Throttle)]).unwrap();
    let wishes = [(&minute, 3, 1), (&bucket, 60, 1), (&sliding, 100, 50)];
    books.take(&wishes, noon());
    books.take(&wishes, noon());
    // The bucket has room in a second, the sliding window in 61.
    let refusal = books.refusal(&wishes, noon());
    assert_eq!((refusal.action, refusal.demand, refusal.retry_after), (Action::Deny, 1, Some(61 * SECOND)));
    assert_eq!(books.refusal(&wishes[2..], noon()).action, Action::Throttle);
    assert_eq!(books.refusal(&wishes[1..2], noon()).retry_after, Some(SECOND));
    // Nothing was taken of the first limit meanwhile: its third is still there, and after it, the end of the minute.
    books.take(&wishes[..1], noon());
    assert_eq!(books.refusal(&wishes[..1], noon()).retry_after, Some(MINUTE));
    // What can never have room has no time.
    assert_eq!(books.refusal(&[(&bucket, 60, 3)], noon()).retry_after, None);
    assert_eq!(books.refusal(&[(&bucket, 60, 3), (&minute, 3, 1)], noon()).retry_after, None);
    books.ledger.store().check().unwrap();
}

#[test]
fn what_really_happened_is_charged() {
    let books = Books::new();
    let limit = month("UTC", &[step(100, Action::Deny)]);
    let view = |now| books.ledger.view(&limit, &books.key, 100, now).unwrap();
    // Less than reserved: the rest is free. Twice: once.
    let first = books.take(&[(&limit, 100, 90)], noon());
    assert_eq!((view(noon()).used, view(noon()).reserved, view(noon()).remaining()), (90, 90, 10));
    assert_eq!(books.ledger.settle(&first, &[30], noon()), Ok(Changed::Done));
    assert_eq!(books.ledger.settle(&first, &[30], noon()), Ok(Changed::Already(State::Settled)));
    assert_eq!(books.ledger.release(&first, noon()), Ok(Changed::Already(State::Settled)));
    assert_eq!((view(noon()).used, view(noon()).settled, view(noon()).reserved), (30, 30, 0));
    // Not sent.
    let second = books.take(&[(&limit, 100, 70)], noon());
    assert_eq!(books.ledger.release(&second, noon()), Ok(Changed::Done));
    assert_eq!(view(noon()).used, 30);
    // Lost: charged when its time is over; and known after all.
    let third = books.take(&[(&limit, 100, 20)], noon());
    let later = noon().plus(MINUTE);
    assert_eq!((view(later).used, view(later).reserved), (50, 0));
    assert_eq!(books.ledger.settle(&third, &[5], later), Ok(Changed::Late));
    assert_eq!(books.ledger.settle(&third, &[5], later), Ok(Changed::Already(State::Settled)));
    assert_eq!((view(later).used, view(later).settled), (35, 35));
    // More than reserved: charged, and what follows is blocked.
    let fourth = books.take(&[(&limit, 100, 65)], later);
    assert_eq!(books.ledger.settle(&fourth, &[80], later), Ok(Changed::Done));
    assert_eq!(view(later).used, 115);
    assert!(books.reserve(&[(&limit, 100, 0)], later).result.is_err());
    assert_eq!(books.ledger.settle(&fourth, &[], later), Err(Error::Actuals));
}

#[test]
fn a_cost_belongs_to_the_window_in_which_it_was_admitted() {
    let books = Books::new();
    let limit = month("Europe/Berlin", &[step(100, Action::Deny)]);
    let last = time("2026-10-31T22:59:59.5Z");
    let next = time("2026-10-31T23:00:00Z");
    let reservation = books.take(&[(&limit, 100, 100)], last);
    assert_eq!(books.refusal(&[(&limit, 100, 1)], last).retry_after, Some(SECOND / 2));
    books.take(&[(&limit, 100, 100)], next);
    assert_eq!(books.ledger.settle(&reservation, &[40], next), Ok(Changed::Done));
    assert!(books.reserve(&[(&limit, 100, 1)], next).result.is_err(), "October's rest is not November's");
    let standing = books.ask(&[(&limit, 100, 0)], false, true, next).unwrap().standings[0];
    assert_eq!(standing.resets, Some(time("2026-11-30T23:00:00Z")));
}

#[test]
fn a_lease_that_is_extended_lasts() {
    let books = Books::new();
    let limit = month("UTC", &[step(100, Action::Deny)]).on_expiry(OnExpiry::Release);
    let used = |now| books.ledger.view(&limit, &books.key, 100, now).unwrap().used;
    let reservation = books.take(&[(&limit, 100, 60)], noon());
    let half = noon().plus(MINUTE / 2);
    assert_eq!(books.ledger.extend(&reservation, MINUTE, half), Ok(Changed::Done));
    assert_eq!(used(noon().plus(MINUTE)), 60);
    assert_eq!(used(half.plus(MINUTE - 1)), 60);
    assert_eq!(used(half.plus(MINUTE)), 0);
    assert_eq!(books.ledger.extend(&reservation, MINUTE, half), Ok(Changed::Already(State::Expired)));
    // A shorter lease counts as well.
    let books = Books::new();
    let reservation = books.take(&[(&limit, 100, 60)], noon());
    assert_eq!(books.ledger.extend(&reservation, SECOND, noon()), Ok(Changed::Done));
    let used = |now| books.ledger.view(&limit, &books.key, 100, now).unwrap().used;
    assert_eq!((used(noon().plus(SECOND - 1)), used(noon().plus(SECOND))), (60, 0));
}

#[test]
fn a_dry_run_takes_nothing_and_reports_nothing() {
    let books = Books::new();
    let limit = month("UTC", &[step(50, Action::Warn), step(100, Action::Deny)]);
    for _ in 0..3 {
        let admission = books.ask(&[(&limit, 100, 60)], false, true, noon()).unwrap();
        assert!(admission.result.is_ok());
        assert_eq!((admission.standings[0].first, admission.standings[0].balance.before), (1, 0));
    }
    assert!(books.ask(&[(&limit, 100, 101)], false, true, noon()).unwrap().result.is_err());
    assert!(books.ledger.store().list().unwrap().is_empty());
}

#[test]
fn shadow_limits_count_apart_what_they_would_let_through() {
    let books = Books::new();
    let live = month("UTC", &[step(100, Action::Deny)]);
    let shadow = month("UTC", &[step(100, Action::Deny)]).in_shadow();
    let wishes = [(&live, 100, 40), (&shadow, 50, 40)];
    assert_eq!(books.take(&wishes, noon()).entries.len(), 2);
    // The shadow limit would refuse: the request goes on, and is not counted there.
    let second = books.reserve(&wishes, noon());
    assert!(!second.standings[1].balance.fits);
    assert_eq!(second.standings[1].first, 1);
    assert_eq!(books.reserve(&[(&live, 100, 0), (&shadow, 50, 40)], noon()).standings[1].first, 0, "reported once");
    let second = second.result.unwrap();
    assert_eq!(second.entries.len(), 1);
    assert_eq!(books.ledger.settle(&second, &[40, 40], noon()), Ok(Changed::Done));
    let used = |limit, amount| books.ledger.view(limit, &books.key, amount, noon()).unwrap().used;
    assert_eq!((used(&live, 100), used(&shadow, 50)), (80, 40));
    // What is refused in life is counted nowhere.
    assert!(books.reserve(&[(&live, 100, 40), (&shadow, 50, 1)], noon()).result.is_err());
    assert_eq!(used(&shadow, 50), 40);
    books.ledger.store().check().unwrap();
}

#[test]
fn open_reservations_of_a_principal_are_limited() {
    let books = Books::new();
    let limit = month("UTC", &[step(100, Action::Deny)]).with_max_open(2).unwrap();
    let first = books.take(&[(&limit, 100, 1)], noon());
    books.take(&[(&limit, 100, 1)], noon());
    let refusal = books.refusal(&[(&limit, 100, 1)], noon());
    assert_eq!(refusal, Refusal { action: Action::Throttle, demand: 0, retry_after: None, open: true });
    assert_eq!(books.ledger.settle(&first, &[1], noon()), Ok(Changed::Done));
    books.take(&[(&limit, 100, 1)], noon());
    // What expires is no longer open, whatever becomes of its cost.
    let later = noon().plus(MINUTE);
    books.take(&[(&limit, 100, 1)], later);
    assert_eq!(books.ledger.view(&limit, &books.key, 100, later).unwrap().used, 4);
}

#[test]
fn what_is_out_of_range_is_an_error() {
    let books = Books::new();
    let limit = month("UTC", &[step(100, Action::Deny)]);
    let ask = |amount, cost, now| books.ask(&[(&limit, amount, cost)], false, false, now).map(|_| ()).unwrap_err();
    assert_eq!(ask(MAX_UNITS + 1, 1, noon()), Error::Amount);
    assert_eq!(ask(1, MAX_UNITS + 1, noon()), Error::Cost);
    assert!(matches!(ask(1, 1, Time::from_micros(i64::MAX)), Error::Time(_)));
    let many: Vec<_> = (0..65)
        .map(|i| Limit::new(format!("l{i}"), Kind::Rate, Window::Fixed { length: MINUTE }, []).unwrap())
        .collect();
    let wishes: Vec<_> = many.iter().map(|limit| (limit, 1, 1)).collect();
    assert_eq!(books.ask(&wishes, false, false, noon()).unwrap_err(), Error::TooMany);
    assert!(books.ledger.store().list().unwrap().is_empty());
    // Nothing at all is no error.
    let reservation = books.take(&[], noon());
    assert_eq!(books.ledger.settle(&reservation, &[], noon()), Ok(Changed::Done));
}

#[test]
fn limits_that_make_no_sense_are_not_made() {
    use crate::limit::NotALimit;
    let limit = |kind, window| Limit::new("x", kind, window, []).map(|_| ()).unwrap_err();
    assert_eq!(limit(Kind::Rate, Window::Open), NotALimit::WindowOfAnotherKind);
    assert_eq!(limit(Kind::Concurrency, Window::Fixed { length: MINUTE }), NotALimit::WindowOfAnotherKind);
    assert_eq!(limit(Kind::Rate, Window::Sliding { length: SECOND - 1 }), NotALimit::Length);
    assert_eq!(limit(Kind::Rate, Window::Fixed { length: u64::MAX }), NotALimit::Length);
    assert_eq!(limit(Kind::Rate, Window::Bucket { period: MINUTE, burst: Some(0) }), NotALimit::Capacity);
    let steps = vec![step(100, Action::Warn); 17];
    let many = Limit::new("x", Kind::Concurrency, Window::Open, steps).map(|_| ()).unwrap_err();
    assert_eq!(many, NotALimit::TooManySteps);
    assert_eq!(month("UTC", &[]).with_max_open(0).map(|_| ()).unwrap_err(), NotALimit::Capacity);
}

/// A store whose clock is not the caller's.
struct Elsewhere {
    memory: Memory,
    now: Mutex<Vec<Time>>,
}

impl Store for Elsewhere {
    fn reserve(&self, reserve: &Reserve<'_>, _: Time) -> Result<Answer, StoreError> {
        let mut now = self.now.lock().unwrap();
        let next = if now.len() > 1 { now.remove(0) } else { now[0] };
        self.memory.reserve(reserve, next)
    }

    fn change(&self, change: &Change<'_>, _: Time) -> Result<(Time, Changed), StoreError> {
        self.memory.change(change, self.now.lock().unwrap()[0])
    }
}

#[test]
fn the_window_is_that_of_the_store_s_clock() {
    let books = |now: &[&str]| Books {
        ledger: Ledger::new(
            Elsewhere { memory: Memory::default(), now: Mutex::new(now.iter().map(|text| time(text)).collect()) },
            1,
        ),
        key: Key::new(["acme"]).unwrap(),
    };
    let limit = month("UTC", &[step(100, Action::Deny)]);
    let here = books(&["2026-12-01T00:00:00Z"]);
    let admission = here.reserve(&[(&limit, 100 * MICROS, 1)], noon());
    assert_eq!(admission.at, time("2026-12-01T00:00:00Z"));
    assert_eq!(admission.standings[0].resets, Some(time("2027-01-01T00:00:00Z")));
    assert_eq!(here.ledger.settle(&admission.result.unwrap(), &[1], noon()), Ok(Changed::Done));
    // One that jumps on at each question is given up.
    let months = ["2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"];
    let error = books(&months).ask(&[(&limit, 100, 1)], false, false, noon()).unwrap_err();
    assert_eq!(error, Error::Store(StoreError::Clock));
}
