//! The commands, one in each file.

pub mod benchmark;
pub mod diff;
pub mod evaluate;
pub mod explain;
pub mod inspect;
pub mod validate;
