//! Streams of providers: event sequences as the providers publish them, guarded, cut at every byte.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use llm_policy_detect::redact::{Redactor, Rule, Style};
use llm_policy_detect::stream::{Action, Guard};
use llm_policy_detect::{Family, Scanner};
use llm_policy_provider::Format;
use llm_policy_provider::stream::{Arguments, Filter, Lane, LaneKind, Stream};
use serde_json::{Value, json};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::builder().families([Family::Pii]).build().unwrap());
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| vec![Rule { style: Style::Label, ..Rule::default() }]);

/// What a model says, in pieces.
const SAID: [&str; 7] = ["Write to ad", "a@exam", "ple.org, or call", " +49 30 ", "9018 2012. Grüße ", "👋", "!"];
const KEPT: &str = "Write to [EMAIL], or call [PHONE]. Grüße 👋!";
const ARGUMENTS: [&str; 4] = ["{\"to\": \"ada@", "example.org\", \"n\"", ": 1, \"card\": 4111111", "111111111}"];
const KEPT_ARGUMENTS: &str = "{\"to\": \"[EMAIL]\", \"n\": 1, \"card\": 0}";

fn event(name: &str, data: &Value) -> String {
    if name.is_empty() { format!("data: {data}\n\n") } else { format!("event: {name}\ndata: {data}\n\n") }
}

fn chat() -> String {
    let chunk = |choice: Value| {
        event(
            "",
            &json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}),
        )
    };
    let mut all = String::from(": a comment\n\n");
    all += &chunk(
        json!({"index": 0, "delta": {"role": "assistant", "content": "", "refusal": null}, "finish_reason": null}),
    );
    for piece in SAID {
        all += &chunk(json!({"index": 0, "delta": {"content": piece}, "logprobs": {"content": [
            {"token": piece, "logprob": -0.5, "bytes": [97, 98], "top_logprobs": []}]}, "finish_reason": null}));
        all += &chunk(json!({"index": 1, "delta": {"reasoning_content": piece}, "finish_reason": null}));
    }
    all += &chunk(json!({"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
        "function": {"name": "send", "arguments": ""}}]}, "finish_reason": null}));
    for piece in ARGUMENTS {
        all += &chunk(
            json!({"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}, "finish_reason": null}),
        );
    }
    all += &chunk(json!({"index": 0, "delta": {}, "finish_reason": "tool_calls"}));
    all += &chunk(json!({"index": 1, "delta": {"reasoning_content": " Bye"}, "finish_reason": "stop"}));
    all += &event(
        "",
        &json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": {"total_tokens": 9}}),
    );
    all + "data: [DONE]\n\n"
}

fn anthropic() -> String {
    let block = |index: usize, start: Value, deltas: Vec<Value>| {
        let mut all = event(
            "content_block_start",
            &json!({"type": "content_block_start", "index": index, "content_block": start}),
        );
        for delta in deltas {
            all +=
                &event("content_block_delta", &json!({"type": "content_block_delta", "index": index, "delta": delta}));
        }
        all + &event("content_block_stop", &json!({"type": "content_block_stop", "index": index}))
    };
    let mut all = event(
        "message_start",
        &json!({"type": "message_start", "message": {"id": "msg_1", "content": [], "usage": {"input_tokens": 3}}}),
    );
    all += &event("ping", &json!({"type": "ping"}));
    let mut thoughts: Vec<Value> =
        SAID.iter().map(|piece| json!({"type": "thinking_delta", "thinking": piece})).collect();
    thoughts.push(json!({"type": "signature_delta", "signature": "c2ln"}));
    all += &block(0, json!({"type": "thinking", "thinking": "", "signature": ""}), thoughts);
    all += &block(
        1,
        json!({"type": "text", "text": ""}),
        SAID.iter().map(|piece| json!({"type": "text_delta", "text": piece})).collect(),
    );
    all += &block(
        2,
        json!({"type": "tool_use", "id": "toolu_1", "name": "send", "input": {}}),
        ARGUMENTS.iter().map(|piece| json!({"type": "input_json_delta", "partial_json": piece})).collect(),
    );
    all += &event(
        "message_delta",
        &json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}}),
    );
    all += "event: something_new\r\ndata: {\"type\": \"something_new\",  \"x\": \"ada@example.org\"}\r\n\r\n";
    all + &event("message_stop", &json!({"type": "message_stop"}))
}

