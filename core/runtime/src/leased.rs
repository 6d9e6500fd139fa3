//! Limits that a process decides about by itself, from slices of a shared store.
//!
//! A process takes a slice of a limit, which the shared store charges at once, and lets requests through as long as the slice
//! lasts. So most requests wait for nobody, and the sum over all processes never passes the amount: what a process has not
//! taken it cannot use. What it does not use it gives back; what it has when it is killed is lost, until the window is over.
//!
//! What can be decided so: budgets, quotas and rates with a calendar, fixed or sliding window. A bucket and what counts open
//! requests are always asked of the shared store, and so is what is in shadow.

mod background;
mod process;
mod purse;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use llm_policy_ledger::store::{Account, Answer, Balance, Change, ChangeAction, Outcome, Reserve, Take};
use llm_policy_ledger::{Changed, Consistency, Kind, Period, Space, State, Store, StoreError, Time};
use smallvec::SmallVec;

use background::{Asked, Purpose, ask, round, wake};
use process::{Clock, Hold, Place, Process};
use purse::{Name, Taken, Terms};

/// How often a request asks for a slice that others take from under it.
const ATTEMPTS: usize = 8;

/// A shared store, of which this process takes slices.
///
/// ```
/// use std::sync::Arc;
/// use llm_policy_ledger::{Ledger, Memory};
/// use llm_policy_runtime::Leased;
/// let shared = Arc::new(Memory::default());
/// let ledger = Ledger::new(Leased::new(shared), 1);
/// # let _ = ledger;
/// ```
pub struct Leased<S: Store + 'static> {
    shared: Arc<S>,
    process: ArcSwap<Process>,
}

impl<S: Store + 'static> std::fmt::Debug for Leased<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leased").finish_non_exhaustive()
    }
}

