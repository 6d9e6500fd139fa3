//! The commands, one in each file.

pub mod benchmark;
pub mod evaluate;
pub mod explain;
pub mod test;
pub mod validate;
