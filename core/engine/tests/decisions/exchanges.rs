//! Facts, prepared inputs, reloading, and the stages of one turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use llm_policy_engine::context::Stage;
use llm_policy_engine::engine::Step;
use serde_json::json;

use super::common::{decide, documents, engine, now, policy, rules};

#[test]
fn facts_are_asked_for_and_the_evaluation_goes_on() {
    let engine = engine(&[rules(
        "  - {id: r, when: \"user.tier == 'free' && shield.score > 0.5 && system.load > 0.5\", actions: [{type: deny, reason: no}]}\n",
    )]);
    let free = json!({"user": {"tier": "free"}});
    let need = || match engine.start(Stage::Request, &free, now()).unwrap() {
        Step::Need(need) => need,
        Step::Done(decision) => panic!("{}", decision.to_json()),
    };
    assert_eq!(need().facts().iter().map(|f| &**f).collect::<Vec<_>>(), ["shield.score", "system.load"]);
    let decide = |facts| need().resume(&facts).unwrap().allowed();
    assert!(!decide(json!({"shield": {"score": 0.9}, "system": {"load": 1}})));
    assert!(decide(json!({"shield": {"score": 0.1}, "system": {"load": 1}})));
    // What is still absent is an error of the rule.
    assert!(!decide(json!({})));
    assert!(!decide(json!({"shield": {"score": "high"}, "system": {"load": 1}})));
    assert!(need().resume(&json!({"user": {"tier": "gold"}})).is_err());
    assert!(need().resume(&json!({"request": {"model": "x"}})).is_err());
    assert!(need().resume(&json!([])).is_err());
    // Nobody is asked for what no rule needs.
    let gold = json!({"user": {"tier": "gold"}});
    assert!(matches!(engine.start(Stage::Request, &gold, now()).unwrap(), Step::Done(d) if d.allowed()));
}

#[test]
fn facts_are_asked_for_beside_many_errors() {
    let many: String = (0..100)
        .map(|n| {
            format!(
                "  - {{id: r{n}, priority: 1, when: \"1 / request.max_tokens == {n}\", actions: [{{type: log}}]}}\n"
            )
        })
        .collect();
    let text = format!("{many}  - {{id: fact, when: \"shield.score > 0.5\", actions: [{{type: deny, reason: no}}]}}\n");
    let engine = engine(&[rules(&text)]);
    let context = json!({"request": {"max_tokens": 0}});
    assert!(
        matches!(engine.start(Stage::Request, &context, now()).unwrap(), Step::Need(need) if need.facts().len() == 1)
    );
}

#[test]
fn a_prepared_input_is_stale_after_a_reload() {
    let deny = rules("  - {id: r, when: \"user.tier == 'free'\", actions: [{type: deny, reason: no}]}\n");
    let engine = engine(std::slice::from_ref(&deny));
    let context = json!({"user": {"tier": "free"}});
    let prepared = engine.prepare(&context).unwrap();
    assert!(!engine.evaluate_prepared(Stage::Request, &prepared, now()).unwrap().allowed());
    assert!(
        engine
            .reload(documents(&[rules(
                "  - {id: r, when: \"user.tier == 'x'\", actions: [{type: deny, reason: no}]}\n"
            )]))
            .is_ok()
    );
    assert!(engine.evaluate_prepared(Stage::Request, &prepared, now()).is_err());
    assert!(decide(&engine, &context).allowed());
    // The same text again is another program, but the same bundle.
    let bundle = engine.bundle();
    assert!(engine.reload(documents(std::slice::from_ref(&deny))).is_ok());
    assert_ne!(bundle, engine.bundle());
    assert_eq!(engine.bundle(), super::common::engine(&[deny]).bundle());
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let engine = engine(&[rules("  - {id: r, when: \"true\", actions: [{type: deny, reason: no}]}\n")]);
    let clone = engine.clone();
    let bundle = engine.bundle();
    assert!(engine.reload(documents(&[rules("  - {id: r, when: \"user.teir == 'x'\", actions: [allow]}\n")])).is_err());
    assert_eq!(bundle, engine.bundle());
    assert!(!decide(&engine, &json!({})).allowed());
    assert!(engine.reload(documents(&[rules("  - {id: r, when: \"true\", actions: [allow]}\n")])).is_ok());
    assert!(decide(&clone, &json!({})).allowed(), "all clones see a reload");
}

#[test]
fn an_exchange_keeps_what_it_began_with() {
    let text = policy(
        "p",
        "config: {default_action: allow, stages: [request, tool_call, tool_result, response]}\nrules:\n  - {id: r, stages: [response], when: \"user.tier == 'free' && request.model == 'big' && response.text.contains('x')\", actions: [{type: deny, reason: no}]}\n  - {id: t, stages: [tool_call], when: \"tool.name == 'shell' && request.model == 'big'\", actions: [{type: deny, reason: no}]}\n",
    );
    let engine = engine(&[text]);
    let mut exchange = engine.exchange(&json!({"user": {"tier": "free"}})).unwrap();
    assert!(exchange.evaluate(Stage::Request, &json!({"request": {"model": "big"}}), now()).unwrap().allowed());
    assert!(!exchange.evaluate(Stage::ToolCall, &json!({"tool": {"name": "shell"}}), now()).unwrap().allowed());
    // A reload is not for an exchange that began before.
    assert!(engine.reload(documents(&[rules("  - {id: r, when: \"true\", actions: [allow]}\n")])).is_ok());
    assert_ne!(exchange.bundle(), &*engine.bundle());
    let response = json!({"response": {"text": "x"}});
    assert!(!exchange.evaluate(Stage::Response, &response, now()).unwrap().allowed());
    assert!(engine.resume_exchange(exchange.to_json().as_bytes()).is_err(), "other policies");
}

