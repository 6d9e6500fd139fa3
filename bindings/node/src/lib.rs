//! The policy engine as a Node.js addon: the native half of the package in `node/`, which alone calls it.
//!
//! Free functions over `External`s: a class method of napi-rs takes a lock of the whole process. A function that can fail gives
//! null, or [`outcome::REFUSED`], and leaves the failure for [`outcome::take_failure`] on the same thread, which is the thread of
//! one JavaScript environment. Everything runs behind the panic boundary of `llm-policy-embed`, which has the logic; here values
//! are moved.

pub mod batch;
pub mod breakers;
pub mod decide;
pub mod detector;
pub mod engine;
pub mod exchange;
pub mod frames;
pub mod limits;
pub mod outcome;
pub mod stream;
pub mod text;
pub mod watch;
