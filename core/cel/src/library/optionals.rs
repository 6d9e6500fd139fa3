//! Functions: optional values (`optional.of`, `orValue`, `.?`, ...), as cel-go's optional types define them.

use super::declare::{function, globals, invalid, members, no_overload, operator};
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function, Overload};
use crate::types::Type::{self, Bool, Dyn, Int, String};
use crate::value::{List, Optional, Timestamp, Val};

/// The functions of this module.
///
/// `or`, `orValue`, `_?._` and `_[?_]` have no code: the evaluator implements them, the first two so that their argument is
/// evaluated only when the receiver is empty, the others with [`select_optional`] and [`index_optional`].
#[must_use]
pub fn functions() -> Vec<Function> {
    let value = || Type::param("V");
    let optional = || Type::optional(value());
    let list = || Type::list(value());
    let optionals = || Type::list(optional());
    vec![
        function(
            "optional.of",
            globals([("optional_of", &[value()], optional())]),
            of,
            "An optional with this value.",
            "optional.of(1).value() == 1",
        ),
        function(
            "optional.none",
            globals([("optional_none", &[], optional())]),
            none,
            "The optional without a value.",
            "optional.none().hasValue() == false",
        ),
        function(
            "optional.ofNonZeroValue",
            globals([("optional_ofNonZeroValue", &[value()], optional())]),
            of_non_zero,
            "An optional with this value, or without one when it is null, false, zero or empty.",
            "optional.ofNonZeroValue('').hasValue() == false",
        ),
        function(
            "hasValue",
            members([("optional_hasValue", &[optional()], Bool)]),
            has_value,
            "True when the optional has a value.",
            "optional.of(1).hasValue() == true",
        ),
        function(
            "value",
            members([("optional_value", &[optional()], value())]),
            get_value,
            "The optional's value, or an error without one.",
            "optional.of('a').value() == 'a'",
        ),
        operator(
            "or",
            members([("optional_or_optional", &[optional(), optional()], optional())]),
            "The optional itself when it has a value, else the argument.",
            "optional.none().or(optional.of(1)).value() == 1",
        ),
        operator(
            "orValue",
            members([("optional_orValue_value", &[optional(), value()], value())]),
            "The optional's value when it has one, else the argument.",
            "optional.none().orValue(1) == 1",
        ),
        function(
            "optional.unwrap",
            globals([("optional_unwrap", &[optionals()], list())]),
            unwrap,
            "The values of those optionals in the list that have one.",
            "optional.unwrap([optional.of(1), optional.none()]) == [1]",
        ),
        function(
            "unwrapOpt",
            members([("optional_unwrapOpt", &[optionals()], list())]),
            unwrap,
            "The values of those optionals in the list that have one.",
            "[optional.of(1), optional.none()].unwrapOpt() == [1]",
        ),
        function(
            "first",
            members([("list_first", &[list()], optional())]),
            first,
            "The list's first element, if it has one.",
            "[1, 2].first().value() == 1",
        ),
        function(
            "last",
            members([("list_last", &[list()], optional())]),
            last,
            "The list's last element, if it has one.",
            "[1, 2].last().value() == 2",
        ),
        operator(
            "_?._",
            globals([("select_optional_field", &[Dyn, String], optional())]),
            "The field, if the operand has it.",
            "{'a': 1}.?b.hasValue() == false",
        ),
        operator("_[?_]", optional_indexing(), "The element, if the operand has it.", "[1, 2][?5].orValue(0) == 0"),
    ]
}

fn optional_indexing() -> Vec<Overload> {
    let value = || Type::param("V");
    let list = || Type::list(value());
    let map = || Type::map(Type::param("K"), value());
    globals([
        ("list_optindex_optional_int", &[list(), Int], Type::optional(value())),
        ("optional_list_optindex_optional_int", &[Type::optional(list()), Int], Type::optional(value())),
        ("map_optindex_optional_value", &[map(), Type::param("K")], Type::optional(value())),
        ("optional_map_optindex_optional_value", &[Type::optional(map()), Type::param("K")], Type::optional(value())),
    ])
}

/// What optionals add to the overloads of `_[_]`: indexing through an optional gives an optional.
#[must_use]
pub fn index_overloads() -> Vec<Overload> {
    let value = || Type::param("V");
    let list = Type::optional(Type::list(value()));
    let map = Type::optional(Type::map(Type::param("K"), value()));
    globals([
        ("optional_list_index_int", &[list, Int], Type::optional(value())),
        ("optional_map_index_value", &[map, Type::param("K")], Type::optional(value())),
    ])
}

fn some<'a>(cx: &Context<'a>, value: Val<'a>) -> Val<'a> {
    Val::Optional(Optional::some_in(value, cx.arena))
}

