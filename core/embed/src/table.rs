//! Numbers that stand for objects on the other side of a border.
//!
//! A number holds the kind of object, a slot and the slot's generation, so one that is stale, made up, of another kind or
//! released twice is told apart and never reaches another object. Reading takes no lock. Releasing while another thread reads is safe: the reader keeps
//! the object until it is done.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;

/// Slots of the first chunk; each further chunk holds twice as many.
const FIRST: u32 = 64;
/// Enough for 2^26 slots, less the first 64.
const CHUNKS: usize = 20;
/// The bits of a number that are its slot.
const SLOT_BITS: u32 = 26;

/// Objects by number.
///
/// ```
/// use llm_policy_embed::table::Table;
///
/// static NAMES: Table<String> = Table::new(1);
/// let handle = NAMES.insert("ann".to_owned()).unwrap().get();
/// assert_eq!(NAMES.with(handle, |name| name.len()), Some(3));
/// assert!(NAMES.remove(handle));
/// assert_eq!(NAMES.with(handle, |name| name.len()), None);
/// assert!(!NAMES.remove(handle));
/// ```
pub struct Table<T> {
    kind: u8,
    chunks: [OnceLock<Box<[Slot<T>]>>; CHUNKS],
    slots: Mutex<Slots>,
}

type Slot<T> = ArcSwapOption<Entry<T>>;

struct Entry<T> {
    generation: u32,
    object: T,
}

/// What is free.
struct Slots {
    /// Slots that were used before, each with its next generation.
    free: Vec<(u32, u32)>,
    /// How many slots were ever used.
    used: u32,
}

impl<T> Table<T> {
    /// A table for objects of one kind, 0 to 63. Numbers of tables of other kinds mean nothing to it.
    #[must_use]
    pub const fn new(kind: u8) -> Self {
        Self {
            kind: kind & 0x3f,
            chunks: [const { OnceLock::new() }; CHUNKS],
            slots: Mutex::new(Slots { free: Vec::new(), used: 0 }),
        }
    }

    /// The slot and the generation of a number.
    #[inline]
    fn parts(&self, number: u64) -> Option<(u32, u32)> {
        let low = number as u32;
        (low >> SLOT_BITS == u32::from(self.kind)).then_some((low & ((1 << SLOT_BITS) - 1), (number >> 32) as u32))
    }

    /// Puts `object` in; `None` when there are millions already. The number is never 0.
    pub fn insert(&self, object: T) -> Option<NonZeroU64> {
        let (at, generation) = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            match slots.free.pop() {
                Some(free) => free,
                None => {
                    let (chunk, _) = place(slots.used);
                    self.chunks.get(chunk)?.get_or_init(|| (0..FIRST << chunk).map(|_| Slot::empty()).collect());
                    slots.used += 1;
                    (slots.used - 1, 1)
                }
            }
        };
        self.slot(at)?.store(Some(Arc::new(Entry { generation, object })));
        NonZeroU64::new(u64::from(generation) << 32 | u64::from(self.kind) << SLOT_BITS | u64::from(at))
    }

    /// What `read` makes of the object with this number; `None` when there is none (any more).
    #[inline]
    pub fn with<R>(&self, number: u64, read: impl FnOnce(&T) -> R) -> Option<R> {
        let (at, generation) = self.parts(number)?;
        let guard = self.slot(at)?.load();
        let entry = guard.as_ref().filter(|entry| entry.generation == generation)?;
        Some(read(&entry.object))
    }

    /// Takes the object with this number out. False when it is not there (any more).
    pub fn remove(&self, number: u64) -> bool {
        let Some((at, generation)) = self.parts(number) else { return false };
        let Some(slot) = self.slot(at) else { return false };
        // The object is dropped outside of the lock: its drop may take long, or come back here.
        let removed = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            if slot.load().as_ref().is_none_or(|entry| entry.generation != generation) {
                return false;
            }
            // A slot whose generations are used up is left alone for good.
            if let Some(next) = generation.checked_add(1) {
                slots.free.push((at, next));
            }
            slot.swap(None)
        };
        drop(removed);
        true
    }

    /// How many objects are in.
    #[must_use]
    pub fn len(&self) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        (0..slots.used).filter(|at| self.slot(*at).is_some_and(|slot| slot.load().is_some())).count()
    }

    /// Whether nothing is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn slot(&self, at: u32) -> Option<&Slot<T>> {
        let (chunk, within) = place(at);
        self.chunks.get(chunk)?.get()?.get(within)
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("len", &self.len()).finish()
    }
}

/// The chunk of a slot, and its place there.
#[inline]
fn place(at: u32) -> (usize, usize) {
    let shifted = u64::from(at) + u64::from(FIRST);
    let chunk = shifted.ilog2() - FIRST.ilog2();
    (chunk as usize, (shifted - (u64::from(FIRST) << chunk)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_dense() {
        let mut expected = 0;
        for chunk in 0..6 {
            for within in 0..(FIRST as usize) << chunk {
                assert_eq!(place(expected), (chunk, within));
                expected += 1;
            }
        }
        assert_eq!(place((1 << SLOT_BITS) - 1).0, CHUNKS, "the last slots have no chunk");
    }

    #[test]
    fn stale_and_foreign_numbers_reach_nothing() {
        let table = Table::new(3);
        let old = table.insert(1).unwrap().get();
        assert!(table.remove(old));
        let new = table.insert(2).unwrap().get();
        assert_eq!(new as u32, old as u32, "the slot is used again");
        assert_eq!(table.with(old, |n| *n), None);
        assert_eq!(table.with(new, |n| *n), Some(2));
        for number in [0, 1, u64::MAX, new + 1, u64::from(u32::MAX)] {
            assert_eq!(table.with(number, |n| *n), None);
            assert!(!table.remove(number));
        }
        assert_eq!(table.len(), 1);
        let other = Table::new(4);
        let foreign = other.insert(3).unwrap().get();
        assert!(other.remove(foreign));
        let foreign = other.insert(3).unwrap().get();
        assert_eq!(table.with(foreign, |n| *n), None, "a number of another kind");
    }

    #[test]
    fn who_reads_keeps_the_object_while_it_is_removed() {
        let table = Table::new(0);
        let text = Arc::new("held".to_owned());
        let number = table.insert(text.clone()).unwrap().get();
        let seen = table.with(number, |held| {
            assert!(table.remove(number));
            held.len()
        });
        assert_eq!(seen, Some(4));
        assert_eq!(Arc::strong_count(&text), 1);
    }

    #[test]
    fn threads_never_see_another_object() {
        let table = Table::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let table = &table;
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    for round in 0..2_000_u64 {
                        let object = thread << 32 | round;
                        mine.push((table.insert(object).unwrap().get(), object));
                        if round % 3 == 0 {
                            let (number, _) = mine.swap_remove((round as usize * 7) % mine.len());
                            assert!(table.remove(number));
                            assert_eq!(table.with(number, |o| *o), None);
                        }
                        if let Some((number, object)) = mine.get((round as usize * 5) % mine.len().max(1)) {
                            assert_eq!(table.with(*number, |o| *o), Some(*object));
                        }
                    }
                    for (number, object) in mine {
                        assert_eq!(table.with(number, |o| *o), Some(object));
                        assert!(table.remove(number));
                    }
                });
            }
        });
        assert!(table.is_empty());
    }
}
