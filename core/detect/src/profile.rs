//! Where a text comes from and what it is for: thresholds follow from that.

use crate::kind::Family;

/// What a scanner's texts are for. A profile is a table of thresholds, one per family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Prose between people and a model.
    #[default]
    Chat,
    /// Prose with much code in it: what looks like code counts for less.
    Code,
    /// One argument of a tool: a bare value, where injection is injection.
    Argument,
    /// An argument that is SQL by design: statements are no injection.
    Sql,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 4] = [Self::Chat, Self::Code, Self::Argument, Self::Sql];

    /// The name in policies and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Code => "code",
            Self::Argument => "argument",
            Self::Sql => "sql",
        }
    }

    /// The profile of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// The lowest score (0 to 100) that counts as a finding of a family.
    #[must_use]
    pub fn threshold(self, _family: Family) -> u8 {
        50
    }
}

/// Who wrote a text. The same words weigh more where no orders are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Source {
    /// The person who talks to the model.
    #[default]
    User,
    /// What a tool gave back.
    Tool,
    /// A retrieved document.
    Document,
    /// The model's own answer.
    Model,
}
