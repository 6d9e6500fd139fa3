//! The native half of the Java package: `io.github.llmpolicyengine.Native` declares these functions.
//!
//! What crosses is small: numbers and arrays of bytes. An input is JSON or packed ([`llm_policy_embed::packed`]); an answer is an
//! array whose first byte is 0 or the number of an error (`reply.rs`). Nothing calls back into Java, no class is looked up, no
//! exception is thrown from here, so nothing has to be declared to a native image. Arrays are copied before they are read: the JVM
//! never waits for an evaluation, and who writes to an array meanwhile harms nobody. Objects are numbers with a generation.
//!
//! The logic is in `llm-policy-embed`; here values are moved.

#![expect(unsafe_code, reason = "a border to the JVM takes and gives raw pointers")]

mod detector;
mod engine;
mod env;
mod evaluate;
mod exchange;
mod input;
mod limits;
mod objects;
mod reply;
mod shared;
mod stream;
mod watch;
