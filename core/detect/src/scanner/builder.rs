//! Choosing what a scanner looks for.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aho_corasick::MatchKind;
use aho_corasick::dfa::DFA;

use super::families::{GROUPS, Group};
use super::{DEFAULT_BUDGET, Installed, Scanner, Trigger};
use crate::custom::{Custom, Pattern};
use crate::detector::Detector;
use crate::kind::{Family, Kind};
use crate::normalise::{Views, fold_text};
use crate::profile::Profile;

/// Numbers of scanners; 0 is nobody's.
static NUMBER: AtomicU64 = AtomicU64::new(1);

/// Why a scanner could not be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildError {
    /// No detector has a kind of this name; the nearest one if there is one.
    UnknownKind {
        /// What was asked for.
        name: String,
    },
    /// A pattern of the author's own cannot be used.
    Pattern {
        /// Its name.
        name: String,
        /// What is wrong with it.
        message: String,
    },
    /// The literals of all detectors together are too many for an automaton.
    TooLarge {
        /// What the automaton's builder said.
        message: String,
    },
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind { name } => write!(formatter, "no detector finds `{name}`"),
            Self::Pattern { name, message } => write!(formatter, "the pattern `{name}` cannot be used: {message}"),
            Self::TooLarge { message } => {
                write!(formatter, "the detectors' literals do not fit into one automaton: {message}")
            }
        }
    }
}

impl std::error::Error for BuildError {}

/// Chooses detectors, kinds, thresholds and budget. Families and kinds that nobody names keep their defaults.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Builder {
    profile: Profile,
    families: Option<Vec<Family>>,
    kinds: BTreeMap<String, bool>,
    thresholds: BTreeMap<String, u8>,
    family_thresholds: BTreeMap<Family, u8>,
    budget: Option<usize>,
    regions: Option<Vec<String>>,
    patterns: Vec<(String, String)>,
    allowed: Vec<String>,
}

impl Builder {
    /// What the texts are for. Default: [`Profile::Chat`].
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Only these families (and kinds named on their own). Default: all.
    #[must_use]
    pub fn families(mut self, families: impl IntoIterator<Item = Family>) -> Self {
        self.families = Some(families.into_iter().collect());
        self
    }

    /// A kind by name, on or off, whatever its family says.
    #[must_use]
    pub fn kind(mut self, name: impl Into<String>, on: bool) -> Self {
        self.kinds.insert(name.into(), on);
        self
    }

    /// The lowest score (0 to 100) that counts, for one kind.
    #[must_use]
    pub fn threshold(mut self, kind: impl Into<String>, score: u8) -> Self {
        self.thresholds.insert(kind.into(), score);
        self
    }

    /// The lowest score (0 to 100) that counts, for all kinds of a family. A kind's own threshold wins.
    #[must_use]
    pub fn family_threshold(mut self, family: Family, score: u8) -> Self {
        self.family_thresholds.insert(family, score);
        self
    }

