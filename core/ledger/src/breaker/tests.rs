use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000;

fn at(seconds: u64) -> Time {
    // Far from 1970, as clocks are.
    Time::from_micros(1_795_000_000_000_000).plus(seconds * SECOND)
}

fn percent(percent: u32) -> Share {
    Share::from_millionths(percent * 10_000).unwrap()
}

fn rule() -> Rule {
    Rule {
        name: "model".into(),
        space: Space::Live,
        window: 10 * SECOND,
        calls: 4,
        failures: Some(percent(50)),
        slow: Some((2 * SECOND, percent(25))),
        in_a_row: Some(5),
        open: 30 * SECOND,
        probes: 2,
        probe_timeout: 60 * SECOND,
    }
}

struct One {
    breakers: Breakers,
    rule: Rule,
    key: Key,
}

impl One {
    fn new(rule: Rule) -> Self {
        Self { breakers: Breakers::default(), rule, key: Key::new(["gpt"]).unwrap() }
    }

    fn ask(&self, now: Time) -> Result<Passes, Stopped> {
        let wanted = [(&self.rule, &self.key)];
        let would = self.breakers.stops(&wanted, now);
        let answer = self.breakers.ask(&wanted, now);
        assert_eq!(answer.as_ref().err(), would.as_ref());
        answer
    }

    fn tell(&self, passes: &Passes, outcome: CallOutcome, now: Time) {
        self.breakers.observe(&self.rule, &self.key, passes[0], outcome, now);
    }

    fn call(&self, outcome: CallOutcome, now: Time) {
        let passes = self.ask(now).unwrap();
        self.tell(&passes, outcome, now);
    }

    fn position(&self, now: Time) -> Position {
        self.breakers.position(&self.rule, &self.key, now)
    }
}

const GOOD: CallOutcome = CallOutcome::Success(1);
const SLOW: CallOutcome = CallOutcome::Success(2 * SECOND + 1);
const BAD: CallOutcome = CallOutcome::Failure;

#[test]
fn it_opens_when_more_than_the_share_fails_and_there_are_enough_calls() {
    let one = One::new(rule());
    for outcome in [BAD, BAD, GOOD, GOOD, CallOutcome::Ignored] {
        one.call(outcome, at(0));
        assert_eq!(one.position(at(0)), Position::Closed);
    }
    one.call(BAD, at(0));
    assert_eq!(one.position(at(0)), Position::Open);
    let stopped = one.ask(at(1)).unwrap_err();
    assert_eq!((stopped.cause, stopped.retry_after), (Cause::Open, Some(29 * SECOND)));
}

#[test]
fn what_the_window_has_left_is_not_counted() {
    let one = One::new(rule());
    for second in 0..100 {
        // One of three fails in the end, but each window of ten seconds holds fewer than four calls, or half of them good.
        one.call(if second % 2 == 0 { BAD } else { GOOD }, at(second * 3));
        assert_eq!(one.position(at(second * 3)), Position::Closed);
    }
    let one = One::new(rule());
    for _ in 0..3 {
        one.call(BAD, at(0));
    }
    one.call(BAD, at(10));
    assert_eq!(one.position(at(10)), Position::Closed, "four in a row, and one in the window");
    one.call(BAD, at(10));
    assert_eq!(one.position(at(10)), Position::Open, "five in a row");
}

#[test]
fn slow_calls_count_where_the_rule_says_so() {
    let one = One::new(rule());
    for outcome in [SLOW, GOOD, GOOD, GOOD, SLOW] {
        assert_eq!(one.position(at(0)), Position::Closed);
        one.call(outcome, at(0));
    }
    assert_eq!(one.position(at(0)), Position::Open);
    let one = One::new(Rule { slow: None, ..rule() });
    for _ in 0..100 {
        one.call(SLOW, at(0));
    }
    assert_eq!(one.position(at(0)), Position::Closed);
}

fn opened() -> One {
    let one = One::new(rule());
    for _ in 0..4 {
        one.call(BAD, at(0));
    }
    assert_eq!(one.position(at(29)), Position::Open);
    assert_eq!(one.position(at(30)), Position::HalfOpen);
    one
}

#[test]
fn probes_close_it_or_open_it_again() {
    let one = opened();
    let [first, second] = [one.ask(at(30)).unwrap(), one.ask(at(30)).unwrap()];
    assert!(first[0].is_probe());
    let stopped = one.ask(at(31)).unwrap_err();
    assert_eq!((stopped.cause, stopped.retry_after), (Cause::Probing, Some(59 * SECOND)));
    one.tell(&first, GOOD, at(32));
    assert_eq!(one.position(at(32)), Position::HalfOpen);
    assert!(one.ask(at(32)).is_err(), "one has succeeded and one is under way: that is both");
    one.tell(&second, GOOD, at(33));
    assert_eq!(one.position(at(33)), Position::Closed);
    // It begins with a clean sheet.
    for _ in 0..3 {
        one.call(BAD, at(33));
    }
    assert_eq!(one.position(at(33)), Position::Closed);

    for outcome in [BAD, SLOW] {
        let one = opened();
        let probe = one.ask(at(30)).unwrap();
        one.tell(&probe, outcome, at(31));
        assert_eq!(one.position(at(60)), Position::Open);
        assert_eq!(one.position(at(61)), Position::HalfOpen);
    }
}

