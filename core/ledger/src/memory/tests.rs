use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smallvec::smallvec;

use super::*;
use crate::book::Marks;
use crate::key::Key;
use crate::limit::{Consistency, Kind, OnExpiry, Space};
use crate::store::{ChangeAction, Digest, Outcome, ReservationId, State, Take};
use crate::window::Period;

const SECOND: u64 = 1_000_000;

fn at(seconds: i64) -> Time {
    Time::from_micros(seconds * 1_000_000)
}

fn day(number: i64) -> Period {
    Period::Interval { start: at(number * 86_400), end: at((number + 1) * 86_400) }
}

fn account(key: &Key, period: Period) -> Account<'_> {
    Account { space: Space::Live, kind: Kind::Quota, limit: "limit", key, period }
}

fn take(key: &Key, period: Period, cost: u64, ceiling: Option<u64>) -> Take<'_> {
    Take {
        account: account(key, period),
        cost,
        ceiling,
        capacity: ceiling.unwrap_or(1),
        refill: ceiling.unwrap_or(1),
        marks: Marks::new(),
        on_expiry: OnExpiry::Charge,
        consistency: Consistency::Strict,
    }
}

fn reserve<'a>(id: u128, takes: &'a [Take<'a>]) -> Reserve<'a> {
    Reserve { id: ReservationId(id), digest: Digest(1), lease: 60 * SECOND, takes, dry_run: false }
}

fn settle<'a>(id: u128, entries: &'a [(Account<'a>, u64)]) -> Change<'a> {
    Change { id: ReservationId(id), entries, action: ChangeAction::Settle }
}

fn keys<const N: usize>() -> [Key; N] {
    std::array::from_fn(|i| Key::new([i.to_string().as_str()]).unwrap())
}

#[test]
fn an_account_stands_once_in_a_step() {
    let [a, b] = keys();
    let store = Memory::default();
    let takes = [take(&a, day(0), 1, None), take(&b, day(0), 1, None), take(&a, day(0), 1, None)];
    assert_eq!(store.reserve(&reserve(1, &takes), at(0)).unwrap_err(), StoreError::Twice);
    let key = Key::new(["x"]).unwrap();
    let many: Vec<_> = (0..65).map(|day_| take(&key, day(day_), 1, None)).collect();
    assert_eq!(store.reserve(&reserve(1, &many), at(0)).unwrap_err(), StoreError::TooMany);
    assert!(store.list().unwrap().is_empty());
}

#[test]
fn closing_names_exactly_what_was_taken() {
    let [a, b, c] = keys();
    let store = Memory::new(8, 100);
    let takes = [take(&a, day(0), 1, None), take(&b, day(0), 2, None)];
    store.reserve(&reserve(1, &takes), at(0)).unwrap();
    let [in_a, in_b, in_c] = [&a, &b, &c].map(|key| (account(key, day(0)), 5));
    let in_other_window = (account(&b, day(1)), 5);
    for wrong in [&[in_a][..], &[in_b], &[in_a, in_c], &[in_a, in_b, in_c], &[in_a, in_a], &[in_a, in_other_window]] {
        let changed = store.change(&settle(1, wrong), at(0));
        // What names no shard of it at all finds nothing.
        assert!(matches!(changed, Err(StoreError::OtherAccounts) | Ok((_, Changed::Unknown))), "{changed:?}");
        assert_eq!(store.list().unwrap().iter().map(|account| account.reserved).sum::<u64>(), 3);
    }
    assert_eq!(store.change(&settle(1, &[in_b, in_a]), at(0)).unwrap().1, Changed::Done);
    assert_eq!(store.change(&settle(1, &[in_b, in_a]), at(0)).unwrap().1, Changed::Already(State::Settled));
    assert_eq!(store.change(&settle(2, &[in_b, in_a]), at(0)).unwrap().1, Changed::Unknown);
    assert_eq!(store.list().unwrap().iter().map(|account| account.settled).sum::<u64>(), 10);
    store.check().unwrap();
}

#[test]
fn a_window_that_does_not_hold_the_time_is_told_and_takes_nothing() {
    let [a, b] = keys();
    let store = Memory::new(1, 100);
    let takes = [take(&a, day(0), 1, Some(5))];
    assert_eq!(store.reserve(&reserve(1, &takes), at(86_399)).unwrap().outcome, Outcome::Taken);
    assert_eq!(store.reserve(&reserve(2, &takes), at(86_400)).unwrap().outcome, Outcome::Moved);
    // The clock of the shard does not go back, so yesterday's account is not opened again, for nobody.
    let answer = store.reserve(&reserve(3, &[take(&b, day(0), 1, Some(5))]), at(0)).unwrap();
    assert_eq!((answer.outcome, answer.at), (Outcome::Moved, at(86_400)));
    assert_eq!(store.list().unwrap().len(), 1);
    assert_eq!(store.reserve(&reserve(3, &[take(&a, day(1), 1, Some(5))]), at(0)).unwrap().outcome, Outcome::Taken);
}

#[test]
fn windows_that_are_over_are_swept_and_memory_is_bounded() {
    let store = Memory::new(1, 64);
    for number in 0..10_000_u64 {
        let key = Key::new([number.to_string().as_str()]).unwrap();
        let now = at(i64::try_from(number).unwrap() * 86_400);
        let takes = [take(&key, day(i64::try_from(number).unwrap()), 1, Some(1))];
        assert_eq!(store.reserve(&reserve(u128::from(number), &takes), now).unwrap().outcome, Outcome::Taken);
        // Every third is left to expire. Such are remembered with their accounts, but not to the point of refusing others.
        if number % 3 != 0 {
            store.change(&settle(u128::from(number), &[(takes[0].account, 1)]), now).unwrap();
        }
        assert!(store.list().unwrap().len() <= 64);
    }
    store.check().unwrap();

    // All kinds of windows are empty again in the end.
    let store = Memory::new(1, 64);
    for number in 0..10_000_u64 {
        let key = Key::new([number.to_string().as_str()]).unwrap();
        let now = Time::from_micros(i64::try_from(number).unwrap() * 2_100_000);
        let periods = [
            Period::Sliding { length: 60 * SECOND },
            Period::Bucket { period: 60 * SECOND },
            Period::Interval { start: now, end: now.plus(SECOND) },
            Period::Open,
        ];
        let takes = periods.map(|period| take(&key, period, 1, Some(1)));
        assert_eq!(store.reserve(&reserve(u128::from(number), &takes[3..]), now).unwrap().outcome, Outcome::Taken);
        let one = &takes[usize::try_from(number % 3).unwrap()];
        let id = u128::from(number + 1) << 32;
        assert_eq!(store.reserve(&reserve(id, std::slice::from_ref(one)), now).unwrap().outcome, Outcome::Taken);
        store.change(&settle(u128::from(number), &[(takes[3].account, 1)]), now).unwrap();
        store.change(&settle(id, &[(one.account, 1)]), now).unwrap();
    }
    assert!(store.list().unwrap().len() <= 64);
    store.check().unwrap();
}

#[test]
fn a_full_store_refuses_and_takes_nothing() {
    let store = Memory::new(1, 2);
    let [a, b, c] = keys();
    store.reserve(&reserve(1, &[take(&a, day(0), 1, None)]), at(0)).unwrap();
    let two = [take(&b, day(0), 1, None), take(&c, day(0), 1, None)];
    assert_eq!(store.reserve(&reserve(2, &two), at(0)).unwrap_err(), StoreError::Full);
    assert_eq!(store.list().unwrap().len(), 1);
    // An account that is there can be used.
    assert_eq!(store.reserve(&reserve(3, &[take(&a, day(0), 1, None)]), at(0)).unwrap().outcome, Outcome::Taken);
    // Tomorrow there is room, when yesterday's reservations have ended and are forgotten or closed.
    for id in [1, 3] {
        store.change(&settle(id, &[(account(&a, day(0)), 1)]), at(0)).unwrap();
    }
    let two = [take(&b, day(1), 1, None), take(&c, day(1), 1, None)];
    assert_eq!(store.reserve(&reserve(4, &two), at(86_400)).unwrap().outcome, Outcome::Taken);
    store.check().unwrap();
}

#[test]
fn open_reservations_are_bounded() {
    let store = Memory::new(1, 2);
    let [a] = keys();
    let takes = [take(&a, day(0), 1, None)];
    for id in 0..32 {
        assert_eq!(store.reserve(&reserve(id, &takes), at(0)).unwrap().outcome, Outcome::Taken);
    }
    assert_eq!(store.reserve(&reserve(32, &takes), at(0)).unwrap_err(), StoreError::Full);
    store.change(&settle(0, &[(takes[0].account, 1)]), at(0)).unwrap();
    assert_eq!(store.reserve(&reserve(32, &takes), at(0)).unwrap().outcome, Outcome::Taken);
    // When all have expired there is room again.
    assert_eq!(store.reserve(&reserve(33, &takes), at(60)).unwrap().outcome, Outcome::Taken);
    store.check().unwrap();
}

#[test]
fn the_queue_of_leases_does_not_grow_with_what_is_closed() {
    let mut shard = Shard::new(10);
    let [a] = keys();
    let slot = shard.open(&account(&a, day(0)), 1);
    for id in 0..100_000 {
        let entry = shard::Entry { account: slot, cost: 0, position: Default::default(), on_expiry: OnExpiry::Charge };
        let hold = shard::Hold {
            digest: Digest(0),
            state: State::Reserved,
            expires: at(1000),
            entries: smallvec![entry],
            accounts: 1,
        };
        shard.keep(ReservationId(id), hold);
        shard.close(ReservationId(id), State::Settled, |_| 0);
    }
    assert!(shard.queued() < 200, "{}", shard.queued());
    shard.check().unwrap();
}

#[test]
fn a_reservation_that_is_forgotten_cannot_be_closed_in_part() {
    let store = Memory::new(2, 10_000);
    let names = keys::<64>();
    let places: Vec<_> = names.iter().map(|key| store.0.place(&account(key, day(0))).shard).collect();
    let of = |shard: usize| &names[places.iter().position(|place| *place == shard).unwrap()];
    let (a, b) = (of(0), of(1));
    let both = [take(a, day(0), 1, None), take(b, day(0), 1, None)];
    store.reserve(&reserve(0, &both), at(0)).unwrap();
    // It expires in both; then so many others expire in one shard that this one forgets it.
    for id in 1..2000 {
        store.reserve(&reserve(id, &both[..1]), at(100)).unwrap();
    }
    let late = store.change(&settle(0, &[(both[0].account, 9), (both[1].account, 9)]), at(300)).unwrap().1;
    assert_eq!(late, Changed::Already(State::Expired));
    // What expiry charged stands in both.
    let mut settled: Vec<_> = store.list().unwrap().iter().map(|account| account.settled).collect();
    settled.sort_unstable();
    assert_eq!(settled, [1, 2000]);
    store.check().unwrap();
}

#[test]
fn how_a_reservation_was_closed_is_remembered_for_a_while() {
    let store = Memory::new(1, 10);
    let [a] = keys();
    let takes = [take(&a, day(0), 1, None)];
    for id in 0..256 {
        store.reserve(&reserve(id, &takes), at(0)).unwrap();
        let action = if id % 2 == 0 { ChangeAction::Release } else { ChangeAction::Settle };
        let change = Change { id: ReservationId(id), entries: &[(takes[0].account, 1)], action };
        assert_eq!(store.change(&change, at(0)).unwrap().1, Changed::Done);
    }
    let again = |id| store.change(&settle(id, &[(takes[0].account, 1)]), at(0)).unwrap().1;
    for id in 0..256 {
        assert_eq!(again(id), Changed::Already(if id % 2 == 0 { State::Released } else { State::Settled }));
        assert_eq!(store.reserve(&reserve(id, &takes), at(0)).unwrap().outcome, Outcome::Conflict);
    }
    store.reserve(&reserve(256, &takes), at(0)).unwrap();
    assert_eq!((again(256), again(0), again(1)), (Changed::Done, Changed::Unknown, Changed::Already(State::Settled)));
    assert_eq!(store.list().unwrap()[0].settled, 129);
}

/// Threads that share a hard amount, and settle, release and let expire what they get.
#[test]
fn threads_never_pass_a_hard_amount() {
    const AMOUNT: u64 = 10_000;
    let store = Arc::new(Memory::new(4, 1000));
    let spent = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..8_u64)
        .map(|thread| {
            let (store, spent) = (Arc::clone(&store), Arc::clone(&spent));
            std::thread::spawn(move || {
                let shared = Key::new(["shared"]).unwrap();
                let others = keys::<8>();
                let mut random = thread + 1;
                for turn in 0..4000_u64 {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let cost = random >> 60;
                    let other = &others[usize::try_from(random >> 50 & 7).unwrap()];
                    let takes = [take(&shared, day(0), cost, Some(AMOUNT)), take(other, day(0), cost, None)];
                    let id = u128::from(thread << 32 | turn);
                    let now = at(i64::try_from(turn).unwrap());
                    let answer = store.reserve(&reserve(id, &takes), now).unwrap();
                    assert!(answer.balances[0].after <= AMOUNT || answer.outcome == Outcome::Refused);
                    if answer.outcome != Outcome::Taken {
                        continue;
                    }
                    let entries = [0, 1].map(|i| (takes[i].account, cost / 2));
                    let action = match random >> 40 & 3 {
                        0 => ChangeAction::Release,
                        1 => {
                            // Left to expire, which charges all of it; other threads are at other times.
                            spent.fetch_add(cost, Ordering::Relaxed);
                            continue;
                        }
                        _ => ChangeAction::Settle,
                    };
                    let change = Change { id: ReservationId(id), entries: &entries, action };
                    match store.change(&change, now).unwrap().1 {
                        Changed::Done | Changed::Late if action == ChangeAction::Settle => {
                            spent.fetch_add(cost / 2, Ordering::Relaxed);
                        }
                        // Another thread is so far ahead that it had expired.
                        Changed::Already(State::Expired) => {
                            spent.fetch_add(cost, Ordering::Relaxed);
                        }
                        Changed::Done => {}
                        changed => panic!("{changed:?}"),
                    }
                    // Now and then, an observer.
                    if turn % 512 == 0 {
                        store.check().unwrap();
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    // A day later, but still in a step of the same windows, all leases have ended.
    store
        .reserve(&reserve(u128::MAX, &keys::<8>().each_ref().map(|key| take(key, day(0), 0, None))), at(86_399))
        .unwrap();
    let shared = Key::new(["shared"]).unwrap();
    let last = [take(&shared, day(0), 0, None)];
    store.reserve(&reserve(u128::MAX - 1, &last), at(86_399)).unwrap();
    store.check().unwrap();
    let spent = spent.load(Ordering::Relaxed);
    let all = store.list().unwrap();
    let of_shared = all.iter().find(|account| account.key == shared).unwrap();
    assert_eq!((of_shared.settled, of_shared.reserved), (spent, 0));
    assert!(spent <= AMOUNT && spent > AMOUNT - 15, "what is free can be spent: {spent}");
    assert_eq!(all.iter().filter(|account| account.key != shared).map(|account| account.settled).sum::<u64>(), spent);
}

/// All interleavings of small programs, under a model checker.
mod interleavings {
    use loom::sync::Mutex as Checked;
    use loom::thread;

    use super::*;

    impl Lock for Checked<Shard> {
        type Guard<'a> = loom::sync::MutexGuard<'a, Shard>;

        fn around(shard: Shard) -> Self {
            Self::new(shard)
        }

        fn lock_shard(&self) -> Result<Self::Guard<'_>, StoreError> {
            self.lock().map_err(|_| StoreError::Poisoned)
        }
    }

    /// Two keys that are in different shards, and a hasher that says so in every run.
    fn two_shards() -> (RandomState, Key, Key) {
        loop {
            let store = Shards::<Mutex<Shard>>::new(2, 100);
            let [a, b] = keys();
            if store.place(&account(&a, day(0))).shard != store.place(&account(&b, day(0))).shard {
                return (store.hasher, a, b);
            }
        }
    }

    fn checked(hasher: &RandomState) -> loom::sync::Arc<Shards<Checked<Shard>>> {
        loom::sync::Arc::new(Shards { hasher: hasher.clone(), ..Shards::new(2, 100) })
    }

    #[test]
    fn opposite_orders_do_not_wait_for_each_other_and_one_wins() {
        let (hasher, a, b) = two_shards();
        loom::model(move || {
            let store = checked(&hasher);
            let threads = [(1, a.clone(), b.clone()), (2, b.clone(), a.clone())].map(|(id, first, second)| {
                let store = store.clone();
                thread::spawn(move || {
                    let takes = [take(&first, day(0), 1, Some(1)), take(&second, day(0), 1, Some(1))];
                    store.reserve(&reserve(id, &takes), at(0)).unwrap().outcome
                })
            });
            let outcomes = threads.map(|thread| thread.join().unwrap());
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Taken).count(), 1);
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Refused).count(), 1);
        });
    }

    #[test]
    fn settling_twice_while_it_expires_charges_once() {
        let (hasher, a, b) = two_shards();
        loom::model(move || {
            let store = checked(&hasher);
            let both = [take(&a, day(0), 10, None), take(&b, day(0), 10, None)];
            store.reserve(&reserve(1, &both), at(0)).unwrap();
            // One settles, one settles again later, when the lease is over; a third looks only at one shard, later still.
            let settling = [0, 100].map(|now| {
                let (store, a, b) = (store.clone(), a.clone(), b.clone());
                thread::spawn(move || {
                    let entries = [(account(&b, day(0)), 3), (account(&a, day(0)), 3)];
                    store.change(&settle(1, &entries), at(now)).unwrap().1
                })
            });
            let looking = store.reserve(&Reserve { dry_run: true, ..reserve(2, &both[..1]) }, at(200)).unwrap();
            assert!([3, 10].contains(&looking.balances[0].before), "{looking:?}");
            let changed = settling.map(|thread| thread.join().unwrap());
            assert_eq!(changed.iter().filter(|changed| matches!(changed, Changed::Done | Changed::Late)).count(), 1);
            assert!(changed.contains(&Changed::Already(State::Settled)), "{changed:?}");
            for take in &both {
                let one = Reserve { dry_run: true, ..reserve(2, std::slice::from_ref(take)) };
                let balance = store.reserve(&one, at(200)).unwrap().balances[0];
                assert_eq!((balance.before, balance.settled, balance.reserved), (3, 3, 0));
            }
        });
    }
}