#[test]
fn an_exchange_goes_on_in_another_process() {
    let text = policy(
        "p",
        "config: {default_action: allow, stages: [request, response]}\nrules:\n  - {id: r, stages: [response], when: \"user.tier == 'free' && request.model == 'big'\", actions: [{type: deny, reason: no}]}\n",
    );
    let (here, there) = (engine(std::slice::from_ref(&text)), engine(&[text]));
    let mut exchange = here.exchange(&json!({"user": {"tier": "free"}})).unwrap();
    assert!(exchange.evaluate(Stage::Request, &json!({"request": {"model": "big"}}), now()).unwrap().allowed());
    let mut exchange = there.resume_exchange(exchange.to_json().as_bytes()).unwrap();
    assert_eq!(exchange.evaluate(Stage::Response, &json!({"response": {}}), now()).unwrap().rule(), Some("r"));
    for text in ["", "{}", "[]", "{\"bundle\": \"x\"}", "null"] {
        assert!(there.resume_exchange(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_body_cannot_say_who_asks() {
    let text = "version: \"1.0\"\nmetadata: {name: p}\nschema: {clearance.level: {type: int}, request.context.x: {type: int}}\nconfig: {default_action: allow}\nrules:\n  - {id: r, when: \"clearance.level < 5\", actions: [{type: deny, reason: no}]}\n  - {id: cost, when: \"request.estimated_cost > 1.0\", actions: [{type: deny, reason: no}]}\n";
    let engine = engine(&[text]);
    let exchange = || engine.exchange(&json!({"clearance": {"level": 1}})).unwrap();
    for body in [
        json!({"user": {"tier": "gold"}}),
        json!({"clearance": {"level": 9}}),
        json!({"shield": {"score": 0}}),
        json!({"now": "2026-01-01T00:00:00Z"}),
        json!({"model": {"tier": "x"}}),
        json!({"request": {"estimated_cost": 0.0}}),
        json!({"request": {"text": "x"}}),
    ] {
        assert!(exchange().evaluate(Stage::Request, &body, now()).is_err(), "{body}");
    }
    let fine = json!({"request": {"model": "m", "context": {"x": 1}}, "metadata": {"clearance": 9}});
    assert_eq!(exchange().evaluate(Stage::Request, &fine, now()).unwrap().rule(), Some("r"));
    assert!(engine.exchange(&json!({"request": {"model": "m"}})).is_err());
    // The host may say what the engine has not computed itself.
    let mut costly = engine.exchange(&json!({"clearance": {"level": 9}, "request": {"estimated_cost": 2.0}})).unwrap();
    let decision = costly.evaluate(Stage::Request, &json!({"request": {"model": "m"}}), now()).unwrap();
    assert_eq!(decision.rule(), Some("cost"));
}

#[test]
fn every_decision_under_reloads_is_of_one_bundle() {
    // Under each bundle the tag, the reason and the model agree; a torn decision would mix them.
    let text = |n: usize| {
        rules(&format!(
            "  - {{id: r{n}, when: \"user.tier == 'free' && request.prompt.matches('a+b')\", actions: [{{type: deny, reason: n{n}, code: c{n}}}, {{type: tag, values: {{n: \"{n}\"}}}}, {{type: log, message: n{n}}}]}}\n"
        ))
    };
    let engine = engine(&[text(0)]);
    let bundles: Vec<Arc<str>> = (0..4).map(|n| super::common::engine(&[text(n)]).bundle()).collect();
    let context = json!({"user": {"tier": "free"}, "request": {"prompt": "xaab"}});
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = 0_usize;
                    while !done.load(Ordering::Relaxed) {
                        let prepared = engine.prepare(&context).unwrap();
                        let decisions = [
                            engine.evaluate(Stage::Request, &context, now()).ok(),
                            engine.evaluate_prepared(Stage::Request, &prepared, now()).ok(),
                        ];
                        for decision in decisions.into_iter().flatten() {
                            let n = bundles.iter().position(|b| **b == *decision.bundle()).expect("a bundle of ours");
                            assert_eq!(decision.rule(), Some(format!("r{n}").as_str()));
                            assert_eq!(decision.reason(), format!("n{n}"));
                            assert_eq!(decision.code(), Some(format!("c{n}").as_str()));
                            let params: Vec<_> =
                                decision.obligations().map(|(_, _, _, params)| params.clone()).collect();
                            assert_eq!(
                                params,
                                [json!({"values": {"n": n}}), json!({"level": "info", "message": format!("n{n}")})]
                            );
                            seen += 1;
                        }
                    }
                    seen
                })
            })
            .collect();
        for n in 0..60 {
            assert!(engine.reload(documents(&[text(n % 4)])).is_ok());
        }
        done.store(true, Ordering::Relaxed);
        let seen: usize = readers.into_iter().map(|r| r.join().unwrap()).sum();
        assert!(seen > 0);
    });
}
