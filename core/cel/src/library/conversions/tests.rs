//! Tests of the conversions.

use crate::error::ErrorKind;
use crate::library::testing::{Plain, args, call, error, list, value};
use crate::value::{Cidr, Duration, Timestamp, Value};

/// Checks one conversion after another.
macro_rules! gives {
    ($($name:literal ($arg:expr) => $want:expr;)+) => {
        $(assert_eq!(call($name, &args![$arg]), Ok(value($want)), "{}({})", $name, stringify!($arg));)+
    };
}

fn fails(name: &str, arg: impl Plain) -> ErrorKind {
    error(name, &args![arg])
}

#[test]
fn to_bool() {
    for (text, want) in [("1", true), ("t", true), ("true", true), ("TRUE", true), ("True", true)].into_iter().chain([
        ("0", false),
        ("f", false),
        ("false", false),
        ("FALSE", false),
        ("False", false),
    ]) {
        assert_eq!(call("bool", &args![text]), Ok(value(want)), "{text}");
    }
    assert!(matches!(fails("bool", "TrUe"), ErrorKind::Conversion(_)));
    assert!(matches!(fails("bool", ""), ErrorKind::Conversion(_)));
    assert_eq!(fails("bool", 1), ErrorKind::NoSuchOverload);
}

#[test]
fn to_int() {
    gives! {
        "int"(9_223_372_036_854_775_807u64) => i64::MAX;
        "int"(-123.456) => -123;
        "int"(11.5) => 11;
        "int"(36_028_797_018_963_968.0) => 36_028_797_018_963_968i64;
        "int"("987") => 987;
        "int"("-987") => -987;
        "int"(Timestamp { seconds: 1_095_379_199, nanos: 0 }) => 1_095_379_199;
        "int"(Duration { nanos: 5 }) => 5;
    }
    for out in [9_223_372_036_854_775_807.0, -9_223_372_036_854_775_808.0, 1e99, f64::NAN, f64::INFINITY] {
        assert_eq!(fails("int", out), ErrorKind::Overflow, "{out}");
    }
    assert_eq!(fails("int", u64::MAX), ErrorKind::Overflow);
    for text in ["", "1.5", "0x10", " 1", "9223372036854775808"] {
        assert!(matches!(fails("int", text), ErrorKind::Conversion(_)), "{text}");
    }
    assert_eq!(fails("int", true), ErrorKind::NoSuchOverload);
}

#[test]
fn to_uint() {
    gives! {
        "uint"(1729) => 1729u64;
        "uint"(3.75) => 3u64;
        "uint"(25.5) => 25u64;
        "uint"("300") => 300u64;
        "uint"(9_223_372_036_854_775_807i64) => 9_223_372_036_854_775_807u64;
    }
    assert_eq!(fails("uint", -1), ErrorKind::Overflow);
    for out in [6.022e23, -0.5, 18_446_744_073_709_551_615.0, f64::NAN] {
        assert_eq!(fails("uint", out), ErrorKind::Overflow, "{out}");
    }
    for text in ["-1", "+1", "", "1u"] {
        assert!(matches!(fails("uint", text), ErrorKind::Conversion(_)), "{text}");
    }
}

#[test]
fn to_double() {
    gives! {
        "double"(9_223_372_036_854_775_807i64) => 9_223_372_036_854_775_807.0;
        "double"(u64::MAX) => 18_446_744_073_709_551_615.0;
        "double"("123.456") => 123.456;
        "double"("-84.32e7") => -843_200_000.0;
        "double"("Infinity") => f64::INFINITY;
        "double"("-inf") => f64::NEG_INFINITY;
    }
    assert!(matches!(call("double", &args!["NaN"]), Ok(Value::Double(d)) if d.is_nan()));
    assert_eq!(fails("double", "1e999"), ErrorKind::Overflow);
    assert!(matches!(fails("double", "one"), ErrorKind::Conversion(_)));
}

#[test]
fn to_string() {
    gives! {
        "string"(123) => "123";
        "string"(-456) => "-456";
        "string"(9876u64) => "9876";
        "string"(123.456) => "123.456";
        "string"(-4.5e-3) => "-0.0045";
        "string"(true) => "true";
        "string"(b"\xc3\xbf") => "ÿ";
        "string"("hello") => "hello";
        "string"(Duration { nanos: 1_000_000_000_000_000 }) => "1000000s";
    }
    let address: std::net::IpAddr = "2001:db8::1".parse().unwrap();
    gives! {
        "string"(Value::Ip(address)) => "2001:db8::1";
        "string"(Value::Cidr(Cidr { address, prefix: 32 })) => "2001:db8::1/32";
    }
    assert!(matches!(fails("string", b"\x00\xff"), ErrorKind::Conversion(_)));
    assert_eq!(fails("string", list![]), ErrorKind::NoSuchOverload);
    assert_eq!(fails("string", Value::Null), ErrorKind::NoSuchOverload);
}

/// The wanted texts are those of Go's `%g`.
#[test]
fn double_text() {
    for (d, want) in [
        (100_000.0, "100000"),
        (1e6, "1e+06"),
        (1_234_567.0, "1.234567e+06"),
        (123_456_789.5, "1.234567895e+08"),
        (1e21, "1e+21"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-1e-34, "-1e-34"),
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(super::double_text(d), want);
    }
}

#[test]
fn others() {
    gives! {
        "bytes"("ÿ") => b"\xc3\xbf";
        "bytes"(b"abc") => b"abc";
        "dyn"(1) => 1;
        "duration"(5) => Duration { nanos: 5 };
        "timestamp"(60) => Timestamp { seconds: 60, nanos: 0 };
        "type"(1) => Value::Type("int".into());
        "type"(Value::Type("int".into())) => Value::Type("type".into());
        "type"(list![1, "one"]) => Value::Type("list".into());
        "type"(Timestamp { seconds: 0, nanos: 0 }) => Value::Type("google.protobuf.Timestamp".into());
    }
    assert_eq!(fails("timestamp", 253_402_300_800i64), ErrorKind::Overflow);
    assert_eq!(fails("timestamp", i64::MIN), ErrorKind::Overflow);
    assert_eq!(error("type", &[]), ErrorKind::NoSuchOverload);
}
