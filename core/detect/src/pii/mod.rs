//! Personal data.
//!
//! Numbers of all kinds are found in one pass over the runs of digits (`numbers.rs`), judged by tables of forms and checksums
//! (`ids/`), and weighed by how they are written and by the words around them (`context.rs`).

mod address;
mod birth;
mod card;
pub(crate) mod checks;
pub(crate) mod context;
mod crypto;
pub(crate) mod email;
mod health;
mod iban;
mod ids;
mod net;
mod numbers;
mod person;
mod phone;
mod tokens;

pub(crate) use phone::TABLE as PHONE_TABLE;

use crate::detector::Detector;

/// All detectors of this family.
/// The regions (ISO 3166, `DE`) that [`Builder::regions`](crate::Builder::regions) knows.
pub fn regions() -> impl Iterator<Item = &'static str> {
    let lines = PHONE_TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split('\t').next())
}

pub(crate) fn detectors(regions: Option<&[String]>) -> Vec<Box<dyn Detector>> {
    vec![
        Box::new(email::Email),
        Box::new(crypto::Crypto),
        Box::new(numbers::Numbers::new(regions)),
        Box::new(person::Person),
        Box::new(address::Address),
        Box::new(health::Health::new()),
    ]
}
