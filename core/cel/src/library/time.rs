//! Functions: time.
