//! Conversions to numbers.

use crate::error::{ErrorKind, Result};
use crate::function::Context;
use crate::value::Val;

/// 2^63, the first double above all ints.
const INT_END: f64 = 9_223_372_036_854_775_808.0;
/// 2^64, the first double above all uints.
const UINT_END: f64 = 18_446_744_073_709_551_616.0;

const NOT_A_NUMBER: ErrorKind = ErrorKind::Conversion("the string is not a number of this type");

/// `int(value)`
///
/// # Errors
/// A value outside of the range, text that is not a whole number, or a type that has no int.
pub fn to_int<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    let int = match value {
        Val::Int(_) => return Ok(value),
        Val::Uint(u) => i64::try_from(u).map_err(|_| ErrorKind::Overflow)?,
        // Both ends are excluded, as in cel-go: a double that is -2^63 may stand for any of a thousand numbers.
        #[expect(clippy::cast_possible_truncation, reason = "within range; the fraction is to be cut")]
        Val::Double(d) if -INT_END < d && d < INT_END => d as i64,
        Val::Double(_) => return Err(ErrorKind::Overflow.into()),
        Val::Str(s) => {
            cx.pay_bytes(s.len())?;
            s.parse().map_err(|_| NOT_A_NUMBER)?
        }
        Val::Timestamp(t) => t.seconds,
        Val::Duration(d) => d.nanos,
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    Ok(Val::Int(int))
}

/// `uint(value)`
///
/// # Errors
/// A value outside of the range, text that is not a whole number, or a type that has no uint.
pub fn to_uint<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    let uint = match value {
        Val::Uint(_) => return Ok(value),
        Val::Int(i) => u64::try_from(i).map_err(|_| ErrorKind::Overflow)?,
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within range; the fraction is to be cut"
        )]
        Val::Double(d) if (0.0..UINT_END).contains(&d) => d as u64,
        Val::Double(_) => return Err(ErrorKind::Overflow.into()),
        Val::Str(s) => {
            cx.pay_bytes(s.len())?;
            if s.starts_with('+') {
                return Err(NOT_A_NUMBER.into());
            }
            s.parse().map_err(|_| NOT_A_NUMBER)?
        }
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    Ok(Val::Uint(uint))
}

/// `double(value)`
///
/// # Errors
/// Text that is not a number or too large, or a type that has no double.
pub fn to_double<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    let double = match value {
        Val::Double(_) => return Ok(value),
        #[expect(clippy::cast_precision_loss, reason = "a double is what was asked for")]
        Val::Int(i) => i as f64,
        #[expect(clippy::cast_precision_loss, reason = "a double is what was asked for")]
        Val::Uint(u) => u as f64,
        Val::Str(s) => {
            cx.pay_bytes(s.len())?;
            let double: f64 = s.parse().map_err(|_| NOT_A_NUMBER)?;
            if double.is_infinite() && s.contains(|c: char| c.is_ascii_digit()) {
                return Err(ErrorKind::Overflow.into());
            }
            double
        }
        _ => return Err(ErrorKind::NoSuchOverload.into()),
    };
    Ok(Val::Double(double))
}
