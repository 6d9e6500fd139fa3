//! Functions: lists (`slice`, `flatten`, `distinct`, `sort`, ...), as cel-go's lists extension defines them.
//!
//! `list.sortBy(x, key)` is a macro. It expands to `cel.bind(@__sortBy_input__, list,
//! @__sortBy_input__.@sortByAssociatedKeys(@__sortBy_input__.map(x, key)))`.

use bumpalo::collections::Vec as BumpVec;

use super::declare::{function, globals, invalid, members, no_overload};
use super::equality;
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function, Overload};
use crate::types::Type::{self, Bool, Bytes, Double, Duration, Dyn, Int, String, Timestamp, Uint};
use crate::value::{List, MAX_DEPTH, Val};

/// The functions of this module. `reverse` is also a function of strings, whose code serves both.
#[must_use]
pub fn functions() -> Vec<Function> {
    let list = || Type::list(Type::param("T"));
    vec![
        function(
            "slice",
            members([("list_slice", &[list(), Int, Int], list())]),
            slice,
            "The elements from the first index, counted from 0, up to but without the second.",
            "[1, 2, 3, 4].slice(1, 3) == [2, 3]",
        ),
        function(
            "flatten",
            members([
                ("list_flatten", &[Type::list(list())], list()),
                ("list_flatten_int", &[Type::list(Dyn), Int], Type::list(Dyn)),
            ]),
            flatten,
            "The list with the elements of its element lists in their place, one level or as many as given.",
            "[[1], [2, 3]].flatten() == [1, 2, 3]",
        ),
        function(
            "distinct",
            members([("list_distinct", &[list()], list())]),
            distinct,
            "The elements without those that equal an earlier one.",
            "[1, 2, 2, 3, 1].distinct() == [1, 2, 3]",
        ),
        // The code of the string function of this name serves lists, too.
        function(
            "reverse",
            members([("list_reverse", &[list()], list())]),
            super::strings::reverse,
            "The elements in reverse order.",
            "[5, 3, 1].reverse() == [1, 3, 5]",
        ),
        function(
            "sort",
            ordered(|name, ty| {
                let list = Type::list(ty.clone());
                Overload::member(&format!("list_{name}_sort"), vec![list.clone()], list)
            }),
            sort,
            "The elements in ascending order; they must all be of one ordered type.",
            "[3, 1, 2].sort() == [1, 2, 3]",
        ),
        function(
            "@sortByAssociatedKeys",
            ordered(|name, ty| {
                let params = vec![list(), Type::list(ty.clone())];
                Overload::member(&format!("list_{name}_sortByAssociatedKeys"), params, list())
            }),
            sort_by_keys,
            "The elements in ascending order of their keys; what the macro sortBy calls.",
            "['abc', 'a', 'ab'].sortBy(s, size(s)) == ['a', 'ab', 'abc']",
        ),
        function(
            "lists.range",
            globals([("lists_range", &[Int], Type::list(Int))]),
            range,
            "The ints from 0 up to but without the argument.",
            "lists.range(3) == [0, 1, 2]",
        ),
    ]
}

/// One overload for each type that has an order.
fn ordered(overload: impl Fn(&str, &Type) -> Overload) -> Vec<Overload> {
    let types = [
        ("int", Int),
        ("uint", Uint),
        ("double", Double),
        ("bool", Bool),
        ("google.protobuf.Duration", Duration),
        ("google.protobuf.Timestamp", Timestamp),
        ("string", String),
        ("bytes", Bytes),
    ];
    types.iter().map(|(name, ty)| overload(name, ty)).collect()
}

fn slice<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::List(list), Val::Int(start), Val::Int(end)] = *args else { return no_overload() };
    let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
        return Err(invalid("a negative index"));
    };
    let part = match list {
        List::Arena(items) => items.get(start..end).map(List::Arena),
        List::Owned(items) => items.get(start..end).map(List::Owned),
    };
    part.map(Val::List).ok_or(invalid("the indexes are not in order or go beyond the list"))
}

fn flatten<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let (list, depth) = match *args {
        [Val::List(list)] => (list, 1),
        [Val::List(list), Val::Int(depth)] => (list, u64::try_from(depth).map_err(|_| invalid("a negative depth"))?),
        _ => return no_overload(),
    };
    let mut items = BumpVec::new_in(cx.arena);
    flatten_into(cx, list, depth, MAX_DEPTH, &mut items)?;
    Ok(Val::List(List::Arena(items.into_bump_slice())))
}

/// Takes `depth` levels off; `left` bounds the recursion.
fn flatten_into<'a>(
    cx: &Context<'a>,
    list: List<'a>,
    depth: u64,
    left: usize,
    into: &mut BumpVec<'a, Val<'a>>,
) -> Result<()> {
    let left = left.checked_sub(1).ok_or(ErrorKind::TooDeep)?;
    cx.pay(list.len() as u64)?;
    for item in list.iter() {
        match item {
            Val::List(inner) if depth > 0 => {
                // An empty list must cost something, too.
                cx.pay(1)?;
                flatten_into(cx, inner, depth - 1, left, into)?;
            }
            other => into.push(other),
        }
    }
    Ok(())
}

fn distinct<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::List(list)] => Ok(Val::List(List::Arena(equality::distinct(cx, list)?))),
        _ => no_overload(),
    }
}

fn sort<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::List(list)] => sorted_by(cx, list, list),
        _ => no_overload(),
    }
}

fn sort_by_keys<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::List(list), Val::List(keys)] => sorted_by(cx, list, keys),
        _ => no_overload(),
    }
}

/// The elements of `list` in ascending order of `keys`, which stand at the same positions.
fn sorted_by<'a>(cx: &Context<'a>, list: List<'a>, keys: List<'a>) -> Result<Val<'a>> {
    if list.len() != keys.len() {
        return Err(invalid("the list and its keys differ in length"));
    }
    let Some(first) = keys.get(0) else { return Ok(Val::List(list)) };
    cx.pay(list.len() as u64)?;
    let mut text = 0;
    for key in keys.iter() {
        if key.type_name() != first.type_name() {
            return Err(invalid("the sorted values are not all of one type"));
        }
        match key {
            Val::Str(s) => text += s.len(),
            Val::Bytes(b) => text += b.len(),
            // Only NaN has no order with itself, and only types without an order have none at all.
            _ => match key.compare(key) {
                Some(Some(_)) => {}
                Some(None) => return Err(invalid("NaN has no order")),
                None => return Err(invalid("the sorted values are of a type without an order")),
            },
        }
    }
    let rounds = u64::from(list.len().ilog2()) + 1;
    cx.pay((list.len() as u64 + text as u64 / 64).saturating_mul(rounds))?;
    let pairs = cx
        .arena
        .alloc_slice_fill_with(list.len(), |i| (keys.get(i).unwrap_or(Val::Null), list.get(i).unwrap_or(Val::Null)));
    pairs.sort_by(|(a, _), (b, _)| a.compare(*b).flatten().unwrap_or(std::cmp::Ordering::Equal));
    Ok(Val::List(List::Arena(cx.arena.alloc_slice_fill_iter(pairs.iter().map(|(_, value)| *value)))))
}

fn range<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    let [Val::Int(count)] = *args else { return no_overload() };
    let size = u64::try_from(count).map_err(|_| invalid("a negative size"))?;
    cx.pay(size)?;
    let mut items = BumpVec::new_in(cx.arena);
    items.extend((0..count).map(Val::Int));
    Ok(Val::List(List::Arena(items.into_bump_slice())))
}

#[cfg(test)]
mod tests;
