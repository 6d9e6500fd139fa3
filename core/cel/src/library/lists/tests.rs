use super::functions;
use crate::error::ErrorKind;
use crate::library::testing::{Library, bytes, double, int, ints, list_of, map_of, string, uint};
use crate::value::{Duration, Timestamp, Value};

fn lists() -> Library {
    Library(functions())
}

fn strings(items: &[&str]) -> Value {
    list_of(items.iter().map(|s| string(s)))
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
    lists.gives("slice", &[four(), int(0), int(0)], &list_of([]));
    lists.gives("slice", &[four(), int(1), int(1)], &list_of([]));
    lists.gives("slice", &[four(), int(4), int(4)], &list_of([]));
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
    let nested = || list_of([int(1), list_of([int(2), list_of([int(3), list_of([int(4)])])])]);
    lists.gives("flatten", &[list_of([])], &list_of([]));
    lists.gives("flatten", &[ints([1, 2])], &ints([1, 2]));
    lists.gives("flatten", &[list_of([ints([1]), ints([2, 3]), list_of([]), int(4)])], &ints([1, 2, 3, 4]));
    lists.gives("flatten", &[nested()], &list_of([int(1), int(2), list_of([int(3), list_of([int(4)])])]));
    lists.gives("flatten", &[nested(), int(0)], &nested());
    lists.gives("flatten", &[nested(), int(2)], &list_of([int(1), int(2), int(3), list_of([int(4)])]));
    lists.gives("flatten", &[nested(), int(i64::MAX)], &ints([1, 2, 3, 4]));
    lists.refuses("flatten", &[nested(), int(-1)]);
    lists.has_no_overload("flatten", &[int(1)]);
    lists.has_no_overload("flatten", &[nested(), uint(1)]);
}

#[test]
fn distinct() {
    let lists = lists();
    lists.gives("distinct", &[list_of([])], &list_of([]));
    lists.gives("distinct", &[ints([1, 2, 2, 3, 3, 3, 1])], &ints([1, 2, 3]));
    lists.gives("distinct", &[strings(&["b", "b", "c", "a", "c"])], &strings(&["b", "c", "a"]));
    lists.gives(
        "distinct",
        &[list_of([int(1), string("b"), int(2), string("b")])],
        &list_of([int(1), string("b"), int(2)]),
    );
    lists.gives("distinct", &[list_of([int(1), uint(1), double(1.0), double(1.5)])], &list_of([int(1), double(1.5)]));
    let nan = || double(f64::NAN);
    lists.gives("distinct", &[list_of([nan(), nan()])], &list_of([nan(), nan()]));
    lists.gives("distinct", &[list_of([ints([1]), ints([1]), ints([2])])], &list_of([ints([1]), ints([2])]));
    let entry = |v: Value| map_of([(string("a"), v)]);
    lists.gives(
        "distinct",
        &[list_of([entry(int(-2)), entry(int(-2)), entry(double(-2.0))])],
        &list_of([entry(int(-2))]),
    );
    lists.has_no_overload("distinct", &[string("aab")]);
}

#[test]
fn reverse() {
    let lists = lists();
    lists.gives("reverse", &[list_of([])], &list_of([]));
    lists.gives("reverse", &[ints([5, 1, 2, 3])], &ints([3, 2, 1, 5]));
    lists.gives("reverse", &[string("abc")], &string("cba"));
    lists.has_no_overload("reverse", &[Value::Int(1)]);
}

#[test]
fn sort() {
    let lists = lists();
    let at = |seconds| Value::Timestamp(Timestamp { seconds, nanos: 0 });
    let span = |nanos| Value::Duration(Duration { nanos });
    lists.gives("sort", &[list_of([])], &list_of([]));
    lists.gives("sort", &[ints([4, 3, 2, 1])], &ints([1, 2, 3, 4]));
    lists.gives("sort", &[strings(&["d", "a", "bb", "b"])], &strings(&["a", "b", "bb", "d"]));
    lists.gives("sort", &[list_of([double(2.5), double(-1.0)])], &list_of([double(-1.0), double(2.5)]));
    lists.gives("sort", &[list_of([uint(2), uint(1)])], &list_of([uint(1), uint(2)]));
    lists.gives(
        "sort",
        &[list_of([Value::Bool(true), Value::Bool(false)])],
        &list_of([Value::Bool(false), Value::Bool(true)]),
    );
    lists.gives("sort", &[list_of([bytes(b"b"), bytes(b"a")])], &list_of([bytes(b"a"), bytes(b"b")]));
    lists.gives("sort", &[list_of([at(5), at(-5)])], &list_of([at(-5), at(5)]));
    lists.gives("sort", &[list_of([span(7), span(3)])], &list_of([span(3), span(7)]));
    lists.refuses("sort", &[list_of([int(1), string("b")])]);
    lists.refuses("sort", &[list_of([int(1), uint(1)])]);
    lists.refuses("sort", &[list_of([ints([1]), ints([2])])]);
    lists.refuses("sort", &[list_of([ints([1])])]);
    lists.refuses("sort", &[list_of([Value::Null])]);
    lists.refuses("sort", &[list_of([double(1.0), double(f64::NAN)])]);
    lists.has_no_overload("sort", &[string("ba")]);
}

#[test]
fn sort_by_keys() {
    let lists = lists();
    let by = "@sortByAssociatedKeys";
    lists.gives(by, &[strings(&["foo", "bar", "baz"]), ints([3, 1, 2])], &strings(&["bar", "baz", "foo"]));
    lists.gives(by, &[list_of([]), list_of([])], &list_of([]));
    // Elements with equal keys keep their order.
    lists.gives(by, &[strings(&["b", "a", "c", "d"]), ints([1, 1, 0, 1])], &strings(&["c", "b", "a", "d"]));
    lists.gives(by, &[list_of([Value::Null, int(1)]), ints([2, 1])], &list_of([int(1), Value::Null]));
    lists.refuses(by, &[ints([1, 2]), ints([1])]);
    lists.refuses(by, &[ints([1, 2]), list_of([int(1), string("a")])]);
    lists.refuses(by, &[ints([1]), list_of([list_of([])])]);
}

#[test]
fn range() {
    let lists = lists();
    lists.gives("lists.range", &[int(4)], &ints([0, 1, 2, 3]));
    lists.gives("lists.range", &[int(0)], &list_of([]));
    lists.refuses("lists.range", &[int(-1)]);
    lists.has_no_overload("lists.range", &[uint(1)]);
    assert_eq!(lists.call("lists.range", &[int(i64::MAX)]), Err(ErrorKind::OutOfFuel));
}

#[test]
fn work_is_paid_for_before_it_is_done() {
    let lists = lists();
    let long = ints(0..1000);
    for (name, args, least) in [
        ("flatten", vec![list_of([long.clone(), long.clone()])], 2000),
        ("distinct", vec![long.clone()], 1000),
        ("reverse", vec![long.clone()], 1000),
        ("sort", vec![long.clone()], 5000),
        ("lists.range", vec![int(1000)], 1000),
        ("sort", vec![list_of((0..10).map(|_| string(&"x".repeat(6400))))], 1000),
    ] {
        let (result, paid) = lists.call_with(1_000_000, name, &args);
        assert!(result.is_ok());
        assert!(paid >= least, "{name} paid {paid}");
        assert_eq!(lists.call_with(paid - 1, name, &args).0, Err(ErrorKind::OutOfFuel), "{name}");
    }
}
