//! Conversions between types.

pub use numbers::{to_double, to_int, to_uint};
pub use text::{double_text, to_string};

use super::declare::{function, global};
use super::time;
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function};
use crate::types::Type;
use crate::value::Val;

mod numbers;
#[cfg(test)]
mod tests;
mod text;

/// Code that gives its one argument to a plain function.
macro_rules! one {
    ($f:path) => {
        |cx, args| match args {
            [value] => $f(cx, *value),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    };
}

/// `bool`, `int`, `uint`, `double`, `string`, `bytes`, `timestamp`, `duration`, `dyn` and `type`.
#[must_use]
pub fn functions() -> Vec<Function> {
    use Type::{Bool, Bytes, Double, Duration, Dyn, Int, String, Timestamp, Uint};
    let a = || Type::param("A");
    vec![
        function(
            "bool",
            vec![global("bool_to_bool", [Bool], Bool), global("string_to_bool", [String], Bool)],
            one!(to_bool),
            "A string as a bool: true, True, TRUE, t, T or 1, and false likewise.",
            "bool('true') == true",
        ),
        function(
            "bytes",
            vec![global("bytes_to_bytes", [Bytes], Bytes), global("string_to_bytes", [String], Bytes)],
            one!(to_bytes),
            "A string's UTF-8 bytes.",
            "bytes('abc') == b'abc'",
        ),
        function(
            "double",
            vec![
                global("double_to_double", [Double], Double),
                global("int64_to_double", [Int], Double),
                global("string_to_double", [String], Double),
                global("uint64_to_double", [Uint], Double),
            ],
            one!(to_double),
            "A number or its text as a double.",
            "double('1.5') == 1.5",
        ),
        function(
            "duration",
            vec![
                global("duration_to_duration", [Duration], Duration),
                global("int64_to_duration", [Int], Duration),
                global("string_to_duration", [String], Duration),
            ],
            one!(to_duration),
            "A duration from text such as 1h30m, 1.5s or -10ms, or from nanoseconds.",
            "duration('90s') == duration('1m30s')",
        ),
        function(
            "dyn",
            vec![global("to_dyn", [a()], Dyn)],
            |_, args| match args {
                [value] => Ok(*value),
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "The value itself, with its type checked only when the expression runs.",
            "dyn(1) == 1.0",
        ),
        function(
            "int",
            vec![
                global("int64_to_int64", [Int], Int),
                global("double_to_int64", [Double], Int),
                global("duration_to_int64", [Duration], Int),
                global("string_to_int64", [String], Int),
                global("timestamp_to_int64", [Timestamp], Int),
                global("uint64_to_int64", [Uint], Int),
            ],
            one!(to_int),
            "A number cut towards zero, decimal text, a timestamp's Unix seconds or a duration's nanoseconds as an int.",
            "int('42') == 42",
        ),
        function(
            "string",
            vec![
                global("string_to_string", [String], String),
                global("bool_to_string", [Bool], String),
                global("bytes_to_string", [Bytes], String),
                global("double_to_string", [Double], String),
                global("duration_to_string", [Duration], String),
                global("int64_to_string", [Int], String),
                global("timestamp_to_string", [Timestamp], String),
                global("uint64_to_string", [Uint], String),
            ],
            one!(to_string),
            "A value's text; bytes must be UTF-8.",
            "string(1.5) == '1.5'",
        ),
        function(
            "timestamp",
            vec![
                global("timestamp_to_timestamp", [Timestamp], Timestamp),
                global("int64_to_timestamp", [Int], Timestamp),
                global("string_to_timestamp", [String], Timestamp),
            ],
            one!(to_timestamp),
            "A timestamp from RFC 3339 text or Unix seconds.",
            "timestamp('1970-01-01T00:01:00Z') == timestamp(60)",
        ),
        function(
            "uint",
            vec![
                global("uint64_to_uint64", [Uint], Uint),
                global("double_to_uint64", [Double], Uint),
                global("int64_to_uint64", [Int], Uint),
                global("string_to_uint64", [String], Uint),
            ],
            one!(to_uint),
            "A number cut towards zero, or decimal text, as a uint.",
            "uint(42) == 42u",
        ),
        function(
            "type",
            vec![global("type", [a()], Type::Type(Some(a().into())))],
            one!(type_of),
            "The type of a value, which can be compared with a type's name.",
            "type(1) == int",
        ),
    ]
}

/// `bool(value)`
///
/// # Errors
/// Text that is not a bool, or a type that has no bool.
pub fn to_bool<'a>(_cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    match value {
        Val::Bool(_) => Ok(value),
        Val::Str("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(Val::Bool(true)),
        Val::Str("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(Val::Bool(false)),
        Val::Str(_) => Err(ErrorKind::Conversion("the string is not a bool").into()),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `bytes(value)`
///
/// # Errors
/// A type other than string and bytes.
pub fn to_bytes<'a>(_cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    match value {
        Val::Bytes(_) => Ok(value),
        Val::Str(s) => Ok(Val::Bytes(s.as_bytes())),
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `timestamp(value)`
///
/// # Errors
/// Text that is not a timestamp, a time outside of the years 1 to 9999, or a type that has no timestamp.
pub fn to_timestamp<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    match value {
        Val::Timestamp(_) => Ok(value),
        Val::Int(seconds) => time::timestamp(seconds, 0).map(Val::Timestamp),
        Val::Str(s) => {
            cx.pay_bytes(s.len())?;
            time::parse_timestamp(s).map(Val::Timestamp)
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `duration(value)`
///
/// # Errors
/// Text that is not a duration, overflow, or a type that has no duration.
pub fn to_duration<'a>(cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    match value {
        Val::Duration(_) => Ok(value),
        Val::Int(nanos) => Ok(Val::Duration(crate::value::Duration { nanos })),
        Val::Str(s) => {
            cx.pay_bytes(s.len())?;
            time::parse_duration(s).map(Val::Duration)
        }
        _ => Err(ErrorKind::NoSuchOverload.into()),
    }
}

/// `type(value)`
///
/// # Errors
/// None; the signature is that of all conversions.
pub fn type_of<'a>(_cx: &Context<'a>, value: Val<'a>) -> Result<Val<'a>> {
    Ok(Val::Type(value.type_name()))
}
