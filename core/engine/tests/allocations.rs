//! A decision about a prepared input of 100 rules allocates nothing once a thread has made one; nor does one from JSON.

#![cfg(test)]

#[expect(dead_code, reason = "shared with other tests, which use the rest")]
mod common;

use allocation_counter::measure;
use common::{engine, now, policy};
use llm_policy_engine::context::Stage;
use llm_policy_engine::input::Json;
use serde_json::{Value, json};

/// A document whose rule 42 is the only one that matches.
fn hundred(default: &str, condition: impl Fn(usize) -> String, action: &str) -> String {
    let rule = |n| format!("  - {{id: r{n}, priority: {}, when: \"{}\", actions: [{action}]}}\n", n % 7, condition(n));
    policy("p", &format!("config: {{default_action: {default}}}\nrules:\n{}", (0..100).map(rule).collect::<String>()))
}

fn context(prompt: &str) -> Value {
    json!({
        "user": {"id": "u-7", "tier": "t42", "roles": ["dev", "r42"], "team": "core", "region": "eu-1"},
        "request": {
            "model": "m42", "environment": "prod", "max_tokens": 4200, "temperature": 0.5, "prompt": prompt,
            "tags": ["a", "b"], "context": {"ticket": "T-1", "deep": {"list": [1, 2, 3]}},
        },
        "metadata": {"trace": "x"},
    })
}

/// Decides until the thread is warm, and then counts.
fn allocations(what: &str, texts: &[String], context: &Value, allowed: bool) {
    let engine = engine(texts);
    let prepared = engine.prepare(context).unwrap();
    let text = context.to_string();
    let from_json = || engine.evaluate(Stage::Request, &Json::new(text.as_bytes()), now()).unwrap();
    let from_prepared = || engine.evaluate_prepared(Stage::Request, &prepared, now()).unwrap();
    let decision = from_prepared();
    assert_eq!(decision.allowed(), allowed, "{what}: {}", decision.to_json());
    assert_eq!(decision.rule(), Some("r42"), "{what}");
    assert_eq!(decision.to_canonical_json(), from_json().to_canonical_json(), "{what}");
    for _ in 0..3 {
        drop((from_prepared(), from_json()));
    }
    // The instant is read from text, which is not part of a decision.
    let at = now();
    let prepared_count = measure(|| drop(engine.evaluate_prepared(Stage::Request, &prepared, at))).count_total;
    let json_count = measure(|| drop(engine.evaluate(Stage::Request, &Json::new(text.as_bytes()), at))).count_total;
    println!("{what}: {prepared_count} allocations prepared, {json_count} from JSON");
    assert_eq!((prepared_count, json_count), (0, 0), "{what}");
}

const DENY: &str = "{type: deny, reason: no, code: c, public_message: sorry}";

#[test]
fn separable() {
    let rules = |action: &str, default: &str| {
        hundred(
            default,
            |n| format!("user.tier == 't{n}' && request.model == 'm{n}' && request.max_tokens > 100"),
            action,
        )
    };
    allocations("separable, deny", &[rules(DENY, "allow")], &context("hello"), false);
    allocations("separable, allow", &[rules("{type: allow}", "deny")], &context("hello"), true);
}

#[test]
fn realistic() {
    let condition = |n: usize| match n % 5 {
        0 => format!("request.model == 'm{n}' && 'r{n}' in user.roles && request.environment == 'prod'"),
        1 => format!("user.tier == 't{n}' && request.max_tokens > {}", n * 10),
        2 => format!("request.prompt.contains('secret{n} ') && user.region.startsWith('eu')"),
        3 => format!(
            "request.prompt.matches('(?i)card[ -]?number[ :]*{n}[0-9]{{4}}') || user.roles.exists(r, r == 'x{n}')"
        ),
        _ => format!(
            "request.environment == 'prod' && request.model.startsWith('gpt-{n}') && !(user.tier in ['a', 'b'])"
        ),
    };
    let prompt = "please look after secret42 and the card number 999 of the customer. ".repeat(20);
    allocations("realistic, deny", &[hundred("allow", condition, DENY)], &context(&prompt), false);
    allocations("realistic, allow", &[hundred("deny", condition, "{type: allow}")], &context(&prompt), true);
}

#[test]
fn twelve_rules_that_match() {
    let condition = |n: usize| format!("user.tier == 't{}'", if n % 8 == 5 { 42 } else { n + 100 });
    let engine = engine(&[hundred("allow", condition, DENY)]);
    let prepared = engine.prepare(&context("hello")).unwrap();
    let at = now();
    let decide = || engine.evaluate_prepared(Stage::Request, &prepared, at).unwrap();
    assert_eq!(decide().matched().count(), 12);
    assert_eq!(measure(|| drop(decide())).count_total, 0);
}

#[test]
fn nothing_to_look_up() {
    let condition = |n: usize| {
        format!(
            "request.max_tokens * 2 + {n} == 8442 && size(request.tags) != 5 && request.temperature < 0.9 && user.team != 'x{n}'"
        )
    };
    allocations("no index, deny", &[hundred("allow", condition, DENY)], &context("hello"), false);
}

#[test]
fn several_documents_with_targets_and_actions_without_values() {
    let target = policy(
        "q",
        "config: {target: \"user.team == 'core'\", default_action: allow}\nrules:\n  - {id: never, when: \"request.model == 'x'\", actions: [deny]}\n",
    );
    let actions = format!("{DENY}, {{type: log, message: seen}}, {{type: audit, severity: high}}");
    let main = hundred("allow", |n| format!("user.tier == 't{n}'"), &actions);
    allocations("several documents", &[main, target], &context("hello"), false);
}

#[test]
fn text_of_messages() {
    let condition = |n: usize| format!("request.prompt.contains('word{n} ') && request.model == 'm{n}'");
    let mut context = context("");
    context["request"]["prompt"] = Value::Null;
    context["request"]["messages"] = json!([{"role": "user", "text": "a word42 here"}, {"role": "tool", "text": "b"}]);
    allocations("messages", &[hundred("allow", condition, DENY)], &context, false);
}
