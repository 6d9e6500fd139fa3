//! Text that the engine puts together from other fields of the request.
//!
//! `request.prompt`, when a body has only messages, is the joined text of all user and tool messages; `request.text` is every
//! text of the request. No role is left out because it seems trustworthy, and the last message is never looked at alone.

use std::ops::Range;
use std::sync::LazyLock;

use bumpalo::Bump;
use bumpalo::collections::{String as ArenaString, Vec as ArenaVec};
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Map, Val};
use llm_policy_detect::Source;
use rustc_hash::FxHashSet;

use super::fields::Fields;
use super::slots::{Slots, value};
use crate::context::Stage;
use crate::detection::memory::{Detection, Piece};
use crate::detection::texts::{Place, source_of};

/// What the questions to detectors read beside their text: the parts of what the stage judges that the engine cannot read. No
/// author can write the name, and no input can fill it.
pub const OPAQUE: &str = "@opaque";

/// The slots of derived text, and of what it is made from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Derived {
    prompt: Option<u32>,
    text: Option<u32>,
    user_text: Option<u32>,
    tool_text: Option<u32>,
    messages: Option<u32>,
    request: Option<u32>,
    tool: Option<u32>,
    response: Option<u32>,
    opaque: Option<u32>,
    /// `request.opaque`, `response.opaque` and `tool.opaque`, which `opaque` is one of.
    opaque_of: [Option<u32>; 3],
    /// Whether detectors look at texts, and so want to know what these were made from.
    detects: bool,
}

impl Derived {
    /// Wants what the derived fields that are read need.
    #[must_use]
    pub fn want(slots: &mut Slots, fields: &Fields, detects: bool) -> Self {
        let mut derived = Self {
            prompt: slots.find("request.prompt"),
            text: slots.find("request.text"),
            user_text: slots.find("request.user_text"),
            tool_text: slots.find("request.tool_text"),
            opaque: slots.find(OPAQUE),
            detects,
            ..Self::default()
        };
        let mut want = |path: &str| {
            let mut names = path.split('.');
            let root = names.next().unwrap_or_default();
            let rest: Vec<&str> = names.collect();
            fields.find(root, &rest).map(|(field, _)| slots.want(path, field, field.slot_type()))
        };
        if derived.prompt.is_some() || derived.user_text.is_some() || derived.tool_text.is_some() {
            derived.messages = want("request.messages");
        }
        if derived.text.is_some() || derived.user_text.is_some() {
            derived.request = want("request");
        }
        if derived.text.is_some() || derived.tool_text.is_some() {
            derived.tool = want("tool");
        }
        if derived.text.is_some() {
            derived.response = want("response");
        }
        if derived.opaque.is_some() {
            derived.opaque_of = ["request.opaque", "response.opaque", "tool.opaque"].map(want);
        }
        derived
    }

    /// The slot of what the stage has that the engine cannot read, where detectors are asked.
    #[must_use]
    pub fn opaque(&self) -> Option<u32> {
        self.opaque
    }

    /// Whether the engine makes what is in `slot` from others; those stand in slots of their own.
    #[must_use]
    pub fn makes(&self, slot: u32) -> bool {
        [self.text, self.user_text, self.tool_text, self.opaque].contains(&Some(slot))
    }

