//! The families that a scanner is made of: one line each.

use crate::detector::Detector;
use crate::{injection, pii, prompt, secrets, toxicity};

/// All detectors there are, in the order in which their kinds are numbered. `regions`: whose national forms count.
pub(super) fn all(regions: Option<&[String]>) -> Vec<Box<dyn Detector>> {
    let mut all = Vec::new();
    all.extend(pii::detectors(regions));
    all.extend(secrets::detectors());
    all.extend(injection::detectors());
    all.extend(prompt::detectors());
    all.extend(toxicity::detectors());
    all
}
