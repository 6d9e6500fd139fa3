//! Stores by their URL.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use llm_policy_ledger::{Inspect, Memory, Store};

use crate::leased::Leased;
use crate::redis::{self, Redis};
use crate::sqlite::Sqlite;

/// The forms that a URL may have.
const FORMS: &str =
    "write `memory:`, `sqlite:` and a file, such as `sqlite:/var/lib/policy/limits.db`, or `redis://` and a host";

/// A store cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    /// True: the URL is not one of ours. False: what it names cannot be used.
    pub is_url: bool,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl OpenError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { is_url: false, message: message.into(), help: None }
    }

    pub(crate) fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    fn url(message: impl Into<String>) -> Self {
        Self { is_url: true, ..Self::new(message).with_help(FORMS) }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OpenError {}

/// What a URL names.
enum Place {
    Memory,
    Sqlite(PathBuf),
    Redis(redis::Place),
}

impl Place {
    fn parse(url: &str) -> Result<Self, OpenError> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(OpenError::url(format!("`{url}` is no URL of a store")));
        };
        match scheme {
            "memory" if rest.is_empty() => Ok(Self::Memory),
            "memory" => Err(OpenError::url("nothing stands behind `memory:`")),
            // What `//` begins would be a host.
            "sqlite" if rest.is_empty() || rest.starts_with("//") => {
                Err(OpenError::url("a file stands behind `sqlite:`"))
            }
            "sqlite" => Ok(Self::Sqlite(rest.into())),
            "redis" | "rediss" => {
                redis::Place::parse(url).map(Self::Redis).map_err(|error| OpenError::url(error.to_string()))
            }
            // What stands behind an unknown scheme may hold a password.
            _ => Err(OpenError::url(format!("there are no stores of the scheme `{scheme}:`"))),
        }
    }
}

/// Opens the store that a URL names: `memory:`, or `sqlite:` and the path of a file, which is made when it is not there, or
/// `redis://` and a server ([`redis::Place`]), whose limits are kept by slices where they are `leased`.
///
/// ```
/// let store = llm_policy_runtime::open("memory:")?;
/// let error = llm_policy_runtime::open("limits.db").err().unwrap();
/// assert_eq!(error.to_string(), "`limits.db` is no URL of a store");
/// # let _ = store;
/// # Ok::<(), llm_policy_runtime::OpenError>(())
/// ```
///
/// # Errors
///
/// When it is no such URL, or the store cannot be used.
pub fn open(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    match Place::parse(url)? {
        Place::Memory => Ok(Arc::new(Memory::default())),
        Place::Sqlite(path) => Ok(Arc::new(Sqlite::open(&path)?)),
        Place::Redis(place) => Ok(Arc::new(Leased::new(Arc::new(Redis::new(place))))),
    }
}

/// As [`open`], but every limit is `strict`: for a process that decides about one request, and would only give its slices back.
/// What it holds any other process can close.
///
/// # Errors
///
/// As of [`open`].
pub fn open_strict(url: &str) -> Result<Arc<dyn Store>, OpenError> {
    match Place::parse(url)? {
        Place::Redis(place) => Ok(Arc::new(Redis::new(place))),
        Place::Memory | Place::Sqlite(_) => open(url),
    }
}

/// Opens the store that a URL names to look at its books. Nothing is made and nothing is changed.
///
/// # Errors
///
/// When it is no such URL, there is nothing there, or it cannot be read.
pub fn inspect(url: &str) -> Result<Box<dyn Inspect>, OpenError> {
    match Place::parse(url)? {
        Place::Memory => Err(OpenError::new("what is in the memory of another process cannot be seen")),
        Place::Sqlite(path) => Ok(Box::new(Sqlite::open_existing(&path)?)),
        Place::Redis(place) => Ok(Box::new(Redis::new(place))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_told() {
        for url in [
            "",
            "x",
            "memory",
            "memory:x",
            "sqlite:",
            "sqlite:///x",
            "postgres:secret",
            "SQLITE:x",
            ":x",
            "rediss://x",
            "redis://:secret@x?y",
        ] {
            let error = open(url).err().unwrap();
            assert!(error.is_url && error.help.is_some(), "{url}");
            assert!(!error.message.contains("secret"));
        }
        assert!(!inspect("memory:").err().unwrap().is_url);
    }
}
