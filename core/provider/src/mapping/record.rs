//! A record of the context as it is put together.

use std::cmp::Ordering;

use bumpalo::Bump;
use bumpalo::collections::{String as ArenaString, Vec as ArenaVec};
use llm_policy_cel::value::{List, Map, Val};

/// Texts that are joined by line ends. One text alone is not copied.
#[derive(Debug)]
pub(super) struct Joined<'a> {
    parts: ArenaVec<'a, &'a str>,
    length: usize,
}

impl<'a> Joined<'a> {
    pub(super) fn new_in(arena: &'a Bump) -> Self {
        Self { parts: ArenaVec::new_in(arena), length: 0 }
    }

    /// Adds a text, and gives the byte at which it starts.
    pub(super) fn push(&mut self, text: &'a str) -> usize {
        let start = self.length + usize::from(!self.parts.is_empty());
        self.parts.push(text);
        self.length = start + text.len();
        start
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) fn text(&self, arena: &'a Bump) -> &'a str {
        match self.parts.as_slice() {
            [] => "",
            [one] => one,
            [first, rest @ ..] => {
                let mut text = ArenaString::with_capacity_in(self.length, arena);
                text.push_str(first);
                for part in rest {
                    text.push('\n');
                    text.push_str(part);
                }
                text.into_bump_str()
            }
        }
    }
}

/// A record of the context as it is put together.
#[derive(Debug)]
pub(super) struct Record<'a> {
    /// Its path in the context, for traces.
    pub(super) path: Path,
    /// The field for what no row names.
    pub(super) rest: &'static str,
    fields: ArenaVec<'a, (Val<'a>, Val<'a>)>,
    texts: ArenaVec<'a, (&'static str, Joined<'a>)>,
    parts: ArenaVec<'a, Val<'a>>,
}

/// Where a record stands in the context.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path {
    Root(&'static str),
    Element(&'static str, usize),
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Element(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

impl<'a> Record<'a> {
    pub(super) fn new_in(path: Path, rest: &'static str, arena: &'a Bump) -> Self {
        Self {
            path,
            rest,
            fields: ArenaVec::new_in(arena),
            texts: ArenaVec::new_in(arena),
            parts: ArenaVec::new_in(arena),
        }
    }

    /// Sets a field. False when it has a value already.
    pub(super) fn set(&mut self, name: &'static str, value: Val<'a>) -> bool {
        if self.get(name).is_some() {
            return false;
        }
        self.fields.push((Val::Str(name), value));
        true
    }

    fn get(&self, name: &str) -> Option<Val<'a>> {
        self.fields.iter().find(|(key, _)| matches!(key, Val::Str(key) if *key == name)).map(|(_, value)| *value)
    }

    pub(super) fn has_text(&self) -> bool {
        self.texts.iter().any(|(_, text)| !text.is_empty())
    }

    /// Sets a field that is a number; of several numbers the greatest counts, and what is no number counts before all. False
    /// when it is no number, and has no place because another is there.
    pub(super) fn set_most(&mut self, name: &'static str, value: Val<'a>) -> bool {
        let Some(place) = self.fields.iter_mut().find(|(key, _)| matches!(key, Val::Str(key) if *key == name)) else {
            return self.set(name, value);
        };
        let is_number = |value| matches!(value, Val::Int(_) | Val::Uint(_) | Val::Double(_));
        match (is_number(place.1), is_number(value)) {
            (true, true) if value.compare(place.1) != Some(Some(Ordering::Greater)) => {}
            (true, _) => place.1 = value,
            (false, is_number) => return is_number,
        }
        true
    }

    /// Adds to a field that is text, and gives the byte at which the addition starts.
    pub(super) fn push_text(&mut self, name: &'static str, text: &'a str, arena: &'a Bump) -> usize {
        if let Some((_, joined)) = self.texts.iter_mut().find(|(field, _)| *field == name) {
            return joined.push(text);
        }
        let mut joined = Joined::new_in(arena);
        let start = joined.push(text);
        self.texts.push((name, joined));
        start
    }

    pub(super) fn push_part(&mut self, part: Val<'a>) {
        self.parts.push(part);
    }

    /// The record as a value, with what no row named.
    pub(super) fn finish(mut self, rest: Option<Val<'a>>, arena: &'a Bump) -> Map<'a> {
        for (name, joined) in std::mem::replace(&mut self.texts, ArenaVec::new_in(arena)) {
            self.set(name, Val::Str(joined.text(arena)));
        }
        if !self.parts.is_empty() {
            let parts = std::mem::replace(&mut self.parts, ArenaVec::new_in(arena)).into_bump_slice();
            self.set("parts", Val::List(List::Arena(parts)));
        }
        self.nest("usage.", "usage", arena);
        if let Some(rest) = rest {
            self.set(self.rest, rest);
        }
        Map::new_in(self.fields.into_bump_slice(), arena)
    }

    /// Puts the fields whose names begin with `prefix` into a record of their own.
    fn nest(&mut self, prefix: &str, name: &'static str, arena: &'a Bump) {
        let mut inner = ArenaVec::new_in(arena);
        self.fields.retain(|(key, value)| match key {
            Val::Str(key) => key.strip_prefix(prefix).is_none_or(|key| {
                inner.push((Val::Str(key), *value));
                false
            }),
            _ => true,
        });
        if !inner.is_empty() {
            self.set(name, Val::Map(Map::new_in(inner.into_bump_slice(), arena)));
        }
    }
}
