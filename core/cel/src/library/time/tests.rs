//! Tests of timestamps and durations.

use proptest::prelude::*;

use super::{
    DurationText, MAX_SECONDS, MIN_SECONDS, Part, TimestampText, civil, parse_duration, parse_timestamp, resolve_zone,
    timestamp_part_in,
};
use crate::error::ErrorKind;
use crate::library::testing::{args, call, error, value};
use crate::value::{Duration, Timestamp, Value};

fn part(text: &str, function: &str, zone: Option<&str>) -> i64 {
    let t = Value::Timestamp(parse_timestamp(text).unwrap());
    let args: Vec<Value> = [t].into_iter().chain(zone.map(value)).collect();
    match call(function, &args) {
        Ok(Value::Int(i)) => i,
        other => panic!("{text} {function} {zone:?}: {other:?}"),
    }
}

#[test]
fn parts_in_utc() {
    let t = "2009-02-13T23:31:30.123456789Z";
    for (function, want) in [
        ("getFullYear", 2009),
        ("getMonth", 1),
        ("getDate", 13),
        ("getDayOfMonth", 12),
        ("getDayOfWeek", 5),
        ("getDayOfYear", 43),
        ("getHours", 23),
        ("getMinutes", 31),
        ("getSeconds", 30),
        ("getMilliseconds", 123),
    ] {
        assert_eq!(part(t, function, None), want, "{function}");
        assert_eq!(part(t, function, Some("UTC")), want, "{function}");
    }
    assert_eq!(part("1969-12-31T23:59:59.25Z", "getSeconds", None), 59);
    assert_eq!(part("1969-12-31T23:59:59.25Z", "getMilliseconds", None), 250);
    assert_eq!(part("2024-12-31T00:00:00Z", "getDayOfYear", None), 365);
}

#[test]
fn parts_in_zones() {
    let t = "2009-02-13T23:31:30Z";
    assert_eq!(part(t, "getDate", Some("Australia/Sydney")), 14);
    assert_eq!(part(t, "getDayOfMonth", Some("US/Central")), 12);
    assert_eq!(part(t, "getDayOfMonth", Some("+11:00")), 13);
    assert_eq!(part("2009-02-13T02:00:00Z", "getDayOfMonth", Some("-02:30")), 11);
    assert_eq!(part("2009-02-13T02:00:00Z", "getDayOfMonth", Some("America/St_Johns")), 11);
    assert_eq!(part(t, "getDayOfYear", Some("US/Central")), 43);
    assert_eq!(part(t, "getFullYear", Some("-09:30")), 2009);
    assert_eq!(part(t, "getHours", Some("02:00")), 1);
    assert_eq!(part(t, "getMinutes", Some("Asia/Kathmandu")), 16);
    assert_eq!(part(t, "getSeconds", Some("-00:00")), 30);
    assert_eq!(part("2024-07-01T12:00:00Z", "getHours", Some("Europe/Berlin")), 14);
    assert_eq!(part("2024-01-01T12:00:00Z", "getHours", Some("Europe/Berlin")), 13);
}

#[test]
fn parts_at_the_ends_of_time() {
    assert_eq!(part("0001-01-01T00:00:00Z", "getFullYear", Some("-01:00")), 0);
    assert_eq!(part("9999-12-31T23:59:59Z", "getFullYear", Some("+01:00")), 10_000);
    assert_eq!(part("9999-12-31T23:59:59Z", "getFullYear", Some("Asia/Tokyo")), 10_000);
    assert_eq!(part("0001-01-01T00:00:00Z", "getFullYear", Some("America/New_York")), 0);
}

#[test]
fn unknown_zones() {
    let t = Timestamp { seconds: 0, nanos: 0 };
    for zone in ["Mars/Olympus", "Local", "+24:00", "+1:60", "1", "+:00", "01:0x", "++1:00", "1:2:3", "../UTC"] {
        assert!(matches!(error("getHours", &args![t, zone]), ErrorKind::InvalidArgument(_)), "{zone}");
        assert!(resolve_zone(zone).is_err(), "{zone}");
    }
}

#[test]
fn a_resolved_zone_gives_the_same_as_its_name() {
    for name in ["UTC", "Europe/Berlin", "-02:30", "America/St_Johns"] {
        let zone = resolve_zone(name).unwrap();
        for seconds in [MIN_SECONDS, -1, 0, 1_720_000_000, MAX_SECONDS] {
            let t = Timestamp { seconds, nanos: 0 };
            let by_name = call("getHours", &args![t, name]).unwrap();
            assert_eq!(by_name, Value::Int(timestamp_part_in(Part::Hours, t, &zone)), "{name} {seconds}");
        }
    }
}

#[test]
fn parts_of_durations() {
    let of = |text: &str, function: &str| call(function, &args![parse_duration(text).unwrap()]);
    assert_eq!(of("10000s", "getHours"), Ok(value(2)));
    assert_eq!(of("3730s", "getMinutes"), Ok(value(62)));
    assert_eq!(of("3730s", "getSeconds"), Ok(value(3730)));
    assert_eq!(of("123.321456789s", "getMilliseconds"), Ok(value(321)));
    assert_eq!(of("-90m", "getHours"), Ok(value(-1)));
    assert_eq!(of("1s", "getDate").unwrap_err().kind, ErrorKind::NoSuchOverload);
    assert_eq!(error("getHours", &args![Duration { nanos: 1 }, "UTC"]), ErrorKind::NoSuchOverload);
}

