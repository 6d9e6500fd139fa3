use super::{functions, index_optional, index_overloads, select_optional};
use crate::error::ErrorKind;
use crate::library::testing::{
    Library, PLENTY, bytes, double, int, ints, list_of, map_of, some, string, uint, with_context,
};
use crate::value::{Duration, Timestamp, Val, Value};

const NONE: Value = Value::Optional(None);

fn optionals() -> Library {
    Library(functions())
}

fn select(operand: &Value, field: &str) -> Result<Value, ErrorKind> {
    with_context(PLENTY, |cx| select_optional(cx, operand.as_val(), field).and_then(Val::to_value).map_err(|e| e.kind))
        .0
}

fn index(operand: &Value, index: Value) -> Result<Value, ErrorKind> {
    with_context(PLENTY, |cx| {
        index_optional(cx, operand.as_val(), index.as_val()).and_then(Val::to_value).map_err(|e| e.kind)
    })
    .0
}

#[test]
fn declarations() {
    optionals().is_declared_well();
    assert_eq!(index_overloads().len(), 2);
}

#[test]
fn making_and_reading() {
    let optionals = optionals();
    optionals.gives("optional.of", &[int(1)], &some(int(1)));
    optionals.gives("optional.of", &[Value::Null], &some(Value::Null));
    optionals.gives("optional.of", &[NONE], &some(NONE));
    optionals.gives("optional.none", &[], &NONE);
    optionals.gives("hasValue", &[NONE], &Value::Bool(false));
    optionals.gives("hasValue", &[some(Value::Null)], &Value::Bool(true));
    optionals.gives("value", &[some(string("a"))], &string("a"));
    assert_eq!(optionals.call("value", &[NONE]), Err(ErrorKind::OptionalNone));
    for name in ["hasValue", "value"] {
        optionals.has_no_overload(name, &[int(1)]);
        optionals.has_no_overload(name, &[]);
    }
}

#[test]
fn zero_values_are_none() {
    let optionals = optionals();
    for zero in [
        Value::Null,
        Value::Bool(false),
        int(0),
        uint(0),
        double(0.0),
        double(-0.0),
        string(""),
        bytes(b""),
        list_of([]),
        map_of([]),
        Value::Duration(Duration { nanos: 0 }),
        Value::Timestamp(Timestamp { seconds: 0, nanos: 0 }),
    ] {
        optionals.gives("optional.ofNonZeroValue", &[zero], &NONE);
    }
    for other in [
        Value::Bool(true),
        int(-1),
        uint(1),
        double(f64::NAN),
        string(" "),
        bytes(b"\0"),
        ints([0]),
        map_of([(int(0), int(0))]),
        Value::Duration(Duration { nanos: 1 }),
        Value::Timestamp(Timestamp { seconds: 0, nanos: 1 }),
        NONE,
    ] {
        optionals.gives("optional.ofNonZeroValue", std::slice::from_ref(&other), &some(other.clone()));
    }
}

#[test]
fn unwrapping_lists() {
    let optionals = optionals();
    for name in ["optional.unwrap", "unwrapOpt"] {
        optionals.gives(name, &[list_of([some(int(1)), NONE, some(int(3))])], &ints([1, 3]));
        optionals.gives(name, &[list_of([])], &list_of([]));
        optionals.gives(name, &[list_of([some(NONE)])], &list_of([NONE]));
        optionals.refuses(name, &[ints([1])]);
        optionals.has_no_overload(name, &[int(1)]);
        assert_eq!(optionals.call_with(4, name, &[list_of((0..5).map(|_| NONE))]).0, Err(ErrorKind::OutOfFuel));
    }
}

#[test]
fn ends_of_lists() {
    let optionals = optionals();
    optionals.gives("first", &[ints([1, 2, 3])], &some(int(1)));
    optionals.gives("last", &[ints([1, 2, 3])], &some(int(3)));
    optionals.gives("first", &[list_of([])], &NONE);
    optionals.gives("last", &[list_of([])], &NONE);
    optionals.has_no_overload("first", &[string("abc")]);
    optionals.has_no_overload("last", &[string("abc")]);
}

#[test]
fn selecting() {
    let inner = map_of([(string("sub"), string("x"))]);
    let outer = map_of([(string("key"), inner.clone()), (string("null"), Value::Null)]);
    assert_eq!(select(&outer, "key"), Ok(some(inner)));
    assert_eq!(select(&outer, "absent"), Ok(NONE));
    assert_eq!(select(&outer, "null"), Ok(some(Value::Null)));
    assert_eq!(select(&some(outer.clone()), "absent"), Ok(NONE));
    assert_eq!(select(&some(outer), "null"), Ok(some(Value::Null)));
    assert_eq!(select(&NONE, "key"), Ok(NONE));
    // As the conformance tests have it: there is a value, but nothing to select in.
    assert_eq!(select(&some(Value::Null), "key"), Err(ErrorKind::NoSuchKey));
    assert_eq!(select(&some(int(0)), "key"), Err(ErrorKind::NoSuchKey));
    assert_eq!(select(&some(some(map_of([]))), "key"), Err(ErrorKind::NoSuchKey));
}

#[test]
fn indexing() {
    let foo = list_of([string("foo")]);
    assert_eq!(index(&list_of([]), int(0)), Ok(NONE));
    assert_eq!(index(&some(list_of([])), int(0)), Ok(NONE));
    assert_eq!(index(&NONE, int(0)), Ok(NONE));
    assert_eq!(index(&foo, int(0)), Ok(some(string("foo"))));
    assert_eq!(index(&some(foo.clone()), uint(0)), Ok(some(string("foo"))));
    assert_eq!(index(&foo, double(0.0)), Ok(some(string("foo"))));
    for beyond in [int(-1), int(1), uint(u64::MAX), double(-1.0), double(1e300), double(1.0)] {
        assert_eq!(index(&foo, beyond), Ok(NONE));
    }
    for wrong in [double(0.5), double(f64::NAN), string("0"), Value::Bool(false)] {
        assert!(matches!(index(&foo, wrong), Err(ErrorKind::InvalidArgument(_))));
    }
    let keys =
        map_of([(uint(1), double(1.0)), (int(2), double(2.0)), (Value::Bool(true), int(1)), (string("s"), int(4))]);
    assert_eq!(index(&keys, double(1.0)), Ok(some(double(1.0))));
    assert_eq!(index(&keys, uint(2)), Ok(some(double(2.0))));
    assert_eq!(index(&keys, Value::Bool(true)), Ok(some(int(1))));
    assert_eq!(index(&keys, Value::Bool(false)), Ok(NONE));
    assert_eq!(index(&keys, string("s")), Ok(some(int(4))));
    assert_eq!(index(&keys, double(1.5)), Ok(NONE));
    assert_eq!(index(&some(int(0)), string("absent")), Err(ErrorKind::NoSuchKey));
}
