//! Text that the engine puts together from other fields of the request.
//!
//! `request.prompt`, when a body has only messages, is the joined text of all user and tool messages; `request.text` is every
//! text of the request. No role is left out because it seems trustworthy, and the last message is never looked at alone.

use std::sync::LazyLock;

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Map, Val};
use rustc_hash::FxHashSet;

use super::fields::Fields;
use super::slots::Slots;

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
}

impl Derived {
    /// Wants what the derived fields that are read need.
    #[must_use]
    pub fn want(slots: &mut Slots, fields: &Fields) -> Self {
        let mut derived = Self {
            prompt: slots.find("request.prompt"),
            text: slots.find("request.text"),
            user_text: slots.find("request.user_text"),
            tool_text: slots.find("request.tool_text"),
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
        derived
    }

    /// Fills the derived slots. A field that the input has itself is kept, but for `request.text`, `user_text` and
    /// `tool_text`, which are the engine's.
    pub fn fill<'a>(&self, slots: &mut [Slot<'a>], arena: &'a Bump) {
        if self.messages.is_none() && self.request.is_none() && self.tool.is_none() {
            return;
        }
        let value = |slot: Option<u32>, slots: &[Slot<'a>]| match slot.and_then(|s| slots.get(s as usize)) {
            Some(Slot::Present(value)) => Some(*value),
            _ => None,
        };
        let messages = value(self.messages, slots);
        let request = value(self.request, slots);
        let tool = value(self.tool, slots);
        let response = value(self.response, slots);
        let mut put = |slot: Option<u32>, keep: bool, parts: &mut dyn FnMut(&mut Joined<'a>)| {
            let Some(place) = slot.and_then(|s| slots.get_mut(s as usize)) else { return };
            if keep && !matches!(place, Slot::Absent) {
                return;
            }
            let mut joined = Joined { text: ArenaString::new_in(arena), any: false };
            parts(&mut joined);
            *place = if joined.any { Slot::Present(Val::Str(joined.text.into_bump_str())) } else { Slot::Absent };
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
}

impl Joined<'_> {
    fn push(&mut self, text: &str) {
        if self.any {
            self.text.push('\n');
        }
        self.any = true;
        self.text.push_str(text);
    }

    /// Every text below `value`. Keys count as text too: a model reads them. Input is at most 128 levels deep.
    fn leaves(&mut self, value: Val<'_>) {
        match value {
            Val::Str(text) => self.push(text),
            Val::List(items) => items.iter().for_each(|item| self.leaves(item)),
            Val::Map(map) => map.iter().for_each(|(key, value)| {
                if let (Val::Str(key), false) = (key, is_known(key)) {
                    self.push(key);
                }
                self.leaves(value);
            }),
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
        for name in ["text", "content"] {
            if let Some(value) = message.get_str(name) {
                self.leaves(value);
            }
        }
    }
}

/// Whether a key is one of the context's own, which says nothing.
fn is_known(key: Val<'_>) -> bool {
    static KNOWN: LazyLock<FxHashSet<&str>> =
        LazyLock::new(|| crate::context::FIELDS.iter().map(crate::context::Field::name).collect());
    match key {
        Val::Str(key) => KNOWN.contains(key),
        _ => true,
    }
}