    /// Bytes of one text that are scanned. Default: [`DEFAULT_BUDGET`]. At most 1 GiB.
    #[must_use]
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = Some(bytes.min(1 << 30));
        self
    }

    /// Regions (ISO 3166, `DE`) whose identifiers and national forms of telephone numbers count. Default: all, which finds the
    /// most and is the most often wrong about bare numbers.
    #[must_use]
    pub fn regions<S: Into<String>>(mut self, regions: impl IntoIterator<Item = S>) -> Self {
        self.regions = Some(regions.into_iter().map(Into::into).collect());
        self
    }

    /// A pattern of one's own (RE2's syntax) under a name; its findings are of the family `custom`. A match longer than 1,024 bytes
    /// does not count.
    #[must_use]
    pub fn pattern(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.patterns.push((name.into(), pattern.into()));
        self
    }

    /// Values that are no findings, whatever finds them: a company's own address, a test card. Case does not matter.
    #[must_use]
    pub fn allow<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.allowed.extend(values.into_iter().map(Into::into));
        self
    }

    fn is_on(&self, kind: &Kind) -> bool {
        let by_family =
            || kind.is_default() && self.families.as_ref().is_none_or(|families| families.contains(&kind.family()));
        self.kinds.get(kind.name()).copied().unwrap_or_else(by_family)
    }

    /// The detectors that can find what was asked for: making the others would cost time and memory.
    fn detectors(&self) -> Vec<Box<dyn Detector>> {
        let regions = self.regions.as_deref();
        let by_family = |group: &Group| {
            let asked = |family| self.families.as_ref().is_none_or(|families| families.contains(family));
            group.families.iter().any(asked)
        };
        let own = |name: &String| self.patterns.iter().any(|(pattern, _)| pattern == name);
        let known = |detectors: &[Box<dyn Detector>], name: &String| {
            detectors.iter().any(|detector| detector.kinds().iter().any(|kind| kind.name() == name))
        };
        let mut made: Vec<_> = GROUPS.iter().map(|group| by_family(group).then(|| group.detectors(regions))).collect();
        let named = self.kinds.keys().chain(self.thresholds.keys()).filter(|name| !own(name));
        for name in named {
            if made.iter().flatten().any(|detectors| known(detectors, name)) {
                continue;
            }
            let missing = made.iter_mut().zip(&GROUPS).filter(|(made, _)| made.is_none());
            for (place, group) in missing {
                let detectors = group.detectors(regions);
                if known(&detectors, name) {
                    *place = Some(detectors);
                    break;
                }
            }
        }
        made.into_iter().flatten().flatten().collect()
    }

    fn wants_phi(&self) -> bool {
        let by_family = self.families.as_ref().is_none_or(|families| families.contains(&Family::Phi));
        self.kinds.get("health_information").copied().unwrap_or(by_family)
    }

    fn threshold_of(&self, kind: &Kind) -> u8 {
        let by_family = self.family_thresholds.get(&kind.family()).copied();
        let by_kind = self.thresholds.get(kind.name()).copied();
        by_kind.or(by_family).unwrap_or_else(|| self.profile.threshold(kind.family()))
    }

    /// Compiles everything that was chosen.
    ///
    /// # Errors
    ///
    /// When a kind is named that no detector has.
    pub fn build(self) -> Result<Scanner, BuildError> {
        let mut detectors = Vec::new();
        let mut kinds: Vec<Kind> = Vec::new();
        let mut on = Vec::new();
        let mut shown = Vec::new();
        let mut literals: Literals = Literals::default();
        let mut views = Views::NONE;
        for detector in self.detectors() {
            let own = detector.kinds();
            let first_kind = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
            let own_shown: Vec<bool> = own.iter().map(|kind| self.is_on(kind)).collect();
            // Health data are personal data in a context: these are looked for, too.
            let helps = |kind: &Kind| self.wants_phi() && kind.family() == Family::Pii && kind.is_default();
            let own_on: Vec<bool> = own.iter().zip(&own_shown).map(|(kind, shown)| *shown || helps(kind)).collect();
            shown.extend(own_shown);
            kinds.extend(own);
            if own_on.contains(&true) {
                let number = u16::try_from(detectors.len()).unwrap_or(u16::MAX);
                for literal in detector.literals() {
                    let trigger = Trigger { detector: number, tag: literal.tag, whole_word: literal.whole_word };
                    literals.add(&literal.text, trigger);
                }
                views = views.and(detector.views());
                detectors.push(Installed { views: detector.views(), detector, first_kind });
            }
            on.extend(own_on);
        }
        let patterns = self.patterns.iter().map(|(name, pattern)| Pattern::new(name, pattern));
        let custom = Custom::new(patterns.collect::<Result<_, _>>()?);
        let first_custom = u16::try_from(kinds.len()).unwrap_or(u16::MAX);
        for kind in custom.kinds() {
            if kinds.iter().any(|known| known.name() == kind.name()) {
                let message = "there is a detector of this name".to_owned();
                return Err(BuildError::Pattern { name: kind.name().to_owned(), message });
            }
            // Whoever gives a pattern wants it, whatever families were chosen.
            let wanted = self.kinds.get(kind.name()).copied().unwrap_or(true);
            on.push(wanted);
            shown.push(wanted);
            kinds.push(kind);
        }
        let custom = (!self.patterns.is_empty()).then_some(custom);
        let named = self.kinds.keys().chain(self.thresholds.keys());
        if let Some(name) = named.into_iter().find(|name| !kinds.iter().any(|kind| kind.name() == name.as_str())) {
            return Err(BuildError::UnknownKind { name: name.clone() });
        }
        let threshold = |(kind, shown): (&Kind, &bool)| if *shown { self.threshold_of(kind).min(100) } else { u8::MAX };
        let thresholds = kinds.iter().zip(&shown).map(threshold).collect();
        let (automaton, patterns, triggers) = literals.compile()?;
        Ok(Scanner {
            detectors,
            kinds,
            on,
            thresholds,
            literals: automaton,
            patterns,
            triggers,
            views,
            profile: self.profile,
            budget: self.budget.unwrap_or(DEFAULT_BUDGET),
            allowed: self.allowed.iter().map(|value| fold_text(value).to_lowercase()).collect(),
            custom,
            first_custom,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        })
    }
}

/// Literals of all detectors; equal ones share a pattern.
#[derive(Debug, Default)]
struct Literals {
    texts: Vec<String>,
    triggers: Vec<Vec<Trigger>>,
    known: HashMap<String, usize>,
}

type Compiled = (Option<DFA>, Vec<(u32, u32)>, Vec<Trigger>);

impl Literals {
    fn add(&mut self, text: &str, trigger: Trigger) {
        let text = fold_text(text).to_ascii_lowercase();
        if text.is_empty() {
            return;
        }
        let next = self.texts.len();
        let index = *self.known.entry(text.clone()).or_insert(next);
        if index == next {
            self.texts.push(text);
            self.triggers.push(Vec::new());
        }
        if let Some(triggers) = self.triggers.get_mut(index) {
            triggers.push(trigger);
        }
    }

    fn compile(self) -> Result<Compiled, BuildError> {
        if self.texts.is_empty() {
            return Ok((None, Vec::new(), Vec::new()));
        }
        let automaton = DFA::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(&self.texts)
            .map_err(|error| BuildError::TooLarge { message: error.to_string() })?;
        let mut patterns = Vec::with_capacity(self.texts.len());
        let mut triggers = Vec::new();
        for own in self.triggers {
            let from = u32::try_from(triggers.len()).unwrap_or(u32::MAX);
            triggers.extend(own);
            patterns.push((from, u32::try_from(triggers.len()).unwrap_or(u32::MAX)));
        }
        Ok((Some(automaton), patterns, triggers))
    }
}
