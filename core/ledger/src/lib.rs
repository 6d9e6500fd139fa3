//! Limits as a ledger: a pure state machine that reserves, settles and releases, with a store in memory.

pub mod key;
pub mod time;
pub mod units;
pub mod window;

pub use key::Key;
pub use time::Time;
pub use window::{Calendar, CalendarUnit, Period, Window};
