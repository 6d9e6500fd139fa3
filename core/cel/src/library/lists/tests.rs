use super::functions;
use crate::error::ErrorKind;
use crate::library::testing_by_library::{Library, bytes, double, int, ints, list, map, string, uint};
use crate::value::{Duration, Timestamp, Value};

fn lists() -> Library {
    Library(functions())
}

fn strings(items: &[&str]) -> Value {
    list(items.iter().map(|s| string(s)))
}

#[test]
fn declarations() {
    lists().is_declared_well();
    let all = functions();
    let sort = all.iter().find(|f| &*f.name == "sort").unwrap();
    assert_eq!(&*sort.overloads[4].id, "list_google.protobuf.Duration_sort");
    assert_eq!(sort.overloads.len(), 8);
}

#[test]
fn slice() {
    let lists = lists();
    let four = || ints([1, 2, 3, 4]);
    lists.gives("slice", &[four(), int(0), int(4)], &four());
    lists.gives("slice", &[four(), int(0), int(0)], &list([]));
    lists.gives("slice", &[four(), int(1), int(1)], &list([]));
    lists.gives("slice", &[four(), int(4), int(4)], &list([]));
    lists.gives("slice", &[four(), int(1), int(3)], &ints([2, 3]));
    for (start, end) in [(3, 0), (0, 10), (-5, 10), (-5, -3), (5, 5), (i64::MAX, i64::MAX), (i64::MIN, 1)] {
        lists.refuses("slice", &[four(), int(start), int(end)]);
    }
    lists.has_no_overload("slice", &[four(), int(0), uint(1)]);
    lists.has_no_overload("slice", &[string("abc"), int(0), int(1)]);
    lists.has_no_overload("slice", &[four(), int(0)]);
}

#[test]
fn flatten() {
    let lists = lists();
    let nested = || list([int(1), list([int(2), list([int(3), list([int(4)])])])]);
    lists.gives("flatten", &[list([])], &list([]));
    lists.gives("flatten", &[ints([1, 2])], &ints([1, 2]));
    lists.gives("flatten", &[list([ints([1]), ints([2, 3]), list([]), int(4)])], &ints([1, 2, 3, 4]));
    lists.gives("flatten", &[nested()], &list([int(1), int(2), list([int(3), list([int(4)])])]));
    lists.gives("flatten", &[nested(), int(0)], &nested());
    lists.gives("flatten", &[nested(), int(2)], &list([int(1), int(2), int(3), list([int(4)])]));
    lists.gives("flatten", &[nested(), int(i64::MAX)], &ints([1, 2, 3, 4]));
    lists.refuses("flatten", &[nested(), int(-1)]);
    lists.has_no_overload("flatten", &[int(1)]);
    lists.has_no_overload("flatten", &[nested(), uint(1)]);
}

#[test]
fn distinct() {
    let lists = lists();
    lists.gives("distinct", &[list([])], &list([]));
    lists.gives("distinct", &[ints([1, 2, 2, 3, 3, 3, 1])], &ints([1, 2, 3]));
    lists.gives("distinct", &[strings(&["b", "b", "c", "a", "c"])], &strings(&["b", "c", "a"]));
    lists.gives("distinct", &[list([int(1), string("b"), int(2), string("b")])], &list([int(1), string("b"), int(2)]));
    lists.gives("distinct", &[list([int(1), uint(1), double(1.0), double(1.5)])], &list([int(1), double(1.5)]));
    let nan = || double(f64::NAN);
    lists.gives("distinct", &[list([nan(), nan()])], &list([nan(), nan()]));
    lists.gives("distinct", &[list([ints([1]), ints([1]), ints([2])])], &list([ints([1]), ints([2])]));
    let entry = |v: Value| map([(string("a"), v)]);
    lists.gives("distinct", &[list([entry(int(-2)), entry(int(-2)), entry(double(-2.0))])], &list([entry(int(-2))]));
    lists.has_no_overload("distinct", &[string("aab")]);
}

