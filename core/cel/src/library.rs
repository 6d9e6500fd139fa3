//! The functions of CEL's standard library and its extensions: declarations, implementations and documentation.

pub mod conversions;
pub(crate) mod declare;
pub mod encoders;
mod equality;
pub mod lists;
pub mod math;
pub mod network;
pub mod operators;
pub mod optionals;
pub mod regexes;
pub mod sets;
pub mod strings;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
