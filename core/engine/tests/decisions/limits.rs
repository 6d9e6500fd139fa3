//! Limits: taken when all documents allow, seen in conditions, held until settled.

use std::sync::Arc;

use llm_policy_engine::context::Stage;
use llm_policy_engine::decision::Effect;
use llm_policy_engine::handles::Handles;
use llm_policy_engine::limits::{Books, Changed, Hold, Kind, Memory, State, Usage, Used};
use llm_policy_engine::{Decision, Engine, Options};
use serde_json::{Value, json};

use crate::common::{at, documents, engine, now, policy, rendered};

/// A document `money` that allows by default, with these limits and rules.
fn limits(limits: &str, rules: &str) -> String {
    let rules = if rules.is_empty() { String::new() } else { format!("rules:\n{rules}") };
    policy("money", &format!("config: {{default_action: allow}}\nlimits:\n{limits}{rules}"))
}

fn request(user: &str, cost: f64) -> Value {
    json!({"user": {"id": user}, "request": {"model": "gpt-4o-mini", "estimated_cost": cost, "estimated_tokens": 100}})
}

fn ask(engine: &Engine, input: &Value) -> Decision {
    engine.evaluate(Stage::Request, input, now()).unwrap()
}

const BUDGET: &str = "  daily: {kind: budget, key: user.id, amount: 10 USD, window: {calendar: day, timezone: UTC}}\n";

#[test]
fn a_budget_runs_out_and_counts_anew_the_next_day() {
    let engine = engine(&[limits(BUDGET, "")]);
    assert!(ask(&engine, &request("ann", 6.0)).allowed());
    let refused = ask(&engine, &request("ann", 6.0));
    assert_eq!(refused.effect(), Effect::Deny);
    assert_eq!(refused.code(), Some("limit_reached"));
    assert_eq!((refused.rule(), refused.limit(), refused.policy()), (None, Some("daily"), Some("default/money")));
    assert_eq!(refused.reason(), "limit `daily` of policy `default/money` is reached: with this request, 12 of 10 USD");
    assert!(refused.hold().is_none());
    // Others have a budget of their own, and what fits still fits.
    assert!(ask(&engine, &request("bob", 6.0)).allowed());
    assert!(ask(&engine, &request("ann", 4.0)).allowed());
    assert!(!ask(&engine, &request("ann", 0.000_001)).allowed());
    let tomorrow = engine.evaluate(Stage::Request, &request("ann", 6.0), at("2026-07-02T00:00:00Z")).unwrap();
    assert!(tomorrow.allowed());
}

#[test]
fn what_is_refused_takes_nothing_from_any_limit() {
    let two = "  all: {kind: budget, key: \"'all'\", amount: 100 USD, window: {fixed: 1d}}\n";
    let engine = engine(&[limits(&format!("{BUDGET}{two}"), "")]);
    assert!(!ask(&engine, &request("ann", 11.0)).allowed());
    let decision = ask(&engine, &request("ann", 10.0));
    let used: Vec<u64> = decision.limits().iter().map(|state| state.used).collect();
    assert_eq!(used, [10_000_000, 10_000_000]);
}

#[test]
fn settling_gives_back_what_was_not_used_and_charges_what_was_used_beyond() {
    let engine = engine(&[limits(BUDGET, "")]);
    let decision = ask(&engine, &request("ann", 9.0));
    let hold = Hold::parse(&decision.hold().unwrap().to_text()).unwrap();
    assert_eq!(Some(&hold), decision.hold());
    let used = Used { cost: Some(1_000_000), ..Used::default() };
    assert_eq!(engine.settle(&hold, &used, now()).unwrap(), Some(Changed::Done));
    assert_eq!(engine.settle(&hold, &used, now()).unwrap(), Some(Changed::Already(State::Settled)));
    let second = ask(&engine, &request("ann", 9.0));
    assert_eq!(second.limits().first().map(|state| (state.used, state.reserved)), Some((10_000_000, 9_000_000)));
    // It cost more than was estimated: the overdraft is recorded, and blocks what follows.
    let used = Used { cost: Some(20_000_000), ..Used::default() };
    engine.settle(second.hold().unwrap(), &used, now()).unwrap();
    assert!(!ask(&engine, &request("ann", 0.0)).allowed());
}

