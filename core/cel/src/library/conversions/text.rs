//! Conversions to text.

use std::fmt::Write as _;

use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::library::time;
use crate::value::Val;

/// `string(value)`
///
/// # Errors
/// Bytes that are not UTF-8, no fuel left, or a type that has no text.
pub fn to_string<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    match value {
        Val::Str(_) => Ok(value),
        Val::Bool(true) => Ok(Val::Str("true")),
        Val::Bool(false) => Ok(Val::Str("false")),
        Val::Bytes(b) => {
            cx.pay_bytes(b.len())?;
            let text = std::str::from_utf8(b).map_err(|_| ErrorKind::Conversion("the bytes are not UTF-8"))?;
            Ok(Val::Str(text))
        }
        Val::Int(i) => print(cx, format_args!("{i}")),
        Val::Uint(u) => print(cx, format_args!("{u}")),
        Val::Double(d) => Ok(Val::Str(cx.arena.alloc_str(&double_text(d)))),
        Val::Timestamp(t) => print(cx, format_args!("{}", time::TimestampText(t))),
        Val::Duration(d) => print(cx, format_args!("{}", time::DurationText(d))),
        Val::Ip(ip) => print(cx, format_args!("{ip}")),
        Val::Cidr(cidr) => print(cx, format_args!("{}/{}", cidr.address, cidr.prefix)),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// Short text in the arena: none of those above has more than a few dozen bytes.
fn print<'a>(cx: &Context<'a>, text: std::fmt::Arguments<'_>) -> Result<Val<'a>> {
    let mut out = bumpalo::collections::String::with_capacity_in(40, cx.arena);
    // Writing to a string does not fail.
    let _ = out.write_fmt(text);
    Ok(Val::Str(out.into_bump_str()))
}

/// A double's shortest text that reads back as the same double, with an exponent below 1e-4 and from 1e+6 on, as Go's
/// `%g` writes it.
#[must_use]
pub fn double_text(d: f64) -> String {
    if d.is_nan() {
        return "NaN".into();
    }
    if d.is_infinite() {
        return if d > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{d:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(-4..6) | Err(_) => format!("{d}"),
        Ok(exponent) => format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.unsigned_abs()),
    }
}
