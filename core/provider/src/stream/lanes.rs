//! A stream: events in, events out, a filter for each lane.

use std::collections::BTreeMap;
use std::fmt;

use llm_policy_detect::redact::{Item, edit};
use llm_policy_engine::decision::canonical;
use serde_json::Value;

use super::anthropic::Anthropic;
use super::chat::Chat;
use super::event::{Events, MAX_EVENT, data, event, with_data};
use super::filter::{Filter, Passed};
use super::responses::Responses;
use super::{Lane, Place, Shape};
use crate::format::Format;

const DONE: &str = "[DONE]";

/// A format whose streams nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoStream(Format);

impl fmt::Display for NoStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "streams of the format {} are not known: those of openai-chat, openai-responses and anthropic are",
            self.0
        )
    }
}

impl std::error::Error for NoStream {}

/// What is sent on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Events, as bytes.
    pub bytes: Vec<u8>,
    /// The stream was ended here because of what stands in this lane, or because an event could not be read (`None`).
    pub stopped: Option<Option<Lane>>,
}

impl Sent {
    /// The events as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// One streamed answer.
pub struct Stream<'g> {
    shape: Box<dyn Shape>,
    make: Box<dyn FnMut(Lane) -> Option<Box<dyn Filter + 'g>> + Send + 'g>,
    events: Events,
    lanes: BTreeMap<Lane, State<'g>>,
    /// The last event that could be read.
    last: Value,
    /// The body of the answer so far, as it was sent.
    whole: Value,
    /// Events that were put in, by which later ones are renumbered.
    added: u64,
    is_over: bool,
}

struct State<'g> {
    /// `None`: the lane passes as it is, or is over.
    filter: Option<Box<dyn Filter + 'g>>,
    is_guarded: bool,
    /// What was sent, for events that repeat it.
    sent: String,
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes: Vec<&Lane> = self.lanes.keys().collect();
        f.debug_struct("Stream").field("lanes", &lanes).field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

impl<'g> Stream<'g> {
    /// A stream of a format. `make` gives the filter of each lane as it begins; a lane without one passes as it is.
    ///
    /// # Errors
    /// When the format's streams are not known.
    pub fn new(
        format: Format,
        make: impl FnMut(Lane) -> Option<Box<dyn Filter + 'g>> + Send + 'g,
    ) -> Result<Self, NoStream> {
        let shape: Box<dyn Shape> = match format {
            Format::OpenaiChat => Box::new(Chat),
            Format::OpenaiResponses => Box::new(Responses),
            Format::Anthropic => Box::new(Anthropic),
            other => return Err(NoStream(other)),
        };
        Ok(Self {
            shape,
            make: Box::new(make),
            events: Events::default(),
            lanes: BTreeMap::new(),
            last: Value::Null,
            whole: Value::Object(serde_json::Map::new()),
            added: 0,
            is_over: false,
        })
    }

    /// The next bytes, cut anywhere.
    pub fn push(&mut self, chunk: &[u8]) -> Sent {
        let mut sent = Sent::default();
        if self.is_over {
            return sent;
        }
        self.events.push(chunk);
        while !self.is_over
            && let Some(event) = self.events.next()
        {
            self.event(event, &mut sent);
        }
        if self.events.held() > MAX_EVENT {
            self.stop(None, &mut sent);
        }
        sent
    }

    /// The end of the stream: what was held back, and an event that has no end.
    pub fn finish(&mut self) -> Sent {
        let mut sent = Sent::default();
        if self.is_over {
            return sent;
        }
        let rest = self.events.rest();
        if !rest.is_empty() {
            self.event(rest, &mut sent);
        }
        if !self.is_over {
            let like = self.last.clone();
            self.end_lanes(&like, &|_| true, &mut sent);
        }
        self.is_over = true;
        sent
    }

    /// The body of the answer so far, as it was sent and as an answer that does not stream would have it.
    #[must_use]
    pub fn whole(&self) -> &Value {
        &self.whole
    }

    /// Ends the answer here, as the format says that one was filtered. What was held back is dropped.
    pub fn refuse(&mut self) -> Sent {
        let mut sent = Sent::default();
        if !self.is_over {
            self.stop(None, &mut sent);
        }
        sent
    }

    fn event(&mut self, bytes: Vec<u8>, sent: &mut Sent) {
        let Ok(text) = std::str::from_utf8(&bytes) else { return self.stop(None, sent) };
        let Some(data) = data(text) else { return sent.bytes.extend_from_slice(&bytes) };
        if data.trim() == DONE {
            let like = self.last.clone();
            self.end_lanes(&like, &|_| true, sent);
            if !self.is_over {
                sent.bytes.extend_from_slice(&bytes);
            }
            return;
        }
        let Ok(value) = serde_json::from_str::<Value>(&data) else { return self.stop(None, sent) };
        self.shape.join(&mut self.whole, &value);
        // Lanes that end here without a last piece in this event give one before it.
        let mut growing = Vec::new();
        let shape = &self.shape;
        let _ = edit(&data, &mut |path, item| {
            if let (Item::Text(_), Place::Delta(lane)) = (item, shape.place(&value, path)) {
                growing.push(lane);
            }
            None
        });
        for lane in &growing {
            self.lane(*lane);
        }
        let ends: Vec<Lane> = self.lanes.keys().copied().filter(|lane| self.shape.ends(&value, *lane)).collect();
        self.end_lanes(&value, &|lane| ends.contains(&lane) && !growing.contains(&lane), sent);
        if self.is_over {
            return;
        }
        let mut stopped = None;
        let edited = edit(&data, &mut |path, item| self.item(&value, path, item, &mut stopped));
        self.last = value;
        match edited {
            Ok(None) => sent.bytes.extend_from_slice(&bytes),
            Ok(Some(data)) => sent.bytes.extend_from_slice(with_data(text, &data).as_bytes()),
            Err(_) => return self.stop(None, sent),
        }
        if let Some(lane) = stopped {
            self.stop(Some(lane), sent);
        }
    }

