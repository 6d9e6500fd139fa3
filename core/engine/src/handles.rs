//! What a host carries out: the obligations that it has declared.

use std::str::FromStr;

/// A set of actions that a host carries out when a decision hands them out.
///
/// A decision with a mandatory action (`redact`, `set`, `route`, `require_approval`, or a mandatory `custom`) that its host has
/// not declared is a deny: better no answer than one that was not redacted.
///
/// ```
/// use llm_policy_engine::handles::Handles;
///
/// let handles: Handles = "redact,route".parse()?;
/// assert!(handles.contains("redact"));
/// assert!(!handles.contains("set"));
/// # Ok::<(), llm_policy_engine::handles::UnknownAction>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Handles(u8);

/// The actions that a host can declare.
pub const HANDLED: [&str; 5] = ["redact", "set", "route", "require_approval", "custom"];

impl Handles {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(0b1_1111);

    /// The set with `action` in it; `None` when no host has to declare such an action.
    #[must_use]
    pub fn with(self, action: &str) -> Option<Self> {
        let at = HANDLED.iter().position(|name| *name == action)?;
        Some(Self(self.0 | 1 << at))
    }

    /// Whether `action` is in the set.
    #[must_use]
    pub fn contains(self, action: &str) -> bool {
        HANDLED.iter().position(|name| *name == action).is_some_and(|at| self.0 & 1 << at != 0)
    }
}

/// There is no such action to declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAction(pub String);

impl std::fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no action that a host declares; they are {}", self.0, HANDLED.join(", "))
    }
}

impl std::error::Error for UnknownAction {}

impl FromStr for Handles {
    type Err = UnknownAction;

    /// Names with commas between them.
    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        text.split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .try_fold(Self::NONE, |set, name| set.with(name).ok_or_else(|| UnknownAction(name.to_owned())))
    }
}
