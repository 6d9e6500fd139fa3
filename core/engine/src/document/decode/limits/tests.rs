use llm_policy_ledger::{Period, Time};

use super::*;
use crate::document::parse;

/// The limits of a document's `limits`, or the codes of what is wrong there with the text that each points at.
fn read(text: &str) -> Result<Vec<Limit>, Vec<(&'static str, String)>> {
    let root = parse(text, "policy.yaml").unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut reader = Reader::new(text);
    let limits = reader.limits(Some(&root), "production/money", Mode::Enforce);
    if reader.findings.is_empty() {
        return Ok(limits);
    }
    let place =
        |finding: &Diagnostic| text.get(finding.span.start as usize..finding.span.end as usize).unwrap().to_owned();
    Err(reader.findings.iter().map(|finding| (finding.code, place(finding))).collect())
}

#[track_caller]
fn good(text: &str) -> Limit {
    let mut limits = read(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(limits.len(), 1);
    limits.remove(0)
}

#[track_caller]
fn wrong(text: &str, code: &'static str, place: &str) {
    match read(text) {
        Ok(limits) => panic!("was read: {limits:#?}"),
        Err(errors) => assert_eq!(errors, [(code, place.to_owned())], "{text}"),
    }
}

/// A limit with further keys, in one line each.
fn with(keys: &str) -> String {
    format!("a: {{kind: quota, key: user.id, amount: 5, window: {{fixed: 1d}}, {keys}}}\n")
}

#[test]
fn all_of_a_limit_is_read() {
    let limit = good(
        r"
team-month:
  description: what teams may spend
  kind: budget
  key: [team.id, request.model]
  when: request.environment == 'prod'
  amount: 1000 USD
  window: {calendar: month, timezone: Europe/Berlin}
  cost: request.estimated_cost
  steps:
    - {at: 0.75, do: warn}
    - at: 0.9
      do: {route: {model: small}}
    - {at: 0.95, do: {require_approval: {approvers: ['role:finance']}}}
    - {at: 1.0, do: {deny: {reason: 'the budget of {{ team.id }} is used up', code: budget}}}
  consistency: strict
  on_store_loss: local_share
  on_expiry: release
  max_open: 100
",
    );
    assert_eq!((&*limit.name.value, &**limit.definition.name()), ("team-month", "production/money/team-month"));
    assert_eq!(limit.key.iter().map(|key| &*key.text).collect::<Vec<_>>(), ["team.id", "request.model"]);
    assert_eq!(limit.when.unwrap().text.as_ref(), "request.environment == 'prod'");
    assert_eq!(limit.cost.unwrap().text.as_ref(), "request.estimated_cost");
    assert_eq!(limit.amount, Amount::Units(1_000_000_000));
    assert_eq!((limit.definition.consistency(), limit.on_store_loss), (Consistency::Strict, OnStoreLoss::LocalShare));
    let definition = &limit.definition;
    assert_eq!(
        (definition.kind(), definition.expiry(), definition.max_open()),
        (Kind::Budget, OnExpiry::Release, Some(100))
    );
    use ledger::Action::{Ask, Deny, Route, Warn};
    let steps: Vec<_> = definition.steps().iter().map(|step| (step.at.millionths(), step.action)).collect();
    assert_eq!(steps, [(750_000, Warn), (900_000, Route), (950_000, Ask), (1_000_000, Deny)]);
    assert!(matches!(
        limit.actions.as_slice(),
        [None, Some(Action::Route(_)), Some(Action::RequireApproval(_)), Some(Action::Deny(_))]
    ));
    let noon: jiff::Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
    let Ok(Period::Interval { end, .. }) = definition.period(Time::from(noon)) else { panic!("an interval") };
    assert_eq!(end, Time::from("2026-11-30T23:00:00Z".parse::<jiff::Timestamp>().unwrap()));
}

#[test]
fn what_is_left_out_is_strict() {
    let limit = good("a: {kind: concurrency, key: user.id, amount: 3}");
    assert!(limit.definition.is_hard());
    assert_eq!(limit.definition.ceiling(3, false), Some(3));
    assert_eq!(limit.definition.expiry(), OnExpiry::Charge);
    assert_eq!((limit.mode, limit.on_store_loss), (Mode::Enforce, OnStoreLoss::Deny));
    assert_eq!(good(&with("mode: shadow")).definition.space(), ledger::Space::Shadow);
    assert!(!good(&with("steps: [{at: 1.0, do: warn}]")).definition.is_hard());
}

#[test]
fn amounts() {
    let amount = |amount: &str| {
        good(&format!("a: {{kind: budget, key: user.id, amount: {amount}, window: {{fixed: 1d}}}}")).amount
    };
    assert_eq!(amount("0.5 USD"), Amount::Units(500_000));
    assert_eq!(amount("0 USD"), Amount::Units(0));
    assert!(matches!(amount("\"lookup('budget', team.id, 100.0)\""), Amount::Computed(_)));
    assert!(matches!(good(&with("")).amount, Amount::Units(5)));
    for (amount, code, place) in [
        ("1000", "wrong-type", "1000"),
        ("1000 EUR", "unknown-value", "1000 EUR"),
        ("-1 USD", "out-of-range", "-1 USD"),
        ("1e3 USD", "out-of-range", "1e3 USD"),
        ("0.0000001 USD", "out-of-range", "0.0000001 USD"),
        ("99999999999 USD", "out-of-range", "99999999999 USD"),
        ("\"\"", "empty-expression", "\"\""),
    ] {
        wrong(&format!("a: {{kind: budget, key: user.id, amount: {amount}, window: {{fixed: 1d}}}}"), code, place);
    }
    for (amount, code) in [("-1", "out-of-range"), ("1.5", "wrong-type"), ("9007199254740993", "out-of-range")] {
        wrong(&format!("a: {{kind: rate, key: user.id, amount: {amount}, window: {{fixed: 1d}}}}"), code, amount);
    }
}

#[test]
fn windows() {
    let window = |window: &str| format!("a: {{kind: rate, key: user.id, amount: 5, window: {window}}}");
    for good_one in ["{sliding: 1m}", "{bucket: 1m, burst: 20}", "{bucket: 90s}", "{fixed: 1d}", "{calendar: quarter}"]
    {
        good(&window(good_one));
    }
    for (text, code, place) in [
        ("{}", "missing-key", "{}"),
        ("{sliding: 1m, fixed: 1d}", "missing-key", "sliding"),
        ("{sliding: 1m, burst: 20}", "wrong-key", "burst"),
        ("{fixed: 1d, timezone: UTC}", "wrong-key", "timezone"),
        ("{calendar: hour}", "unknown-value", "hour"),
        ("{calendar: day, timezone: Europe/Berln}", "unknown-timezone", "Europe/Berln"),
        ("{slidng: 1m}", "unknown-key", "slidng"),
        ("{sliding: 60}", "wrong-type", "60"),
        ("{sliding: 999ms}", "out-of-range", "window"),
        ("{fixed: 9999w}", "out-of-range", "window"),
        ("{bucket: 1m, burst: 0}", "out-of-range", "window"),
        ("{bucket: 1m, burst: user.tier}", "wrong-type", "user.tier"),
        ("1m", "wrong-type", "1m"),
    ] {
        wrong(&window(text), code, place);
    }
    wrong("a: {kind: rate, key: user.id, amount: 5}", "missing-key", "kind");
    wrong("a: {kind: concurrency, key: user.id, amount: 5, window: {fixed: 1d}}", "wrong-key", "{fixed: 1d}");
    wrong("a: {kind: concurrency, key: user.id, amount: 5, cost: '2'}", "wrong-key", "'2'");
}

#[test]
fn steps() {
    for (steps, code, place) in [
        ("[]", "empty-list", "[]"),
        ("[{at: 0, do: warn}]", "out-of-range", "0"),
        ("[{at: 75%, do: warn}]", "out-of-range", "75%"),
        ("[{at: 10.1, do: warn}]", "out-of-range", "10.1"),
        ("[{at: -1, do: warn}]", "out-of-range", "-1"),
        ("[{do: warn}]", "missing-key", "do"),
        ("[{at: 1.0}]", "missing-key", "at"),
        ("[{at: 1.0, do: block}]", "unknown-action", "block"),
        ("[{at: 1.0, do: allow}]", "wrong-action", "allow"),
        ("[{at: 1.0, do: {throttle: {delay_ms: 5}}}]", "wrong-action", "{throttle: {delay_ms: 5}}"),
        ("[{at: 1.0, do: {deny: {reson: x}}}]", "unknown-key", "reson"),
        ("[{at: 1.0, do: warn, then: deny}]", "unknown-key", "then"),
    ] {
        wrong(&with(&format!("steps: {steps}")), code, place);
    }
    let many = ["{at: 0.5, do: warn}"; 17].join(", ");
    wrong(&with(&format!("steps: [{many}]")), "out-of-range", "{at: 0.5, do: warn}");
}

#[test]
fn mistakes_are_errors_and_all_are_told() {
    wrong(&with("max_open: 0"), "out-of-range", "0");
    wrong(&with("mode: observe"), "unknown-value", "observe");
    wrong(&with("on_store_loss: pass"), "unknown-value", "pass");
    wrong(&with("consistency: eventual"), "unknown-value", "eventual");
    wrong(&with("wen: true"), "unknown-key", "wen");
    wrong(&with("when: ''"), "empty-expression", "''");
    wrong("a b: {kind: quota, key: user.id, amount: 5, window: {fixed: 1d}}", "wrong-name", "a b");
    wrong("a: {kind: quota, key: [], amount: 5, window: {fixed: 1d}}", "empty-list", "[]");
    wrong("a: 5", "wrong-type", "5");
    wrong("[a]", "wrong-type", "[a]");
    let errors = read("a: {kind: budgt, key: '', window: {fixed: 1}}\nb: {kind: rate}\n").unwrap_err();
    let codes: Vec<_> = errors.iter().map(|(code, _)| *code).collect();
    let expected =
        ["unknown-value", "empty-expression", "missing-key", "wrong-type", "missing-key", "missing-key", "missing-key"];
    assert_eq!(codes, expected);
}
