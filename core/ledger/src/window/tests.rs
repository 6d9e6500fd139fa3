use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn time(text: &str) -> Time {
    Time::from(text.parse::<Timestamp>().unwrap())
}

fn calendar(unit: CalendarUnit, zone: &str) -> Window {
    Window::Calendar(Calendar::new(unit, TimeZone::get(zone).unwrap()))
}

fn interval(window: &Window, now: &str) -> (String, String) {
    let Period::Interval { start, end } = window.at(time(now)).unwrap() else { panic!("an interval") };
    let text = |time: Time| Timestamp::from_microsecond(time.micros()).unwrap().to_string();
    (text(start), text(end))
}

#[track_caller]
fn check(unit: CalendarUnit, zone: &str, now: &str, start: &str, end: &str) {
    // Twice: worked out, and remembered.
    let window = calendar(unit, zone);
    for _ in 0..2 {
        assert_eq!(interval(&window, now), (start.to_owned(), end.to_owned()), "{unit:?} {zone} {now}");
    }
}

#[test]
fn windows_begin_at_local_midnight() {
    use CalendarUnit::{Day, Month, Quarter, Week, Year};
    let zone = "Europe/Berlin";
    check(Month, zone, "2026-11-23T12:00:00Z", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z");
    check(Month, zone, "2026-10-31T22:59:59.999999Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z");
    check(Month, zone, "2026-10-31T23:00:00Z", "2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z");
    check(Week, "UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z");
    check(Week, "UTC", "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
    check(Quarter, "UTC", "2026-06-30T23:59:59Z", "2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z");
    check(Year, "Asia/Tokyo", "2026-12-31T15:00:00Z", "2026-12-31T15:00:00Z", "2027-12-31T15:00:00Z");
    check(Day, "Asia/Kathmandu", "2026-01-01T18:14:59Z", "2025-12-31T18:15:00Z", "2026-01-01T18:15:00Z");
    check(Month, "UTC", "2024-02-29T10:00:00Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z");
    check(Day, "UTC", "1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z");
}

#[test]
fn days_on_which_clocks_change() {
    use CalendarUnit::Day;
    // 23 and 25 hours.
    check(Day, "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z");
    check(Day, "Europe/Berlin", "2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    // No midnight: clocks went from 00:00 to 01:00 in Sao Paulo.
    check(Day, "America/Sao_Paulo", "2018-11-04T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z");
    check(Day, "America/Sao_Paulo", "2018-11-04T02:59:59Z", "2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z");
    // Midnight twice: at 00:01 clocks went back to 23:01 in St. John's. The day begins once, at the first midnight.
    check(Day, "America/St_Johns", "2010-11-07T02:30:00Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z");
    check(Day, "America/St_Johns", "2010-11-07T02:31:30Z", "2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z");
    check(Day, "America/St_Johns", "2010-11-07T02:29:59Z", "2010-11-06T02:30:00Z", "2010-11-07T02:30:00Z");
    // A day that was not: Samoa went from the 29th to the 31st.
    check(Day, "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z");
    check(Day, "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z");
}

#[test]
fn what_no_calendar_reaches_is_an_error() {
    for unit in [CalendarUnit::Day, CalendarUnit::Week, CalendarUnit::Month, CalendarUnit::Year] {
        for now in [i64::MIN, i64::MAX, Timestamp::MAX.as_microsecond()] {
            assert_eq!(calendar(unit, "Europe/Berlin").at(Time::from_micros(now)), Err(NoSuchTime), "{unit:?} {now}");
        }
    }
    assert_eq!(Window::Fixed { length: 7 }.at(Time::MIN), Err(NoSuchTime));
    assert_eq!(Window::Fixed { length: u64::MAX }.at(Time::default()), Err(NoSuchTime));
}

#[test]
fn fixed_windows_count_from_1970_in_both_directions() {
    let window = Window::Fixed { length: 86_400_000_000 };
    assert_eq!(
        interval(&window, "2026-11-23T12:00:00Z"),
        ("2026-11-23T00:00:00Z".into(), "2026-11-24T00:00:00Z".into())
    );
    assert_eq!(
        interval(&window, "1969-12-31T23:00:00Z"),
        ("1969-12-31T00:00:00Z".into(), "1970-01-01T00:00:00Z".into())
    );
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every instant is in one window; the window before ends where it begins, and the next begins where it ends.
    #[test]
    fn windows_leave_no_gap_and_do_not_overlap(second in 0_i64..2_000_000_000, zone in 0..ZONES.len(), unit in 0..5_usize) {
        use CalendarUnit::{Day, Month, Quarter, Week, Year};
        let unit = [Day, Week, Month, Quarter, Year][unit];
        let window = calendar(unit, ZONES[zone]);
        let now = Time::from_micros(second * 1_000_000);
        let found = window.at(now).unwrap();
        let Period::Interval { start, end } = found else { panic!("an interval") };
        prop_assert!(start <= now && now < end && found.holds(now));
        for probe in [start, Time::from_micros(end.micros() - 1)] {
            prop_assert_eq!(window.at(probe).unwrap(), found);
            prop_assert_eq!(calendar(unit, ZONES[zone]).at(probe).unwrap(), found);
        }
        let before = window.at(Time::from_micros(start.micros() - 1)).unwrap();
        let behind = window.at(end).unwrap();
        prop_assert!(matches!(before, Period::Interval { end, .. } if end == start), "{before:?} {found:?}");
        prop_assert!(matches!(behind, Period::Interval { start, .. } if start == end), "{behind:?} {found:?}");
    }
}