#[test]
fn usage_is_priced_and_unknown_usage_costs_what_was_estimated() {
    let engine = engine(&[limits(BUDGET, "")]);
    let first = ask(&engine, &request("ann", 1.0));
    // 1,000,000 tokens read and 1,000,000 written: 0.15 and 0.60 dollars.
    let usage = Usage { input: 1_000_000, output: 1_000_000, ..Usage::default() };
    engine.settle(first.hold().unwrap(), &Used { usage: Some(usage), ..Used::default() }, now()).unwrap();
    let second = ask(&engine, &request("ann", 1.0));
    assert_eq!(second.limits().first().map(|state| state.used), Some(1_750_000));
    engine.settle(second.hold().unwrap(), &Used::default(), now()).unwrap();
    assert_eq!(ask(&engine, &request("ann", 0.0)).limits().first().map(|state| state.used), Some(1_750_000));
}

#[test]
fn released_requests_cost_nothing() {
    let engine = engine(&[limits(BUDGET, "")]);
    let decision = ask(&engine, &request("ann", 10.0));
    assert_eq!(engine.release(decision.hold().unwrap(), now()).unwrap(), Some(Changed::Done));
    assert!(ask(&engine, &request("ann", 10.0)).allowed());
}

#[test]
fn what_nobody_settles_is_charged_when_its_lease_ends() {
    let engine = engine(&[limits("  a: {kind: concurrency, key: user.id, amount: 1, on_expiry: release}\n", "")]);
    assert!(ask(&engine, &request("ann", 0.0)).allowed());
    assert!(!ask(&engine, &request("ann", 0.0)).allowed());
    let later = engine.evaluate(Stage::Request, &request("ann", 0.0), at("2026-07-01T12:10:00Z")).unwrap();
    assert!(later.allowed());
}

#[test]
fn conditions_see_how_a_limit_stands_before_the_request() {
    let rules = "  - {id: half, when: \"limit('daily').fraction >= 0.5\", actions: [{type: warn, message: \"{{ limit('daily').used }} of {{ limit('daily').amount }} until {{ limit('daily').resets_at }}, {{ limit('daily').remaining }} left\"}]}\n";
    let engine = engine(&[limits(BUDGET, rules)]);
    assert_eq!(ask(&engine, &request("ann", 5.0)).warnings().count(), 0);
    let decision = ask(&engine, &request("ann", 1.0));
    assert_eq!(decision.warnings().collect::<Vec<_>>(), ["5.0 of 10.0 until 2026-07-02T00:00:00Z, 5.0 left"]);
}

#[test]
fn a_limit_that_cannot_be_seen_is_an_error_of_the_rules_that_ask_for_it() {
    let rules = "  - {id: full, when: \"limit('daily').remaining < 1.0\", actions: [deny]}\n";
    let engine = engine(&[limits(BUDGET, rules)]);
    let decision = ask(&engine, &json!({"request": {"model": "gpt-4o-mini"}}));
    assert_eq!((decision.effect(), decision.rule()), (Effect::Deny, Some("full")));
    assert_eq!(
        decision.errors().first().and_then(|error| error.path.as_deref()),
        Some("limit('default/money/daily').remaining")
    );
    // No body can say how a limit stands.
    let sly = json!({"limit('default/money/daily')": {"remaining": 5.0}, "request": {"model": "gpt-4o-mini"}});
    assert!(!ask(&engine, &sly).allowed());
}

