//! Tests of the operators.

use super::functions;
use crate::error::ErrorKind;
use crate::library::testing::{args, call, call_with, error, list, map, value};
use crate::value::{Duration, Timestamp, Value};

fn timestamp(text: &str) -> Value {
    call("timestamp", &args![text]).unwrap()
}

fn duration(text: &str) -> Value {
    call("duration", &args![text]).unwrap()
}

/// Checks one call after another: operator, sides, and result.
macro_rules! gives {
    ($($op:literal ($($arg:expr),+) => $want:expr;)+) => {
        $(assert_eq!(call($op, &args![$($arg),+]), Ok(value($want)), "{} {}", $op, stringify!($($arg),+));)+
    };
}

/// Checks one failing call after another.
macro_rules! fails {
    ($($op:literal ($($arg:expr),+) => $kind:ident;)+) => {
        $(assert_eq!(error($op, &args![$($arg),+]), ErrorKind::$kind, "{} {}", $op, stringify!($($arg),+));)+
    };
}

#[test]
fn overload_ids_are_unique() {
    let mut ids: Vec<_> =
        crate::library::testing::Library::standard().0.into_iter().flat_map(|f| f.overloads).map(|o| o.id).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn only_lazy_operators_have_no_code() {
    let lazy: Vec<_> = functions().into_iter().filter(|f| f.implementation.is_none()).map(|f| f.name).collect();
    assert_eq!(
        lazy,
        ["_?_:_".into(), "_&&_".into(), "_||_".into(), "@not_strictly_false".into()] as [std::sync::Arc<str>; 4]
    );
}

#[test]
fn integer_math() {
    gives! {
        "_+_"(40, 2) => 42;
        "_-_"(-42, -12) => -30;
        "_*_"(40, -2) => -80;
        "_/_"(-80, -2) => 40;
        "_/_"(-7, 2) => -3;
        "_%_"(43, -5) => 3;
        "_%_"(-42, -5) => -2;
        "_%_"(-3, 5) => -3;
        "-_"(-42) => 42;
        "_+_"(42u64, 2u64) => 44u64;
        "_%_"(42u64, 5u64) => 2u64;
    }
    fails! {
        "_+_"(i64::MAX, 1) => Overflow;
        "_-_"(i64::MIN, 1) => Overflow;
        "_-_"(1, -i64::MAX) => Overflow;
        "_*_"(i64::MIN, -1) => Overflow;
        "_/_"(i64::MIN, -1) => Overflow;
        "_%_"(i64::MIN, -1) => Overflow;
        "-_"(i64::MIN) => Overflow;
        "_*_"(5_000_000_000i64, 5_000_000_000i64) => Overflow;
        "_+_"(u64::MAX, 1u64) => Overflow;
        "_-_"(0u64, 1u64) => Overflow;
        "_*_"(5_000_000_000u64, 5_000_000_000u64) => Overflow;
        "_/_"(15, 0) => DivisionByZero;
        "_/_"(15u64, 0u64) => DivisionByZero;
        "_%_"(34, 0) => ModulusByZero;
        "_%_"(34u64, 0u64) => ModulusByZero;
        "-_"(5u64) => NoSuchOverload;
        "-_"(false) => NoSuchOverload;
        "_+_"(1, 1u64) => NoSuchOverload;
        "_+_"(1, "1") => NoSuchOverload;
        "_%_"(47.5, 5.5) => NoSuchOverload;
        "!_"(1) => NoSuchOverload;
    }
}

#[test]
fn double_math() {
    gives! {
        "_+_"(17.75, -7.75) => 10.0;
        "_-_"(42.875, -22.0) => 64.875;
        "_*_"(40.75, -2.25) => -91.6875;
        "_/_"(0.0625, 0.002) => 31.25;
        "_/_"(15.75, 0.0) => f64::INFINITY;
        "_*_"(2.0, -8.988466e307) => f64::NEG_INFINITY;
        "-_"(-1.25) => 1.25;
    }
}

#[test]
fn concatenation() {
    gives! {
        "_+_"("r", "ôle") => "rôle";
        "_+_"("", "abc") => "abc";
        "_+_"("", "") => "";
        "_+_"(b"abc", b"def") => b"abcdef";
        "_+_"(b"", b"\xffoo") => b"\xffoo";
        "_+_"(list![1, 2], list![3]) => list![1, 2, 3];
        "_+_"(list![], list![]) => list![];
    }
}

#[test]
fn concatenation_pays_for_its_size() {
    let long = "x".repeat(6_400);
    let (result, left) = call_with(1_000, "_+_", &args![long.as_str(), long.as_str()]);
    assert!(result.is_ok());
    assert_eq!(left, 800);
    let (result, _) = call_with(199, "_+_", &args![long.as_str(), long.as_str()]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
    let (_, left) = call_with(100, "_+_", &args![list![1, 2], list![3]]);
    assert_eq!(left, 97);
}

#[test]
fn timestamps_and_durations() {
    gives! {
        "_+_"(timestamp("2009-02-13T23:00:00Z"), duration("240s")) => timestamp("2009-02-13T23:04:00Z");
        "_+_"(duration("120s"), timestamp("2009-02-13T23:01:00Z")) => timestamp("2009-02-13T23:03:00Z");
        "_+_"(duration("600s"), duration("50s")) => duration("650s");
        "_+_"(timestamp("0001-01-01T00:00:01.000000001Z"), duration("-999999999ns"))
            => timestamp("0001-01-01T00:00:00.000000002Z");
        "_+_"(timestamp("0001-01-01T00:00:01.999999999Z"), duration("999999999ns"))
            => timestamp("0001-01-01T00:00:02.999999998Z");
        "_-_"(timestamp("2009-02-13T23:10:00Z"), duration("600s")) => timestamp("2009-02-13T23:00:00Z");
        "_-_"(timestamp("2009-02-13T23:31:00Z"), timestamp("2009-02-13T23:29:00Z")) => duration("120s");
        "_-_"(timestamp("1969-12-31T23:59:59.5Z"), timestamp("1970-01-01T00:00:00Z")) => duration("-0.5s");
        "_-_"(duration("900s"), duration("42s")) => duration("858s");
    }
    let first = timestamp("0001-01-01T00:00:00Z");
    let last = timestamp("9999-12-31T23:59:59.999999999Z");
    fails! {
        "_+_"(first.clone(), duration("-1s")) => Overflow;
        "_+_"(first.clone(), duration("-1ns")) => Overflow;
        "_-_"(first.clone(), duration("1ns")) => Overflow;
        "_+_"(last.clone(), duration("1ns")) => Overflow;
        "_-_"(last.clone(), first.clone()) => Overflow;
        "_-_"(first, last) => Overflow;
        "_+_"(Duration { nanos: i64::MAX }, Duration { nanos: 1 }) => Overflow;
        "_-_"(Duration { nanos: i64::MIN }, Duration { nanos: 1 }) => Overflow;
        "_+_"(Timestamp { seconds: 0, nanos: 0 }, Timestamp { seconds: 0, nanos: 0 }) => NoSuchOverload;
        "_+_"(Timestamp { seconds: 0, nanos: 0 }, 1) => NoSuchOverload;
    }
    gives! {
        "_-_"(Timestamp { seconds: 0, nanos: 0 }, Duration { nanos: i64::MIN })
            => timestamp("2262-04-11T23:47:16.854775808Z");
    }
}

#[test]
fn equality() {
    gives! {
        "_==_"(1, 1u64) => true;
        "_==_"(2, 1.0) => false;
        "_==_"(f64::NAN, f64::NAN) => false;
        "_!=_"(1, f64::NAN) => true;
        "_==_"(Value::Null, Value::Null) => true;
        "_==_"(false, Value::Null) => false;
        "_==_"("Am\u{e9}lie", "Ame\u{301}lie") => false;
        "_==_"("ίσος", "ίσος") => true;
        "_==_"(b"\xc3\xbf", "ÿ") => false;
        "_==_"(list![1.0, 2.0, 3], list![1u64, 2, 3u64]) => true;
        "_==_"(list![1, "dos", 3], list![1, 2, 4]) => false;
        "_==_"(list!["one"], list![2, 3]) => false;
        "_==_"(map![1 => 1.0, 2u64 => 3u64], map![1u64 => 1, 2 => 3.0]) => true;
        "_==_"(map!["k1" => "v1", "k2" => "v2"], map!["k2" => "v2", "k1" => "v1"]) => true;
        "_==_"(map!["k" => 1, "j" => 2], map!["k" => 1, "j" => Value::Null]) => false;
        "_!=_"(map!["k" => true], map!["k1" => true]) => true;
        "_==_"(Value::Optional(None), Value::Optional(None)) => true;
        "_==_"(Value::Optional(None), Value::Optional(Some(Value::Int(1).into()))) => false;
    }
}

#[test]
fn equality_pays_for_what_it_looks_at() {
    let long = "x".repeat(64_000);
    let (result, left) = call_with(1_500, "_==_", &args![long.as_str(), long.as_str()]);
    assert_eq!(result, Ok(value(true)));
    assert_eq!(left, 500);
    let (result, left) = call_with(1_500, "_==_", &args![long.as_str(), "x"]);
    assert_eq!(result, Ok(value(false)));
    assert_eq!(left, 1_500);
    let items = value(vec![Value::Int(1); 100]);
    let (result, _) = call_with(99, "_==_", &args![items.clone(), items]);
    assert_eq!(result.unwrap_err().kind, ErrorKind::OutOfFuel);
}

#[test]
fn ordering() {
    let two_63 = 9_223_372_036_854_775_808.0;
    gives! {
        "_<_"(1, 2u64) => true;
        "_<_"(-1, 0u64) => true;
        "_>_"(1u64, -1) => true;
        "_<_"(1, f64::NAN) => false;
        "_>=_"(1, f64::NAN) => false;
        "_<_"(i64::MAX, two_63) => false;
        "_<=_"(i64::MAX, two_63) => true;
        "_>=_"(i64::MAX, two_63) => true;
        "_<=_"(two_63, i64::MAX) => true;
        "_<_"(i64::MAX, 9_223_372_036_854_777_857.0) => true;
        "_>_"(i64::MIN, -9_223_372_036_854_777_857.0) => true;
        "_<=_"(i64::MIN, -two_63) => true;
        "_<_"(u64::MAX, 18_446_744_073_709_590_000.0) => true;
        "_>=_"(u64::MAX, 18_446_744_073_709_553_665.0) => false;
        "_<_"(9_223_372_036_854_775_808u64, 1) => false;
        "_<=_"("aBc", "abc") => true;
        "_>_"("α", "a") => true;
        "_<=_"(b"\x01\x00", b"\x01") => false;
        "_<_"(false, true) => true;
        "_<_"(duration("200s"), duration("300s")) => true;
        "_>_"(timestamp("2009-02-13T23:59:00Z"), timestamp("2009-02-13T23:00:00Z")) => true;
    }
    fails! {
        "_<_"(1, "1") => NoSuchOverload;
        "_<_"(list![1], list![2]) => NoSuchOverload;
        "_<_"(Value::Null, Value::Null) => NoSuchOverload;
    }
}

#[test]
fn indexing() {
    let digits = list![7, 8, 9];
    gives! {
        "_[_]"(digits.clone(), 0) => 7;
        "_[_]"(digits.clone(), 0.0) => 7;
        "_[_]"(digits.clone(), 2u64) => 9;
        "_[_]"(map![1u64 => 1.0, 2 => 2.0, 3u64 => 3.0], 3.0) => 3.0;
        "_[_]"(map![true => 1, 2 => 2, 5u64 => 3], true) => 1;
        "_[_]"(map!["name" => 100u64], "name") => 100u64;
    }
    fails! {
        "_[_]"(digits.clone(), 3) => IndexOutOfBounds;
        "_[_]"(digits.clone(), -1) => IndexOutOfBounds;
        "_[_]"(digits.clone(), 1e300) => IndexOutOfBounds;
        "_[_]"(map![0 => 1], 1) => NoSuchKey;
        "_[_]"(map![1u64 => 1.0, 3u64 => 3.0], 3.1) => NoSuchKey;
        "_[_]"(map![0 => 1], b"") => NoSuchKey;
        "_[_]"("abc", 0) => NoSuchOverload;
    }
    assert!(matches!(error("_[_]", &args![digits.clone(), 0.1]), ErrorKind::InvalidArgument(_)));
    assert!(matches!(error("_[_]", &args![digits, ""]), ErrorKind::InvalidArgument(_)));
}

#[test]
fn membership() {
    gives! {
        "@in"(7, list![]) => false;
        "@in"(3.0, list![5, 4, 3]) => true;
        "@in"(3u64, list![5.0, 3.0]) => true;
        "@in"("elem", list![1, "elem", 2]) => true;
        "@in"("elem", list![1u64, "str", 2, b"bytes"]) => false;
        "@in"(list![1], list![list![1.0]]) => true;
        "@in"(3.0, map![1 => 1, 3u64 => 3]) => true;
        "@in"(3.1, map![1 => 1, 3u64 => 3]) => false;
        "@in"("George", map!["John" => "smart", "George" => "quiet"]) => true;
        "@in"(Value::Null, map!["a" => 1]) => false;
    }
    fails! { "@in"("a", "abc") => NoSuchOverload; }
}