impl<S: Store + 'static> Leased<S> {
    /// Takes slices of this store, for limits that are `leased`.
    #[must_use]
    pub fn new(shared: Arc<S>) -> Self {
        Self { shared, process: ArcSwap::from_pointee(Process::new(Clock::Shared)) }
    }

    /// Goes by the time that callers give, and does nothing in the background: for tests.
    #[must_use]
    pub fn with_clock_of_caller(mut self) -> Self {
        self.process = ArcSwap::from_pointee(Process::new(Clock::Caller));
        self
    }

    /// The store behind it.
    #[must_use]
    pub fn shared(&self) -> &Arc<S> {
        &self.shared
    }

    /// Settles with the shared store what requests have used, and gives back what no request holds. A process that ends in
    /// order does so by dropping the store.
    ///
    /// # Errors
    ///
    /// When a thread panicked while it changed the books. What the shared store could not be told is told later.
    pub fn settle_up(&self, now: Time) -> Result<(), StoreError> {
        round(&self.process(), &*self.shared, now, true).map(|_| ())
    }

    /// What this process keeps; a child of a fork begins with nothing.
    fn process(&self) -> Arc<Process> {
        let id = std::process::id();
        let process = self.process.load();
        if process.id == id {
            return Arc::clone(&process);
        }
        let new = Arc::new(Process::new(process.clock));
        self.process.rcu(|old| if old.id == id { Arc::clone(old) } else { Arc::clone(&new) });
        self.process.load_full()
    }

    fn wake(&self, process: &Arc<Process>) {
        if process.clock == Clock::Shared {
            wake(process, &self.shared);
        }
    }

    fn dry_run(&self, process: &Process, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        let local = local_takes(reserve);
        let mut balances: SmallVec<[Option<Balance>; 4]> = SmallVec::from_elem(None, reserve.takes.len());
        let mut at = None;
        let mut books = process.lock()?;
        if let Some(time) = books.now(now) {
            books.expire(time);
            for (take, balance) in reserve.takes.iter().zip(&mut balances) {
                if place(take) == Place::Purse
                    && let Some((_, purse)) = books.purse(take, time)
                    && (purse.missing(take.cost) == 0 || take.cost == 0)
                {
                    *balance = Some(Balance { fits: true, ..purse.balance(take.cost, false) });
                    at = Some(time);
                }
            }
        }
        drop(books);
        let asked = if local.is_empty() {
            None
        } else {
            Some(process.local.reserve(&Reserve { takes: &local, ..*reserve }, now)?)
        };
        put(&mut balances, reserve, Place::Process, asked.as_ref());
        let rest: SmallVec<[Take<'_>; 4]> = reserve
            .takes
            .iter()
            .zip(&balances)
            .filter(|(_, known)| known.is_none())
            .map(|(take, _)| take.clone())
            .collect();
        let mut at = at.unwrap_or(now);
        if !rest.is_empty() {
            let answer = self.shared.reserve(&Reserve { takes: &rest, ..*reserve }, now)?;
            if !matches!(answer.outcome, Outcome::Taken | Outcome::Refused) {
                return Ok(answer);
            }
            at = answer.at;
            let mut told = answer.balances.into_iter();
            for balance in balances.iter_mut().filter(|balance| balance.is_none()) {
                *balance = told.next();
            }
        }
        let balances: SmallVec<[Balance; 4]> = balances.into_iter().flatten().collect();
        let live = |(take, balance): (&Take<'_>, &Balance)| take.account.space == Space::Shadow || balance.fits;
        let outcome = if reserve.takes.iter().zip(&balances).all(live) { Outcome::Taken } else { Outcome::Refused };
        Ok(Answer { at, outcome, taken: 0, expires: at, balances })
    }

    /// Takes one cost from a purse, and asks for a slice when it has no room.
    fn take_one(
        &self,
        process: &Arc<Process>,
        take: &Take<'_>,
        now: Time,
    ) -> Result<Result<(Taken, Balance), Answer>, StoreError> {
        let (mut refused, mut gave_back) = (None, false);
        let mut missing = take.cost;
        for attempt in 0..ATTEMPTS {
            let mut books = process.lock()?;
            let time = books.now(now);
            let mut used = 0;
            if let Some((name, purse)) = time.and_then(|time| books.purse(take, time)) {
                if let Some(taken) = purse.try_take(&name, take) {
                    let low = purse.asked;
                    drop(books);
                    if low {
                        self.wake(process);
                    }
                    return Ok(Ok(taken));
                }
                missing = purse.missing(take.cost);
                used = purse.balance(0, false).before;
            }
            drop(books);
            // A whole slice at first; what the request needs, when there is no room for that.
            let terms = Terms::of(take);
            let units = if attempt == 0 { missing.max(terms.slice(used)) } else { missing };
            let name = Name::new(&take.account, time.unwrap_or(now).micros());
            match ask(process, &*self.shared, &name, &terms, units, Purpose::Request(take), now)? {
                Asked::Slice(taken) => {
                    self.wake(process);
                    if let Some(taken) = taken {
                        return Ok(Ok(taken));
                    }
                }
                Asked::No(answer) if answer.outcome != Outcome::Refused => return Ok(Err(answer)),
                Asked::No(answer) if units > missing => refused = refused.or(Some(answer)),
                // It was asked for exactly, and nothing is held back here.
                Asked::No(answer) if gave_back => return Ok(Err(answer)),
                Asked::No(answer) => {
                    round(process, &*self.shared, now, true)?;
                    (refused, gave_back) = (Some(answer), true);
                }
            }
        }
        refused.map_or(Err(StoreError::Clock), |answer| Ok(Err(answer)))
    }

    fn reserve_here(&self, process: &Arc<Process>, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        {
            let mut books = process.lock()?;
            if let Some(time) = books.now(now) {
                books.expire(time);
            }
            if let Some(hold) = books.holds.get(&reserve.id) {
                let named = |take: &&Take<'_>| hold.names.iter().any(|(name, _)| name.is(&take.account));
                let same = hold.digest == reserve.digest
                    && hold.state == State::Reserved
                    && reserve.takes.iter().filter(|take| take.account.space == Space::Live).all(|take| named(&take));
                let outcome = if same { Outcome::Replayed } else { Outcome::Conflict };
                let at = books.now(now).unwrap_or(now);
                return Ok(Answer { at, outcome, taken: hold.taken, expires: hold.expires, balances: SmallVec::new() });
            }
        }
        let mut taken = Rollback { process, leased: Vec::new(), local: None };
        let mut balances: SmallVec<[Option<Balance>; 4]> = SmallVec::from_elem(None, reserve.takes.len());
        let mut at = now;
        for (take, balance) in reserve.takes.iter().zip(&mut balances).filter(|(take, _)| place(take) == Place::Purse) {
            match self.take_one(process, take, now)? {
                Ok((one, told)) => {
                    taken.leased.push(one);
                    *balance = Some(told);
                }
                Err(answer) if answer.outcome == Outcome::Refused => {
                    taken.undo(now)?;
                    let told = answer.balances.first().copied();
                    return self.refused(process, reserve, take, told, now);
                }
                Err(answer) => {
                    taken.undo(now)?;
                    return Ok(answer);
                }
            }
        }
        let local = local_takes(reserve);
        if !local.is_empty() {
            let answer = process.local.reserve(&Reserve { takes: &local, ..*reserve }, now)?;
            put(&mut balances, reserve, Place::Process, Some(&answer));
            if answer.outcome != Outcome::Taken {
                taken.undo(now)?;
                return self.refused_by(process, reserve, Place::Process, answer, now);
            }
            taken.local = Some((reserve, local));
        }
        let strict: SmallVec<[Take<'_>; 4]> =
            reserve.takes.iter().filter(|take| place(take) == Place::Shared).cloned().collect();
        let mut bits = ones(reserve, |take| place(take) != Place::Shared);
        let mut expires = None;
        if !strict.is_empty() {
            let asked = Instant::now();
            let answer = match self.shared.reserve(&Reserve { takes: &strict, ..*reserve }, now) {
                Ok(answer) => answer,
                Err(error) => {
                    taken.undo(now)?;
                    return Err(error);
                }
            };
            process.lock()?.hear(answer.at, asked);
            if answer.outcome != Outcome::Taken {
                taken.undo(now)?;
                return self.refused_by(process, reserve, Place::Shared, answer, now);
            }
            put(&mut balances, reserve, Place::Shared, Some(&answer));
            bits |= spread(reserve, answer.taken);
            (at, expires) = (answer.at, Some(answer.expires));
        }

        let mut books = process.lock()?;
        at = books.now(now).unwrap_or(at);
        let expires = expires.unwrap_or(at.plus(reserve.lease));
        let named = reserve.takes.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
        let names = named.map(|(_, take)| (Name::new(&take.account, 0), place(take))).collect();
        let leased = std::mem::take(&mut taken.leased);
        let hold = Hold { digest: reserve.digest, state: State::Reserved, expires, leased, taken: bits, names };
        books.keep(reserve.id, hold);
        let balances = balances.into_iter().flatten().collect();
        Ok(Answer { at, outcome: Outcome::Taken, taken: bits, expires, balances })
    }

    /// The answer when one account has no room: how all others stand is asked without taking anything.
    fn refused(
        &self,
        process: &Process,
        reserve: &Reserve<'_>,
        refuses: &Take<'_>,
        told: Option<Balance>,
        now: Time,
    ) -> Result<Answer, StoreError> {
        let mut answer = self.dry_run(process, &Reserve { dry_run: true, ..*reserve }, now)?;
        if !matches!(answer.outcome, Outcome::Taken | Outcome::Refused) {
            return Ok(answer);
        }
        let accounts = reserve.takes.iter().zip(&mut answer.balances);
        for (_, balance) in accounts.filter(|(take, _)| take.account == refuses.account) {
            // What other processes hold in slices counts as used: for a request, that is why there is no room.
            let ceiling = refuses.ceiling.unwrap_or(0);
            let before = balance.before.max(ceiling.saturating_add(1).saturating_sub(refuses.cost));
            let (wait, first) = told.map_or((None, 0), |told| (told.wait, told.first));
            let after = before.saturating_add(refuses.cost);
            *balance = Balance { before, after, fits: false, wait, first, ..*balance };
        }
        answer.outcome = Outcome::Refused;
        Ok(answer)
    }

    fn refused_by(
        &self,
        process: &Process,
        reserve: &Reserve<'_>,
        by: Place,
        answer: Answer,
        now: Time,
    ) -> Result<Answer, StoreError> {
        if answer.outcome != Outcome::Refused {
            // The same id in the shared store, and not here: another process holds it, or this one has forgotten it.
            let outcome = if answer.outcome == Outcome::Replayed { Outcome::Conflict } else { answer.outcome };
            return Ok(Answer { outcome, balances: SmallVec::new(), ..answer });
        }
        let mut others = self.dry_run(process, &Reserve { dry_run: true, ..*reserve }, now)?;
        let mut told = answer.balances.into_iter();
        for (take, balance) in reserve.takes.iter().zip(&mut others.balances) {
            if place(take) == by
                && let Some(told) = told.next()
            {
                *balance = told;
            }
        }
        others.outcome = Outcome::Refused;
        Ok(others)
    }
}

impl<S: Store + 'static> Store for Leased<S> {
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        reserve.check()?;
        if reserve.takes.iter().all(|take| place(take) == Place::Shared) {
            return self.shared.reserve(reserve, now);
        }
        let process = self.process();
        if reserve.dry_run { self.dry_run(&process, reserve, now) } else { self.reserve_here(&process, reserve, now) }
    }

    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        change.check()?;
        let process = self.process();
        let mut books = process.lock()?;
        let time = books.now(now).unwrap_or(now);
        books.expire(time);
        let Some(hold) = books.holds.get(&change.id) else {
            drop(books);
            return self.change_of_another(change, now);
        };
        let place_of =
            |account: &Account<'_>| hold.names.iter().find(|(name, _)| name.is(account)).map(|(_, place)| *place);
        let changed = match (hold.state, change.action) {
            (State::Reserved, _) => Changed::Done,
            (State::Expired, ChangeAction::Settle) => Changed::Late,
            (state, _) => return Ok((time, Changed::Already(state))),
        };
        let named = |name: &Name| change.entries.iter().any(|(account, _)| name.is(account));
        if change.entries.len() != hold.names.len() || !hold.names.iter().all(|(name, _)| named(name)) {
            return Err(StoreError::OtherAccounts);
        }
        let at = |place: Place| -> SmallVec<[(Account<'_>, u64); 4]> {
            change.entries.iter().filter(|(account, _)| place_of(account) == Some(place)).copied().collect()
        };
        let (strict, local) = (at(Place::Shared), at(Place::Process));
        drop(books);

        // What can fail comes first: then nothing was changed here, and the caller asks again.
        if !strict.is_empty() {
            self.shared.change(&Change { entries: &strict, ..*change }, now)?;
        }
        if !local.is_empty() {
            process.local.change(&Change { entries: &local, ..*change }, now)?;
        }
        let mut books = process.lock()?;
        let state = books.holds.get(&change.id).map(|hold| hold.state);
        match (state, change.action) {
            (Some(State::Reserved), ChangeAction::Extend(lease)) => books.extend(change.id, time.plus(lease)),
            (Some(State::Reserved), ChangeAction::Release) => books.close(change.id, State::Released, |_| 0),
            (Some(State::Reserved | State::Expired), ChangeAction::Settle) => {
                let actual = |taken: &Taken| {
                    let entry = change.entries.iter().find(|(account, _)| taken.name.is(account));
                    entry.map_or(taken.cost, |(_, actual)| *actual)
                };
                books.close(change.id, State::Settled, actual);
            }
            // Another thread closed it in between.
            (Some(state), _) => return Ok((time, Changed::Already(state))),
            (None, _) => return Ok((time, Changed::Unknown)),
        }
        // What was used beyond what was charged, others have to know at once.
        let owes = books.purses.values().any(|purse| purse.owed() > 0);
        drop(books);
        if owes {
            round(&process, &*self.shared, now, false)?;
        } else if process.worker.get().is_some() {
            self.wake(&process);
        }
        Ok((time, changed))
    }
}