#[test]
fn each_step_does_what_it_says() {
    let steps = "  daily:\n    kind: budget\n    key: user.id\n    amount: 10 USD\n    window: {fixed: 1d}\n    steps:\n      - {at: 0.5, do: warn}\n      - {at: 0.75, do: {type: warn, message: \"three quarters of {{ user.id }}'s budget\"}}\n      - {at: 0.9, do: {type: require_approval, approvers: [\"role:lead\"], reason: \"nearly spent\"}}\n      - {at: 1.0, do: {type: deny, code: spent, reason: \"{{ user.id }} has spent it\", public_message: \"Come back tomorrow.\"}}\n";
    let engine = engine(&[limits(steps, "")]);
    let first = ask(&engine, &request("ann", 6.0));
    assert_eq!(first.warnings().collect::<Vec<_>>(), ["limit `daily`: 6 of 10 USD are used"]);
    assert_eq!(first.limits().first().map(|state| state.alerts.clone()), Some(vec![500_000]));
    let second = ask(&engine, &request("ann", 2.0));
    assert_eq!(second.warnings().nth(1), Some("three quarters of ann's budget"));
    // Each alert comes once a window; the warnings go on.
    let third = ask(&engine, &request("ann", 0.5));
    assert_eq!(
        third.limits().first().map(|s| (s.alerts.clone(), s.reached.clone())),
        Some((vec![], vec![500_000, 750_000]))
    );
    let fourth = ask(&engine, &request("ann", 1.0));
    assert_eq!((fourth.effect(), &*fourth.reason()), (Effect::RequireApproval, "nearly spent"));
    assert_eq!(fourth.to_json()["approval"]["params"]["approvers"], json!(["role:lead"]));
    let fifth = ask(&engine, &request("ann", 2.0));
    assert_eq!((fifth.effect(), fifth.code(), &*fifth.reason()), (Effect::Deny, Some("spent"), "ann has spent it"));
    assert_eq!(fifth.public_message(), Some("Come back tomorrow."));
}

#[test]
fn a_rate_throttles_and_says_for_how_long() {
    let rate =
        "  rate: {kind: rate, key: user.id, amount: 2, window: {bucket: 10s}, steps: [{at: 1.0, do: throttle}]}\n";
    let engine = engine(&[limits(rate, "")]);
    assert!(ask(&engine, &request("ann", 0.0)).allowed());
    assert!(ask(&engine, &request("ann", 0.0)).allowed());
    let third = ask(&engine, &request("ann", 0.0));
    assert_eq!((third.effect(), third.retry_after_ms()), (Effect::Throttle, Some(5_000)));
    assert!(engine.evaluate(Stage::Request, &request("ann", 0.0), at("2026-07-01T12:00:05Z")).unwrap().allowed());
}

const ROUTING: &str = "  daily: {kind: budget, key: user.id, amount: 10 USD, window: {fixed: 1d}, steps: [{at: 0.5, do: {type: route, model: gpt-4o-mini}}, {at: 1.0, do: deny}]}\n";

fn large(cost: f64) -> Value {
    json!({"user": {"id": "ann"}, "request": {"model": "gpt-4o", "estimated_cost": cost}})
}

#[test]
fn a_step_routes_and_the_new_model_is_decided_about_once_more() {
    let rules = "  - {id: no-mini, when: \"request.model == 'gpt-4o-mini' && user.tier == 'gold'\", actions: [deny]}\n";
    let routed = engine(&[limits(ROUTING, rules)]);
    assert!(
        ask(
            &routed,
            &json!({"user": {"id": "ann", "tier": "free"}, "request": {"model": "gpt-4o", "estimated_cost": 4.0}})
        )
        .route()
        .is_none()
    );
    let free = json!({"user": {"id": "ann", "tier": "free"}, "request": {"model": "gpt-4o", "estimated_cost": 2.0}});
    let decision = ask(&routed, &free);
    assert!(decision.allowed());
    assert_eq!(decision.route().and_then(|route| route.model.as_deref()), Some("gpt-4o-mini"));
    assert_eq!(
        decision.to_json()["obligations"],
        json!([{"policy": "default/money", "limit": "daily", "action": "route", "params": {"model": "gpt-4o-mini"}}])
    );
    let gold = json!({"user": {"id": "ann", "tier": "gold"}, "request": {"model": "gpt-4o", "estimated_cost": 2.0}});
    let refused = ask(&routed, &gold);
    assert_eq!((refused.effect(), refused.code()), (Effect::Deny, Some("no_route")));
    assert_eq!(refused.limit(), Some("daily"));
}

