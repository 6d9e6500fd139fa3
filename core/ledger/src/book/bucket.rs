//! A token bucket as a meter: GCRA in its leaking form. What is used is the level; it drains evenly.

use crate::time::Time;
use crate::units::saturate;

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) period: u64,
    pub(super) level: u64,
    /// The time of the level.
    pub(super) at: Time,
    /// How much drains each period: what was last asked for.
    pub(super) refill: u64,
}

impl Bucket {
    pub(super) const fn new(period: u64, now: Time) -> Self {
        Self { period, level: 0, at: now, refill: 0 }
    }

    pub(super) const fn level(&self) -> u64 {
        self.level
    }

    pub(super) const fn period(&self) -> u64 {
        self.period
    }

    /// Lets drain what has drained since the last time. Only whole units do; the time that they took, rounded up, is spent,
    /// and the rest of it counts for the next unit. So no fraction is ever given twice.
    pub(super) fn drain(&mut self, now: Time) {
        let elapsed = u128::from(now.since(self.at));
        let units = saturate(elapsed * u128::from(self.refill) / u128::from(self.period.max(1)));
        if units >= self.level {
            self.level = 0;
            self.at = self.at.max(now);
        } else if units > 0 {
            self.level -= units;
            self.at = self.at.plus(self.time_for(units, self.refill).unwrap_or(0));
        }
    }

    /// Microseconds that so many units take to drain; `None`: for ever.
    fn time_for(&self, units: u64, refill: u64) -> Option<u64> {
        (refill > 0).then(|| saturate((u128::from(units) * u128::from(self.period)).div_ceil(u128::from(refill))))
    }

    pub(super) fn add(&mut self, units: u64, refill: u64, now: Time) {
        // What drained until now did so at the old speed.
        self.drain(now);
        self.refill = refill;
        self.level = self.level.saturating_add(units);
    }

    /// The caller has let it drain first.
    pub(super) fn correct(&mut self, from: u64, to: u64) {
        self.level =
            if to >= from { self.level.saturating_add(to - from) } else { self.level.saturating_sub(from - to) };
    }

    pub(super) fn wait(&self, target: u64, refill: u64, now: Time) -> Option<u64> {
        let time = self.time_for(self.level.saturating_sub(target), refill)?;
        Some(time.saturating_sub(now.since(self.at)))
    }
}
