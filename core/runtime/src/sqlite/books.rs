//! The rows of one transaction.

use llm_policy_ledger::book::{Book, Position};
use llm_policy_ledger::store::{Account, Digest, Take};
use llm_policy_ledger::{OnExpiry, ReservationId, State, StoreError, Time};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Bounds;
use super::file::Fault;

/// Microseconds between two sweeps of all accounts.
const SWEEP_AGAIN: u64 = 1_000_000;

/// The books as a transaction sees them.
pub(super) struct Books<'c> {
    connection: &'c Connection,
    bounds: Bounds,
    now: Time,
    swept: Time,
    counts: Counts,
    /// Something was written.
    changed: bool,
}

/// What the one row of `books` says, its clock aside.
#[derive(Clone, Copy)]
struct Counts {
    accounts: i64,
    open: i64,
    expired: i64,
    closed: i64,
    cursor: i64,
}

/// A reservation that is open, or has expired.
pub(super) struct Hold {
    pub(super) digest: Digest,
    pub(super) state: State,
    pub(super) expires: Time,
}

/// What it took from one account.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) account: i64,
    pub(super) cost: u64,
    pub(super) position: Position,
    pub(super) on_expiry: OnExpiry,
}

impl Entry {
    /// What expiry charges.
    pub(super) const fn at_expiry(&self) -> u64 {
        match self.on_expiry {
            OnExpiry::Charge => self.cost,
            OnExpiry::Release => 0,
        }
    }

    pub(super) fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            account: row.get(first)?,
            cost: row.get::<_, i64>(first + 1)?.cast_unsigned(),
            position: Position::from_number(row.get(first + 2)?),
            on_expiry: if row.get(first + 3)? { OnExpiry::Charge } else { OnExpiry::Release },
        })
    }
}

/// The name of an account as values of its columns.
struct Name<'a> {
    limit: &'a str,
    key: &'a str,
    kind: u8,
    space: u8,
    window: (u8, i64, i64),
}

impl<'a> Name<'a> {
    fn new(account: &Account<'a>) -> Self {
        let (what, a, b) = account.period.numbers();
        Self {
            limit: account.limit,
            // A key is UTF-8 in any case.
            key: std::str::from_utf8(account.key.as_bytes()).unwrap_or_default(),
            kind: account.kind.number(),
            space: account.space.number(),
            window: (what, a.cast_signed(), b.cast_signed()),
        }
    }
}

const fn id_bytes(id: ReservationId) -> [u8; 16] {
    id.0.to_be_bytes()
}

pub(super) fn read_book(bytes: &[u8]) -> Result<Book, Fault> {
    Book::from_bytes(bytes).map_err(|_| Fault::Damaged("the numbers of an account cannot be read"))
}

fn read_state(number: u8) -> Result<State, Fault> {
    State::from_number(number).ok_or(Fault::Damaged("a reservation is in no state that there is"))
}

impl<'c> Books<'c> {
    pub(super) fn load(connection: &'c Connection, now: Time, swept: Time, bounds: Bounds) -> Result<Self, Fault> {
        let sql = "SELECT clock, accounts, open, expired, closed, cursor FROM books";
        let (clock, counts) = connection.prepare_cached(sql)?.query_row([], |row| {
            let counts = Counts {
                accounts: row.get(1)?,
                open: row.get(2)?,
                expired: row.get(3)?,
                closed: row.get(4)?,
                cursor: row.get(5)?,
            };
            Ok((Time::from_micros(row.get(0)?), counts))
        })?;
        Ok(Self { connection, bounds, now: now.max(clock), swept, counts, changed: false })
    }

    /// The time of this step.
    pub(super) const fn now(&self) -> Time {
        self.now
    }

    /// When all accounts were looked at last.
    pub(super) const fn swept(&self) -> Time {
        self.swept
    }