#[test]
fn timestamp_text() {
    for (text, want) in [
        ("2009-02-13T23:31:30Z", "2009-02-13T23:31:30Z"),
        ("2009-02-13t23:31:30.5z", "2009-02-13T23:31:30.5Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ("2023-02-03T23:31:20+00:00", "2023-02-03T23:31:20Z"),
        ("2009-02-13T23:31:30.1234567891Z", "2009-02-13T23:31:30.123456789Z"),
        ("2009-02-13T23:31:30.500Z", "2009-02-13T23:31:30.5Z"),
        ("1969-12-31T23:59:59.000000001Z", "1969-12-31T23:59:59.000000001Z"),
        ("2024-02-29T23:30:00-01:30", "2024-03-01T01:00:00Z"),
        ("0000-12-31T23:00:00-01:00", "0001-01-01T00:00:00Z"),
    ] {
        assert_eq!(TimestampText(parse_timestamp(text).unwrap()).to_string(), want, "{text}");
    }
}

#[test]
fn text_that_is_no_timestamp() {
    for text in [
        "",
        "2009-02-13",
        "2009-02-13T23:31:30",
        "2009-02-13 23:31:30Z",
        "2009-02-13T23:31:60Z",
        "2009-02-29T23:31:30Z",
        "2100-02-29T23:31:30Z",
        "2009-13-01T23:31:30Z",
        "2009-02-13T24:00:00Z",
        "2009-02-13T3:31:30Z",
        "2009-02-13T23:31:30.Z",
        "2009-02-13T23:31:30+0100",
        "2009-02-13T23:31:30Z ",
        "10000-01-01T00:00:00Z",
        "+009-02-13T23:31:30Z",
        "２００９-02-13T23:31:30Z",
    ] {
        assert!(matches!(parse_timestamp(text).unwrap_err().kind, ErrorKind::Conversion(_)), "{text}");
    }
    for text in ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"] {
        assert_eq!(parse_timestamp(text).unwrap_err().kind, ErrorKind::Overflow, "{text}");
    }
}

/// The wanted values are those of Go.
#[test]
fn durations() {
    for (text, want) in [
        ("1h2m3.5s", 3_723_500_000_000),
        ("-1.5h", -5_400_000_000_000),
        ("1us", 1_000),
        ("1µs", 1_000),
        ("1μs", 1_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("0", 0),
        ("-0", 0),
        ("1m1m", 120_000_000_000),
        ("-9223372036854775808ns", i64::MIN),
        ("1.0000000000000000001s", 1_000_000_000),
        ("0.1ns", 0),
        ("0.3333333333333333333h", 1_200_000_000_000 - 1),
    ] {
        assert_eq!(parse_duration(text), Ok(Duration { nanos: want }), "{text}");
    }
    for text in ["", "+", "-", "1", ".s", "1d", "1h-1m", "s", "1 s", "1e3s", "--1s", "1.5.5s", "1S"] {
        assert!(matches!(parse_duration(text).unwrap_err().kind, ErrorKind::Conversion(_)), "{text}");
    }
    for text in ["-320000000000s", "320000000000s", "9223372036854775808ns", "99999999999999999999999s"] {
        assert_eq!(parse_duration(text).unwrap_err().kind, ErrorKind::Overflow, "{text}");
    }
    let many = "9223372036s".repeat(1_000);
    assert_eq!(parse_duration(&many).unwrap_err().kind, ErrorKind::Overflow);
}

#[test]
fn duration_text() {
    for (nanos, want) in [
        (0, "0s"),
        (3_723_000_000_000, "3723s"),
        (1_500_000_000, "1.5s"),
        (-1_500_000_000, "-1.5s"),
        (-1, "-0.000000001s"),
        (i64::MIN, "-9223372036.854775808s"),
    ] {
        assert_eq!(DurationText(Duration { nanos }).to_string(), want);
    }
}

proptest! {
    #[test]
    fn timestamps_survive_their_text(seconds in MIN_SECONDS..=MAX_SECONDS, nanos in 0..1_000_000_000) {
        let t = Timestamp { seconds, nanos };
        prop_assert_eq!(parse_timestamp(&TimestampText(t).to_string()), Ok(t));
    }

    #[test]
    fn durations_survive_their_text(nanos: i64) {
        let d = Duration { nanos };
        prop_assert_eq!(parse_duration(&DurationText(d).to_string()), Ok(d));
    }

    #[test]
    fn the_calendar_is_jiffs(day in MIN_SECONDS / 86_400..=MAX_SECONDS / 86_400 - 2) {
        let date = jiff::Timestamp::from_second(day * 86_400).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date();
        let want = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
        prop_assert_eq!(civil::date_of(day), want);
        prop_assert_eq!(civil::day_of(want.0, want.1, want.2), day);
        prop_assert_eq!(civil::days_in_month(want.0, want.1), i64::from(date.days_in_month()));
    }

    #[test]
    fn any_text_is_read_without_panic(text in "[-+0-9a-zµ.:TZ]{0,30}") {
        let _ = parse_timestamp(&text);
        let _ = parse_duration(&text);
        let _ = resolve_zone(&text);
    }
}
