use super::functions;
use crate::error::ErrorKind;
use crate::library::testing::{Library, bytes, double, int, ints, list_of, string, uint};
use crate::value::Value;

fn math() -> Library {
    Library(functions())
}

#[test]
fn declarations() {
    math().is_declared_well();
    let all = functions();
    let ids = |name: &str| all.iter().find(|f| &*f.name == name).unwrap().overloads.len();
    assert_eq!((ids("math.@max"), ids("math.@min"), ids("math.bitNot")), (15, 15, 2));
}

#[test]
fn greatest_and_least_of_one_or_two() {
    let math = math();
    let big = 1.797_693e308;
    for (args, max, min) in [
        (vec![int(-5)], int(-5), int(-5)),
        (vec![double(5.5)], double(5.5), double(5.5)),
        (vec![uint(5)], uint(5), uint(5)),
        (vec![int(3), int(-3)], int(3), int(-3)),
        (vec![int(-7), int(5)], int(5), int(-7)),
        (vec![int(i64::MIN), int(1)], int(1), int(i64::MIN)),
        (vec![int(1), int(i64::MAX)], int(i64::MAX), int(1)),
        (vec![uint(u64::MAX), uint(1)], uint(u64::MAX), uint(1)),
        (vec![double(big), int(1)], double(big), int(1)),
        (vec![int(1), double(big)], double(big), int(1)),
        (vec![uint(5), int(-7)], uint(5), int(-7)),
        (vec![int(-3), uint(3)], uint(3), int(-3)),
        // Of equal numbers the first is taken, whatever its type.
        (vec![int(1), double(1.0)], int(1), int(1)),
        (vec![uint(1), int(1)], uint(1), uint(1)),
        (vec![double(1.0), uint(1)], double(1.0), double(1.0)),
        // Against a double a whole number counts as rounded, so these two are equal.
        (vec![int(i64::MAX), double(9_223_372_036_854_775_808.0)], int(i64::MAX), int(i64::MAX)),
    ] {
        math.gives("math.@max", &args, &max);
        math.gives("math.@min", &args, &min);
    }
}

#[test]
fn greatest_and_least_of_a_list() {
    let math = math();
    let mixed = list_of([double(5.4), int(10), uint(3), double(-5.0), double(3.5)]);
    math.gives("math.@max", std::slice::from_ref(&mixed), &int(10));
    math.gives("math.@min", &[mixed], &double(-5.0));
    let mixed = list_of([double(5.4), int(10), uint(3), double(-5.0), int(i64::MAX), uint(u64::MAX)]);
    math.gives("math.@max", &[mixed], &uint(u64::MAX));
    math.gives("math.@min", &[ints([3, 1, 2])], &int(1));
    math.refuses("math.@max", &[list_of([])]);
    math.refuses("math.@min", &[list_of([])]);
    for name in ["math.@max", "math.@min"] {
        math.has_no_overload(name, &[list_of([string("a")])]);
        math.has_no_overload(name, &[list_of([string("a"), string("b")])]);
        math.has_no_overload(name, &[list_of([int(1), string("b")])]);
        math.has_no_overload(name, &[list_of([Value::Null])]);
        math.has_no_overload(name, &[string("a")]);
        math.has_no_overload(name, &[string("a"), string("b")]);
        math.has_no_overload(name, &[int(1), Value::Bool(true)]);
        math.has_no_overload(name, &[]);
        math.has_no_overload(name, &[int(1), int(2), int(3)]);
    }
}

#[test]
fn nan_has_no_order() {
    let math = math();
    math.gives("math.@max", &[double(f64::NAN)], &double(f64::NAN));
    math.refuses("math.@max", &[double(f64::NAN), int(1)]);
    math.refuses("math.@min", &[list_of([int(1), double(f64::NAN)])]);
}

#[test]
fn rounding() {
    let math = math();
    for (d, ceil, floor, round, trunc) in [
        (1.2, 2.0, 1.0, 1.0, 1.0),
        (-1.2, -1.0, -2.0, -1.0, -1.0),
        (1.5, 2.0, 1.0, 2.0, 1.0),
        (-1.5, -1.0, -2.0, -2.0, -1.0),
        (2.5, 3.0, 2.0, 3.0, 2.0),
        (-1.6, -1.0, -2.0, -2.0, -1.0),
        (0.49999999999999994, 1.0, 0.0, 0.0, 0.0),
        (
            4_503_599_627_370_497.0,
            4_503_599_627_370_497.0,
            4_503_599_627_370_497.0,
            4_503_599_627_370_497.0,
            4_503_599_627_370_497.0,
        ),
        (f64::INFINITY, f64::INFINITY, f64::INFINITY, f64::INFINITY, f64::INFINITY),
        (f64::NAN, f64::NAN, f64::NAN, f64::NAN, f64::NAN),
    ] {
        math.gives("math.ceil", &[double(d)], &double(ceil));
        math.gives("math.floor", &[double(d)], &double(floor));
        math.gives("math.round", &[double(d)], &double(round));
        math.gives("math.trunc", &[double(d)], &double(trunc));
    }
    for name in ["math.ceil", "math.floor", "math.round", "math.trunc", "math.isNaN", "math.isInf", "math.isFinite"] {
        math.has_no_overload(name, &[int(1)]);
        math.has_no_overload(name, &[Value::Bool(true)]);
        math.has_no_overload(name, &[]);
        math.has_no_overload(name, &[double(1.0), double(1.0)]);
    }
}

