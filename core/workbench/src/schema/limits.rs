//! The schema of `limits`.

use llm_policy_engine::document::keys;
use serde_json::{Value as Json, json};

use super::{doc, int, object, one_of, reference, some, some_text, text};

/// The largest amount, cost or capacity.
const MOST: i64 = 1 << 52;

pub(super) fn limits() -> Json {
    json!({"type": "object", "propertyNames": {"pattern": "^[A-Za-z0-9_.-]{1,200}$"}, "additionalProperties": limit()})
}

fn limit() -> Json {
    object(keys::LIMIT, &["kind", "key", "amount"], |key| match key {
        "description" => doc(text(), "What the limit is for."),
        "mode" => reference("mode"),
        "kind" => doc(
            one_of(&["budget", "quota", "rate", "concurrency"]),
            "What is counted: money, tokens, requests, or requests that are under way.",
        ),
        "key" => doc(
            json!({"anyOf": [reference("cel"), some(reference("cel"))]}),
            "Whom it counts for: CEL over who asks and `request.model`. Several count together.",
        ),
        "when" => doc(reference("cel"), "The requests that it counts; without it, all."),
        "amount" => doc(reference("cel"), "How much may be used: `1000 USD` of a budget, else an integer, or CEL."),
        "window" => doc(window(), "When it counts anew."),
        "cost" => doc(reference("cel"), "What a request costs; at least what the engine estimates."),
        "steps" => doc(
            some(step()),
            "What happens at which share of the amount; without it, what passes the amount is denied.",
        ),
        "consistency" => one_of(&["local", "leased", "strict"]),
        "on_store_loss" => {
            doc(one_of(&["deny", "local_share", "allow"]), "What happens while the store cannot be asked.")
        }
        "on_expiry" => doc(one_of(&["charge", "release"]), "What becomes of a reservation that nobody closes."),
        "max_open" => doc(int(1, MOST), "Requests that one caller may have under way."),
        _ => json!(true),
    })
}

pub(super) fn duration() -> Json {
    json!({"type": "string", "pattern": "^([0-9]+(w|d|h|ms|m|s))+$", "examples": ["1m", "1d"]})
}

fn window() -> Json {
    let form = |key: &str| -> Json {
        match key {
            "calendar" => one_of(&["day", "week", "month", "quarter", "year"]),
            "timezone" => some_text(),
            "burst" => json!({"type": ["integer", "string"]}),
            _ => duration(),
        }
    };
    let forms = [("calendar", Some("timezone")), ("fixed", None), ("sliding", None), ("bucket", Some("burst"))];
    let forms = forms.map(|(key, more)| {
        let keys: Vec<&str> = keys::LIMIT_WINDOW.iter().copied().filter(|k| *k == key || Some(*k) == more).collect();
        object(&keys, &[key], form)
    });
    json!({"anyOf": forms})
}

fn step() -> Json {
    object(keys::STEP, keys::STEP, |key| match key {
        "at" => doc(json!({"type": "number", "exclusiveMinimum": 0, "maximum": 10}), "A share of the amount."),
        "do" => doc(
            json!({"anyOf": [one_of(&["warn", "throttle", "deny"]), reference("action")]}),
            "`warn`, `route`, `throttle`, `require_approval` or `deny`.",
        ),
        _ => json!(true),
    })
}
