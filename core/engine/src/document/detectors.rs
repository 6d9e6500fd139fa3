//! How a document's detectors read texts: `config.detectors`.

use llm_policy_detect::{Builder, Profile, Scanner};

use super::model::{Spanned, Text};

/// `config.detectors`. What it leaves out is as the profile says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Detectors {
    /// What the texts are.
    pub profile: Profile,
    /// The regions (ISO 3166) whose identifiers and telephone numbers count; absent: all.
    pub regions: Option<Vec<Text>>,
    /// The lowest score that counts, in hundredths, by the name of a family or a kind.
    pub thresholds: Vec<(Text, u8)>,
    /// Patterns of this house, by name; each is checked.
    pub patterns: Vec<(Text, Text)>,
    /// Values that are no findings.
    pub allow: Vec<Text>,
    /// Bytes of one text that are read; absent: [`DEFAULT_BUDGET`](llm_policy_detect::DEFAULT_BUDGET).
    pub max_bytes: Option<u32>,
    /// What becomes of content that no detector can read.
    pub opaque: Opaque,
}

/// What a rule that asks detectors makes of media, file ids and whatever else is listed as `opaque`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Opaque {
    /// The question is an error: a restricting rule applies, a permitting one does not.
    #[default]
    Deny,
    /// The question is about what can be read.
    Allow,
    /// The same, and the decision has a warning.
    Warn,
}

impl Opaque {
    /// All of them, with their names in documents.
    pub const NAMES: [(&'static str, Self); 3] = [("deny", Self::Deny), ("allow", Self::Allow), ("warn", Self::Warn)];
}

impl Detectors {
    /// Whether texts are read in the same way, wherever that was written.
    #[must_use]
    pub fn reads_like(&self, other: &Self) -> bool {
        self.opaque == other.opaque && self.builder(true) == other.builder(true)
    }

    /// A builder of scanners that read texts like this, without any family yet; with the patterns of this house or without.
    #[must_use]
    pub fn builder(&self, patterns: bool) -> Builder {
        let text = |text: &Text| text.value.to_string();
        let mut builder = Scanner::builder().families([]).profile(self.profile);
        if let Some(regions) = &self.regions {
            builder = builder.regions(regions.iter().map(text));
        }
        let own = |name: &str| self.patterns.iter().any(|(own, _)| *own.value == *name);
        for (Spanned { value: name, .. }, score) in &self.thresholds {
            if own(name) && !patterns {
                continue;
            }
            builder = match llm_policy_detect::Family::from_name(name) {
                Some(family) => builder.family_threshold(family, *score),
                None => builder.threshold(&**name, *score),
            };
        }
        for (name, pattern) in self.patterns.iter().filter(|_| patterns) {
            builder = builder.pattern(&*name.value, &*pattern.value);
        }
        if let Some(bytes) = self.max_bytes {
            builder = builder.budget(bytes as usize);
        }
        builder.allow(self.allow.iter().map(text))
    }
}
