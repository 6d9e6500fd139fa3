//! Answers that stream, through the facade.

#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use llm_policy_embed::{
    Class, Closed, Documents, Engine, ErrorCode, Exchange, Format, Handles, Options, Question, Stage,
};
use llm_policy_embed::{Timestamp, stream::Stream};
use serde_json::json;

const KEY: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

fn engine(rules: &str) -> Engine {
    let policy = format!(
        "{{version: '1.0', metadata: {{name: a}}, config: {{default_action: allow, stages: [request, response]}}, {rules}}}"
    );
    let mut documents = Documents::new();
    documents.add_bytes(policy.as_bytes(), "a.yaml");
    documents.check(Options::default()).into_engine().unwrap().handles(Handles::ALL)
}

const ANSWERS: &str = "rules: [{id: keys, stages: [response], when: \"contains_secret(response.text)\", actions: [{type: deny}]}, \
    {id: mail, stages: [response], when: \"contains_pii(response.text, ['email'])\", \
    actions: [{redact: {fields: [response.text], detect: [email], style: label}}]}]";

fn run(stream: &Stream, bytes: &[u8], size: usize) -> (String, llm_policy_embed::Decision) {
    let mut came = Vec::new();
    for chunk in bytes.chunks(size) {
        let passed = stream.push(chunk).unwrap();
        came.extend(passed.bytes);
        if passed.is_stopped {
            break;
        }
    }
    let (rest, decision) = stream.finish().unwrap();
    came.extend(rest);
    (String::from_utf8(came).unwrap(), decision)
}

fn chat(pieces: &[&str]) -> String {
    let chunk = |delta: serde_json::Value, reason: serde_json::Value| {
        let choices = json!([{"index": 0, "delta": delta, "finish_reason": reason}]);
        format!("data: {}\n\n", json!({"id": "c", "model": "gpt-4o", "choices": choices}))
    };
    let mut all: String = pieces.iter().map(|piece| chunk(json!({"content": piece}), json!(null))).collect();
    let call =
        json!([{"index": 0, "id": "t", "type": "function", "function": {"name": "send", "arguments": "{\"to\""}}]);
    all.push_str(&chunk(json!({"tool_calls": call}), json!(null)));
    let call = json!([{"index": 0, "function": {"arguments": ": \"bob@example.org\"}"}}]);
    all.push_str(&chunk(json!({"tool_calls": call}), json!(null)));
    all.push_str(&chunk(json!({}), json!("tool_calls")));
    all + "data: [DONE]\n\n"
}

fn exchange(engine: &Engine) -> Exchange {
    engine.exchange(br#"{"user": {"id": "ann"}}"#).unwrap()
}

#[test]
fn events_come_to_what_the_whole_body_comes_to_however_they_are_cut() {
    let engine = engine(ANSWERS);
    let events = chat(&["Write to ada@exa", "mple.org ", "or to nobody."]);
    let body = json!({"model": "gpt-4o", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "content": "Write to ada@example.org or to nobody.",
        "tool_calls": [{"id": "t", "type": "function", "function": {"name": "send", "arguments": "{\"to\": \"bob@example.org\"}"}}],
    }}]});
    let about = Question { stage: Stage::Response, ..Question::default() };
    let whole = exchange(&engine).evaluate_body(Format::OpenaiChat, body.to_string().as_bytes(), about).unwrap();
    let mut first: Option<String> = None;
    for size in 1..200 {
        let stream = exchange(&engine).stream(Some(Format::OpenaiChat), Timestamp::now()).unwrap();
        let (came, decision) = run(&stream, events.as_bytes(), size);
        assert!(!came.contains("ada@"), "{came}");
        assert_eq!(decision.to_canonical_json(), whole.to_canonical_json());
        assert_eq!(*first.get_or_insert_with(|| came.clone()), came);
    }
    assert!(first.unwrap().contains("Write to [EMAIL] or to nobody."));
}

