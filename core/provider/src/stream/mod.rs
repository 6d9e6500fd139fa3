//! Streams of providers: server-sent events in, events of the same format out, with each text guarded in a lane of its own.
//!
//! ```
//! use llm_policy_detect::redact::Style;
//! use llm_policy_detect::stream::{Action, Guard};
//! use llm_policy_detect::{Family, Scanner};
//! use llm_policy_provider::Format;
//! use llm_policy_provider::stream::{Filter, Stream};
//!
//! let scanner = Scanner::builder().families([Family::Pii]).build()?;
//! let guard = |_| Guard::new(&scanner, |_| Action::Redact(Style::Label)).ok().map(|guard| Box::new(guard) as Box<dyn Filter>);
//! let mut stream = Stream::new(Format::Anthropic, guard)?;
//! let mut out = String::new();
//! for text in ["To ada@exam", "ple.org"] {
//!     let event = format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#);
//!     out.push_str(&stream.push(format!("event: content_block_delta\ndata: {event}\n\n").as_bytes()).text());
//! }
//! out.push_str(&stream.push(b"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n").text());
//! assert!(out.contains("[EMAIL]") && !out.contains("ada"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An event that holds no guarded text passes byte for byte, unknown ones too. Held-back text is sent as an event of its own
//! before the event that ends its lane. Where the format repeats the whole text at the end, it repeats what was sent.

mod anthropic;
mod chat;
mod event;
mod filter;
mod lanes;
mod responses;
mod whole;

pub use filter::{Arguments, Filter, Passed};
pub use lanes::{NoStream, Sent, Stream};

use llm_policy_detect::redact::Step;
use serde_json::Value;

/// Which text of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// What it is.
    pub kind: LaneKind,
    /// The choice, the block, or the item of the output.
    pub outer: u64,
    /// The tool call of a choice, or the part of an item.
    pub inner: u64,
}

/// What a text of an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// The answer.
    Text,
    /// Why there is none.
    Refusal,
    /// What the model thought, or a summary of that.
    Reasoning,
    /// The arguments of a tool call: pieces of a JSON text.
    Arguments,
}

/// What stands at a place of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nothing that is guarded.
    Other,
    /// The next piece of a lane.
    Delta(Lane),
    /// The whole text of a lane.
    Full(Lane),
    /// A token of the text, as it was before it was guarded.
    Token,
    /// The number of the event.
    Sequence,
}

/// How a format streams.
trait Shape: Send {
    /// What the text or number at a place of an event is.
    fn place(&self, event: &Value, path: &[Step]) -> Place;

    /// Whether a lane ends with an event.
    fn ends(&self, event: &Value, lane: Lane) -> bool;

    /// An event with the next piece of a lane, as it would stand before the event `like`. `None`: there is no such event.
    fn delta(&self, lane: Lane, text: &str, like: &Value) -> Option<(&'static str, Value)>;

    /// The events that end an answer because of what was found, when `last` is the last event.
    fn stop(&self, lane: Lane, last: &Value) -> Vec<(&'static str, Value)>;

    /// Adds what an event says to the body of the whole answer.
    fn join(&self, whole: &mut Value, event: &Value);

    /// Whether a line `data: [DONE]` ends the stream.
    fn has_done(&self) -> bool {
        false
    }
}

/// The number in a field of an event; 0 when there is none.
fn number(event: &Value, field: &str) -> u64 {
    event.get(field).and_then(Value::as_u64).unwrap_or(0)
}

/// The text in a field of an event.
fn text<'v>(event: &'v Value, field: &str) -> &'v str {
    event.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A path as names and `[]` for list elements, and the indexes on it.
fn flat(path: &[Step]) -> (String, Vec<usize>) {
    let (mut names, mut indexes) = (String::new(), Vec::new());
    for step in path {
        match step {
            Step::Key(name) => {
                if !names.is_empty() {
                    names.push('.');
                }
                names.push_str(name);
            }
            Step::Index(index) => {
                names.push_str("[]");
                indexes.push(*index);
            }
        }
    }
    (names, indexes)
}
