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
