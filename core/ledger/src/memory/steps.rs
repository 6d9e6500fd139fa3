//! The two steps over the shards that they need.

use smallvec::SmallVec;

use super::shard::{Entry, Hold, Shard};
use super::{Lock, Place, Shards};
use crate::book::Book;
use crate::limit::Space;
use crate::store::{
    Account, Answer, Balance, Change, ChangeAction, Changed, Outcome, Reserve, State, StoreError, Take,
};
use crate::time::Time;

/// The locked shards of a step, by ascending number.
struct Locked<G>(SmallVec<[(usize, G); 4]>);

impl<G: std::ops::DerefMut<Target = Shard>> Locked<G> {
    fn shards(&mut self) -> impl Iterator<Item = &mut Shard> {
        self.0.iter_mut().map(|(_, guard)| &mut **guard)
    }

    fn shard(&mut self, number: usize) -> Result<&mut Shard, StoreError> {
        let found = self.0.iter_mut().find(|(locked, _)| *locked == number);
        found.map(|(_, guard)| &mut **guard).ok_or(StoreError::Poisoned)
    }
}

impl<L: Lock> Shards<L> {
    /// Locks these shards, moves them to one time, and says which.
    fn lock(&self, places: &[Place], now: Time) -> Result<(Locked<L::Guard<'_>>, Time), StoreError> {
        let mut numbers: SmallVec<[usize; 4]> = places.iter().map(|place| place.shard).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut locked = SmallVec::new();
        for number in numbers {
            let shard = self.shards.get(number).ok_or(StoreError::Poisoned)?;
            locked.push((number, shard.0.lock_shard()?));
        }
        let mut locked = Locked(locked);
        let now = locked.shards().map(|shard| shard.now()).fold(now, Time::max);
        for shard in locked.shards() {
            shard.advance(now);
        }
        Ok((locked, now))
    }

    pub(super) fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        let takes = reserve.takes;
        reserve.check()?;
        let places: SmallVec<[Place; 4]> = takes.iter().map(|take| self.place(&take.account)).collect();
        let (mut locked, now) = self.lock(&places, now)?;
        let answer = |outcome, balances| Ok(Answer { at: now, outcome, taken: 0, expires: now, balances });
        let step = || takes.iter().zip(&places);

        if takes.iter().any(|take| !take.account.period.holds(now)) {
            return answer(Outcome::Moved, SmallVec::new());
        }
        if locked.shards().any(|shard| shard.state(reserve.id).is_some()) {
            let held = locked.shards().find_map(|shard| shard.hold(reserve.id));
            let same = held.filter(|hold| hold.digest == reserve.digest && hold.state == State::Reserved);
            let Some(expires) = same.map(|hold| hold.expires) else {
                return answer(Outcome::Conflict, SmallVec::new());
            };
            let mut taken = 0;
            for (i, (take, place)) in step().enumerate() {
                let shard = locked.shard(place.shard)?;
                let slot = shard.find(&take.account, place.hash);
                let held =
                    shard.hold(reserve.id).is_some_and(|hold| hold.entries.iter().any(|e| Some(e.account) == slot));
                // Asked again in another window.
                if !held && take.account.space == Space::Live {
                    return answer(Outcome::Conflict, SmallVec::new());
                }
                taken |= u64::from(held) << i;
            }
            return Ok(Answer { at: now, outcome: Outcome::Replayed, taken, expires, balances: SmallVec::new() });
        }

        let mut balances = SmallVec::new();
        for (take, place) in step() {
            balances.push(balance(locked.shard(place.shard)?, take, place.hash, now));
        }
        let room = |space, balances: &[Balance]| {
            takes.iter().zip(balances).all(|(take, balance)| take.account.space != space || balance.fits)
        };
        let live = room(Space::Live, &balances);
        let shadow = room(Space::Shadow, &balances);
        let outcome = if live { Outcome::Taken } else { Outcome::Refused };
        if reserve.dry_run {
            return answer(outcome, balances);
        }
        if !live {
            for ((take, place), balance) in step().zip(&balances).filter(|(_, balance)| !balance.fits) {
                report(locked.shard(place.shard)?, take, place.hash, balance, now);
            }
            return answer(outcome, balances);
        }