#[test]
fn what_was_taken_out_of_the_request_is_put_back_into_the_answer() {
    let engine = engine(
        "rules: [{id: mail, when: \"contains_pii(request.text, ['email'])\", \
         actions: [{redact: {fields: [request.text], detect: [email], style: reversible}}]}, \
         {id: keys, stages: [response], when: \"contains_secret(response.text)\", actions: [{type: deny}]}]",
    );
    let exchange = exchange(&engine);
    let body = br#"{"model": "m", "messages": [{"role": "user", "content": "I am ada@example.org"}]}"#;
    exchange.evaluate_body(Format::OpenaiChat, body, Question::default()).unwrap();
    let sent = exchange.redact(Some(Format::OpenaiChat), body).unwrap();
    let (code, _) = sent.split_once("[EMAIL_").unwrap().1.split_once(']').unwrap();
    let placeholder = format!("[EMAIL_{code}]");
    for format in [None, Some(Format::OpenaiChat)] {
        for size in [1, 5, 1000] {
            // Another process goes on.
            let exchange = engine.resume(exchange.to_json().unwrap().as_bytes()).unwrap();
            let answer = format!("Hello {placeholder}!");
            let (left, right) = answer.split_at(10);
            let input = if format.is_some() { chat(&[left, right]) } else { answer.clone() };
            let (came, decision) = run(&exchange.stream(format, Timestamp::now()).unwrap(), input.as_bytes(), size);
            let text: String = match format {
                None => came,
                Some(_) => came
                    .lines()
                    .filter_map(|line| line.strip_prefix("data: ")?.parse::<serde_json::Value>().ok())
                    .filter_map(|event| Some(event["choices"][0]["delta"]["content"].as_str()?.to_owned()))
                    .collect(),
            };
            assert_eq!((text.as_str(), decision.allowed()), ("Hello ada@example.org!", true));
        }
    }
    // The values of one caller are not another's.
    let other = exchange.to_json().unwrap().replace("\"ann\"", "\"bob\"");
    assert_eq!(engine.resume(other.as_bytes()).unwrap_err().code, ErrorCode::InvalidInput);
}

#[test]
fn a_stream_that_is_stopped_stays_so() {
    let exchange = exchange(&engine(ANSWERS));
    let stream = exchange.stream(None, Timestamp::now()).unwrap();
    assert_eq!(stream.class(), Class::Streamable);
    let text = format!("The key is {KEY}, {}", "and so on. ".repeat(100));
    let passed = stream.push(text.as_bytes()).unwrap();
    assert_eq!((passed.bytes.as_slice(), passed.is_stopped), (&b"The key is "[..], true));
    assert!(stream.push(b"more").unwrap().is_stopped);
    let (rest, decision) = stream.finish().unwrap();
    assert_eq!((rest.len(), decision.allowed(), decision.rule()), (0, false, Some("keys")));
    assert!(!stream.finish().unwrap().1.allowed());
    // The next one begins anew.
    let stream = exchange.stream(None, Timestamp::now()).unwrap();
    assert!(run(&stream, b"fine", 1).1.allowed());
    assert_eq!(stream.push(b"x").unwrap_err().code, ErrorCode::InvalidArgument);
}

#[test]
fn an_aborted_stream_settles_on_what_was_counted() {
    let engine = engine(
        "limits: {day: {kind: quota, key: user.id, amount: 1000, window: {fixed: 1d}}}, \
         rules: [{id: r, when: 'false', actions: [{type: deny}]}]",
    );
    let exchange = exchange(&engine);
    let request = br#"{"request": {"model": "m", "prompt": "Hello there, model", "max_tokens": 500}}"#;
    assert!(exchange.evaluate(request, Question::default()).unwrap().allowed());
    let stream = exchange.stream(None, Timestamp::now()).unwrap();
    stream.push("word ".repeat(80).as_bytes()).unwrap();
    stream.abort().unwrap();
    assert_eq!(stream.finish().unwrap_err().code, ErrorCode::InvalidArgument);
    assert_eq!(exchange.settle(None).unwrap(), Closed::Done);
    // 18 bytes were read, 400 written, four to a token.
    let seen = engine.dry_run(
        br#"{"user": {"id": "ann"}, "request": {"model": "m", "prompt": "x", "max_tokens": 1}}"#,
        Question::default(),
    );
    let limits = seen.unwrap().limits_json();
    let (used, own) = (&limits[0]["used"], &limits[0]["cost"]);
    assert_eq!(used.as_u64().unwrap() - own.as_u64().unwrap(), 105, "{limits}");
}

#[test]
fn anything_may_come_in() {
    let engine = engine(ANSWERS);
    let mut random = 7_u64;
    for format in [None, Some(Format::OpenaiChat), Some(Format::OpenaiResponses), Some(Format::Anthropic)] {
        for _ in 0..200 {
            let stream = exchange(&engine).stream(format, Timestamp::now()).unwrap();
            let pieces: [&[u8]; 12] = [
                b"data: ", b"{", b"}", b"\n\n", b"\"choices\":[", b"]", b"{\"delta\":{\"content\":\"x\"}}", b"\xff\xfe", b"[DONE]",
                b"{\"type\":\"content_block_delta\",\"index\":99999999,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}",
                b"{\"type\":\"response.output_text.delta\",\"output_index\":3,\"delta\":\"b\"}", b"null",
            ];
            for _ in 0..20 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let _ = stream.push(pieces[usize::try_from(random >> 33).unwrap() % pieces.len()]);
            }
            let _ = stream.finish();
        }
    }
}
