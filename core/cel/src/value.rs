//! Values: [`Val`] borrows from an evaluation's arena or input and is copied freely; [`Value`] owns itself.
//!
//! Everything that lives during one evaluation shares one lifetime, so that values are never counted, cloned deeply or
//! dropped one by one, and evaluating over input that is already there allocates nothing.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Arc;

use bumpalo::Bump;

use crate::error::{Error, ErrorKind, Result};

/// A point in time, from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds, 0 to 999,999,999, counted forward also before 1970.
    pub nanos: i32,
}

/// A span of time in nanoseconds; the range of an `int`, about ±292 years, as in cel-go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration {
    /// Nanoseconds.
    pub nanos: i64,
}

/// A block of network addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    /// The address as written, host bits included.
    pub address: IpAddr,
    /// The number of leading bits that count.
    pub prefix: u8,
}

/// The run-time name of a type, what `type(x)` gives: `int`, `google.protobuf.Timestamp`, `net.IP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeName<'a>(pub &'a str);

/// A value during an evaluation.
#[derive(Clone, Copy, Debug)]
pub enum Val<'a> {
    /// `null`
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `double`
    Double(f64),
    /// `string`
    Str(&'a str),
    /// `bytes`
    Bytes(&'a [u8]),
    /// `timestamp`
    Timestamp(Timestamp),
    /// `duration`
    Duration(Duration),
    /// `type`
    Type(TypeName<'a>),
    /// `list`
    List(List<'a>),
    /// `map`
    Map(Map<'a>),
    /// `optional_type`
    Optional(Optional<'a>),
    /// `net.IP`
    Ip(&'a IpAddr),
    /// `net.CIDR`
    Cidr(&'a Cidr),
}

/// A list: made during this evaluation, or part of an owned value.
#[derive(Clone, Copy, Debug)]
pub enum List<'a> {
    /// Elements in the arena.
    Arena(&'a [Val<'a>]),
    /// Elements of a [`Value`].
    Owned(&'a [Value]),
}

impl<'a> List<'a> {
    /// The number of elements.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Arena(items) => items.len(),
            Self::Owned(items) => items.len(),
        }
    }

    /// True without elements.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The element at `index`, from 0.
    #[must_use]
    pub fn get(self, index: usize) -> Option<Val<'a>> {
        match self {
            Self::Arena(items) => items.get(index).copied(),
            Self::Owned(items) => items.get(index).map(Value::as_val),
        }
    }

    /// The elements in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Val<'a>> {
        (0..self.len()).map(move |i| self.get(i).unwrap_or(Val::Null))
    }
}

/// An optional value.
#[derive(Clone, Copy, Debug)]
pub enum Optional<'a> {
    /// `optional.none()`
    None,
    /// A value in the arena.
    Arena(&'a Val<'a>),
    /// A value of a [`Value`].
    Owned(&'a Value),
}

impl<'a> Optional<'a> {
    /// An optional with a value.
    pub fn some_in(value: Val<'a>, arena: &'a Bump) -> Self {
        Self::Arena(arena.alloc(value))
    }

    /// The value, if there is one.
    #[must_use]
    pub fn get(self) -> Option<Val<'a>> {
        match self {
            Self::None => None,
            Self::Arena(v) => Some(*v),
            Self::Owned(v) => Some(v.as_val()),
        }
    }
}

/// A map, in the order in which its entries were written. Keys are bool, int, uint or string.
#[derive(Clone, Copy, Debug)]
pub enum Map<'a> {
    /// Entries in the arena.
    Arena(&'a MapEntries<'a>),
    /// Entries of a [`Value`].
    Owned(&'a OwnedMap),
}

/// The entries of a map in the arena.
#[derive(Debug)]
pub struct MapEntries<'a> {
    entries: &'a [(Val<'a>, Val<'a>)],
    /// For more than [`LINEAR`] entries: their positions, sorted by key.
    sorted: &'a [u32],
}

/// The entries of an owned map.
#[derive(Clone, Debug, Default)]
pub struct OwnedMap {
    entries: Vec<(Value, Value)>,
    /// For more than [`LINEAR`] entries: their positions, sorted by key.
    sorted: Vec<u32>,
}

