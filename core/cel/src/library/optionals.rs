//! Functions: optionals.
