//! Counters and audit records.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use llm_policy_embed::{
    AuditOptions, Documents, Effect, Engine, ErrorCode, Format, Handles, Options, Question, Record, Stage,
};

const POLICY: &str = r#"
version: "1.0"
metadata: {name: p}
config: {default_action: allow, stages: [request, response]}
rules:
  - {id: free, when: user.tier == 'free', actions: [{type: deny, reason: "no {{ user.id }}", code: no_free}]}
  - {id: slow, when: user.tier == 'slow', actions: [{type: throttle, delay_ms: 5}]}
  - {id: trial, mode: shadow, when: user.tier == 'gold', actions: [{type: require_approval}]}
"#;

const FREE: &[u8] = br#"{"user": {"tier": "free", "id": "ann"}}"#;
const GOLD: &[u8] = br#"{"user": {"tier": "gold"}}"#;
const SLOW: &[u8] = br#"{"user": {"tier": "slow"}}"#;

fn documents(policy: &str) -> Documents {
    let mut documents = Documents::new();
    documents.add_bytes(policy.as_bytes(), "p.yaml");
    documents
}

fn engine() -> Engine {
    documents(POLICY).check(Options::default()).into_engine().unwrap()
}

fn ask(engine: &Engine, input: &[u8]) -> Option<Effect> {
    engine.evaluate(input, Question::default()).ok().map(|decision| decision.effect())
}

#[test]
fn every_way_to_ask_is_counted() {
    let engine = engine();
    let clone = engine.clone().handles(Handles::ALL);
    let answered = Question { stage: Stage::Response, ..Question::default() };
    assert_eq!(ask(&engine, FREE), Some(Effect::Deny));
    assert_eq!(ask(&clone, SLOW), Some(Effect::Throttle));
    assert_eq!(ask(&engine, b"{"), None);
    assert_eq!(ask(&engine, b"{}"), Some(Effect::Deny));
    let prepared = engine.prepare(GOLD).unwrap();
    engine.evaluate_prepared(&prepared, Question::default()).unwrap();
    engine.evaluate_input(&serde_json::json!({"user": {"tier": "gold"}}), Question::default()).unwrap();
    engine.evaluate_body(Format::OpenaiChat, br#"{"messages": []}"#, GOLD, Question::default()).unwrap();
    let exchange = engine.exchange(GOLD).unwrap();
    exchange.evaluate(br#"{"response": {"text": ""}}"#, answered).unwrap();
    exchange.evaluate(GOLD, answered).unwrap_err();
    engine.explain(GOLD, Question::default()).unwrap();
    engine.reload(documents("nonsense")).unwrap_err();
    engine.reload(documents(POLICY)).unwrap();
    engine.evaluate_prepared(&prepared, Question::default()).unwrap_err();

    let metrics = clone.metrics();
    assert_eq!(metrics.decisions(Stage::Request, Effect::Deny), 2);
    assert_eq!(metrics.decisions(Stage::Request, Effect::Throttle), 1);
    assert_eq!(metrics.decisions(Stage::Request, Effect::Allow), 3);
    assert_eq!(metrics.decisions(Stage::Response, Effect::Allow), 1);
    assert_eq!(metrics.decisions(Stage::ToolCall, Effect::Allow), 0);
    assert_eq!(metrics.refused(ErrorCode::InvalidInput), 2);
    assert_eq!(metrics.refused(ErrorCode::StaleInput), 1);
    assert_eq!((metrics.rule_errors, metrics.reloads, metrics.refused_reloads), (1, 1, 1));
    assert_eq!((metrics.audit_recorded, metrics.audit_dropped), (0, 0));
    assert_eq!(metrics.to_json()["decisions"]["request"]["throttle"], 1);
    assert_eq!(metrics.to_json()["refused"]["stale_input"], 1);
    assert_eq!(self::engine().metrics().decisions(Stage::Request, Effect::Deny), 0, "another engine");
}

#[test]
fn counters_lose_nothing_between_threads() {
    let engine = engine();
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| (0..50).for_each(|_| assert_eq!(ask(&engine, FREE), Some(Effect::Deny))));
        }
    });
    assert_eq!(engine.metrics().decisions(Stage::Request, Effect::Deny), 24 * 50);
}

