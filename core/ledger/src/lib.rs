//! Limits as a ledger: a pure state machine that reserves, settles and releases, with a store in memory.
//!
//! A request reserves what it may cost on every limit that applies to it, in one atomic step. When it is done, it settles
//! with what it really cost, or is released; if nobody closes it, it expires. [`Ledger`] knows limits, a [`Store`] knows
//! accounts, and [`book`] is the arithmetic of one account.
//!
//! What is promised, for every interleaving of steps: the sum of live reservations is what is reserved; and whenever
//! something is admitted to a hard limit, what is reserved and settled in its window is not more than its amount.

pub mod book;
pub mod breaker;
pub mod inspect;
pub mod key;
pub mod ledger;
pub mod limit;
pub mod memory;
pub mod prices;
pub mod reservation;
pub mod store;
pub mod time;
pub mod units;
pub mod window;

pub use inspect::{Inspect, Listed, Listing, Pending};
pub use key::Key;
pub use ledger::{Admission, Demand, Error, Ledger, Refusal, Request, Standing, View};
pub use limit::{Action, Consistency, Kind, Limit, OnExpiry, Space, Step};
pub use memory::Memory;
pub use reservation::Reservation;
pub use store::{Changed, Digest, ReservationId, State, Store, StoreError};
pub use time::Time;
pub use window::{Calendar, CalendarUnit, Period, Window};
