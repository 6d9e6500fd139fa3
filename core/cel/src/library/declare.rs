//! Shorthand for declaring functions.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::function::{Context, Function, Overload};
use crate::types::Type;
use crate::value::Val;

/// The code of a library function.
pub(super) type Code = for<'a> fn(&Context<'a>, &[Val<'a>]) -> Result<Val<'a>>;

/// A function of the library with its code.
pub(super) fn function(
    name: &str,
    overloads: Vec<Overload>,
    code: Code,
    doc: &'static str,
    example: &'static str,
) -> Function {
    Function { implementation: Some(Arc::new(code)), ..operator(name, overloads, doc, example) }
}

/// A function that the evaluator implements itself.
pub(super) fn operator(name: &str, overloads: Vec<Overload>, doc: &'static str, example: &'static str) -> Function {
    Function { name: name.into(), overloads, implementation: None, doc, example }
}

/// Global overloads that all have the parameters' types in their identifier: `(id, parameters, result)`.
pub(super) fn globals<const N: usize>(overloads: [(&str, &[Type], Type); N]) -> Vec<Overload> {
    overloads.into_iter().map(|(id, params, result)| Overload::global(id, params.to_vec(), result)).collect()
}

/// Member overloads: `(id, receiver and parameters, result)`.
pub(super) fn members<const N: usize>(overloads: [(&str, &[Type], Type); N]) -> Vec<Overload> {
    overloads.into_iter().map(|(id, params, result)| Overload::member(id, params.to_vec(), result)).collect()
}

/// The error for arguments of types that a function is not defined for.
pub(super) fn no_overload<T>() -> Result<T> {
    Err(ErrorKind::NoSuchOverload.into())
}

/// The error for an argument that a function does not accept.
pub(super) fn invalid(why: &'static str) -> Error {
    ErrorKind::InvalidArgument(why).into()
}