impl<S: Store + 'static> Leased<S> {
    /// A reservation of another process, or one that is forgotten here. What was taken from slices only that process can close:
    /// it expires there. The rest is closed.
    fn change_of_another(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        match self.shared.change(change, now) {
            Err(StoreError::OtherAccounts) => {
                let always = |account: &Account<'_>| account.space == Space::Shadow || !can_be_leased(account);
                let strict: SmallVec<[(Account<'_>, u64); 4]> =
                    change.entries.iter().filter(|(account, _)| always(account)).copied().collect();
                self.shared.change(&Change { entries: &strict, ..*change }, now)
            }
            other => other,
        }
    }
}

impl<S: Store + 'static> Drop for Leased<S> {
    fn drop(&mut self) {
        let process = self.process.load_full();
        // A parent's slices are its own to give back.
        if process.id == std::process::id() && process.clock == Clock::Shared {
            let _ = round(&process, &*self.shared, Time::default(), true);
        }
    }
}

/// What was taken so far for a request that may still be refused.
struct Rollback<'a, 'r> {
    process: &'a Process,
    leased: Vec<Taken>,
    local: Option<(&'a Reserve<'r>, SmallVec<[Take<'r>; 4]>)>,
}

impl Rollback<'_, '_> {
    fn undo(&mut self, now: Time) -> Result<(), StoreError> {
        let mut books = self.process.lock()?;
        for taken in self.leased.drain(..) {
            if let Some(purse) = books.purses.get_mut(&taken.name) {
                purse.untake(taken.cost);
            }
        }
        drop(books);
        if let Some((reserve, takes)) = self.local.take() {
            let entries: SmallVec<[_; 4]> = takes.iter().map(|take| (take.account, 0)).collect();
            let change = Change { id: reserve.id, entries: &entries, action: ChangeAction::Release };
            self.process.local.change(&change, now)?;
        }
        Ok(())
    }
}

/// Where a take is decided.
fn place(take: &Take<'_>) -> Place {
    match take.consistency {
        Consistency::Local => Place::Process,
        Consistency::Leased if can_be_leased(&take.account) && take.account.space == Space::Live => Place::Purse,
        Consistency::Leased | Consistency::Strict => Place::Shared,
    }
}

/// A bucket paces, which a slice would undo. What counts open requests has to be free again when a process is gone.
fn can_be_leased(account: &Account<'_>) -> bool {
    let counts = matches!(account.kind, Kind::Budget | Kind::Quota | Kind::Rate);
    counts && matches!(account.period, Period::Interval { .. } | Period::Sliding { .. })
}

fn local_takes<'a>(reserve: &Reserve<'a>) -> SmallVec<[Take<'a>; 4]> {
    reserve.takes.iter().filter(|take| place(take) == Place::Process).cloned().collect()
}

/// The numbers that were told about the takes of one place.
fn put(balances: &mut [Option<Balance>], reserve: &Reserve<'_>, at: Place, answer: Option<&Answer>) {
    let Some(answer) = answer else { return };
    let here = reserve.takes.iter().zip(balances).filter(|(take, _)| place(take) == at);
    for ((_, balance), told) in here.zip(&answer.balances) {
        *balance = Some(*told);
    }
}

fn ones(reserve: &Reserve<'_>, which: impl Fn(&Take<'_>) -> bool) -> u64 {
    reserve.takes.iter().enumerate().fold(0, |bits, (i, take)| bits | u64::from(which(take)) << i)
}

/// The bits of takes that went to the shared store, at the places that they have in the whole step.
fn spread(reserve: &Reserve<'_>, taken: u64) -> u64 {
    let strict = reserve.takes.iter().enumerate().filter(|(_, take)| place(take) == Place::Shared);
    strict.enumerate().fold(0, |bits, (number, (i, _))| bits | (taken >> number & 1) << i)
}