#[test]
fn reverse() {
    let lists = lists();
    lists.gives("reverse", &[list([])], &list([]));
    lists.gives("reverse", &[ints([5, 1, 2, 3])], &ints([3, 2, 1, 5]));
    lists.gives("reverse", &[string("abc")], &string("cba"));
    lists.has_no_overload("reverse", &[Value::Int(1)]);
}

#[test]
fn sort() {
    let lists = lists();
    let at = |seconds| Value::Timestamp(Timestamp { seconds, nanos: 0 });
    let span = |nanos| Value::Duration(Duration { nanos });
    lists.gives("sort", &[list([])], &list([]));
    lists.gives("sort", &[ints([4, 3, 2, 1])], &ints([1, 2, 3, 4]));
    lists.gives("sort", &[strings(&["d", "a", "bb", "b"])], &strings(&["a", "b", "bb", "d"]));
    lists.gives("sort", &[list([double(2.5), double(-1.0)])], &list([double(-1.0), double(2.5)]));
    lists.gives("sort", &[list([uint(2), uint(1)])], &list([uint(1), uint(2)]));
    lists.gives(
        "sort",
        &[list([Value::Bool(true), Value::Bool(false)])],
        &list([Value::Bool(false), Value::Bool(true)]),
    );
    lists.gives("sort", &[list([bytes(b"b"), bytes(b"a")])], &list([bytes(b"a"), bytes(b"b")]));
    lists.gives("sort", &[list([at(5), at(-5)])], &list([at(-5), at(5)]));
    lists.gives("sort", &[list([span(7), span(3)])], &list([span(3), span(7)]));
    lists.refuses("sort", &[list([int(1), string("b")])]);
    lists.refuses("sort", &[list([int(1), uint(1)])]);
    lists.refuses("sort", &[list([ints([1]), ints([2])])]);
    lists.refuses("sort", &[list([ints([1])])]);
    lists.refuses("sort", &[list([Value::Null])]);
    lists.refuses("sort", &[list([double(1.0), double(f64::NAN)])]);
    lists.has_no_overload("sort", &[string("ba")]);
}

#[test]
fn sort_by_keys() {
    let lists = lists();
    let by = "@sortByAssociatedKeys";
    lists.gives(by, &[strings(&["foo", "bar", "baz"]), ints([3, 1, 2])], &strings(&["bar", "baz", "foo"]));
    lists.gives(by, &[list([]), list([])], &list([]));
    // Elements with equal keys keep their order.
    lists.gives(by, &[strings(&["b", "a", "c", "d"]), ints([1, 1, 0, 1])], &strings(&["c", "b", "a", "d"]));
    lists.gives(by, &[list([Value::Null, int(1)]), ints([2, 1])], &list([int(1), Value::Null]));
    lists.refuses(by, &[ints([1, 2]), ints([1])]);
    lists.refuses(by, &[ints([1, 2]), list([int(1), string("a")])]);
    lists.refuses(by, &[ints([1]), list([list([])])]);
}

#[test]
fn range() {
    let lists = lists();
    lists.gives("lists.range", &[int(4)], &ints([0, 1, 2, 3]));
    lists.gives("lists.range", &[int(0)], &list([]));
    lists.refuses("lists.range", &[int(-1)]);
    lists.has_no_overload("lists.range", &[uint(1)]);
    assert_eq!(lists.call("lists.range", &[int(i64::MAX)]), Err(ErrorKind::OutOfFuel));
}

#[test]
fn work_is_paid_for_before_it_is_done() {
    let lists = lists();
    let long = ints(0..1000);
    for (name, args, least) in [
        ("flatten", vec![list([long.clone(), long.clone()])], 2000),
        ("distinct", vec![long.clone()], 1000),
        ("reverse", vec![long.clone()], 1000),
        ("sort", vec![long.clone()], 5000),
        ("lists.range", vec![int(1000)], 1000),
        ("sort", vec![list((0..10).map(|_| string(&"x".repeat(6400))))], 1000),
    ] {
        let (result, paid) = lists.call_with(1_000_000, name, &args);
        assert!(result.is_ok());
        assert!(paid >= least, "{name} paid {paid}");
        assert_eq!(lists.call_with(paid - 1, name, &args).0, Err(ErrorKind::OutOfFuel), "{name}");
    }
}
