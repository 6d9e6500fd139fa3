//! Looking at the books.

use std::collections::{BTreeSet, HashMap};

use llm_policy_ledger::{Inspect, Listed, Listing, Pending, Period, ReservationId, StoreError, Time};

use super::Redis;
use super::keys::AccountName;
use super::steps;

/// Accounts that are looked at in one call: a server does nothing else meanwhile.
const AT_ONCE: usize = 64;

impl Inspect for Redis {
    /// Each account is as of one instant; steps go on between one and the next.
    fn list(&self, now: Time) -> Result<Listing, StoreError> {
        let names: Vec<AccountName> = self.names()?.iter().filter_map(|key| self.keys.parse(key)).collect();
        let mut listing = Listing { at: now, ..Listing::default() };
        let mut open: HashMap<ReservationId, Pending> = HashMap::new();
        // At least once: books that are missing are to be told of.
        for at in (0..names.len().max(1)).step_by(AT_ONCE) {
            let some = names.iter().skip(at).take(AT_ONCE);
            let call = steps::list(&self.keys, some.clone().map(AccountName::account), self.clock(now));
            let (time, stands) = steps::read_list(&self.connections.call(&call, self.keys.books(), false)?)?;
            listing.at = time;
            for (name, stand) in some.zip(stands) {
                let over = match name.period {
                    Period::Interval { end, .. } => end <= time,
                    _ => stand.used == 0,
                };
                if over && stand.open.is_empty() {
                    continue;
                }
                for (id, cost, expires) in &stand.open {
                    let pending = Pending { id: *id, made: time, expires: *expires, takes: Vec::new() };
                    open.entry(*id).or_insert(pending).takes.push((listing.accounts.len(), *cost));
                }
                listing.accounts.push(Listed {
                    space: name.space,
                    kind: name.kind,
                    limit: name.limit.as_str().into(),
                    key: name.key.clone(),
                    period: name.period,
                    capacity: stand.capacity,
                    used: stand.used,
                    reserved: stand.reserved,
                    settled: stand.settled,
                    open: stand.open.len(),
                });
            }
        }
        for mut pending in open.into_values() {
            let mut command = redis::cmd("HGET");
            command.arg(self.keys.hold(pending.id)).arg("made");
            // One that was closed since is no longer open.
            if let Some(made) = steps::read_time(&self.connections.command(&command, self.keys.books())?) {
                pending.made = made;
                listing.open.push(pending);
            }
        }
        Ok(listing)
    }
}

impl Redis {
    /// The keys of this space, each once.
    fn names(&self) -> Result<BTreeSet<Vec<u8>>, StoreError> {
        let mut names = BTreeSet::new();
        let mut cursor = "0".to_owned();
        loop {
            let call = steps::names(&self.keys, &cursor);
            let (next, some) = steps::read_names(&self.connections.call(&call, self.keys.books(), false)?)?;
            names.extend(some);
            if next == "0" {
                return Ok(names);
            }
            cursor = next;
        }
    }
}
