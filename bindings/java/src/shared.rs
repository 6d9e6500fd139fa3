//! Decisions that come again and again, kept as the Java objects that were made of them.
//!
//! The text of a decision costs more than the decision. The first time, Java gets the text and a ticket, makes an object and hands
//! it over ([`Shared::keep`]); from then on the object itself is the answer. Reading takes no lock.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use llm_policy_embed::{Decision, DecisionKey};

use crate::env::GlobalRef;

/// So many decisions are kept of one generation of policies.
const SLOTS: usize = 512;
/// So many places are looked at for one decision.
const PROBES: usize = 8;

/// The kept decisions of an engine.
pub(crate) struct Shared(ArcSwap<Generation>);

/// The kept decisions of an engine's policies, up to the next reload.
pub(crate) struct Generation {
    /// Never 0.
    id: u32,
    bundle: Box<str>,
    slots: Box<[OnceLock<Box<Kept>>]>,
}

struct Kept {
    key: DecisionKey,
    object: OnceLock<GlobalRef>,
}

/// What is known of a decision.
pub(crate) enum Known {
    /// Its object is in this place.
    Object(Arc<Generation>, usize),
    /// Its object would be kept under this number; 0: it would not be kept.
    Ticket(u64),
}

impl Generation {
    fn new(bundle: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let slots = (0..SLOTS).map(|_| OnceLock::new()).collect();
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), bundle: bundle.into(), slots }
    }

    /// The place of a key, which is taken if need be.
    fn place(&self, key: &DecisionKey) -> Option<(usize, &Kept)> {
        let hash =
            key.iter().fold(0_u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        (0..PROBES).find_map(|probe| {
            let at = ((hash >> 32) as usize + probe) % SLOTS;
            let kept = self.slots.get(at)?.get_or_init(|| Box::new(Kept { key: key.clone(), object: OnceLock::new() }));
            (kept.key == *key).then_some((at, &**kept))
        })
    }

    /// The object in a place.
    pub(crate) fn object(&self, at: usize) -> Option<&GlobalRef> {
        self.slots.get(at)?.get()?.object.get()
    }
}

impl Shared {
    pub(crate) fn new() -> Self {
        Self(ArcSwap::from_pointee(Generation::new("")))
    }

    /// What is known of a decision.
    pub(crate) fn look_up(&self, decision: &Decision) -> Known {
        let Some(key) = decision.key() else { return Known::Ticket(0) };
        let mut generation = self.0.load_full();
        if *generation.bundle != *decision.bundle() {
            generation = Arc::new(Generation::new(decision.bundle()));
            self.0.store(generation.clone());
        }
        let Some((at, kept)) = generation.place(&key) else { return Known::Ticket(0) };
        if kept.object.get().is_some() {
            return Known::Object(generation, at);
        }
        Known::Ticket(u64::from(generation.id) << 32 | at as u64)
    }

    /// Keeps the object of the decision that came with this ticket, unless the policies were replaced since.
    pub(crate) fn keep(&self, ticket: u64, object: impl FnOnce() -> Option<GlobalRef>) {
        let generation = self.0.load();
        if u64::from(generation.id) == ticket >> 32
            && let Some(kept) = generation.slots.get(ticket as u32 as usize).and_then(OnceLock::get)
            && kept.object.get().is_none()
            && let Some(object) = object()
        {
            // Whoever comes second lets its own go.
            let _ = kept.object.set(object);
        }
    }
}
