//! The guard of streams: text is let through as soon as nothing more can be found in it.
//!
//! ```
//! use llm_policy_detect::stream::{Action, Guard};
//! use llm_policy_detect::redact::{Redactor, Style};
//! use llm_policy_detect::{Family, Scanner};
//!
//! let scanner = Scanner::builder().families([Family::Pii]).build()?;
//! let mut guard = Guard::new(&scanner, |_| Action::Redact(Style::Label))?.redactor(Redactor::new([7; 32]));
//! let mut out = String::new();
//! for chunk in ["Write to ada@exa", "mple.or", "g, please."] {
//!     out.push_str(&guard.push(chunk.as_bytes()).text);
//! }
//! out.push_str(&guard.finish().text);
//! assert_eq!(out, "Write to [EMAIL], please.");
//! assert_eq!(guard.findings().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The text is decided about in segments, each scanned once with what lies around it as context. Where segments end depends on the
//! text alone (`cuts`), so a verdict, its spans and the emitted text are the same however the text arrives.

mod cuts;
mod guard;
#[cfg(test)]
mod tests;
mod utf8;
mod whole;

use std::fmt;

pub use guard::Guard;
pub use utf8::Decoder;
pub use whole::Whole;

use crate::finding::Finding;
use crate::kind::Family;
use crate::redact::Style;

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is noted, and the text goes on.
    Note,
    /// It is replaced.
    Redact(Style),
    /// The stream ends before it.
    Stop,
}

/// When a condition on a text can be judged, the soonest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// As the text passes: findings have a bounded span and look a bounded way around them.
    #[default]
    Streamable,
    /// When all of the text is there; it has been let through by then.
    AtEnd,
    /// Only if nothing is let through before all of the text is there.
    Buffer,
}

impl Class {
    /// The name: `streamable`, `at_end`, `buffer`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Streamable => "streamable",
            Self::AtEnd => "at_end",
            Self::Buffer => "buffer",
        }
    }
}

/// The class of an action on findings of a family.
///
/// ```
/// use llm_policy_detect::Family;
/// use llm_policy_detect::stream::{Action, Class, class};
///
/// assert_eq!(class(Family::Secret, Action::Stop), Class::Streamable);
/// assert_eq!(class(Family::Jailbreak, Action::Note), Class::AtEnd);
/// assert_eq!(class(Family::Jailbreak, Action::Stop), Class::Buffer);
/// ```
#[must_use]
pub fn class(family: Family, action: Action) -> Class {
    match (family.is_streamable(), action) {
        (true, _) => Class::Streamable,
        (false, Action::Note) => Class::AtEnd,
        (false, _) => Class::Buffer,
    }
}

/// What a chunk came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Text that is safe to emit now.
    pub text: String,
    /// The finding at which the stream was stopped. Nothing comes after it.
    pub stopped: Option<Finding>,
}

/// Why a scanner cannot guard a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotStreamable {
    /// It looks for a family that can only be judged when all of the text is there.
    Family(Family),
    /// One of its author's own patterns has no longest match, or one of more than 1,024 bytes.
    Pattern,
}

impl fmt::Display for NotStreamable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Family(family) => {
                write!(
                    formatter,
                    "`{family}` can only be judged when all of the text is there: buffer it, or judge it at the end"
                )
            }
            Self::Pattern => formatter
                .write_str("a pattern can match more than 1,024 bytes: give its repetitions an upper bound, or buffer"),
        }
    }
}

impl std::error::Error for NotStreamable {}
