//! The binary as a user meets it.

#[cfg(test)]
mod cli {
    pub mod benchmark;
    pub mod common;
    pub mod evaluate;
    pub mod explain;
    pub mod usage;
    pub mod validate;
}
