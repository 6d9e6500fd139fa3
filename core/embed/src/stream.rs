//! Answers that stream, behind the panic boundary: text or a provider's events in, what is safe to send on out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use llm_policy_engine::context::Stage;
pub use llm_policy_engine::detect::stream::Class;
use llm_policy_engine::detect::stream::Decoder;
use llm_policy_engine::detect::tokens::{Counter, count};
use llm_policy_engine::stream::{Lane, Passed as PassedText, Stream as Judged};
use llm_policy_engine::{Decision, exchange};
use llm_policy_provider::stream::{Filter, LaneKind, Passed as Filtered, Stream as Events};
use llm_policy_provider::{Body, Format};
use serde_json::{Value, json};

use crate::error::{Error, ErrorCode};
use crate::exchange::Exchange;
use crate::guard::guarded;
use crate::redaction::redactor;
use crate::watch::Watch;

/// The longest answer.
const MAX_BYTES: usize = llm_policy_engine::input::json::MAX_BYTES;

/// What came through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// What is safe to send on now: text in UTF-8, or events of the format. Often empty.
    pub bytes: Vec<u8>,
    /// The answer ends here; [`Stream::finish`] says why.
    pub is_stopped: bool,
}

/// One answer that streams. Threads may share it; chunks go one after the other. No call panics.
///
/// ```
/// use llm_policy_embed::{Documents, Options, Timestamp};
///
/// let mut documents = Documents::new();
/// let policy = "{version: '1.0', metadata: {name: a}, config: {default_action: allow}, rules: [{id: mail, stages: [response], \
///     when: \"contains_pii(response.text, ['email'])\", \
///     actions: [{redact: {fields: [response.text], detect: [email], style: label}}]}]}";
/// documents.add_bytes(policy.as_bytes(), "a.yaml");
/// let exchange = documents.check(Options::default()).into_engine()?.exchange(b"{}")?;
/// let stream = exchange.stream(None, Timestamp::now())?;
/// let mut shown = stream.push(b"Write to ada@exam")?.bytes;
/// shown.extend(stream.push(b"ple.org, please.")?.bytes);
/// let (rest, decision) = stream.finish()?;
/// shown.extend(rest);
/// assert_eq!(shown, b"Write to [EMAIL], please.");
/// assert!(decision.allowed());
/// # Ok::<(), llm_policy_embed::Error>(())
/// ```
#[derive(Debug)]
pub struct Stream {
    exchange: Arc<Mutex<exchange::Exchange>>,
    bundle: Arc<str>,
    watch: Arc<Watch>,
    class: Class,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    judged: Arc<Judged>,
    form: Form,
    counter: Counter,
    bytes: usize,
    /// How it ended.
    end: Option<Result<Decision, Error>>,
    is_stopped: bool,
}

#[derive(Debug)]
enum Form {
    Text(Box<Lane>, Decoder),
    Events(Format, Box<Events<'static>>),
    /// Events that wait for the end, and what puts them together.
    Held(Format, Box<Events<'static>>, Vec<u8>),
}

/// A lane of a provider's stream.
struct TextLane(Lane);

impl Filter for TextLane {
    fn push(&mut self, text: &str) -> Filtered {
        filtered(self.0.push(text.as_bytes()))
    }

    fn finish(&mut self) -> Filtered {
        filtered(self.0.finish())
    }
}

fn filtered(passed: PassedText) -> Filtered {
    Filtered { text: passed.text, is_stopped: passed.is_stopped }
}

/// A lane whose text is let through as the end decided.
struct Released {
    judged: Arc<Judged>,
    text: String,
    is_text: bool,
}

impl Filter for Released {
    fn push(&mut self, text: &str) -> Filtered {
        self.text.push_str(text);
        Filtered::default()
    }

    fn finish(&mut self) -> Filtered {
        let text = std::mem::take(&mut self.text);
        let text = match (self.judged.restorer(), self.is_text) {
            (_, false) => self.judged.release_arguments(&text),
            (Some(mut restorer), true) => self.judged.release(&restorer.restore(&text)),
            (None, true) => self.judged.release(&text),
        };
        Filtered { text, is_stopped: false }
    }
}

impl Exchange {
    /// Begins the answer of this turn as a stream: of a provider's server-sent events in `format`, or of plain text. `now` is the
    /// time that conditions see, from here to the end.
    ///
    /// # Errors
    /// When the streams of the format are not known, or what the host said is refused as a whole.
    pub fn stream(&self, format: Option<Format>, now: Timestamp) -> Result<Stream, Error> {
        guarded(|| {
            let mut exchange = self.lock();
            redactor(&mut exchange)?;
            let judged = Arc::new(exchange.stream(now)?);
            let class = judged.class();
            let form = match format {
                None => Form::Text(Box::new(judged.lane()), Decoder::default()),
                Some(format) if class == Class::Buffer => {
                    Form::Held(format, Box::new(Events::new(format, |_| None).map_err(unknown)?), Vec::new())
                }
                Some(format) => {
                    let lanes = judged.clone();
                    let make = move |lane: llm_policy_provider::stream::Lane| {
                        let lane = (lane.kind != LaneKind::Arguments).then(|| lanes.lane());
                        lane.map(|lane| Box::new(TextLane(lane)) as Box<dyn Filter>)
                    };
                    Form::Events(format, Box::new(Events::new(format, make).map_err(unknown)?))
                }
            };
            let counter = Counter::new(exchange.model().unwrap_or_default());
            let state = State { judged, form, counter, bytes: 0, end: None, is_stopped: false };
            drop(exchange);
            let (watch, bundle) = (self.watch.clone(), self.bundle());
            Ok(Stream { exchange: self.inner.clone(), bundle, watch, class, state: Mutex::new(state) })
        })
    }
}

fn unknown(error: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::InvalidArgument, error.to_string())
}

impl Stream {
    /// How the policies judge this answer; with [`Class::Buffer`] nothing comes out before [`Stream::finish`].
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The digest of the documents that decide: SHA-256, in hexadecimal.
    #[must_use]
    pub fn bundle(&self) -> Arc<str> {
        self.bundle.clone()
    }

