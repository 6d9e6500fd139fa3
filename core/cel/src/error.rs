//! Errors of evaluation: small, copied freely, and made without allocating.

use std::fmt;

/// The outcome of evaluating something.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an evaluation has no value.
///
/// CEL's `&&`, `||`, `?:`, `all` and `exists` absorb errors that do not change the outcome, so making one must be cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A function or operator was given values of types that it is not defined for.
    NoSuchOverload,
    /// A map has no such key.
    NoSuchKey,
    /// The input slot with this number is absent.
    MissingInput(u32),
    /// The value in the input slot with this number is not of its declared type.
    MistypedInput(u32),
    /// A list index outside of the list.
    IndexOutOfBounds,
    /// `x / 0`
    DivisionByZero,
    /// `x % 0`
    ModulusByZero,
    /// An integer, timestamp or duration left its range.
    Overflow,
    /// A value cannot be converted; the text says from what to what.
    Conversion(&'static str),
    /// An argument has a value that the function does not accept; the text says why.
    InvalidArgument(&'static str),
    /// A map literal repeats a key.
    DuplicateKey,
    /// A regular expression is not valid or too large.
    InvalidRegex,
    /// `optional.none().value()`
    OptionalNone,
    /// The fuel budget ran out.
    OutOfFuel,
    /// A value is nested deeper than [`crate::value::MAX_DEPTH`].
    TooDeep,
    /// The expression calls a function that the program does not have.
    UnknownFunction,
    /// The expression reads a variable that is not bound.
    UnboundVariable,
}

impl Error {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind }
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOverload => f.write_str("no such overload for these types"),
            Self::NoSuchKey => f.write_str("no such key"),
            Self::MissingInput(_) => f.write_str("the input has no such field"),
            Self::MistypedInput(_) => f.write_str("the input field has a value of another type"),
            Self::IndexOutOfBounds => f.write_str("index out of bounds"),
            Self::DivisionByZero => f.write_str("division by zero"),
            Self::ModulusByZero => f.write_str("modulus by zero"),
            Self::Overflow => f.write_str("overflow: the result is outside of its type's range"),
            Self::Conversion(what) => write!(f, "conversion error: {what}"),
            Self::InvalidArgument(why) => write!(f, "invalid argument: {why}"),
            Self::DuplicateKey => f.write_str("a map key is repeated"),
            Self::InvalidRegex => f.write_str("the regular expression is not valid or too large"),
            Self::OptionalNone => f.write_str("an optional without a value was read"),
            Self::OutOfFuel => f.write_str("the fuel budget of the evaluation ran out"),
            Self::TooDeep => write!(f, "a value is nested deeper than {} levels", crate::value::MAX_DEPTH),
            Self::UnknownFunction => f.write_str("unknown function"),
            Self::UnboundVariable => f.write_str("unbound variable"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}
