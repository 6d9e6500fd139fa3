//! An allocator that counts, over the system's own.
//!
//! The counters belong to the thread: counting costs an addition, with no lock and no shared cache line.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static CALLS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
}

/// What this thread has allocated so far.
#[derive(Debug, Clone, Copy)]
pub struct Allocations {
    /// Calls that asked for memory, reallocations among them.
    pub calls: u64,
    /// Bytes asked for and not given back.
    pub live: i64,
}

impl Allocations {
    /// The counters as they are now.
    pub fn now() -> Self {
        Self { calls: CALLS.get(), live: LIVE.get() }
    }
}

/// The allocator; a binary makes it its global one.
#[derive(Debug)]
pub struct Counting;

fn count(calls: u64, bytes: i64) {
    // A thread that is ending has no counters any more, and nobody reads them.
    let _ = CALLS.try_with(|counter| counter.set(counter.get() + calls));
    let _ = LIVE.try_with(|counter| counter.set(counter.get() + bytes));
}

#[expect(unsafe_code, reason = "a global allocator can only be written so; every call goes to the system's unchanged")]
// SAFETY: all four functions pass their arguments on to `System` and hand back what it returns.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
