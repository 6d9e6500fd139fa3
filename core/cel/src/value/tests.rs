//! Values as hosts meet them: deep ones, and ones that are small because their parts are shared.

use bumpalo::Bump;

use super::{List, MAX_DEPTH, Map, Optional, Val};
use crate::error::ErrorKind;

/// A list in a list in a list, so many levels.
fn nested(levels: usize, arena: &Bump) -> Val<'_> {
    (0..levels).fold(Val::Int(1), |inner, _| Val::List(List::Arena(arena.alloc_slice_copy(&[inner]))))
}

/// A list of twice the list before it, so many times: 2^`rounds` parts at the end.
fn doubled(rounds: usize, arena: &Bump) -> Val<'_> {
    (0..rounds).fold(Val::Int(1), |part, _| Val::List(List::Arena(arena.alloc_slice_copy(&[part, part]))))
}

#[test]
fn deep_values_are_not_copied_and_equal_nothing() {
    let work = || {
        let arena = Bump::new();
        let (fits, deep) = (nested(MAX_DEPTH, &arena), nested(100_000, &arena));
        assert!(fits.equals(fits) && fits.to_value().is_ok());
        let above = nested(MAX_DEPTH + 1, &arena);
        for value in [above, deep] {
            assert!(!value.equals(value));
            assert_eq!(value.to_value().unwrap_err().kind, ErrorKind::TooDeep);
        }
        let optional = (0..1000).fold(Val::Null, |inner, _| Val::Optional(Optional::some_in(inner, &arena)));
        assert_eq!(optional.to_value().unwrap_err().kind, ErrorKind::TooDeep);
        let map = |inner| Val::Map(Map::new_in(arena.alloc_slice_copy(&[(Val::Str("k"), inner)]), &arena));
        assert_eq!((0..1000).fold(Val::Null, |v, _| map(v)).to_value().unwrap_err().kind, ErrorKind::TooDeep);
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn shared_values_are_not_spread_out() {
    let arena = Bump::new();
    let (small, large) = (doubled(10, &arena), doubled(80, &arena));
    assert!(small.equals(small));
    assert_eq!(small.weight_within(u64::MAX).unwrap(), 2046);
    assert_eq!(small.weight_within(2045).unwrap_err().kind, ErrorKind::OutOfFuel);
    assert!(!large.equals(large));
    assert_eq!(large.to_value().unwrap_err().kind, ErrorKind::OutOfFuel);
}

#[test]
fn text_weighs_by_its_length() {
    let text = "x".repeat(640);
    for (value, weight) in [
        (Val::Str(&text), 10),
        (Val::Bytes(text.as_bytes()), 10),
        (Val::Str("x"), 0),
        (Val::Int(7), 0),
        (Val::List(List::Arena(&[])), 0),
        (Val::List(List::Arena(&[Val::Str(&text), Val::Null])), 12),
    ] {
        assert_eq!(value.weight_within(100), Ok(weight), "{value:?}");
    }
}
