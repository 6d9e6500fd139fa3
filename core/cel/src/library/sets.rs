//! Functions: sets.
