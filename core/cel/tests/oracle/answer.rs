//! What an implementation makes of an expression, in a form that can be compared.

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A value.
    Value(Value),
    /// An error, while parsing or evaluating; which one is not compared.
    Error(String),
    /// The implementation panicked.
    Panic(String),
}

impl Answer {
    /// True when both are errors or both are the same value.
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a == b,
            (Self::Error(_), Self::Error(_)) => true,
            _ => false,
        }
    }
}

/// A value. Doubles are the same when their bits are, or when both are NaN; maps have no order.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(String),
    Bytes(Vec<u8>),
    /// Seconds and nanoseconds.
    Timestamp(i64, u32),
    /// Nanoseconds.
    Duration(i128),
    List(Vec<Self>),
    Map(Vec<(Self, Self)>),
    /// Anything else, as text.
    Other(String),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::String(a), Self::String(b)) | (Self::Other(a), Self::Other(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Timestamp(a, m), Self::Timestamp(b, n)) => a == b && m == n,
            (Self::Duration(a), Self::Duration(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a.len() == b.len() && a.iter().all(|entry| b.contains(entry)),
            _ => false,
        }
    }
}
