//! What value a slot's declared type makes of a field; the same for all inputs.

use bumpalo::Bump;
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

/// The point in time that RFC 3339 text says, within CEL's range, which is the years 1 to 9999 in UTC.
///
/// Only what RFC 3339 allows is read: `T` and `Z` may be small letters; a leap second is refused as in cel-go, digits
/// beyond nanoseconds too.
///
/// ```
/// use llm_policy_engine::input::coerce::timestamp;
///
/// assert_eq!(timestamp("1970-01-01T01:00:00.5+01:00").unwrap().nanos, 500_000_000);
/// assert!(timestamp("1970-01-01").is_none());
/// ```
#[must_use]
pub fn timestamp(text: &str) -> Option<Timestamp> {
    let ([y1, y2, y3, y4, b'-', mo1, mo2, b'-', d1, d2, b'T' | b't', h1, h2, b':', mi1, mi2, b':', s1, s2], rest) =
        text.as_bytes().split_first_chunk::<19>()?
    else {
        return None;
    };
    let year = digits(&[*y1, *y2, *y3, *y4])?;
    let (month, day) = (digits(&[*mo1, *mo2])?, digits(&[*d1, *d2])?);
    let (hour, minute, second) = (digits(&[*h1, *h2])?, digits(&[*mi1, *mi2])?, digits(&[*s1, *s2])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (nanos, zone) = match rest.split_first()? {
        (b'.', fraction) => {
            let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
            let (fraction, zone) = fraction.split_at_checked(length)?;
            let missing = u32::try_from(9_usize.checked_sub(length)?).ok()?;
            (if length == 0 { return None } else { digits(fraction)? * 10_i64.pow(missing) }, zone)
        }
        _ => (0, rest),
    };
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'-' { -1 } else { 1 }
        }
        _ => return None,
    };
    let days = days_since_1970(year, month, day)?;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    // 0001-01-01T00:00:00Z to the end of 9999.
    let in_range = (-62_135_596_800..=253_402_300_799).contains(&seconds);
    in_range.then_some(Timestamp { seconds, nanos: i32::try_from(nanos).ok()? })
}

/// The number that up to 18 digits say.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
}

/// The days from 1970-01-01 to a date, if there is such a date.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = jiff::civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    date.ok()?;
    // Years are counted from March, so that a leap day is the last day of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_before_month = (153 * month + 2) / 5;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + days_before_month + day - 1 - 719_468)
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
