use proptest::prelude::*;

use super::*;
use crate::units::MAX_UNITS;

const MINUTE: u64 = 60_000_000;

fn at(micros: i64) -> Time {
    Time::from_micros(micros)
}

fn periods() -> [Period; 4] {
    [
        Period::Interval { start: at(0), end: at(i64::MAX) },
        Period::Sliding { length: MINUTE },
        Period::Bucket { period: MINUTE },
        Period::Open,
    ]
}

fn ask(cost: u64, ceiling: Option<u64>) -> Ask {
    Ask { cost, ceiling, refill: ceiling.unwrap_or(1) }
}

#[test]
fn sums_that_do_not_fit_are_refused_and_never_wrap() {
    for period in periods() {
        let mut book = Book::new(period, at(0));
        let most = ask(MAX_UNITS, None);
        let mut taken = 0_u64;
        while book.fit(&most, at(0)).fits {
            book.reserve(&most, at(0));
            taken += 1;
            assert_eq!(book.reserved(), taken * MAX_UNITS);
        }
        assert_eq!(taken, u64::MAX / MAX_UNITS, "{period:?}");
        let position = Position(0);
        // All of it is settled with the most there is, and once more: it stays full.
        for _ in 0..taken {
            book.close(MAX_UNITS, u64::MAX, position);
        }
        assert_eq!(book.reserved(), 0);
        if period == Period::Open {
            assert_eq!((book.used(), book.settled()), (0, 0));
        } else {
            assert_eq!((book.used(), book.settled()), (u64::MAX, u64::MAX));
            assert!(!book.fit(&ask(1, None), at(0)).fits);
            assert!(!book.fit(&ask(0, Some(MAX_UNITS)), at(0)).fits);
        }
    }
}

#[test]
fn time_at_its_ends_is_no_overflow() {
    for period in periods() {
        for first in [at(i64::MIN), at(-1), at(0), at(i64::MAX - 1)] {
            let mut book = Book::new(period, first);
            for now in [first, at(i64::MAX)] {
                book.advance(now);
                let asked = ask(1, Some(5));
                let fit = book.fit(&asked, now);
                let position = book.reserve(&asked, now);
                book.close(1, 3, position);
                let _ = (book.is_over(now), fit.wait, book.fit(&ask(5, Some(5)), now).wait);
            }
        }
    }
}

#[test]
fn what_is_overdrawn_blocks_also_what_costs_nothing() {
    for period in periods().into_iter().take(3) {
        let mut book = Book::new(period, at(0));
        let position = book.reserve(&ask(5, Some(10)), at(0));
        book.close(5, 14, position);
        assert_eq!(book.used(), 14, "{period:?}");
        assert!(!book.fit(&ask(0, Some(10)), at(0)).fits);
        book.correct(14, 10, position);
        assert!(book.fit(&ask(0, Some(10)), at(0)).fits);
        assert!(!book.fit(&ask(1, Some(10)), at(0)).fits);
    }
}

#[test]
fn a_bucket_gives_no_fraction_twice() {
    // Seven units a minute: one each 8,571,428.57 microseconds.
    let mut book = Book::new(Period::Bucket { period: MINUTE }, at(0));
    let seven = Ask { cost: 7, ceiling: Some(7), refill: 7 };
    let one = Ask { cost: 1, ..seven };
    book.reserve(&seven, at(0));
    let mut given = 0;
    // Asked each millisecond for an hour.
    for now in (0..3_600_000_000).step_by(1000) {
        book.advance(at(now));
        if book.fit(&one, at(now)).fits {
            book.reserve(&one, at(now));
            given += 1;
        }
    }
    assert_eq!(given, 419, "seven a minute, the last of 420 comes in when the hour is over");
}

#[test]
fn a_change_of_speed_does_not_change_what_has_drained() {
    let mut book = Book::new(Period::Bucket { period: MINUTE }, at(0));
    book.reserve(&Ask { cost: 60, ceiling: None, refill: 60 }, at(0));
    // Half a minute at 60 a minute, then at 6 a minute.
    book.reserve(&Ask { cost: 0, ceiling: None, refill: 6 }, at(30_000_000));
    assert_eq!(book.used(), 30);
    book.advance(at(40_000_000));
    assert_eq!(book.used(), 29);
    // Nothing drains where nothing comes in.
    book.reserve(&Ask { cost: 0, ceiling: None, refill: 0 }, at(40_000_000));
    book.advance(at(i64::MAX));
    assert_eq!(book.used(), 29);
    assert_eq!(book.fit(&Ask { cost: 1, ceiling: Some(5), refill: 0 }, at(i64::MAX)).wait, None);
}

#[test]
fn marks_are_reported_once_a_window() {
    let marks = [5, 8];
    // Where a window has no end, once in its length.
    for period in [Period::Sliding { length: MINUTE }, Period::Bucket { period: MINUTE }] {
        let mut book = Book::new(period, at(0));
        let mut reports = Vec::new();
        for second in 0..150 {
            let now = at(second * 1_000_000);
            book.advance(now);
            let before = book.used();
            book.reserve(&Ask { cost: 1, ceiling: None, refill: 60 }, now);
            if second == 0 {
                book.reserve(&Ask { cost: 9, ceiling: None, refill: 60 }, now);
            }
            let new = book.unreported(&marks, before, book.used(), now);
            book.report(&marks, before, new, now);
            if new != 0 {
                reports.push((second, new));
            }
        }
        assert_eq!(reports, [(0, 3), (60, 3), (120, 3)], "{period:?}");
    }
    // Of a concurrency limit, whenever its use has been below.
    let mut book = Book::new(Period::Open, at(0));
    let mut reports = Vec::new();
    for used in [4, 5, 6, 5, 4, 5, 9, 7, 9] {
        let before = book.used();
        if used > before {
            book.reserve(&ask(used - before, None), at(0));
            let new = book.unreported(&marks, before, book.used(), at(0));
            book.report(&marks, before, new, at(0));
            reports.push((used, new));
        } else {
            book.close(before - used, 0, Position::default());
        }
    }
    assert_eq!(reports, [(4, 0), (5, 1), (6, 0), (5, 1), (9, 2), (9, 2)]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is said about waiting is true to the microsecond, if nothing else happens.
    #[test]
    fn waits_are_exact(
        steps in prop::collection::vec((0_i64..20_000_000, 0_u64..6), 1..30),
        cost in 0_u64..12,
        ceiling in 0_u64..12,
        refill in 0_u64..100,
        which in 0..3_usize,
    ) {
        let period = periods()[which];
        let mut book = Book::new(period, at(0));
        let mut now = 0;
        for (pause, cost) in steps {
            now += pause;
            book.advance(at(now));
            book.reserve(&Ask { cost, ceiling: None, refill }, at(now));
        }
        let asked = Ask { cost, ceiling: Some(ceiling), refill };
        let fit = book.fit(&asked, at(now));
        let Some(wait) = fit.wait else {
            // It fits, never will, or nothing drains.
            prop_assert!(fit.fits || cost > ceiling || (which == 2 && refill == 0));
            return Ok(());
        };
        prop_assert!(wait > 0 && !fit.fits);
        let fits_after = |micros: u64| {
            let mut book = book.clone();
            let now = at(now).plus(micros);
            book.advance(now);
            book.is_over(now) || book.fit(&asked, now).fits
        };
        prop_assert!(fits_after(wait), "{wait}");
        prop_assert!(!fits_after(wait - 1), "{wait}");
    }
}