#[test]
fn a_route_that_nobody_carries_out_is_a_deny() {
    let engine = engine(&[limits(ROUTING, "")]).handles(Handles::NONE);
    assert!(ask(&engine, &large(4.0)).allowed());
    let refused = ask(&engine, &large(4.0));
    assert_eq!((refused.code(), refused.unhandled()), (Some("unhandled_obligation"), Some("route")));
    // Nothing was taken.
    assert_eq!(ask(&engine, &request("ann", 0.0)).limits().first().map(|state| state.used), Some(4_000_000));
}

#[test]
fn a_price_of_the_new_model_is_taken() {
    let engine = engine(&[limits(ROUTING, "")]);
    let input = |max| json!({"user": {"id": "ann"}, "request": {"model": "gpt-4o", "prompt": "hi", "max_tokens": max}});
    let cost = |decision: &Decision| decision.limits().first().map(|state| state.cost).unwrap();
    let first = ask(&engine, &input(400_000));
    let second = ask(&engine, &input(400_000));
    assert!(first.route().is_none() && second.route().is_some());
    assert!(cost(&second) * 10 < cost(&first), "{} {}", cost(&second), cost(&first));
}

#[test]
fn errors_of_a_hard_limit_deny_and_those_of_a_soft_one_are_told() {
    let hard =
        |keys: &str| limits(&format!("  a: {{kind: budget, key: user.id, window: {{fixed: 1d}}, {keys}}}\n"), "");
    for (keys, clause) in [
        ("amount: \"double(request.context.n)\"", "amount"),
        ("amount: \"0.0 - 1.0\"", "amount"),
        ("amount: \"0.0 / 0.0\"", "amount"),
        ("amount: 5 USD, cost: \"-1.0\"", "cost"),
        ("amount: 5 USD, cost: \"0.0 / 0.0\"", "cost"),
        ("amount: 5 USD, cost: \"double(request.context.n)\"", "cost"),
    ] {
        let decision = ask(&engine(&[hard(keys)]), &request("ann", 1.0));
        assert_eq!((decision.effect(), decision.code()), (Effect::Deny, Some("limit_failed")), "{keys}");
        let error = decision.errors().first().unwrap();
        assert_eq!((error.limit.as_deref(), error.clause.as_deref()), (Some("a"), Some(clause)), "{keys}");
        let soft = format!("{keys}, steps: [{{at: 1.0, do: warn}}]");
        let decision = ask(&engine(&[hard(&soft)]), &request("ann", 1.0));
        assert!(decision.allowed(), "{keys}");
        assert_eq!(decision.error_count(), 1, "{keys}");
    }
    // Nobody asks: the key has no value.
    let decision = ask(&engine(&[hard("amount: 5 USD")]), &json!({"request": {"model": "m", "estimated_cost": 1.0}}));
    assert_eq!(decision.code(), Some("limit_failed"));
    assert_eq!(decision.errors().first().and_then(|error| error.path.as_deref()), Some("user.id"));
    // Nobody knows what the model costs.
    let decision = ask(
        &engine(&[hard("amount: 5 USD")]),
        &json!({"user": {"id": "ann"}, "request": {"model": "no-such", "prompt": "x"}}),
    );
    assert_eq!(decision.code(), Some("limit_failed"));
}

