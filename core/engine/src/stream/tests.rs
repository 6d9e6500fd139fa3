//! What a stream lets through and decides, against the whole answer.

use llm_policy_detect::stream::Class;
use serde_json::{Value as Json, json};

use super::Stream;
use crate::context::Stage;
use crate::decision::Decision;
use crate::exchange::Exchange;
use crate::handles::Handles;
use crate::{Engine, Options, document};

const KEY: &str = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";

fn engine(rules: &str) -> Engine {
    engine_with("", rules)
}

fn engine_with(config: &str, rules: &str) -> Engine {
    let config = format!("{{default_action: allow, stages: [request, response]{config}}}");
    let policy = format!("version: \"1.0\"\nmetadata: {{name: a}}\nconfig: {config}\nrules:\n{rules}");
    let document = document::read(&policy, "a.yaml", &mut document::no_files).unwrap_or_else(|e| panic!("{e:?}"));
    let made = Engine::new(vec![document], Options::default());
    let (engine, _) = made.unwrap_or_else(|e| panic!("{}", e.iter().map(|f| f.render(false)).collect::<String>()));
    engine.handles(Handles::ALL)
}

fn rule(id: &str, when: &str, actions: &str) -> String {
    format!("  - {{id: {id}, stages: [response], when: \"{when}\", actions: [{actions}]}}\n")
}

fn now() -> jiff::Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

fn exchange(engine: &Engine) -> Exchange {
    let mut exchange = engine.exchange(&json!({"user": {"id": "ann", "tier": "free"}})).unwrap();
    let request = json!({"request": {"model": "m", "prompt": "Hello!"}});
    exchange.evaluate(Stage::Request, &request, now()).unwrap();
    exchange
}

fn answer(text: &str) -> Json {
    json!({"response": {"text": text}})
}

/// What came through of chunks, and what was decided.
fn streamed(exchange: &mut Exchange, chunks: &[&[u8]]) -> (String, Decision) {
    let stream = exchange.stream(now()).unwrap();
    let mut lane = stream.lane();
    let mut shown = String::new();
    for chunk in chunks {
        let passed = lane.push(chunk);
        shown.push_str(&passed.text);
        assert_eq!(passed.is_stopped, passed.is_stopped && stream.stopped().is_some());
    }
    shown.push_str(&lane.finish().text);
    let decision = stream.finish(exchange, &answer(lane.text())).unwrap();
    if lane.is_held() {
        assert_eq!(shown, "");
        shown = stream.release(lane.text());
    }
    (shown, decision)
}

/// What the whole answer comes to: the text without what is taken out, and the decision.
fn whole(engine: &Engine, text: &str) -> (Option<String>, Decision) {
    let decision = exchange(engine).evaluate(Stage::Response, &answer(text), now()).unwrap();
    let mut context = answer(text);
    let mut redactor = llm_policy_detect::redact::Redactor::new([0; 32]);
    decision.redact(&mut context, &mut redactor).unwrap();
    let text = context["response"]["text"].as_str().unwrap().to_owned();
    (decision.allowed().then_some(text), decision)
}

fn class(engine: &Engine) -> Class {
    engine.compiled().streaming.class()
}

/// Answers that are cut.
const TEXTS: usize = 2_000;

/// Numbers that look random, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn text(&mut self) -> String {
        let pieces = [
            "ada@example.org",
            KEY,
            "Call +49 30 901820 now",
            "my SSN is 536-22-8726.",
            "damn, what a fuck-up",
            "4111 1111 1111 1111",
            "日本語の文章です。",
            "Ünïcödé 👋🏽 ",
            "password = \"h4Xk-92!mm_Qz\"",
            "the quick brown fox jumps over the lazy dog",
            "a@",
            "\n\n",
            "B-123456",
            "12 34 56",
            "https://ann:s3cr3tPa55@db.example.org/x",
        ];
        let count = 1 + self.below(12);
        let mut text = String::new();
        for _ in 0..count {
            text.push_str(pieces[self.below(pieces.len())]);
            text.push_str([" ", ", ", "", " and so on and so forth, as they say. "][self.below(4)]);
        }
        text
    }

    fn chunks<'t>(&mut self, text: &'t str) -> Vec<&'t [u8]> {
        let mut rest = text.as_bytes();
        let mut chunks = Vec::new();
        let most = [1, 4, 16, 400][self.below(4)];
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at((1 + self.below(most)).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        chunks
    }
}

