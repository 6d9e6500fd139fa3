//! Objects by number, with failures that name their kind.

use llm_policy_embed::table::Table;
use llm_policy_embed::{Error, ErrorCode};

/// Objects of one kind.
pub(crate) struct Objects<T> {
    table: Table<T>,
    /// What one of them is called: `engine`.
    name: &'static str,
}

impl<T> Objects<T> {
    pub(crate) const fn new(kind: u8, name: &'static str) -> Self {
        Self { table: Table::new(kind), name }
    }

    /// Puts an object in, and gives its number.
    pub(crate) fn keep(&self, object: T) -> Result<u64, Error> {
        let full =
            || Error::new(ErrorCode::InternalError, format!("there are too many objects of the kind {}", self.name));
        Ok(self.table.insert(object).ok_or_else(full)?.get())
    }

    /// Runs `work` with the object of this number.
    #[inline]
    pub(crate) fn with<R>(&self, number: u64, work: impl FnOnce(&T) -> Result<R, Error>) -> Result<R, Error> {
        self.table.with(number, work).unwrap_or_else(|| Err(self.no_such()))
    }

    /// Takes the object of this number out.
    pub(crate) fn free(&self, number: u64) -> Result<(), Error> {
        if self.table.remove(number) { Ok(()) } else { Err(self.no_such()) }
    }

    fn no_such(&self) -> Error {
        Error::new(ErrorCode::InvalidHandle, format!("there is no such {}", self.name))
            .with_help("it was closed or freed already, or is a number of another kind")
    }
}
