//! The families that a scanner is made of: one line each.

use std::sync::OnceLock;

use crate::detector::Detector;
use crate::kind::{Family, Kind};
use crate::{injection, pii, prompt, secrets, toxicity};

/// Makes detectors; the regions are those whose national forms count.
type Make = fn(Option<&[String]>) -> Vec<Box<dyn Detector>>;

/// Detectors that are made together.
pub(super) struct Group {
    /// What they find.
    pub(super) families: &'static [Family],
    /// Makes them, given the regions whose national forms count.
    make: Make,
}

/// All detectors there are, in the order in which their kinds are numbered.
pub(super) const GROUPS: [Group; 10] = [
    Group { families: &[Family::Pii, Family::Phi], make: pii::detectors },
    Group { families: &[Family::Secret], make: |_| secrets::detectors() },
    Group { families: &[Family::Sql], make: |_| injection::detectors(Family::Sql) },
    Group { families: &[Family::Shell], make: |_| injection::detectors(Family::Shell) },
    Group { families: &[Family::Xss], make: |_| injection::detectors(Family::Xss) },
    Group { families: &[Family::Path], make: |_| injection::detectors(Family::Path) },
    Group { families: &[Family::Ssrf], make: |_| injection::detectors(Family::Ssrf) },
    Group { families: &[Family::Code], make: |_| injection::detectors(Family::Code) },
    Group { families: &[Family::Prompt, Family::Jailbreak], make: |_| prompt::detectors() },
    Group { families: &[Family::Profanity], make: |_| toxicity::detectors() },
];

impl Group {
    pub(super) fn detectors(&self, regions: Option<&[String]>) -> Vec<Box<dyn Detector>> {
        (self.make)(regions)
    }
}

/// All kinds of a family that detectors know, in their order; made once a process.
#[must_use]
pub fn kinds(family: Family) -> &'static [Kind] {
    static KINDS: [OnceLock<Vec<Kind>>; Family::ALL.len()] = [const { OnceLock::new() }; Family::ALL.len()];
    let Some(known) = KINDS.get(family as usize) else { return &[] };
    known.get_or_init(|| {
        let groups = GROUPS.iter().filter(|group| group.families.contains(&family));
        let detectors = groups.flat_map(|group| group.detectors(None));
        detectors.flat_map(|detector| detector.kinds()).filter(|kind| kind.family() == family).collect()
    })
}
