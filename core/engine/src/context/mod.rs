//! The context: every field that a policy can read.
//!
//! `schema/context.toml` holds each field once; [`FIELDS`] is made from it.

mod fields;
mod stage;

#[cfg(test)]
mod tests;

use std::fmt;

use llm_policy_cel::types::{ObjectType, Type};

use crate::input::paths::SlotType;

pub use fields::FIELDS;
pub use stage::{Stage, Stages, UnknownStage};

/// A field of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// `user.id`; `[]` stands for the elements of a list: `request.messages[].text`.
    pub path: &'static str,
    /// The type.
    pub field_type: FieldType,
    /// Who says so.
    pub source: Source,
    /// The stages in which it is there.
    pub stages: Stages,
    /// True for what users, models and tools wrote; templates may not repeat it.
    pub content: bool,
    /// One sentence.
    pub doc: &'static str,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// Any value.
    Any,
    /// Text.
    String,
    /// A whole number.
    Int,
    /// A number.
    Double,
    /// True or false.
    Bool,
    /// RFC 3339 text.
    Timestamp,
    /// A list of texts.
    StringList,
    /// A free object.
    Map,
    /// An object whose fields are in the table; the record's name.
    Object(&'static str),
    /// A list of such objects.
    ObjectList(&'static str),
}

impl FieldType {
    /// What a slot for a field of this type holds.
    #[must_use]
    pub const fn slot_type(self) -> SlotType {
        match self {
            Self::Any => SlotType::Dyn,
            Self::String => SlotType::String,
            Self::Int => SlotType::Int,
            Self::Double => SlotType::Double,
            Self::Bool => SlotType::Bool,
            Self::Timestamp => SlotType::Timestamp,
            Self::StringList => SlotType::StringList,
            Self::Map | Self::Object(_) => SlotType::Map,
            Self::ObjectList(_) => SlotType::List,
        }
    }
}

/// Who a field's value comes from. A body can never set another source's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The host's authenticated caller.
    Identity,
    /// The untrusted request.
    Body,
    /// The engine.
    Engine,
    /// A scanner or a service.
    Fact,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity",
            Self::Body => "body",
            Self::Engine => "engine",
            Self::Fact => "fact",
        })
    }
}

impl Field {
    /// The last name of the path: `text` of `request.messages[].text`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }

    /// The type as CEL sees it. Free objects are `map(string, dyn)`.
    #[must_use]
    pub fn cel_type(&self) -> Type {
        let object = |name: &str| {
            let fields = children(self.path).map(|field| (field.name().into(), field.cel_type())).collect();
            Type::Object(ObjectType::new(name, fields).into())
        };
        match self.field_type {
            FieldType::Any => Type::Dyn,
            FieldType::String => Type::String,
            FieldType::Int => Type::Int,
            FieldType::Double => Type::Double,
            FieldType::Bool => Type::Bool,
            FieldType::Timestamp => Type::Timestamp,
            FieldType::StringList => Type::list(Type::String),
            FieldType::Map => Type::map(Type::String, Type::Dyn),
            FieldType::Object(name) => object(name),
            FieldType::ObjectList(name) => Type::list(object(name)),
        }
    }
}

/// The field at `path`, written as in [`Field::path`].
#[must_use]
pub fn field(path: &str) -> Option<&'static Field> {
    let at = FIELDS.binary_search_by(|field| field.path.cmp(path)).ok()?;
    FIELDS.get(at)
}

/// The root variables: `user`, `request`, ...
pub fn roots() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| !field.path.contains('.'))
}

/// The fields directly below the object at `path`, or below the elements of the list at `path`.
pub fn children(path: &str) -> impl Iterator<Item = &'static Field> {
    // In the order of bytes `.` and `[` stand before all letters, digits and `_`, so what is below a path follows it.
    let start = FIELDS.partition_point(|field| field.path <= path);
    FIELDS
        .iter()
        .skip(start)
        .map_while(move |field| Some((field, field.path.strip_prefix(path)?)))
        .take_while(|(_, rest)| rest.starts_with(['.', '[']))
        .filter(|(_, rest)| {
            let rest = rest.strip_prefix("[]").unwrap_or(rest);
            rest.strip_prefix('.').is_some_and(|name| !name.contains(['.', '[']))
        })
        .map(|(field, _)| field)
}
