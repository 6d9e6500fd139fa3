//! What an evaluation writes to besides its arena: kept by each thread and used again, so that it allocates only while a
//! thread is new to a program.

use std::cell::{Cell, RefCell};

use regex_automata::meta::Cache;

use crate::program::Program;

/// How many programs a thread keeps regular-expression caches for.
const PROGRAMS: usize = 4;

/// Memory that evaluations on one thread share, one after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The number of this evaluation; what carries another number is stale.
    pub(super) epoch: u32,
    pub(super) memos: Vec<Cell<Kept>>,
    pub(super) texts: Vec<TextHits>,
    /// Caches of regular expressions, by program; the current one stands first.
    pub(super) regexes: RefCell<Vec<(u64, Caches)>>,
}

/// A cache for each regular expression that has run.
type Caches = Vec<Option<Box<Cache>>>;

/// What is known of a node that is evaluated at most once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kept {
    pub(super) epoch: u32,
    pub(super) what: Outcome,
    /// The fuel that it took, and takes again from whoever asks for it.
    pub(super) fuel: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Outcome {
    #[default]
    False,
    True,
    Int(i64),
    Double(f64),
    /// The place among the evaluation's kept values.
    Value(u32),
}

/// Which literals were found in one slot's text.
#[derive(Debug, Default)]
pub(super) struct TextHits {
    pub(super) epoch: Cell<u32>,
    pub(super) bits: RefCell<Vec<u64>>,
}

impl Scratch {
    /// Empty memory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes ready for an evaluation of `program`, and forgets the one before.
    pub fn prepare(&mut self, program: &Program) {
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            // Numbers start again: nothing may look as if it were of this evaluation.
            self.memos.clear();
            self.texts.clear();
            self.epoch = 1;
        }
        if self.memos.len() < program.memos() {
            self.memos.resize(program.memos(), Cell::default());
        }
        if self.texts.len() < program.texts().len() {
            self.texts.resize_with(program.texts().len(), TextHits::default);
        }
        if program.regexes() > 0 {
            let caches = self.regexes.get_mut();
            match caches.iter().position(|(id, _)| *id == program.id()) {
                Some(at) => caches.swap(0, at),
                None => {
                    caches.truncate(PROGRAMS - 1);
                    caches.insert(0, (program.id(), (0..program.regexes()).map(|_| None).collect()));
                }
            }
        }
    }
}
