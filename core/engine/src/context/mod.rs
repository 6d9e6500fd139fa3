//! The context: every field that a policy can read.
