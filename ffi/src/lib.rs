//! The C ABI of the policy engine: `include/llm_policy.h` is made from this crate.
//!
//! Every function returns 0 or the number of an error, and takes an optional `lpe_error` that says more. What a function
//! puts out is set to deny, zero or empty on entry, so that a caller who ignores the status fails closed. Text goes in as
//! borrowed `lpe_str`, and comes out as `lpe_buffer`, which the caller frees. Objects are numbers with a generation: one
//! that was closed, or is made up, is an error. All functions may be called from any thread, also while another closes
//! the object.
//!
//! The logic is in `llm-policy-embed`; here values are moved.

#![expect(unsafe_code, reason = "a border to C takes and gives raw pointers")]
#![expect(non_camel_case_types, reason = "the types are named as C names them")]

pub mod breakers;
pub mod context;
pub mod decision;
pub mod detector;
pub mod engine;
pub mod error;
pub mod evaluate;
pub mod exchange;
pub mod limits;
pub mod memory;
mod objects;
pub mod prepared;
pub mod stream;
pub mod version;
pub mod watch;
