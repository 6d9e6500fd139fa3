//! The commands, one in each file.

pub mod benchmark;
pub mod completions;
pub mod diff;
pub mod eval_detectors;
pub mod evaluate;
pub mod explain;
pub mod fmt;
pub mod import;
pub mod inspect;
pub mod limits;
pub mod new;
pub mod prices;
pub mod redact;
pub mod repl;
pub mod scan;
pub mod schema;
pub mod settle;
pub mod test;
pub mod validate;