    /// Fills the derived slots. A field that the input has itself is kept, but for `request.text`, `user_text` and
    /// `tool_text`, which are the engine's. Where detectors are asked, `detection` is told what each text was made from.
    pub(crate) fn fill<'a>(&self, slots: &mut [Slot<'a>], arena: &'a Bump, stage: Stage, detection: &Detection) {
        if let Some(opaque) = self.opaque {
            let [request, response, tool] = self.opaque_of;
            let of = match stage {
                Stage::Request => request,
                Stage::Response => response,
                Stage::ToolCall | Stage::ToolResult => tool,
            };
            let found = of.and_then(|slot| slots.get(slot as usize)).copied().unwrap_or(Slot::Absent);
            if let Some(slot) = slots.get_mut(opaque as usize) {
                *slot = found;
            }
        }
        if self.messages.is_none() && self.request.is_none() && self.tool.is_none() {
            return;
        }
        let messages = value(slots, self.messages);
        let request = value(slots, self.request);
        let tool = value(slots, self.tool);
        let response = value(slots, self.response);
        let source = detection.source();
        let mut put = |slot: Option<u32>, keep: bool, parts: &mut dyn FnMut(&mut Joined<'a>)| {
            let Some(place) = slot.and_then(|s| slots.get_mut(s as usize)) else { return };
            if keep && !matches!(place, Slot::Absent) {
                return;
            }
            let pieces = self.detects.then(|| ArenaVec::new_in(arena));
            let mut joined = Joined { text: ArenaString::new_in(arena), any: false, source, pieces };
            parts(&mut joined);
            *place = Slot::Absent;
            if joined.any {
                let text = joined.text.into_bump_str();
                *place = Slot::Present(Val::Str(text));
                if let Some(pieces) = joined.pieces {
                    detection.join(text, pieces);
                }
            }
        };
        put(self.prompt, true, &mut |out| {
            out.messages(messages, &["user", "tool"]);
        });
        put(self.user_text, false, &mut |out| {
            if let Some(Val::Map(request)) = request {
                out.leaves(request.get_str("prompt").unwrap_or(Val::Null));
            }
            out.messages(messages, &["user"]);
        });
        put(self.tool_text, false, &mut |out| {
            out.messages(messages, &["tool"]);
            if let Some(Val::Map(tool)) = tool {
                out.leaves(tool.get_str("result").unwrap_or(Val::Null));
            }
        });
        put(self.text, false, &mut |out| {
            for part in [request, tool, response].into_iter().flatten() {
                out.leaves(part);
            }
        });
    }
}

/// Texts, joined by line ends.
struct Joined<'a> {
    text: ArenaString<'a>,
    any: bool,
    /// Who wrote what is being joined.
    source: Source,
    /// Where each text stands, when detectors want to know.
    pieces: Option<ArenaVec<'a, Piece>>,
}

impl Joined<'_> {
    fn push(&mut self, text: &str) {
        if self.any {
            self.text.push('\n');
        }
        self.any = true;
        let start = self.text.len();
        self.text.push_str(text);
        let range: Range<usize> = start..self.text.len();
        if let Some(pieces) = self.pieces.as_mut().filter(|_| !range.is_empty()) {
            pieces.push(Piece { range, place: Place::of(text), source: self.source });
        }
    }

    /// Every text below `value`. Keys count as text too: a model reads them. Input is at most 128 levels deep.
    fn leaves(&mut self, value: Val<'_>) {
        match value {
            Val::Str(text) => self.push(text),
            Val::List(items) => items.iter().for_each(|item| self.leaves(item)),
            Val::Map(map) => {
                let around = self.source;
                self.source = source_of(map, around);
                map.iter().for_each(|(key, value)| {
                    if let (Val::Str(key), false) = (key, is_known(key)) {
                        self.push(key);
                    }
                    self.leaves(value);
                });
                self.source = around;
            }
            _ => {}
        }
    }

    /// The texts of all messages with one of these roles.
    fn messages(&mut self, messages: Option<Val<'_>>, roles: &[&str]) {
        let Some(Val::List(messages)) = messages else { return };
        for message in messages.iter() {
            let Val::Map(message) = message else {
                // It is not what a message should be; somebody may read it as one all the same.
                self.leaves(message);
                continue;
            };
            let role = match message.get_str("role") {
                Some(Val::Str(role)) => role,
                _ => "user",
            };
            // A role that nobody knows is no reason to look away.
            let known = matches!(role, "user" | "tool" | "system" | "developer" | "assistant");
            if roles.contains(&role) || !known {
                self.text_of(message);
            }
        }
    }

    fn text_of(&mut self, message: Map<'_>) {
        let around = self.source;
        self.source = source_of(message, around);
        for name in ["text", "content"] {
            if let Some(value) = message.get_str(name) {
                self.leaves(value);
            }
        }
        self.source = around;
    }
}

/// Whether a key is one of the context's own, which says nothing.
pub(crate) fn is_known(key: Val<'_>) -> bool {
    static KNOWN: LazyLock<FxHashSet<&str>> =
        LazyLock::new(|| crate::context::FIELDS.iter().map(crate::context::Field::name).collect());
    match key {
        Val::Str(key) => KNOWN.contains(key),
        _ => true,
    }
}
