//! Input: reading from the host's data only what the program asks for.
//!
//! What holds for every input:
//!
//! * `null` is the same as no field: the slot stays as it is, also when the `null` stands where an object was expected.
//! * Another value where an object was expected makes all slots below it mistyped.
//! * Whole numbers are ints: [`coerce::number`].
//! * A field that differs from a wanted field only in ASCII case is refused, and so is a wanted field that is there
//!   twice: another reader of the same data might see the other one.

pub mod builder;
pub mod coerce;
pub mod json;
pub mod packed;
pub mod paths;
pub mod prepared;
pub mod value;
mod walk;

#[cfg(test)]
mod tests;

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;

pub use builder::ContextBuilder;
pub use json::Json;
pub use packed::Packed;
pub use paths::Paths;
pub use prepared::Prepared;

/// How deep lists and objects may be nested in each other.
pub const MAX_DEPTH: usize = 128;

/// Data that slots are filled from.
///
/// An implementation walks its own data guided by the wanted paths, and converts nothing else. To set single slots
/// afterwards, write to them.
pub trait Input {
    /// Fills the slots that `paths` asks for; slots whose field is not there stay as they are.
    ///
    /// # Errors
    /// When the data is refused as a whole: not valid, too deep, a repeated key. Slots may be filled in part then.
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError>;

    /// False for data that is no object: a context is one, and anything else is refused.
    fn is_object(&self) -> bool {
        true
    }
}

/// Why an input was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The byte offset in the input, where there is one.
    pub offset: Option<usize>,
}

impl InputError {
    pub(crate) fn new(message: impl Into<String>, offset: Option<usize>) -> Self {
        Self { message: message.into(), offset }
    }

    /// Refuses a field `name` that differs from the field `wanted` only in case: [`paths::Found::Variant`].
    #[must_use]
    pub fn variant(name: &str, wanted: &str, offset: Option<usize>) -> Self {
        Self::new(format!("field `{name}` differs from `{wanted}` only in case"), offset)
    }

    /// Refuses a field that is there twice.
    #[must_use]
    pub fn repeated(name: &str, offset: Option<usize>) -> Self {
        let short: String = name.chars().take(40).collect();
        let dots = if short.len() < name.len() { "…" } else { "" };
        Self::new(format!("field `{}{dots}` is repeated", short.escape_debug()), offset)
    }

    /// Refuses what is nested deeper than [`MAX_DEPTH`].
    #[must_use]
    pub fn too_deep(offset: Option<usize>) -> Self {
        Self::new(format!("nested deeper than {MAX_DEPTH} levels"), offset)
    }

    /// The error for people: with line, column and a short excerpt of `input`, the bytes that were refused.
    ///
    /// The excerpt is part of the data; what may not be shown or logged wants [`InputError`]'s `Display` instead.
    ///
    /// ```
    /// use llm_policy_engine::input::InputError;
    ///
    /// let error = InputError { message: "expected a value".into(), offset: Some(8) };
    /// assert_eq!(error.locate(b"{\n  \"a\":x}"), "expected a value at line 2 column 7: `  \"a\":` before `x}`");
    /// ```
    #[must_use]
    pub fn locate(&self, input: &[u8]) -> String {
        /// So many characters are shown before and after the place.
        const SHOWN: usize = 20;
        let Some((before, after)) = self.offset.and_then(|at| input.split_at_checked(at)) else {
            return self.to_string();
        };
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let before = String::from_utf8_lossy(before.get(start..).unwrap_or_default());
        // Four bytes a character at most.
        let after = String::from_utf8_lossy(after.get(..SHOWN * 4).unwrap_or(after));
        let column = before.chars().count() + 1;
        let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let after: String = after.lines().next().unwrap_or_default().chars().take(SHOWN).map(clean).collect();
        let before: String = before.chars().skip(column.saturating_sub(1 + SHOWN)).map(clean).collect();
        let place = match (before.is_empty(), after.is_empty()) {
            (true, true) => String::new(),
            (true, false) => format!(": before `{after}`"),
            (false, true) => format!(": after `{before}`"),
            (false, false) => format!(": `{before}` before `{after}`"),
        };
        format!("{} at line {line} column {column}{place}", self.message)
    }
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