#[test]
fn kinds_of_doubles() {
    let math = math();
    for (d, nan, inf, finite) in [
        (f64::NAN, true, false, false),
        (f64::INFINITY, false, true, false),
        (f64::NEG_INFINITY, false, true, false),
        (1.2, false, false, true),
        (f64::MAX, false, false, true),
    ] {
        math.gives("math.isNaN", &[double(d)], &Value::Bool(nan));
        math.gives("math.isInf", &[double(d)], &Value::Bool(inf));
        math.gives("math.isFinite", &[double(d)], &Value::Bool(finite));
    }
}

#[test]
fn abs_sign_and_sqrt() {
    let math = math();
    for (value, abs, sign) in [
        (uint(1), uint(1), uint(1)),
        (uint(100), uint(100), uint(1)),
        (uint(0), uint(0), uint(0)),
        (int(1), int(1), int(1)),
        (int(-11), int(11), int(-1)),
        (int(0), int(0), int(0)),
        (int(-i64::MAX), int(i64::MAX), int(-1)),
        (double(1.5), double(1.5), double(1.0)),
        (double(-11.5), double(11.5), double(-1.0)),
        (double(-32.0), double(32.0), double(-1.0)),
        (double(0.0), double(0.0), double(0.0)),
        (double(-0.0), double(0.0), double(0.0)),
        (double(f64::NEG_INFINITY), double(f64::INFINITY), double(-1.0)),
        (double(f64::NAN), double(f64::NAN), double(f64::NAN)),
    ] {
        math.gives("math.abs", std::slice::from_ref(&value), &abs);
        math.gives("math.sign", &[value], &sign);
    }
    assert_eq!(math.call("math.abs", &[int(i64::MIN)]).unwrap_err(), ErrorKind::Overflow);
    math.gives("math.sign", &[int(i64::MIN)], &int(-1));
    math.gives("math.sqrt", &[double(2.25)], &double(1.5));
    math.gives("math.sqrt", &[int(81)], &double(9.0));
    math.gives("math.sqrt", &[uint(81)], &double(9.0));
    math.gives("math.isNaN", &[math.call("math.sqrt", &[int(-1)]).unwrap()], &Value::Bool(true));
    for name in ["math.abs", "math.sign", "math.sqrt"] {
        math.has_no_overload(name, &[Value::Bool(true)]);
        math.has_no_overload(name, &[]);
    }
}

#[test]
fn bits() {
    let math = math();
    for (a, b, and, or, xor) in [
        (int(1), int(2), int(0), int(3), int(3)),
        (int(1), int(3), int(1), int(3), int(2)),
        (int(1), int(-1), int(1), int(-1), int(-2)),
        (int(4), int(-2), int(4), int(-2), int(-6)),
        (int(-3), int(-5), int(-7), int(-1), int(6)),
        (uint(1), uint(2), uint(0), uint(3), uint(3)),
        (uint(3), uint(5), uint(1), uint(7), uint(6)),
        (uint(u64::MAX), uint(1 << 63), uint(1 << 63), uint(u64::MAX), uint(u64::MAX >> 1)),
    ] {
        math.gives("math.bitAnd", &[a.clone(), b.clone()], &and);
        math.gives("math.bitOr", &[a.clone(), b.clone()], &or);
        math.gives("math.bitXor", &[a, b], &xor);
    }
    for (value, not) in [
        (int(1), int(-2)),
        (int(-1), int(0)),
        (int(0), int(-1)),
        (uint(1), uint(u64::MAX - 1)),
        (uint(0), uint(u64::MAX)),
    ] {
        math.gives("math.bitNot", &[value], &not);
    }
    for name in ["math.bitAnd", "math.bitOr", "math.bitXor"] {
        math.has_no_overload(name, &[uint(2), string("")]);
        math.has_no_overload(name, &[double(1.2), int(1)]);
        math.has_no_overload(name, &[int(1), uint(1)]);
        math.has_no_overload(name, &[list_of([]), ints([1])]);
    }
    math.has_no_overload("math.bitNot", &[string("")]);
}

#[test]
fn shifts() {
    let math = math();
    for (value, places, left, right) in [
        (int(1), 2, int(4), int(0)),
        (int(1), 200, int(0), int(0)),
        (int(-1), 200, int(0), int(0)),
        (int(-1), 2, int(-4), int(i64::MAX >> 1)),
        (int(1), 63, int(i64::MIN), int(0)),
        (int(1), 64, int(0), int(0)),
        (int(1024), 2, int(4096), int(256)),
        (int(-1024), 3, int(-8192), int(2_305_843_009_213_693_824)),
        (int(-1024), 64, int(0), int(0)),
        (int(-1024), 0, int(-1024), int(-1024)),
        (uint(1), 2, uint(4), uint(0)),
        (uint(1024), 2, uint(4096), uint(256)),
        (uint(1024), 200, uint(0), uint(0)),
        (uint(u64::MAX), i64::MAX, uint(0), uint(0)),
    ] {
        math.gives("math.bitShiftLeft", &[value.clone(), int(places)], &left);
        math.gives("math.bitShiftRight", &[value, int(places)], &right);
    }
    for name in ["math.bitShiftLeft", "math.bitShiftRight"] {
        math.refuses(name, &[uint(1), int(-1)]);
        math.refuses(name, &[int(1), int(i64::MIN)]);
        math.has_no_overload(name, &[double(4.3), int(1)]);
        math.has_no_overload(name, &[bytes(b"123"), int(1)]);
        math.has_no_overload(name, &[int(1), uint(1)]);
    }
}

#[test]
fn a_list_is_paid_for() {
    let math = math();
    assert_eq!(math.call_with(100, "math.@max", &[ints(0..100)]), (Ok(int(99)), 100));
    assert_eq!(math.call_with(99, "math.@max", &[ints(0..100)]).0, Err(ErrorKind::OutOfFuel));
}
