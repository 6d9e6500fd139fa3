//! The commands, one in each file.

pub mod benchmark;
pub mod completions;
pub mod evaluate;
pub mod explain;
pub mod fmt;
pub mod import;
pub mod new;
pub mod repl;
pub mod schema;
pub mod test;
pub mod validate;
