use super::*;
use crate::document::parse;

/// The breakers of a document's `breakers`, or the codes of what is wrong there with the text that each points at.
fn read(text: &str) -> Result<Vec<Breaker>, Vec<(&'static str, String)>> {
    let root = parse(text, "policy.yaml").unwrap_or_else(|errors| panic!("{errors:?}"));
    let mut reader = Reader::new(text);
    let breakers = reader.breakers(Some(&root), "production/calls", Mode::Enforce);
    if reader.findings.is_empty() {
        return Ok(breakers);
    }
    let place =
        |finding: &Diagnostic| text.get(finding.span.start as usize..finding.span.end as usize).unwrap().to_owned();
    Err(reader.findings.iter().map(|finding| (finding.code, place(finding))).collect())
}

#[track_caller]
fn good(text: &str) -> Breaker {
    let mut breakers = read(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(breakers.len(), 1);
    breakers.remove(0)
}

#[track_caller]
fn wrong(keys: &str, code: &'static str, place: &str) {
    match read(&format!("a: {{{keys}}}\n")) {
        Ok(breakers) => panic!("was read: {breakers:#?}"),
        Err(errors) => assert_eq!(errors, [(code, place.to_owned())], "{keys}"),
    }
}

#[test]
fn all_of_a_breaker_is_read() {
    let breaker = good(
        r"
models:
  description: what fails is left alone for a while
  stages: [request, tool_call]
  key: [request.provider, request.model]
  when: user.tier != 'internal'
  error_rate: 0.5
  slow: {over: 10s, rate: 0.25}
  consecutive_failures: 5
  window: 2m
  min_calls: 40
  open_for: 45s
  probes: 3
  probe_timeout: 90s
  do: {route: {models: [spare, sparest]}}
",
    );
    let percent = |percent: u32| Share::from_millionths(percent * 10_000);
    let expected = Rule {
        name: "production/calls/models".into(),
        space: Space::Live,
        window: 120 * SECOND,
        calls: 40,
        failures: percent(50),
        slow: percent(25).map(|share| (10 * SECOND, share)),
        in_a_row: Some(5),
        open: 45 * SECOND,
        probes: 3,
        probe_timeout: 90 * SECOND,
    };
    assert_eq!(*breaker.definition, expected);
    assert_eq!(breaker.key.iter().map(|key| &*key.text).collect::<Vec<_>>(), ["request.provider", "request.model"]);
    assert_eq!(breaker.when.unwrap().text.as_ref(), "user.tier != 'internal'");
    assert_eq!(breaker.stages.iter().map(|stage| stage.value).collect::<Vec<_>>(), [Stage::Request, Stage::ToolCall]);
    assert!(matches!((breaker.does, breaker.action), (Does::Route, Some(Action::Route(_)))));
}

#[test]
fn what_is_left_out() {
    let switch = good("everything: {}");
    assert!(!switch.definition.trips() && switch.key.is_empty() && switch.when.is_none());
    assert_eq!((switch.does, switch.mode), (Does::Deny, Mode::Enforce));
    let breaker = good("a: {key: request.model, error_rate: 0.5}").definition;
    assert_eq!((breaker.window, breaker.calls, breaker.open), (60 * SECOND, 20, 30 * SECOND));
    assert_eq!((breaker.probes, breaker.probe_timeout), (1, 60 * SECOND));
    assert_eq!(good("a: {mode: shadow}").definition.space, Space::Shadow);
    assert_eq!(good("a: {do: throttle}").does, Does::Throttle);
    assert_eq!(good("a: {do: {deny: {code: down}}}").does, Does::Deny);
}

#[test]
fn mistakes_are_told() {
    for (keys, code, place) in [
        ("eror_rate: 0.5", "unknown-key", "eror_rate"),
        ("key: []", "empty-list", "[]"),
        ("when: ''", "empty-expression", "''"),
        ("mode: observe", "unknown-value", "observe"),
        ("stages: [requests]", "unknown-value", "requests"),
        ("error_rate: 0", "out-of-range", "0"),
        ("error_rate: 1.0", "out-of-range", "1.0"),
        ("error_rate: 50%", "out-of-range", "50%"),
        ("slow: 5s", "wrong-type", "5s"),
        ("slow: {over: 5s}", "missing-key", "over"),
        ("slow: {over: 5, rate: 0.1}", "wrong-type", "5"),
        ("slow: {ovr: 5s, rate: 0.1}", "unknown-key", "ovr"),
        ("consecutive_failures: 0", "out-of-range", "0"),
        ("consecutive_failures: 3, window: 1m", "wrong-key", "window"),
        ("consecutive_failures: 3, open_for: 10ms", "out-of-range", "10ms"),
        ("consecutive_failures: 3, open_for: 8d", "out-of-range", "8d"),
        ("consecutive_failures: 3, probes: 0", "out-of-range", "0"),
        ("error_rate: 0.5, window: 2d", "out-of-range", "2d"),
        ("open_for: 10s", "wrong-key", "open_for"),
        ("do: {warn: {message: x}}", "wrong-action", "{warn: {message: x}}"),
        ("do: block", "unknown-action", "block"),
        ("do: {throttle: {delay_ms: 5}}", "wrong-action", "{throttle: {delay_ms: 5}}"),
        ("do: {deny: {reson: x}}", "unknown-key", "reson"),
    ] {
        wrong(keys, code, place);
    }
    assert_eq!(read("[a]").unwrap_err(), [("wrong-type", "[a]".to_owned())]);
    assert_eq!(read("a b: {}").unwrap_err(), [("wrong-name", "a b".to_owned())]);
    // All are told.
    let codes: Vec<_> = read("a: {error_rate: 2, min_calls: 0}\nb: {probes: x}")
        .unwrap_err()
        .into_iter()
        .map(|(code, _)| code)
        .collect();
    assert_eq!(codes, ["out-of-range", "out-of-range", "wrong-key", "wrong-type"]);
}