#[test]
fn a_probe_that_says_nothing_makes_place_for_another() {
    let one = opened();
    let ignored = one.ask(at(30)).unwrap();
    one.ask(at(30)).unwrap();
    one.tell(&ignored, CallOutcome::Ignored, at(30));
    one.ask(at(30)).unwrap();
    assert!(one.ask(at(89)).is_err());
    // Both are lost.
    one.ask(at(90)).unwrap();
    one.ask(at(90)).unwrap();
    assert!(one.ask(at(90)).is_err());
}

#[test]
fn what_was_let_through_earlier_is_not_counted_now() {
    let one = One::new(rule());
    let early = one.ask(at(0)).unwrap();
    for _ in 0..4 {
        one.call(BAD, at(0));
    }
    let probe = one.ask(at(30)).unwrap();
    one.tell(&early, BAD, at(31));
    assert_eq!(one.position(at(31)), Position::HalfOpen);
    one.tell(&early, GOOD, at(31));
    one.tell(&probe, GOOD, at(31));
    assert_eq!(one.position(at(31)), Position::HalfOpen);
    // One probe is not reported twice.
    one.tell(&probe, GOOD, at(31));
    assert_eq!(one.position(at(31)), Position::HalfOpen);
}

#[test]
fn a_call_that_one_breaker_stops_uses_up_no_probe_of_another() {
    let one = opened();
    let other = Rule { name: "kill".into(), ..rule() };
    let all = Key::default();
    let switch = Switch { reason: "incident 12".into(), until: Some(at(40)) };
    one.breakers.switch(&other.name, Some(&all), Some(switch.clone()), at(0)).unwrap();
    for _ in 0..10 {
        let wanted = [(&one.rule, &one.key), (&other, &all)];
        let stopped = one.breakers.ask(&wanted, at(30)).unwrap_err();
        let cause = Cause::Switch("incident 12".into());
        assert_eq!(stopped, Stopped { rule: 1, cause, retry_after: Some(10 * SECOND) });
    }
    one.ask(at(30)).unwrap();
    one.ask(at(30)).unwrap();
    // Its end has come; then one without an end, which is taken back.
    assert!(one.breakers.ask(&[(&other, &all)], at(40)).is_ok());
    let forever = Switch { until: None, ..switch };
    one.breakers.switch(&other.name, Some(&all), Some(forever), at(40)).unwrap();
    let stopped = one.breakers.ask(&[(&other, &all)], at(1_000_000)).unwrap_err();
    assert_eq!(stopped.retry_after, None);
    one.breakers.switch(&other.name, Some(&all), None, at(40)).unwrap();
    assert!(one.breakers.ask(&[(&other, &all)], at(1_000_000)).is_ok());
}

#[test]
fn there_are_never_more_breakers_than_allowed_and_switches_stay() {
    let breakers = Breakers::new(64);
    let rule = rule();
    let switched = Key::new(["switched"]).unwrap();
    let switch = Switch { reason: "off".into(), until: None };
    breakers.switch(&rule.name, Some(&switched), Some(switch), at(0)).unwrap();
    for number in 0..10_000_u64 {
        let key = Key::new([number.to_string().as_str()]).unwrap();
        let wanted = [(&rule, &key)];
        let now = at(number / 100);
        let passes = breakers.ask(&wanted, now).unwrap();
        breakers.observe(&rule, &key, passes[0], GOOD, now);
    }
    let held: usize = breakers.shards.iter().map(|shard| shard.lock().unwrap().keys.len()).sum();
    assert!((1..=64).contains(&held), "{held}");
    assert!(breakers.ask(&[(&rule, &switched)], at(0)).is_err());
}

#[test]
fn a_switch_stops_a_key_or_all_of_them_and_they_are_listed() {
    let (breakers, rule) = (Breakers::default(), rule());
    let keys = ["gpt", "claude"].map(|name| Key::new([name]).unwrap());
    let switch = |reason: &str, until| Some(Switch { reason: reason.into(), until });
    let stopped =
        |key: &Key, now| breakers.stops(&[(&rule, key)], now).map(|stopped| (stopped.cause, stopped.retry_after));
    breakers.switch(&rule.name, Some(&keys[0]), switch("one", Some(at(10))), at(0)).unwrap();
    assert_eq!(stopped(&keys[0], at(4)), Some((Cause::Switch("one".into()), Some(6 * SECOND))));
    assert_eq!((stopped(&keys[1], at(4)), stopped(&keys[0], at(10))), (None, None));
    breakers.switch(&rule.name, None, switch("all", None), at(0)).unwrap();
    for key in &keys {
        assert_eq!(stopped(key, at(4)), Some((Cause::Switch("all".into()), None)));
    }
    let listed = |now| breakers.switches(now).into_iter().map(|set| (set.key, set.switch.reason)).collect::<Vec<_>>();
    assert_eq!(listed(at(4)), [(None, "all".into()), (Some(keys[0].clone()), "one".into())]);
    assert_eq!(listed(at(10)), [(None, "all".into())]);
    breakers.switch(&rule.name, None, None, at(10)).unwrap();
    assert_eq!(listed(at(10)), []);
    assert!(!breakers.switches.any.load(std::sync::atomic::Ordering::Relaxed), "nobody takes the lock any more");
}