fn some_if<'a>(cx: &Context<'a>, value: Option<Val<'a>>) -> Val<'a> {
    value.map_or(Val::Optional(Optional::None), |value| some(cx, value))
}

fn of<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [value] => Ok(some(cx, value)),
        _ => no_overload(),
    }
}

fn none<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [] => Ok(Val::Optional(Optional::None)),
        _ => no_overload(),
    }
}

fn of_non_zero<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [value] => Ok(some_if(cx, (!is_zero(value)).then_some(value))),
        _ => no_overload(),
    }
}

/// True for null and for the value of its type that stands for "not set".
fn is_zero(value: Val<'_>) -> bool {
    match value {
        Val::Null => true,
        Val::Bool(b) => !b,
        Val::Int(i) => i == 0,
        Val::Uint(u) => u == 0,
        Val::Double(d) => d == 0.0,
        Val::Str(s) => s.is_empty(),
        Val::Bytes(b) => b.is_empty(),
        Val::Timestamp(t) => t == Timestamp { seconds: 0, nanos: 0 },
        Val::Duration(d) => d.nanos == 0,
        Val::List(list) => list.is_empty(),
        Val::Map(map) => map.is_empty(),
        Val::Type(_) | Val::Optional(_) | Val::Ip(_) | Val::Cidr(_) => false,
    }
}

fn has_value<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Optional(optional)] => Ok(Val::Bool(optional.get().is_some())),
        _ => no_overload(),
    }
}

fn get_value<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Optional(optional)] => optional.get().ok_or(ErrorKind::OptionalNone.into()),
        _ => no_overload(),
    }
}

fn unwrap<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::List(list)] = *args else { return no_overload() };
    cx.pay(list.len() as u64)?;
    let mut values = bumpalo::collections::Vec::new_in(cx.arena);
    for item in list.iter() {
        match item {
            Val::Optional(optional) => values.extend(optional.get()),
            _ => return Err(invalid("an element of the list is not an optional")),
        }
    }
    Ok(Val::List(List::Arena(values.into_bump_slice())))
}

fn first<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::List(list)] => Ok(some_if(cx, list.get(0))),
        _ => no_overload(),
    }
}

fn last<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::List(list)] => Ok(some_if(cx, list.len().checked_sub(1).and_then(|at| list.get(at)))),
        _ => no_overload(),
    }
}

/// `operand.?field`, and `operand.field` for an operand that is an optional: an optional of the field's value.
///
/// # Errors
/// No such key when the operand, or the value of an optional operand, is not a map.
pub fn select_optional<'a>(cx: &Context<'a>, operand: Val<'a>, field: &str) -> Result<Val<'a>> {
    match present(operand) {
        None => Ok(Val::Optional(Optional::None)),
        Some(Val::Map(map)) => {
            cx.pay_bytes(field.len())?;
            Ok(some_if(cx, map.get_str(field)))
        }
        Some(_) => Err(ErrorKind::NoSuchKey.into()),
    }
}

/// `operand[?index]`, and `operand[index]` for an operand that is an optional: an optional of the element.
///
/// # Errors
/// No such key when the operand, or the value of an optional operand, is neither a list nor a map; an invalid argument
/// when the index of a list is not a whole number.
pub fn index_optional<'a>(cx: &Context<'a>, operand: Val<'a>, index: Val<'a>) -> Result<Val<'a>> {
    match present(operand) {
        None => Ok(Val::Optional(Optional::None)),
        Some(Val::Map(map)) => {
            if let Val::Str(key) = index {
                cx.pay_bytes(key.len())?;
            }
            Ok(some_if(cx, map.get(index)))
        }
        Some(Val::List(list)) => Ok(some_if(cx, position(index)?.and_then(|at| list.get(at)))),
        Some(_) => Err(ErrorKind::NoSuchKey.into()),
    }
}

/// The operand itself, or an optional's value.
fn present(operand: Val<'_>) -> Option<Val<'_>> {
    match operand {
        Val::Optional(optional) => optional.get(),
        other => Some(other),
    }
}

/// The position in a list that an index stands for; `None` when no list is that long.
fn position(index: Val<'_>) -> Result<Option<usize>> {
    match index {
        Val::Int(i) => Ok(usize::try_from(i).ok()),
        Val::Uint(u) => Ok(usize::try_from(u).ok()),
        // A cast of a double saturates, so a position that is too large stays too large.
        Val::Double(d) if d.fract() == 0.0 => Ok((d >= 0.0).then_some(d as usize)),
        _ => Err(invalid("a list index is not a whole number")),
    }
}

#[cfg(test)]
mod tests;
