//! Objects by number, with failures that name their kind.

use std::fmt;

use crate::error::{Error, ErrorCode};
use crate::table::Table;

/// Objects of one kind, for borders across which numbers go.
///
/// ```
/// use llm_policy_embed::objects::Objects;
/// use llm_policy_embed::{Error, ErrorCode};
///
/// fn closed(name: &str) -> Error {
///     Error::new(ErrorCode::InvalidHandle, format!("this {name} is closed"))
/// }
///
/// static NAMES: Objects<String> = Objects::new(1, "name", closed);
/// let number = NAMES.keep("ann".to_owned())?;
/// assert_eq!(NAMES.with(number, |name| Ok::<_, Error>(name.len()))?, 3);
/// NAMES.free(number)?;
/// assert_eq!(NAMES.free(number).unwrap_err().message, "this name is closed");
/// # Ok::<(), Error>(())
/// ```
pub struct Objects<T> {
    table: Table<T>,
    name: &'static str,
    gone: fn(&str) -> Error,
}

/// The number of an object, as it comes over a border: the JVM has none without a sign.
#[derive(Clone, Copy, Debug)]
pub struct Number(u64);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(number.cast_unsigned())
    }
}

impl<T> Objects<T> {
    /// No objects yet. `kind` tells their numbers from those of other kinds, as in [`Table::new`]; `name` is what one of them is
    /// called, `engine`; `gone` makes the failure of this name for a number that stands for none.
    #[must_use]
    pub const fn new(kind: u8, name: &'static str, gone: fn(&str) -> Error) -> Self {
        Self { table: Table::new(kind), name, gone }
    }

    /// Puts an object in, and gives its number.
    ///
    /// # Errors
    /// When there are millions already.
    pub fn keep(&self, object: T) -> Result<u64, Error> {
        let full =
            || Error::new(ErrorCode::InternalError, format!("there are too many objects of the kind {}", self.name));
        Ok(self.table.insert(object).ok_or_else(full)?.get())
    }

    /// Runs `work` with the object of this number.
    ///
    /// # Errors
    /// When there is no such object, and those of `work`.
    #[inline]
    pub fn with<R, E: From<Error>>(
        &self,
        number: impl Into<Number>,
        work: impl FnOnce(&T) -> Result<R, E>,
    ) -> Result<R, E> {
        self.table.with(number.into().0, work).unwrap_or_else(|| Err((self.gone)(self.name).into()))
    }

    /// Takes the object of this number out. Whoever uses it just now keeps it until then.
    ///
    /// # Errors
    /// When there is no such object.
    pub fn free(&self, number: impl Into<Number>) -> Result<(), Error> {
        if self.table.remove(number.into().0) { Ok(()) } else { Err((self.gone)(self.name)) }
    }
}

impl<T> fmt::Debug for Objects<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("name", &self.name).field("table", &self.table).finish_non_exhaustive()
    }
}
