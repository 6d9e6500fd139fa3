//! Taking the time.
//!
//! The clock is the thread's own CPU time, so a neighbour on the machine does not count, only what it does to the caches.
//! Contenders take turns in rounds, so a slow minute hits all of them; of the rounds the median and the minimum remain.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::allocations::Allocations;

/// How long one turn lasts.
pub const TURN: Duration = Duration::from_millis(20);

/// The CPU time of this thread.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Nanoseconds per call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nanoseconds {
    /// Of the rounds, the middle one.
    pub median: f64,
    /// Of the rounds, the fastest.
    pub minimum: f64,
}

impl Nanoseconds {
    /// The summary of `rounds`.
    ///
    /// # Panics
    ///
    /// If there are no rounds.
    pub fn of(mut rounds: Vec<f64>) -> Self {
        rounds.sort_by(f64::total_cmp);
        Self { median: rounds[rounds.len() / 2], minimum: rounds[0] }
    }
}

/// What one contender's calls cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// The time of a call.
    pub time: Nanoseconds,
    /// Allocations a call, at the end of all rounds, when reused memory has grown to its size.
    pub allocations: f64,
}

/// A call that takes turns with others.
pub type Call<'c> = Box<dyn FnMut() + 'c>;

/// Lets `calls` take turns of about `turn` for `rounds` rounds.
pub fn interleaved(calls: Vec<Call<'_>>, turn: Duration, rounds: usize) -> Vec<Cost> {
    let costs = turns(calls, turn, rounds).into_iter();
    costs.map(|(times, allocations)| Cost { time: Nanoseconds::of(times), allocations }).collect()
}

/// As [`interleaved`]: for each call its nanoseconds in each turn, and its allocations.
pub fn turns(mut calls: Vec<Call<'_>>, turn: Duration, rounds: usize) -> Vec<(Vec<f64>, f64)> {
    let batches: Vec<u32> = calls.iter_mut().map(|call| batch(call, turn)).collect();
    let mut costs = vec![(Vec::with_capacity(rounds), 0.0); calls.len()];
    for _ in 0..rounds {
        for ((call, batch), (times, allocations)) in calls.iter_mut().zip(&batches).zip(&mut costs) {
            let before = Allocations::now().calls;
            let start = cpu_time();
            for _ in 0..*batch {
                call();
            }
            let elapsed = cpu_time().saturating_sub(start);
            let calls = f64::from(*batch);
            times.push(elapsed.as_nanos() as f64 / calls);
            *allocations = (Allocations::now().calls - before) as f64 / calls;
        }
    }
    costs
}

/// How many calls fill a turn; warms the caches up on the way.
fn batch(call: &mut dyn FnMut(), turn: Duration) -> u32 {
    let mut batch = 1;
    loop {
        let start = cpu_time();
        for _ in 0..batch {
            call();
        }
        let elapsed = cpu_time().saturating_sub(start);
        if elapsed * 4 >= turn {
            let fitting = f64::from(batch) * turn.as_secs_f64() / elapsed.as_secs_f64().max(1e-9);
            return (fitting as u32).max(1);
        }
        batch *= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_minimum_are_of_the_rounds() {
        let summary = Nanoseconds::of(vec![3.0, 1.0, 2.0, 9.0, 8.0]);
        assert_eq!(summary, Nanoseconds { median: 3.0, minimum: 1.0 });
    }

    #[test]
    fn slower_calls_cost_more() {
        let spin = |steps: u64| {
            move || {
                (0..steps).for_each(|step| _ = std::hint::black_box(step));
            }
        };
        let calls: Vec<Call<'_>> = vec![Box::new(spin(100)), Box::new(spin(10_000))];
        let costs = interleaved(calls, Duration::from_micros(200), 3);
        assert!(costs[1].time.median > 10.0 * costs[0].time.median, "{costs:?}");
    }
}
