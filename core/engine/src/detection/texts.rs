//! The texts in a value, one by one.

use llm_policy_cel::value::{Map, Val};
use llm_policy_detect::Source;

use crate::compile::derived::is_known;

/// What a text is known by during one evaluation: where it lies in memory, which nothing moves until the evaluation ends.
/// Numbers, which are looked at as they are written, are known by their value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    start: usize,
    len: usize,
}

impl Place {
    /// The place of `text`.
    pub(crate) fn of(text: &str) -> Self {
        Self { start: text.as_ptr() as usize, len: text.len() }
    }

    fn of_number(number: u64) -> Self {
        // No text has this length.
        Self { start: usize::try_from(number).unwrap_or(usize::MAX), len: usize::MAX }
    }
}

/// What is met on a walk through a value.
pub(crate) enum Met<'v> {
    /// The walk goes on below this step.
    Enter(Step<'v>),
    /// It comes back from the last step.
    Leave,
    /// A text, or a whole number as it is written.
    Text(&'v str, Place, Source),
}

/// A step from a value to a part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'v> {
    /// The value under a key of an object.
    Field(&'v str, Map<'v>),
    /// An element.
    Item(usize),
    /// A key of an object itself.
    Key(&'v str, Map<'v>),
}

/// Walks through all texts of `value`, which `source` wrote: text, whole numbers, and the keys of free objects, which a model reads
/// as well. Input is at most 128 levels deep.
pub(crate) fn walk(value: Val<'_>, source: Source, meet: &mut dyn FnMut(Met<'_>)) {
    match value {
        Val::Str(text) if !text.is_empty() => meet(Met::Text(text, Place::of(text), source)),
        Val::Int(number) => meet(Met::Text(&number.to_string(), Place::of_number(number.cast_unsigned()), source)),
        Val::Uint(number) => meet(Met::Text(&number.to_string(), Place::of_number(number), source)),
        Val::List(items) => {
            for (at, item) in items.iter().enumerate() {
                meet(Met::Enter(Step::Item(at)));
                walk(item, source, meet);
                meet(Met::Leave);
            }
        }
        Val::Map(map) => {
            let source = source_of(map, source);
            for (key, value) in map.iter() {
                let Val::Str(name) = key else {
                    walk(value, source, meet);
                    continue;
                };
                if !is_known(key) {
                    meet(Met::Enter(Step::Key(name, map)));
                    walk(key, source, meet);
                    meet(Met::Leave);
                }
                meet(Met::Enter(Step::Field(name, map)));
                walk(value, source, meet);
                meet(Met::Leave);
            }
        }
        Val::Optional(optional) => {
            if let Some(value) = optional.get() {
                walk(value, source, meet);
            }
        }
        _ => {}
    }
}

/// Who wrote the texts of an object: what a tool gave back is trusted less. No role is trusted more than what is around it.
pub(crate) fn source_of(map: Map<'_>, around: Source) -> Source {
    match map.get_str("role") {
        Some(Val::Str("tool" | "function")) => Source::Tool,
        _ => around,
    }
}