fn responses() -> String {
    let said = SAID.concat();
    let arguments = ARGUMENTS.concat();
    let mut number = 0;
    let mut all = String::new();
    let mut add = |name: &str, mut data: Value| {
        let fields = data.as_object_mut().unwrap();
        fields.insert("type".to_owned(), name.into());
        fields.insert("sequence_number".to_owned(), number.into());
        number += 1;
        all += &event(name, &data);
    };
    let reasoning = json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": said}]});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [
        {"type": "output_text", "text": said, "annotations": [], "logprobs": []}]});
    let call = json!({"id": "fc_1", "type": "function_call", "name": "send", "call_id": "c", "arguments": arguments});
    add("response.created", json!({"response": {"id": "resp_1", "status": "in_progress", "output": []}}));
    add(
        "response.output_item.added",
        json!({"output_index": 0, "item": {"id": "rs_1", "type": "reasoning", "summary": []}}),
    );
    for piece in SAID {
        add(
            "response.reasoning_summary_text.delta",
            json!({"item_id": "rs_1", "output_index": 0, "summary_index": 0, "delta": piece}),
        );
    }
    add(
        "response.reasoning_summary_text.done",
        json!({"item_id": "rs_1", "output_index": 0, "summary_index": 0, "text": said}),
    );
    add(
        "response.reasoning_summary_part.done",
        json!({"item_id": "rs_1", "output_index": 0, "summary_index": 0, "part": {"type": "summary_text", "text": said}}),
    );
    add("response.output_item.done", json!({"output_index": 0, "item": reasoning}));
    add(
        "response.output_item.added",
        json!({"output_index": 1, "item": {"id": "msg_1", "type": "message", "content": []}}),
    );
    add(
        "response.content_part.added",
        json!({"item_id": "msg_1", "output_index": 1, "content_index": 0, "part": {"type": "output_text", "text": ""}}),
    );
    for piece in SAID {
        add(
            "response.output_text.delta",
            json!({"item_id": "msg_1", "output_index": 1, "content_index": 0, "delta": piece,
            "logprobs": [{"token": piece, "logprob": -1.5, "top_logprobs": [{"token": piece}]}]}),
        );
    }
    add("response.output_text.done", json!({"item_id": "msg_1", "output_index": 1, "content_index": 0, "text": said}));
    add(
        "response.content_part.done",
        json!({"item_id": "msg_1", "output_index": 1, "content_index": 0, "part": {"type": "output_text", "text": said}}),
    );
    add("response.output_item.done", json!({"output_index": 1, "item": message}));
    add(
        "response.output_item.added",
        json!({"output_index": 2, "item": {"id": "fc_1", "type": "function_call", "name": "send", "arguments": ""}}),
    );
    for piece in ARGUMENTS {
        add("response.function_call_arguments.delta", json!({"item_id": "fc_1", "output_index": 2, "delta": piece}));
    }
    add("response.function_call_arguments.done", json!({"item_id": "fc_1", "output_index": 2, "arguments": arguments}));
    add("response.output_item.done", json!({"output_index": 2, "item": call}));
    add(
        "response.completed",
        json!({"response": {"id": "resp_1", "status": "completed", "output": [reasoning, message, call]}}),
    );
    all
}

fn all() -> [(Format, String); 3] {
    [(Format::OpenaiChat, chat()), (Format::Anthropic, anthropic()), (Format::OpenaiResponses, responses())]
}

fn filter(lane: Lane, action: Action) -> Option<Box<dyn Filter>> {
    Some(match lane.kind {
        LaneKind::Arguments => Box::new(Arguments::new(&SCANNER, &RULES, Redactor::new([1; 32]))),
        _ => Box::new(Guard::new(&*SCANNER, move |_| action).unwrap()),
    })
}

fn run<'c>(format: Format, chunks: impl Iterator<Item = &'c [u8]>, action: Option<Action>) -> (String, bool) {
    let mut stream = Stream::new(format, move |lane| action.and_then(|action| filter(lane, action))).unwrap();
    let (mut out, mut stopped) = (Vec::new(), false);
    for chunk in chunks {
        let sent = stream.push(chunk);
        out.extend(sent.bytes);
        stopped |= sent.stopped.is_some();
    }
    let sent = stream.finish();
    out.extend(sent.bytes);
    (String::from_utf8(out).unwrap(), stopped || sent.stopped.is_some())
}

/// The data of all events.
fn events(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str(data).ok())
        .collect()
}

/// All texts below a field, joined: what a client puts together.
fn texts(value: &Value, field: &str, out: &mut String) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(text) if name == field => out.push_str(text),
            value => texts(value, field, out),
        }),
        Value::Array(items) => items.iter().for_each(|item| texts(item, field, out)),
        _ => {}
    }
}

fn joined(text: &str, field: &str) -> String {
    let mut out = String::new();
    events(text).iter().for_each(|event| texts(event, field, &mut out));
    out
}

#[test]
fn what_is_not_guarded_passes_byte_for_byte() {
    for (format, text) in all() {
        assert_eq!(run(format, text.as_bytes().chunks(7), None), (text, false));
    }
}

