//! What reaches out of the process: stores of limits in a file and on servers.
//!
//! A store is named by a URL and [opened](open()); what one is, is said in [`llm_policy_ledger::store`].

pub mod leased;
pub mod open;
pub mod redis;
pub mod sqlite;

pub use leased::Leased;
pub use llm_policy_ledger::{Inspect, Kind, Listed, Listing, Pending, Period, Space, Time};
pub use open::{OpenError, inspect, open, open_strict};
pub use redis::Redis;
pub use sqlite::Sqlite;