#[test]
fn a_record_says_what_was_decided_and_holds_no_content() {
    let engine = engine();
    assert_eq!(ask(&engine, FREE), Some(Effect::Deny));
    assert_eq!(engine.audit_drain(9).records, [], "off unless it is switched on");
    engine.audit_start(AuditOptions { key: Some(b"secret".to_vec()), ..AuditOptions::default() }).unwrap();
    for input in [FREE, GOLD, b"{", FREE] {
        ask(&engine, input);
    }
    let exchange = engine.exchange(GOLD).unwrap();
    exchange.evaluate(br#"{"request": {"model": "m"}}"#, Question::default()).unwrap();
    let drained = engine.audit_drain(3);
    assert_eq!((drained.records.len(), drained.dropped, drained.waiting), (3, 0, 2));
    let [deny, allow, refused] = drained.records.as_slice() else { panic!() };
    assert_eq!(
        (deny.effect, deny.rule.as_deref(), deny.policy.as_deref()),
        (Effect::Deny, Some("free"), Some("default/p"))
    );
    assert_eq!((deny.code.as_deref(), deny.sequence, deny.process), (Some("no_free"), 1, std::process::id()));
    assert_eq!(deny.bundle, engine.bundle());
    assert_eq!((allow.effect, allow.rule.as_deref(), allow.shadow), (Effect::Allow, None, Some(Effect::Deny)));
    assert_eq!((refused.effect, refused.code.as_deref()), (Effect::Deny, Some("invalid_input")));
    assert_eq!(refused.bundle, engine.bundle());
    let rest = engine.audit_drain(usize::MAX).records;
    assert_eq!(rest.iter().map(|r| r.sequence).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(rest.first().unwrap().input, deny.input, "the same input has the same digest");
    assert_ne!(rest.last().unwrap().input, deny.input);
    let json = drained.to_json().to_string();
    assert!(json.contains(r#""rule":"free""#) && !json.contains("ann"), "{json}");
    engine.audit_stop();
    ask(&engine, FREE);
    assert_eq!(engine.audit_drain(9).records, []);
}

#[test]
fn a_digest_is_hmac_sha256() {
    let engine = engine();
    engine.audit_start(AuditOptions { key: Some(b"key".to_vec()), capacity: 2 }).unwrap();
    ask(&engine, b"The quick brown fox jumps over the lazy dog");
    let record = engine.audit_drain(1).records.remove(0);
    // RFC 2104 with SHA-256: the example that Wikipedia gives for HMAC.
    assert_eq!(record.input.as_deref(), Some("f7bc83f430538424b13298e6aa6fb143"));
    for capacity in [0, usize::MAX] {
        let error = engine.audit_start(AuditOptions { key: None, capacity }).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidArgument);
    }
}

#[test]
fn room_is_kept_for_denies() {
    let engine = engine();
    engine.audit_start(AuditOptions { capacity: 8, key: None }).unwrap();
    for _ in 0..20 {
        ask(&engine, GOLD);
    }
    for _ in 0..5 {
        ask(&engine, FREE);
    }
    let drained = engine.audit_drain(100);
    let effects: Vec<Effect> = drained.records.iter().map(|record| record.effect).collect();
    assert_eq!(effects, [[Effect::Allow; 6].as_slice(), &[Effect::Deny; 2]].concat());
    assert_eq!((drained.dropped, drained.waiting), (14 + 3, 0));
    let sequences: Vec<u64> = drained.records.iter().map(|record| record.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5, 6, 21, 22], "a number that is missing was dropped");
    let metrics = engine.metrics();
    assert_eq!((metrics.audit_recorded, metrics.audit_dropped), (8, 17));
    ask(&engine, GOLD);
    let next = engine.audit_drain(100);
    assert_eq!((next.records.first().unwrap().sequence, next.dropped), (26, 0));
}

#[test]
fn producers_and_a_drain_lose_nothing_uncounted() {
    const THREADS: u64 = 8;
    const EACH: u64 = 400;
    let engine = engine();
    engine.audit_start(AuditOptions { capacity: 64, key: None }).unwrap();
    let mut seen: Vec<Record> = Vec::new();
    let mut dropped = 0;
    std::thread::scope(|scope| {
        let producers: Vec<_> = (0..THREADS)
            .map(|n| {
                let engine = engine.clone();
                let input = if n % 2 == 0 { FREE } else { GOLD };
                scope.spawn(move || (0..EACH).for_each(|_| assert!(ask(&engine, input).is_some())))
            })
            .collect();
        while producers.iter().any(|producer| !producer.is_finished()) {
            let drained = engine.audit_drain(7);
            seen.extend(drained.records);
            dropped += drained.dropped;
            std::thread::yield_now();
        }
    });
    let drained = engine.audit_drain(usize::MAX);
    seen.extend(drained.records);
    dropped += drained.dropped;
    assert_eq!(seen.len() as u64 + dropped, THREADS * EACH);
    let sequences: Vec<u64> = seen.iter().map(|record| record.sequence).collect();
    assert!(sequences.is_sorted(), "in order");
    assert_eq!(sequences.iter().collect::<BTreeSet<_>>().len(), sequences.len(), "each once");
    assert!(sequences.iter().all(|sequence| (1..=THREADS * EACH).contains(sequence)));
}

#[test]
fn plain_allows_are_recorded_where_a_document_wants_them() {
    const QUIET: &str = r#"
version: "1.0"
metadata: {name: quiet}
config: {default_action: allow, audit_all_decisions: false}
rules:
  - {id: no, when: user.tier == 'free', actions: [{type: deny}]}
  - {id: noted, when: user.tier == 'gold', actions: [audit]}
  - {id: trial, mode: shadow, when: user.tier == 'slow', actions: [{type: deny}]}
exceptions: [{id: break-glass, rules: [no], when: user.id == 'eve'}]
"#;
    const LOUD: &str = "{version: '1.0', metadata: {name: loud}, config: {default_action: allow, stages: [STAGE]}, rules: [{id: r, stages: [STAGE], when: 'false', actions: [{type: warn, message: x}]}]}";
    let recorded = |others: &[&str], input: &[u8]| {
        let mut documents = documents(QUIET);
        for (number, stage) in others.iter().enumerate() {
            documents.add_bytes(LOUD.replace("STAGE", stage).as_bytes(), &format!("{number}.yaml"));
        }
        let engine = documents.check(Options::default()).into_engine().unwrap().handles(Handles::ALL);
        engine.audit_start(AuditOptions::default()).unwrap();
        let _ = engine.evaluate(input, Question::default());
        engine.audit_drain(9).records.len()
    };
    let plain: &[u8] = br#"{"user": {"tier": "team", "id": "ann"}}"#;
    assert_eq!(recorded(&[], plain), 0);
    assert_eq!(recorded(&["request"], plain), 1, "another document wants it");
    assert_eq!(recorded(&["response"], plain), 0, "of another stage");
    for said in [
        FREE,
        b"{",
        br#"{"user": {"tier": "gold", "id": "ann"}}"#,
        br#"{"user": {"tier": "slow", "id": "ann"}}"#,
        br#"{"user": {"tier": "free", "id": "eve"}}"#,
    ] {
        assert_eq!(recorded(&[], said), 1, "{}", String::from_utf8_lossy(said));
    }
}