#[test]
fn a_limit_whose_condition_fails_counts() {
    let text = limits(
        "  a: {kind: rate, key: user.id, when: request.environment == 'prod', amount: 0, window: {fixed: 1d}}\n",
        "",
    );
    let engine = engine(&[text]);
    let with = |environment: &str| json!({"user": {"id": "ann"}, "request": {"environment": environment}});
    assert!(ask(&engine, &with("dev")).allowed());
    assert!(!ask(&engine, &with("prod")).allowed());
    let unknown = ask(&engine, &json!({"user": {"id": "ann"}, "request": {}}));
    assert_eq!((unknown.effect(), unknown.error_count()), (Effect::Deny, 1));
}

#[test]
fn targets_modes_and_shadows() {
    let shadow = BUDGET.replace("kind:", "mode: shadow, kind:");
    let engine = engine(&[limits(&shadow, "")]);
    let decision = ask(&engine, &request("ann", 11.0));
    assert!(decision.allowed());
    assert_eq!(decision.shadow_effect(), Some(Effect::Deny));
    assert_eq!(decision.to_json()["shadow"]["limit"], json!("daily"));
    let off = BUDGET.replace("kind:", "mode: disabled, kind:");
    assert!(ask(&crate::common::engine(&[limits(&off, "")]), &request("ann", 11.0)).limits().is_empty());
    let targeted =
        policy("t", &format!("config: {{default_action: allow, target: user.tenant == 'acme'}}\nlimits:\n{BUDGET}"));
    let open = policy("o", "config: {default_action: allow}\nrules:\n  - {id: r, when: 'false', actions: [deny]}\n");
    let engine = crate::common::engine(&[targeted, open]);
    let tenant = |tenant: &str| json!({"user": {"id": "ann", "tenant": tenant}, "request": {"model": "m", "estimated_cost": 11.0}});
    assert!(ask(&engine, &tenant("other")).allowed());
    assert!(!ask(&engine, &tenant("acme")).allowed());
}

#[test]
fn dry_runs_and_explanations_take_nothing() {
    let engine = engine(&[limits(BUDGET, "")]);
    for _ in 0..3 {
        let tried = engine.dry_run(Stage::Request, &request("ann", 10.0), now()).unwrap();
        assert!(tried.allowed() && tried.hold().is_none());
        assert_eq!(tried.limits().first().map(|state| state.used), Some(10_000_000));
        assert!(engine.explain(Stage::Request, &request("ann", 10.0), now()).unwrap().decision.allowed());
    }
    assert!(!engine.dry_run(Stage::Request, &request("ann", 11.0), now()).unwrap().allowed());
    assert!(ask(&engine, &request("ann", 10.0)).allowed());
}

#[test]
fn open_reservations_of_a_principal_are_bounded() {
    let text = limits("  a: {kind: rate, key: \"'all'\", amount: 100, window: {fixed: 1d}, max_open: 2}\n", "");
    let engine = engine(&[text]);
    let holds: Vec<Hold> = (0..2).map(|_| ask(&engine, &request("ann", 0.0)).hold().cloned().unwrap()).collect();
    let third = ask(&engine, &request("ann", 0.0));
    assert_eq!((third.effect(), third.code()), (Effect::Throttle, Some("limit_open")));
    assert!(ask(&engine, &request("bob", 0.0)).allowed());
    engine.settle(holds.first().unwrap(), &Used::default(), now()).unwrap();
    assert!(ask(&engine, &request("ann", 0.0)).allowed());
}

