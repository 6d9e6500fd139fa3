//! A book as bytes, for stores that keep rows.
//!
//! Version 1: `1`, then 64-bit little-endian words: reserved, settled, reported marks, when they are reported anew; a tag for the
//! meter, and its numbers.

use std::fmt;

use super::bucket::Bucket;
use super::slices::{SLICES, Slices};
use super::{Book, Meter, Position};
use crate::time::Time;

/// These bytes are no book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotABook;

impl fmt::Display for NotABook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes are no book of this version")
    }
}

impl std::error::Error for NotABook {}

impl Position {
    /// The position as a number, to keep it.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The position that was this number.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }
}

impl Book {
    /// The book as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let signed = i64::cast_unsigned;
        let mut words = vec![self.reserved, self.settled, u64::from(self.reported), signed(self.report_again.micros())];
        match &self.meter {
            Meter::Sum { end } => words.extend([0, signed(end.micros())]),
            Meter::Slices(slices) => {
                words.extend([1, slices.length, signed(slices.head)]);
                words.extend(slices.sums);
            }
            Meter::Bucket(bucket) => {
                words.extend([2, bucket.period, bucket.level, signed(bucket.at.micros()), bucket.refill]);
            }
            Meter::Reserved => words.push(3),
        }
        let mut out = vec![1];
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        out
    }

    /// Reads what [`Book::to_bytes`] wrote.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotABook> {
        let Some((1, rest)) = bytes.split_first() else { return Err(NotABook) };
        let (words, []) = rest.as_chunks::<8>() else { return Err(NotABook) };
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let [reserved, settled, reported, report_again, tag, rest @ ..] = words.as_slice() else {
            return Err(NotABook);
        };
        let time = |word: &u64| Time::from_micros(word.cast_signed());
        let meter = match (tag, rest) {
            (0, [end]) => Meter::Sum { end: time(end) },
            (1, [length, head, sums @ ..]) => {
                let mut slices = Slices::new(*length);
                slices.head = head.cast_signed();
                slices.sums = <[u64; SLICES as usize]>::try_from(sums).map_err(|_| NotABook)?;
                slices.used = slices.sums.iter().fold(0, |sum: u64, slice| sum.saturating_add(*slice));
                Meter::Slices(Box::new(slices))
            }
            (2, [period, level, at, refill]) => {
                Meter::Bucket(Bucket { period: *period, level: *level, at: time(at), refill: *refill })
            }
            (3, []) => Meter::Reserved,
            _ => return Err(NotABook),
        };
        let reported = u16::try_from(*reported).map_err(|_| NotABook)?;
        Ok(Self { reserved: *reserved, settled: *settled, meter, reported, report_again: time(report_again) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Ask;
    use super::*;
    use crate::window::Period;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        /// A book that is kept goes on as one that stays; what is cut short is refused, and other bytes never panic.
        #[test]
        fn bytes_are_one_book_or_none(
            window in 0..4_usize,
            steps in prop::collection::vec((0..50_u64, 0..40_000_000_u64), 0..20),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut now = Time::from_micros(1_790_000_000_000_000);
            let minute = 60_000_000;
            let interval = Period::Interval { start: now, end: now.plus(10 * minute) };
            let windows = [interval, Period::Sliding { length: minute }, Period::Bucket { period: minute }, Period::Open];
            let mut book = Book::new(windows[window], now);
            for (cost, wait) in steps {
                now = now.plus(wait);
                let ask = Ask { cost, ceiling: None, refill: 7 };
                book.advance(now);
                let mut kept = Book::from_bytes(&book.to_bytes()).unwrap();
                for book in [&mut book, &mut kept] {
                    let position = book.reserve(&ask, now);
                    book.report(&[3, 20], 0, 1, now);
                    if cost % 3 == 0 {
                        book.close(cost, cost / 2, Position::from_number(position.number()));
                    }
                }
                prop_assert_eq!(format!("{book:?}"), format!("{kept:?}"));
            }
            let mut bytes = book.to_bytes();
            let cut = at.index(bytes.len());
            prop_assert!(Book::from_bytes(&bytes[..cut]).is_err());
            bytes[cut] = byte;
            if let Ok(mut other) = Book::from_bytes(&bytes) {
                other.advance(now.plus(1));
            }
        }
    }
}
