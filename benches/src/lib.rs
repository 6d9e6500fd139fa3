//! Races of the engine against other policy engines: the same rules, the same request, one process.
//!
//! [`workload`] draws abstract [`rule`]s, [`dialect`] writes them in each engine's language, [`peers`] evaluates them
//! and must agree with the rules' definition before a clock is started, [`measure`] takes the time, and [`report`]
//! writes it down. The binary `peers` ties these together.

pub mod allocations;
pub mod arguments;
pub mod borders;
pub mod callgrind;
pub mod contender;
pub mod dialect;
pub mod export;
pub mod guards;
pub mod harness;
#[cfg(feature = "peers")]
pub mod json;
pub mod measure;
pub mod page;
pub mod peers;
pub mod race;
pub mod random;
pub mod report;
pub mod request;
pub mod rule;
pub mod workload;
