//! A reservation as bytes, to hand it to another process.
//!
//! Version 1: `1`, id, digest, expires, the number of entries; of each entry demand, space, kind, the limit's name, the parts
//! of the key, window and cost. Integers are little-endian and of fixed width, texts stand behind their length. What is read
//! is checked, but not trusted: a store compares every account that is named with its own record.

use std::fmt;

use smallvec::SmallVec;

use super::{Reservation, Reserved};
use crate::key::Key;
use crate::limit::{Kind, Space};
use crate::store::{Digest, MAX_TAKES, ReservationId};
use crate::time::Time;
use crate::window::Period;

/// The longest name of a limit that is read.
const MAX_NAME: usize = 1024;

/// These bytes are no reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAReservation;

impl fmt::Display for NotAReservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no reservation of this version")
    }
}

impl std::error::Error for NotAReservation {}

impl Reservation {
    /// The reservation as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![1];
        out.extend(self.id.0.to_le_bytes());
        out.extend(self.digest.0.to_le_bytes());
        out.extend(self.expires.micros().to_le_bytes());
        out.extend(number(self.entries.len()));
        for entry in &self.entries {
            out.extend(number(entry.demand));
            out.extend([entry.space.number(), entry.kind.number()]);
            for text in [entry.limit.as_bytes(), entry.key.as_bytes()] {
                out.extend(number(text.len()));
                out.extend(text);
            }
            let (tag, a, b) = entry.period.numbers();
            out.push(tag);
            out.extend(a.to_le_bytes());
            out.extend(b.to_le_bytes());
            out.extend(entry.cost.to_le_bytes());
        }
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    ///
    /// When the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAReservation> {
        let mut reader = Bytes(bytes);
        let reservation = reader.reservation().ok_or(NotAReservation)?;
        // There is one way to write each.
        if reader.0.is_empty() { Ok(reservation) } else { Err(NotAReservation) }
    }
}

fn number(value: usize) -> [u8; 4] {
    // A reservation has at most 64 entries, and keys and names are short.
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn number(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.take()?)).ok()
    }

    fn text(&mut self, most: usize) -> Option<&'a str> {
        let length = self.number().filter(|length| *length <= most)?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn reservation(&mut self) -> Option<Reservation> {
        (self.byte()? == 1).then_some(())?;
        let id = ReservationId(u128::from_le_bytes(self.take()?));
        let digest = Digest(u128::from_le_bytes(self.take()?));
        let expires = Time::from_micros(i64::from_le_bytes(self.take()?));
        let count = self.number().filter(|count| *count <= MAX_TAKES)?;
        let mut entries = SmallVec::with_capacity(count);
        for _ in 0..count {
            entries.push(self.entry()?);
        }
        Some(Reservation { id, digest, expires, entries })
    }

    fn entry(&mut self) -> Option<Reserved> {
        let demand = self.number()?;
        let space = Space::from_number(self.byte()?)?;
        let kind = Kind::from_number(self.byte()?)?;
        let limit = self.text(MAX_NAME)?.into();
        let key = Key::parse(self.text(crate::key::MAX_KEY)?)?;
        let (tag, a, b) = (self.byte()?, self.u64()?, self.u64()?);
        let period = Period::from_numbers(tag, a, b)?;
        Some(Reserved { demand, space, kind, limit, key, period, cost: self.u64()? })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = Reserved> {
        let space = prop_oneof![Just(Space::Live), Just(Space::Shadow)];
        let kinds = [Kind::Budget, Kind::Quota, Kind::Rate, Kind::Concurrency, Kind::Open];
        let time = any::<i64>().prop_map(Time::from_micros);
        let period = prop_oneof![
            (time.clone(), time).prop_filter_map("in order", |(start, end)| {
                (start < end).then_some(Period::Interval { start, end })
            }),
            (1..=u64::MAX).prop_map(|length| Period::Sliding { length }),
            (1..=u64::MAX).prop_map(|period| Period::Bucket { period }),
            Just(Period::Open),
        ];
        let parts = prop::collection::vec("\\PC{0,9}", 0..4);
        (0..64_usize, space, 0..5_usize, "\\PC{0,20}", parts, period, any::<u64>()).prop_map(
            move |(demand, space, kind, limit, parts, period, cost)| Reserved {
                demand,
                space,
                kind: kinds[kind],
                limit: limit.into(),
                key: Key::new(parts.iter().map(String::as_str)).unwrap(),
                period,
                cost,
            },
        )
    }

    fn reservation() -> impl Strategy<Value = Reservation> {
        (any::<u128>(), any::<u128>(), any::<i64>(), prop::collection::vec(entry(), 0..5)).prop_map(
            |(id, digest, expires, entries)| Reservation {
                id: ReservationId(id),
                digest: Digest(digest),
                expires: Time::from_micros(expires),
                entries: entries.into(),
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        /// What is written is read; what is cut short or goes on is refused; any other bytes are refused, or are the only
        /// way to write what they say.
        #[test]
        fn bytes_are_one_reservation_or_none(reservation in reservation(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = reservation.to_bytes();
            prop_assert_eq!(Reservation::from_bytes(&bytes), Ok(reservation));
            let cut = at.index(bytes.len());
            prop_assert_eq!(Reservation::from_bytes(&bytes[..cut]), Err(NotAReservation));
            bytes[cut] = byte;
            if let Ok(other) = Reservation::from_bytes(&bytes) {
                prop_assert_eq!(other.to_bytes(), bytes.clone());
            }
            bytes.push(byte);
            prop_assert!(Reservation::from_bytes(&bytes).is_err());
        }
    }
}
