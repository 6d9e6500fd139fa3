//! Functions: numbers (`math.greatest`, `math.abs`, `math.bitAnd`, ...), as cel-go's math extension defines them.

use std::cmp::Ordering;

use super::declare::{Code, function, globals, invalid, no_overload};
use crate::error::{ErrorKind, Result};
use crate::function::{Context, Function, Overload};
use crate::types::Type::{self, Bool, Double, Dyn, Int, Uint};
use crate::value::Val;

/// The functions of this module. `math.@max` and `math.@min` are what the macros `math.greatest` and `math.least` call.
#[must_use]
pub fn functions() -> Vec<Function> {
    let mut all = vec![
        function(
            "math.@max",
            extremes("max"),
            greatest,
            "The greatest of its arguments, or of a list of numbers; numbers of different types compare by value.",
            "math.greatest(1, 3, 2) == 3",
        ),
        function(
            "math.@min",
            extremes("min"),
            least,
            "The least of its arguments, or of a list of numbers; numbers of different types compare by value.",
            "math.least([-4.5, 2.0]) == -4.5",
        ),
    ];
    all.extend(rounding());
    all.extend(bitwise());
    all
}

fn rounding() -> Vec<Function> {
    let whole = |name: &str, code: Code, doc, example| {
        let id = format!("math_{name}_double");
        function(&format!("math.{name}"), globals([(&id, &[Double], Double)]), code, doc, example)
    };
    let test = |name: &str, code: Code, doc, example| {
        let id = format!("math_{name}_double");
        function(&format!("math.{name}"), globals([(&id, &[Double], Bool)]), code, doc, example)
    };
    vec![
        whole("ceil", ceil, "The least whole number that is not less than the argument.", "math.ceil(1.2) == 2.0"),
        whole(
            "floor",
            floor,
            "The greatest whole number that is not greater than the argument.",
            "math.floor(-1.2) == -2.0",
        ),
        whole("round", round, "The nearest whole number, halves away from zero.", "math.round(-1.5) == -2.0"),
        whole("trunc", trunc, "The argument without its fraction.", "math.trunc(-1.3) == -1.0"),
        test("isNaN", is_nan, "True for a double that is not a number.", "math.isNaN(0.0 / 0.0) == true"),
        test("isInf", is_inf, "True for positive and negative infinity.", "math.isInf(1.0 / 0.0) == true"),
        test(
            "isFinite",
            is_finite,
            "True unless the double is infinite or not a number.",
            "math.isFinite(1.5) == true",
        ),
        function(
            "math.abs",
            globals([
                ("math_abs_double", &[Double], Double),
                ("math_abs_int", &[Int], Int),
                ("math_abs_uint", &[Uint], Uint),
            ]),
            abs,
            "The absolute value; the least int has none and is an overflow.",
            "math.abs(-11) == 11",
        ),
        function(
            "math.sign",
            globals([
                ("math_sign_double", &[Double], Double),
                ("math_sign_int", &[Int], Int),
                ("math_sign_uint", &[Uint], Uint),
            ]),
            sign,
            "-1, 0 or 1 in the argument's type; NaN for NaN.",
            "math.sign(-42) == -1",
        ),
        function(
            "math.sqrt",
            globals([
                ("math_sqrt_double", &[Double], Double),
                ("math_sqrt_int", &[Int], Double),
                ("math_sqrt_uint", &[Uint], Double),
            ]),
            sqrt,
            "The square root as a double; NaN for negative numbers.",
            "math.sqrt(81) == 9.0",
        ),
    ]
}

fn bitwise() -> Vec<Function> {
    let pair = |name: &str, code: Code, doc, example| {
        let (int, uint) = (format!("math_{name}_int_int"), format!("math_{name}_uint_uint"));
        let overloads = globals([(&int, &[Int, Int], Int), (&uint, &[Uint, Uint], Uint)]);
        function(&format!("math.{name}"), overloads, code, doc, example)
    };
    let shift = |name: &str, code: Code, doc, example| {
        let (int, uint) = (format!("math_{name}_int_int"), format!("math_{name}_uint_int"));
        let overloads = globals([(&int, &[Int, Int], Int), (&uint, &[Uint, Int], Uint)]);
        function(&format!("math.{name}"), overloads, code, doc, example)
    };
    vec![
        pair("bitAnd", bit_and, "The bits that are set in both arguments.", "math.bitAnd(3u, 2u) == 2u"),
        pair("bitOr", bit_or, "The bits that are set in either argument.", "math.bitOr(1u, 2u) == 3u"),
        pair("bitXor", bit_xor, "The bits that are set in one argument only.", "math.bitXor(3u, 5u) == 6u"),
        function(
            "math.bitNot",
            globals([("math_bitNot_int_int", &[Int], Int), ("math_bitNot_uint_uint", &[Uint], Uint)]),
            bit_not,
            "The argument with every bit flipped.",
            "math.bitNot(1) == -2",
        ),
        shift(
            "bitShiftLeft",
            shift_left,
            "The bits moved left; 0 from 64 places on, an error for a negative number of places.",
            "math.bitShiftLeft(1, 2) == 4",
        ),
        shift(
            "bitShiftRight",
            shift_right,
            "The bits moved right and zeros in from the left, also for an int; 0 from 64 places on, an error for a \
             negative number of places.",
            "math.bitShiftRight(1024, 2) == 256",
        ),
    ]
}

