use super::functions;
use crate::error::ErrorKind;
use crate::library::testing::{Library, double, int, ints, list_of, map_of, string, uint};
use crate::value::Value;

fn check(name: &str, a: Value, b: Value, expected: bool) {
    Library(functions()).gives(name, &[a, b], &Value::Bool(expected));
}

#[test]
fn declarations() {
    Library(functions()).is_declared_well();
    assert_eq!(&*functions()[0].overloads[0].id, "list_sets_contains_list");
}

#[test]
fn contains() {
    let contains = |a, b, expected| check("sets.contains", a, b, expected);
    contains(list_of([]), list_of([]), true);
    contains(list_of([]), ints([1]), false);
    contains(ints([1]), list_of([]), true);
    contains(ints([1]), ints([1, 1]), true);
    contains(ints([1, 2, 3, 4]), ints([2, 3]), true);
    contains(ints([1]), ints([1, 2]), false);
    contains(list_of([int(1), double(2.0), uint(3)]), list_of([double(1.0), uint(2), int(3)]), true);
    contains(list_of([ints([1]), ints([2, 3])]), list_of([list_of([int(2), double(3.0)])]), true);
    contains(list_of([double(f64::NAN)]), list_of([double(f64::NAN)]), false);
    contains(ints(0..100), ints(20..80), true);
    contains(ints(0..100), ints(20..101), false);
}

#[test]
fn equivalent() {
    let equivalent = |a, b, expected| check("sets.equivalent", a, b, expected);
    equivalent(list_of([]), list_of([]), true);
    equivalent(list_of([]), ints([1]), false);
    equivalent(ints([1]), ints([1, 1]), true);
    equivalent(ints([1]), list_of([uint(1), double(1.0)]), true);
    equivalent(ints([1, 2, 3]), list_of([uint(3), double(2.0), int(1)]), true);
    equivalent(ints([1, 2]), ints([1, 2, 3]), false);
    equivalent(ints([1, 2, 3]), ints([1, 2]), false);
    equivalent(ints(0..100), ints((0..100).rev()), true);
    equivalent(ints(0..100), ints(0..101), false);
}

#[test]
fn intersects() {
    let intersects = |a, b, expected| check("sets.intersects", a, b, expected);
    intersects(list_of([]), list_of([]), false);
    intersects(ints([1]), list_of([]), false);
    intersects(list_of([]), ints([1]), false);
    intersects(ints([1]), ints([1, 2]), true);
    intersects(ints([1]), list_of([uint(1)]), true);
    intersects(ints([1]), ints([2]), false);
    intersects(list_of([ints([1]), ints([2, 3])]), list_of([ints([1, 2]), list_of([int(2), double(3.0)])]), true);
    let entry = |v: Value| map_of([(string("k"), v)]);
    intersects(list_of([entry(int(1))]), list_of([entry(uint(1))]), true);
    intersects(ints(0..100), ints(100..200), false);
    intersects(ints(0..100), ints(99..200), true);
}

#[test]
fn only_lists_are_sets() {
    let sets = Library(functions());
    for name in ["sets.contains", "sets.equivalent", "sets.intersects"] {
        sets.has_no_overload(name, &[int(1), ints([1])]);
        sets.has_no_overload(name, &[ints([1]), map_of([])]);
        sets.has_no_overload(name, &[ints([1])]);
    }
}

#[test]
fn fuel_grows_with_both_lists_but_not_with_their_product() {
    let sets = Library(functions());
    for name in ["sets.contains", "sets.equivalent", "sets.intersects"] {
        let (a, b) = if name == "sets.intersects" { (0..2000, 2000..4000) } else { (0..2000, 0..2000) };
        let (result, paid) = sets.call_with(1_000_000, name, &[ints(a.clone()), ints(b.clone())]);
        assert!(result.is_ok());
        assert!((4000..200_000).contains(&paid), "{name} paid {paid}");
        assert_eq!(sets.call_with(paid - 1, name, &[ints(a), ints(b)]).0, Err(ErrorKind::OutOfFuel));
    }
}
