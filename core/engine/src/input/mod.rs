//! Input: reading from the host's data only what the program asks for.

pub mod paths;

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;

pub use paths::Paths;

/// Data that slots are filled from.
///
/// An implementation walks its own data guided by the wanted paths, and converts nothing else.
pub trait Input {
    /// Fills the slots that `paths` asks for; slots whose field is not there stay as they are.
    ///
    /// # Errors
    /// When the data is refused as a whole: not valid, too deep, a repeated key.
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError>;
}

/// Why an input was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The byte offset in the input, where there is one.
    pub offset: Option<usize>,
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.offset {
            Some(at) => write!(f, "{} at byte {at}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for InputError {}
