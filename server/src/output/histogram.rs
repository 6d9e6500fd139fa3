//! Times, counted in buckets that grow with them, and drawn in the terminal.

use super::{style, units};

/// Buckets for each doubling: a time is known to within 1/128 of itself.
const SUB_BUCKETS: u64 = 128;
/// Enough for all of `u64`.
const BUCKETS: usize = 58 * 128;

/// Counts of times in tenths of a nanosecond.
#[derive(Clone)]
pub struct Times {
    counts: Vec<u64>,
    total: u64,
    max: u64,
    sum: u128,
}

impl Default for Times {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0, max: 0, sum: 0 }
    }
}

/// The bucket of a time: exact below `SUB_BUCKETS`, then `SUB_BUCKETS` for each doubling.
fn bucket(time: u64) -> usize {
    let shift = (64 - time.leading_zeros()).saturating_sub(8);
    (u64::from(shift) * SUB_BUCKETS + (time >> shift)) as usize
}

/// The middle of a bucket, in tenths of a nanosecond.
fn middle(bucket: usize) -> f64 {
    let bucket = bucket as u64;
    if bucket < 2 * SUB_BUCKETS {
        return bucket as f64;
    }
    let shift = bucket / SUB_BUCKETS - 1;
    let start = (bucket - shift * SUB_BUCKETS) << shift;
    start as f64 + (1_u64 << shift) as f64 / 2.0
}

impl Times {
    /// Counts a time in tenths of a nanosecond.
    pub fn add(&mut self, time: u64) {
        if let Some(count) = self.counts.get_mut(bucket(time)) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(time);
        self.sum += u128::from(time);
    }

    /// Adds the counts of another thread.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }

    /// How many times were counted.
    pub fn len(&self) -> u64 {
        self.total
    }

    /// The longest, in nanoseconds.
    pub fn max(&self) -> f64 {
        self.max as f64 / 10.0
    }

    /// The mean, in nanoseconds.
    pub fn mean(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.sum as f64 / self.total as f64 / 10.0 }
    }

    /// The time that this share of all times is not longer than, in nanoseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let wanted = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return (middle(at) / 10.0).min(self.max());
            }
        }
        self.max()
    }

    /// Bars from the fastest to the 99th percentile, and one for what is slower.
    pub fn draw(&self) -> Vec<String> {
        const ROWS: usize = 12;
        const WIDTH: f64 = 44.0;
        if self.total == 0 {
            return Vec::new();
        }
        let low = self.percentile(0.0);
        let high = self.percentile(0.99).max(low * 1.05).max(low + 1.0);
        let step = (high / low.max(0.1)).powf(1.0 / ROWS as f64);
        let mut rows = [0_u64; ROWS + 1];
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let row = ((middle(at) / 10.0 / low.max(0.1)).ln() / step.ln()).floor().max(0.0) as usize;
            if let Some(sum) = rows.get_mut(row.min(ROWS)) {
                *sum += count;
            }
        }
        let most = rows.iter().copied().max().unwrap_or(1).max(1) as f64;
        let mut lines = Vec::new();
        for (at, count) in rows.iter().enumerate() {
            let share = *count as f64 / self.total as f64;
            if at == ROWS && *count == 0 {
                continue;
            }
            let label = match at {
                ROWS => format!("> {}", units::time(high)),
                _ => format!("≤ {}", units::time(low * step.powi(at as i32 + 1))),
            };
            let bar = bar(*count as f64 / most * WIDTH);
            let label = style::quiet(format!("{label:>11}"));
            lines.push(match count {
                0 => label,
                _ => format!("{label}  {} {}", style::name(bar), style::quiet(format!("{:.1} %", share * 100.0))),
            });
        }
        lines
    }
}

/// A bar of eighths of a column, at least one.
fn bar(length: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = ((length * 8.0).round() as usize).max(1);
    let rest = EIGHTHS.get(eighths % 8).copied().unwrap_or_default();
    format!("{}{rest}", "█".repeat(eighths / 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_keep_times_within_a_hundredth() {
        let mut last = 0;
        for time in (0..4000).chain((12..60).map(|bit| (1 << bit) + 12_345)) {
            let at = bucket(time);
            assert!(at < BUCKETS && at >= last, "{time}");
            last = at;
            assert!((middle(at) - time as f64).abs() <= time as f64 / 100.0, "{time} {}", middle(at));
        }
        assert!(bucket(u64::MAX) < BUCKETS);
    }

    #[test]
    fn percentiles() {
        let mut times = Times::default();
        (1..=1000).for_each(|time| times.add(time * 10));
        for (share, wanted) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = times.percentile(share);
            assert!((found - wanted).abs() < wanted / 100.0, "{share}: {found}");
        }
        assert_eq!(times.max(), 1000.0);
        assert_eq!(times.mean(), 500.5);
        assert!(!times.draw().is_empty());
        assert!(Times::default().draw().is_empty());
    }
}
