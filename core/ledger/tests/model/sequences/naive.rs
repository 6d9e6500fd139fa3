//! A ledger that keeps nothing but the list of what happened, and adds everything up again whenever it is asked.

use llm_policy_ledger::{Kind, Limit, OnExpiry, Period, Space, Time, Window};

/// What became of a reservation.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Open,
    /// Actual costs by demand.
    Settled(Vec<u64>),
    Released,
    Expired,
}

/// When something happened, and as the how-manieth.
pub type Moment = (Time, usize);

#[derive(Clone, Debug)]
pub struct Line {
    pub demand: usize,
    pub limit: usize,
    /// 0 or 1; of `max_open`, the principal.
    pub key: usize,
    pub period: Period,
    pub cost: u64,
    /// It counts towards `max_open`, not towards the limit.
    pub open: bool,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Moment,
    pub expires: Time,
    /// When it left the open state.
    pub closed: Option<Moment>,
    /// When it was settled although it had expired.
    pub late: Option<Moment>,
    pub fate: Fate,
    pub lines: Vec<Line>,
}

/// A change of a bucket's level: when, from what, to what, and the refill from then on.
#[derive(Clone, Copy, Debug)]
struct Event {
    at: Moment,
    from: u64,
    to: u64,
    refill: Option<u64>,
}

pub struct Naive<'a> {
    pub limits: &'a [Limit],
    pub amounts: Vec<u64>,
    /// The latest time of any step.
    pub now: Time,
    /// How many things have happened.
    pub happened: usize,
    pub book: Vec<Entry>,
    /// (limit, key, period, step) that were reported.
    pub reported: Vec<(usize, usize, Period, usize)>,
}

impl Naive<'_> {
    /// Time goes on, and what is due expires.
    pub fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
        for entry in &mut self.book {
            if entry.fate == Fate::Open && entry.expires <= self.now {
                entry.fate = Fate::Expired;
                entry.closed = Some((self.now, self.happened));
                self.happened += 1;
            }
        }
    }

    pub fn moment(&mut self) -> Moment {
        self.happened += 1;
        (self.now, self.happened - 1)
    }

    /// What a line counts for.
    fn counts(&self, entry: &Entry, line: &Line) -> u64 {
        self.counts_as(&entry.fate, line)
    }

    fn counts_as(&self, fate: &Fate, line: &Line) -> u64 {
        let limit = &self.limits[line.limit];
        let open_only = line.open || limit.kind() == Kind::Concurrency;
        match fate {
            Fate::Open => line.cost,
            _ if open_only => 0,
            Fate::Settled(actuals) => actuals[line.demand],
            Fate::Released => 0,
            Fate::Expired if limit.expiry() == OnExpiry::Release => 0,
            Fate::Expired => line.cost,
        }
    }

    fn lines(&self, limit: usize, key: usize, open: bool) -> impl Iterator<Item = (&Entry, &Line)> {
        self.book
            .iter()
            .flat_map(|entry| entry.lines.iter().map(move |line| (entry, line)))
            .filter(move |(_, line)| line.limit == limit && line.key == key && line.open == open)
    }

    /// What is reserved on an account.
    pub fn reserved(&self, limit: usize, key: usize, period: Period) -> u64 {
        self.lines(limit, key, false)
            .filter(|(entry, line)| line.period == period && entry.fate == Fate::Open)
            .map(|(_, line)| line.cost)
            .sum()
    }

    /// Open reservations of a principal on a limit.
    pub fn open(&self, limit: usize, principal: usize) -> u64 {
        self.lines(limit, principal, true).filter(|(entry, _)| entry.fate == Fate::Open).count() as u64
    }

    /// What is used of a limit, buckets aside.
    pub fn used(&self, limit: usize, key: usize, period: Period) -> u64 {
        let slice = |time: Time, length: u64| time.micros().div_euclid(length.div_ceil(60) as i64);
        self.lines(limit, key, false)
            .filter(|(entry, line)| {
                line.period == period
                    && match period {
                        Period::Sliding { length } => slice(entry.at.0, length) >= slice(self.now, length) - 60,
                        _ => true,
                    }
            })
            .map(|(entry, line)| self.counts(entry, line))
            .sum()
    }

    /// What the window of exactly the length holds.
    pub fn used_exactly(&self, limit: usize, key: usize, length: u64) -> u64 {
        self.lines(limit, key, false)
            .filter(|(entry, _)| entry.at.0.micros() > self.now.micros() - length as i64)
            .map(|(entry, line)| self.counts(entry, line))
            .sum()
    }

    /// The level of a bucket, in units times the period: without any rounding.
    pub fn level(&self, limit: usize, key: usize, period: u64) -> u128 {
        let mut events = Vec::new();
        for (entry, line) in self.lines(limit, key, false) {
            events.push(Event { at: entry.at, from: 0, to: line.cost, refill: Some(self.amounts[limit]) });
            let Some(closed) = entry.closed else { continue };
            let mut charged = self.counts(entry, line);
            if let Some(late) = entry.late {
                let at_expiry = self.counts_as(&Fate::Expired, line);
                events.push(Event { at: late, from: at_expiry, to: charged, refill: None });
                charged = at_expiry;
            }
            events.push(Event { at: closed, from: line.cost, to: charged, refill: None });
        }
        events.sort_by_key(|event| event.at.1);
        let (mut level, mut at, mut refill) = (0_u128, Time::MIN, 0_u128);
        for event in events {
            level = level.saturating_sub(u128::from(event.at.0.since(at)) * refill);
            level = (level + u128::from(event.to) * u128::from(period))
                .saturating_sub(u128::from(event.from) * u128::from(period));
            at = event.at.0;
            refill = event.refill.map_or(refill, u128::from);
        }
        level.saturating_sub(u128::from(self.now.since(at)) * refill)
    }

    /// Whether a demand has room: `None` when that hangs on how a bucket rounds.
    pub fn fits(&self, limit: usize, key: usize, cost: u64) -> Option<bool> {
        let definition = &self.limits[limit];
        let Some(ceiling) = definition.ceiling(self.amounts[limit], false) else { return Some(true) };
        match definition.window() {
            Window::Bucket { period, .. } => {
                let unit = u128::from(*period);
                let after = self.level(limit, key, *period) + u128::from(cost) * unit;
                let most = u128::from(ceiling) * unit;
                if after > most {
                    Some(false)
                } else if after + unit + unit / 1000 < most {
                    Some(true)
                } else {
                    None
                }
            }
            _ => Some(self.used(limit, key, definition.period(self.now).unwrap()) + cost <= ceiling),
        }
    }

    /// True for limits that are enforced.
    pub fn live(&self, limit: usize) -> bool {
        self.limits[limit].space() == Space::Live
    }
}
