//! Looking into lists and maps.

use super::comparison::equals;
use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::value::{List, Optional, Val};

/// `container[key]`. Of an optional container, an optional element.
///
/// # Errors
/// No such element, a key of the wrong type, or a value that has no elements.
#[inline]
pub fn index<'a>(cx: &Context<'a>, container: Val<'a>, key: Val<'a>) -> Result<Val<'a>> {
    match container {
        Val::Map(map) => {
            pay_for_key(cx, key)?;
            map.get(key).ok_or(ErrorKind::NoSuchKey.into())
        }
        Val::List(list) => list.get(position(key)?).ok_or(ErrorKind::IndexOutOfBounds.into()),
        Val::Optional(optional) => {
            let found = match optional.get() {
                Some(inner) => lookup(cx, inner, key)?,
                None => None,
            };
            Ok(Val::Optional(found.map_or(Optional::None, |value| Optional::some_in(value, cx.arena))))
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// The element of a list or map, or `None` where there is none.
///
/// # Errors
/// A list index of the wrong type, or a value that has no elements.
#[inline]
pub fn lookup<'a>(cx: &Context<'a>, container: Val<'a>, key: Val<'a>) -> Result<Option<Val<'a>>> {
    match container {
        Val::Map(map) => {
            pay_for_key(cx, key)?;
            Ok(map.get(key))
        }
        Val::List(list) => match position(key) {
            Ok(at) => Ok(list.get(at)),
            Err(e) if e.kind == ErrorKind::IndexOutOfBounds => Ok(None),
            Err(e) => Err(e),
        },
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `value in container`
///
/// # Errors
/// A container that is neither a list nor a map, or no fuel left.
#[inline]
pub fn contains(cx: &Context<'_>, value: Val<'_>, container: Val<'_>) -> Result<bool> {
    match container {
        Val::Map(map) => {
            pay_for_key(cx, value)?;
            Ok(map.get(value).is_some())
        }
        Val::List(list) => list_has(cx, list, value),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

fn list_has(cx: &Context<'_>, list: List<'_>, value: Val<'_>) -> Result<bool> {
    if let Val::Str(wanted) = value {
        cx.pay((list.len() as u64).saturating_mul(1 + wanted.len() as u64 / 64))?;
        return Ok(list.iter().any(|item| matches!(item, Val::Str(s) if s == wanted)));
    }
    cx.pay(list.len() as u64)?;
    for item in list.iter() {
        if equals(cx, item, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn pay_for_key(cx: &Context<'_>, key: Val<'_>) -> Result<()> {
    match key {
        Val::Str(s) => cx.pay_bytes(s.len()),
        _ => Ok(()),
    }
}

/// A list index: an int, or a uint or double that is a whole number.
fn position(key: Val<'_>) -> Result<usize> {
    let at = match key {
        Val::Int(i) => usize::try_from(i).ok(),
        Val::Uint(u) => usize::try_from(u).ok(),
        Val::Double(d) if d.fract() == 0.0 => {
            // 2^53 exceeds any list, and all whole doubles below it are exact.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within range")]
            (0.0..9_007_199_254_740_992.0).contains(&d).then_some(d as usize)
        }
        Val::Double(_) => return Err(ErrorKind::InvalidArgument("a list index must be a whole number").into()),
        _ => return Err(ErrorKind::InvalidArgument("a list index must be an int").into()),
    };
    at.ok_or(ErrorKind::IndexOutOfBounds.into())
}
