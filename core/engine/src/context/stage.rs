//! The stages of a turn.

use std::fmt;
use std::str::FromStr;

/// A stage of a turn, in which rules are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Before the request goes to the model.
    Request,
    /// Before the answer goes to the user.
    Response,
    /// Before a tool is called.
    ToolCall,
    /// Before the tool's result goes to the model.
    ToolResult,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 4] = [Self::Request, Self::Response, Self::ToolCall, Self::ToolResult];

    /// The name in documents: `tool_call`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Response => "response",
            Self::ToolCall => "tool_call",
            Self::ToolResult => "tool_result",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stage {
    type Err = UnknownStage;

    fn from_str(name: &str) -> Result<Self, UnknownStage> {
        Self::ALL.into_iter().find(|stage| stage.name() == name).ok_or(UnknownStage)
    }
}

/// There is no stage of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownStage;

impl fmt::Display for UnknownStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stages are request, response, tool_call and tool_result")
    }
}

impl std::error::Error for UnknownStage {}

/// A set of stages.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Stages(u8);

impl Stages {
    /// No stage.
    pub const NONE: Self = Self(0);
    /// Every stage.
    pub const ALL: Self = Self::of(&Stage::ALL);

    /// The set of `stages`.
    #[must_use]
    pub const fn of(stages: &[Stage]) -> Self {
        let mut bits = 0;
        let mut rest = stages;
        while let [first, others @ ..] = rest {
            bits |= 1 << *first as u8;
            rest = others;
        }
        Self(bits)
    }

    /// True when `stage` is in the set.
    #[must_use]
    pub const fn contains(self, stage: Stage) -> bool {
        self.0 & (1 << stage as u8) != 0
    }

    /// True when every stage of `other` is in the set.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The stages that are in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The stages that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// True without a stage.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The stages in the order of [`Stage::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Stage> {
        Stage::ALL.into_iter().filter(move |stage| self.contains(*stage))
    }
}

impl FromIterator<Stage> for Stages {
    fn from_iter<I: IntoIterator<Item = Stage>>(stages: I) -> Self {
        stages.into_iter().fold(Self::NONE, |set, stage| set.union(Self::of(&[stage])))
    }
}

impl fmt::Debug for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Stages {
    /// `request, tool_call`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, stage) in self.iter().enumerate() {
            write!(f, "{}{stage}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
