//! The commands, one in each file.

pub mod benchmark;
pub mod completions;
pub mod evaluate;
pub mod explain;
pub mod fmt;
pub mod new;
pub mod schema;
pub mod validate;
