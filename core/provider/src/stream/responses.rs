//! OpenAI responses: items of the output and their parts; each text is sent in pieces and once more as a whole.

use llm_policy_detect::redact::Step;
use serde_json::{Value, json};

use super::whole::{append, element, field};
use super::{Lane, LaneKind, Place, Shape, flat, number, text};

/// The format.
pub(super) struct Responses;

/// The kinds of texts: the beginning of their events' names, and the field that has the index of the part.
const TEXTS: [(&str, &str, LaneKind); 6] = [
    ("response.output_text", "content_index", LaneKind::Text),
    ("response.refusal", "content_index", LaneKind::Refusal),
    ("response.reasoning_text", "content_index", LaneKind::Reasoning),
    ("response.reasoning_summary_text", "summary_index", LaneKind::Reasoning),
    ("response.function_call_arguments", "", LaneKind::Arguments),
    ("response.custom_tool_call_input", "", LaneKind::Arguments),
];

/// Summaries are lanes of their own beside the parts of the same item.
const SUMMARY: u64 = 1 << 32;

/// The lane of an event about one text, and the last part of the event's name.
fn lane_of(event: &Value) -> Option<(Lane, &str)> {
    let name = text(event, "type");
    TEXTS.iter().find_map(|(prefix, index, kind)| {
        let what = name.strip_prefix(prefix)?.strip_prefix('.')?;
        let part = if *index == "summary_index" { SUMMARY } else { 0 };
        Some((Lane { kind: *kind, outer: number(event, "output_index"), inner: part + number(event, index) }, what))
    })
}

/// The lane of a text in an item of the output.
fn in_item(outer: u64, names: &str, index: Option<&usize>) -> Place {
    let part = index.map_or(0, |index| *index as u64);
    let lane = |kind, inner| Place::Full(Lane { kind, outer, inner });
    match names {
        "content[].text" => lane(LaneKind::Text, part),
        "content[].refusal" => lane(LaneKind::Refusal, part),
        "summary[].text" => lane(LaneKind::Reasoning, SUMMARY + part),
        "arguments" | "input" => lane(LaneKind::Arguments, 0),
        _ if names.contains("logprobs") => Place::Token,
        _ => Place::Other,
    }
}

/// The same for an item of reasoning, whose parts are what the model thought.
fn reasoning(place: Place, item: Option<&Value>) -> Place {
    match place {
        Place::Full(lane)
            if lane.kind == LaneKind::Text && item.is_some_and(|item| text(item, "type") == "reasoning") =>
        {
            Place::Full(Lane { kind: LaneKind::Reasoning, ..lane })
        }
        place => place,
    }
}

impl Shape for Responses {
    fn place(&self, event: &Value, path: &[Step]) -> Place {
        let (names, indexes) = flat(path);
        if names == "sequence_number" {
            return Place::Sequence;
        }
        if let Some((lane, what)) = lane_of(event) {
            return match (what, names.as_str()) {
                ("delta", "delta") => Place::Delta(lane),
                ("done", "text" | "refusal" | "arguments" | "input") => Place::Full(lane),
                (_, names) if names.starts_with("logprobs") => Place::Token,
                _ => Place::Other,
            };
        }
        let outer = number(event, "output_index");
        match text(event, "type") {
            "response.content_part.done" | "response.content_part.added" => {
                let name = names.strip_prefix("part.").map(|name| format!("content[].{name}"));
                let index = usize::try_from(number(event, "content_index")).ok();
                let place = name.map_or(Place::Other, |name| in_item(outer, &name, index.as_ref()));
                let part = event.get("part").map_or("", |part| text(part, "type"));
                reasoning(place, (part == "reasoning_text").then_some(&json!({"type": "reasoning"})))
            }
            "response.reasoning_summary_part.done" if names == "part.text" => {
                let inner = SUMMARY + number(event, "summary_index");
                Place::Full(Lane { kind: LaneKind::Reasoning, outer, inner })
            }
            "response.output_item.done" => {
                let name = names.strip_prefix("item.").unwrap_or_default();
                reasoning(in_item(outer, name, indexes.first()), event.get("item"))
            }
            _ => match names.strip_prefix("response.output[].") {
                Some(name) => {
                    let item = indexes.first().and_then(|index| event.get("response")?.get("output")?.get(*index));
                    let outer = indexes.first().map_or(0, |index| *index as u64);
                    reasoning(in_item(outer, name, indexes.get(1)), item)
                }
                None => Place::Other,
            },
        }
    }