#[test]
fn an_exchange_holds_what_it_took() {
    let engine = engine(&[limits(BUDGET, "")]);
    let mut exchange = engine.exchange(&json!({"user": {"id": "ann"}, "request": {"estimated_cost": 4.0}})).unwrap();
    let body = json!({"request": {"model": "gpt-4o-mini"}});
    let ask = |exchange: &mut llm_policy_engine::exchange::Exchange, body: &Value| {
        exchange.evaluate(Stage::Request, body, now()).unwrap()
    };
    assert!(ask(&mut exchange, &body).allowed());
    let used = || super::limits::ask(&engine, &request("ann", 0.0)).limits().first().map(|state| state.used).unwrap();
    // The same once more takes nothing again; another request takes anew.
    assert!(ask(&mut exchange, &body).allowed());
    assert_eq!(used(), 4_000_000);
    assert!(ask(&mut exchange, &json!({"request": {"model": "gpt-4o"}})).allowed());
    assert_eq!(used(), 4_000_000);
    let mut other = engine.resume_exchange(exchange.to_json().as_bytes()).unwrap();
    assert_eq!(other.hold(), exchange.hold());
    let spent = Used { cost: Some(500_000), ..Used::default() };
    assert_eq!(other.settle(&spent, now()).unwrap(), Some(Changed::Done));
    assert_eq!(other.settle(&spent, now()).unwrap(), None);
    assert_eq!(exchange.settle(&spent, now()).unwrap(), Some(Changed::Already(State::Settled)));
    assert_eq!(used(), 500_000);
    assert!(ask(&mut exchange, &body).allowed());
    assert_eq!(exchange.release(now()).unwrap(), Some(Changed::Done));
    assert_eq!(used(), 500_000);
}

#[test]
fn books_are_shared_and_have_a_clock_of_their_own() {
    let books = Books::new(Arc::new(Memory::default())).with_clock(|| at("2026-07-01T12:00:00Z").into());
    let (one, other) =
        (engine(&[limits(BUDGET, "")]).with_books(books.clone()), engine(&[limits(BUDGET, "")]).with_books(books));
    assert!(ask(&one, &request("ann", 6.0)).allowed());
    assert!(!ask(&other, &request("ann", 6.0)).allowed());
    // Whatever conditions think what time it is.
    let tomorrow = other.evaluate(Stage::Request, &request("ann", 6.0), at("2026-07-02T12:00:00Z")).unwrap();
    assert!(!tomorrow.allowed());
}

#[test]
fn costs_are_computed() {
    let rules = "  - {id: dear, stages: [request, response], when: \"cost('gpt-4o-mini', {'input_tokens': 1000000, 'output_tokens': 1000000, 'cached_tokens': 0}) == 0.75\", actions: [{type: warn, message: yes}]}\n  - {id: usage, stages: [response], when: \"cost(request.model, response.usage) > 0.5\", actions: [deny]}\n";
    let engine = engine(&[limits(BUDGET, rules)]);
    assert_eq!(ask(&engine, &request("ann", 1.0)).warnings().count(), 1);
    let response = |tokens: i64| {
        let input = json!({"request": {"model": "gpt-4o-mini"}, "response": {"usage": {"input_tokens": tokens, "output_tokens": 0}}});
        engine.evaluate(Stage::Response, &input, now()).unwrap()
    };
    assert!(response(1_000_000).allowed());
    assert!(!response(4_000_000).allowed());
    assert_eq!(response(-1).errors().first().map(|e| e.rule.to_string()), Some("usage".to_owned()));
}

