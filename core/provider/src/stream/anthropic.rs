//! Anthropic messages: blocks that start, grow and stop.

use llm_policy_detect::redact::Step;
use serde_json::{Value, json};

use super::whole::{append, element, field, grow, lay};
use super::{Lane, LaneKind, Place, Shape, flat, number, text};

/// The format.
pub(super) struct Anthropic;

impl Shape for Anthropic {
    fn place(&self, event: &Value, path: &[Step]) -> Place {
        let (names, _) = flat(path);
        let lane = |kind| Place::Delta(Lane { kind, outer: number(event, "index"), inner: 0 });
        match (text(event, "type"), names.as_str()) {
            ("content_block_delta", "delta.text") | ("content_block_start", "content_block.text") => {
                lane(LaneKind::Text)
            }
            ("content_block_delta", "delta.thinking") | ("content_block_start", "content_block.thinking") => {
                lane(LaneKind::Reasoning)
            }
            ("content_block_delta", "delta.partial_json") => lane(LaneKind::Arguments),
            _ => Place::Other,
        }
    }

    fn ends(&self, event: &Value, lane: Lane) -> bool {
        match text(event, "type") {
            "content_block_stop" => number(event, "index") == lane.outer,
            "message_delta" | "message_stop" => true,
            _ => false,
        }
    }

    fn delta(&self, lane: Lane, text: &str, _like: &Value) -> Option<(&'static str, Value)> {
        let delta = match lane.kind {
            LaneKind::Text | LaneKind::Refusal => json!({"type": "text_delta", "text": text}),
            LaneKind::Reasoning => json!({"type": "thinking_delta", "thinking": text}),
            LaneKind::Arguments => json!({"type": "input_json_delta", "partial_json": text}),
        };
        Some(("content_block_delta", json!({"type": "content_block_delta", "index": lane.outer, "delta": delta})))
    }

    fn stop(&self, lane: Lane, _last: &Value) -> Vec<(&'static str, Value)> {
        let delta = json!({"stop_reason": "refusal", "stop_sequence": null});
        vec![
            ("content_block_stop", json!({"type": "content_block_stop", "index": lane.outer})),
            ("message_delta", json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 0}})),
            ("message_stop", json!({"type": "message_stop"})),
        ]
    }

    fn join(&self, whole: &mut Value, event: &Value) {
        let block = number(event, "index");
        match text(event, "type") {
            "message_start" => lay(whole, event.get("message").unwrap_or(&Value::Null)),
            "content_block_start" => {
                if let Some(place) = element(field(whole, "content"), block) {
                    *place = event.get("content_block").cloned().unwrap_or_default();
                }
            }
            "content_block_delta" => {
                let Some(place) = element(field(whole, "content"), block) else { return };
                let delta = event.get("delta").unwrap_or(&Value::Null);
                match text(delta, "type") {
                    // An object, which comes as pieces of its text.
                    "input_json_delta" => {
                        let input = field(place, "input");
                        if !input.is_string() {
                            *input = "".into();
                        }
                        append(input, text(delta, "partial_json"));
                    }
                    "citations_delta" => {
                        let citations = field(place, "citations");
                        let next = citations.as_array().map_or(0, Vec::len) as u64;
                        if let Some(place) = element(citations, next) {
                            *place = delta.get("citation").cloned().unwrap_or_default();
                        }
                    }
                    _ => grow(place, delta),
                }
                if let Some(fields) = place.as_object_mut()
                    && let Some(kind) = fields.get("type").and_then(Value::as_str)
                    && let Some(kind) = kind.strip_suffix("_delta")
                {
                    let kind = kind.into();
                    fields.insert("type".to_owned(), kind);
                }
            }
            "content_block_stop" => {
                let Some(place) = element(field(whole, "content"), block) else { return };
                let input = place.get("input").and_then(Value::as_str);
                let read = input.map(|input| if input.is_empty() { "{}" } else { input }).map(str::parse::<Value>);
                if let Some(Ok(read)) = read {
                    *field(place, "input") = read;
                }
            }
            "message_delta" => {
                lay(whole, event.get("delta").unwrap_or(&Value::Null));
                lay(field(whole, "usage"), event.get("usage").unwrap_or(&Value::Null));
            }
            _ => {}
        }
    }
}
