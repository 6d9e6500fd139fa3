//! `serde_json::Value` as input.
//!
//! The rules are those of [`super::Json`]; a `Value` cannot say a key twice. Only what is wanted is looked at.

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{List, Map, Val};
use serde_json::Value;

use super::coerce::{mistype, mistype_below, number, put, unsigned};
use super::paths::{Found, PathNode, Paths, SlotType};
use super::{Input, InputError, MAX_DEPTH};

impl Input for Value {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError> {
        fill(self, paths, paths.root(), slots, arena, 0)
    }

    fn is_object(&self) -> bool {
        Value::is_object(self)
    }
}

fn fill<'a>(
    value: &'a Value,
    paths: &Paths,
    node: &PathNode,
    slots: &mut [Slot<'a>],
    arena: &'a Bump,
    depth: usize,
) -> Result<(), InputError> {
    if let Some((_, slot_type)) = node.slot() {
        // What would not fit is not converted.
        let fits = match value {
            Value::Object(_) => matches!(slot_type, SlotType::Dyn | SlotType::Map),
            Value::Array(_) => matches!(slot_type, SlotType::Dyn | SlotType::List | SlotType::StringList),
            _ => true,
        };
        if fits {
            put(node, convert(value, arena, depth)?, slots);
        } else {
            mistype(node, slots);
        }
    }
    if node.is_leaf() {
        return Ok(());
    }
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            if depth >= MAX_DEPTH {
                return Err(InputError::too_deep(None));
            }
            for (name, value) in fields {
                match node.find(name) {
                    Found::Unwanted => {}
                    Found::Variant(wanted) => return Err(InputError::variant(name, wanted, None)),
                    Found::Wanted(id) => {
                        if let Some(child) = paths.node(id) {
                            fill(value, paths, child, slots, arena, depth + 1)?;
                        }
                    }
                }
            }
        }
        _ => mistype_below(paths, node, slots),
    }
    Ok(())
}

/// The value with all that is in it; strings are borrowed.
pub(crate) fn convert<'a>(value: &'a Value, arena: &'a Bump, depth: usize) -> Result<Val<'a>, InputError> {
    if depth >= MAX_DEPTH && matches!(value, Value::Array(_) | Value::Object(_)) {
        return Err(InputError::too_deep(None));
    }
    Ok(match value {
        Value::Null => Val::Null,
        Value::Bool(b) => Val::Bool(*b),
        Value::String(s) => Val::Str(s),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(int), _) => Val::Int(int),
            (None, Some(uint)) => unsigned(uint),
            (None, None) => n.as_f64().and_then(number).ok_or_else(|| InputError::new("number out of range", None))?,
        },
        Value::Array(items) => {
            let mut list = bumpalo::collections::Vec::with_capacity_in(items.len(), arena);
            for item in items {
                list.push(convert(item, arena, depth + 1)?);
            }
            Val::List(List::Arena(list.into_bump_slice()))
        }
        Value::Object(fields) => {
            let mut entries = bumpalo::collections::Vec::with_capacity_in(fields.len(), arena);
            for (name, value) in fields {
                entries.push((Val::Str(name), convert(value, arena, depth + 1)?));
            }
            Val::Map(Map::new_in(entries.into_bump_slice(), arena))
        }
    })
}
