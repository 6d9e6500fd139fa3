//! Circuit breakers: asked when all documents allow, before limits; fed by outcomes; switched by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use llm_policy_engine::breakers::{CallOutcome, NoSwitch, Switch};
use llm_policy_engine::context::Stage;
use llm_policy_engine::decision::Effect;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::limits::{Changed, Hold, Time, Used};
use llm_policy_engine::{Decision, Engine, Options};
use serde_json::{Value, json};

use crate::common::{engine, now, policy, read, rendered};

const FAILURE: CallOutcome = CallOutcome::Failure;
const SUCCESS: CallOutcome = CallOutcome::Success(1);

/// A document `calls` that allows by default, with these breakers and whatever else.
fn breakers(breakers: &str, rest: &str) -> String {
    policy("calls", &format!("config: {{default_action: allow}}\nbreakers:\n{breakers}{rest}"))
}

fn request(model: &str) -> Value {
    json!({"user": {"id": "ann"}, "request": {"model": model, "provider": "openai", "estimated_cost": 1.0, "estimated_tokens": 10}})
}

fn ask(engine: &Engine, model: &str) -> Decision {
    engine.evaluate(Stage::Request, &request(model), now()).unwrap()
}

/// A call with an outcome.
fn call(engine: &Engine, model: &str, outcome: CallOutcome) {
    let decision = ask(engine, model);
    assert!(decision.allowed(), "{}", decision.reason());
    engine.observe(decision.hold().unwrap(), outcome, now());
}

const MODELS: &str = "  models: {key: request.model, consecutive_failures: 2, open_for: 30s}\n";

/// An engine with a clock of its own, in seconds.
fn clocked(document: String) -> (Engine, Arc<AtomicI64>) {
    let clock = Arc::new(AtomicI64::new(1_795_000_000));
    let read = clock.clone();
    let engine = engine(&[document]).with_clock(move || Time::from_micros(read.load(Ordering::Relaxed) * 1_000_000));
    (engine, clock)
}

#[test]
fn a_breaker_opens_tries_and_closes() {
    let (engine, clock) = clocked(breakers(MODELS, ""));
    call(&engine, "a", FAILURE);
    call(&engine, "a", SUCCESS);
    call(&engine, "a", FAILURE);
    call(&engine, "a", FAILURE);
    let stopped = ask(&engine, "a");
    assert_eq!(
        (stopped.effect(), stopped.code(), stopped.breaker()),
        (Effect::Deny, Some("circuit_open"), Some("models"))
    );
    assert_eq!(
        (stopped.policy(), stopped.rule(), stopped.retry_after_ms()),
        (Some("default/calls"), None, Some(30_000))
    );
    assert_eq!(stopped.reason(), "breaker `models` of policy `default/calls` is open for `a`");
    assert!(stopped.hold().is_none() && stopped.key().is_none());
    let canonical: Value = serde_json::from_str(&stopped.to_canonical_json()).unwrap();
    assert_eq!((&canonical["breaker"], &canonical["retry_after_ms"]), (&json!("models"), &json!(30_000)));
    assert!(ask(&engine, "b").allowed(), "another model has a breaker of its own");

    clock.fetch_add(30, Ordering::Relaxed);
    let probe = ask(&engine, "a");
    assert!(probe.allowed());
    let second = ask(&engine, "a");
    assert_eq!((second.code(), second.retry_after_ms()), (Some("circuit_open"), Some(60_000)));
    assert_eq!(
        second.reason(),
        "breaker `models` of policy `default/calls` is trying whether calls succeed again for `a`"
    );
    engine.observe(probe.hold().unwrap(), SUCCESS, now());
    assert!(ask(&engine, "a").allowed());
}

#[test]
fn a_hold_goes_over_as_text_and_settling_may_tell_the_outcome() {
    let limit = "limits:\n  day: {kind: budget, key: user.id, amount: 10 USD, window: {fixed: 1d}}\n";
    let engine = engine(&[breakers(MODELS, limit)]);
    for _ in 0..2 {
        let decision = ask(&engine, "a");
        let hold = Hold::parse(&decision.hold().unwrap().to_text()).unwrap();
        assert_eq!(Some(&hold), decision.hold());
        let used = Used { outcome: Some(FAILURE), cost: Some(2_000_000), ..Used::default() };
        assert_eq!(engine.settle(&hold, &used, now()).unwrap(), Some(Changed::Done));
    }
    let stopped = ask(&engine, "a");
    assert_eq!(stopped.code(), Some("circuit_open"));
    assert!(stopped.limits().is_empty() && stopped.hold().is_none(), "what a breaker stops takes nothing");
    let other = ask(&engine, "b");
    assert_eq!(other.limits()[0].used, 5_000_000);
}

