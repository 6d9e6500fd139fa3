//! Anthropic messages: blocks that start, grow and stop.

use llm_policy_detect::redact::Step;
use serde_json::{Value, json};

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
}
