//! JSON that is read as a whole.

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Val;
use serde_json::Value;

use super::Json;
use crate::input::paths::SlotType;
use crate::input::{Input, InputError, Paths};

impl<'b> Json<'b> {
    /// All of it. A key that is repeated is refused, wherever it stands.
    ///
    /// # Errors
    /// When it is not JSON, or refused as any input is.
    pub fn read<'a>(self, arena: &'a Bump) -> Result<Val<'a>, InputError>
    where
        'b: 'a,
    {
        let mut paths = Paths::default();
        paths.want([], SlotType::Dyn);
        let mut slots = [Slot::Absent];
        let json: &'a Self = arena.alloc(self);
        json.fill(&paths, &mut slots, arena)?;
        match slots {
            [Slot::Present(value)] => Ok(value),
            _ => Ok(Val::Null),
        }
    }

    /// As [`Json::read`], owned.
    ///
    /// ```
    /// use llm_policy_engine::input::Json;
    /// use serde_json::json;
    ///
    /// assert_eq!(Json::new(br#"{"a": [1.0, null]}"#).to_value(), Ok(json!({"a": [1, null]})));
    /// assert!(Json::new(br#"{"a": 1, "a": 2}"#).to_value().is_err());
    /// ```
    ///
    /// # Errors
    /// As [`Json::read`].
    pub fn to_value(self) -> Result<Value, InputError> {
        let arena = Bump::new();
        self.read(&arena).map(value_of)
    }
}

/// A value that was read from JSON, as JSON again. What JSON cannot say becomes null.
#[must_use]
pub fn value_of(value: Val<'_>) -> Value {
    match value {
        Val::Bool(b) => b.into(),
        Val::Int(i) => i.into(),
        Val::Uint(u) => u.into(),
        Val::Double(d) => d.into(),
        Val::Str(s) => s.into(),
        Val::List(items) => items.iter().map(value_of).collect(),
        Val::Map(map) => {
            let entry = |(key, value)| match key {
                Val::Str(key) => Some((key.to_owned(), value_of(value))),
                _ => None,
            };
            Value::Object(map.iter().filter_map(entry).collect())
        }
        _ => Value::Null,
    }
}