#[test]
fn without_limits_there_is_nothing_to_settle() {
    let engine = engine(&[breakers(MODELS, "")]);
    let decision = ask(&engine, "a");
    assert_eq!(engine.settle(decision.hold().unwrap(), &Used::default(), now()).unwrap(), None);
    // What only a switch opens wants to hear of nothing.
    let engine = self::engine(&[breakers("  everything: {}\n", "")]);
    assert!(ask(&engine, "a").hold().is_none());
}

#[test]
fn what_a_limit_or_another_breaker_refuses_uses_up_no_probe() {
    let limit = "limits:\n  day: {kind: rate, key: user.id, amount: 2, window: {fixed: 1d}}\n";
    let (engine, clock) = clocked(breakers(&format!("{MODELS}  zzz: {{key: request.provider}}\n"), limit));
    call(&engine, "a", FAILURE);
    call(&engine, "a", FAILURE);
    clock.fetch_add(30, Ordering::Relaxed);
    let at = |engine: &Engine| ask(engine, "a");
    for _ in 0..3 {
        assert_eq!(at(&engine).code(), Some("limit_reached"));
    }
    clock.fetch_add(86_400, Ordering::Relaxed);
    let switch = Switch { reason: "maintenance".into(), until: None };
    engine.switch("zzz", &["openai"], Some(switch), now()).unwrap();
    for _ in 0..3 {
        assert_eq!(at(&engine).code(), Some("switched_off"));
    }
    engine.switch("zzz", &["openai"], None, now()).unwrap();
    // A dry run uses up none either, and a request that is not sent gives it back.
    for _ in 0..3 {
        assert!(engine.dry_run(Stage::Request, &request("a"), now()).unwrap().allowed());
        let explained = engine.explain(Stage::Request, &request("a"), now()).unwrap();
        assert!(explained.decision.allowed());
    }
    let probe = at(&engine);
    assert!(probe.allowed());
    assert_eq!(at(&engine).code(), Some("circuit_open"));
    engine.release(probe.hold().unwrap(), now()).unwrap();
    assert!(at(&engine).allowed());
}

#[test]
fn switches_stop_a_key_or_all_and_say_why() {
    let text =
        "  models: {key: [request.provider, request.model], do: {deny: {public_message: We are down for repairs.}}}\n";
    let (engine, clock) = clocked(breakers(text, ""));
    let until = |seconds: i64| Time::from_micros((1_795_000_000 + seconds) * 1_000_000);
    let off = |reason: &str, until| Some(Switch { reason: reason.into(), until });
    engine.switch("models", &["openai", "a"], off("incident 12", Some(until(60))), now()).unwrap();
    let stopped = ask(&engine, "a");
    assert_eq!(
        (stopped.effect(), stopped.code(), stopped.retry_after_ms()),
        (Effect::Deny, Some("switched_off"), Some(60_000))
    );
    assert_eq!(
        stopped.reason(),
        "breaker `models` of policy `default/calls` is switched off for `openai`, `a`: incident 12"
    );
    assert_eq!(stopped.public_message(), Some("We are down for repairs."));
    assert!(ask(&engine, "b").allowed());
    engine.switch("default/calls/models", &[], off("maintenance", None), now()).unwrap();
    assert_eq!((ask(&engine, "b").code(), ask(&engine, "b").retry_after_ms()), (Some("switched_off"), None));
    let listed = engine.switches(now());
    assert_eq!(
        listed.iter().map(|set| (&*set.breaker, set.key.len(), &*set.reason)).collect::<Vec<_>>(),
        [("default/calls/models", 0, "maintenance"), ("default/calls/models", 2, "incident 12")]
    );
    // It stays when policies are reloaded; a clone sees it.
    engine.adopt(&self::engine(&[breakers("  models: {key: [request.provider, request.model]}\n", "")]));
    assert_eq!(ask(&engine.clone(), "b").code(), Some("switched_off"));
    engine.switch("models", &[], None, now()).unwrap();
    assert!(ask(&engine, "b").allowed());
    clock.fetch_add(60, Ordering::Relaxed);
    assert!(ask(&engine, "a").allowed() && engine.switches(now()).is_empty());

    let wrong = |name: &str, key: &[&str]| engine.switch(name, key, None, now()).unwrap_err();
    assert!(wrong("model", &[]).to_string().contains("did you mean `models`?"));
    assert_eq!(wrong("models", &["openai"]), NoSwitch::Parts { found: 1, wanted: 2 });
    let long = "x".repeat(2000);
    assert!(matches!(wrong("models", &[&long, "a"]), NoSwitch::TooLong(_)));
}

