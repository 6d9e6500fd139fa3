//! The data files that detectors are made from: versioned, with a digest, so that everybody can say what was looked for.

use sha2::{Digest, Sha256};

use crate::{hex, pii, secrets};

/// A data file that is built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The date that stands in its head.
    pub version: &'static str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
}

/// All tables.
///
/// ```
/// let tables = llm_policy_detect::tables();
/// assert!(tables.iter().any(|table| table.name == "secrets" && table.digest.len() == 64));
/// ```
#[must_use]
pub fn tables() -> Vec<Table> {
    [("phone", pii::PHONE_TABLE), ("secrets", secrets::TABLE)]
        .into_iter()
        .map(|(name, text)| Table {
            name,
            version: text.lines().find_map(|line| line.strip_prefix("# version: ")).unwrap_or_default(),
            digest: hex::write(&Sha256::digest(text)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    /// A table that changes gets a new version: then this test is brought up to date.
    #[test]
    fn versions_change_with_the_tables() {
        let known: Vec<(&str, &str, String)> = super::tables()
            .into_iter()
            .map(|table| (table.name, table.version, table.digest.chars().take(12).collect()))
            .collect();
        assert_eq!(
            known,
            [("phone", "2026-11-23", "c176841ab6f7".to_owned()), ("secrets", "2026-11-23", "ce3569282fbc".to_owned())]
        );
    }
}
