//! Differences that are known, with the reason why each is right or does not matter.

use llm_policy_cel::types::Type;

use super::generate::Case;
use super::run::Answers;

/// Who differs from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The `cel` crate.
    Cel,
    /// The `cel-core` crate.
    CelCore,
    /// Our checker, from what the generator knows.
    Checker,
}

/// A difference, on the smallest expression that has it.
pub struct Difference<'a> {
    pub who: Who,
    pub source: &'a str,
    pub case: &'a Case,
    pub answers: &'a Answers,
}

/// A known difference.
pub struct Known {
    pub who: Who,
    /// Why it is there.
    pub reason: &'static str,
    /// True for the differences that it explains.
    applies: fn(&Difference<'_>) -> bool,
}

/// All known differences.
pub const KNOWN: &[Known] = &[];

/// Where the list has this difference.
pub fn position(difference: &Difference<'_>) -> Option<usize> {
    KNOWN.iter().position(|known| known.who == difference.who && (known.applies)(difference))
}

/// True when an expression of the type `found` may be of the type `expected`.
pub fn is_type(found: &Type, expected: &Type) -> bool {
    match (found, expected) {
        (Type::Dyn, _) => true,
        (Type::List(a), Type::List(b)) => is_type(a, b),
        (Type::Map(a), Type::Map(b)) => is_type(&a.0, &b.0) && is_type(&a.1, &b.1),
        _ => found == expected,
    }
}
