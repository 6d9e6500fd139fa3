//! The operators: declarations, and the strict ones as plain functions that the evaluator calls directly.

pub use arithmetic::{add, divide, modulo, multiply, negate, not, subtract};
pub use comparison::{equals, greater, greater_equals, less, less_equals, not_equals, order};
pub use containers::{contains, index, lookup};

use super::declare::{Code, function, global, lazy, list_of_a, map_of_a_b};
use crate::error::ErrorKind;
use crate::function::{Function, Overload};
use crate::types::Type;
use crate::value::Val;

mod arithmetic;
mod comparison;
mod containers;
#[cfg(test)]
mod tests;

/// All operators of the language.
#[must_use]
pub fn functions() -> Vec<Function> {
    let mut all = logic();
    all.extend(arithmetic_operators());
    all.extend(comparisons());
    all.extend(container_operators());
    all
}

fn a() -> Type {
    Type::param("A")
}

fn logic() -> Vec<Function> {
    let bools = || [Type::Bool, Type::Bool];
    vec![
        lazy(
            "_?_:_",
            vec![global("conditional", [Type::Bool, a(), a()], a())],
            "One of two values, chosen by a condition; the other is not evaluated.",
            "(true ? 1 : 2) == 1",
        ),
        lazy(
            "_&&_",
            vec![global("logical_and", bools(), Type::Bool)],
            "True when both sides are; false when either is, even if the other fails.",
            "(true && false) == false",
        ),
        lazy(
            "_||_",
            vec![global("logical_or", bools(), Type::Bool)],
            "True when either side is, even if the other fails; false when both are.",
            "(true || false) == true",
        ),
        lazy(
            "@not_strictly_false",
            vec![global("not_strictly_false", [Type::Bool], Type::Bool)],
            "True unless the argument is false; macros stop loops with it.",
            "",
        ),
        function(
            "!_",
            vec![global("logical_not", [Type::Bool], Type::Bool)],
            |_, args| match args {
                [value] => not(*value),
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "The opposite of a bool.",
            "!true == false",
        ),
    ]
}

/// Code that gives two arguments to a plain function.
macro_rules! binary {
    ($f:path) => {
        |cx, args| match args {
            [a, b] => $f(cx, *a, *b),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    };
}

/// Code that gives two arguments to a plain function whose result is a bool.
macro_rules! predicate {
    ($f:path) => {
        |cx, args| match args {
            [a, b] => $f(cx, *a, *b).map(Val::Bool),
            _ => Err(ErrorKind::NoSuchOverload.into()),
        }
    };
}

fn arithmetic_operators() -> Vec<Function> {
    use Type::{Bytes, Double, Duration, Int, String, Timestamp, Uint};
    let same = |id: &str, t: Type| global(id, [t.clone(), t.clone()], t);
    vec![
        function(
            "_+_",
            vec![
                same("add_bytes", Bytes),
                same("add_double", Double),
                same("add_duration_duration", Duration),
                global("add_duration_timestamp", [Duration, Timestamp], Timestamp),
                global("add_timestamp_duration", [Timestamp, Duration], Timestamp),
                same("add_int64", Int),
                same("add_list", list_of_a()),
                same("add_string", String),
                same("add_uint64", Uint),
            ],
            binary!(add),
            "The sum of two numbers, durations, or a timestamp and a duration; or two strings, bytes or lists as one.",
            "1 + 2 == 3",
        ),
        function(
            "_-_",
            vec![
                same("subtract_double", Double),
                same("subtract_duration_duration", Duration),
                same("subtract_int64", Int),
                global("subtract_timestamp_duration", [Timestamp, Duration], Timestamp),
                global("subtract_timestamp_timestamp", [Timestamp, Timestamp], Duration),
                same("subtract_uint64", Uint),
            ],
            binary!(subtract),
            "The difference of two numbers, durations or timestamps, or a timestamp earlier by a duration.",
            "3 - 2 == 1",
        ),
        function(
            "_*_",
            vec![same("multiply_double", Double), same("multiply_int64", Int), same("multiply_uint64", Uint)],
            binary!(multiply),
            "The product of two numbers.",
            "2 * 3 == 6",
        ),
        function(
            "_/_",
            vec![same("divide_double", Double), same("divide_int64", Int), same("divide_uint64", Uint)],
            binary!(divide),
            "The quotient of two numbers; whole numbers are cut towards zero.",
            "7 / 2 == 3",
        ),
        function(
            "_%_",
            vec![same("modulo_int64", Int), same("modulo_uint64", Uint)],
            binary!(modulo),
            "What remains of a whole division, with the sign of the left side.",
            "-7 % 2 == -1",
        ),
        function(
            "-_",
            vec![global("negate_double", [Double], Double), global("negate_int64", [Int], Int)],
            |_, args| match args {
                [value] => negate(*value),
                _ => Err(ErrorKind::NoSuchOverload.into()),
            },
            "A number with the opposite sign.",
            "-(1) == 0 - 1",
        ),
    ]
}

/// The overloads of an ordering, `less` and so on.
fn ordering(prefix: &str) -> Vec<Overload> {
    [
        ("bool", Type::Bool, Type::Bool),
        ("int64", Type::Int, Type::Int),
        ("int64_double", Type::Int, Type::Double),
        ("int64_uint64", Type::Int, Type::Uint),
        ("uint64", Type::Uint, Type::Uint),
        ("uint64_double", Type::Uint, Type::Double),
        ("uint64_int64", Type::Uint, Type::Int),
        ("double", Type::Double, Type::Double),
        ("double_int64", Type::Double, Type::Int),
        ("double_uint64", Type::Double, Type::Uint),
        ("string", Type::String, Type::String),
        ("bytes", Type::Bytes, Type::Bytes),
        ("timestamp", Type::Timestamp, Type::Timestamp),
        ("duration", Type::Duration, Type::Duration),
    ]
    .into_iter()
    .map(|(suffix, a, b)| global(&format!("{prefix}_{suffix}"), [a, b], Type::Bool))
    .collect()
}

fn comparisons() -> Vec<Function> {
    let order =
        |name: &str, prefix: &str, code: Code, doc, example| function(name, ordering(prefix), code, doc, example);
    vec![
        function(
            "_==_",
            vec![global("equals", [a(), a()], Type::Bool)],
            predicate!(equals),
            "True when both values are the same; numbers compare by value across their types.",
            "([1, 2] == [1, 2]) == true",
        ),
        function(
            "_!=_",
            vec![global("not_equals", [a(), a()], Type::Bool)],
            predicate!(not_equals),
            "True when the values differ.",
            "(1 != 2) == true",
        ),
        order("_<_", "less", predicate!(less), "True when the left side is before the right side.", "(1 < 2) == true"),
        order(
            "_<=_",
            "less_equals",
            predicate!(less_equals),
            "True when the left side is not after the right side.",
            "(2 <= 2) == true",
        ),
        order(
            "_>_",
            "greater",
            predicate!(greater),
            "True when the left side is after the right side.",
            "('b' > 'a') == true",
        ),
        order(
            "_>=_",
            "greater_equals",
            predicate!(greater_equals),
            "True when the left side is not before the right side.",
            "(2 >= 2) == true",
        ),
    ]
}

fn container_operators() -> Vec<Function> {
    vec![
        function(
            "@in",
            vec![global("in_list", [a(), list_of_a()], Type::Bool), global("in_map", [a(), map_of_a_b()], Type::Bool)],
            predicate!(contains),
            "True when a list has the element, or a map the key.",
            "(2 in [1, 2, 3]) == true",
        ),
        function(
            "_[_]",
            vec![
                global("index_list", [list_of_a(), Type::Int], a()),
                global("index_map", [map_of_a_b(), a()], Type::param("B")),
            ],
            binary!(index),
            "The element of a list at a position counted from 0, or the value of a map under a key.",
            "['a', 'b'][1] == 'b'",
        ),
    ]
}
