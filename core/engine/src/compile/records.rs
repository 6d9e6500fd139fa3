//! Types inside of records, lists and maps, and durations.
//!
//! A scalar field has a slot of its own, and its reader marks a value of another type. What is read as a whole
//! (`request.tools` for a loop, `request` for `request.?model`, a field that a house declares as `list(int)`) holds its values as
//! they came, so their types are checked here: a list in the place of a name would otherwise just compare unequal, and a rule that
//! denies would not match. For the same reason null fields are taken out: what is null is absent, wherever it is read. Durations
//! are read from their text here, because no input has a value for them.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use llm_policy_cel::library::time::parse_duration;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::types::Type;
use llm_policy_cel::value::{List, Map, Val};

use super::fields::Fields;
use super::slots::Slots;
use crate::input::coerce::timestamp;

/// The slots that hold more than their reader checks, with their types.
#[derive(Clone, Debug, Default)]
pub struct Records(Vec<(u32, Type)>);

impl Records {
    /// The records among `slots`.
    #[must_use]
    pub fn of(slots: &Slots) -> Self {
        let wants_a_look = |t: &Type| match t {
            Type::Object(_) | Type::Duration => true,
            Type::List(item) => !matches!(**item, Type::Dyn | Type::String),
            Type::Map(entry) => !matches!(entry.1, Type::Dyn),
            _ => false,
        };
        let numbered = (0_u32..).zip(&slots.infos);
        Self(numbered.filter(|(_, info)| wants_a_look(&info.cel_type)).map(|(n, i)| (n, i.cel_type.clone())).collect())
    }

    /// Marks what holds a value of another type than declared as mistyped, as a whole, and takes null fields out of the others.
    pub fn check<'a>(&self, slots: &mut [Slot<'a>], arena: &'a Bump) {
        for (slot, t) in &self.0 {
            if let Some(place) = slots.get_mut(*slot as usize)
                && let Slot::Present(value) = *place
            {
                let mut nulls = false;
                if let (Type::Duration, Val::Str(text)) = (t, value) {
                    *place = parse_duration(text).map_or(Slot::Mistyped, |d| Slot::Present(Val::Duration(d)));
                } else if !conforms(value, t, &mut nulls) {
                    *place = Slot::Mistyped;
                } else if nulls {
                    *place = Slot::Present(without_nulls(value, t, arena));
                }
            }
        }
    }
}

/// Whether `value` may stand at `path`, whose first name is a root variable.
#[must_use]
pub fn fits(fields: &Fields, path: &str, value: Val<'_>) -> bool {
    match fields.at(path) {
        Some(field) => conforms(value, &field.cel_type(), &mut false),
        None => false,
    }
}

/// Whether `value` is of type `t`; a null field counts as absent, and is noted in `nulls`. Inputs are at most 128 levels deep.
fn conforms(value: Val<'_>, t: &Type, nulls: &mut bool) -> bool {
    match (t, value) {
        (Type::Object(object), Val::Map(map)) => map.iter().all(|(key, value)| {
            let Val::Str(name) = key else { return false };
            match object.field(name) {
                Some(_) if matches!(value, Val::Null) => {
                    *nulls = true;
                    true
                }
                Some(t) => conforms(value, t, nulls),
                // `Name` beside `name`: who reads it next may take either.
                None => !object.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)),
            }
        }),
        (Type::List(item), Val::List(items)) => items.iter().all(|value| conforms(value, item, nulls)),
        (Type::Map(entry), Val::Map(map)) => map.iter().all(|(_, value)| conforms(value, &entry.1, nulls)),
        (Type::Timestamp, Val::Str(text)) => timestamp(text).is_some(),
        (Type::Duration, Val::Str(text)) => parse_duration(text).is_ok(),
        (Type::Bool, Val::Bool(_))
        | (Type::Int, Val::Int(_))
        | (Type::Double, Val::Int(_) | Val::Uint(_) | Val::Double(_))
        | (Type::String, Val::Str(_))
        | (Type::Timestamp, Val::Timestamp(_))
        | (Type::Duration, Val::Duration(_))
        | (Type::Dyn, _) => true,
        (Type::Object(_) | Type::List(_) | Type::Map(_) | Type::Timestamp | Type::Duration, _)
        | (Type::Bool | Type::Int | Type::Double | Type::String, _) => false,
        // Houses may declare other types, which readers of input do not know.
        _ => true,
    }
}

/// `value`, which is of type `t`, without the null fields of its records.
fn without_nulls<'a>(value: Val<'a>, t: &Type, arena: &'a Bump) -> Val<'a> {
    match (t, value) {
        (Type::Object(object), Val::Map(map)) => {
            let mut entries = ArenaVec::with_capacity_in(map.len(), arena);
            entries.extend(map.iter().filter_map(|(key, value)| {
                let Val::Str(name) = key else { return Some((key, value)) };
                match object.field(name) {
                    Some(_) if matches!(value, Val::Null) => None,
                    Some(t) => Some((key, without_nulls(value, t, arena))),
                    None => Some((key, value)),
                }
            }));
            Val::Map(Map::new_in(entries.into_bump_slice(), arena))
        }
        (Type::List(item), Val::List(items)) => {
            let kept = items.iter().map(|value| without_nulls(value, item, arena));
            Val::List(List::Arena(arena.alloc_slice_fill_iter(kept)))
        }
        (Type::Map(entry), Val::Map(map)) => {
            let kept = map.iter().map(|(key, value)| (key, without_nulls(value, &entry.1, arena)));
            Val::Map(Map::new_in(arena.alloc_slice_fill_iter(kept), arena))
        }
        _ => value,
    }
}