    /// The next bytes of the answer, cut anywhere, also within a character or an event.
    ///
    /// # Errors
    /// When an event cannot be read, or the answer is longer than 64 MiB; then it ends here. When it has ended before.
    pub fn push(&self, chunk: &[u8]) -> Result<Passed, Error> {
        guarded(|| {
            let mut state = self.lock();
            if state.is_stopped {
                return Ok(Passed { bytes: Vec::new(), is_stopped: true });
            }
            if state.end.is_some() {
                return Err(Error::new(ErrorCode::InvalidArgument, "this stream has ended"));
            }
            let passed = state.push(chunk);
            match &passed {
                Ok(passed) if !passed.is_stopped => {}
                Ok(_) => self.stopped(&mut state),
                Err(error) => self.end(&mut state, Err(error.clone())),
            }
            passed
        })
    }

    /// The end of the answer: what was held back, and the decision, which is one about the whole answer, or the one at which it was
    /// stopped. Nothing comes out of an answer that is refused here. Once more, it is the same decision and no bytes.
    ///
    /// # Errors
    /// As [`Exchange::evaluate`], when the whole answer is refused for its form; and when the stream was aborted or failed.
    pub fn finish(&self) -> Result<(Vec<u8>, Decision), Error> {
        guarded(|| {
            let mut state = self.lock();
            if let Some(end) = &state.end {
                return end.clone().map(|decision| (Vec::new(), decision));
            }
            let (bytes, end) = match state.finish(&self.exchange) {
                Ok((bytes, decision)) => (bytes, Ok(decision)),
                Err(error) => (Vec::new(), Err(error)),
            };
            self.end(&mut state, end.clone());
            end.map(|decision| (bytes, decision))
        })
    }

    /// Ends the stream because nobody reads on. What was held back is dropped; the tokens that came are counted, so that
    /// [`Exchange::settle`] closes what is reserved with them.
    ///
    /// # Errors
    /// None but for a bug of ours.
    pub fn abort(&self) -> Result<(), Error> {
        guarded(|| {
            let mut state = self.lock();
            if state.end.is_none() {
                state.count(&self.exchange);
                state.end = Some(Err(Error::new(ErrorCode::InvalidArgument, "this stream was aborted")));
            }
            Ok(())
        })
    }

    fn stopped(&self, state: &mut State) {
        state.is_stopped = true;
        let unreadable = || Error::new(ErrorCode::InvalidInput, "an event of the stream cannot be read");
        let end = state.judged.stopped().ok_or_else(unreadable);
        self.end(state, end);
    }

    /// Notes how it ended, once.
    fn end(&self, state: &mut State, end: Result<Decision, Error>) {
        state.count(&self.exchange);
        self.watch.note(Stage::Response, None, &end, || self.bundle.clone());
        state.is_stopped |= end.as_ref().map_or(true, |decision| !decision.allowed());
        state.end = Some(end);
    }

    /// What is inside changes at the end of a call, but for chunks, which are judged in pieces; after a panic nothing more of them
    /// is let through.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            let broken =
                Error::new(ErrorCode::InternalError, "this stream was broken off by a bug of the policy engine");
            state.end.get_or_insert(Err(broken));
            state.is_stopped = true;
            state
        })
    }
}

