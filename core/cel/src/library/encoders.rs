//! Functions: encoders.
