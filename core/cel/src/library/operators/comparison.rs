//! Equality and order.

use std::cmp::Ordering;

use crate::error::{Error, ErrorKind, Result};
use crate::function::Context;
use crate::value::{List, MAX_DEPTH, Map, Val};

/// `a == b`: like [`Val::equals`], paying for the text and elements that it looks at.
///
/// # Errors
/// No fuel left, or values that are nested too deeply.
#[inline]
pub fn equals(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    equals_within(cx, a, b, MAX_DEPTH)
}

/// [`equals`] of parts that may have so many levels.
fn equals_within(cx: &Context<'_>, a: Val<'_>, b: Val<'_>, depth: usize) -> Result<bool> {
    let below = || depth.checked_sub(1).ok_or(Error::new(ErrorKind::TooDeep));
    match (a, b) {
        (Val::Str(a), Val::Str(b)) => same_bytes(cx, a.as_bytes(), b.as_bytes()),
        (Val::Bytes(a), Val::Bytes(b)) => same_bytes(cx, a, b),
        (Val::List(a), Val::List(b)) => equal_lists(cx, a, b, below()?),
        (Val::Map(a), Val::Map(b)) => equal_maps(cx, a, b, below()?),
        (Val::Optional(a), Val::Optional(b)) => match (a.get(), b.get()) {
            (Some(a), Some(b)) => {
                cx.pay(1)?;
                equals_within(cx, a, b, below()?)
            }
            (a, b) => Ok(a.is_none() && b.is_none()),
        },
        _ => Ok(a.equals(b)),
    }
}

/// `a != b`
///
/// # Errors
/// No fuel left.
#[inline]
pub fn not_equals(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    equals(cx, a, b).map(|same| !same)
}

/// The order of two values, for `<` and its relatives. `None` when one is NaN.
///
/// # Errors
/// Types that are not ordered with each other, or no fuel left.
#[inline]
pub fn order(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<Option<Ordering>> {
    match (a, b) {
        (Val::Str(a), Val::Str(b)) => cx.pay_bytes(a.len().min(b.len()))?,
        (Val::Bytes(a), Val::Bytes(b)) => cx.pay_bytes(a.len().min(b.len()))?,
        _ => {}
    }
    a.compare(b).ok_or(ErrorKind::NoSuchOverload.into())
}

/// `a < b`
///
/// # Errors
/// As [`order`].
#[inline]
pub fn less(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    order(cx, a, b).map(|o| o.is_some_and(Ordering::is_lt))
}

/// `a <= b`
///
/// # Errors
/// As [`order`].
#[inline]
pub fn less_equals(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    order(cx, a, b).map(|o| o.is_some_and(Ordering::is_le))
}

/// `a > b`
///
/// # Errors
/// As [`order`].
#[inline]
pub fn greater(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    order(cx, a, b).map(|o| o.is_some_and(Ordering::is_gt))
}

/// `a >= b`
///
/// # Errors
/// As [`order`].
#[inline]
pub fn greater_equals(cx: &Context<'_>, a: Val<'_>, b: Val<'_>) -> Result<bool> {
    order(cx, a, b).map(|o| o.is_some_and(Ordering::is_ge))
}

fn same_bytes(cx: &Context<'_>, a: &[u8], b: &[u8]) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    cx.pay_bytes(a.len())?;
    Ok(a == b)
}

fn equal_lists(cx: &Context<'_>, a: List<'_>, b: List<'_>, depth: usize) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (x, y) in a.iter().zip(b.iter()) {
        cx.pay(1)?;
        if !equals_within(cx, x, y, depth)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(cx: &Context<'_>, a: Map<'_>, b: Map<'_>, depth: usize) -> Result<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (key, x) in a.iter() {
        cx.pay(1)?;
        if let Val::Str(key) = key {
            cx.pay_bytes(key.len())?;
        }
        match b.get(key) {
            Some(y) if equals_within(cx, x, y, depth)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
