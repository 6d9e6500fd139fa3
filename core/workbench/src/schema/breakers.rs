//! The schema of `breakers`.

use llm_policy_engine::document::keys;
use serde_json::{Value as Json, json};

use super::limits::duration;
use super::{doc, int, object, one_of, reference, some, stages, text};

pub(super) fn breakers() -> Json {
    json!({"type": "object", "propertyNames": {"pattern": "^[A-Za-z0-9_.-]{1,200}$"}, "additionalProperties": breaker()})
}

fn breaker() -> Json {
    object(keys::BREAKER, &[], |key| match key {
        "description" => doc(text(), "What the breaker is for."),
        "mode" => reference("mode"),
        "stages" => doc(stages(), "The stages that ask it; `request` by default."),
        "key" => doc(
            json!({"anyOf": [reference("cel"), some(reference("cel"))]}),
            "What it stands for: CEL over the provider, the model, the tool and who asks; without it, everything.",
        ),
        "when" => doc(reference("cel"), "The calls that ask it; without it, all."),
        "error_rate" => doc(rate(), "It opens when more than this share of the calls in the window fails."),
        "slow" => doc(
            object(keys::SLOW, keys::SLOW, |key| if key == "over" { duration() } else { rate() }),
            "It opens when more than this share of the calls in the window takes longer.",
        ),
        "consecutive_failures" => {
            doc(int(1, 1_000_000), "It opens after so many failures without a success between them.")
        }
        "window" => doc(duration(), "How far shares look back; a minute by default."),
        "min_calls" => doc(int(1, 1_000_000), "The fewest calls from which shares are judged; 20 by default."),
        "open_for" => doc(duration(), "How long nothing goes through; half a minute by default."),
        "probes" => doc(int(1, 1_000_000), "Calls that try then whether it works again; 1 by default."),
        "probe_timeout" => {
            doc(duration(), "After what time a probe that nobody reports makes room; a minute by default.")
        }
        "do" => doc(
            json!({"anyOf": [one_of(&["deny", "throttle"]), reference("action")]}),
            "What happens to a call that it stops: `deny`, `throttle` or `route`.",
        ),
        _ => json!(true),
    })
}

/// A share of the calls.
fn rate() -> Json {
    json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})
}
