//! `now`, schedules, and shares of identities.

use std::collections::BTreeMap;

use llm_policy_engine::context::Stage;
use serde_json::{Value, json};

use super::common::{at, decide, engine, rules};

fn allowed_at(text: &str, instant: &str) -> bool {
    engine(&[text]).evaluate(Stage::Request, &json!({}), at(instant)).unwrap().allowed()
}

#[test]
fn now_is_what_the_host_says() {
    let text =
        rules("  - {id: r, when: \"now >= timestamp('2026-07-01T00:00:00Z')\", actions: [{type: deny, reason: no}]}\n");
    assert!(allowed_at(&text, "2026-06-30T23:59:59.999999999Z"));
    assert!(!allowed_at(&text, "2026-07-01T00:00:00Z"));
    // The body cannot.
    let forged = json!({"now": "2020-01-01T00:00:00Z"});
    assert!(!engine(&[text]).evaluate(Stage::Request, &forged, at("2026-07-02T00:00:00Z")).unwrap().allowed());
    let before = rules("  - {id: r, when: \"now.getMilliseconds() == 250\", actions: [{type: deny, reason: no}]}\n");
    assert!(!allowed_at(&before, "1969-12-31T23:59:58.25Z"));
    assert!(allowed_at(&before, "1969-12-31T23:59:58.75Z"));
}

#[test]
fn schedules_go_by_their_time_zone() {
    let text = rules(
        "  - {id: r, when: \"true\", schedule: {timezone: Europe/Berlin, during: [{days: mon-fri, hours: \"09:00-17:00\"}]}, actions: [{type: deny, reason: office}]}\n",
    );
    for (instant, allowed) in [
        ("2026-07-01T06:59:59Z", true),
        ("2026-07-01T07:00:00Z", false),
        ("2026-07-01T14:59:59Z", false),
        ("2026-07-01T15:00:00Z", true),
        // In winter Berlin is one hour ahead.
        ("2026-12-02T07:30:00Z", true),
        ("2026-12-02T08:00:00Z", false),
        // A Saturday.
        ("2026-07-04T10:00:00Z", true),
    ] {
        assert_eq!(allowed_at(&text, instant), allowed, "{instant}");
    }
}

#[test]
fn business_hours() {
    let text =
        rules("  - {id: r, when: \"is_business_hours('America/New_York')\", actions: [{type: deny, reason: no}]}\n");
    assert!(allowed_at(&text, "2026-07-01T12:59:00Z"));
    assert!(!allowed_at(&text, "2026-07-01T13:00:00Z"));
    // An offset is a time zone for all functions that take one.
    for (zone, instant, allowed) in [
        ("+02:00", "2026-07-01T06:59:00Z", true),
        ("+02:00", "2026-07-01T07:00:00Z", false),
        ("-05:00", "2026-07-01T13:59:00Z", true),
        ("-05:00", "2026-07-01T14:00:00Z", false),
        ("UTC", "2026-07-01T09:00:00Z", false),
    ] {
        assert_eq!(allowed_at(&text.replace("America/New_York", zone), instant), allowed, "{zone} {instant}");
    }
    let unknown =
        rules("  - {id: r, when: \"is_business_hours('Mars/Olympus')\", actions: [{type: deny, reason: no}]}\n");
    assert!(super::common::is_refused(&unknown) || !allowed_at(&unknown, "2026-07-01T13:00:00Z"));
}

#[test]
fn a_share_is_as_large_as_it_says() {
    let text = rules(
        "  - {id: r, when: \"true\", rollout: {percent: 10, by: user.id, salt: s1, variants: {a: 5, b: 5}}, actions: [{type: warn, message: w}]}\n",
    );
    let engine = engine(&[text]);
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for n in 0..20_000 {
        let decision = decide(&engine, &json!({"user": {"id": format!("u-{n}")}}));
        let variant = match &decision.to_json()["matched"][0]["variant"] {
            Value::String(name) => name.clone(),
            _ => "none".to_owned(),
        };
        *counts.entry(variant).or_default() += 1;
    }
    for name in ["a", "b"] {
        assert!((850..1150).contains(&counts[name]), "{counts:?}");
    }
    assert_eq!(counts.len(), 3, "{counts:?}");
}

#[test]
fn an_absent_identity_is_not_in_a_share() {
    let text = |percent: &str| {
        rules(&format!(
            "  - {{id: r, when: \"true\", rollout: {{percent: {percent}, by: user.id, salt: s}}, actions: [{{type: deny, reason: no}}]}}\n"
        ))
    };
    for context in [json!({}), json!({"user": {"id": null}}), json!({"user": {}})] {
        let decision = decide(&engine(&[text("100")]), &context);
        assert_eq!((decision.allowed(), decision.error_count()), (true, 0), "{context}");
    }
    let someone = json!({"user": {"id": "u"}});
    assert!(!decide(&engine(&[text("100")]), &someone).allowed());
    assert!(decide(&engine(&[text("0")]), &someone).allowed());
    // A share goes by who asks, not by what is asked.
    let body = text("100").replace("user.id", "request.id");
    assert!(super::common::is_refused(&body));
}

#[test]
fn a_share_of_what_is_no_identity_is_an_error() {
    let text = |by: &str, action: &str| {
        rules(&format!(
            "  - {{id: r, when: \"true\", rollout: {{percent: 100, by: {by}, salt: s}}, actions: [{action}]}}\n"
        ))
    };
    for (by, context) in [
        ("user.id", json!({"user": {"id": ["u"]}})),
        ("user.attributes.c", json!({"user": {"attributes": {"c": ["u"]}}})),
        ("user.attributes.c", json!({"user": {"attributes": {"c": 1.5}}})),
        ("user.attributes.c", json!({"user": {"attributes": {"c": true}}})),
    ] {
        // As with any error: what restricts applies, what permits does not.
        let decision = decide(&engine(&[text(by, "deny")]), &context);
        assert_eq!((decision.allowed(), decision.error_count()), (false, 1), "{by} {context}");
        let decision = decide(&engine(&[text(by, "{type: audit}")]), &context);
        assert_eq!((decision.allowed(), decision.error_count()), (true, 1), "{by} {context}");
        assert_eq!(decision.to_json()["obligations"], json!([]));
    }
    for number in [json!(7), json!(u64::MAX)] {
        let context = json!({"user": {"attributes": {"c": number}}});
        let decision = decide(&engine(&[text("user.attributes.c", "deny")]), &context);
        assert_eq!((decision.allowed(), decision.error_count()), (false, 0), "{context}");
    }
    for by in ["user.mfa_verified", "user.roles", "user.budget.total", "user.budget.reset_at"] {
        assert_eq!(super::common::codes(&text(by, "deny")), ["type-mismatch"], "{by}");
    }
}

#[test]
fn shares_with_other_salts_are_others() {
    let text = |salt: &str| {
        rules(&format!(
            "  - {{id: r, when: \"true\", rollout: {{percent: 50, by: user.id, salt: {salt}}}, actions: [{{type: deny, reason: no}}]}}\n"
        ))
    };
    let (a, b, again) = (engine(&[text("a")]), engine(&[text("b")]), engine(&[text("a")]));
    let mut differ = 0;
    for n in 0..400 {
        let context = json!({"user": {"id": format!("u{n}")}});
        assert_eq!(decide(&a, &context).allowed(), decide(&again, &context).allowed());
        differ += u32::from(decide(&a, &context).allowed() != decide(&b, &context).allowed());
    }
    assert!((130..270).contains(&differ), "{differ}");
}
