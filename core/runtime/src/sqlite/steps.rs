//! The two steps, over rows. The store in memory does the same over its shards, and one model is compared with both.

use llm_policy_ledger::book::Book;
use llm_policy_ledger::store::{Answer, Balance, Change, ChangeAction, Outcome, Reserve, Take};
use llm_policy_ledger::{Changed, Space, State, StoreError, Time};
use smallvec::SmallVec;

use super::books::{Books, Entry, Hold};
use super::file::Fault;

pub(super) fn reserve(books: &mut Books<'_>, reserve: &Reserve<'_>) -> Result<Answer, Fault> {
    let (now, takes) = (books.now(), reserve.takes);
    let answer = |outcome, balances| Ok(Answer { at: now, outcome, taken: 0, expires: now, balances });
    if takes.iter().any(|take| !take.account.period.holds(now)) {
        return answer(Outcome::Moved, SmallVec::new());
    }
    if let Some(hold) = books.hold(reserve.id)? {
        return replay(books, reserve, &hold);
    }
    if books.ended(reserve.id)?.is_some() {
        return answer(Outcome::Conflict, SmallVec::new());
    }

    let mut accounts = Vec::with_capacity(takes.len());
    let mut balances: SmallVec<[Balance; 4]> = SmallVec::new();
    for take in takes {
        let (id, book) = match books.find(&take.account)? {
            Some((id, book)) => (Some(id), book),
            None => (None, Book::new(take.account.period, now)),
        };
        balances.push(take.balance(&book, now));
        accounts.push((id, book));
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
    let taken = |take: &Take<'_>| live && (take.account.space == Space::Live || shadow);
    if takes.iter().any(taken) {
        let new = takes.iter().zip(&accounts).filter(|(take, (id, _))| taken(take) && id.is_none()).count();
        books.make_room(new)?;
    }

    let mut entries = Vec::new();
    let mut bits = 0_u64;
    let mut opened = 0_usize;
    for (number, ((take, (id, book)), balance)) in takes.iter().zip(&mut accounts).zip(&mut balances).enumerate() {
        if taken(take) {
            let position = book.reserve(&take.ask(), now);
            balance.reserved = book.reserved();
            take.report(book, balance, now);
            opened += usize::from(id.is_none());
            let account = books.put_taken(*id, take, book)?;
            entries.push(Entry { account, cost: take.cost, position, on_expiry: take.on_expiry });
            bits |= 1 << number;
        } else if let Some(id) = id.filter(|_| !balance.fits && balance.first != 0) {
            // It ran into a step that blocks: that is told once.
            take.report(book, balance, now);
            books.put(id, book)?;
        }
    }
    let expires = now.plus(reserve.lease);
    if !entries.is_empty() {
        books.keep(reserve.id, reserve.digest, expires, &entries)?;
        books.sweep(opened + 2)?;
    }
    let expires = if live { expires } else { now };
    Ok(Answer { at: now, outcome, taken: bits, expires, balances })
}

/// What an id that is held already says to the same question.
fn replay(books: &Books<'_>, reserve: &Reserve<'_>, hold: &Hold) -> Result<Answer, Fault> {
    let now = books.now();
    let answer = |outcome, taken, expires| Ok(Answer { at: now, outcome, taken, expires, balances: SmallVec::new() });
    if hold.digest != reserve.digest || hold.state != State::Reserved {
        return answer(Outcome::Conflict, 0, now);
    }
    let entries = books.entries(reserve.id)?;
    let mut taken = 0;
    for (number, take) in reserve.takes.iter().enumerate() {
        let account = books.find(&take.account)?.map(|(id, _)| id);
        let held = entries.iter().any(|entry| Some(entry.account) == account);
        // Asked again in another window.
        if !held && take.account.space == Space::Live {
            return answer(Outcome::Conflict, 0, now);
        }
        taken |= u64::from(held) << number;
    }
    answer(Outcome::Replayed, taken, hold.expires)
}

pub(super) fn change(books: &mut Books<'_>, change: &Change<'_>) -> Result<(Time, Changed), Fault> {
    let now = books.now();
    let state = match books.hold(change.id)? {
        Some(hold) => Some(hold.state),
        None => books.ended(change.id)?,
    };
    let entries = books.entries(change.id)?;
    let changed = match (state, change.action) {
        (None, _) => Changed::Unknown,
        (Some(State::Reserved), _) => Changed::Done,
        // What is forgotten has no entries.
        (Some(State::Expired), ChangeAction::Settle) if !entries.is_empty() => Changed::Late,
        (Some(state), _) => Changed::Already(state),
    };
    if !matches!(changed, Changed::Done | Changed::Late) {
        return Ok((now, changed));
    }

    let mut actuals: SmallVec<[(i64, u64); 4]> = SmallVec::new();
    for (account, actual) in change.entries {
        let Some((id, _)) = books.find(account)? else { return Err(StoreError::OtherAccounts.into()) };
        actuals.push((id, *actual));
    }
    let named = |entry: &Entry| actuals.iter().find(|(id, _)| *id == entry.account).map(|(_, actual)| *actual);
    if actuals.len() != entries.len() || entries.iter().any(|entry| named(entry).is_none()) {
        return Err(StoreError::OtherAccounts.into());
    }
    let actual = |entry: &Entry| named(entry).unwrap_or(entry.cost);
    match (changed, change.action) {
        (Changed::Late, _) => books.settle_late(change.id, &entries, actual)?,
        (_, ChangeAction::Settle) => books.close(change.id, State::Settled, &entries, actual)?,
        (_, ChangeAction::Release) => books.close(change.id, State::Released, &entries, |_| 0)?,
        (_, ChangeAction::Extend(lease)) => books.extend(change.id, now.plus(lease))?,
    }
    Ok((now, changed))
}