#[test]
fn a_name_that_several_documents_have_is_refused() {
    let other = policy("other", "config: {default_action: allow}\nbreakers:\n  everything: {}\n");
    let engine = engine(&[breakers("  everything: {}\n", ""), other]);
    let switch = |name| engine.switch(name, &[], Some(Switch { reason: "x".into(), until: None }), now());
    assert_eq!(switch("everything"), Err(NoSwitch::Ambiguous("everything".into())));
    switch("default/other/everything").unwrap();
    assert_eq!(ask(&engine, "a").policy(), Some("default/other"));
}

#[test]
fn throttle_says_when_and_a_code_of_its_own_counts() {
    let text = "  a: {key: request.model, consecutive_failures: 1, do: throttle}\n";
    let (engine, _) = clocked(breakers(text, ""));
    call(&engine, "a", FAILURE);
    let stopped = ask(&engine, "a");
    assert_eq!(
        (stopped.effect(), stopped.code(), stopped.retry_after_ms()),
        (Effect::Throttle, Some("circuit_open"), Some(30_000))
    );
    let text = "  a: {key: request.model, consecutive_failures: 1, do: {deny: {code: down, reason: '{{ request.model }} fails'}}}\n";
    let (engine, _) = clocked(breakers(text, ""));
    call(&engine, "a", FAILURE);
    let stopped = ask(&engine, "a");
    assert_eq!((stopped.code(), stopped.reason().as_ref()), (Some("down"), "a fails"));
}

#[test]
fn a_breaker_sends_what_it_stops_elsewhere_and_passes_over_what_fails_too() {
    let text = "  models: {key: request.model, consecutive_failures: 1, do: {route: {models: [b, c]}}}\n";
    let rule = "rules:\n  - {id: no-c, when: request.model == 'c' && user.tier == 'free', actions: [{deny: {reason: not c}}]}\n";
    let engine = engine(&[breakers(text, rule)]).handles(Handles::NONE.with("route").unwrap());
    let routed = |decision: &Decision| decision.route().and_then(|route| route.model.as_deref().map(str::to_owned));
    let ask = |tier: &str| {
        let mut request = request("a");
        request["user"]["tier"] = json!(tier);
        engine.evaluate(Stage::Request, &request, now()).unwrap()
    };
    let first = ask("gold");
    assert_eq!(routed(&first), None);
    engine.observe(first.hold().unwrap(), FAILURE, now());
    let second = ask("gold");
    assert!(second.allowed(), "{}", second.reason());
    assert_eq!(routed(&second).as_deref(), Some("b"));
    let asked: Vec<_> =
        second.obligations().map(|(_, by, action, params)| (by.kind(), by.name(), action, params)).collect();
    assert_eq!(asked, [("breaker", "models", "route", &json!({"model": "b"}))]);
    // The outcome is that of the model that was called.
    engine.observe(second.hold().unwrap(), FAILURE, now());
    assert_eq!(routed(&ask("gold")).as_deref(), Some("c"));
    let refused = ask("free");
    assert_eq!((refused.effect(), refused.code()), (Effect::Deny, Some("no_route")));
    let third = ask("gold");
    engine.observe(third.hold().unwrap(), FAILURE, now());
    let stopped = ask("gold");
    assert_eq!((stopped.code(), stopped.breaker()), (Some("circuit_open"), Some("models")));
    assert_eq!(stopped.reason(), "breaker `models` of policy `default/calls` is open for `c`");
}

