//! One shard: accounts, the reservations on them, and what is due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use hashbrown::{HashMap, HashTable};
use slab::Slab;
use smallvec::SmallVec;

use crate::book::{Book, Position};
use crate::inspect::Listed;
use crate::key::Key;
use crate::limit::{Kind, OnExpiry, Space};
use crate::store::{Account, Digest, ReservationId, State};
use crate::time::Time;
use crate::window::Period;

/// How many reservations that have expired a shard keeps for those who settle late.
const EXPIRED: usize = 1024;

/// Places for closed reservations that a shard remembers.
const CLOSED: usize = 256;

/// Open reservations for each account that there may be.
const OPEN: usize = 16;

/// Microseconds between two sweeps of a whole shard.
const SWEEP_AGAIN: u64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Owned {
    hash: u64,
    space: Space,
    kind: Kind,
    limit: Box<str>,
    key: Key,
    period: Period,
    /// Reservations that refer to this account: it stays as long as there is one.
    pins: u32,
    /// Of the last take.
    pub(super) capacity: u64,
    pub(super) book: Book,
}

impl Owned {
    pub(super) fn is(&self, account: &Account<'_>) -> bool {
        self.period == account.period
            && self.space == account.space
            && self.kind == account.kind
            && *self.limit == *account.limit
            && self.key == *account.key
    }
}

/// What one reservation took from one account of this shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) account: usize,
    pub(super) cost: u64,
    pub(super) position: Position,
    pub(super) on_expiry: OnExpiry,
}

impl Entry {
    /// What expiry charges.
    pub(super) const fn at_expiry(&self) -> u64 {
        match self.on_expiry {
            OnExpiry::Charge => self.cost,
            OnExpiry::Release => 0,
        }
    }
}

/// The part of a reservation that is in this shard.
#[derive(Debug)]
pub(super) struct Hold {
    pub(super) digest: Digest,
    pub(super) state: State,
    pub(super) expires: Time,
    pub(super) entries: SmallVec<[Entry; 2]>,
    /// How many accounts it was taken from in all shards.
    pub(super) accounts: usize,
}

