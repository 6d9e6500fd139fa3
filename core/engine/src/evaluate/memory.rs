//! Memory that a thread keeps from one evaluation to the next, so that evaluating allocates nothing.

use std::cell::RefCell;

use bumpalo::Bump;
use llm_policy_cel::eval::Scratch;

use super::combine::DocumentState;
use super::run::Outcome;
use crate::detection::memory::Detection;

/// What one evaluation writes to.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Slots and values.
    pub(crate) arena: Bump,
    /// The evaluator's.
    pub(crate) scratch: Scratch,
    /// What is known of the texts.
    pub(crate) detection: Detection,
    /// Rules that the index found.
    pub(crate) found: Vec<u32>,
    /// Rules that matched or failed.
    pub(crate) outcomes: Vec<Outcome>,
    /// What documents decide.
    pub(crate) documents: Vec<DocumentState>,
}

/// More than this an idle thread does not keep.
const KEPT_BYTES: usize = 4 << 20;

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(Memory::default());
}

/// Runs `f` with this thread's memory, or with fresh memory when this thread's is in use or gone.
///
/// Everything in it is reset before use, so what a panic left behind does no harm.
pub(crate) fn with<T>(f: impl Fn(&mut Memory) -> T) -> T {
    let kept = MEMORY.try_with(|memory| {
        let mut memory = memory.try_borrow_mut().ok()?;
        memory.arena.reset();
        let result = f(&mut memory);
        if memory.arena.allocated_bytes() > KEPT_BYTES {
            memory.arena = Bump::new();
        }
        Some(result)
    });
    match kept {
        Ok(Some(result)) => result,
        _ => f(&mut Memory::default()),
    }
}