#[test]
fn each_lane_is_guarded_by_itself() {
    let redact = Some(Action::Redact(Style::Label));
    let (chat, _) = run(Format::OpenaiChat, std::iter::once(chat().as_bytes()), redact);
    assert_eq!(joined(&chat, "content"), KEPT);
    assert_eq!(joined(&chat, "reasoning_content"), format!("{KEPT} Bye"));
    assert_eq!(joined(&chat, "arguments"), KEPT_ARGUMENTS);
    assert_eq!(joined(&chat, "token"), "");
    assert!(chat.starts_with(": a comment\n\n") && chat.ends_with("data: [DONE]\n\n"));
    // The event that ends a choice comes behind all of its text.
    let finish = chat.find("\"finish_reason\":\"tool_calls\"").unwrap();
    assert!(chat.find("\"card").is_some_and(|at| at < finish) || chat.find("card").is_some_and(|at| at < finish));

    let (anthropic, _) = run(Format::Anthropic, std::iter::once(anthropic().as_bytes()), redact);
    assert_eq!((joined(&anthropic, "text").as_str(), joined(&anthropic, "thinking").as_str()), (KEPT, KEPT));
    assert_eq!(joined(&anthropic, "partial_json"), KEPT_ARGUMENTS);
    assert!(
        anthropic.contains(
            "event: something_new\r\ndata: {\"type\": \"something_new\",  \"x\": \"ada@example.org\"}\r\n\r\n"
        )
    );
    let stops: Vec<&str> =
        anthropic.split("\n\n").filter(|e| e.contains("block_st") || e.contains("block_delta")).collect();
    for pair in stops.windows(2) {
        // Between a stop and the next start of a block nothing is said.
        assert!(!pair[0].contains("content_block_stop") || pair[1].contains("content_block_start"), "{pair:?}");
    }

    let (responses, _) = run(Format::OpenaiResponses, std::iter::once(responses().as_bytes()), redact);
    assert!(!responses.contains("ada@") && !responses.contains("4111"), "{responses}");
    let mut deltas: BTreeMap<String, String> = BTreeMap::new();
    let mut last = -1;
    for event in events(&responses) {
        let number = event["sequence_number"].as_i64().unwrap();
        assert_eq!(number, last + 1, "{event}");
        last = number;
        let name = event["type"].as_str().unwrap();
        if let Some(what) = name.strip_suffix(".delta") {
            deltas.entry(what.to_owned()).or_default().push_str(event["delta"].as_str().unwrap());
        }
        if name == "response.completed" {
            let output = &event["response"]["output"];
            assert_eq!(output[0]["summary"][0]["text"], KEPT);
            assert_eq!(output[1]["content"][0]["text"], KEPT);
            assert_eq!(output[2]["arguments"], KEPT_ARGUMENTS);
        }
        if name.ends_with("_text.done") {
            assert_eq!(event["text"], KEPT);
        }
    }
    assert_eq!(deltas["response.output_text"], KEPT);
    assert_eq!(deltas["response.reasoning_summary_text"], KEPT);
    assert_eq!(deltas["response.function_call_arguments"], KEPT_ARGUMENTS);
}

#[test]
fn every_split_point_gives_the_same() {
    for action in [Action::Redact(Style::Label), Action::Stop] {
        for (format, text) in all() {
            let expected = run(format, std::iter::once(text.as_bytes()), Some(action));
            for cut in 0..=text.len() {
                let (left, right) = text.as_bytes().split_at(cut);
                assert_eq!(run(format, [left, right].into_iter(), Some(action)), expected, "{format} at {cut}");
            }
            assert_eq!(run(format, text.as_bytes().chunks(1), Some(action)), expected);
        }
    }
}

#[test]
fn a_stopped_stream_ends_as_the_format_says() {
    let ends = [
        (Format::OpenaiChat, "\"finish_reason\":\"content_filter\""),
        (Format::Anthropic, "\"stop_reason\":\"refusal\""),
        (Format::OpenaiResponses, "\"reason\":\"content_filter\""),
    ];
    for ((format, text), (_, end)) in all().into_iter().zip(ends) {
        let (out, stopped) = run(format, text.as_bytes().chunks(11), Some(Action::Stop));
        assert!(stopped && out.contains(end) && !out.contains("ada"), "{out}");
        assert!(out.contains("Write to "), "{out}");
        assert!(events(&out).len() > 2);
    }
}

#[test]
fn what_cannot_be_read_ends_the_stream() {
    for broken in [
        "data: {\"a\": \n\n",
        "data: \u{FF}ada@example.org\n\n",
        "data: {\"choices\": [{\"delta\": {\"content\": \"\\ud83d\"}}]}\n\n",
    ] {
        let (out, stopped) = run(Format::OpenaiChat, std::iter::once(broken.as_bytes()), Some(Action::Note));
        assert!(stopped && out.contains("content_filter"), "{out}");
    }
    let huge = vec![b'a'; 5 << 20];
    assert!(run(Format::Anthropic, std::iter::once(huge.as_slice()), Some(Action::Note)).1);
    let error = Stream::new(Format::Gemini, |_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "streams of the format gemini are not known: those of openai-chat, openai-responses and anthropic are"
    );
}

/// An answer that is cut off is flushed.
#[test]
fn an_answer_without_an_end_is_flushed() {
    let text = chat();
    let at = text.find("\"tool_calls\"").unwrap();
    let cut = text.get(..at).unwrap().rfind("data: ").unwrap();
    let (out, _) = run(
        Format::OpenaiChat,
        std::iter::once(text.as_bytes().get(..cut).unwrap()),
        Some(Action::Redact(Style::Label)),
    );
    assert_eq!(joined(&out, "content"), KEPT);
}