/// How deep a value may be nested for functions that look at all of it, such as `==`. Inputs are less deep than that, but
/// an expression can wrap a value in any number of lists.
pub const MAX_DEPTH: usize = 256;

/// The heaviest value that is copied or compared as a whole without fuel; see [`Val::weight_within`]. No input of 64 MiB is
/// heavier, but an expression can name one list in many places of another, over and over.
pub const MAX_WEIGHT: u64 = 1 << 26;

/// Up to so many entries a map is searched from front to back, which is faster than anything else.
const LINEAR: usize = 12;

/// The order of map keys: numbers by value across int and uint, then bool, then strings.
fn key_order(a: Val<'_>, b: Val<'_>) -> Ordering {
    fn rank(v: Val<'_>) -> (u8, i128, &str) {
        match v {
            Val::Int(i) => (0, i128::from(i), ""),
            Val::Uint(u) => (0, i128::from(u), ""),
            Val::Bool(b) => (1, i128::from(b), ""),
            Val::Str(s) => (2, 0, s),
            _ => (3, 0, ""),
        }
    }
    rank(a).cmp(&rank(b))
}

/// A key as maps store it: a double that is a whole number becomes the int or uint that it equals.
fn normal_key(key: Val<'_>) -> Option<Val<'_>> {
    match key {
        Val::Bool(_) | Val::Int(_) | Val::Uint(_) | Val::Str(_) => Some(key),
        Val::Double(d) if d.fract() == 0.0 => {
            // 2^63 and 2^64 are exact doubles, so these bounds are exact.
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&d) {
                #[expect(clippy::cast_possible_truncation, reason = "the value is whole and within range")]
                Some(Val::Int(d as i64))
            } else if (0.0..18_446_744_073_709_551_616.0).contains(&d) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the value is whole and within range"
                )]
                Some(Val::Uint(d as u64))
            } else {
                None
            }
        }
        _ => None,
    }
}

impl<'a> MapEntries<'a> {
    /// A map of `entries`; of a repeated key the first entry counts.
    pub fn new_in(entries: &'a [(Val<'a>, Val<'a>)], arena: &'a Bump) -> &'a Self {
        let sorted: &'a [u32] = if entries.len() > LINEAR {
            let order = arena.alloc_slice_fill_with(entries.len(), |i| u32::try_from(i).unwrap_or(u32::MAX));
            let key = |at: u32| entries.get(at as usize).map_or(Val::Null, |(k, _)| *k);
            order.sort_by(|a, b| key_order(key(*a), key(*b)));
            order
        } else {
            &[]
        };
        arena.alloc(Self { entries, sorted })
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &'a [(Val<'a>, Val<'a>)] {
        self.entries
    }
}

impl OwnedMap {
    /// A map of `entries`; of a repeated key the first entry counts.
    #[must_use]
    pub fn new(entries: Vec<(Value, Value)>) -> Self {
        let mut sorted = Vec::new();
        if entries.len() > LINEAR {
            sorted.extend(0..u32::try_from(entries.len()).unwrap_or(u32::MAX));
            let key = |at: u32| entries.get(at as usize).map_or(Val::Null, |(k, _)| k.as_val());
            sorted.sort_by(|a, b| key_order(key(*a), key(*b)));
        }
        Self { entries, sorted }
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[(Value, Value)] {
        &self.entries
    }
}

impl<'a> Map<'a> {
    /// A map in the arena; of a repeated key the first entry counts.
    pub fn new_in(entries: &'a [(Val<'a>, Val<'a>)], arena: &'a Bump) -> Self {
        Self::Arena(MapEntries::new_in(entries, arena))
    }

