//! Conversions between types.

use super::declare::{function, global, pending};
use crate::error::ErrorKind;
use crate::function::Function;
use crate::types::Type;

/// `bool`, `int`, `uint`, `double`, `string`, `bytes`, `timestamp`, `duration`, `dyn` and `type`.
#[must_use]
pub fn functions() -> Vec<Function> {
    use Type::{Bool, Bytes, Double, Duration, Dyn, Int, String, Timestamp, Uint};
    let a = || Type::param("A");
    vec![
        function(
            "bool",
            vec![global("bool_to_bool", [Bool], Bool), global("string_to_bool", [String], Bool)],
            pending,
            "A string as a bool: true, True, TRUE, t, T or 1, and false likewise.",
            "bool('true') == true",
        ),
        function(
            "bytes",
            vec![global("bytes_to_bytes", [Bytes], Bytes), global("string_to_bytes", [String], Bytes)],
            pending,
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
            pending,
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
            pending,
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
            pending,
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
            pending,
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
            pending,
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
            pending,
            "A number cut towards zero, or decimal text, as a uint.",
            "uint(42) == 42u",
        ),
        function(
            "type",
            vec![global("type", [a()], Type::Type(Some(a().into())))],
            pending,
            "The type of a value, which can be compared with a type's name.",
            "type(1) == int",
        ),
    ]
}
