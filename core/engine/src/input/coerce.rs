//! What value a slot's declared type makes of a field; the same for all inputs.

use bumpalo::Bump;
use llm_policy_cel::library::time::parse_timestamp;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::{Timestamp, Val};

use super::paths::{PathNode, Paths, SlotType};

/// 2^53: up to here every whole number is a double, so all languages agree on it.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes `value` to the slot of `node`, if it has one. `null` changes nothing: it is the same as no field.
#[inline]
pub fn put<'a>(node: &PathNode, value: Val<'a>, slots: &mut [Slot<'a>]) {
    if let Some((slot, slot_type)) = node.slot()
        && !matches!(value, Val::Null)
        && let Some(place) = slots.get_mut(slot as usize)
    {
        *place = coerce(value, slot_type);
    }
}

/// Marks the slot of `node` as mistyped, if it has one.
pub fn mistype(node: &PathNode, slots: &mut [Slot<'_>]) {
    if let Some((slot, _)) = node.slot()
        && let Some(place) = slots.get_mut(slot as usize)
    {
        *place = Slot::Mistyped;
    }
}

/// Marks all slots below `node` as mistyped, because the value there has no fields; not its own.
#[inline]
pub fn mistype_below(paths: &Paths, node: &PathNode, slots: &mut [Slot<'_>]) {
    if !node.is_leaf() {
        mistype_all_below(paths, node, slots);
    }
}

#[cold]
fn mistype_all_below(paths: &Paths, node: &PathNode, slots: &mut [Slot<'_>]) {
    let mut open: smallvec::SmallVec<[u32; 16]> = node.children().map(|(_, id)| id).collect();
    while let Some(node) = open.pop().and_then(|id| paths.node(id)) {
        mistype(node, slots);
        open.extend(node.children().map(|(_, id)| id));
    }
}

/// `value` as a slot of `slot_type`.
///
/// ```
/// use llm_policy_cel::slot::Slot;
/// use llm_policy_cel::value::Val;
/// use llm_policy_engine::input::coerce::coerce;
/// use llm_policy_engine::input::paths::SlotType;
///
/// assert!(matches!(coerce(Val::Int(3), SlotType::Double), Slot::Present(Val::Double(3.0))));
/// assert!(matches!(coerce(Val::Str("3"), SlotType::Double), Slot::Mistyped));
/// assert!(matches!(coerce(Val::Null, SlotType::Double), Slot::Absent));
/// ```
#[must_use]
pub fn coerce(value: Val<'_>, slot_type: SlotType) -> Slot<'_> {
    let fits = match (slot_type, value) {
        (_, Val::Null) => return Slot::Absent,
        (SlotType::Dyn, _)
        | (SlotType::Bool, Val::Bool(_))
        | (SlotType::Int, Val::Int(_))
        | (SlotType::Double, Val::Double(_))
        | (SlotType::String, Val::Str(_))
        | (SlotType::Timestamp, Val::Timestamp(_))
        | (SlotType::List, Val::List(_))
        | (SlotType::Map, Val::Map(_)) => Some(value),
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what was asked for")]
        (SlotType::Double, Val::Int(i)) => Some(Val::Double(i as f64)),
        #[expect(clippy::cast_precision_loss, reason = "the nearest double is what was asked for")]
        (SlotType::Double, Val::Uint(u)) => Some(Val::Double(u as f64)),
        (SlotType::Timestamp, Val::Str(text)) => timestamp(text).map(Val::Timestamp),
        (SlotType::StringList, Val::List(list)) => list.iter().all(|v| matches!(v, Val::Str(_))).then_some(value),
        _ => None,
    };
    fits.map_or(Slot::Mistyped, Slot::Present)
}

/// A finite double as inputs give it: an int when it is whole and within ±2^53, so that `1.0` and `1` are the same in
/// every language; `-0.0` is the int 0. `None` for NaN and the infinities, which inputs refuse.
///
/// ```
/// use llm_policy_cel::value::Val;
/// use llm_policy_engine::input::coerce::number;
///
/// assert!(matches!(number(-0.0), Some(Val::Int(0))));
/// assert!(matches!(number(1e16), Some(Val::Double(_))));
/// assert!(number(f64::NAN).is_none());
/// ```
#[must_use]
pub fn number(double: f64) -> Option<Val<'static>> {
    if !double.is_finite() {
        return None;
    }
    if double.fract() == 0.0 && (-EXACT..=EXACT).contains(&double) {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
        return Some(Val::Int(double as i64));
    }
    Some(Val::Double(double))
}

/// A whole number that may be beyond `i64`, as inputs give it: an int wherever one can hold it.
#[must_use]
pub fn unsigned(number: u64) -> Val<'static> {
    i64::try_from(number).map_or(Val::Uint(number), Val::Int)
}

/// The point in time that RFC 3339 text says, within CEL's range, which is the years 1 to 9999 in UTC: what CEL's
/// `timestamp(text)` reads, and nothing else.
///
/// ```
/// use llm_policy_engine::input::coerce::timestamp;
///
/// assert_eq!(timestamp("1970-01-01T01:00:00.5+01:00").unwrap().nanos, 500_000_000);
/// assert!(timestamp("1970-01-01").is_none());
/// ```
#[must_use]
pub fn timestamp(text: &str) -> Option<Timestamp> {
    parse_timestamp(text).ok()
}

/// A bit for each level of the trie, to notice a field that is there twice.
#[derive(Debug)]
pub(super) struct Seen<'a>(&'a mut [u64]);

impl<'a> Seen<'a> {
    /// No level was seen.
    pub(super) fn new_in(paths: &Paths, arena: &'a Bump) -> Self {
        Self(arena.alloc_slice_fill_copy(paths.nodes().div_ceil(64), 0))
    }

    /// True the first time that level `id` is met.
    #[inline]
    pub(super) fn first(&mut self, id: u32) -> bool {
        let Some(word) = self.0.get_mut(id as usize / 64) else { return false };
        let bit = 1 << (id % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }
}
