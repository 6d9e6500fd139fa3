use jiff::Timestamp;
use jiff::tz::TimeZone;
use llm_policy_cel::ast::Span;

use super::*;
use crate::document::model::Spanned;

fn schedule(zone: &str, windows: &[(&str, &str)], except: &[&str]) -> Schedule {
    let window = |(days, hours): &(&str, &str)| Window {
        days: Days::parse(days).unwrap(),
        hours: (!hours.is_empty()).then(|| Hours::parse(hours).unwrap()),
    };
    Schedule {
        timezone: Spanned::new(zone.into(), Span::default()),
        zone: TimeZone::get(zone).unwrap(),
        during: windows.iter().map(window).collect(),
        except: except.iter().map(|date| date.parse().unwrap()).collect(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn days() {
    let days = |text: &str| Days::parse(text).map(|days| (0..7).filter(|d| days.contains(*d)).collect::<Vec<u8>>());
    assert_eq!(days("mon-fri"), Some(vec![0, 1, 2, 3, 4]));
    assert_eq!(days("fri-mon"), Some(vec![0, 4, 5, 6]));
    assert_eq!(days("sat"), Some(vec![5]));
    assert_eq!(days("weekends"), Some(vec![5, 6]));
    assert_eq!(days("all"), days("mon-sun"));
    for text in ["", "monday", "mon-", "mon-fri-sat", "Mon", "1-5"] {
        assert_eq!(days(text), None, "{text}");
    }
}

#[test]
fn hours() {
    let hours = |text: &str| Hours::parse(text).map(|h| (h.from, h.to, h.crosses_midnight()));
    assert_eq!(hours("09:00-17:30"), Some((540, 1050, false)));
    assert_eq!(hours("22:00 - 06:00"), Some((1320, 360, true)));
    assert_eq!(hours("00:00-24:00"), Some((0, 1440, false)));
    for text in [
        "9-17",
        "9:00-17:00",
        "09:00",
        "09:60-10:00",
        "24:00-25:00",
        "24:00-01:00",
        "10:00-10:00",
        "10:00-00:00",
        "24:01-10:00",
    ] {
        assert_eq!(hours(text), None, "{text}");
    }
}

#[test]
fn office_hours_follow_the_zone() {
    let office = schedule("Europe/Berlin", &[("mon-fri", "09:00-17:00")], &["2026-12-25"]);
    // A Monday in summer (+02:00) and one in winter (+01:00).
    assert!(!office.applies_at(at("2026-07-06T06:59:59Z")));
    assert!(office.applies_at(at("2026-07-06T07:00:00Z")));
    assert!(!office.applies_at(at("2026-07-06T15:00:00Z")));
    assert!(!office.applies_at(at("2026-01-05T07:30:00Z")));
    assert!(office.applies_at(at("2026-01-05T08:00:00Z")));
    assert!(!office.applies_at(at("2026-07-05T10:00:00Z")));
    // Christmas is a Friday.
    assert!(office.applies_at(at("2026-12-18T10:00:00Z")));
    assert!(!office.applies_at(at("2026-12-25T10:00:00Z")));
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_began() {
    let night = schedule("UTC", &[("fri", "22:00-06:00")], &["2026-01-09"]);
    // 2026-01-02 is a Friday.
    assert!(!night.applies_at(at("2026-01-02T05:00:00Z")));
    assert!(night.applies_at(at("2026-01-02T22:00:00Z")));
    assert!(night.applies_at(at("2026-01-03T05:59:00Z")));
    assert!(!night.applies_at(at("2026-01-03T06:00:00Z")));
    assert!(!night.applies_at(at("2026-01-03T23:00:00Z")));
    assert!(!night.applies_at(at("2026-01-09T23:00:00Z")));
    assert!(!night.applies_at(at("2026-01-10T05:00:00Z")));
}

#[test]
fn without_windows_only_the_exceptions_count() {
    let always = schedule("UTC", &[], &["2026-01-01"]);
    assert!(always.applies_at(at("2026-01-02T00:00:00Z")));
    assert!(!always.applies_at(at("2026-01-01T23:59:59Z")));
    assert!(schedule("UTC", &[("sat", "")], &[]).applies_at(at("2026-01-03T00:00:00Z")));
}
