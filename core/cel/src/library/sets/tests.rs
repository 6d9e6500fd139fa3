use super::functions;
use crate::error::ErrorKind;
use crate::library::testing_by_library::{Library, double, int, ints, list, map, string, uint};
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
    contains(list([]), list([]), true);
    contains(list([]), ints([1]), false);
    contains(ints([1]), list([]), true);
    contains(ints([1]), ints([1, 1]), true);
    contains(ints([1, 2, 3, 4]), ints([2, 3]), true);
    contains(ints([1]), ints([1, 2]), false);
    contains(list([int(1), double(2.0), uint(3)]), list([double(1.0), uint(2), int(3)]), true);
    contains(list([ints([1]), ints([2, 3])]), list([list([int(2), double(3.0)])]), true);
    contains(list([double(f64::NAN)]), list([double(f64::NAN)]), false);
    contains(ints(0..100), ints(20..80), true);
    contains(ints(0..100), ints(20..101), false);
}

#[test]
fn equivalent() {
    let equivalent = |a, b, expected| check("sets.equivalent", a, b, expected);
    equivalent(list([]), list([]), true);
    equivalent(list([]), ints([1]), false);
    equivalent(ints([1]), ints([1, 1]), true);
    equivalent(ints([1]), list([uint(1), double(1.0)]), true);
    equivalent(ints([1, 2, 3]), list([uint(3), double(2.0), int(1)]), true);
    equivalent(ints([1, 2]), ints([1, 2, 3]), false);
    equivalent(ints([1, 2, 3]), ints([1, 2]), false);
    equivalent(ints(0..100), ints((0..100).rev()), true);
    equivalent(ints(0..100), ints(0..101), false);
}

#[test]
fn intersects() {
    let intersects = |a, b, expected| check("sets.intersects", a, b, expected);
    intersects(list([]), list([]), false);
    intersects(ints([1]), list([]), false);
    intersects(list([]), ints([1]), false);
    intersects(ints([1]), ints([1, 2]), true);
    intersects(ints([1]), list([uint(1)]), true);
    intersects(ints([1]), ints([2]), false);
    intersects(list([ints([1]), ints([2, 3])]), list([ints([1, 2]), list([int(2), double(3.0)])]), true);
    let entry = |v: Value| map([(string("k"), v)]);
    intersects(list([entry(int(1))]), list([entry(uint(1))]), true);
    intersects(ints(0..100), ints(100..200), false);
    intersects(ints(0..100), ints(99..200), true);
}

#[test]
fn only_lists_are_sets() {
    let sets = Library(functions());
    for name in ["sets.contains", "sets.equivalent", "sets.intersects"] {
        sets.has_no_overload(name, &[int(1), ints([1])]);
        sets.has_no_overload(name, &[ints([1]), map([])]);
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
