//! The file: whose it is, how it is opened, and which process may use it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use llm_policy_ledger::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::open::OpenError;

/// What stands in the header of our files, for `file` and its like: `LPEl`.
const APPLICATION: i64 = 0x4c50_456c;

/// The form of the tables.
const VERSION: i64 = 1;

const TABLES: &str = include_str!("tables.sql");

/// How often a step asks for the lock, and how long it sleeps in between, at most: five seconds together.
const ATTEMPTS: i32 = 2500;
const NAP: Duration = Duration::from_millis(2);

/// Why a step was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// The step refuses; nothing of it was begun.
    Store(StoreError),
    /// SQLite failed.
    Sql(rusqlite::Error),
    /// The file could not be opened again.
    Open(OpenError),
    /// The file says what no step of ours writes.
    Damaged(&'static str),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    pub(super) fn describe(&self, path: &Path) -> String {
        match self {
            Self::Store(error) => error.to_string(),
            Self::Open(error) => error.message.clone(),
            Self::Sql(error) => format!("{}: {}", path.display(), cause(error)),
            Self::Damaged(what) => format!("{} is damaged: {what}", path.display()),
        }
    }
}

/// What SQLite says, in words that help.
fn cause(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy) => "another process has kept it locked for five seconds".to_owned(),
        Some(ErrorCode::NotADatabase) => "it is not an SQLite database".to_owned(),
        Some(ErrorCode::ReadOnly) => "it cannot be written, or its folder cannot".to_owned(),
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        _ => error.to_string(),
    }
}

/// The path from the root. SQLite takes names such as `:memory:` and `file:x` for something else; no such path begins so.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, OpenError> {
    std::path::absolute(path).map_err(|error| OpenError::new(format!("{}: {error}", path.display())))
}

/// The files that are open, and in which process: what a child by `fork` inherits.
static OPEN: Mutex<Vec<(u32, PathBuf)>> = Mutex::new(Vec::new());

fn open_files() -> MutexGuard<'static, Vec<(u32, PathBuf)>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a file cannot be used in a child.
pub(super) fn forked(path: &Path) -> String {
    format!(
        "{} was in use when this process was forked from its parent, and cannot be used here; fork before the first decision",
        path.display()
    )
}

/// A connection of this process.
#[derive(Debug)]
pub(super) struct Handle {
    /// `None` only while it is dropped.
    connection: Option<Connection>,
    process: u32,
    path: PathBuf,
}

impl Handle {
    /// Opens a file, makes it one of ours if it is empty, and refuses it if it is another's.
    pub(super) fn open(path: &Path, create: bool) -> Result<Self, OpenError> {
        let wrong = |cause: &dyn std::fmt::Display| OpenError::new(format!("{}: {cause}", path.display()));
        let process = std::process::id();
        let exists = std::fs::canonicalize(path);
        if exists.is_err() && !create {
            return Err(wrong(&"there is no such file"));
        }
        if let Ok(real) = &exists
            && open_files().iter().any(|(other, open)| *other != process && open == real)
        {
            return Err(OpenError::new(forked(path)));
        }
        if path.parent().is_some_and(|folder| !folder.is_dir()) {
            return Err(wrong(&"its folder is not there").with_help("make the folder first"));
        }
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        flags.set(OpenFlags::SQLITE_OPEN_CREATE, create);
        let mut connection = Connection::open_with_flags(path, flags).map_err(|error| wrong(&cause(&error)))?;
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        open_files().push((process, real.clone()));
        let prepared = prepare(&mut connection, create);
        let handle = Self { connection: Some(connection), process, path: real };
        match prepared {
            Ok(Whose::Ours) => Ok(handle),
            Ok(Whose::Another) => Err(wrong(&"it is the database of another program")
                .with_help("name a file that is not there yet, or one that limits were kept in before")),
            Ok(Whose::Version(version)) => {
                let than = if version > VERSION { "a later" } else { "an earlier" };
                Err(wrong(&format!("it was made by {than} version of this program"))
                    .with_help(format!("its form has number {version}, and this program knows {VERSION}")))
            }
            Err(error) => Err(wrong(&cause(&error))),
        }
    }

    pub(super) fn connection(&self) -> Result<&Connection, Fault> {
        self.connection.as_ref().ok_or(Fault::Damaged("it is being closed"))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // What the parent opened is the parent's to close.
            std::mem::forget(self.connection.take());
            return;
        }
        drop(self.connection.take());
        let mut open = open_files();
        if let Some(at) = open.iter().position(|(process, path)| *process == self.process && *path == self.path) {
            open.swap_remove(at);
        }
    }
}

enum Whose {
    Ours,
    Another,
    Version(i64),
}

/// Nothing is written before it is known whose the file is.
fn prepare(connection: &mut Connection, create: bool) -> rusqlite::Result<Whose> {
    connection.busy_handler(Some(|asked: i32| {
        // Short naps at first: a step takes about as long as the disk needs to sync.
        std::thread::sleep(NAP.mul_f64(f64::from(asked.clamp(1, 20)) / 20.0));
        asked < ATTEMPTS
    }))?;
    let number = |connection: &Connection, sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let whose = |connection: &Connection| {
        let application = number(connection, "PRAGMA application_id")?;
        let version = number(connection, "PRAGMA user_version")?;
        let objects = number(connection, "SELECT count(*) FROM sqlite_schema")?;
        Ok::<_, rusqlite::Error>(match (application, version) {
            (APPLICATION, VERSION) => Some(Whose::Ours),
            (APPLICATION, _) => Some(Whose::Version(version)),
            (0, 0) if objects == 0 => None,
            _ => Some(Whose::Another),
        })
    };
    match whose(connection)? {
        Some(Whose::Ours) => {}
        Some(other) => return Ok(other),
        None if !create => return Ok(Whose::Another),
        None => {
            // Of several processes that find an empty file, one makes the tables.
            connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            if whose(&transaction)?.is_none() {
                transaction.execute_batch(TABLES)?;
                transaction.pragma_update(None, "application_id", APPLICATION)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
                transaction.commit()?;
            }
        }
    }
    // `fullfsync`: on macOS, `fsync` alone leaves the data in the disk's cache.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA trusted_schema = OFF;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(Whose::Ours)
}