impl State {
    fn push(&mut self, chunk: &[u8]) -> Result<Passed, Error> {
        self.bytes = self.bytes.saturating_add(chunk.len());
        if self.bytes > MAX_BYTES {
            return Err(Error::new(ErrorCode::InvalidInput, format!("the answer is longer than {MAX_BYTES} bytes")));
        }
        let is_refused = self.judged.stopped().is_some();
        Ok(match &mut self.form {
            Form::Text(lane, decoder) => {
                let mut text = String::new();
                decoder.push(chunk, &mut text);
                self.counter.push(&text);
                let passed = lane.push(chunk);
                Passed { bytes: passed.text.into_bytes(), is_stopped: passed.is_stopped || is_refused }
            }
            Form::Events(_, events) if is_refused => Passed { bytes: events.refuse().bytes, is_stopped: true },
            Form::Events(_, events) => {
                let sent = events.push(chunk);
                Passed { bytes: sent.bytes, is_stopped: sent.stopped.is_some() }
            }
            Form::Held(_, events, held) => {
                held.extend_from_slice(chunk);
                Passed { bytes: Vec::new(), is_stopped: events.push(chunk).stopped.is_some() }
            }
        })
    }

    fn finish(&mut self, exchange: &Mutex<exchange::Exchange>) -> Result<(Vec<u8>, Decision), Error> {
        let lock = || exchange.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut self.form {
            Form::Text(lane, _) => {
                let rest = lane.finish();
                let body = json!({"response": {"text": lane.text()}});
                let decision = self.judged.finish(&mut lock(), &body)?;
                let text = match (decision.allowed(), lane.is_held()) {
                    (true, true) => self.judged.release(lane.text()),
                    // What stands before the finding that stops it is safe.
                    (false, false) if !rest.is_stopped => String::new(),
                    _ => rest.text,
                };
                Ok((text.into_bytes(), decision))
            }
            Form::Events(format, events) => {
                let sent = events.finish();
                if sent.stopped.is_some() && self.judged.stopped().is_none() {
                    return Err(Error::new(ErrorCode::InvalidInput, "the last event of the stream cannot be read"));
                }
                let decision = self.judged.finish(&mut lock(), &whole(*format, events.whole(), &self.judged)?)?;
                let bytes = if decision.allowed() || sent.stopped.is_some() { sent.bytes } else { Vec::new() };
                Ok((bytes, decision))
            }
            Form::Held(format, events, held) => {
                let sent = events.finish();
                if sent.stopped.is_some() {
                    return Err(Error::new(ErrorCode::InvalidInput, "the last event of the stream cannot be read"));
                }
                let decision = self.judged.finish(&mut lock(), &whole(*format, events.whole(), &self.judged)?)?;
                let judged = self.judged.clone();
                let release = move |lane: llm_policy_provider::stream::Lane| {
                    let is_text = lane.kind != LaneKind::Arguments;
                    let released = Released { judged: judged.clone(), text: String::new(), is_text };
                    Some(Box::new(released) as Box<dyn Filter>)
                };
                let mut out = Events::new(*format, release).map_err(unknown)?;
                if !decision.allowed() {
                    return Ok((out.refuse().bytes, decision));
                }
                let mut bytes = out.push(held).bytes;
                bytes.extend(out.finish().bytes);
                Ok((bytes, decision))
            }
        }
    }

    /// Tells the exchange what the model has written.
    fn count(&mut self, exchange: &Mutex<exchange::Exchange>) {
        let mut exchange = exchange.lock().unwrap_or_else(PoisonError::into_inner);
        let tokens = match &self.form {
            Form::Text(..) => self.counter.count().tokens,
            Form::Events(_, events) | Form::Held(_, events, _) => {
                written(events.whole(), &mut |text| count(exchange.model().unwrap_or_default(), text).tokens)
            }
        };
        exchange.count(tokens as u64);
    }
}

/// The whole answer as a context, with the values put back.
fn whole(format: Format, body: &Value, judged: &Judged) -> Result<Value, Error> {
    let mut context = Body::new(format, Stage::Response, body.to_string().as_bytes())?.context()?;
    if let (Some(mut restorer), Some(Value::String(text))) = (judged.restorer(), context.pointer_mut("/response/text"))
    {
        *text = restorer.restore(text);
    }
    Ok(context)
}

/// The sum over the texts that a model wrote, wherever they stand in a body: what grows in a stream.
fn written(body: &Value, tokens: &mut dyn FnMut(&str) -> usize) -> usize {
    const WRITTEN: [&str; 9] = [
        "content",
        "text",
        "refusal",
        "reasoning_content",
        "reasoning",
        "thinking",
        "arguments",
        "input",
        "partial_json",
    ];
    match body {
        Value::Array(items) => items.iter().map(|item| written(item, tokens)).sum(),
        Value::Object(fields) => {
            let mut sum = 0;
            for (name, value) in fields {
                sum += match value {
                    Value::String(text) if WRITTEN.contains(&name.as_str()) => tokens(text),
                    // The arguments of a call, once they were read.
                    Value::Object(_) if name == "input" => tokens(&value.to_string()),
                    Value::Array(_) | Value::Object(_) => written(value, tokens),
                    _ => 0,
                };
            }
            sum
        }
        _ => 0,
    }
}
