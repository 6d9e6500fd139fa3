//! One breaker.

use smallvec::SmallVec;

use super::{CallOutcome, Cause, Pass, Position, Rule};
use crate::time::Time;
use crate::units::Share;

/// Slices of a window.
const SLICES: usize = 10;

#[derive(Clone, Copy, Default)]
struct Slice {
    /// Which slice since 1970.
    number: i64,
    calls: u32,
    failed: u32,
    slow: u32,
}

#[derive(Default)]
pub(super) struct Machine {
    /// How often the state has changed.
    epoch: u64,
    state: State,
    /// The last time of a report.
    used: Time,
    /// The window of the rule that reported last.
    window: u64,
}

enum State {
    Closed {
        slices: [Slice; SLICES],
        in_a_row: u32,
    },
    Open {
        until: Time,
    },
    /// `out`: the probes under way and when each is given up.
    HalfOpen {
        passed: u32,
        out: SmallVec<[(u64, Time); 2]>,
        next: u64,
    },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { slices: [Slice::default(); SLICES], in_a_row: 0 }
    }
}

impl Machine {
    pub(super) fn position(&self, now: Time) -> Position {
        match &self.state {
            State::Closed { .. } => Position::Closed,
            State::Open { until } if now < *until => Position::Open,
            State::Open { .. } | State::HalfOpen { .. } => Position::HalfOpen,
        }
    }

    /// True when a new breaker would say the same.
    pub(super) fn is_idle(&self, now: Time) -> bool {
        matches!(self.state, State::Closed { .. }) && now.since(self.used) > self.window
    }

    pub(super) fn ask(&mut self, rule: &Rule, now: Time) -> Result<Pass, (Cause, Option<u64>)> {
        if let State::Open { until } = self.state {
            if now < until {
                return Err((Cause::Open, Some(until.since(now))));
            }
            self.turn(State::HalfOpen { passed: 0, out: SmallVec::new(), next: 0 });
        }
        let epoch = self.epoch;
        let State::HalfOpen { passed, out, next } = &mut self.state else { return Ok(Pass { epoch, probe: None }) };
        out.retain(|(_, ends)| now < *ends);
        let under_way = u32::try_from(out.len()).unwrap_or(u32::MAX);
        if passed.saturating_add(under_way) >= rule.probes.max(1) {
            let first = out.iter().map(|(_, ends)| ends.since(now)).min();
            return Err((Cause::Probing, first));
        }
        *next += 1;
        out.push((*next, now.plus(rule.probe_timeout)));
        Ok(Pass { epoch, probe: Some(*next) })
    }

    /// What [`ask`](Self::ask) would refuse with.
    pub(super) fn stops(&self, rule: &Rule, now: Time) -> Option<(Cause, Option<u64>)> {
        match &self.state {
            State::Closed { .. } => None,
            State::Open { until } => (now < *until).then(|| (Cause::Open, Some(until.since(now)))),
            State::HalfOpen { passed, out, .. } => {
                let under_way = || out.iter().filter(|(_, ends)| now < *ends).map(|(_, ends)| ends.since(now));
                let taken = passed.saturating_add(u32::try_from(under_way().count()).unwrap_or(u32::MAX));
                (taken >= rule.probes.max(1)).then(|| (Cause::Probing, under_way().min()))
            }
        }
    }

    pub(super) fn observe(&mut self, rule: &Rule, pass: Pass, outcome: CallOutcome, now: Time) {
        (self.used, self.window) = (now, rule.window);
        // What was let through before the state changed says nothing about now.
        let closed = matches!(self.state, State::Closed { .. });
        if pass.epoch != self.epoch && !(pass == Pass::ELSEWHERE && closed) {
            return;
        }
        let slow = matches!(outcome, CallOutcome::Success(took) if rule.slow.is_some_and(|(most, _)| took > most));
        let failed = outcome == CallOutcome::Failure;
        match &mut self.state {
            State::Open { .. } => {}
            State::HalfOpen { passed, out, .. } => {
                // Reported twice, or given up: another may have taken its place.
                let Some(place) = out.iter().position(|(number, _)| Some(*number) == pass.probe) else { return };
                out.swap_remove(place);
                if failed || slow {
                    self.turn(State::Open { until: now.plus(rule.open) });
                } else if outcome != CallOutcome::Ignored {
                    *passed += 1;
                    if *passed >= rule.probes.max(1) {
                        self.turn(State::default());
                    }
                }
            }
            State::Closed { slices, in_a_row } => {
                if outcome == CallOutcome::Ignored {
                    return;
                }
                *in_a_row = if failed { in_a_row.saturating_add(1) } else { 0 };
                count(slices, rule.window, now, failed, slow);
                let too_many = rule.in_a_row.is_some_and(|most| *in_a_row >= most.max(1));
                if too_many || is_bad(slices, rule, now) {
                    self.turn(State::Open { until: now.plus(rule.open) });
                }
            }
        }
    }

    /// Opens.
    pub(super) fn trip(&mut self, rule: &Rule, now: Time) {
        (self.used, self.window) = (now, rule.window);
        self.turn(State::Open { until: now.plus(rule.open) });
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }
}

fn number(window: u64, now: Time) -> i64 {
    let width = i64::try_from(window.div_ceil(SLICES as u64)).unwrap_or(i64::MAX).max(1);
    now.micros().div_euclid(width)
}

fn count(slices: &mut [Slice; SLICES], window: u64, now: Time, failed: bool, slow: bool) {
    let number = number(window, now);
    let index = usize::try_from(number.rem_euclid(SLICES as i64)).unwrap_or(0);
    let Some(slice) = slices.get_mut(index) else { return };
    if slice.number != number {
        *slice = Slice { number, ..Slice::default() };
    }
    slice.calls = slice.calls.saturating_add(1);
    slice.failed = slice.failed.saturating_add(u32::from(failed));
    slice.slow = slice.slow.saturating_add(u32::from(slow));
}

fn is_bad(slices: &[Slice; SLICES], rule: &Rule, now: Time) -> bool {
    let first = number(rule.window, now).saturating_sub(SLICES as i64 - 1);
    let (mut calls, mut failed, mut slow) = (0_u64, 0_u64, 0_u64);
    for slice in slices.iter().filter(|slice| slice.number >= first) {
        calls += u64::from(slice.calls);
        failed += u64::from(slice.failed);
        slow += u64::from(slice.slow);
    }
    let above = |count: u64, share: Share| count > share.floor_of(calls);
    calls >= u64::from(rule.calls.max(1))
        && (rule.failures.is_some_and(|share| above(failed, share))
            || rule.slow.is_some_and(|(_, share)| above(slow, share)))
}