#[test]
fn switches_are_bounded_and_what_is_over_makes_room() {
    let (breakers, rule) = (Breakers::default(), rule());
    let key = |number: usize| Key::new([number.to_string().as_str()]).unwrap();
    let long: Arc<str> = "\u{e4}".repeat(2000).into();
    for number in 0..4096 {
        let until = (number > 0).then(|| at(5));
        let switch = Switch { reason: long.clone(), until };
        breakers.switch(&rule.name, Some(&key(number)), Some(switch), at(0)).unwrap();
    }
    let one_more = || Some(Switch { reason: "more".into(), until: None });
    assert_eq!(breakers.switch(&rule.name, Some(&key(9999)), one_more(), at(4)), Err(TooManySwitches));
    // One that is set already can be changed; and when the others' end has come, there is room.
    breakers.switch(&rule.name, Some(&key(7)), one_more(), at(4)).unwrap();
    breakers.switch(&rule.name, Some(&key(9999)), one_more(), at(5)).unwrap();
    let left = breakers.switches(at(5));
    assert_eq!(left.len(), 3);
    assert_eq!(left[0].switch.reason.len(), 1024);
}

#[test]
fn what_another_process_reports_counts_while_the_breaker_is_closed() {
    let one = One::new(rule());
    let report = |outcome, now| one.breakers.observe(&one.rule, &one.key, Pass::ELSEWHERE, outcome, now);
    for _ in 0..4 {
        report(BAD, at(0));
    }
    assert_eq!(one.position(at(29)), Position::Open);
    one.ask(at(30)).unwrap();
    report(GOOD, at(31));
    report(BAD, at(31));
    assert_eq!(one.position(at(31)), Position::HalfOpen);
}

#[test]
fn what_is_observed_only_never_mixes_with_what_is_enforced() {
    let one = opened();
    let shadow = Rule { space: Space::Shadow, ..rule() };
    assert_eq!(one.breakers.position(&shadow, &one.key, at(1)), Position::Closed);
    assert!(one.breakers.ask(&[(&shadow, &one.key)], at(1)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// While open, nothing passes; while probing, no more than the probes are under way or have succeeded; it closes only
    /// after so many successes without a failure. Also when the clock steps back.
    #[test]
    fn promises(steps in prop::collection::vec((0..4_u8, 0..8_usize, -5_i64..20), 1..120), probes in 1..4_u32) {
        let one = One::new(Rule { probes, ..rule() });
        let (mut clock, mut latest) = (at(0), at(0));
        let mut under_way: Vec<(Passes, u64)> = Vec::new();
        let (mut open_until, mut spell) = (Time::MIN, 0_u64);
        let mut good_probes = 0_u32;
        for (what, which, seconds) in steps {
            clock = Time::from_micros(clock.micros() + seconds * 1_000_000);
            latest = latest.max(clock);
            let before = one.position(clock);
            if what < 2 {
                let answer = one.ask(clock);
                prop_assert!(answer.is_err() || latest >= open_until, "open");
                if let Ok(passes) = answer {
                    if passes[0].is_probe() {
                        prop_assert_eq!(before, Position::HalfOpen);
                        if latest.since(open_until) < 60 * SECOND {
                            let probing = under_way.iter().filter(|(p, s)| p[0].is_probe() && *s == spell).count();
                            prop_assert!(probing < probes as usize);
                        }
                    }
                    under_way.push((passes, spell));
                }
                continue;
            }
            if under_way.is_empty() {
                continue;
            }
            let (passes, of) = under_way.swap_remove(which % under_way.len());
            let outcome = if what == 2 { GOOD } else { BAD };
            one.tell(&passes, outcome, clock);
            let counted = of == spell && passes[0].is_probe() && before == Position::HalfOpen;
            good_probes += u32::from(counted && outcome == GOOD);
            match (before, one.position(clock)) {
                (Position::HalfOpen, Position::Closed) => {
                    // More, if some had been given up.
                    prop_assert!(good_probes >= probes);
                    (good_probes, spell) = (0, spell + 1);
                }
                (Position::Closed | Position::HalfOpen, Position::Open) => {
                    // A good call can be the one from which shares are judged.
                    prop_assert!(outcome == BAD || before == Position::Closed);
                    open_until = latest.plus(30 * SECOND);
                    (good_probes, spell) = (0, spell + 1);
                }
                (before, after) => prop_assert!(before == after, "{before:?} {after:?}"),
            }
        }
    }
}
