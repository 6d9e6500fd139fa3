//! OpenAI chat completions: chunks with `choices[].delta`.

use llm_policy_detect::redact::Step;
use serde_json::{Value, json};

use super::whole::{element, field, grow};
use super::{Lane, LaneKind, Place, Shape, flat, number};

/// The format.
pub(super) struct Chat;

impl Shape for Chat {
    fn place(&self, event: &Value, path: &[Step]) -> Place {
        let (names, indexes) = flat(path);
        let Some(names) = names.strip_prefix("choices[].") else { return Place::Other };
        if names.starts_with("logprobs.") {
            return Place::Token;
        }
        let choice = indexes.first().and_then(|index| event.get("choices")?.get(*index)).unwrap_or(&Value::Null);
        let lane = |kind, inner| Place::Delta(Lane { kind, outer: number(choice, "index"), inner });
        match names {
            "delta.content" => lane(LaneKind::Text, 0),
            "delta.refusal" => lane(LaneKind::Refusal, 0),
            "delta.reasoning_content" | "delta.reasoning" => lane(LaneKind::Reasoning, 0),
            "delta.function_call.arguments" => lane(LaneKind::Arguments, 0),
            "delta.tool_calls[].function.arguments" | "delta.tool_calls[].custom.input" => {
                let call = indexes.get(1).and_then(|index| choice.get("delta")?.get("tool_calls")?.get(*index));
                lane(LaneKind::Arguments, call.map_or(0, |call| number(call, "index")))
            }
            _ => Place::Other,
        }
    }

    fn ends(&self, event: &Value, lane: Lane) -> bool {
        let choices = event.get("choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        choices.iter().any(|choice| {
            number(choice, "index") == lane.outer && choice.get("finish_reason").is_some_and(|reason| !reason.is_null())
        })
    }

    fn delta(&self, lane: Lane, text: &str, like: &Value) -> Option<(&'static str, Value)> {
        let delta = match lane.kind {
            LaneKind::Text => json!({"content": text}),
            LaneKind::Refusal => json!({"refusal": text}),
            LaneKind::Reasoning => json!({"reasoning_content": text}),
            LaneKind::Arguments => json!({"tool_calls": [{"index": lane.inner, "function": {"arguments": text}}]}),
        };
        Some(("", chunk(like, json!({"index": lane.outer, "delta": delta, "finish_reason": null}))))
    }

    fn stop(&self, lane: Lane, last: &Value) -> Vec<(&'static str, Value)> {
        vec![("", chunk(last, json!({"index": lane.outer, "delta": {}, "finish_reason": "content_filter"})))]
    }

    fn join(&self, whole: &mut Value, event: &Value) {
        for (name, value) in event.as_object().into_iter().flatten() {
            match name.as_str() {
                "choices" => {}
                "object" => *field(whole, name) = "chat.completion".into(),
                _ if value.is_null() => {}
                _ => *field(whole, name) = value.clone(),
            }
        }
        for choice in event.get("choices").and_then(Value::as_array).into_iter().flatten() {
            let index = number(choice, "index");
            let Some(place) = element(field(whole, "choices"), index) else { continue };
            *field(place, "index") = index.into();
            if let Some(delta) = choice.get("delta") {
                grow(field(place, "message"), delta);
            }
            if let Some(reason) = choice.get("finish_reason").filter(|reason| !reason.is_null()) {
                *field(place, "finish_reason") = reason.clone();
            }
        }
    }

    fn has_done(&self) -> bool {
        true
    }
}

/// A chunk of the same answer with one choice.
fn chunk(like: &Value, choice: Value) -> Value {
    let mut chunk = json!({"object": "chat.completion.chunk"});
    for name in ["id", "object", "created", "model", "system_fingerprint", "service_tier"] {
        if let (Some(value), Some(fields)) = (like.get(name), chunk.as_object_mut()) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(fields) = chunk.as_object_mut() {
        fields.insert("choices".to_owned(), json!([choice]));
    }
    chunk
}
