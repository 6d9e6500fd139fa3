//! Putting the body of an answer together from the pieces that a stream sends.

use serde_json::{Map, Value};

/// The most elements of a list that a stream numbers; what claims to stand behind is left out.
const MOST: u64 = 4096;

/// The field `name` of an object; what is none becomes one.
pub(super) fn field<'v>(value: &'v mut Value, name: &str) -> &'v mut Value {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    // An object has any field that is asked for to be written.
    &mut value[name]
}

/// The element `index` of a list; what is none becomes one.
pub(super) fn element(value: &mut Value, index: u64) -> Option<&mut Value> {
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    let list = value.as_array_mut()?;
    let index = usize::try_from(index).ok().filter(|_| index < MOST)?;
    while list.len() <= index {
        list.push(Value::Null);
    }
    list.get_mut(index)
}

/// Adds text at the end of a text; what is none becomes one.
pub(super) fn append(value: &mut Value, text: &str) {
    match value {
        Value::String(before) => before.push_str(text),
        other => *other = text.into(),
    }
}

/// Lays the fields of an event over those that are known.
pub(super) fn lay(value: &mut Value, event: &Value) {
    for (name, new) in event.as_object().into_iter().flatten() {
        let place = field(value, name);
        match new {
            Value::Null => {}
            Value::Object(_) if place.is_object() => lay(place, new),
            _ => *place = new.clone(),
        }
    }
}

/// Adds a piece: texts grow, elements of lists are found by their `index`, and objects are joined. Names say what they say once.
pub(super) fn grow(value: &mut Value, piece: &Value) {
    for (name, new) in piece.as_object().into_iter().flatten() {
        let place = field(value, name);
        match new {
            Value::Null => {}
            Value::String(text) if !matches!(name.as_str(), "role" | "id" | "type" | "name") => append(place, text),
            Value::Object(_) => grow(place, new),
            Value::Array(items) => {
                for (at, item) in (0..).zip(items) {
                    let index = item.get("index").and_then(Value::as_u64).unwrap_or(at);
                    if let Some(place) = element(place, index) {
                        grow(place, item);
                        place.as_object_mut().map(|fields| fields.remove("index"));
                    }
                }
            }
            _ => *place = new.clone(),
        }
    }
}
