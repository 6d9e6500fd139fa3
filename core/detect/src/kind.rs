//! What can be found: kinds, and the families that they belong to.

use std::borrow::Cow;
use std::fmt;

/// A family of detectors. Policies ask by family (`contains_pii`) or by kind within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Family {
    /// Data about persons: addresses, numbers, national ids.
    Pii,
    /// Health data about a person: an identifier in a medical context, and medical numbers.
    Phi,
    /// Keys, tokens, passwords.
    Secret,
    /// SQL that breaks out of a value.
    Sql,
    /// Commands for a shell.
    Shell,
    /// Script in markup.
    Xss,
    /// Paths that leave their folder, and files that nobody should ask for.
    Path,
    /// Addresses that only the server should reach.
    Ssrf,
    /// Templates and code where data belongs.
    Code,
    /// Instructions against the model's own instructions.
    Prompt,
    /// Attempts to talk the model out of its rules.
    Jailbreak,
    /// Profanity, rated by severity. Not a claim about hate.
    Profanity,
    /// Patterns of the policy's author.
    Custom,
}

impl Family {
    /// All families, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::Pii,
        Self::Phi,
        Self::Secret,
        Self::Sql,
        Self::Shell,
        Self::Xss,
        Self::Path,
        Self::Ssrf,
        Self::Code,
        Self::Prompt,
        Self::Jailbreak,
        Self::Profanity,
        Self::Custom,
    ];

    /// The name in policies, reports and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pii => "pii",
            Self::Phi => "phi",
            Self::Secret => "secret",
            Self::Sql => "sql_injection",
            Self::Shell => "command_injection",
            Self::Xss => "xss",
            Self::Path => "path_traversal",
            Self::Ssrf => "ssrf",
            Self::Code => "code_injection",
            Self::Prompt => "prompt_injection",
            Self::Jailbreak => "jailbreak",
            Self::Profanity => "profanity",
            Self::Custom => "custom",
        }
    }

    /// Whether findings of the family in a stream are those in the whole text. What rests on sums over the text, or on the text
    /// being a bare value, can only be told when all of it is there.
    #[must_use]
    pub fn is_streamable(self) -> bool {
        matches!(self, Self::Pii | Self::Phi | Self::Secret | Self::Profanity | Self::Custom)
    }

    /// The family of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The number of a kind within one [`Scanner`](crate::Scanner).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub(crate) u16);

impl KindId {
    /// The place among the scanner's [kinds](crate::Scanner::kinds).
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// One kind of finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    name: Cow<'static, str>,
    family: Family,
    standard: Cow<'static, str>,
    default: bool,
}

impl Kind {
    /// A kind that is on by default within its family.
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        family: Family,
        standard: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { name: name.into(), family, standard: standard.into(), default: true }
    }

    /// The same, off unless asked for by name.
    pub(crate) fn off(mut self) -> Self {
        self.default = false;
        self
    }

    /// The name in policies, `email` or `de_tax_id`: lower case, digits and `_`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The family it belongs to.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The published rule that it is checked against.
    #[must_use]
    pub fn standard(&self) -> &str {
        &self.standard
    }

    /// Whether it is on when its family is asked for as a whole.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.default
    }
}
