//! JSON bytes as input: one pass, guided by the wanted paths.

mod fill;
mod scan;
#[cfg(test)]
mod tests;
mod whole;

use bumpalo::Bump;
use llm_policy_cel::slot::Slot;

use self::fill::Filler;
pub use self::whole::value_of;
use super::{Input, InputError, Paths};

/// The most bytes of JSON that are read.
pub const MAX_BYTES: usize = 64 << 20;

/// JSON text (RFC 8259) in UTF-8.
///
/// All of it is checked; values are made only of what is wanted, and strings without escapes are borrowed. Refused are
/// also: halves of surrogate pairs, numbers beyond the doubles, more than [`super::MAX_DEPTH`] levels, more than
/// [`MAX_BYTES`].
///
/// One byte order mark at the beginning is ignored, as it is in documents.
///
/// Keys: in an object that has wanted fields, a wanted key that is repeated or a key that differs from a wanted one only in
/// ASCII case is refused. In wanted subtrees every repeated key is refused. What is not wanted is not examined for
/// repeated keys.
///
/// Numbers: [`super::coerce::number`], and what is written as an integer is kept exactly as int64 or uint64 if it fits.
/// A number is whole when its nearest double is whole, so that `1.0`, `1e0` and `1.00000000000000000001` are the int 1 and
/// `-0` is the int 0.
///
/// ```
/// use bumpalo::Bump;
/// use llm_policy_cel::slot::Slot;
/// use llm_policy_cel::value::Val;
/// use llm_policy_engine::input::paths::SlotType;
/// use llm_policy_engine::input::{Input, Json, Paths};
///
/// let mut paths = Paths::default();
/// paths.want(["user", "id"], SlotType::String);
/// let (json, arena, mut slots) = (Json::new(br#"{"user": {"id": "ann"}}"#), Bump::new(), [Slot::Absent]);
/// json.fill(&paths, &mut slots, &arena)?;
/// assert!(matches!(slots, [Slot::Present(Val::Str("ann"))]));
/// # Ok::<(), llm_policy_engine::input::InputError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Json<'b> {
    bytes: &'b [u8],
    /// The same, where the caller has it as text.
    text: Option<&'b str>,
}

impl<'b> Json<'b> {
    /// An input of these bytes; they are checked when they are read.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, text: None }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }
}

impl<'b> From<&'b str> for Json<'b> {
    /// An input of text, which saves checking that it is UTF-8.
    fn from(text: &'b str) -> Self {
        Self { bytes: text.as_bytes(), text: Some(text) }
    }
}

impl Input for Json<'_> {
    fn fill<'a>(&'a self, paths: &Paths, slots: &mut [Slot<'a>], arena: &'a Bump) -> Result<(), InputError> {
        if self.bytes.len() > MAX_BYTES {
            return Err(InputError::new(format!("larger than {MAX_BYTES} bytes"), None));
        }
        let text = match self.text {
            Some(text) => text,
            None => std::str::from_utf8(self.bytes)
                .map_err(|error| InputError::new("not valid UTF-8", Some(error.valid_up_to())))?,
        };
        Filler::new(text, paths, slots, arena).run()
    }

    fn is_object(&self) -> bool {
        let text = self.bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(self.bytes);
        text.trim_ascii_start().first() == Some(&b'{')
    }
}
