//! The binary as a user meets it.

mod cli {
    pub mod benchmark;
    pub mod common;
    pub mod evaluate;
    pub mod explain;
    pub mod usage;
    pub mod validate;
}
