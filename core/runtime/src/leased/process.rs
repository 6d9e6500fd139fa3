//! What one process keeps: purses, and the reservations that were taken from them.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Instant;

use llm_policy_ledger::reservation::Ids;
use llm_policy_ledger::store::Take;
use llm_policy_ledger::time::micros;
use llm_policy_ledger::{Digest, Memory, ReservationId, State, StoreError, Time};

use super::purse::{Closing, Name, Purse, Taken};

/// Reservations that were closed or have expired and that are remembered.
const REMEMBERED: usize = 1024;

/// A reservation of this process.
#[derive(Debug)]
pub struct Hold {
    pub digest: Digest,
    pub state: State,
    pub expires: Time,
    pub leased: Vec<Taken>,
    /// The accounts that were taken in this process only, and those of the shared store; bit i stands for take i.
    pub taken: u64,
    pub names: Vec<(Name, Place)>,
}

/// Where an account of a reservation was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Purse,
    Process,
    Shared,
}

/// Whose time slices are used by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The shared store's.
    Shared,
    /// The caller's: tests move it, and there is no thread.
    Caller,
}

/// One process, or one child of a fork: it must not use what its parent took.
#[derive(Debug)]
pub struct Process {
    pub id: u32,
    pub clock: Clock,
    pub ids: Ids,
    /// The limits that each process counts for itself.
    pub local: Memory,
    pub worker: OnceLock<std::thread::Thread>,
    state: Mutex<Books>,
}

impl Process {
    pub fn new(clock: Clock) -> Self {
        let mut instance = [0; 8];
        // Without chance, the clock: ids have to differ from those of other processes.
        if getrandom::fill(&mut instance).is_err() {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            instance = (micros(since) ^ u64::from(std::process::id()) << 44).to_le_bytes();
        }
        Self {
            id: std::process::id(),
            clock,
            ids: Ids::new(u64::from_le_bytes(instance)),
            local: Memory::default(),
            worker: OnceLock::new(),
            state: Mutex::new(Books::new(clock)),
        }
    }

    /// Held for arithmetic only: never while a server is asked.
    pub fn lock(&self) -> Result<MutexGuard<'_, Books>, StoreError> {
        self.state.lock().map_err(|_| StoreError::Poisoned)
    }
}

/// Purses and reservations.
#[derive(Debug)]
pub struct Books {
    clock: Clock,
    /// A time that the shared store told, and when it was asked.
    told: Option<(Time, Instant)>,
    pub purses: HashMap<Name, Purse>,
    pub holds: HashMap<ReservationId, Hold>,
    due: BTreeSet<(Time, ReservationId)>,
    past: VecDeque<ReservationId>,
    /// Slices whose settling has failed.
    pub failed: Vec<Closing>,
}

impl Books {
    fn new(clock: Clock) -> Self {
        Self {
            clock,
            told: None,
            purses: HashMap::new(),
            holds: HashMap::new(),
            due: BTreeSet::new(),
            past: VecDeque::new(),
            failed: Vec::new(),
        }
    }

    /// The shared store told its time to somebody who asked at that instant.
    pub fn hear(&mut self, at: Time, asked: Instant) {
        self.told = Some((at, asked));
    }

    /// The latest that the shared store's clock can show, or what the caller says it is; `None`: the store was never asked.
    pub fn now(&self, caller: Time) -> Option<Time> {
        match self.clock {
            Clock::Shared => self.told.map(|(at, asked)| at.plus(micros(asked.elapsed()))),
            Clock::Caller => Some(caller),
        }
    }

    /// Closes what is due.
    pub fn expire(&mut self, now: Time) {
        while let Some((expires, id)) = self.due.first().copied().filter(|(expires, _)| *expires <= now) {
            self.due.remove(&(expires, id));
            let Some(hold) = self.holds.get_mut(&id) else { continue };
            hold.state = State::Expired;
            for taken in &hold.leased {
                if let Some(purse) = self.purses.get_mut(&taken.name) {
                    purse.close(taken.cost, taken.at_expiry());
                }
            }
            self.remember(id);
        }
    }

    fn remember(&mut self, id: ReservationId) {
        self.past.push_back(id);
        if self.past.len() > REMEMBERED
            && let Some(oldest) = self.past.pop_front()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, id: ReservationId) {
        let Some(hold) = self.holds.remove(&id) else { return };
        for taken in &hold.leased {
            if let Some(purse) = self.purses.get_mut(&taken.name) {
                purse.pins = purse.pins.saturating_sub(1);
            }
        }
    }

    pub fn keep(&mut self, id: ReservationId, hold: Hold) {
        for taken in &hold.leased {
            if let Some(purse) = self.purses.get_mut(&taken.name) {
                purse.pins = purse.pins.saturating_add(1);
            }
        }
        self.due.insert((hold.expires, id));
        self.holds.insert(id, hold);
    }

    /// Closes a hold that is open, or that has expired and is settled late.
    pub fn close(&mut self, id: ReservationId, state: State, actual: impl Fn(&Taken) -> u64) {
        let Some(hold) = self.holds.get_mut(&id) else { return };
        let late = hold.state == State::Expired;
        hold.state = state;
        self.due.remove(&(hold.expires, id));
        for taken in &hold.leased {
            let Some(purse) = self.purses.get_mut(&taken.name) else { continue };
            if late {
                purse.correct(taken.at_expiry(), actual(taken));
            } else {
                purse.close(taken.cost, actual(taken));
            }
        }
        if !late {
            self.remember(id);
        }
    }

    pub fn extend(&mut self, id: ReservationId, expires: Time) {
        if let Some(hold) = self.holds.get_mut(&id) {
            self.due.remove(&(hold.expires, id));
            hold.expires = expires;
            self.due.insert((expires, id));
        }
    }

    /// The purse that a take is decided from now, if there is one.
    pub fn purse(&mut self, take: &Take<'_>, now: Time) -> Option<(Name, &mut Purse)> {
        if !take.account.period.holds(now) {
            return None;
        }
        let name = Name::new(&take.account, now.micros());
        let purse = self.purses.get_mut(&name)?;
        Some((name, purse))
    }
}
