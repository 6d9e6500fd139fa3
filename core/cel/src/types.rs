//! The types of expressions.

use std::fmt;
use std::sync::Arc;

/// A type, as CEL's specification names them (`int`, `list(string)`, `map(string, dyn)`, ...).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Checked at run time.
    Dyn,
    /// The type of `null`.
    Null,
    /// `bool`
    Bool,
    /// 64-bit signed integer
    Int,
    /// 64-bit unsigned integer
    Uint,
    /// IEEE 754 double
    Double,
    /// Unicode text
    String,
    /// bytes
    Bytes,
    /// `google.protobuf.Timestamp`
    Timestamp,
    /// `google.protobuf.Duration`
    Duration,
    /// `list(T)`
    List(Arc<Type>),
    /// `map(K, V)`
    Map(Arc<(Type, Type)>),
    /// `type(T)`, the type of a type; without an argument `type`.
    Type(Option<Arc<Type>>),
    /// `optional_type(T)`
    Optional(Arc<Type>),
    /// A type known by its name alone: `net.IP`, `net.CIDR`.
    Opaque(Arc<str>),
    /// A record of declared fields.
    Object(Arc<ObjectType>),
    /// A type parameter of an overload: `A`, `K`, `V`.
    Param(Arc<str>),
}

/// A record type: what a host declares for its input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectType {
    /// The type's name, for messages.
    pub name: Arc<str>,
    /// The fields, sorted by name.
    pub fields: Vec<(Arc<str>, Type)>,
}

impl ObjectType {
    /// A record type with the given fields, in any order.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>, mut fields: Vec<(Arc<str>, Type)>) -> Self {
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Self { name: name.into(), fields }
    }

    /// The type of field `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Type> {
        let at = self.fields.binary_search_by(|(n, _)| (**n).cmp(name)).ok()?;
        self.fields.get(at).map(|(_, t)| t)
    }
}

impl Type {
    /// `list(element)`
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(element))
    }

    /// `map(key, value)`
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    /// `optional_type(inner)`
    #[must_use]
    pub fn optional(inner: Self) -> Self {
        Self::Optional(Arc::new(inner))
    }

    /// The type parameter `name`.
    #[must_use]
    pub fn param(name: &str) -> Self {
        Self::Param(name.into())
    }

    /// The opaque type `name`.
    #[must_use]
    pub fn opaque(name: &str) -> Self {
        Self::Opaque(name.into())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dyn => f.write_str("dyn"),
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Uint => f.write_str("uint"),
            Self::Double => f.write_str("double"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("bytes"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::List(t) => write!(f, "list({t})"),
            Self::Map(kv) => write!(f, "map({}, {})", kv.0, kv.1),
            Self::Type(None) => f.write_str("type"),
            Self::Type(Some(t)) => write!(f, "type({t})"),
            Self::Optional(t) => write!(f, "optional_type({t})"),
            Self::Opaque(name) | Self::Param(name) => f.write_str(name),
            Self::Object(o) => f.write_str(&o.name),
        }
    }
}
