//! Functions: operators.