/// The overloads of `math.@max` and `math.@min`.
fn extremes(which: &str) -> Vec<Overload> {
    let named = [("double", Double), ("int", Int), ("uint", Uint)];
    let mut all = Vec::new();
    for (name, ty) in &named {
        all.push(Overload::global(&format!("math_@{which}_{name}"), vec![ty.clone()], ty.clone()));
    }
    for (left, a) in &named {
        for (right, b) in &named {
            let result = if a == b { a.clone() } else { Dyn };
            all.push(Overload::global(&format!("math_@{which}_{left}_{right}"), vec![a.clone(), b.clone()], result));
        }
    }
    for (name, ty) in &named {
        all.push(Overload::global(&format!("math_@{which}_list_{name}"), vec![Type::list(ty.clone())], ty.clone()));
    }
    all
}

fn greatest<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    extreme(cx, args, Ordering::Less)
}

fn least<'a>(cx: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    extreme(cx, args, Ordering::Greater)
}

/// The first of the arguments, or of the elements of the one list, that no other one beats; `beaten` is how it then compares.
fn extreme<'a>(cx: &Context<'a>, args: &[Val<'a>], beaten: Ordering) -> Result<Val<'a>> {
    match *args {
        [Val::List(list)] => {
            cx.pay(list.len() as u64)?;
            let mut items = list.iter();
            let first = items.next().ok_or(invalid("the greatest or least of an empty list"))?;
            items.try_fold(number(first)?, |best, item| better(best, item, beaten))
        }
        [value] => number(value),
        [a, b] => better(a, b, beaten),
        _ => no_overload(),
    }
}

fn number(value: Val<'_>) -> Result<Val<'_>> {
    match value {
        Val::Int(_) | Val::Uint(_) | Val::Double(_) => Ok(value),
        _ => no_overload(),
    }
}

fn better<'a>(best: Val<'a>, other: Val<'a>, beaten: Ordering) -> Result<Val<'a>> {
    match best.compare_numbers(other) {
        None => no_overload(),
        Some(None) => Err(invalid("NaN has no order")),
        Some(Some(order)) => Ok(if order == beaten { other } else { best }),
    }
}

/// A function of one double.
macro_rules! of_double {
    ($($name:ident: |$d:ident| $result:expr;)*) => {$(
        fn $name<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
            match *args {
                [Val::Double($d)] => Ok($result),
                _ => no_overload(),
            }
        }
    )*};
}

of_double! {
    ceil: |d| Val::Double(d.ceil());
    floor: |d| Val::Double(d.floor());
    round: |d| Val::Double(d.round());
    trunc: |d| Val::Double(d.trunc());
    is_nan: |d| Val::Bool(d.is_nan());
    is_inf: |d| Val::Bool(d.is_infinite());
    is_finite: |d| Val::Bool(d.is_finite());
}

fn abs<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Double(d)] => Ok(Val::Double(d.abs())),
        [Val::Int(i)] => i.checked_abs().map(Val::Int).ok_or(ErrorKind::Overflow.into()),
        [Val::Uint(u)] => Ok(Val::Uint(u)),
        _ => no_overload(),
    }
}

fn sign<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Double(d)] => Ok(Val::Double(if d == 0.0 || d.is_nan() { d.abs() } else { d.signum() })),
        [Val::Int(i)] => Ok(Val::Int(i.signum())),
        [Val::Uint(u)] => Ok(Val::Uint(u.min(1))),
        _ => no_overload(),
    }
}

fn sqrt<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Double(d)] => Ok(Val::Double(d.sqrt())),
        [Val::Int(i)] => Ok(Val::Double((i as f64).sqrt())),
        [Val::Uint(u)] => Ok(Val::Double((u as f64).sqrt())),
        _ => no_overload(),
    }
}

/// A function of two ints or two uints.
macro_rules! of_bits {
    ($($name:ident: |$a:ident, $b:ident| $result:expr;)*) => {$(
        fn $name<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
            match *args {
                [Val::Int($a), Val::Int($b)] => Ok(Val::Int($result)),
                [Val::Uint($a), Val::Uint($b)] => Ok(Val::Uint($result)),
                _ => no_overload(),
            }
        }
    )*};
}

of_bits! {
    bit_and: |a, b| a & b;
    bit_or: |a, b| a | b;
    bit_xor: |a, b| a ^ b;
}

fn bit_not<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    match *args {
        [Val::Int(i)] => Ok(Val::Int(!i)),
        [Val::Uint(u)] => Ok(Val::Uint(!u)),
        _ => no_overload(),
    }
}

fn shift_left<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    shift(args, u64::checked_shl)
}

fn shift_right<'a>(_: &Context<'a>, args: &[Val<'a>]) -> Result<Val<'a>> {
    shift(args, u64::checked_shr)
}

fn shift<'a>(args: &[Val<'a>], by: fn(u64, u32) -> Option<u64>) -> Result<Val<'a>> {
    let [value, Val::Int(places)] = *args else { return no_overload() };
    let shifted = |bits| {
        let places = u64::try_from(places).map_err(|_| invalid("negative offset"))?;
        Ok(u32::try_from(places).ok().and_then(|places| by(bits, places)).unwrap_or(0))
    };
    match value {
        Val::Int(i) => shifted(i.cast_unsigned()).map(|bits| Val::Int(bits.cast_signed())),
        Val::Uint(u) => shifted(u).map(Val::Uint),
        _ => no_overload(),
    }
}

#[cfg(test)]
mod tests;
