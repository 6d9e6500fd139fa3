//! Short forms for declaring functions.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::function::{Context, Function, Overload};
use crate::types::Type;
use crate::value::Val;

/// A plain function that implements a CEL function: arguments (receiver first) to a value.
pub(crate) type Code = for<'a> fn(&Context<'a>, &[Val<'a>]) -> Result<Val<'a>>;

/// A function with code for all its overloads.
pub(crate) fn function(
    name: &str,
    overloads: Vec<Overload>,
    code: Code,
    doc: &'static str,
    example: &'static str,
) -> Function {
    Function { name: name.into(), overloads, implementation: Some(Arc::new(code)), doc, example, cost: Function::COST }
}

/// A function that the evaluator runs itself, because it does not need all its arguments.
pub(crate) fn lazy(name: &str, overloads: Vec<Overload>, doc: &'static str, example: &'static str) -> Function {
    Function { name: name.into(), overloads, implementation: None, doc, example, cost: Function::COST }
}

/// A global overload of these parameters.
pub(crate) fn global<const N: usize>(id: &str, params: [Type; N], result: Type) -> Overload {
    Overload::global(id, params.into(), result)
}

/// A member overload of these parameters, receiver first.
pub(crate) fn member<const N: usize>(id: &str, params: [Type; N], result: Type) -> Overload {
    Overload::member(id, params.into(), result)
}

/// `list(A)`
pub(crate) fn list_of_a() -> Type {
    Type::list(Type::param("A"))
}

/// `map(A, B)`
pub(crate) fn map_of_a_b() -> Type {
    Type::map(Type::param("A"), Type::param("B"))
}

/// A function that the evaluator implements itself.
pub(crate) fn operator(name: &str, overloads: Vec<Overload>, doc: &'static str, example: &'static str) -> Function {
    Function { name: name.into(), overloads, implementation: None, doc, example, cost: Function::COST }
}

/// Global overloads that all have the parameters' types in their identifier: `(id, parameters, result)`.
pub(crate) fn globals<const N: usize>(overloads: [(&str, &[Type], Type); N]) -> Vec<Overload> {
    overloads.into_iter().map(|(id, params, result)| Overload::global(id, params.to_vec(), result)).collect()
}

/// Member overloads: `(id, receiver and parameters, result)`.
pub(crate) fn members<const N: usize>(overloads: [(&str, &[Type], Type); N]) -> Vec<Overload> {
    overloads.into_iter().map(|(id, params, result)| Overload::member(id, params.to_vec(), result)).collect()
}

/// The error for arguments of types that a function is not defined for.
pub(crate) fn no_overload<T>() -> Result<T> {
    Err(ErrorKind::NoSuchOverload.into())
}

/// The error for an argument that a function does not accept.
pub(crate) fn invalid(why: &'static str) -> Error {
    ErrorKind::InvalidArgument(why).into()
}
