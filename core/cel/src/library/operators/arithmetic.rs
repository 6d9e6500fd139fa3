//! Arithmetic and concatenation.

use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::library::time;
use crate::value::{Duration, List, Val};

/// `a + b`
///
/// # Errors
/// Overflow, types that have no sum, or no fuel for the longer text or list.
#[inline]
pub fn add<'a>(cx: &Context<'a>, a: Val<'a>, b: Val<'a>) -> Result<Val<'a>> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => a.checked_add(b).map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        (Val::Uint(a), Val::Uint(b)) => a.checked_add(b).map(Val::Uint).ok_or(ErrorKind::Overflow.into()),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a + b)),
        (Val::Str(a), Val::Str(b)) => concat_str(cx, a, b),
        (Val::Bytes(a), Val::Bytes(b)) => concat_bytes(cx, a, b),
        (Val::List(a), Val::List(b)) => concat_list(cx, a, b),
        (Val::Duration(a), Val::Duration(b)) => duration(a.nanos.checked_add(b.nanos)),
        (Val::Timestamp(t), Val::Duration(d)) | (Val::Duration(d), Val::Timestamp(t)) => {
            time::shift(t, i128::from(d.nanos)).map(Val::Timestamp)
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `a - b`
///
/// # Errors
/// Overflow, or types that have no difference.
#[inline]
pub fn subtract<'a>(_cx: &Context<'a>, a: Val<'a>, b: Val<'a>) -> Result<Val<'a>> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => a.checked_sub(b).map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        (Val::Uint(a), Val::Uint(b)) => a.checked_sub(b).map(Val::Uint).ok_or(ErrorKind::Overflow.into()),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a - b)),
        (Val::Duration(a), Val::Duration(b)) => duration(a.nanos.checked_sub(b.nanos)),
        (Val::Timestamp(t), Val::Duration(d)) => time::shift(t, -i128::from(d.nanos)).map(Val::Timestamp),
        (Val::Timestamp(a), Val::Timestamp(b)) => duration(i64::try_from(time::nanos_of(a) - time::nanos_of(b)).ok()),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `a * b`
///
/// # Errors
/// Overflow, or types that are not the same number type.
#[inline]
pub fn multiply<'a>(_cx: &Context<'a>, a: Val<'a>, b: Val<'a>) -> Result<Val<'a>> {
    match (a, b) {
        (Val::Int(a), Val::Int(b)) => a.checked_mul(b).map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        (Val::Uint(a), Val::Uint(b)) => a.checked_mul(b).map(Val::Uint).ok_or(ErrorKind::Overflow.into()),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a * b)),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `a / b`
///
/// # Errors
/// Division of a whole number by zero, overflow, or types that are not the same number type.
#[inline]
pub fn divide<'a>(_cx: &Context<'a>, a: Val<'a>, b: Val<'a>) -> Result<Val<'a>> {
    match (a, b) {
        (Val::Int(_), Val::Int(0)) | (Val::Uint(_), Val::Uint(0)) => Err(ErrorKind::DivisionByZero.into()),
        (Val::Int(a), Val::Int(b)) => a.checked_div(b).map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        (Val::Uint(a), Val::Uint(b)) => a.checked_div(b).map(Val::Uint).ok_or(ErrorKind::Overflow.into()),
        (Val::Double(a), Val::Double(b)) => Ok(Val::Double(a / b)),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `a % b`
///
/// # Errors
/// A modulus of zero, overflow, or types that are not the same whole number type.
#[inline]
pub fn modulo<'a>(_cx: &Context<'a>, a: Val<'a>, b: Val<'a>) -> Result<Val<'a>> {
    match (a, b) {
        (Val::Int(_), Val::Int(0)) | (Val::Uint(_), Val::Uint(0)) => Err(ErrorKind::ModulusByZero.into()),
        (Val::Int(a), Val::Int(b)) => a.checked_rem(b).map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        (Val::Uint(a), Val::Uint(b)) => a.checked_rem(b).map(Val::Uint).ok_or(ErrorKind::Overflow.into()),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `-value`
///
/// # Errors
/// Overflow of the smallest int, or a type other than int and double.
#[inline]
pub fn negate(value: Val<'_>) -> Result<Val<'_>> {
    match value {
        Val::Int(i) => i.checked_neg().map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        Val::Double(d) => Ok(Val::Double(-d)),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `!value`
///
/// # Errors
/// A value that is not a bool.
#[inline]
pub fn not(value: Val<'_>) -> Result<Val<'_>> {
    match value {
        Val::Bool(b) => Ok(Val::Bool(!b)),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

fn duration<'a>(nanos: Option<i64>) -> Result<Val<'a>> {
    nanos.map(|nanos| Val::Duration(Duration { nanos })).ok_or(ErrorKind::Overflow.into())
}

fn concat_str<'a>(cx: &Context<'a>, a: &'a str, b: &'a str) -> Result<Val<'a>> {
    if a.is_empty() {
        return Ok(Val::Str(b));
    }
    if b.is_empty() {
        return Ok(Val::Str(a));
    }
    let len = a.len().saturating_add(b.len());
    cx.pay_bytes(len)?;
    let mut both = bumpalo::collections::String::with_capacity_in(len, cx.arena);
    both.push_str(a);
    both.push_str(b);
    Ok(Val::Str(both.into_bump_str()))
}

fn concat_bytes<'a>(cx: &Context<'a>, a: &'a [u8], b: &'a [u8]) -> Result<Val<'a>> {
    if a.is_empty() {
        return Ok(Val::Bytes(b));
    }
    if b.is_empty() {
        return Ok(Val::Bytes(a));
    }
    let len = a.len().saturating_add(b.len());
    cx.pay_bytes(len)?;
    let mut both = bumpalo::collections::Vec::with_capacity_in(len, cx.arena);
    both.extend_from_slice_copy(a);
    both.extend_from_slice_copy(b);
    Ok(Val::Bytes(both.into_bump_slice()))
}

fn concat_list<'a>(cx: &Context<'a>, a: List<'a>, b: List<'a>) -> Result<Val<'a>> {
    if a.is_empty() {
        return Ok(Val::List(b));
    }
    if b.is_empty() {
        return Ok(Val::List(a));
    }
    let len = a.len().saturating_add(b.len());
    cx.pay(len as u64)?;
    let mut both = bumpalo::collections::Vec::with_capacity_in(len, cx.arena);
    both.extend(a.iter().chain(b.iter()));
    Ok(Val::List(List::Arena(both.into_bump_slice())))
}