    /// What becomes of a text or number of an event.
    fn item(
        &mut self,
        event: &Value,
        path: &[llm_policy_detect::redact::Step],
        item: Item<'_>,
        stopped: &mut Option<Lane>,
    ) -> Option<String> {
        match (self.shape.place(event, path), item) {
            (Place::Delta(lane), Item::Text(text)) => {
                if stopped.is_some() {
                    return Some(String::new());
                }
                let is_last = self.shape.ends(event, lane);
                let state = self.lane(lane);
                let mut passed = match &mut state.filter {
                    Some(filter) => filter.push(text),
                    // Behind its end a guarded lane says nothing more.
                    None if state.is_guarded => Passed::default(),
                    None => Passed { text: text.to_owned(), is_stopped: false },
                };
                if is_last
                    && !passed.is_stopped
                    && let Some(mut filter) = state.filter.take()
                {
                    let rest = filter.finish();
                    passed.text.push_str(&rest.text);
                    passed.is_stopped = rest.is_stopped;
                }
                state.sent.push_str(&passed.text);
                if passed.is_stopped {
                    *stopped = Some(lane);
                }
                (passed.text != text).then_some(passed.text)
            }
            (Place::Full(lane), Item::Text(text)) => {
                let sent = match self.lanes.get(&lane) {
                    Some(state) if state.is_guarded => state.sent.clone(),
                    Some(_) => return None,
                    None if text.is_empty() => return None,
                    // It was not sent in pieces.
                    None => {
                        let state = self.lane(lane);
                        let mut filter = state.filter.take()?;
                        let (first, rest) = (filter.push(text), filter.finish());
                        if first.is_stopped || rest.is_stopped {
                            *stopped = Some(lane);
                        }
                        state.sent = first.text + &rest.text;
                        state.sent.clone()
                    }
                };
                (sent != text).then_some(sent)
            }
            // Tokens say what the text was. They are kept only where nothing is guarded.
            (Place::Token, Item::Text(token)) if !token.is_empty() && self.is_guarding() => Some(String::new()),
            (Place::Token, Item::Number(number)) if number != "0" && self.is_guarding() => Some("0".to_owned()),
            (Place::Sequence, Item::Number(number)) if self.added > 0 => {
                number.parse::<u64>().ok().map(|number| (number + self.added).to_string())
            }
            _ => None,
        }
    }

    fn is_guarding(&self) -> bool {
        self.lanes.values().any(|state| state.is_guarded)
    }

    fn lane(&mut self, lane: Lane) -> &mut State<'g> {
        let make = &mut self.make;
        self.lanes.entry(lane).or_insert_with(|| {
            let filter = make(lane);
            State { is_guarded: filter.is_some(), filter, sent: String::new() }
        })
    }

    /// Ends lanes; what they held back is sent before the event `like`.
    fn end_lanes(&mut self, like: &Value, which: &dyn Fn(Lane) -> bool, sent: &mut Sent) {
        let ended: Vec<Lane> = self.lanes.keys().copied().filter(|lane| which(*lane)).collect();
        for lane in ended {
            let Some(state) = self.lanes.get_mut(&lane) else { continue };
            let Some(mut filter) = state.filter.take() else { continue };
            let rest = filter.finish();
            state.sent.push_str(&rest.text);
            if !rest.text.is_empty()
                && let Some((name, mut delta)) = self.shape.delta(lane, &rest.text, like)
            {
                if let Some(number) = delta.get_mut("sequence_number")
                    && let Some(own) = number.as_u64()
                {
                    *number = Value::from(own + self.added);
                    self.added += 1;
                }
                sent.bytes.extend_from_slice(event(name, &canonical::to_string(&delta)).as_bytes());
            }
            if rest.is_stopped {
                return self.stop(Some(lane), sent);
            }
        }
    }

    /// Ends the stream here, as the format says that an answer was filtered.
    fn stop(&mut self, lane: Option<Lane>, sent: &mut Sent) {
        self.is_over = true;
        sent.stopped = Some(lane);
        let place = lane.unwrap_or(Lane { kind: super::LaneKind::Text, outer: 0, inner: 0 });
        for (name, value) in self.shape.stop(place, &self.last) {
            sent.bytes.extend_from_slice(event(name, &canonical::to_string(&value)).as_bytes());
        }
        if self.shape.has_done() {
            sent.bytes.extend_from_slice(event("", DONE).as_bytes());
        }
    }
}
