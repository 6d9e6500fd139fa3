//! What a process does beside its requests: it takes the next slice before it is needed, and gives back what it does not use.
//!
//! Nothing that is promised hangs on this: a process whose thread never runs asks the store itself when a slice is empty.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use llm_policy_ledger::store::{Answer, Balance, Change, ChangeAction, Outcome, Reserve, Take};
use llm_policy_ledger::{Changed, Consistency, Digest, OnExpiry, Store, StoreError, Time};

use super::process::Process;
use super::purse::{Closing, Name, Purse, Slice, Taken, Terms};

/// Microseconds for which a slice is reserved. A process that is gone has used all of its slices, as far as others know; one
/// that lives settles them long before.
const LEASE: u64 = 600_000_000;

/// For how long the shared store remembers slices that have expired, at least.
const REMEMBERED: Duration = Duration::from_secs(1800);

/// How often the thread looks when there is something to do, and nobody has woken it.
const PAUSE: Duration = Duration::from_millis(50);

/// What came of asking for a slice.
pub enum Asked {
    /// It is in its purse; and what was taken from there at once, if it has room.
    Slice(Option<(Taken, Balance)>),
    /// The answer of a store that gave none.
    No(Answer),
}

/// Starts the thread of a process, unless it runs, and wakes it.
pub fn wake<S: Store + 'static>(process: &Arc<Process>, shared: &Arc<S>) {
    let start = || {
        let (weak, shared) = (Arc::downgrade(process), Arc::clone(shared));
        let run = move || run(&weak, &*shared);
        // Where there are no threads to be had, requests ask for themselves.
        let thread = std::thread::Builder::new().name("llm-policy-limits".to_owned()).spawn(run);
        thread.map_or_else(|_| std::thread::current(), |thread| thread.thread().clone())
    };
    process.worker.get_or_init(start).unpark();
}

fn run<S: Store>(process: &Weak<Process>, shared: &S) {
    loop {
        let Some(process) = process.upgrade() else { return };
        let busy = round(&process, shared, Time::default(), false).unwrap_or(true);
        drop(process);
        std::thread::park_timeout(if busy { PAUSE } else { PAUSE * 20 });
    }
}

/// Settles what can be settled, and takes what will soon be needed. `all`: gives back all that no request holds. True: there is
/// something left to look after. `now` is what stores are told that have no clock of their own.
pub fn round<S: Store>(process: &Process, shared: &S, now: Time, all: bool) -> Result<bool, StoreError> {
    let mut books = process.lock()?;
    let time = books.now(now);
    if let Some(time) = time {
        books.expire(time);
    }
    let mut closing = std::mem::take(&mut books.failed);
    let mut wanted = Vec::new();
    for (name, purse) in &mut books.purses {
        closing.extend(purse.settle(name, all));
        if time.is_some_and(|time| name.is_past(time)) {
            purse.write_off();
        } else if purse.owed() > 0 {
            wanted.push((name.clone(), purse.terms.clone(), purse.owed(), Purpose::Debt));
        } else if !all && purse.asked && purse.is_low() {
            wanted.push((name.clone(), purse.terms.clone(), purse.refill(), Purpose::Stock));
        }
        purse.asked = false;
    }
    books.purses.retain(|_, purse| !purse.is_done());
    let busy = !books.purses.is_empty() || !closing.is_empty();
    drop(books);

    let mut failed = Vec::new();
    for closing in closing {
        close(process, shared, closing, now, &mut failed)?;
    }
    for (name, terms, units, purpose) in wanted {
        let _ = ask(process, shared, &name, &terms, units, purpose, now);
    }
    process.lock()?.failed.extend(failed);
    Ok(busy)
}

fn close<S: Store>(
    process: &Process,
    shared: &S,
    closing: Closing,
    now: Time,
    failed: &mut Vec<Closing>,
) -> Result<(), StoreError> {
    let entries = [(closing.name.account(), closing.actual)];
    let change = Change { id: closing.slice.id, entries: &entries, action: ChangeAction::Settle };
    match shared.change(&change, now) {
        Ok((_, Changed::Unknown)) if !closing.again && closing.slice.made.elapsed() < REMEMBERED => {
            // Books that do not know it were begun after it was taken: what was used of it was charged to others.
            if let Some(purse) = process.lock()?.purses.get_mut(&closing.name) {
                purse.void(closing.actual);
            }
        }
        Ok(_) => {}
        Err(_) => failed.push(Closing { again: true, ..closing }),
    }
    Ok(())
}

/// What a slice is asked for.
pub enum Purpose<'a, 'b> {
    /// A request, which takes its cost from the slice before others do.
    Request(&'a Take<'b>),
    /// Requests that are expected.
    Stock,
    /// What requests have used beyond what was charged. Whatever the ceiling: it was used.
    Debt,
}

/// Asks for a slice of so many units.
pub fn ask<S: Store>(
    process: &Process,
    shared: &S,
    name: &Name,
    terms: &Terms,
    units: u64,
    purpose: Purpose<'_, '_>,
    now: Time,
) -> Result<Asked, StoreError> {
    let take = Take {
        account: name.account(),
        cost: units,
        ceiling: if matches!(purpose, Purpose::Debt) { None } else { terms.ceiling },
        capacity: terms.capacity,
        refill: terms.refill,
        marks: terms.marks.clone(),
        on_expiry: OnExpiry::Charge,
        consistency: Consistency::Leased,
    };
    let id = process.ids.next();
    let made = Instant::now();
    let reserve = Reserve { id, digest: Digest::default(), lease: LEASE, takes: &[take], dry_run: false };
    let answer = shared.reserve(&reserve, now);
    let mut books = process.lock()?;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            // It may have been taken all the same.
            let slice = Slice { id, units, made };
            books.failed.push(Closing { name: name.clone(), slice, actual: 0, again: true });
            return Err(error);
        }
    };
    books.hear(answer.at, made);
    match (answer.outcome, answer.balances.first()) {
        (Outcome::Taken, Some(balance)) => {
            // A debt stays with the purse that owes: in another one it would pass for something to spend.
            let name = match purpose {
                Purpose::Debt => name.clone(),
                Purpose::Request(_) | Purpose::Stock => Name::new(&name.account(), answer.at.micros()),
            };
            let purse = books.purses.entry(name.clone()).or_insert_with(|| Purse::new(terms.clone()));
            purse.add(Slice { id, units, made }, balance);
            Ok(Asked::Slice(match purpose {
                Purpose::Request(take) => purse.try_take(&name, take),
                Purpose::Stock | Purpose::Debt => None,
            }))
        }
        _ => Ok(Asked::No(answer)),
    }
}
