//! The objects that numbers on the Java side stand for.

use llm_policy_embed::table::Table;
use llm_policy_embed::{Engine, Error, ErrorCode, Exchange, Handles, Prepared};

use crate::shared::Shared;

/// Objects of one kind.
pub(crate) struct Objects<T> {
    table: Table<T>,
    /// What one of them is called: `engine`.
    name: &'static str,
}

/// An engine, the same engine for a caller who carries out nothing, and the decisions that are kept.
pub(crate) struct Held {
    pub(crate) engine: Engine,
    pub(crate) without_handles: Engine,
    pub(crate) shared: Shared,
}

pub(crate) static ENGINES: Objects<Held> = Objects::new(1, "engine");
pub(crate) static PREPARED: Objects<Prepared> = Objects::new(2, "prepared input");
pub(crate) static EXCHANGES: Objects<Exchange> = Objects::new(3, "exchange");

impl Held {
    pub(crate) fn new(engine: Engine, handles: Handles) -> Self {
        let without_handles = engine.clone().handles(Handles::NONE);
        Self { without_handles, engine: engine.handles(handles), shared: Shared::new() }
    }
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
    pub(crate) fn with<R, E: From<Error>>(&self, number: i64, work: impl FnOnce(&T) -> Result<R, E>) -> Result<R, E> {
        self.table.with(number.cast_unsigned(), work).unwrap_or_else(|| Err(self.no_such().into()))
    }

    /// Takes the object of this number out.
    pub(crate) fn free(&self, number: i64) -> Result<(), Error> {
        if self.table.remove(number.cast_unsigned()) { Ok(()) } else { Err(self.no_such()) }
    }

    fn no_such(&self) -> Error {
        Error::new(ErrorCode::InvalidHandle, format!("this {} is closed", self.name))
    }
}