    /// The number of entries.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::Arena(m) => m.entries.len(),
            Self::Owned(m) => m.entries.len(),
        }
    }

    /// True without entries.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The entry at position `index`.
    #[must_use]
    pub fn entry(self, index: usize) -> Option<(Val<'a>, Val<'a>)> {
        match self {
            Self::Arena(m) => m.entries.get(index).copied(),
            Self::Owned(m) => m.entries.get(index).map(|(k, v)| (k.as_val(), v.as_val())),
        }
    }

    /// The entries in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = (Val<'a>, Val<'a>)> {
        (0..self.len()).map(move |i| self.entry(i).unwrap_or((Val::Null, Val::Null)))
    }

    /// The value under `key`; int, uint and whole doubles of the same value are the same key.
    #[must_use]
    pub fn get(self, key: Val<'_>) -> Option<Val<'a>> {
        let key = normal_key(key)?;
        let sorted = match self {
            Self::Arena(m) => m.sorted,
            Self::Owned(m) => m.sorted.as_slice(),
        };
        if sorted.is_empty() {
            return self.iter().find(|(k, _)| key_order(*k, key).is_eq()).map(|(_, v)| v);
        }
        let entry = |at: &u32| self.entry(*at as usize).unwrap_or((Val::Null, Val::Null));
        let first = sorted.partition_point(|at| key_order(entry(at).0, key).is_lt());
        let (found, value) = entry(sorted.get(first)?);
        key_order(found, key).is_eq().then_some(value)
    }

    /// Whether two entries have the same key.
    #[must_use]
    pub fn repeats_a_key(self) -> bool {
        let same = |a: usize, b: usize| match (self.entry(a), self.entry(b)) {
            (Some((x, _)), Some((y, _))) => key_order(x, y).is_eq(),
            _ => false,
        };
        let sorted = match self {
            Self::Arena(m) => m.sorted,
            Self::Owned(m) => m.sorted.as_slice(),
        };
        if sorted.is_empty() {
            return (0..self.len()).any(|at| (0..at).any(|before| same(before, at)));
        }
        sorted.windows(2).any(|pair| matches!(pair, [a, b] if same(*a as usize, *b as usize)))
    }

    /// The value under the string `key`.
    #[must_use]
    pub fn get_str(self, key: &str) -> Option<Val<'a>> {
        match self {
            Self::Arena(m) if m.sorted.is_empty() => {
                m.entries.iter().find(|(k, _)| matches!(k, Val::Str(s) if *s == key)).map(|(_, v)| *v)
            }
            _ => self.get(Val::Str(key)),
        }
    }
}