        let taken = |take: &Take<'_>| take.account.space == Space::Live || shadow;
        // Everything that can fail is done before anything is changed.
        for (number, guard) in &mut locked.0 {
            let here = || step().filter(|(take, place)| place.shard == *number && taken(take));
            let new = here().filter(|(take, place)| guard.find(&take.account, place.hash).is_none()).count();
            if !guard.can_keep() || new > 0 && !guard.has_room(new) {
                return Err(StoreError::Full);
            }
        }
        let expires = now.plus(reserve.lease);
        let accounts = takes.iter().filter(|take| taken(take)).count();
        for (number, guard) in &mut locked.0 {
            let mut entries = SmallVec::new();
            for ((take, place), balance) in step().zip(&mut balances).filter(|((_, place), _)| place.shard == *number) {
                if !taken(take) {
                    if !balance.fits {
                        report(guard, take, place.hash, balance, now);
                    }
                    continue;
                }
                let account = guard.open(&take.account, place.hash);
                let Some(owned) = guard.account(account) else { continue };
                let position = owned.book.reserve(&take.ask(), now);
                owned.capacity = take.capacity;
                balance.reserved = owned.book.reserved();
                report(guard, take, place.hash, balance, now);
                entries.push(Entry { account, cost: take.cost, position, on_expiry: take.on_expiry });
            }
            if !entries.is_empty() {
                let hold = Hold { digest: reserve.digest, state: State::Reserved, expires, entries, accounts };
                guard.keep(reserve.id, hold);
            }
            guard.sweep(2);
        }
        let bits = takes.iter().enumerate().map(|(i, take)| u64::from(taken(take)) << i);
        Ok(Answer { at: now, outcome, taken: bits.fold(0, |all, bit| all | bit), expires, balances })
    }

    pub(super) fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        change.check()?;
        let places: SmallVec<[Place; 4]> = change.entries.iter().map(|(account, _)| self.place(account)).collect();
        let (mut locked, now) = self.lock(&places, now)?;
        let states: SmallVec<[Option<State>; 4]> = locked.shards().map(|shard| shard.state(change.id)).collect();
        // All parts of a reservation have one state, because a step closes all that are open, and all are due at once. But
        // each shard forgets by itself, and what one has forgotten cannot be settled late.
        let state = states.iter().flatten().next().copied();
        let all_held = locked.shards().all(|shard| shard.hold(change.id).is_some());
        let changed = match (state, change.action) {
            (None, _) => Changed::Unknown,
            (Some(State::Reserved), _) => Changed::Done,
            (Some(State::Expired), ChangeAction::Settle) if all_held => Changed::Late,
            (Some(state), _) => Changed::Already(state),
        };
        if !matches!(changed, Changed::Done | Changed::Late) {
            return Ok((now, changed));
        }

        for (number, guard) in &mut locked.0 {
            if !names_all(guard, *number, change, &places) {
                return Err(StoreError::OtherAccounts);
            }
        }
        for (number, guard) in &mut locked.0 {
            let here = || change.entries.iter().zip(&places).filter(|(_, place)| place.shard == *number);
            let actuals: SmallVec<[(usize, u64); 4]> = here()
                .filter_map(|((account, actual), place)| Some((guard.find(account, place.hash)?, *actual)))
                .collect();
            let actual = |entry: &Entry| {
                actuals.iter().find(|(slot, _)| *slot == entry.account).map_or(entry.cost, |(_, actual)| *actual)
            };
            match (changed, change.action) {
                (Changed::Late, _) => guard.settle_late(change.id, actual),
                (_, ChangeAction::Settle) => guard.close(change.id, State::Settled, actual),
                (_, ChangeAction::Release) => guard.close(change.id, State::Released, |_| 0),
                (_, ChangeAction::Extend(lease)) => guard.extend(change.id, now.plus(lease)),
            }
        }
        Ok((now, changed))
    }
}

/// True when a step names exactly the accounts that this shard's part of the reservation was taken from.
fn names_all(shard: &mut Shard, number: usize, change: &Change<'_>, places: &[Place]) -> bool {
    let Some(hold) = shard.hold(change.id) else { return false };
    let named: SmallVec<[(&Account<'_>, u64); 4]> = change
        .entries
        .iter()
        .zip(places)
        .filter(|(_, place)| place.shard == number)
        .map(|((account, _), place)| (account, place.hash))
        .collect();
    change.entries.len() == hold.accounts
        && named.len() == hold.entries.len()
        && hold
            .entries
            .iter()
            .all(|entry| named.iter().any(|(account, hash)| shard.find(account, *hash) == Some(entry.account)))
}

fn balance(shard: &mut Shard, take: &Take<'_>, hash: u64, now: Time) -> Balance {
    let found = shard.find(&take.account, hash);
    match found.and_then(|slot| shard.account(slot)) {
        Some(owned) => {
            owned.book.advance(now);
            take.balance(&owned.book, now)
        }
        None => take.balance(&Book::new(take.account.period, now), now),
    }
}

fn report(shard: &mut Shard, take: &Take<'_>, hash: u64, balance: &Balance, now: Time) {
    let found = shard.find(&take.account, hash);
    if let Some(owned) = found.and_then(|slot| shard.account(slot)) {
        take.report(&mut owned.book, balance, now);
    }
}
