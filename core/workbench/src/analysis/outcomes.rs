//! Sets of outcomes: what a condition may come to.

use std::ops::{BitAnd, BitOr};

use llm_policy_engine::cel::eval::Truth;

/// A set of the three outcomes of a condition: true, false, an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Outcomes(u8);

impl Outcomes {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const TRUE: Self = Self(1);
    pub(crate) const FALSE: Self = Self(2);
    pub(crate) const ERROR: Self = Self(4);
    /// True or false.
    pub(crate) const VALUE: Self = Self(3);
    /// False or an error: the rule does not match.
    pub(crate) const NOT_TRUE: Self = Self(6);
    /// True or an error.
    pub(crate) const NOT_FALSE: Self = Self(5);
    pub(crate) const ANY: Self = Self(7);

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether there is exactly one.
    pub(crate) const fn is_one(self) -> bool {
        self.0.is_power_of_two()
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The outcomes that are not in the set.
    pub(crate) const fn others(self) -> Self {
        Self(7 & !self.0)
    }

    /// The outcomes of `!a` for those of `a`.
    pub(crate) const fn negated(self) -> Self {
        Self((self.0 & 1) << 1 | (self.0 & 2) >> 1 | self.0 & 4)
    }
}

impl BitAnd for Outcomes {
    type Output = Self;
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for Outcomes {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl From<Truth> for Outcomes {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::TRUE,
            Truth::False => Self::FALSE,
            Truth::Error => Self::ERROR,
        }
    }
}

impl From<bool> for Outcomes {
    fn from(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }
}