#[test]
fn a_stream_comes_to_what_the_whole_answer_comes_to() {
    let redact = "{redact: {fields: [response.text], detect: [email, us_ssn], style: hash}}";
    let deny = "{type: deny, reason: no}";
    let patterns = ", detectors: {patterns: {badge: 'B-[0-9]{6}'}}";
    let sets = [
        rule("keys", "contains_secret(response.text)", deny),
        rule("mail", "contains_pii(response.text, ['email', 'us_ssn'])", redact),
        rule("mail", "contains_pii(response.text) || user.tier == 'gold'", redact)
            + &rule("keys", "user.tier == 'free' && contains_secret(response.text)", deny),
        rule("both", "contains_pii(response.text, ['email']) && contains_secret(response.text)", deny)
            + &rule("words", "profanity(response.text) > 0.3", "{type: deny}"),
        rule("many", "size(pii(response.text)) >= 3", deny),
        rule("cards", "pii(response.text).exists(f, f.kind == 'credit_card' && f.score > 0.5)", deny)
            + &rule("always", "true", redact),
        rule("badges", "contains_pattern(response.text, ['badge'])", "{type: throttle, delay_ms: 5}"),
        rule("absent", "team.id == 'x' && contains_secret(response.text)", deny),
    ];
    let mut random = Random(7);
    for rules in &sets {
        let engine = engine_with(patterns, rules);
        assert_eq!(class(&engine), Class::Streamable, "{rules}");
        for _ in 0..TEXTS / sets.len() {
            let text = random.text();
            let (expected, decision) = whole(&engine, &text);
            let mut first: Option<(String, String)> = None;
            // Cut once in every place, in the middle of characters too, and three times into many chunks.
            let cut = (0..=text.len()).map(|at| <[&[u8]; 2]>::from(text.as_bytes().split_at(at)).to_vec());
            let cut: Vec<_> = cut.chain((0..3).map(|_| random.chunks(&text))).collect();
            for chunks in cut {
                let (shown, streamed) = streamed(&mut exchange(&engine), &chunks);
                assert_eq!(streamed.effect(), decision.effect(), "{rules}{text}");
                match &expected {
                    Some(expected) => {
                        assert_eq!((&shown, streamed.to_canonical_json()), (expected, decision.to_canonical_json()));
                    }
                    // What stops it is not shown.
                    // What was taken out before has changed its length; the guard's own tests look at that.
                    None if rules.contains("redact") => {}
                    None => {
                        let stop = streamed.evidence.iter().map(|found| found.bytes.end as usize).max();
                        let end = stop.unwrap_or(0);
                        assert!(text.starts_with(&shown) && shown.len() < end, "{rules}{text}");
                    }
                }
                let got = (shown, streamed.to_canonical_json());
                assert_eq!(*first.get_or_insert_with(|| got.clone()), got, "{rules}{text}");
            }
        }
    }
}

