//! The store in a file: SQLite, for the processes of one machine.
//!
//! A step is one transaction, and the file is synced before its answer is given: what was answered stands after a crash of the
//! process, and after one of the machine as far as its disk keeps what it says it has kept. Steps of all processes follow one
//! another; one that waits for five seconds gives up.
//!
//! The clock of the books is the latest time at which anything was changed, or at which this process asked.
//!
//! A process opens the file with its first step. SQLite keeps in memory which locks a process holds, and a child that is made by
//! `fork` would believe it holds what its parent holds: so a file that was in use before cannot be used in the child.

mod books;
mod file;
mod list;
mod steps;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use llm_policy_ledger::store::{Answer, Change, Reserve};
use llm_policy_ledger::{Changed, Store, StoreError, Time};
use rusqlite::{Transaction, TransactionBehavior};

use crate::open::OpenError;
use books::Books;
use file::{Fault, Handle};

/// The store in an SQLite file.
///
/// ```
/// use llm_policy_ledger::Ledger;
/// use llm_policy_runtime::Sqlite;
///
/// # let directory = std::env::temp_dir().join(format!("llm-policy-sqlite-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory).unwrap();
/// let store = Sqlite::open(&directory.join("limits.db"))?;
/// let ledger = Ledger::new(store, 1);
/// assert_eq!(ledger.store().check(), Ok(()));
/// # std::fs::remove_dir_all(&directory).unwrap();
/// # Ok::<(), llm_policy_runtime::OpenError>(())
/// ```
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    bounds: Bounds,
    /// Made by the first step.
    live: OnceLock<Live>,
}

/// How much the file may hold.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// The most accounts.
    accounts: i64,
    /// The most open reservations.
    open: i64,
    /// Reservations that have expired and may still be settled late.
    expired: i64,
    /// Places for how closed reservations ended.
    closed: i64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { accounts: 1 << 20, open: 1 << 24, expired: 1 << 14, closed: 1 << 16 }
    }
}

/// What a process has of the file.
#[derive(Debug)]
struct Live {
    process: u32,
    session: Mutex<Session>,
}

#[derive(Debug)]
struct Session {
    /// `None` until the first step, and after a failure: what is opened anew has no half-done past.
    handle: Option<Handle>,
    /// The latest time of any step of this process.
    now: Time,
    /// When all accounts were looked at last.
    swept: Time,
}

impl Sqlite {
    /// The store in this file, which is made when it is not there. The file is looked at and closed again; the first step opens
    /// it for good.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is not one of ours.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::at(path, true)
    }

    /// As [`Sqlite::open`], of a file that is there.
    ///
    /// # Errors
    ///
    /// As there, and when there is no file.
    pub fn open_existing(path: &Path) -> Result<Self, OpenError> {
        Self::at(path, false)
    }

    fn at(path: &Path, create: bool) -> Result<Self, OpenError> {
        let path = file::absolute(path)?;
        drop(Handle::open(&path, create)?);
        Ok(Self { path, bounds: Bounds::default(), live: OnceLock::new() })
    }

    /// Does one step. `reads` says that it changes nothing, unless something is due.
    fn step<T>(
        &self,
        reads: bool,
        now: Time,
        work: impl Fn(&mut Books<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let process = std::process::id();
        let start = || Session { handle: None, now: Time::MIN, swept: Time::MIN };
        let live = self.live.get_or_init(|| Live { process, session: Mutex::new(start()) });
        if live.process != process {
            return Err(StoreError::Unavailable(file::forked(&self.path).into()));
        }
        let mut session = live.session.lock().unwrap_or_else(|poisoned| {
            // What a panic left undone was rolled back with its transaction.
            live.session.clear_poison();
            PoisonError::into_inner(poisoned)
        });
        let done = self.transact(&mut session, reads, now, &work);
        done.map_err(|fault| match fault {
            Fault::Store(error) => error,
            other => {
                session.handle = None;
                StoreError::Unavailable(other.describe(&self.path).into())
            }
        })
    }

    fn transact<T>(
        &self,
        session: &mut Session,
        reads: bool,
        now: Time,
        work: &impl Fn(&mut Books<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Session { handle, now: latest, swept } = session;
        let connection = match handle {
            Some(handle) => handle,
            // The first opening made the file; when it is gone since, nobody should begin another beside it.
            None => handle.insert(Handle::open(&self.path, false).map_err(Fault::Open)?),
        }
        .connection()?;
        *latest = now.max(*latest);
        if reads {
            let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)?;
            let mut books = Books::load(&snapshot, *latest, *swept, self.bounds)?;
            if !books.is_due()? {
                *latest = books.now();
                return work(&mut books);
            }
        }
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let mut books = Books::load(&transaction, *latest, *swept, self.bounds)?;
        books.expire()?;
        let done = work(&mut books);
        // What a step refuses it has not begun, so what was due, or was swept, stays done.
        if let Ok(_) | Err(Fault::Store(_)) = done {
            (*latest, *swept) = (books.now(), books.swept());
            if books.save()? {
                transaction.commit()?;
            }
        }
        done
    }
}

impl Store for Sqlite {
    fn reserve(&self, reserve: &Reserve<'_>, now: Time) -> Result<Answer, StoreError> {
        reserve.check()?;
        self.step(reserve.dry_run, now, |books| steps::reserve(books, reserve))
    }

    fn change(&self, change: &Change<'_>, now: Time) -> Result<(Time, Changed), StoreError> {
        change.check()?;
        self.step(false, now, |books| steps::change(books, change))
    }
}