impl<'a> Val<'a> {
    /// The run-time type's name, as `type(x)` gives it.
    #[must_use]
    pub fn type_name(self) -> TypeName<'static> {
        TypeName(match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::Str(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Type(_) => "type",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Ip(_) => "net.IP",
            Self::Cidr(_) => "net.CIDR",
        })
    }

    /// CEL's `==`: numbers by value across their types, lists and maps by their parts, other mixed types unequal.
    ///
    /// What is nested deeper than [`MAX_DEPTH`], or takes more than [`MAX_WEIGHT`] comparisons, equals nothing. Expressions pay
    /// for what they compare and fail instead: [`crate::library::operators::equals`].
    #[must_use]
    pub fn equals(self, other: Val<'_>) -> bool {
        let mut steps = MAX_WEIGHT;
        self.equals_within(other, MAX_DEPTH, &mut steps)
    }

    /// [`Val::equals`] of parts that may have so many levels, in so many steps.
    fn equals_within(self, other: Val<'_>, depth: usize, steps: &mut u64) -> bool {
        let mut same = |x: Val<'_>, y: Val<'_>| match (depth.checked_sub(1), steps.checked_sub(1)) {
            (Some(depth), Some(left)) => {
                *steps = left;
                x.equals_within(y, depth, steps)
            }
            _ => false,
        };
        match (self, other) {
            (Self::Null, Val::Null) => true,
            (Self::Bool(a), Val::Bool(b)) => a == b,
            (Self::Str(a), Val::Str(b)) => a == b,
            (Self::Bytes(a), Val::Bytes(b)) => a == b,
            (Self::Timestamp(a), Val::Timestamp(b)) => a == b,
            (Self::Duration(a), Val::Duration(b)) => a == b,
            (Self::Type(a), Val::Type(b)) => a.0 == b.0,
            (Self::List(a), Val::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| same(x, y)),
            (Self::Map(a), Val::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| same(v, w)))
            }
            (Self::Optional(a), Val::Optional(b)) => match (a.get(), b.get()) {
                (None, None) => true,
                (Some(x), Some(y)) => same(x, y),
                _ => false,
            },
            (Self::Ip(a), Val::Ip(b)) => a == b,
            (Self::Cidr(a), Val::Cidr(b)) => a == b,
            _ => self.compare_numbers(other) == Some(Some(Ordering::Equal)),
        }
    }

    /// The order of two numbers of any numeric types; exact between int and uint, and rounded to a double against a
    /// double. `None` unless both are numbers; `Some(None)` when one is NaN.
    #[must_use]
    pub fn compare_numbers(self, other: Val<'_>) -> Option<Option<Ordering>> {
        Some(match (self, other) {
            (Self::Int(a), Val::Int(b)) => Some(a.cmp(&b)),
            (Self::Uint(a), Val::Uint(b)) => Some(a.cmp(&b)),
            (Self::Double(a), Val::Double(b)) => a.partial_cmp(&b),
            (Self::Int(a), Val::Uint(b)) => Some(i128::from(a).cmp(&i128::from(b))),
            (Self::Uint(a), Val::Int(b)) => Some(i128::from(a).cmp(&i128::from(b))),
            (Self::Int(a), Val::Double(b)) => compare_whole(i128::from(a), b),
            (Self::Uint(a), Val::Double(b)) => compare_whole(i128::from(a), b),
            (Self::Double(a), Val::Int(b)) => compare_whole(i128::from(b), a).map(Ordering::reverse),
            (Self::Double(a), Val::Uint(b)) => compare_whole(i128::from(b), a).map(Ordering::reverse),
            _ => return None,
        })
    }

    /// CEL's ordering for `<`, `<=`, `>` and `>=`: `None` when the two types are not ordered with each other,
    /// `Some(None)` when one is NaN.
    #[must_use]
    pub fn compare(self, other: Val<'_>) -> Option<Option<Ordering>> {
        Some(Some(match (self, other) {
            (Self::Bool(a), Val::Bool(b)) => a.cmp(&b),
            (Self::Str(a), Val::Str(b)) => a.cmp(b),
            (Self::Bytes(a), Val::Bytes(b)) => a.cmp(b),
            (Self::Timestamp(a), Val::Timestamp(b)) => a.cmp(&b),
            (Self::Duration(a), Val::Duration(b)) => a.cmp(&b),
            _ => return self.compare_numbers(other),
        }))
    }

    /// What it takes to copy the value or to write it out, in units of fuel: one for each element, entry and optional, as often
    /// as it is met, and one for each 64 bytes of text. What does not grow weighs nothing.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfFuel`] when it weighs more than `limit`, [`ErrorKind::TooDeep`] beyond [`MAX_DEPTH`] levels. Finding out
    /// takes no more than `limit` steps.
    ///
    /// ```
    /// use llm_policy_cel::value::{List, Val};
    ///
    /// let once = [Val::Str("a"), Val::Int(1)];
    /// let twice = [Val::List(List::Arena(&once)); 2];
    /// let value = Val::List(List::Arena(&twice));
    /// assert_eq!(value.weight_within(6), Ok(6));
    /// assert!(value.weight_within(5).is_err());
    /// ```
    pub fn weight_within(self, limit: u64) -> Result<u64> {
        let mut left = limit;
        self.weigh(MAX_DEPTH, &mut left)?;
        Ok(limit - left)
    }

    fn weigh(self, depth: usize, left: &mut u64) -> Result<()> {
        let mut pay = |units: usize| match left.checked_sub(units as u64) {
            Some(rest) => {
                *left = rest;
                Ok(())
            }
            None => Err(Error::new(ErrorKind::OutOfFuel)),
        };
        let below = || depth.checked_sub(1).ok_or(Error::new(ErrorKind::TooDeep));
        match self {
            Self::Str(text) => pay(text.len() / 64),
            Self::Bytes(bytes) => pay(bytes.len() / 64),
            Self::List(list) => {
                let below = below()?;
                pay(list.len())?;
                list.iter().try_for_each(|item| item.weigh(below, left))
            }
            Self::Map(map) => {
                let below = below()?;
                pay(map.len())?;
                map.iter().try_for_each(|(key, value)| {
                    key.weigh(below, left)?;
                    value.weigh(below, left)
                })
            }
            Self::Optional(optional) => match optional.get() {
                Some(value) => {
                    let below = below()?;
                    pay(1)?;
                    value.weigh(below, left)
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// An owned copy.
    ///
    /// # Errors
    /// Those of [`Val::weight_within`] for [`MAX_WEIGHT`].
    pub fn to_value(self) -> Result<Value> {
        self.weight_within(MAX_WEIGHT)?;
        Ok(self.copied())
    }

    fn copied(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Uint(u) => Value::Uint(u),
            Self::Double(d) => Value::Double(d),
            Self::Str(s) => Value::String(s.into()),
            Self::Bytes(b) => Value::Bytes(b.into()),
            Self::Timestamp(t) => Value::Timestamp(t),
            Self::Duration(d) => Value::Duration(d),
            Self::Type(t) => Value::Type(t.0.into()),
            Self::List(l) => Value::List(l.iter().map(Val::copied).collect()),
            Self::Map(m) => {
                Value::Map(Arc::new(OwnedMap::new(m.iter().map(|(k, v)| (k.copied(), v.copied())).collect())))
            }
            Self::Optional(o) => Value::Optional(o.get().map(|v| Arc::new(v.copied()))),
            Self::Ip(ip) => Value::Ip(*ip),
            Self::Cidr(c) => Value::Cidr(*c),
        }
    }
}

/// The order of a whole number and a double. The whole number is rounded to a double first, as CEL's conformance tests
/// want it: the largest int equals 2^63.
fn compare_whole(whole: i128, double: f64) -> Option<Ordering> {
    #[expect(clippy::cast_precision_loss, reason = "the rounding that CEL's comparisons are defined with")]
    (whole as f64).partial_cmp(&double)
}

/// A value that owns its parts.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `uint`
    Uint(u64),
    /// `double`
    Double(f64),
    /// `string`
    String(Arc<str>),
    /// `bytes`
    Bytes(Arc<[u8]>),
    /// `timestamp`
    Timestamp(Timestamp),
    /// `duration`
    Duration(Duration),
    /// `type`
    Type(Arc<str>),
    /// `list`
    List(Arc<[Value]>),
    /// `map`
    Map(Arc<OwnedMap>),
    /// `optional_type`
    Optional(Option<Arc<Value>>),
    /// `net.IP`
    Ip(IpAddr),
    /// `net.CIDR`
    Cidr(Cidr),
}

impl Value {
    /// The value for use in an evaluation, borrowed.
    #[inline]
    #[must_use]
    pub fn as_val(&self) -> Val<'_> {
        match self {
            Self::Null => Val::Null,
            Self::Bool(b) => Val::Bool(*b),
            Self::Int(i) => Val::Int(*i),
            Self::Uint(u) => Val::Uint(*u),
            Self::Double(d) => Val::Double(*d),
            Self::String(s) => Val::Str(s),
            Self::Bytes(b) => Val::Bytes(b),
            Self::Timestamp(t) => Val::Timestamp(*t),
            Self::Duration(d) => Val::Duration(*d),
            Self::Type(t) => Val::Type(TypeName(t)),
            Self::List(l) => Val::List(List::Owned(l)),
            Self::Map(m) => Val::Map(Map::Owned(m)),
            Self::Optional(None) => Val::Optional(Optional::None),
            Self::Optional(Some(v)) => Val::Optional(Optional::Owned(v)),
            Self::Ip(ip) => Val::Ip(ip),
            Self::Cidr(c) => Val::Cidr(c),
        }
    }
}

impl PartialEq for Value {
    /// CEL's `==`.
    fn eq(&self, other: &Self) -> bool {
        self.as_val().equals(other.as_val())
    }
}

#[cfg(test)]
mod tests;
