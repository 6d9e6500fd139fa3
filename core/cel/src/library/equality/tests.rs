use proptest::prelude::*;

use super::{Members, distinct, equals, hash};
use crate::error::ErrorKind;
use crate::library::testing::{PLENTY, bytes, double, int, ints, list_of, map_of, some, string, uint, with_context};
use crate::value::{List, Val, Value};

/// Values with many equal ones among them, across types.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2_i64..3).prop_map(int),
        (0_u64..3).prop_map(uint),
        prop_oneof![Just(0.0), Just(-0.0), Just(1.0), Just(1.5), Just(f64::NAN), Just(-2.0)].prop_map(double),
        prop_oneof![Just(i64::MAX), Just(i64::MIN)].prop_map(int),
        prop_oneof![Just(u64::MAX), Just(1 << 63)].prop_map(uint),
        prop_oneof![Just(9_223_372_036_854_775_808.0), Just(18_446_744_073_709_551_616.0), Just(1e30)].prop_map(double),
        "[ab]{0,2}".prop_map(|s| string(&s)),
        "[ab]{0,1}".prop_map(|s| bytes(s.as_bytes())),
    ];
    let key = prop_oneof![(0_i64..2).prop_map(int), (0_u64..2).prop_map(uint), "[ab]".prop_map(|s| string(&s))];
    leaf.prop_recursive(2, 8, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(list_of),
            prop::collection::vec((key.clone(), inner.clone()), 0..3).prop_map(|entries| {
                // A map literal refuses repeated keys, so no value has them.
                let mut kept: Vec<(Value, Value)> = Vec::new();
                for (k, v) in entries {
                    if kept.iter().all(|(other, _)| *other != k) {
                        kept.push((k, v));
                    }
                }
                map_of(kept)
            }),
            inner.prop_map(some),
            Just(Value::Optional(None)),
        ]
    })
}

fn as_list(items: &[Value]) -> List<'_> {
    List::Owned(items)
}

proptest! {
    #[test]
    fn paid_equality_is_equality(a in values(), b in values()) {
        let (result, _) = with_context(PLENTY, |cx| equals(cx, a.as_val(), b.as_val()));
        prop_assert_eq!(result, Ok(a == b));
    }

    #[test]
    fn equal_values_have_equal_hashes(a in values(), b in values()) {
        let (hashes, _) = with_context(PLENTY, |cx| (hash(cx, a.as_val()).unwrap(), hash(cx, b.as_val()).unwrap()));
        prop_assert!(a != b || hashes.0 == hashes.1);
    }

    #[test]
    fn hashed_members_are_members(items in prop::collection::vec(values(), 0..40), value in values()) {
        let expected = items.contains(&value);
        for questions in [1, 1000] {
            let (found, _) =
                with_context(PLENTY, |cx| Members::of(cx, as_list(&items), questions)?.contain(cx, value.as_val()));
            prop_assert_eq!(found, Ok(expected));
        }
    }

    #[test]
    fn distinct_keeps_the_first_of_equals(items in prop::collection::vec(values(), 0..40)) {
        let mut expected: Vec<Value> = Vec::new();
        for item in &items {
            if !expected.contains(item) {
                expected.push(item.clone());
            }
        }
        let (kept, _) = with_context(PLENTY, |cx| {
            distinct(cx, as_list(&items)).unwrap().iter().map(|v| v.to_value().unwrap()).collect::<Vec<_>>()
        });
        prop_assert_eq!(format!("{kept:?}"), format!("{expected:?}"));
    }
}

#[test]
fn equality_pays_for_what_it_looks_at() {
    let long = string(&"x".repeat(6400));
    let other = string(&"x".repeat(6399));
    let paid = |a: &Value, b: &Value| with_context(PLENTY, |cx| equals(cx, a.as_val(), b.as_val())).1;
    assert_eq!(paid(&long, &long), 101);
    assert_eq!(paid(&long, &other), 1);
    assert_eq!(paid(&ints(0..100), &ints(0..100)), 101);
    assert_eq!(paid(&ints(0..100), &ints(0..99)), 1);
    assert_eq!(paid(&ints(0..100), &ints(1..101)), 2);
}

#[test]
fn a_search_stops_without_fuel() {
    let items = [ints(0..50), ints(1..51)];
    let deep = ints(1..51);
    for fuel in 0..60 {
        let (found, _) =
            with_context(fuel, |cx| Members::of(cx, as_list(&items), 1)?.contain(cx, Val::List(as_deep(&deep))));
        assert_eq!(found.map_err(|e| e.kind), if fuel < 53 { Err(ErrorKind::OutOfFuel) } else { Ok(true) }, "{fuel}");
    }
}

fn as_deep(value: &Value) -> List<'_> {
    match value {
        Value::List(items) => List::Owned(items),
        _ => List::Arena(&[]),
    }
}

#[test]
fn long_lists_are_not_compared_pair_by_pair() {
    let items: Vec<Value> = (0..10_000).map(int).collect();
    let (kept, paid) = with_context(PLENTY, |cx| distinct(cx, as_list(&items)).map(<[_]>::len));
    assert_eq!(kept, Ok(10_000));
    assert!(paid < 200_000, "{paid}");
}
