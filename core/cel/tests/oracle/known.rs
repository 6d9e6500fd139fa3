//! Differences that are known, with the reason why each is right or does not matter.

use super::generate::Case;
use super::run::Answers;

/// A known difference.
pub struct Known {
    /// Who differs from us.
    pub who: Who,
    /// Why.
    pub reason: &'static str,
    /// True for the cases that it explains.
    pub applies: fn(&str, &Case, &Answers) -> bool,
}

/// An implementation that we are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Cel,
    CelCore,
}

/// All known differences.
pub const KNOWN: &[Known] = &[];