#[test]
fn what_is_wrong_with_limits_is_told() {
    let wrong = |limit: &str, rules: &str| {
        let found = Engine::new(documents(&[limits(limit, rules)]), Options::default()).map(|_| ()).unwrap_err();
        let codes: Vec<&str> = found.iter().map(|f| f.diagnostic.code).collect();
        (codes.join(","), rendered(&found))
    };
    let limit = |keys: &str| format!("  a: {{kind: budget, window: {{fixed: 1d}}, {keys}}}\n");
    for (keys, code) in [
        ("key: request.environment, amount: 5 USD", "limit-reads-input"),
        ("key: request.prompt, amount: 5 USD", "limit-reads-input"),
        ("key: user.attributes.x.y, amount: 'true'", "type-mismatch"),
        ("key: \"user.mfa_verified ? 1.0 : 2.0\", amount: 5 USD", "type-mismatch"),
        ("key: user.id, amount: 5 USD, when: user.id", "not-a-condition"),
        ("key: user.id, amount: 5 USD, when: response.text == ''", "field-not-in-stage"),
        ("key: user.id, amount: \"limit('a').used\"", "limit-reads-input"),
    ] {
        let (codes, text) = wrong(&limit(keys), "");
        assert!(codes.contains(code), "{keys}: {codes}\n{text}");
    }
    let rule = |when: &str| format!("  - {{id: r, when: \"{when}\", actions: [deny]}}\n");
    let (_, text) = wrong(&limit("key: user.id, amount: 5 USD"), &rule("limit('b').used > 1.0"));
    assert!(text.contains("this document has no limit `b`"), "{text}");
    let (codes, text) = wrong(&limit("key: user.id, amount: 5 USD"), &rule("limit('a') == limit('a')"));
    assert!(codes.contains("limit-as-value"), "{text}");
    let (_, text) = wrong(&limit("key: user.id, amount: 5 USD"), &rule("limit(user.id).used > 1.0"));
    assert!(text.contains("must be a string constant"), "{text}");
    let (_, text) = wrong(&limit("key: user.id, amount: 5 USD"), &rule("limit('a').spent > 1.0"));
    assert!(text.contains("spent"), "{text}");
}

#[test]
fn an_engine_can_be_told_what_was_used_before() {
    let text = limits(
        "  day: {kind: budget, key: user.id, amount: 10 USD, window: {fixed: 1d}}\n  rate: {kind: rate, key: user.id, amount: 10, window: {bucket: 1m}}\n  slide: {kind: rate, key: user.id, amount: 10, window: {sliding: 1m}}\n  open: {kind: concurrency, key: user.id, amount: 10}\n",
        "",
    );
    let engine = engine(&[text]);
    let before =
        |name: &str, used| engine.with_used(&request("ann", 1.0), now(), &[(name.to_owned(), used)], &[]).unwrap();
    for (name, used) in [("day", 9.5), ("rate", 10.0), ("slide", 10.0), ("open", 10.0), ("default/money/day", 12.0)] {
        let refused = ask(&before(name, used), &request("ann", 1.0));
        assert_eq!(refused.limit(), Some(name.rsplit('/').next().unwrap()), "{name}");
        assert!(ask(&before(name, used), &request("bob", 1.0)).allowed(), "{name}");
    }
    assert!(ask(&before("day", 9.0), &request("ann", 1.0)).allowed());
    assert!(ask(&engine, &request("ann", 1.0)).allowed(), "the engine itself knows nothing of it");
    assert!(engine.with_used(&request("ann", 1.0), now(), &[("dya".to_owned(), 1.0)], &[]).is_err());
    assert!(engine.with_used(&request("ann", 1.0), now(), &[("day".to_owned(), -1.0)], &[]).is_err());
    assert!(engine.with_used(&json!({}), now(), &[("day".to_owned(), 1.0)], &[]).is_err());
}

#[test]
fn kinds_count_what_they_are_called_after() {
    let text = limits(
        "  tokens: {kind: quota, key: user.id, amount: 1000, window: {fixed: 1d}}\n  calls: {kind: rate, key: user.id, amount: 10, window: {sliding: 1m}}\n  open: {kind: concurrency, key: user.id, amount: 3}\n",
        "",
    );
    let engine = engine(&[text]);
    let decision = ask(&engine, &request("ann", 1.0));
    let costs: Vec<(Kind, u64)> = decision.limits().iter().map(|state| (state.kind, state.cost)).collect();
    assert_eq!(costs, [(Kind::Quota, 100), (Kind::Rate, 1), (Kind::Concurrency, 1)]);
    let usage = Usage { input: 30, output: 20, ..Usage::default() };
    engine.settle(decision.hold().unwrap(), &Used { usage: Some(usage), ..Used::default() }, now()).unwrap();
    let decision = ask(&engine, &request("ann", 1.0));
    let used: Vec<u64> = decision.limits().iter().map(|state| state.used).collect();
    assert_eq!(used, [150, 2, 1]);
}
