//! Secrets: keys, tokens and passwords.
//!
//! Three ways to know one: a vendor's form (`vendors.rs`, over the table in `data/secrets.tsv`), a structure (`structured.rs`), or a
//! name that a random value is assigned to (`assigned.rs`). What only stands for a secret is left alone (`entropy.rs`).

mod assigned;
mod entropy;
mod form;
mod structured;
#[cfg(test)]
mod tests;
mod vendors;

pub(crate) use vendors::TABLE;

use crate::detector::Detector;

/// All detectors of this family.
pub(crate) fn detectors() -> Vec<Box<dyn Detector>> {
    vec![Box::new(structured::Structured), Box::new(vendors::Vendors::new()), Box::new(assigned::Assigned::new())]
}
