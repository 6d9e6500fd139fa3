//! A context that is put together in code.

use std::sync::Arc;

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Map, OwnedMap, Timestamp, Val, Value};

use super::coerce::{mistype, number, put};
use super::paths::{Found, PathNode, Paths, SlotType};
use super::{Input, InputError, MAX_DEPTH, walk};

/// A context that is put together field by field.
///
/// Names are separated by dots; for names with dots there is [`ContextBuilder::set`]. A field that is set again is
/// replaced; setting a field below one that has no fields replaces that one. Values become what JSON would make of them:
/// the double 1.0 is the int 1. What JSON cannot say, like NaN or a map whose keys are no text, is refused when the
/// context is read. A timestamp is a timestamp also where no type was declared, where JSON would give text.
///
/// ```
/// use llm_policy_engine::input::ContextBuilder;
///
/// let context = ContextBuilder::new()
///     .string("user.id", "ann")
///     .strings("user.roles", ["admin", "dev"])
///     .int("request.max_tokens", 500)
///     .bool("request.stream", true);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ContextBuilder {
    root: Tree,
    /// The first thing that was wrong.
    fault: Option<InputError>,
}

#[derive(Clone, Debug)]
enum Tree {
    Leaf(Value),
    Fields(Vec<(Box<str>, Tree)>),
}

impl Default for Tree {
    fn default() -> Self {
        Self::Fields(Vec::new())
    }
}

impl ContextBuilder {
    /// A context without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field to text.
    #[must_use]
    pub fn string(self, path: &str, text: impl Into<Arc<str>>) -> Self {
        self.value(path, Value::String(text.into()))
    }

    /// Sets a field to a list of texts.
    #[must_use]
    pub fn strings<S: Into<Arc<str>>>(self, path: &str, texts: impl IntoIterator<Item = S>) -> Self {
        self.value(path, Value::List(texts.into_iter().map(|text| Value::String(text.into())).collect()))
    }

    /// Sets a field to a whole number.
    #[must_use]
    pub fn int(self, path: &str, int: i64) -> Self {
        self.value(path, Value::Int(int))
    }

    /// Sets a field to a number; it must be finite.
    #[must_use]
    pub fn double(self, path: &str, double: f64) -> Self {
        self.value(path, Value::Double(double))
    }

    /// Sets a field to true or false.
    #[must_use]
    pub fn bool(self, path: &str, bool: bool) -> Self {
        self.value(path, Value::Bool(bool))
    }

    /// Sets a field to a point in time.
    #[must_use]
    pub fn timestamp(self, path: &str, timestamp: Timestamp) -> Self {
        self.value(path, Value::Timestamp(timestamp))
    }

    /// Sets a field to any value; null takes the field away for readers.
    #[must_use]
    pub fn value(self, path: &str, value: Value) -> Self {
        self.set(path.split('.'), value)
    }

    /// Sets the field with this path, given name by name, to any value.
    ///
    /// ```
    /// use llm_policy_cel::value::Value;
    /// use llm_policy_engine::input::ContextBuilder;
    ///
    /// let context = ContextBuilder::new().set(["metadata", "example.com/tier"], Value::String("gold".into()));
    /// ```
    #[must_use]
    pub fn set<'p>(mut self, path: impl IntoIterator<Item = &'p str>, value: Value) -> Self {
        if let Err(error) = self.try_set(path, value) {
            self.fault.get_or_insert(error);
        }
        self
    }

    fn try_set<'p>(&mut self, path: impl IntoIterator<Item = &'p str>, value: Value) -> Result<(), InputError> {
        let mut depth = 0;
        let mut at = &mut self.root;
        for name in path {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(InputError::too_deep(None));
            }
            at = at.field(name).ok_or_else(|| InputError::new("a field that cannot be set", None))?;
        }
        *at = Tree::Leaf(normal(&value, depth)?);
        Ok(())
    }
}

impl Tree {
    /// The field `name`, made if need be; `None` cannot be.
    fn field(&mut self, name: &str) -> Option<&mut Self> {
        if let Self::Leaf(leaf) = self {
            let entries = if let Value::Map(map) = leaf { map.entries() } else { &[] };
            let field = |(key, value): &(Value, Value)| match key {
                Value::String(name) => Some(((**name).into(), Self::Leaf(value.clone()))),
                _ => None,
            };
            *self = Self::Fields(entries.iter().filter_map(field).collect());
        }
        let Self::Fields(fields) = self else { return None };
        let place = fields.iter().position(|(n, _)| **n == *name).unwrap_or(fields.len());
        if place == fields.len() {
            fields.push((name.into(), Self::default()));
        }
        fields.get_mut(place).map(|(_, field)| field)
    }

    fn convert<'a>(&'a self, arena: &'a Bump) -> Val<'a> {
        match self {
            Self::Leaf(value) => value.as_val(),
            Self::Fields(fields) => {
                let entries = fields.iter().map(|(name, field)| (Val::Str(name), field.convert(arena)));
                Val::Map(Map::new_in(arena.alloc_slice_fill_iter(entries), arena))
            }
        }
    }

    fn fill<'a>(
        &'a self,
        paths: &Paths,
        node: &PathNode,
        slots: &mut [Slot<'a>],
        arena: &'a Bump,
    ) -> Result<(), InputError> {
        let fields = match self {
            Self::Leaf(value) => return walk::fill(paths, node, value.as_val(), slots),
            Self::Fields(fields) => fields,
        };
        match node.slot() {
            None => {}
            Some((_, SlotType::Dyn | SlotType::Map)) => put(node, self.convert(arena), slots),
            Some(_) => mistype(node, slots),
        }
        if node.is_leaf() {
            return Ok(());
        }
        for (name, field) in fields {
            match node.find(name) {
                Found::Unwanted => {}
                Found::Variant(wanted) => return Err(InputError::variant(name, wanted, None)),
                Found::Wanted(id) => {
                    if let Some(child) = paths.node(id) {
                        field.fill(paths, child, slots, arena)?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Input for ContextBuilder {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError> {
        match &self.fault {
            Some(fault) => Err(fault.clone()),
            None => self.root.fill(paths, paths.root(), slots, arena),
        }
    }
}

/// What JSON would make of a value that is `depth` levels down.
fn normal(value: &Value, depth: usize) -> Result<Value, InputError> {
    if depth >= MAX_DEPTH && matches!(value, Value::List(_) | Value::Map(_) | Value::Optional(_)) {
        return Err(InputError::too_deep(None));
    }
    Ok(match value {
        Value::Double(double) => {
            let number = number(*double).and_then(|number| number.to_value().ok());
            number.ok_or_else(|| InputError::new("number out of range", None))?
        }
        Value::Uint(uint) => i64::try_from(*uint).map_or(Value::Uint(*uint), Value::Int),
        Value::List(list) => Value::List(list.iter().map(|item| normal(item, depth + 1)).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            let mut names = Vec::with_capacity(map.entries().len());
            let mut entries = Vec::with_capacity(map.entries().len());
            for (key, value) in map.entries() {
                let Value::String(name) = key else {
                    return Err(InputError::new("a map with keys that are not text", None));
                };
                names.push(&**name);
                entries.push((key.clone(), normal(value, depth + 1)?));
            }
            names.sort_unstable();
            if let Some([name, _]) = names.array_windows::<2>().find(|[a, b]| a == b) {
                return Err(InputError::repeated(name, None));
            }
            Value::Map(Arc::new(OwnedMap::new(entries)))
        }
        Value::Optional(None) => Value::Null,
        Value::Optional(Some(inner)) => normal(inner, depth + 1)?,
        other => other.clone(),
    })
}