#[test]
fn a_breaker_does_not_send_a_call_to_the_model_that_it_stops() {
    // The same whether or not anything else reads the model.
    for limits in ["", "limits:\n  calls: {kind: rate, key: user.id, amount: 100, window: {fixed: 1d}}\n"] {
        let stops = |breaker: &str| {
            let engine = engine(&[breakers(breaker, limits)]).handles(Handles::NONE.with("route").unwrap());
            call(&engine, "a", FAILURE);
            ask(&engine, "a")
        };
        let stopped = stops("  models: {key: request.model, consecutive_failures: 1, do: {route: {model: a}}}\n");
        assert_eq!((stopped.code(), stopped.route().is_none()), (Some("circuit_open"), true), "{limits}");
        let text =
            "  providers: {key: request.provider, consecutive_failures: 1, do: {route: {model: a, provider: azure}}}\n";
        let routed = stops(text);
        let asked: Vec<_> = routed.obligations().map(|(_, _, action, params)| (action, params)).collect();
        assert_eq!(asked, [("route", &json!({"provider": "azure"}))], "{limits}");
    }
}

#[test]
fn an_error_of_a_breaker_names_the_clause_that_failed() {
    let text = "  calls: {when: user.tier == 'free', key: user.team, consecutive_failures: 1}\n";
    let engine = engine(&[breakers(text, "")]);
    let decision = engine.evaluate(Stage::Request, &json!({"request": {"model": "a"}}), now()).unwrap();
    let errors: Vec<_> =
        decision.errors().iter().map(|error| (error.clause.as_deref(), error.path.as_deref())).collect();
    assert_eq!(errors, [(Some("when"), Some("user.tier")), (Some("key"), Some("user.team"))]);
    assert!(!decision.allowed());
}

#[test]
fn a_host_that_does_not_route_is_told() {
    let text = "  models: {key: request.model, consecutive_failures: 1, do: {route: {model: b}}}\n";
    let engine = engine(&[breakers(text, "")]).handles(Handles::NONE);
    call(&engine, "a", FAILURE);
    let refused = ask(&engine, "a");
    assert_eq!(
        (refused.code(), refused.breaker(), refused.unhandled()),
        (Some("unhandled_obligation"), Some("models"), Some("route"))
    );
}

#[test]
fn a_rule_that_routes_passes_over_a_model_that_fails() {
    let rule = "rules:\n  - {id: cheap, when: request.model == 'auto', actions: [{route: {models: [a, b]}}]}\n";
    let engine = engine(&[breakers(MODELS, rule)]).handles(Handles::NONE.with("route").unwrap());
    let model = || ask(&engine, "auto").route().unwrap().model.clone().unwrap();
    assert_eq!(&*model(), "a");
    call(&engine, "a", FAILURE);
    call(&engine, "a", FAILURE);
    assert_eq!(&*model(), "b");
}

#[test]
fn in_shadow_it_opens_and_stops_nothing() {
    let text = "  models: {mode: shadow, key: request.model, consecutive_failures: 1}\n";
    let (engine, clock) = clocked(breakers(text, ""));
    call(&engine, "a", FAILURE);
    let decision = ask(&engine, "a");
    assert!(decision.allowed() && decision.shadow_effect() == Some(Effect::Deny));
    let shadow = &decision.to_json()["shadow"];
    assert_eq!((&shadow["code"], &shadow["breaker"]), (&json!("circuit_open"), &json!("models")));
    assert_eq!(shadow["reason"], json!("breaker `models` of policy `default/calls` is open for `a`"));
    clock.fetch_add(30, Ordering::Relaxed);
    let probe = ask(&engine, "a");
    assert_eq!((probe.allowed(), probe.shadow_effect()), (true, None));
    engine.observe(probe.hold().unwrap(), SUCCESS, now());
    assert_eq!(ask(&engine, "a").shadow_effect(), None);
}

#[test]
fn a_key_without_a_value_denies_and_a_condition_that_fails_asks() {
    let engine = engine(&[breakers("  models: {key: request.provider}\n  some: {when: user.mfa_verified}\n", "")]);
    let asked = |context: Value| engine.evaluate(Stage::Request, &context, now()).unwrap();
    let refused = asked(json!({"user": {"mfa_verified": false}, "request": {"model": "a"}}));
    assert_eq!(
        (refused.effect(), refused.code(), refused.breaker()),
        (Effect::Deny, Some("breaker_failed"), Some("models"))
    );
    assert_eq!(
        refused.to_json()["errors"],
        json!([{"policy": "default/calls", "breaker": "models", "clause": "key",
        "path": "request.provider", "cause": refused.errors()[0].cause}])
    );
    engine.switch("some", &[], Some(Switch { reason: "x".into(), until: None }), now()).unwrap();
    let unknown = asked(json!({"request": {"provider": "p"}}));
    assert_eq!((unknown.code(), unknown.errors()[0].clause.as_deref()), (Some("switched_off"), Some("when")));
    assert!(asked(json!({"user": {"mfa_verified": false}, "request": {"provider": "p"}})).allowed());
    // In shadow it denies nothing.
    let engine = self::engine(&[breakers("  models: {mode: shadow, key: request.provider, error_rate: 0.5}\n", "")]);
    let decision = engine.evaluate(Stage::Request, &json!({}), now()).unwrap();
    assert_eq!((decision.allowed(), decision.errors().len()), (true, 1));
}

