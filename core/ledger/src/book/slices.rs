//! A sliding window: sums over slices of a sixtieth of its length, the one under way and the sixty before it.
//!
//! The window of exactly the length that ends now lies within these slices. So what it holds is never more than what is
//! counted here, and what is counted is at most what a window longer by a sixtieth holds.

use crate::time::Time;

/// Whole slices in a window.
const WHOLE: i64 = 60;
/// With the one that is under way.
pub(super) const SLICES: i64 = WHOLE + 1;

#[derive(Clone, Debug)]
pub(super) struct Slices {
    pub(super) length: u64,
    /// Microseconds a slice.
    pub(super) width: i64,
    /// The slice that is under way, counted from 1970.
    pub(super) head: i64,
    pub(super) used: u64,
    /// Slice `i` is at `i mod 61`.
    pub(super) sums: [u64; SLICES as usize],
}

impl Slices {
    pub(super) fn new(length: u64) -> Self {
        let width = i64::try_from(length.div_ceil(WHOLE.unsigned_abs())).unwrap_or(i64::MAX).max(1);
        Self { length, width, head: i64::MIN, used: 0, sums: [0; SLICES as usize] }
    }

    pub(super) const fn used(&self) -> u64 {
        self.used
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    fn slice(&mut self, index: i64) -> Option<&mut u64> {
        self.sums.get_mut(usize::try_from(index.rem_euclid(SLICES)).ok()?)
    }

    pub(super) fn advance(&mut self, now: Time) {
        let head = now.micros().div_euclid(self.width);
        if head <= self.head {
            return;
        }
        if head.saturating_sub(self.head) >= SLICES {
            self.sums = [0; SLICES as usize];
            self.used = 0;
        } else {
            for index in self.head + 1..=head {
                let left = self.slice(index).map_or(0, std::mem::take);
                self.used = self.used.saturating_sub(left);
            }
        }
        self.head = head;
    }

    pub(super) fn add(&mut self, units: u64, now: Time) -> i64 {
        self.advance(now);
        let head = self.head;
        self.correct(0, units, head);
        head
    }

    /// What is no longer in the window is not counted again.
    pub(super) fn correct(&mut self, from: u64, to: u64, index: i64) {
        if index > self.head || self.head.saturating_sub(index) >= SLICES {
            return;
        }
        // The total follows what the slice really took, so that the two agree also where a sum saturates.
        let Some(slice) = self.slice(index) else { return };
        let before = *slice;
        let after = before.saturating_sub(from).saturating_add(to);
        *slice = after;
        self.used = self.used.saturating_sub(before).saturating_add(after);
    }

    pub(super) fn wait(&self, target: u64, now: Time) -> Option<u64> {
        let mut used = self.used;
        for index in self.head.saturating_sub(WHOLE)..=self.head {
            if used <= target {
                break;
            }
            used = used.saturating_sub(*self.sums.get(usize::try_from(index.rem_euclid(SLICES)).ok()?)?);
            if used <= target {
                let gone = index.checked_add(SLICES)?.checked_mul(self.width)?;
                return Some(Time::from_micros(gone).since(now));
            }
        }
        None
    }
}
