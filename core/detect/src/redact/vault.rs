//! What reversible placeholders stand for.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hex;

/// So many characters of a placeholder are its code.
const CODE: usize = 8;
/// The characters of codes: capital letters and digits without those that look alike, so 40 bits are 8 characters.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The most values of one conversation; further ones are taken out for good.
const MAX_VALUES: usize = 1 << 16;
/// The kind of what looked like a placeholder before anything was redacted.
const TYPED: &str = "TEXT";

/// The values of one conversation, and the placeholders that stand for them: `[EMAIL_K7F3Q9XA]`.
///
/// A placeholder is random (from the seed), so it tells nothing about its value and nobody else can guess it. Equal values of
/// one kind share a placeholder. The vault holds the values in clear: it is as secret as they are, and `Debug` does not show
/// them.
///
/// ```
/// use llm_policy_detect::redact::{Redactor, Restorer, Style, Vault};
/// use llm_policy_detect::{Scanner, Scratch};
///
/// let scanner = Scanner::builder().build()?;
/// let seed = [7; 32]; // 256 random bits, new for each conversation
/// let mut redactor = Redactor::new([1; 32]).with_vault(Vault::new(seed, "acme/ann/conversation 1"));
/// let text = "Write to ada@example.org.";
/// let findings = scanner.scan(text, &mut Scratch::default());
/// let sent = redactor.redact(text, &findings, &scanner, |_| Style::Reversible).text;
/// assert!(sent.starts_with("Write to [EMAIL_") && sent.len() == 26);
///
/// // A model answers, in its own way of writing.
/// let answer = format!("I wrote to **{}**.", sent[9..25].to_lowercase().replace('_', " "));
/// let vault = redactor.vault().unwrap();
/// assert_eq!(Restorer::new(vault).restore(&answer), "I wrote to **ada@example.org**.");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Vault {
    seed: [u8; 32],
    /// A digest of whose vault it is.
    scope: String,
    entries: Vec<Entry>,
    /// By kind and value: the entry.
    by_value: BTreeMap<(String, String), usize>,
    /// By what a placeholder says in capitals without separators: the entry.
    by_name: BTreeMap<String, usize>,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    kind: String,
    code: String,
    value: String,
}

/// Why a vault could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultError {
    /// It is not what [`Vault::save`] wrote.
    Broken,
    /// It belongs to another tenant, identity or conversation.
    OtherScope,
}

impl fmt::Display for VaultError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Broken => "this is no vault, or one that was changed",
            Self::OtherScope => "the vault belongs to another conversation",
        })
    }
}

impl std::error::Error for VaultError {}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Vault").field("values", &self.entries.len()).finish_non_exhaustive()
    }
}

impl Vault {
    /// An empty vault. `seed`: 256 random bits that no other vault has. `scope`: whose it is (tenant, identity and conversation).
    #[must_use]
    pub fn new(seed: [u8; 32], scope: &str) -> Self {
        let scope = hex::write(&Sha256::digest(scope));
        Self { seed, scope, entries: Vec::new(), by_value: BTreeMap::new(), by_name: BTreeMap::new() }
    }

    /// How many values it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The placeholder of a value; `None` when the vault is full.
    pub(super) fn placeholder(&mut self, kind: &str, value: &str) -> Option<String> {
        let kind = kind.to_uppercase();
        let index = match self.by_value.get(&(kind.clone(), value.to_owned())) {
            Some(index) => *index,
            None => {
                let code = self.new_code(&kind)?;
                self.insert(Entry { kind, code, value: value.to_owned() })
            }
        };
        self.entries.get(index).map(|entry| format!("[{}_{}]", entry.kind, entry.code))
    }

    /// The placeholder for a text that looks like one: it comes back as it was, and never as another value.
    pub(super) fn escape(&mut self, typed: &str) -> Option<String> {
        self.placeholder(TYPED, typed)
    }

    fn insert(&mut self, entry: Entry) -> usize {
        let index = self.entries.len();
        self.by_value.insert((entry.kind.clone(), entry.value.clone()), index);
        self.by_name.insert(name(&entry.kind, &entry.code), index);
        self.entries.push(entry);
        index
    }

    fn new_code(&self, kind: &str) -> Option<String> {
        let next = self.entries.len();
        if next >= MAX_VALUES {
            return None;
        }
        // Codes that were drawn before are passed over.
        (0u32..64).map(|attempt| self.code(next, attempt)).find(|code| !self.by_name.contains_key(&name(kind, code)))
    }

    fn code(&self, number: usize, attempt: u32) -> String {
        // A key of any length is fine for HMAC; ours has 32 bytes.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.seed) else { return String::new() };
        mac.update(&(number as u64).to_be_bytes());
        mac.update(&attempt.to_be_bytes());
        let bits = mac.finalize().into_bytes();
        bits.iter()
            .take(CODE)
            .map(|byte| char::from(LETTERS.get(usize::from(byte & 31)).copied().unwrap_or(b'0')))
            .collect()
    }

    /// The value of a placeholder, by its capitals and digits without separators.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.by_name.get(name).and_then(|index| self.entries.get(*index)).map(|entry| entry.value.as_str())
    }

    /// Whether a placeholder's name begins like this.
    pub(super) fn begins(&self, prefix: &str) -> bool {
        self.by_name
            .range::<str, _>((Bound::Included(prefix), Bound::Unbounded))
            .next()
            .is_some_and(|(name, _)| name.starts_with(prefix))
    }

    /// As JSON text, to be opened again: with the values in clear.
    #[must_use]
    pub fn save(&self) -> String {
        let values: Vec<Value> =
            self.entries.iter().map(|entry| json!([entry.kind, entry.code, entry.value])).collect();
        json!({"vault": 1, "scope": self.scope, "seed": hex::write(&self.seed), "values": values}).to_string()
    }

    /// Opens a vault that was saved, for the same scope.
    ///
    /// # Errors
    /// When it is none, or another's.
    pub fn open(saved: &str, scope: &str) -> Result<Self, VaultError> {
        let broken = VaultError::Broken;
        let saved: Value = serde_json::from_str(saved).map_err(|_| broken.clone())?;
        if saved.get("vault") != Some(&json!(1)) {
            return Err(broken);
        }
        let seed = saved.get("seed").and_then(Value::as_str).and_then(hex::read).ok_or(broken.clone())?;
        let mut vault = Self::new(seed, scope);
        if saved.get("scope").and_then(Value::as_str) != Some(&vault.scope) {
            return Err(VaultError::OtherScope);
        }
        for value in saved.get("values").and_then(Value::as_array).ok_or(broken.clone())? {
            let text = |index: usize| value.get(index).and_then(Value::as_str).map(str::to_owned);
            let (Some(kind), Some(code), Some(value)) = (text(0), text(1), text(2)) else { return Err(broken) };
            let is_code = code.len() == CODE && code.bytes().all(|byte| LETTERS.contains(&byte));
            if !is_code || vault.entries.len() >= MAX_VALUES {
                return Err(broken);
            }
            vault.insert(Entry { kind, code, value });
        }
        Ok(vault)
    }
}

fn name(kind: &str, code: &str) -> String {
    kind.chars().filter(char::is_ascii_alphanumeric).chain(code.chars()).collect()
}