    /// Writes what is known about the rows. False: nothing has changed.
    pub(super) fn save(&mut self) -> Result<bool, Fault> {
        if !self.changed {
            return Ok(false);
        }
        let Counts { accounts, open, expired, closed, cursor } = self.counts;
        let sql = "UPDATE books SET clock = ?, accounts = ?, open = ?, expired = ?, closed = ?, cursor = ?";
        let values = params![self.now.micros(), accounts, open, expired, closed, cursor];
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(true)
    }

    fn write(&mut self, sql: &str, values: impl rusqlite::Params) -> Result<(), Fault> {
        self.changed = true;
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    // Accounts.

    /// The number of an account, and its book as of now.
    pub(super) fn find(&self, account: &Account<'_>) -> Result<Option<(i64, Book)>, Fault> {
        let sql = "SELECT id, book FROM account WHERE limit_key = ? AND limit_name = ? AND kind = ? AND space = ? \
                   AND window = ? AND window_a = ? AND window_b = ?";
        let Name { limit, key, kind, space, window: (window, a, b) } = Name::new(account);
        let read = |row: &Row<'_>| Ok((row.get(0)?, read_book(row.get_ref(1)?.as_blob()?)));
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row(params![key, limit, kind, space, window, a, b], read).optional()?;
        let Some((id, book)) = found else { return Ok(None) };
        let mut book = book?;
        book.advance(self.now);
        Ok(Some((id, book)))
    }

    /// The book of an account, as of now.
    fn book(&self, account: i64) -> Result<Book, Fault> {
        let mut statement = self.connection.prepare_cached("SELECT book FROM account WHERE id = ?")?;
        let book = statement.query_row([account], |row| Ok(read_book(row.get_ref(0)?.as_blob()?))).optional()?;
        let mut book = book.ok_or(Fault::Damaged("a reservation was taken from an account that is not there"))??;
        book.advance(self.now);
        Ok(book)
    }

    pub(super) fn put(&mut self, account: i64, book: &Book) -> Result<(), Fault> {
        self.write("UPDATE account SET book = ? WHERE id = ?", params![book.to_bytes(), account])
    }

    /// Writes the book of an account that something was taken from, and opens the account if it has no number yet.
    pub(super) fn put_taken(&mut self, account: Option<i64>, take: &Take<'_>, book: &Book) -> Result<i64, Fault> {
        let capacity = take.capacity.cast_signed();
        if let Some(id) = account {
            let sql = "UPDATE account SET book = ?, capacity = ? WHERE id = ?";
            self.write(sql, params![book.to_bytes(), capacity, id])?;
            return Ok(id);
        }
        let Name { limit, key, kind, space, window: (window, a, b) } = Name::new(&take.account);
        let sql = "INSERT INTO account (limit_key, limit_name, kind, space, window, window_a, window_b, capacity, book) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        self.write(sql, params![key, limit, kind, space, window, a, b, capacity, book.to_bytes()])?;
        self.counts.accounts += 1;
        Ok(self.connection.last_insert_rowid())
    }

    /// Looks at some accounts more, and drops those that are over.
    pub(super) fn sweep(&mut self, count: usize) -> Result<(), Fault> {
        let next = "SELECT id, book FROM account WHERE id > ? ORDER BY id LIMIT 1";
        for _ in 0..count {
            let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, read_book(row.get_ref(1)?.as_blob()?)));
            let found = self.connection.prepare_cached(next)?.query_row([self.counts.cursor], read).optional()?;
            let Some((id, book)) = found else {
                self.counts.cursor = 0;
                continue;
            };
            self.counts.cursor = id;
            self.drop_if_over(id, book?)?;
        }
        Ok(())
    }

    fn drop_if_over(&mut self, account: i64, mut book: Book) -> Result<(), Fault> {
        book.advance(self.now);
        if !book.is_over(self.now) {
            return Ok(());
        }
        let sql = "DELETE FROM account WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM entry WHERE account = ?1)";
        let dropped = self.connection.prepare_cached(sql)?.execute([account])?;
        if dropped > 0 {
            self.changed = true;
            self.counts.accounts -= 1;
        }
        Ok(())
    }

    fn sweep_all(&mut self) -> Result<(), Fault> {
        let mut last = i64::MIN;
        loop {
            let sql = "SELECT id, book FROM account WHERE id > ? ORDER BY id LIMIT 1000";
            let read = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, read_book(row.get_ref(1)?.as_blob()?)));
            let mut statement = self.connection.prepare_cached(sql)?;
            let some: Vec<_> = statement.query_map([last], read)?.collect::<Result<_, _>>()?;
            drop(statement);
            let Some((id, _)) = some.last() else { return Ok(()) };
            last = *id;
            for (id, book) in some {
                self.drop_if_over(id, book?)?;
            }
        }
    }

    /// Refuses when there is no room for one more reservation and so many accounts.
    pub(super) fn make_room(&mut self, accounts: usize) -> Result<(), Fault> {
        let new = i64::try_from(accounts).unwrap_or(i64::MAX);
        let fits = |books: &Self| books.counts.accounts.saturating_add(new) <= books.bounds.accounts;
        // Not at every request of a file that is full of accounts in use.
        if new > 0 && !fits(self) && self.now.since(self.swept) >= SWEEP_AGAIN {
            self.swept = self.now;
            self.sweep_all()?;
            // What has expired and might be settled late keeps accounts too. New requests go before it.
            if !fits(self) {
                self.forget(0)?;
                self.sweep_all()?;
            }
        }
        let kept = self.counts.open < self.bounds.open;
        if kept && (new == 0 || fits(self)) { Ok(()) } else { Err(StoreError::Full.into()) }
    }

    // Reservations.

    /// The reservation of an id that is open, or has expired.
    pub(super) fn hold(&self, id: ReservationId) -> Result<Option<Hold>, Fault> {
        let sql = "SELECT digest, state, expires FROM reservation WHERE id = ?";
        let read = |row: &Row<'_>| Ok((row.get::<_, [u8; 16]>(0)?, row.get::<_, u8>(1)?, row.get::<_, i64>(2)?));
        let found = self.connection.prepare_cached(sql)?.query_row([id_bytes(id)], read).optional()?;
        let Some((digest, state, expires)) = found else { return Ok(None) };
        let digest = Digest(u128::from_be_bytes(digest));
        Ok(Some(Hold { digest, state: read_state(state)?, expires: Time::from_micros(expires) }))
    }

    /// How a reservation ended, if that is remembered.
    pub(super) fn ended(&self, id: ReservationId) -> Result<Option<State>, Fault> {
        let sql = "SELECT state FROM closed WHERE id = ?";
        let state = self.connection.prepare_cached(sql)?.query_row([id_bytes(id)], |row| row.get::<_, u8>(0));
        state.optional()?.map(read_state).transpose()
    }

    pub(super) fn entries(&self, id: ReservationId) -> Result<Vec<Entry>, Fault> {
        let sql = "SELECT account, cost, position, charged_at_expiry FROM entry WHERE reservation = ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let entries = statement.query_map([id_bytes(id)], |row| Entry::read(row, 0))?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// Keeps what was taken under an id that is not held.
    pub(super) fn keep(
        &mut self,
        id: ReservationId,
        digest: Digest,
        expires: Time,
        entries: &[Entry],
    ) -> Result<(), Fault> {
        let values = params![
            id_bytes(id),
            digest.0.to_be_bytes(),
            State::Reserved.number(),
            self.now.micros(),
            expires.micros()
        ];
        self.write("INSERT INTO reservation (id, digest, state, made, expires) VALUES (?, ?, ?, ?, ?)", values)?;
        for entry in entries {
            let charged = entry.on_expiry == OnExpiry::Charge;
            let (cost, position) = (entry.cost.cast_signed(), entry.position.number());
            let sql =
                "INSERT INTO entry (reservation, account, cost, position, charged_at_expiry) VALUES (?, ?, ?, ?, ?)";
            self.write(sql, params![id_bytes(id), entry.account, cost, position, charged])?;
        }
        self.counts.open += 1;
        Ok(())
    }

    pub(super) fn extend(&mut self, id: ReservationId, expires: Time) -> Result<(), Fault> {
        self.write("UPDATE reservation SET expires = ? WHERE id = ?", params![expires.micros(), id_bytes(id)])
    }

    /// Closes an open reservation; `actual` says what each entry is settled with.
    pub(super) fn close(
        &mut self,
        id: ReservationId,
        state: State,
        entries: &[Entry],
        actual: impl Fn(&Entry) -> u64,
    ) -> Result<(), Fault> {
        for entry in entries {
            let mut book = self.book(entry.account)?;
            book.close(entry.cost, actual(entry), entry.position);
            self.put(entry.account, &book)?;
        }
        self.counts.open -= 1;
        if state == State::Expired {
            // It may still be settled late; until it is forgotten, its accounts stay.
            self.counts.expired += 1;
            self.write("UPDATE reservation SET state = ? WHERE id = ?", params![state.number(), id_bytes(id)])
        } else {
            self.end(id, state)
        }
    }

    /// Replaces what expiry charged.
    pub(super) fn settle_late(
        &mut self,
        id: ReservationId,
        entries: &[Entry],
        actual: impl Fn(&Entry) -> u64,
    ) -> Result<(), Fault> {
        for entry in entries {
            let mut book = self.book(entry.account)?;
            book.correct(entry.at_expiry(), actual(entry), entry.position);
            self.put(entry.account, &book)?;
        }
        self.counts.expired -= 1;
        self.end(id, State::Settled)
    }

    /// Lets go of a reservation and remembers how it ended.
    fn end(&mut self, id: ReservationId, state: State) -> Result<(), Fault> {
        self.write("DELETE FROM entry WHERE reservation = ?", [id_bytes(id)])?;
        self.write("DELETE FROM reservation WHERE id = ?", [id_bytes(id)])?;
        let place = self.counts.closed.rem_euclid(self.bounds.closed);
        self.counts.closed = self.counts.closed.wrapping_add(1);
        let sql = "INSERT OR REPLACE INTO closed (place, id, state) VALUES (?, ?, ?)";
        self.write(sql, params![place, id_bytes(id), state.number()])
    }

    fn oldest(&self, state: State, until: Time, count: i64) -> Result<Vec<ReservationId>, Fault> {
        let sql = "SELECT id FROM reservation WHERE state = ? AND expires <= ? ORDER BY expires LIMIT ?";
        let mut statement = self.connection.prepare_cached(sql)?;
        let ids = statement.query_map(params![state.number(), until.micros(), count], |row| row.get(0))?;
        Ok(ids.map(|id| id.map(|bytes| ReservationId(u128::from_be_bytes(bytes)))).collect::<Result<_, _>>()?)
    }

    /// True when a lease has ended.
    pub(super) fn is_due(&self) -> Result<bool, Fault> {
        Ok(!self.oldest(State::Reserved, self.now, 1)?.is_empty())
    }

    /// Closes what is due.
    pub(super) fn expire(&mut self) -> Result<(), Fault> {
        for id in self.oldest(State::Reserved, self.now, i64::MAX)? {
            let entries = self.entries(id)?;
            self.close(id, State::Expired, &entries, Entry::at_expiry)?;
        }
        self.forget(self.bounds.expired)
    }

    /// Forgets the oldest that have expired, until so many are left.
    fn forget(&mut self, left: i64) -> Result<(), Fault> {
        let many = self.counts.expired.saturating_sub(left);
        if many <= 0 {
            return Ok(());
        }
        for id in self.oldest(State::Expired, Time::from_micros(i64::MAX), many)? {
            self.counts.expired -= 1;
            self.end(id, State::Expired)?;
        }
        Ok(())
    }
}