#[test]
fn rules_are_classed_when_they_are_loaded() {
    let deny = "{type: deny}";
    let redact = "{redact: {fields: [response.text], detect: [email], style: label}}";
    let cases = [
        ("user.tier == 'free'", deny, Class::Streamable),
        ("contains_pii(request.prompt)", deny, Class::Streamable),
        ("contains_secret(response.text) || user.tier == 'x'", deny, Class::Streamable),
        ("!contains_secret(response.text)", deny, Class::Buffer),
        ("contains_secret(response.text) == false", deny, Class::Buffer),
        ("profanity(response.text) < 0.5", deny, Class::Buffer),
        ("jailbreak(response.text) > 0.5", deny, Class::Buffer),
        ("size(response.text) > 10", deny, Class::Buffer),
        ("size(response.text) > 10", "{warn: {message: long}}", Class::AtEnd),
        ("response.finish_reason == 'stop'", deny, Class::Buffer),
        ("contains_secret(response.tool_calls)", deny, Class::Buffer),
        ("contains_secret(response.text)", "{type: allow}", Class::Buffer),
        ("size(response.text) > 10", "{custom: {handler: h, mandatory: true}}", Class::Buffer),
        ("contains_pii(response.text, ['email'])", redact, Class::Streamable),
        ("contains_pii(response.text)", redact, Class::Streamable),
        ("contains_pii(response.text, ['email']) && user.tier == 'free'", redact, Class::Streamable),
        // The first address would be through before the second condition is true.
        ("contains_pii(response.text, ['phone'])", redact, Class::Buffer),
        ("contains_pii(response.text) && contains_secret(response.text)", redact, Class::Buffer),
        ("true", "{redact: {fields: [response.text], style: label}}", Class::Buffer),
        ("true", "{redact: {fields: [response.tool_calls], detect: [email]}}", Class::Buffer),
        ("true", "{redact: {fields: [request.prompt], detect: [email]}}", Class::Streamable),
    ];
    for (when, action, expected) in cases {
        assert_eq!(class(&engine(&rule("r", when, action))), expected, "{when} {action}");
    }
    let late = engine_with(", stream: at_end", &rule("r", "size(response.text) > 10", deny));
    assert_eq!(class(&late), Class::AtEnd);
    // Two documents that read texts in two ways: one of them waits.
    let rules = rule("r", "contains_pattern(response.text)", deny);
    let endless = engine_with(", detectors: {patterns: {long: 'x[a-z]+y'}}", &rules);
    assert_eq!(class(&endless), Class::Buffer);
}

#[test]
fn what_is_refused_before_it_begins_shows_nothing() {
    let engine = engine(&rule("r", "user.tier == 'free'", "{type: deny, reason: not for free}"));
    let (shown, decision) = streamed(&mut exchange(&engine), &[b"Hello!"]);
    assert_eq!((shown.as_str(), &*decision.reason()), ("", "not for free"));
}

#[test]
fn what_waits_for_the_end_is_let_through_as_the_end_decides() {
    let long = rule("long", "size(response.text) > 30", "{type: deny, reason: long}");
    let mail = rule("mail", "jailbreak(response.text) < 0.5", "{redact: {fields: [response.text], detect: [email]}}");
    let engine = engine(&(long + &mail));
    assert_eq!(class(&engine), Class::Buffer);
    let (shown, decision) = streamed(&mut exchange(&engine), &[b"To ada@exam", b"ple.org"]);
    assert_eq!((shown.as_str(), decision.allowed()), ("To [EMAIL]", true));
    let (shown, decision) = streamed(&mut exchange(&engine), &[b"To ada@example.org", b", and to many, many others"]);
    assert_eq!((shown.as_str(), &*decision.reason()), ("", "long"));
}

#[test]
fn at_end_lets_through_and_decides() {
    let rules = rule("long", "size(response.text) > 3", "{type: deny, reason: long}");
    let engine = engine_with(", stream: at_end", &rules);
    let mut exchange = exchange(&engine);
    let stream: Stream = exchange.stream(now()).unwrap();
    let mut lane = stream.lane();
    assert_eq!(lane.push(b"Hello!").text, "Hello!");
    assert_eq!(lane.finish().text, "");
    assert_eq!(stream.finish(&mut exchange, &answer(lane.text())).unwrap().reason(), "long");
}

#[test]
fn text_beyond_what_detectors_read_is_as_in_the_whole() {
    let deny = rule("keys", "contains_secret(response.text)", "{type: deny, reason: key}");
    let redact = rule(
        "mail",
        "contains_pii(response.text)",
        "{redact: {fields: [response.text], detect: [email], style: label}}",
    );
    let warn = rule("warn", "contains_pii(response.text)", "{warn: {message: w}}");
    for rules in [deny, redact, warn] {
        let engine = engine_with(", detectors: {max_bytes: 200}", &rules);
        assert_eq!(class(&engine), Class::Streamable);
        for len in [150, 199, 200, 201, 202, 260] {
            let text: String = "Grüße an ada@example.org und alle. ".chars().cycle().take(len).collect();
            let (expected, decision) = whole(&engine, &text);
            for size in [1, 7, 64, 1000] {
                let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                let (shown, streamed) = streamed(&mut exchange(&engine), &chunks);
                assert_eq!(streamed.effect(), decision.effect());
                if let Some(expected) = &expected {
                    assert_eq!(shown, *expected, "{len} {size}");
                }
            }
        }
    }
}
