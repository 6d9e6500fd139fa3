//! Looking at the books.

use std::collections::HashMap;

use llm_policy_ledger::book::Book;
use llm_policy_ledger::{Inspect, Key, Kind, Listed, Listing, Pending, Period, ReservationId, Space, StoreError, Time};
use rusqlite::{Connection, Row, TransactionBehavior};

use super::Sqlite;
use super::books::{Entry, read_book};
use super::file::{Fault, Handle};

impl Inspect for Sqlite {
    fn list(&self, now: Time) -> Result<Listing, StoreError> {
        self.look(|connection| list(connection, now))
    }
}

impl Sqlite {
    /// Holds the file to its invariants: of each account, what is reserved is the sum of its live reservations.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        self.look(check).map_err(|error| error.to_string())?
    }

    /// Reads as of one instant, over a connection of its own: steps go on beside it.
    fn look<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        let look = || {
            let handle = Handle::open(&self.path, false).map_err(Fault::Open)?;
            let snapshot = rusqlite::Transaction::new_unchecked(handle.connection()?, TransactionBehavior::Deferred)?;
            work(&snapshot)
        };
        look().map_err(|fault: Fault| StoreError::Unavailable(fault.describe(&self.path).into()))
    }
}

const ENTRIES: &str = "SELECT r.id, r.made, r.expires, r.state, e.account, e.cost, e.position, e.charged_at_expiry \
                       FROM reservation r JOIN entry e ON e.reservation = r.id ORDER BY r.id";

fn list(connection: &Connection, now: Time) -> Result<Listing, Fault> {
    let clock = connection.query_row("SELECT clock FROM books", [], |row| row.get(0))?;
    let now = now.max(Time::from_micros(clock));
    let mut accounts: HashMap<i64, (Listed, Book)> = HashMap::new();
    let mut statement = connection.prepare(
        "SELECT id, limit_name, limit_key, kind, space, window, window_a, window_b, capacity, book FROM account",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut book = read_book(row.get_ref(9)?.as_blob().map_err(rusqlite::Error::from)?)?;
        book.advance(now);
        accounts.insert(row.get(0)?, (account(row)?, book));
    }

    let mut pending: Vec<(Pending, Vec<(i64, u64)>)> = Vec::new();
    let mut statement = connection.prepare(ENTRIES)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let entry = Entry::read(row, 4)?;
        let is_open = row.get::<_, u8>(3)? == llm_policy_ledger::State::Reserved.number();
        let Some((listed, book)) = accounts.get_mut(&entry.account).filter(|_| is_open) else { continue };
        let expires = Time::from_micros(row.get(2)?);
        if expires <= now {
            // The next step will close it.
            book.close(entry.cost, entry.at_expiry(), entry.position);
            continue;
        }
        listed.open += 1;
        let id = ReservationId(u128::from_be_bytes(row.get(0)?));
        match pending.last_mut().filter(|(last, _)| last.id == id) {
            Some((_, takes)) => takes.push((entry.account, entry.cost)),
            None => {
                let made = Time::from_micros(row.get(1)?);
                let one = Pending { id, made, expires, takes: Vec::new() };
                pending.push((one, vec![(entry.account, entry.cost)]));
            }
        }
    }

    let mut listing = Listing { at: now, ..Listing::default() };
    let mut places = HashMap::new();
    for (id, (mut listed, book)) in accounts {
        if listed.open == 0 && book.is_over(now) {
            continue;
        }
        (listed.used, listed.reserved, listed.settled) = (book.used(), book.reserved(), book.settled());
        places.insert(id, listing.accounts.len());
        listing.accounts.push(listed);
    }
    for (mut one, takes) in pending {
        one.takes = takes.iter().filter_map(|(id, cost)| Some((*places.get(id)?, *cost))).collect();
        listing.open.push(one);
    }
    Ok(listing)
}

fn account(row: &Row<'_>) -> Result<Listed, Fault> {
    let unknown = || Fault::Damaged("the name of an account cannot be read");
    let [a, b] = [row.get::<_, i64>(6)?.cast_unsigned(), row.get::<_, i64>(7)?.cast_unsigned()];
    Ok(Listed {
        limit: row.get::<_, String>(1)?.into(),
        key: Key::parse(&row.get::<_, String>(2)?).ok_or_else(unknown)?,
        kind: Kind::from_number(row.get(3)?).ok_or_else(unknown)?,
        space: Space::from_number(row.get(4)?).ok_or_else(unknown)?,
        period: Period::from_numbers(row.get(5)?, a, b).ok_or_else(unknown)?,
        capacity: row.get::<_, i64>(8)?.cast_unsigned(),
        used: 0,
        reserved: 0,
        settled: 0,
        open: 0,
    })
}

fn check(connection: &Connection) -> Result<Result<(), String>, Fault> {
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    for (said, rows) in
        [("accounts", "account"), ("open", "reservation WHERE state = 0"), ("expired", "reservation WHERE state = 3")]
    {
        let (said, are) =
            (count(&format!("SELECT {said} FROM books"))?, count(&format!("SELECT count(*) FROM {rows}"))?);
        if said != are {
            return Ok(Err(format!("{are} rows of {rows}, and {said} are counted")));
        }
    }
    let lost = count(
        "SELECT count(*) FROM entry WHERE reservation NOT IN (SELECT id FROM reservation) \
                      OR account NOT IN (SELECT id FROM account)",
    )?;
    let empty = count("SELECT count(*) FROM reservation WHERE id NOT IN (SELECT reservation FROM entry)")?;
    let both = count("SELECT count(*) FROM reservation WHERE id IN (SELECT id FROM closed)")?;
    if lost + empty + both > 0 {
        return Ok(Err(format!("{lost} entries, {empty} reservations stand alone; {both} are open and closed")));
    }
    let mut statement = connection.prepare(
        "SELECT a.limit_name, a.book, (SELECT coalesce(sum(e.cost), 0) FROM entry e JOIN reservation r \
         ON r.id = e.reservation WHERE e.account = a.id AND r.state = 0) FROM account a",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let reserved = read_book(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?.reserved();
        let sum = row.get::<_, i64>(2)?.cast_unsigned();
        if reserved != sum {
            let limit: String = row.get(0)?;
            return Ok(Err(format!("`{limit}` has {reserved} reserved; its reservations say {sum}")));
        }
    }
    let mut problems = String::new();
    connection.query_row("PRAGMA integrity_check", [], |row| {
        problems = row.get(0)?;
        Ok(())
    })?;
    Ok(if problems == "ok" { Ok(()) } else { Err(problems) })
}