/// Ids are given out by ourselves: multiplying spreads them.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u128(u128::from(*byte));
        }
    }

    fn write_u128(&mut self, id: u128) {
        let [low, high] = [id & u128::from(u64::MAX), id >> 64].map(|half| u64::try_from(half).unwrap_or(0));
        let mixed = (self.0 ^ high.rotate_left(32) ^ low).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

#[derive(Debug)]
pub(super) struct Shard {
    /// The latest time of any step here. It never goes back.
    now: Time,
    /// The most accounts.
    capacity: usize,
    accounts: Slab<Owned>,
    index: HashTable<usize>,
    /// Where the next accounts are looked at that may be over.
    cursor: usize,
    /// When all accounts were looked at last.
    swept: Time,
    holds: HashMap<ReservationId, Hold, BuildHasherDefault<IdHasher>>,
    live: usize,
    /// When holds end, earliest first; also of such as were closed or extended since.
    due: BinaryHeap<Reverse<(Time, ReservationId)>>,
    /// Holds that have expired, oldest first; also of such as were settled since.
    expired: VecDeque<ReservationId>,
    /// How the last ones were closed, each at the place that its id says: an id is remembered until one that has the same
    /// last bits is closed. Ids count up, so that takes as many others as there are places.
    closed: Box<[Option<(ReservationId, State)>]>,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            now: Time::MIN,
            capacity,
            accounts: Slab::new(),
            index: HashTable::new(),
            cursor: 0,
            swept: Time::MIN,
            holds: HashMap::default(),
            live: 0,
            due: BinaryHeap::new(),
            expired: VecDeque::new(),
            closed: vec![None; CLOSED].into(),
        }
    }

    pub(super) const fn now(&self) -> Time {
        self.now
    }

    /// Moves the shard to a time that is not earlier than its own, and closes what is due.
    pub(super) fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
        while let Some(Reverse((expires, id))) = self.due.peek().copied() {
            if expires > self.now {
                break;
            }
            self.due.pop();
            // It may have been closed, or extended, in which case it stands in the queue once more.
            if self.holds.get(&id).is_some_and(|hold| hold.state == State::Reserved && hold.expires == expires) {
                self.close(id, State::Expired, Entry::at_expiry);
            }
        }
    }

    pub(super) fn find(&self, account: &Account<'_>, hash: u64) -> Option<usize> {
        let is = |slot: &usize| self.accounts.get(*slot).is_some_and(|owned| owned.is(account));
        self.index.find(with_period(hash, account.period), is).copied()
    }

    pub(super) fn account(&mut self, slot: usize) -> Option<&mut Owned> {
        self.accounts.get_mut(slot)
    }

    /// True when one more reservation can be kept.
    pub(super) const fn can_keep(&self) -> bool {
        self.live < self.capacity.saturating_mul(OPEN)
    }

    /// True when so many accounts can be opened, or can after sweeping.
    pub(super) fn has_room(&mut self, new: usize) -> bool {
        let fits = |shard: &Self| shard.accounts.len().saturating_add(new) <= shard.capacity;
        // Not at every request of a shard that is full of accounts in use.
        if !fits(self) && self.now.since(self.swept) >= SWEEP_AGAIN {
            self.swept = self.now;
            self.sweep(self.accounts.capacity());
            // What has expired and might be settled late keeps accounts too. New requests go before it.
            if !fits(self) {
                while !self.expired.is_empty() {
                    self.forget();
                }
                self.sweep(self.accounts.capacity());
            }
        }
        fits(self)
    }

    /// The account, opened if it is not there yet.
    pub(super) fn open(&mut self, account: &Account<'_>, hash: u64) -> usize {
        if let Some(slot) = self.find(account, hash) {
            return slot;
        }
        let hash = with_period(hash, account.period);
        let slot = self.accounts.insert(Owned {
            hash,
            space: account.space,
            kind: account.kind,
            limit: account.limit.into(),
            key: account.key.clone(),
            period: account.period,
            pins: 0,
            capacity: 0,
            book: Book::new(account.period, self.now),
        });
        self.index.insert_unique(hash, slot, |slot| self.accounts.get(*slot).map_or(0, |owned| owned.hash));
        slot
    }

    /// Drops accounts that are over, of the next `count` places.
    pub(super) fn sweep(&mut self, count: usize) {
        for _ in 0..count {
            self.cursor = if self.cursor < self.accounts.capacity() { self.cursor } else { 0 };
            let slot = self.cursor;
            self.cursor += 1;
            let Some(owned) = self.accounts.get_mut(slot) else { continue };
            if owned.pins > 0 {
                continue;
            }
            owned.book.advance(self.now);
            if owned.book.is_over(self.now) {
                let hash = owned.hash;
                self.accounts.remove(slot);
                if let Ok(entry) = self.index.find_entry(hash, |found| *found == slot) {
                    entry.remove();
                }
            }
        }
    }

    /// The hold of an id that is open, or has expired.
    pub(super) fn hold(&self, id: ReservationId) -> Option<&Hold> {
        self.holds.get(&id)
    }

    /// The state of an id, if it is remembered.
    pub(super) fn state(&self, id: ReservationId) -> Option<State> {
        match self.holds.get(&id) {
            Some(hold) => Some(hold.state),
            None => {
                self.closed.get(place(id)).copied().flatten().filter(|(other, _)| *other == id).map(|(_, state)| state)
            }
        }
    }

    /// Keeps what was taken here under an id that is not held.
    pub(super) fn keep(&mut self, id: ReservationId, hold: Hold) {
        for entry in &hold.entries {
            if let Some(owned) = self.accounts.get_mut(entry.account) {
                owned.pins = owned.pins.saturating_add(1);
            }
        }
        self.live += 1;
        self.await_end(hold.expires, id);
        self.holds.insert(id, hold);
    }

    pub(super) fn extend(&mut self, id: ReservationId, expires: Time) {
        if let Some(hold) = self.holds.get_mut(&id) {
            hold.expires = expires;
            self.await_end(expires, id);
        }
    }

    fn await_end(&mut self, expires: Time, id: ReservationId) {
        // Most reservations are closed long before they are due. What they leave in the queue may be as much again.
        if self.due.len() > 2 * self.live + 64 {
            let holds = &self.holds;
            let open = |Reverse((expires, id)): &Reverse<(Time, ReservationId)>| {
                holds.get(id).is_some_and(|hold| hold.state == State::Reserved && hold.expires == *expires)
            };
            self.due.retain(open);
        }
        self.due.push(Reverse((expires, id)));
    }

    /// Closes a live hold; `actual` says what each entry is settled with.
    pub(super) fn close(&mut self, id: ReservationId, state: State, mut actual: impl FnMut(&Entry) -> u64) {
        let now = self.now;
        let Some(hold) = self.holds.get_mut(&id).filter(|hold| hold.state == State::Reserved) else { return };
        hold.state = state;
        self.live = self.live.saturating_sub(1);
        for entry in &hold.entries {
            if let Some(owned) = self.accounts.get_mut(entry.account) {
                owned.book.advance(now);
                owned.book.close(entry.cost, actual(entry), entry.position);
            }
        }
        if state == State::Expired {
            // It may still be settled late; until it is forgotten, its accounts stay.
            self.expired.push_back(id);
            if self.expired.len() > EXPIRED {
                self.forget();
            }
        } else {
            self.drop_hold(id, state);
        }
    }

    /// Replaces what expiry charged.
    pub(super) fn settle_late(&mut self, id: ReservationId, mut actual: impl FnMut(&Entry) -> u64) {
        let now = self.now;
        let Some(hold) = self.holds.get(&id).filter(|hold| hold.state == State::Expired) else { return };
        for entry in &hold.entries {
            if let Some(owned) = self.accounts.get_mut(entry.account) {
                owned.book.advance(now);
                owned.book.correct(entry.at_expiry(), actual(entry), entry.position);
            }
        }
        self.drop_hold(id, State::Settled);
    }

    fn forget(&mut self) {
        if let Some(id) = self.expired.pop_front()
            && self.holds.get(&id).is_some_and(|hold| hold.state == State::Expired)
        {
            self.drop_hold(id, State::Expired);
        }
    }

    /// Lets go of a hold and remembers how it ended.
    fn drop_hold(&mut self, id: ReservationId, state: State) {
        let Some(hold) = self.holds.remove(&id) else { return };
        for entry in &hold.entries {
            if let Some(owned) = self.accounts.get_mut(entry.account) {
                owned.pins = owned.pins.saturating_sub(1);
            }
        }
        if let Some(closed) = self.closed.get_mut(place(id)) {
            *closed = Some((id, state));
        }
    }

    pub(super) fn list(&mut self) -> Vec<Listed> {
        let now = self.now;
        let mut open = vec![0_usize; self.accounts.capacity()];
        let live = self.holds.values().filter(|hold| hold.state == State::Reserved);
        for entry in live.flat_map(|hold| &hold.entries) {
            if let Some(open) = open.get_mut(entry.account) {
                *open += 1;
            }
        }
        self.accounts
            .iter_mut()
            .map(|(slot, owned)| {
                owned.book.advance(now);
                Listed {
                    space: owned.space,
                    kind: owned.kind,
                    limit: owned.limit.clone(),
                    key: owned.key.clone(),
                    period: owned.period,
                    capacity: owned.capacity,
                    used: owned.book.used(),
                    reserved: owned.book.reserved(),
                    settled: owned.book.settled(),
                    open: open.get(slot).copied().unwrap_or(0),
                }
            })
            .collect()
    }

    /// How many leases are waited for.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.due.len()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let mut sums: HashMap<usize, (u128, u32), BuildHasherDefault<IdHasher>> = HashMap::default();
        let mut live = 0_usize;
        for hold in self.holds.values() {
            live += usize::from(hold.state == State::Reserved);
            for entry in &hold.entries {
                let (reserved, pins) = sums.entry(entry.account).or_default();
                *reserved += if hold.state == State::Reserved { u128::from(entry.cost) } else { 0 };
                *pins += 1;
            }
        }
        if live != self.live {
            return Err(format!("{live} reservations are live, and {} are counted", self.live));
        }
        if self.index.len() != self.accounts.len() {
            return Err(format!("{} accounts are indexed of {}", self.index.len(), self.accounts.len()));
        }
        for (slot, owned) in &self.accounts {
            let (reserved, pins) = sums.get(&slot).copied().unwrap_or_default();
            if reserved != u128::from(owned.book.reserved()) || pins != owned.pins {
                return Err(format!(
                    "`{}` of {:?} has {} reserved and {} pins; its reservations say {reserved} and {pins}",
                    owned.limit,
                    owned.key,
                    owned.book.reserved(),
                    owned.pins
                ));
            }
        }
        Ok(())
    }
}

/// Where it is remembered how a reservation ended.
fn place(id: ReservationId) -> usize {
    usize::try_from(id.0 & (CLOSED as u128 - 1)).unwrap_or(0)
}

/// The hash of a name with its window. The first part is keyed, so mixing is enough.
fn with_period(hash: u64, period: Period) -> u64 {
    let word = match period {
        Period::Interval { start, end } => {
            start.micros().cast_unsigned() ^ end.micros().cast_unsigned().rotate_left(17)
        }
        Period::Sliding { length } => length ^ 1 << 62,
        Period::Bucket { period } => period ^ 1 << 63,
        Period::Open => 0,
    };
    (hash ^ word.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(29)
}