#[test]
fn tools_have_breakers_in_their_stages() {
    let text = "  tools: {stages: [tool_call], key: tool.server, consecutive_failures: 1}\n  stop: {stages: [request, tool_call]}\n";
    let engine = engine(&[breakers(text, "")]);
    let tool = || engine.evaluate(Stage::ToolCall, &json!({"tool": {"name": "t", "server": "s"}}), now()).unwrap();
    assert!(ask(&engine, "a").hold().is_none());
    let called = tool();
    assert!(called.allowed());
    engine.observe(called.hold().unwrap(), FAILURE, now());
    assert_eq!((tool().code(), ask(&engine, "a").allowed()), (Some("circuit_open"), true));
    engine.switch("stop", &[], Some(Switch { reason: "x".into(), until: None }), now()).unwrap();
    assert_eq!((tool().breaker(), ask(&engine, "a").breaker()), (Some("tools"), Some("stop")));
}

#[test]
fn an_exchange_reports_once_and_asks_anew_for_the_same_request() {
    let (engine, clock) = clocked(breakers(MODELS, ""));
    call(&engine, "a", FAILURE);
    call(&engine, "a", FAILURE);
    clock.fetch_add(30, Ordering::Relaxed);
    let mut exchange = engine.exchange(&json!({"user": {"id": "ann"}})).unwrap();
    let body = json!({"request": {"model": "a"}});
    // The probe that it has is not in its own way.
    for _ in 0..3 {
        let decision = exchange.evaluate(Stage::Request, &body, now()).unwrap();
        assert!(decision.allowed(), "{}", decision.reason());
    }
    let mut exchange = engine.resume_exchange(exchange.to_json().as_bytes()).unwrap();
    assert!(exchange.observe(SUCCESS, now()));
    assert!(!exchange.observe(FAILURE, now()) && exchange.hold().is_none());
    assert!(ask(&engine, "a").allowed());
    // Another request gives back what the first one had.
    call(&engine, "a", FAILURE);
    call(&engine, "a", FAILURE);
    clock.fetch_add(30, Ordering::Relaxed);
    exchange.evaluate(Stage::Request, &body, now()).unwrap();
    exchange.evaluate(Stage::Request, &json!({"request": {"model": "b"}}), now()).unwrap();
    assert!(ask(&engine, "a").allowed());
}

#[test]
fn a_report_of_another_process_counts_where_it_is_made() {
    let document = || breakers(MODELS, "");
    let (here, there) = (engine(&[document()]), engine(&[document()]));
    for _ in 0..2 {
        let decision = ask(&here, "a");
        there.observe(decision.hold().unwrap(), FAILURE, now());
    }
    assert!(ask(&here, "a").allowed());
    assert_eq!(ask(&there, "a").code(), Some("circuit_open"));
}

#[test]
fn what_is_wrong_is_told_when_it_is_loaded() {
    let told = |text: &str| rendered(&Engine::new(vec![read(text)], Options::default()).unwrap_err());
    let message = |text: &str| told(&breakers(text, ""));
    for (text, part) in [
        (
            "  a: {key: request.prompt}\n",
            "a breaker stands for what is called, and `request.prompt` comes from the body",
        ),
        ("  a: {key: user.roles}\n", "`key` must be text, an integer or a bool"),
        ("  a: {when: user.id}\n", "a condition is true or false"),
        ("  a: {key: request.modle}\n", "did you mean"),
    ] {
        let found = message(text);
        assert!(found.contains(part), "{text}: {found}");
    }
    let uncovered = policy("calls", "config: {stages: [request]}\nbreakers:\n  a: {stages: [tool_call]}\n");
    assert!(told(&uncovered).contains("which the document does not cover"));
}