    fn ends(&self, event: &Value, lane: Lane) -> bool {
        match (lane_of(event), text(event, "type")) {
            (Some((ended, "done")), _) => ended == lane,
            (None, "response.output_item.done") => number(event, "output_index") == lane.outer,
            (None, "response.completed" | "response.incomplete" | "response.failed") => true,
            _ => false,
        }
    }

    fn delta(&self, lane: Lane, text: &str, like: &Value) -> Option<(&'static str, Value)> {
        let is_summary = lane.inner >= SUMMARY;
        let (name, index) = match lane.kind {
            LaneKind::Text => ("response.output_text.delta", "content_index"),
            LaneKind::Refusal => ("response.refusal.delta", "content_index"),
            LaneKind::Reasoning if is_summary => ("response.reasoning_summary_text.delta", "summary_index"),
            LaneKind::Reasoning => ("response.reasoning_text.delta", "content_index"),
            LaneKind::Arguments => ("response.function_call_arguments.delta", ""),
        };
        let mut event = json!({"type": name, "output_index": lane.outer, "delta": text});
        let item = like.get("item_id").or_else(|| like.get("item").and_then(|item| item.get("id")));
        let number = like.get("sequence_number");
        let part = (!index.is_empty()).then(|| json!(lane.inner - if is_summary { SUMMARY } else { 0 }));
        let fields = [("item_id", item.cloned()), (index, part), ("sequence_number", number.cloned())];
        if let Some(event) = event.as_object_mut() {
            event.extend(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        }
        Some((name, event))
    }

    fn stop(&self, _lane: Lane, last: &Value) -> Vec<(&'static str, Value)> {
        let details = json!({"reason": "content_filter"});
        let response =
            json!({"object": "response", "status": "incomplete", "incomplete_details": details, "output": []});
        let number = last.get("sequence_number").and_then(Value::as_u64).map_or(0, |number| number + 1);
        let event = json!({"type": "response.incomplete", "sequence_number": number, "response": response});
        vec![("response.incomplete", event)]
    }

    fn join(&self, whole: &mut Value, event: &Value) {
        let kind = text(event, "type");
        if let Some(response) = event.get("response").filter(|response| response.is_object()) {
            // What ends the answer repeats all of it.
            let has_output = response.get("output").and_then(Value::as_array).is_some_and(|output| !output.is_empty());
            let output = whole.get("output").cloned().filter(|_| !has_output);
            *whole = response.clone();
            if let Some(output) = output {
                *field(whole, "output") = output;
            }
            return;
        }
        let item =
            |whole: &mut Value| element(field(whole, "output"), number(event, "output_index")).map(std::mem::take);
        let Some(mut place) = item(whole) else { return };
        let part = |place: &mut Value, list: &str, index: &str, kind: &str| {
            let Some(part) = element(field(place, list), number(event, index)) else { return };
            *field(part, "type") = kind.into();
            append(field(part, if kind == "refusal" { kind } else { "text" }), text(event, "delta"));
        };
        match kind {
            "response.output_item.added" | "response.output_item.done" => {
                place = event.get("item").cloned().unwrap_or_default();
            }
            "response.output_text.delta" => part(&mut place, "content", "content_index", "output_text"),
            "response.refusal.delta" => part(&mut place, "content", "content_index", "refusal"),
            "response.reasoning_text.delta" => part(&mut place, "content", "content_index", "reasoning_text"),
            "response.reasoning_summary_text.delta" => part(&mut place, "summary", "summary_index", "summary_text"),
            "response.function_call_arguments.delta" => append(field(&mut place, "arguments"), text(event, "delta")),
            "response.custom_tool_call_input.delta" => append(field(&mut place, "input"), text(event, "delta")),
            _ => {}
        }
        if let Some(back) = element(field(whole, "output"), number(event, "output_index")) {
            *back = place;
        }
    }
}
