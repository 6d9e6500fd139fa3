//! Input that was read before and stays the same.

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;
use llm_policy_cel::value::Value;

use super::{Input, InputError, Paths};

/// What one slot was filled with.
#[derive(Clone, Debug)]
enum Held {
    Absent,
    Mistyped,
    Present(Value),
}

/// The slots that an input filled, owned: filling them again allocates nothing.
///
/// It fits the paths that it was made for only; it remembers the generation of the program that they belong to.
///
/// ```
/// use llm_policy_cel::slot::Slot;
/// use llm_policy_cel::value::Val;
/// use llm_policy_engine::input::paths::SlotType;
/// use llm_policy_engine::input::{Json, Paths, Prepared};
///
/// let mut paths = Paths::default();
/// paths.want(["user", "id"], SlotType::String);
/// let prepared = Prepared::new(&Json::new(br#"{"user": {"id": "ann"}}"#), &paths, 7)?;
/// let mut slots = [Slot::Absent];
/// assert!(prepared.is_for(7));
/// prepared.fill(&mut slots);
/// assert!(matches!(slots, [Slot::Present(Val::Str("ann"))]));
/// # Ok::<(), llm_policy_engine::input::InputError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prepared {
    slots: Vec<Held>,
    generation: u64,
}

impl Prepared {
    /// Reads `input` for `paths`, which belong to the program of this `generation`.
    ///
    /// # Errors
    /// Those of the input.
    pub fn new(input: &(impl Input + ?Sized), paths: &Paths, generation: u64) -> Result<Self, InputError> {
        let arena = Bump::new();
        let mut slots = vec![Slot::Absent; paths.slots() as usize];
        input.fill(paths, &mut slots, &arena)?;
        let hold = |slot: &Slot<'_>| match slot {
            Slot::Absent => Ok(Held::Absent),
            Slot::Mistyped => Ok(Held::Mistyped),
            Slot::Present(value) => {
                value.to_value().map(Held::Present).map_err(|e| InputError::new(e.to_string(), None))
            }
        };
        Ok(Self { slots: slots.iter().map(hold).collect::<Result<_, _>>()?, generation })
    }

    /// The generation of the program that it was made for.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// False when it is stale: made for another generation than this.
    #[must_use]
    pub fn is_for(&self, generation: u64) -> bool {
        self.generation == generation
    }

    /// Fills the slots of the paths it was made for; slots that the input did not have stay as they are.
    pub fn fill<'a>(&'a self, slots: &mut [Slot<'a>]) {
        for (slot, held) in slots.iter_mut().zip(&self.slots) {
            match held {
                Held::Absent => {}
                Held::Mistyped => *slot = Slot::Mistyped,
                Held::Present(value) => *slot = Slot::Present(value.as_val()),
            }
        }
    }
}
